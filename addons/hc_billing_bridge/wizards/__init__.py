# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import hc_charge_cancel, hc_charge_gap_decide
