# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcIssue(models.Model):
    """Updates that wait because another system owns the data."""

    _inherit = "hc.issue"

    fix_kind = fields.Selection(
        selection_add=[("ownership", "Owner")], ondelete={"ownership": "set default"}
    )

    def action_fix(self):
        """Button: the rows of the ownership matrix that the messages wait for."""
        if len(self) != 1 or self.fix_kind != "ownership":
            return super().action_fix()
        self.check_access("write")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_ownership"
            ),
            "domain": [("domain_id.code", "=", self.fix_namespace)],
            "context": {},
        }

    def _stamp_ownership(self, _system_id, _channel_id, fix):
        return self._stamp_of("hc.ownership", [("domain_id.code", "=", fix.namespace)])
