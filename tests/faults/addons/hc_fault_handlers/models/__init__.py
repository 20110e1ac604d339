# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import hc_fault_note, hc_handler_fault_struck
