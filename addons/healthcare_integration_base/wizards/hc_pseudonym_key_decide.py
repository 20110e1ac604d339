# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class HcPseudonymKeyDecide(models.TransientModel):
    """Asks why a pseudonym key is replaced, or a version of it removed."""

    _name = "hc.pseudonym.key.decide"
    _description = "Decide about a Pseudonym Key"

    key_id = fields.Many2one("hc.pseudonym.key", required=True, readonly=True, ondelete="cascade")
    step = fields.Selection([("rotate", "Replace"), ("remove", "Remove")], readonly=True)
    reason = fields.Text(required=True)
    lost = fields.Text("No longer found", compute="_compute_lost")

    @api.depends("key_id", "step")
    def _compute_lost(self):
        for one in self:
            is_removal = one.step == "remove" and one.key_id
            if is_removal:
                one.key_id._check_officer()
            lines = one.key_id._sudo_lost() if is_removal else []
            one.lost = "\n".join(f"{label}: {count}" for label, count in lines)

    def action_confirm(self):
        """Button: replace the key, or remove the version."""
        self.ensure_one()
        self.check_access("write")
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why."))
        if self.step == "rotate":
            self.key_id._rotate(reason)
        else:
            self.key_id._remove(reason)
        return {"type": "ir.actions.act_window_close"}
