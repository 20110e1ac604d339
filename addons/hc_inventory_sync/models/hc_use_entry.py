# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL

KINDS = [("use", "Used"), ("return", "Put back")]

# What a ward needs to know of the states of the ledger.
WAITING, DONE, REVIEW, FAILED = "waiting", "done", "review", "failed"
WORDS = {
    "received": WAITING,
    "retry": WAITING,
    "done": DONE,
    "duplicate": DONE,
    "review": REVIEW,
}


class HcUseEntry(models.Model):
    """Who entered what on the screen "Record Use", and which message it became.

    What it did to the stock is the message's to say. Written by :class:`HcRecordUse` alone.
    """

    _name = "hc.use.entry"
    _description = "Use Recorded by Hand"
    _order = "id desc"
    _rec_name = "summary"

    transaction = fields.Char(
        required=True, readonly=True, help="Made once for each entry; sent again, it is the same."
    )
    digest = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    location_id = fields.Many2one(
        "stock.location", "Ward", required=True, readonly=True, ondelete="restrict"
    )
    summary = fields.Char("Items", readonly=True)
    line_count = fields.Integer("Lines", readonly=True)
    message_uuid = fields.Char("Message", readonly=True)
    state = fields.Selection(
        [
            (WAITING, "Received"),
            (DONE, "Posted"),
            (REVIEW, "In Review"),
            (FAILED, "Not Posted"),
        ],
        compute="_compute_state",
    )
    state_text = fields.Char("What is the matter", compute="_compute_state")

    _transaction_uniq = models.UniqueIndex("(transaction)")
    _user_idx = models.Index("(user_id, id DESC)")

    @api.depends("message_uuid")
    def _compute_state(self):
        messages = self._sudo_messages()
        for entry in self:
            message = messages.get(entry.message_uuid)
            entry.state = WORDS.get(message.state, FAILED) if message else WAITING
            entry.state_text = message and entry._text_of(message)

    def _sudo_messages(self):
        """The ledger is not the ward's to see; of it only the states are shown."""
        messages = self.env["hc.message"].sudo()
        found = messages.search([("uuid", "in", self.mapped("message_uuid"))])
        return {message.uuid: message for message in found}

    def _text_of(self, message):
        """Why an entry is not posted: a sentence for who entered it, not for who mends it."""
        if message.state == "retry":
            return self.env._("It could not be posted yet, and is tried again by itself.")
        if message.state == "cancelled":
            return self.env._("It was given up by the integration team and is not posted.")
        if message.state in ("review", "dead", "rejected"):
            return self.env._(
                "Nothing is lost, somebody is looking into it: %s", message.error_title or ""
            )
        return False

    def action_hc_message(self):
        """Button: the message of the ledger; its own rights decide whether it opens."""
        self.ensure_one()
        self.check_access("read")
        message = self.env["hc.message"].search([("uuid", "=", self.message_uuid)])
        message.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.message",
            "res_id": message.id,
            "view_mode": "form",
        }

    def _sudo_enter(self, values):
        """Write an entry down, as users have no right to write here themselves.

        Two tries of one entry at the same moment: the second waits, fails on the first one's
        row as a concurrent update, and Odoo repeats its request, which then finds the row.
        """
        values = {"create_uid": self.env.uid, "write_uid": self.env.uid, **values}
        self.env.cr.execute(
            SQL(
                "INSERT INTO hc_use_entry (%s, create_date, write_date)"
                " VALUES (%s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
                " ON CONFLICT (transaction) DO NOTHING RETURNING id",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )
        (entry_id,) = self.env.cr.fetchone()
        return self.sudo().browse(entry_id)
