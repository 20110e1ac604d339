# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcIssue(models.Model):
    _inherit = "hc.issue"

    def _action_fix_record(self):
        """The charges that are held for this reason."""
        if self.fix_namespace != "charge":
            return super()._action_fix_record()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("hc_billing_bridge.action_hc_charge"),
            "domain": [
                ("system_id", "=", self.system_id.id),
                ("company_id", "=", self.company_id.id),
                ("hold_reason", "=", self.fix_code_system),
            ],
            "context": {},
        }
