# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class HcEffect(models.Model):
    """An Odoo record that exists because of a message.

    Its unique indexes are what makes an effect happen once: per message and role, and
    per business key, whatever message states the same fact.
    """

    _name = "hc.effect"
    _description = "Message Effect"
    _order = "id desc"
    _log_access = False
    _rec_name = "role"

    create_date = fields.Datetime("Created", readonly=True)
    message_id = fields.Many2one("hc.message", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    role = fields.Char(required=True, readonly=True, help="Which part of the message, for what.")
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    record_name = fields.Char("Document", compute="_compute_record_name")
    business_key = fields.Char(readonly=True)
    content_digest = fields.Char(readonly=True)

    _role_once = models.UniqueIndex("(message_id, role)")
    _fact_once = models.UniqueIndex("(business_key) WHERE business_key IS NOT NULL")
    _record_idx = models.Index("(res_model, res_id)")
    # Rows come in order of time: what is of late is found without an index that inserts pay for.
    _created_idx = models.Index("USING brin (create_date)")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for effect in self:
            record = effect._record()
            readable = record is not None and record.exists().has_access("read")
            effect.record_name = record.display_name if readable else effect.res_model

    def _record(self):
        self.ensure_one()
        if self.res_model not in self.env:
            return None
        return self.env[self.res_model].browse(self.res_id)

    def action_open_record(self):
        """Open the Odoo document."""
        self.ensure_one()
        self.check_access("read")
        record = self._record()
        if record is None or not record.exists():
            raise UserError(self.env._("The document is not there any more."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    @api.model
    def _messages_of(self, records):
        """Messages whose effect one of ``records`` is."""
        effects = self.search([("res_model", "=", records._name), ("res_id", "in", records.ids)])
        return effects.message_id

    @api.model
    def _known(self, business_keys):
        """Facts that had their effect already: key → (message id, content digest)."""
        self.env.cr.execute(
            "SELECT business_key, message_id, content_digest FROM hc_effect"
            " WHERE business_key = ANY(%s)",
            [list(business_keys)],
        )
        return {key: (message_id, digest) for key, message_id, digest in self.env.cr.fetchall()}
