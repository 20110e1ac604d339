# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import SQL

from ..messaging.sealing.note import NoteError, parse

EMPTY = SQL(
    "SELECT 0 AS id, 0 AS number, 0 AS tree_size, 0 AS event_count, 0 AS first_event,"
    " 0 AS last_event, NULL::timestamp AS sealed_at, NULL::text AS note, NULL::text AS signatures"
    " WHERE false"
)
STORED = SQL(
    "SELECT c.number AS id, c.number, c.tree_size::integer AS tree_size,"
    " (c.tree_size - p.size)::integer AS event_count,"
    " (SELECT event_id::integer FROM hc_audit.leaf WHERE place = p.size) AS first_event,"
    " (SELECT event_id::integer FROM hc_audit.leaf WHERE place = c.tree_size - 1) AS last_event,"
    " c.sealed_at AT TIME ZONE 'UTC' AS sealed_at, c.note, c.signatures"
    " FROM hc_audit.checkpoint c, LATERAL (SELECT COALESCE(max(b.tree_size), 0) AS size"
    " FROM hc_audit.checkpoint b WHERE b.number = c.number - 1) p"
)


class HcAuditCheckpoint(models.Model):
    """Signed heads of the audit trail, read through a view; ``hc_audit.seal`` adds them."""

    _name = "hc.audit.checkpoint"
    _description = "Audit Checkpoint"
    _order = "number desc"
    _auto = False
    _rec_name = "number"

    number = fields.Integer(readonly=True)
    sealed_at = fields.Datetime("Sealed", readonly=True)
    event_count = fields.Integer("Events", readonly=True)
    tree_size = fields.Integer("Events in all", readonly=True)
    first_event = fields.Integer("First event", readonly=True)
    last_event = fields.Integer("Last event", readonly=True)
    note = fields.Text("Signed text", readonly=True)
    signatures = fields.Text(readonly=True)
    root = fields.Char(compute="_compute_note", help="Root of the whole log, base64.")
    key = fields.Char("Signed by", compute="_compute_note", help="Fingerprint of the key.")
    is_exported = fields.Boolean(
        "Exported",
        compute="_compute_is_exported",
        help="Written to the file or system log outside the database.",
    )

    @api.model
    def _make_view(self, has_table):
        self.env.cr.execute("DROP VIEW IF EXISTS hc_audit_checkpoint")
        self.env.cr.execute(
            SQL("CREATE VIEW hc_audit_checkpoint AS %s", STORED if has_table else EMPTY)
        )

    @api.depends("number")
    def _compute_display_name(self):
        for one in self:
            one.display_name = self.env._("Checkpoint %s", one.number)

    @api.depends("note")
    def _compute_note(self):
        """What somebody has made unreadable is shown as it is."""
        for one in self:
            try:
                found = parse(one.note or "")
                one.root, one.key = one.note.split("\n")[2], found.key.fingerprint
            except NoteError:
                one.root = one.key = False

    @api.depends("number")
    def _compute_is_exported(self):
        upto = self.env["hc.audit.log"]._sudo_log().exported_number
        for one in self:
            one.is_exported = one.number <= upto

    def action_open_events(self):
        """Button: the events that this checkpoint added, pruned ones excepted."""
        self.ensure_one()
        self.check_access("read")
        first = self.tree_size - self.event_count
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Events of checkpoint %s", self.number),
            "res_model": "hc.audit.event",
            "view_mode": "list,form",
            # What has no place yet is taken for 0 in a comparison.
            "domain": [
                ("is_sealed", "=", True),
                ("place", ">=", first),
                ("place", "<", self.tree_size),
            ],
        }
