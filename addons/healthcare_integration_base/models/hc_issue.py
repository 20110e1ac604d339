# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..messaging.errors import spec
from .hc_issue_upsert import LINK, UPSERT, UPSERT_COLUMNS, UPSERT_ROW

FIX_FIELDS = {
    "system": "system_id",
    "channel": "channel_id",
    "company": "company_id",
    "namespace": "fix_namespace",
    "code_system": "fix_code_system",
    "value": "fix_value",
    "facility": "fix_facility",
}
ENGINE_FIELDS = frozenset({*UPSERT_COLUMNS, "first_seen", "last_seen"}) - {"user_id"}
BY_SYSTEM = ("identifier", "site", "record")


class HcIssue(models.Model):
    """Failures of one kind, however many messages they hold up: one entry, one owner."""

    _name = "hc.issue"
    _description = "Issue"
    _inherit = ["hc.governed.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "last_seen desc, id desc"
    _rec_names_search = ("subject", "error_code", "fix_value")

    name = fields.Char(compute="_compute_name")
    advice = fields.Char(string="What to do", compute="_compute_name")
    fingerprint = fields.Char(required=True, readonly=True)
    system_id = fields.Many2one(
        "hc.system", required=True, readonly=True, index=True, ondelete="cascade"
    )
    channel_id = fields.Many2one("hc.channel", readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    error_code = fields.Char(string="Error", required=True, readonly=True)
    subject = fields.Char(readonly=True, help="What is missing; never a personal value.")
    fix_kind = fields.Selection(
        [
            ("identifier", "Code"),
            ("site", "Site"),
            ("channel", "Channel default"),
            ("record", "Record"),
            ("none", "Nothing to map"),
        ],
        string="Missing",
        default="none",
        required=True,
        readonly=True,
    )
    fix_namespace = fields.Char(readonly=True)
    fix_code_system = fields.Char(readonly=True)
    fix_value = fields.Char(readonly=True)
    fix_facility = fields.Char(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("assigned", "Assigned"), ("resolved", "Resolved")],
        default="open",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Assignee", domain="[('share', '=', False)]", tracking=True, index=True
    )
    message_count = fields.Integer(string="Occurrences", readonly=True)
    waiting_count = fields.Integer(string="Waiting", compute="_compute_waiting_count")
    first_seen = fields.Datetime(string="First seen", readonly=True)
    last_seen = fields.Datetime(string="Last seen", readonly=True)
    reopened_at = fields.Datetime(string="Came back at", readonly=True)
    reopened_count = fields.Integer(string="Came back", readonly=True)
    hc_message_ids = fields.One2many("hc.message", "issue_id", string="Affected messages")

    _fingerprint_uniq = models.UniqueIndex("(fingerprint)")

    @api.depends("error_code", "subject")
    def _compute_name(self):
        for issue in self:
            error = spec(issue.error_code or "")
            title = error.title.rstrip(".")
            # A code is stored as "system|value"; people read it as words.
            subject = (issue.subject or "").replace("|", " ")
            issue.name = f"{title}: {subject}" if subject else title
            issue.advice = error.action

    def _compute_waiting_count(self):
        groups = self.env["hc.message"]._read_group(
            [("issue_id", "in", self.ids), ("state", "in", ("review", "dead", "unknown"))],
            ["issue_id"],
            ["__count"],
        )
        counts = {issue.id: count for issue, count in groups}
        for issue in self:
            issue.waiting_count = counts.get(issue.id, 0)

    def write(self, vals):
        if not self.env.su and vals.keys() & ENGINE_FIELDS:
            raise AccessError(self.env._("An issue is changed by its buttons."))
        result = super().write(vals)
        if "user_id" in vals and "state" not in vals:
            self._follow_assignee()
        return result

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | ENGINE_FIELDS

    def _follow_assignee(self):
        for issue in self.filtered(lambda issue: issue.state != "resolved"):
            issue._sudo_write({"state": "assigned" if issue.user_id else "open"})

    # ------------------------------------------------------------------ reporting

    @api.model
    def _report(self, occurrences):
        """Group failures into issues: new, counted up, or reopened.

        A few statements for any number of occurrences. When another transaction reports
        the same issue at the same time the database raises a serialization failure, and
        the caller repeats its transaction.

        :param occurrences: dicts of message_id, waiting, system_id, channel_id,
            company_id, error_code, subject and fix (:class:`engine.item.Fix` or none).
        """
        groups = {}
        for occurrence in occurrences:
            groups.setdefault(self._fingerprint(occurrence), []).append(occurrence)
        if groups:
            self.env.flush_all()
            found = self._upsert(groups)
            self._link(groups, found)
            self.env["hc.message"].invalidate_model(["issue_id"], flush=False)
            self.invalidate_model(flush=False)
            news = [issue_id for issue_id, is_news in found.values() if is_news]
            self.browse(news)._sudo_tell_owners()

    @api.model
    def _fingerprint(self, occurrence):
        """What makes two failures the same; a missing mapping is the same in all channels
        of a system."""
        fix = occurrence["fix"]
        kind = fix.kind if fix else "none"
        parts = (
            occurrence["system_id"],
            occurrence["company_id"],
            None if kind in BY_SYSTEM else occurrence["channel_id"],
            occurrence["error_code"],
            occurrence["subject"],
            (kind, fix.namespace, fix.code_system, fix.value, fix.facility) if fix else None,
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _upsert(self, groups):
        """:return: fingerprint -> (id, whether its owner has to be told)"""
        owners = self._owners(groups)
        rows = [
            self._row(fingerprint, group, owners) for fingerprint, group in sorted(groups.items())
        ]
        found = self.env.cr.execute_values(
            UPSERT, rows, template=UPSERT_ROW, page_size=1000, fetch=True
        )
        return {fingerprint: (issue_id, news) for fingerprint, issue_id, news in found}

    def _owners(self, groups):
        channels = self.env["hc.channel"].browse({g[0]["channel_id"] for g in groups.values()})
        return {one.id: (one.owner_id or one.system_id.owner_id).id or None for one in channels}

    def _row(self, fingerprint, group, owners):
        first, fix = group[0], group[0]["fix"]
        owner = owners.get(first["channel_id"])
        values = {
            "fingerprint": fingerprint,
            "system_id": first["system_id"],
            "channel_id": first["channel_id"],
            "company_id": first["company_id"],
            "error_code": first["error_code"],
            "subject": first["subject"],
            "fix_kind": fix.kind if fix else "none",
            "fix_namespace": fix.namespace if fix else None,
            "fix_code_system": fix.code_system if fix else None,
            "fix_value": fix.value if fix else None,
            "fix_facility": fix.facility if fix else None,
            "state": "assigned" if owner else "open",
            "user_id": owner,
            "message_count": len({one["message_id"] for one in group}),
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
        }
        return tuple(values[name] for name in UPSERT_COLUMNS)

    def _link(self, groups, found):
        """A message shows one issue: the first that holds it up, else the first."""
        chosen = {}
        for fingerprint, group in groups.items():
            for one in group:
                known = chosen.get(one["message_id"])
                if known is None or (one["waiting"] and not known[1]):
                    chosen[one["message_id"]] = (found[fingerprint][0], one["waiting"])
        rows = [(message_id, issue_id) for message_id, (issue_id, _waits) in chosen.items()]
        rows = [row for row in rows if row[0]]  # what is about no message, such as a file
        if rows:
            self.env.cr.execute_values(LINK, rows, page_size=1000)

    def _sudo_tell_owners(self):
        """One activity per issue, for people whom a system's user may not even see."""
        for issue in self.sudo().filtered(lambda issue: issue.user_id and not issue.activity_ids):
            issue.activity_schedule(
                "mail.mail_activity_data_todo", user_id=issue.user_id.id, summary=issue.name
            )

    # ------------------------------------------------------------------ resolving

    @api.model
    def _fixed(self, kind, **keys):
        """Something was supplied: resolve the issues that waited for it and resume their
        messages.

        :param kind: of the fix: ``identifier``, ``site``, ``channel`` or ``record``.
        :param keys: what it is, by the names of ``FIX_FIELDS``: system, channel, company,
            namespace, code_system, value, facility.
        """
        self._fixed_many(kind, [keys])

    @api.model
    def _fixed_many(self, kind, keys_list):
        """Like :meth:`_fixed`, for many at once."""
        self._resume_fixed(kind, keys_list)

    @api.model
    def _resume_fixed(self, kind, keys_list):
        """Resume the issues that are seen to wait for this."""
        wanted = {}
        for keys in keys_list:
            names = tuple(sorted(keys))
            wanted.setdefault(names, set()).add(tuple(keys[name] or False for name in names))
        if wanted:
            self._sudo_open(kind).filtered(lambda issue: issue._matches(wanted))._resume()

    def _sudo_open(self, kind):
        """Who maintains a product or a lot need not be somebody who sees issues."""
        return self.sudo().search([("fix_kind", "=", kind), ("state", "!=", "resolved")])

    def _matches(self, wanted):
        return any(
            tuple(self._fix_key(name) for name in names) in keys for names, keys in wanted.items()
        )

    def _fix_key(self, name):
        value = self[FIX_FIELDS[name]]
        return (value.id if isinstance(value, models.BaseModel) else value) or False

    def _resume(self):
        """Resolve, and have the messages that wait go on by themselves."""
        if not self:
            return
        messages = self.env["hc.message"].search(
            [("issue_id", "in", self.ids), ("state", "in", ("review", "dead"))]
        )
        self._sudo_write({"state": "resolved"})
        self._sudo_end_activities()
        messages._sudo_resume()

    def _sudo_write(self, vals):
        """The state follows from what happens; users cannot write it."""
        self.sudo().write(vals)

    def _sudo_end_activities(self):
        """Whoever resolves the issue ends its activity, also that of a colleague."""
        self.sudo().activity_ids.unlink()

    def _settle(self):
        """Messages that these issues held up were handled once more: where nothing waits
        any longer, there is nothing left to do."""
        left = self.exists().filtered(
            lambda issue: issue.state != "resolved" and not issue.waiting_count
        )
        if left:
            left._sudo_write({"state": "resolved"})
            left._sudo_end_activities()

    # -------------------------------------------------------------------- buttons

    def action_fix(self):
        """Button: the form that supplies what is missing, filled in as far as known."""
        self.ensure_one()
        self.check_access("write")
        makers = {
            "identifier": self._action_fix_identifier,
            "site": self._action_fix_site,
            "channel": self._action_fix_channel,
            "record": self._action_fix_record,
        }
        return makers.get(self.fix_kind, self.action_open_messages)()

    def action_retry(self):
        """Button: try all waiting messages again."""
        self.check_access("write")
        self._resume()

    def action_assign_me(self):
        """Button: take it."""
        self.check_access("write")
        self.write({"user_id": self.env.uid})

    def action_open_messages(self):
        """Button: the messages of these issues."""
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": [("issue_id", "in", self.ids)],
            "context": {},
        }

    def _action_fix_identifier(self):
        domain = [
            ("system_id", "=", self.system_id.id),
            ("namespace", "=", self.fix_namespace),
            ("code_system", "=", self.fix_code_system),
            ("value", "=", self.fix_value),
        ]
        return self._open_form("hc.identifier", domain, self.env._("Map the code"))

    def _action_fix_site(self):
        domain = [
            ("system_id", "=", self.system_id.id),
            ("facility_code", "=", self.fix_facility),
            ("location_code", "=", self.fix_value),
        ]
        return self._open_form("hc.site", domain, self.env._("Map the site"))

    def _action_fix_channel(self):
        domain = [("id", "=", self.channel_id.id)]
        return self._open_form("hc.channel", domain, self.env._("Set the channel's defaults"))

    def _action_fix_record(self):
        """Domain addons open what is theirs."""
        return self.action_open_messages()

    def _open_form(self, model, domain, title):
        """The one record of ``domain``, archived or not, or a new one made of it."""
        record = self.env[model].with_context(active_test=False).search(domain, limit=1)
        defaults = {f"default_{name}": value for name, _operator, value in domain}
        if model == "hc.site":
            defaults["default_name"] = self.fix_value or self.fix_facility
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "res_id": record.id,
            "view_mode": "form",
            "target": "new",
            "context": {} if record else defaults,
        }
