# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import hc_ward_setup, hc_ward_setup_line
