# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import (
    account_move,
    account_move_line,
    hc_charge,
    hc_charge_match,
    hc_charge_decide,
    hc_charge_invoice,
    hc_dirty_key,
    hc_followup_invoice,
    hc_identifier,
    hc_issue,
    hc_handler_charge,
    hc_handler_charge_captured,
    hc_handler_service_completed,
    product_product,
    res_partner,
)
