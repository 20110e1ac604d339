# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from .hc_lifecycle_mixin import STATES

STEP_NAMES = [
    ("submit", "Submitted"),
    ("refuse", "Given back"),
    ("privacy", "Approved by the privacy officer"),
    ("shadow", "Approved for a trial"),
    ("activate", "Approved and activated"),
    ("pause", "Paused"),
    ("resume", "Resumed"),
    ("deprecate", "Deprecated"),
    ("reinstate", "Deprecation taken back"),
    ("retire", "Retired"),
    ("version", "New version made"),
]


class HcChange(models.Model):
    """A step in the life of a channel or message type: who, when and why. Written with the step;
    nobody has write access."""

    _name = "hc.change"
    _description = "Step of the Integration Catalog"
    _order = "id desc"
    _log_access = False
    _rec_name = "step"

    create_date = fields.Datetime("When", readonly=True)
    user_id = fields.Many2one("res.users", "Who", readonly=True, ondelete="restrict")
    step = fields.Selection(STEP_NAMES, required=True, readonly=True)
    state_before = fields.Selection(STATES, "Before", readonly=True)
    state_after = fields.Selection(STATES, "After", readonly=True)
    reason = fields.Char("Why", readonly=True)
    channel_id = fields.Many2one(
        "hc.channel", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    message_type_id = fields.Many2one(
        "hc.message.type",
        "Message type",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    company_id = fields.Many2one("res.company", readonly=True, help="Of the channel.")

    _of_one = models.Constraint(
        "CHECK((channel_id IS NULL) <> (message_type_id IS NULL))",
        "A step is one of a channel or of a message type.",
    )

    @api.model
    def _sudo_add(self, record, step, state_before, reason=None):
        """Nobody has write access to what was decided."""
        self.sudo().create(
            {
                record._change_field(): record.id,
                "create_date": fields.Datetime.now(),
                "user_id": self.env.uid,
                "step": step,
                "state_before": state_before,
                "state_after": record.state,
                "reason": reason or False,
                "company_id": record.sudo()._change_facts().get("company_id") or False,
            }
        )
