# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

OPERATOR = "healthcare_integration_base.group_integration_operator"


class HcMessage(models.Model):
    """Messages whose original is here, sealed."""

    _inherit = "hc.message"

    original_until = fields.Datetime(
        "Sealed original until", compute="_compute_original_until", groups=OPERATOR
    )

    def _compute_original_until(self):
        for message in self:
            message.original_until = message._sudo_original().expires_at

    def _sudo_original(self):
        """The original of the document that the message is of, if it is still to be opened;
        nobody may look for originals by themselves."""
        originals = self.env["hc.message.original"].sudo()
        if not self.id:
            return originals
        mine = ("message_id", "=", self.id)
        shared = [
            ("correlation", "=", self.correlation_identifier),
            ("channel_id", "=", self.channel_id.id),
        ]
        domain = ["|", mine, "&", *shared] if self.correlation_identifier else [mine]
        return originals.search([*domain, ("expires_at", ">", fields.Datetime.now())], limit=1)

    def action_ask_original(self):
        """Button: ask to open the sealed original."""
        self.ensure_one()
        self.check_access("read")
        self.env["hc.original.access"]._check_may_ask()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Open the sealed original"),
            "res_model": "hc.original.ask",
            "view_mode": "form",
            "target": "new",
            "context": {"default_message_id": self.id},
        }
