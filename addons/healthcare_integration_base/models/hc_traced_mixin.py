# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import AccessError


class HcTracedMixin(models.AbstractModel):
    """Documents that came from messages, and the button that shows those."""

    _name = "hc.traced.mixin"
    _description = "Traced to Messages"

    hc_message_count = fields.Integer(
        "Integration Messages",
        compute="_compute_hc_message_count",
        compute_sudo=False,
        groups="healthcare_integration_base.group_integration_viewer",
    )

    def _hc_traced(self):
        """Records of one model, those of the effects, that stand behind these."""
        raise TypeError(f"{self._name} does not say what it is traced by")

    def _hc_messages(self):
        return self.env["hc.effect"]._messages_of(self._hc_traced())

    def _compute_hc_message_count(self):
        for record in self:
            record.hc_message_count = len(record._hc_messages())

    def action_hc_messages(self):
        """Open the messages behind the document, without their payload for viewers."""
        self.ensure_one()
        if not self.env["hc.message"].has_access("read"):
            raise AccessError(self.env._("You may not see integration messages."))
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Messages"),
            "res_model": "hc.message",
            "view_mode": "list,form",
            "domain": [("id", "in", self._hc_messages().ids)],
        }
