# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import secrets
import time

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import erase
from ..engine.locks import session_lock
from ..engine.prune import LOCK, PAGE
from ..engine.pseudonyms import subject_digest
from ..messaging.retention import STAND_IN

DECIDERS = (
    "healthcare_integration_base.group_integration_manager,"
    "healthcare_integration_base.group_privacy_officer"
)
SLOT_SECONDS = 45
SEARCHED = ("found", "blocked")


class HcErasure(models.Model):
    """Taking one person out of the ledger and the documents, and the certificate of it.

    It searches, shows what holds the person, and erases when somebody says so. While it is
    under way it knows the pseudonyms; afterwards it keeps a keyed digest and counts only.
    """

    _name = "hc.erasure"
    _description = "Erasure of a Person"
    _inherit = ["hc.history.mixin"]
    _history_prefix = "erasure"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    reference = fields.Char(readonly=True, help="Number of the request, never a name.")
    reason = fields.Text(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(
        [
            ("searching", "Searching"),
            ("found", "To Confirm"),
            ("blocked", "Blocked"),
            ("erasing", "Erasing"),
            ("done", "Erased"),
            ("cancelled", "Cancelled"),
        ],
        default="searching",
        required=True,
        readonly=True,
        index=True,
    )
    subject_digest = fields.Char(
        "Digest of the pseudonym",
        readonly=True,
        help="Whoever knows the pseudonym and holds the key can tell that it was this one.",
    )
    pseudonyms = fields.Json(readonly=True, groups="base.group_no_one")
    requested_by_id = fields.Many2one("res.users", "Requested by", readonly=True)
    requested_at = fields.Datetime("Requested", readonly=True)
    erased_by_id = fields.Many2one("res.users", "Erased by", readonly=True)
    erased_at = fields.Datetime("Erased at", readonly=True)
    searched_until = fields.Integer(readonly=True)
    searched_of = fields.Integer(readonly=True)
    progress = fields.Integer("Searched (%)", compute="_compute_progress")
    blocked_by = fields.Char("What stands against it", readonly=True)
    message_ids = fields.Many2many(
        "hc.message",
        "hc_erasure_message_rel",
        "erasure_id",
        "message_id",
        string="Messages found",
        readonly=True,
    )
    found_count = fields.Integer("Messages", compute="_compute_found_count")
    line_ids = fields.One2many("hc.erasure.line", "erasure_id", readonly=True)

    @api.depends("subject_digest", "reference")
    def _compute_name(self):
        for one in self:
            one.name = one.reference or self.env._("Erasure %s", (one.subject_digest or "")[:8])

    @api.depends("searched_until", "searched_of")
    def _compute_progress(self):
        for one in self:
            share = one.searched_until / one.searched_of if one.searched_of else 1
            one.progress = min(100, int(100 * share))

    @api.depends("message_ids")
    def _compute_found_count(self):
        for one in self:
            one.found_count = len(one.message_ids)

    # ---------------------------------------------------------------- requesting

    @api.model
    def _sudo_request(self, pseudonym, reason, reference, also=()):
        """Begin to look for a person. Records are made and changed by the steps only.

        :param also: what other versions of the key call the same person
        """
        one = self.sudo().create(
            {
                "reason": reason,
                "reference": reference,
                "company_id": self.env.company.id,
                "pseudonyms": [pseudonym, *also],
                "subject_digest": self._digest(pseudonym),
                "requested_by_id": self.env.uid,
                "requested_at": fields.Datetime.now(),
                "searched_of": erase.latest(self.env),
            }
        )
        one._trace("erasure.requested")
        one._hand_over()
        return one.sudo(False)

    @api.model
    def _digest(self, pseudonym):
        return subject_digest(self.env, pseudonym)

    def _hand_over(self):
        """The scheduled action does the work; a page now, for ledgers that are small."""
        self.env.flush_all()
        if self.state == "searching":
            self._search_step()
        self.env.ref("healthcare_integration_base.cron_erasure").sudo()._trigger()

    # -------------------------------------------------------------------- working

    @api.model
    def _cron_run(self):
        """Entry of the scheduled action: searches and erases what was asked for."""
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        until = time.monotonic() + SLOT_SECONDS
        while one := self.search([("state", "in", ("searching", "erasing"))], order="id", limit=1):
            one._step()
            if time.monotonic() > until:
                self.env.ref("healthcare_integration_base.cron_erasure")._trigger()
                return

    def _step(self):
        """One page of the work, committed."""
        cr = self.env.cr
        with session_lock(cr, LOCK, wait_seconds=10) as held:
            if held:
                # Another process may have worked on it meanwhile.
                self.env.invalidate_all(flush=False)
                if self.state not in ("searching", "erasing"):
                    return
                if self.state == "searching" or not self._is_searched():
                    self._search_step()
                else:
                    self._erase_step()
                cr.commit()  # pylint: disable=invalid-commit

    def _is_searched(self):
        """What came after somebody asked, or confirmed, is another matter: on a busy ledger
        there is always something newer."""
        return self.searched_until >= self.searched_of

    def _search_step(self):
        """Look through one page; at the end look for what belongs to the same person."""
        until = erase.search_page(self.env, self, self.searched_until)
        self.searched_until = until or self.searched_of
        if not self._is_searched():
            return
        self.invalidate_recordset(["message_ids", "found_count"])
        related = set(self.pseudonyms)
        for handler in self._handlers():
            related |= handler._related(related)
        if related - set(self.pseudonyms):
            self.write({"pseudonyms": sorted(related), "searched_until": 0})
        elif self.state == "searching":
            self._tell_found()

    def _handlers(self):
        """Documents are changed with the rights of the system: those who take care of privacy
        need no right on them."""
        company = self.company_id
        context = {"allowed_company_ids": company.ids}
        return self.sudo().env["hc.erasure.handler"].with_context(**context)._handlers()

    def _tell_found(self):
        lines = [(self.env._("Messages"), self.found_count, self.env._("Content deleted"))]
        for handler in self._handlers():
            lines += handler._find_subject(set(self.pseudonyms))
        self.line_ids.unlink()
        self.env["hc.erasure.line"].create(
            [
                {"erasure_id": self.id, "label": label, "found_count": count, "outcome": outcome}
                for label, count, outcome in lines
            ]
        )
        self._judge()

    def _judge(self):
        """Whether something stands against it; says what, and how many."""
        held, unfinished = erase.obstacles(self.env, self)
        work = erase.unfinished_work(self.env, self)
        holds = self._named_by_holds()
        parts = []
        if held or holds:
            parts.append(self.env._("messages on legal hold: %s", held))
        if unfinished:
            parts.append(self.env._("messages not finished: %s", unfinished))
        if work:
            parts.append(self.env._("follow-up work: %s", work))
        state = "blocked" if parts else "found"
        self.write({"state": state, "blocked_by": "; ".join(parts) or False})
        return not parts

    def _named_by_holds(self):
        return self.env["hc.legal.hold"].search_count(
            [
                ("state", "=", "active"),
                ("company_id", "=", self.company_id.id),
                ("pseudonym", "in", self.pseudonyms),
            ],
            limit=1,
        )

    def _erase_step(self):
        """Erase a batch of messages; when none is left, the documents."""
        held, unfinished = erase.obstacles(self.env, self)
        if held or unfinished or self._named_by_holds():
            # Something came in between: nothing more is erased until somebody looks at it.
            self._judge()
            return
        ids = erase.next_messages(self.env, self, PAGE)
        if ids:
            self.env["hc.message"]._sudo_prune(ids, "erasure")
            erase.forget(self.env, self, ids)
            line = self.line_ids[:1]
            line.erased_count += len(ids)
            return
        self._erase_documents()

    def _erase_documents(self):
        """The documents at once, in the transaction that ends the erasure."""
        stand_ins = {one: STAND_IN + secrets.token_hex(16) for one in self.pseudonyms}
        told = {}
        for handler in self._handlers():
            told |= handler._erase_subject(stand_ins)
        for line in self.line_ids[1:]:
            line.erased_count = told.get(line.label, 0)
        self.write({"state": "done", "pseudonyms": False, "erased_at": fields.Datetime.now()})
        self._trace("erasure.done", counts={one.label: one.erased_count for one in self.line_ids})

    # -------------------------------------------------------------------- buttons

    def action_check(self):
        """Button: look once more, after what stood against it was settled."""
        self._require(*SEARCHED)
        self._sudo_set({"state": "searching", **self._from_the_start()})
        self.sudo()._hand_over()

    def action_erase(self):
        """Button: erase for good what was found."""
        self._require("found")
        erasing = {"state": "erasing", "erased_by_id": self.env.uid}
        self._sudo_set(erasing | self._from_the_start())
        self._trace("erasure.confirmed")
        self.sudo()._hand_over()

    def action_cancel(self):
        """Button: nothing is erased; the pseudonym is forgotten."""
        self._require("searching", *SEARCHED)
        self._sudo_set(
            {"state": "cancelled", "pseudonyms": False, "message_ids": [Command.clear()]}
        )
        self._trace("erasure.cancelled")

    def action_open_messages(self):
        """Button: the messages found, as long as they are not erased."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": [("id", "in", self.message_ids.ids)],
            "context": {},
        }

    def _from_the_start(self):
        """Messages are committed in another order than they are numbered: look at all again."""
        return {"searched_until": 0, "searched_of": erase.latest(self.env)}

    def _require(self, *states):
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_groups(DECIDERS):
            raise AccessError(
                self.env._("Only integration managers and privacy officers may do this.")
            )
        if self.state not in states:
            raise UserError(self.env._("The erasure is not in the right state for this."))

    def _sudo_set(self, values):
        """The state is closed to plain writes, and open to the checked steps above."""
        self.sudo().write(values)

    def _trace(self, action, **details):
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "object": f"{self._name},{self.id}",
                    "outcome": self.state,
                    "user_id": (self.erased_by_id or self.requested_by_id).id,
                    "company_id": self.company_id.id,
                    "digest": self.subject_digest,
                    "reason": self.reason,
                    "messages": self.found_count,
                    **details,
                }
            ]
        )
