# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..messaging.domains import domains
from ..messaging.keyring import Version

OFFICER = "healthcare_integration_base.group_privacy_officer"
RETAINED_DAYS = 30
STATES = [("current", "In Use"), ("retained", "Retained"), ("removed", "Removed")]


class HcPseudonymKey(models.Model):
    """A version of the key that the pseudonyms of one domain are made with (ADR 0024).

    The key itself is derived from a master key that is outside of the database. Records are
    made and changed by the steps only.
    """

    _name = "hc.pseudonym.key"
    _description = "Version of a Pseudonym Key"
    _inherit = ["hc.wire.mixin"]
    _order = "domain, version desc"

    name = fields.Char(compute="_compute_name")
    domain = fields.Char(required=True, readonly=True, help="Whose pseudonyms these are.")
    version = fields.Integer(required=True, readonly=True, default=1)
    state = fields.Selection(STATES, required=True, readonly=True, default="current")
    master_ref = fields.Char(
        "Master key",
        readonly=True,
        help="Id of the master key that it is derived from; nothing leads back from it to the "
        "key. Empty: the one that the database was founded with.",
    )
    since = fields.Datetime("In use since", readonly=True, default=fields.Datetime.now)
    reason = fields.Text("Reason of the replacement", readonly=True)
    made_by_id = fields.Many2one("res.users", "Replaced by", readonly=True)
    retained_at = fields.Datetime("Replaced", readonly=True)
    removed_at = fields.Datetime("Removed", readonly=True)
    removed_by_id = fields.Many2one("res.users", "Removed by", readonly=True)
    remove_reason = fields.Text("Reason of the removal", readonly=True)
    link_count = fields.Integer(
        "Linked",
        compute="_compute_link_count",
        help="Pseudonyms of this version that lead to what was known before.",
    )

    _version_uniq = models.UniqueIndex("(domain, version)", "This version exists already.")
    _current_uniq = models.UniqueIndex(
        "(domain) WHERE state = 'current'", "Another version of this key is in use."
    )

    @api.depends("domain", "version")
    def _compute_name(self):
        for key in self:
            key.name = f"{key.domain} {key.version}"

    def _compute_link_count(self):
        for key in self:
            key.link_count = key._sudo_link_count()

    def _sudo_link_count(self):
        """The links themselves are nobody's to read."""
        return (
            self.env["hc.pseudonym.alias"]
            .sudo()
            .search_count(
                [
                    ("domain", "=", self.domain),
                    ("pseudonym", "=like", rf"hcp{self.version}\_%"),
                    ("known_as", "not like", f"hcp{self.version}_"),
                ]
            )
        )

    # ------------------------------------------------------------------ engine

    @api.model
    def _versions(self):
        """Domain -> versions that are made or looked for, the newest first."""
        found = {}
        for key in self.search([("state", "!=", "removed")], order="domain, version desc"):
            found.setdefault(key.domain, []).append(Version(key.version, key.master_ref or ""))
        return {domain: tuple(versions) for domain, versions in found.items()}

    @api.model
    def _sudo_ensure(self, message_types):
        """Have a key for each domain of these contracts."""
        wanted = set()
        for one in message_types:
            try:
                wanted |= domains(one._contract().schema)
            except (OSError, ValueError):
                continue  # told where the contract is used
        self._sudo_ensure_domains(wanted)

    @api.model
    def _sudo_ensure_domains(self, wanted):
        """Have a first version for each of these, so that it can be seen and replaced; whoever
        installs an addon, or approves a policy, need have no right on keys."""
        keys = self.sudo()
        wanted = set(wanted)
        wanted -= set(keys.search([("domain", "in", list(wanted))]).mapped("domain"))
        if wanted:
            keys.create([{"domain": domain, "version": 1} for domain in sorted(wanted)])

    # ----------------------------------------------------------------- buttons

    def action_ask_rotate(self):
        """Button: ask why the key is replaced."""
        return self._ask("rotate", self.env._("Replace the key of %s", self.domain))

    def action_ask_remove(self):
        """Button: show what will not be found any more, and ask why."""
        return self._ask("remove", self.env._("Remove version %s", self.name))

    def _ask(self, step, title):
        self.ensure_one()
        self._check_officer()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "hc.pseudonym.key.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_key_id": self.id, "default_step": step},
        }

    def _check_officer(self):
        self.check_access("read")
        if not self.env.user.has_group(OFFICER):
            raise AccessError(self.env._("Only privacy officers decide about pseudonym keys."))

    def _rotate(self, reason):
        """Make new pseudonyms with a new version; what is here stays found.

        :return: the new version
        """
        self._check_officer()
        if self.state != "current":
            raise UserError(self.env._("Only the version in use is replaced."))
        new = self._sudo_rotate(reason)
        new._trace("pseudonym_key.rotated", reason, before=self.version)
        return new

    def _sudo_rotate(self, reason):
        """Closed to plain writes, and open to the checked step above."""
        keyring, key = self.env["hc.keyring"], self.sudo()
        keyring._sudo_remember_founding()
        key.write({"state": "retained", "retained_at": fields.Datetime.now()})
        self.env.flush_all()
        new = key.create(
            {
                "domain": key.domain,
                "version": key.version + 1,
                "master_ref": keyring._ring().sealing_id,
                "reason": reason,
                "made_by_id": self.env.uid,
            }
        )
        return new.sudo(False)

    def _remove(self, reason):
        """Look for it no more. What newer pseudonyms are linked to stays found."""
        self._check_officer()
        self._check_removable()
        self._sudo_remove(reason)
        self._trace("pseudonym_key.removed", reason, before=self.version)

    def _sudo_remove(self, reason):
        """Closed to plain writes, and open to the checked step above."""
        self.sudo().write(
            {
                "state": "removed",
                "removed_at": fields.Datetime.now(),
                "removed_by_id": self.env.uid,
                "remove_reason": reason,
            }
        )

    def _check_removable(self):
        if self.state != "retained":
            raise UserError(self.env._("Only a version that was replaced can be removed."))
        due = self.retained_at + timedelta(days=RETAINED_DAYS)
        if fields.Datetime.now() < due:
            raise UserError(
                self.env._(
                    "A version is retained for %(days)s days after it was replaced, here until"
                    " %(date)s: until then most persons come again and are linked.",
                    days=RETAINED_DAYS,
                    date=fields.Date.to_string(due),
                )
            )

    def _sudo_lost(self):
        """What is known by this version only: ``(label, count)``; numbers, nothing else."""
        finders = self.env["hc.pseudonym.finder"].sudo()._finders()
        return [
            one for finder in finders for one in finder._count_version(self.domain, self.version)
        ]

    def _trace(self, action, reason, before):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": self.state,
                    "object": f"{self._name},{self.id}",
                    "user_id": self.env.uid,
                    "reason": reason,
                    "domain": self.domain,
                    "version": self.version,
                    "version_before": before,
                }
            ]
        )
