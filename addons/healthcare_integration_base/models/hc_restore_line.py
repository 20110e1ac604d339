# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

OPERATOR = "healthcare_integration_base.group_integration_operator"
BY_PERSON = frozenset({"note"})


class HcRestoreLine(models.Model):
    """A channel to be caught up after a restore: who is asked, and what has come since."""

    _name = "hc.restore.line"
    _description = "Restore: Channel"
    _order = "direction, system_id, id"
    _rec_name = "channel_id"

    restore_id = fields.Many2one(
        "hc.restore", required=True, readonly=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("hc.channel", required=True, readonly=True, ondelete="cascade")
    system_id = fields.Many2one(related="channel_id.system_id", store=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True)
    direction = fields.Selection(related="channel_id.direction", store=True)
    last_at = fields.Datetime(
        "Last message before", readonly=True, help="The last one that the restored database has."
    )
    last_identifier = fields.Char("Its event", readonly=True)
    rewound = fields.Char(readonly=True, help="From where the source is read again.")
    asked_at = fields.Datetime("Asked", readonly=True)
    asked_by_id = fields.Many2one("res.users", "Asked by", readonly=True)
    is_paused = fields.Boolean("Paused here", readonly=True)
    note = fields.Char()
    anew_count = fields.Integer(
        "Received again",
        compute="_compute_counts",
        help="Messages received since the start, about something that happened before it: they"
        " were lost, and are there again. What was known already is answered as a duplicate"
        " and not counted.",
    )
    since_count = fields.Integer(
        "Received since", compute="_compute_counts", help="All messages received since the start."
    )
    latest_at = fields.Datetime(
        "Caught up to",
        compute="_compute_counts",
        help="The latest event, by its sender's clock, of those that were received again.",
    )
    letter = fields.Text("Text to the sender", compute="_compute_letter")

    def write(self, vals):
        if not self.env.su and vals.keys() - BY_PERSON:
            raise AccessError(self.env._("The state of a restore changes by its buttons."))
        return super().write(vals)

    def _compute_counts(self):
        for line in self:
            started = line.restore_id.started_at
            line.anew_count, line.since_count, line.latest_at = self.env.execute_query(
                SQL(
                    "SELECT count(*) FILTER (WHERE event_time < %s), count(*),"
                    " max(event_time) FILTER (WHERE event_time < %s)"
                    " FROM hc_message WHERE channel_id = %s AND create_date >= %s"
                    " AND create_date <= COALESCE(%s, now() AT TIME ZONE 'UTC')",
                    started,
                    started,
                    line.channel_id.id,
                    started,
                    line.restore_id.closed_at or None,
                )
            )[0]

    def _compute_letter(self):
        """In English, the language of the address and its codes; people may change it."""
        for line in self:
            restore = line.restore_id
            line.letter = self.env._(
                "Our integration database was restored after an incident (%(incident)s). It holds"
                " what it received up to %(moment)s UTC.\n"
                "Please send everything to %(address)s again that you sent from %(start)s UTC"
                " until now, in the same order and unchanged, with the same ids. What we have"
                " already is answered with 200 and has no second effect; what was lost is"
                " answered with 202.\n"
                "The last event that we have of you is %(last)s.",
                incident=restore.incident,
                moment=restore.restored_to,
                address=line.channel_id.address,
                start=restore.resend_from,
                last=line.last_identifier or self.env._("none"),
            )

    def action_open(self):
        """Button: the text to the sender."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_asked(self):
        """Button: this sender was asked."""
        self.check_access("read")
        if not self.env.user.has_group(OPERATOR):
            raise AccessError(self.env._("Only integration operators may do this."))
        self._sudo_asked()

    def _sudo_asked(self):
        """Who was asked, by whom and when, is told by the button."""
        lines = self.sudo().filtered(lambda one: not one.asked_at)
        lines.write({"asked_at": fields.Datetime.now(), "asked_by_id": self.env.uid})
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "restore.asked",
                    "object": f"hc.restore,{line.restore_id.id}",
                    "system_id": line.system_id.id,
                    "company_id": line.company_id.id or None,
                    "channel": line.channel_id.code,
                }
                for line in lines
            ]
        )

    def _told(self):
        """The line of the report."""
        if self.direction == "out":
            return f"{self.channel_id.name}: outbound"
        asked = self.rewound or (self.asked_at and f"asked {self.asked_at} UTC") or "not asked"
        return (
            f"{self.channel_id.name}: {asked}; received again: {self.anew_count},"
            f" since: {self.since_count}"
        )
