# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo import api, fields, models
from odoo.tools import SQL, drop_view_if_exists, file_open

COLUMNS = frozenset(
    {
        "action",
        "outcome",
        "user_id",
        "system_id",
        "company_id",
        "object",
        "code",
        "correlation",
        "digest",
    }
)
SCHEMA_VERSION = 2
"""Of data/audit_schema.sql; ``hc_audit.version()`` says which one is there."""
LATER = {
    "reason": "reason",
    "contract": "contract",
    "before": "before_digest",
    "after": "after_digest",
}
"""Keys of :meth:`HcAuditEvent._append` that version 2 has made columns. They are handed over
among the details, so that either version keeps them."""
STATE = """
SELECT to_regclass('hc_audit.event') IS NOT NULL,
       to_regprocedure('hc_audit.version()') IS NOT NULL,
       COALESCE((SELECT bool_and(NOT pg_has_role(o.owner, 'MEMBER')) FROM (
           SELECT nspowner FROM pg_namespace WHERE nspname = 'hc_audit'
           UNION SELECT relowner FROM pg_class
            WHERE relnamespace = to_regnamespace('hc_audit')
           UNION SELECT proowner FROM pg_proc
            WHERE pronamespace = to_regnamespace('hc_audit')) AS o(owner)), false),
       (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER)
"""
VIEW_IS_NEW = """
SELECT EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
  WHERE r.ev_class = 'hc_audit_event'::regclass AND d.refobjid = 'hc_audit.leaf'::regclass)
"""


class HcAuditEvent(models.Model):
    """The audit trail, read through a view; written through ``hc_audit.append`` only."""

    _name = "hc.audit.event"
    _description = "Audit Event"
    _order = "id desc"
    _auto = False
    _rec_name = "action"

    recorded_at = fields.Datetime(readonly=True)
    action = fields.Char(readonly=True)
    outcome = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    system_id = fields.Many2one("hc.system", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    object = fields.Char(readonly=True, help="Identifier of what it happened to.")
    code = fields.Char(readonly=True)
    correlation = fields.Char(readonly=True)
    digest = fields.Char(readonly=True)
    reason = fields.Char(readonly=True, help="Why, in the words of who did it.")
    contract = fields.Char(readonly=True, help="Message type and version.")
    before_digest = fields.Char(
        "Digest before", readonly=True, help="Keyed digest of the values that were changed."
    )
    after_digest = fields.Char(
        "Digest after", readonly=True, help="Keyed digest of the values as they are since."
    )
    details = fields.Json(readonly=True)
    place = fields.Integer(
        "Place in the log", readonly=True, help="Empty until the event is sealed."
    )
    is_sealed = fields.Boolean("Sealed", readonly=True)

    def init(self):
        """Make the schema, or bring it up to date, where that is not the administrator's."""
        state = self._schema_state()
        if state["version"] < SCHEMA_VERSION and not state["separate"]:
            with file_open("healthcare_integration_base/data/audit_schema.sql") as script:
                self.env.cr.execute(script.read())
        self._make_views()

    @api.model
    def _schema_state(self):
        """How far the trail is protected, for the set-up check.

        :return: dict: ``version`` of the schema in the database (0: none), ``expected`` one,
            ``separate`` (schema and tables have an owner that Odoo's role is not), ``superuser``
            (Odoo's role is one, and nothing binds it), ``weaker``: codes of what is not as it
            should be, of ``no_schema``, ``old_schema``, ``no_owner``, ``superuser``
        """
        cr = self.env.cr
        cr.execute(STATE)
        exists, has_version, separate, superuser = cr.fetchone()
        version = 0
        if has_version:
            cr.execute("SELECT hc_audit.version()")
            version = cr.fetchone()[0]
        elif exists:
            version = 1
        found = {
            "no_schema": not exists,
            "old_schema": exists and version < SCHEMA_VERSION,
            "no_owner": exists and not separate,
            "superuser": superuser,
        }
        return {
            "version": version,
            "expected": SCHEMA_VERSION,
            "separate": bool(exists and separate),
            "superuser": superuser,
            "weaker": [code for code, is_so in found.items() if is_so],
        }

    @api.model
    def _match_schema(self):
        """Have the views show what the administrator has brought up to date meanwhile.

        :return: whether the schema is this version's
        """
        if self._schema_state()["version"] < SCHEMA_VERSION:
            return False
        self.env.cr.execute(VIEW_IS_NEW)
        if not self.env.cr.fetchone()[0]:
            self._make_views()
        return True

    @api.model
    def _make_views(self):
        """The views that Odoo reads, as the schema allows."""
        cr = self.env.cr
        is_new = self._schema_state()["version"] >= SCHEMA_VERSION
        columns = SQL(", ").join(
            SQL("%s AS %s", source, SQL.identifier(name))
            for name, source in {**self._view_columns(), **_later(is_new)}.items()
        )
        leaf = SQL("LEFT JOIN hc_audit.leaf l ON l.event_id = e.id") if is_new else SQL()
        drop_view_if_exists(cr, "hc_audit_event")
        cr.execute(
            SQL("CREATE VIEW hc_audit_event AS SELECT %s FROM hc_audit.event e %s", columns, leaf)
        )
        self.env["hc.audit.checkpoint"]._make_view(is_new)

    def _view_columns(self):
        """Columns of the view: name -> what of the trail ``e`` it is."""
        return {
            "id": SQL("e.id"),
            "recorded_at": SQL("e.recorded_at AT TIME ZONE 'UTC'"),
            "action": SQL("e.action"),
            "outcome": SQL("e.outcome"),
            "user_id": SQL("e.user_id"),
            "system_id": SQL("e.system_id"),
            "company_id": SQL("e.company_id"),
            "object": SQL("e.object"),
            "code": SQL("e.code"),
            "correlation": SQL("e.correlation"),
            "digest": SQL("e.digest"),
            "details": SQL("e.details"),
        }

    @api.model
    def _append(self, events):
        """Add events to the trail, in the present transaction.

        :param events: dicts with ``action``, ``outcome``, ``object``, ``code``, ``system_id``,
            ``company_id``, ``correlation``, ``digest``, ``reason`` (why), ``contract`` (type
            and version), ``before`` and ``after`` (keyed digests of what was changed); what
            else there is goes into the details. They hold identifiers and codes, never a
            value of a payload.
        """
        append(self.env.cr, self.env.uid, events)


def _later(is_new):
    """Columns that an older schema has not: there they are among the details, or nowhere."""
    if not is_new:
        told = {column: SQL("e.details ->> %s", key) for key, column in LATER.items()}
        return {**told, "place": SQL("NULL::integer"), "is_sealed": SQL("false")}
    told = {
        column: SQL("COALESCE(e.%s, e.details ->> %s)", SQL.identifier(column), key)
        for key, column in LATER.items()
    }
    return {
        **told,
        "place": SQL("l.place::integer"),
        "is_sealed": SQL("l.place IS NOT NULL"),
    }


APPEND = "SELECT hc_audit.append(%s::jsonb)"


def append(cr, uid, events):
    """See :meth:`HcAuditEvent._append`; for callers that have no environment."""
    if events:
        cr.execute(APPEND, [document(uid, events)])


def document(uid, events):
    """The argument of ``hc_audit.append``: what is no column goes into the details."""
    rows = []
    for event in events:
        row = {name: value for name, value in event.items() if name in COLUMNS}
        row.setdefault("user_id", uid)
        row["details"] = {n: v for n, v in event.items() if n not in COLUMNS} or None
        rows.append(row)
    return json.dumps(rows)
