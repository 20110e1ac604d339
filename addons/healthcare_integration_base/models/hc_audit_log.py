# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import sealing
from ..engine.locks import session_lock
from ..messaging.errors import spec
from ..messaging.errors_sealing import EXPORT_AHEAD, EXPORT_FAILED, SEAL_FAILED, TAMPERED
from ..messaging.sealing.sealer import TreeDamagedError
from ..messaging.sealing.syslog import AddressError

_logger = logging.getLogger(__name__)
BASE = "healthcare_integration_base"
MANAGER, AUDITOR = f"{BASE}.group_integration_manager", f"{BASE}.group_auditor"
SLOT_SECONDS = 45
LATE = timedelta(hours=1)
"""What waits longer to be sealed is shown as late: a transaction is open all that time."""
SHOWN = 20


class HcAuditLog(models.Model):
    """How the audit trail stands: what is sealed, what is told outside, what was verified.

    One record. It proves nothing itself: what it says can be had from the trail and the
    exported file, but for the results of verifications.
    """

    _name = "hc.audit.log"
    _description = "Audit Trail"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _rec_name = "name"

    name = fields.Char(default="Audit trail", readonly=True, translate=True)
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        domain="[('share', '=', False)]",
        help="Gets an activity when sealing, export or verification fails.",
    )
    state = fields.Selection(
        [("sound", "In Order"), ("failing", "Failing"), ("tampered", "Not as It Was Sealed")],
        compute="_compute_state",
    )
    sealed_at = fields.Datetime("Last sealed", compute="_compute_trail")
    checkpoint_count = fields.Integer("Checkpoints", compute="_compute_trail")
    event_count = fields.Integer("Sealed events", compute="_compute_trail")
    unsealed_count = fields.Integer("Not sealed yet", compute="_compute_trail")
    unsealed_since = fields.Datetime("Oldest of them", compute="_compute_trail")
    is_late = fields.Boolean(compute="_compute_trail")
    protection = fields.Char("Protected by", compute="_compute_trail")
    key = fields.Char(
        "Fingerprint of the key",
        compute="_compute_key",
        help="Give it to auditors by another way than the bundles.",
    )
    target = fields.Char("Told to", compute="_compute_target")
    seal_error = fields.Char("Sealing fails with", readonly=True, copy=False)
    export_error = fields.Char("Export fails with", readonly=True, copy=False)
    exported_number = fields.Integer("Last exported checkpoint", readonly=True, copy=False)
    logged_number = fields.Integer(readonly=True, copy=False)
    exported_at = fields.Datetime("Exported", readonly=True, copy=False)
    verified_at = fields.Datetime("Last verified", readonly=True, copy=False)
    verified_by_id = fields.Many2one("res.users", "Verified by", readonly=True, copy=False)
    is_tampered = fields.Boolean(readonly=True, copy=False, tracking=True)
    report = fields.Text("Result", readonly=True, copy=False)

    # ------------------------------------------------------------------- computed

    @api.depends("is_tampered", "seal_error", "export_error")
    def _compute_state(self):
        for log in self:
            failing = log.seal_error or log.export_error or log.is_late
            log.state = "tampered" if log.is_tampered else "failing" if failing else "sound"

    @api.depends_context("uid")
    def _compute_trail(self):
        last = self.env["hc.audit.checkpoint"].sudo().search([], limit=1)
        count, since = self._unsealed(last)
        state = self.env["hc.audit.event"]._schema_state()
        for log in self:
            log.sealed_at = last.sealed_at
            log.checkpoint_count = last.number
            log.event_count = last.tree_size
            log.unsealed_count = count
            log.unsealed_since = since
            log.is_late = bool(since and since < fields.Datetime.now() - LATE)
            log.protection = self._protection(state)

    def _unsealed(self, last):
        """How many events wait, and since when; what waits is at the end of the trail."""
        events = self.env["hc.audit.event"].sudo()
        waiting = [("is_sealed", "=", False), ("id", ">", last.last_event - sealing.MARGIN)]
        [(count, since)] = events._read_group(waiting, [], ["__count", "recorded_at:min"])
        return count, since

    def _protection(self, state):
        if state["superuser"]:
            return self.env._("Nothing: Odoo's role is a superuser")
        if not state["separate"]:
            return self.env._("Convention: audit_owner.sql was not run")
        if "old_schema" in state["weaker"]:
            return self.env._("An owner of its own; run audit_owner.sql anew for this version")
        return self.env._("An owner of its own in PostgreSQL")

    def _compute_key(self):
        for log in self:
            try:
                log.key = self._sudo_keyring()._signing_keys()[0].public.fingerprint
            except UserError:
                log.key = False

    def _compute_target(self):
        try:
            target = sealing.target_of(self.env)
            names = [
                target.file and target.file.path.name,
                target.log and target.log.kind,
            ]
            told = ", ".join(filter(None, names)) or self.env._("Nobody: see the documentation")
        except AddressError:
            told = self.env._("The system log's address cannot be read")
        self.target = told

    def _sudo_keyring(self):
        """The public half of the key is for everybody who may see the log."""
        return self.env["hc.keyring"].sudo()

    @api.model
    def _sudo_log(self):
        """The one record; made with the addon, and made anew should somebody delete it."""
        logs = self.sudo().search([], limit=1)
        return logs or self.sudo().create({"user_id": self.env.ref("base.user_admin").id})

    # -------------------------------------------------------------------- sealing

    @api.model
    def _cron_seal(self):
        """Entry of the scheduled action: seal what came, and tell of it."""
        log = self._sudo_log()
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        if sealing.is_neutralized(self.env):
            return
        with session_lock(self.env.cr, sealing.LOCK) as held:
            if held:
                log._seal_all()
                log._export()

    def _seal_all(self):
        """Checkpoints until nothing is left; each is committed."""
        until = time.monotonic() + SLOT_SECONDS
        if not self.env["hc.audit.event"]._match_schema():
            self._settle("seal_error", "old_schema", SEAL_FAILED)
            return
        try:
            while sealing.seal(self.env):
                self.env.cr.commit()  # pylint: disable=invalid-commit
                if time.monotonic() > until:
                    break
            self._settle("seal_error", False, SEAL_FAILED)
        except (psycopg2.Error, TreeDamagedError, UserError) as error:
            self.env.cr.rollback()
            self._settle("seal_error", _reason(error), SEAL_FAILED)
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _export(self):
        """Tell of what is committed; what fails is told the next time."""
        try:
            target = sealing.target_of(self.env)
            values = self._told(target)
            if target:
                self.write({**values, "exported_at": fields.Datetime.now()})
            self._settle("export_error", False, EXPORT_FAILED)
            self._settle("export_error", False, EXPORT_AHEAD)
        except sealing.AheadError as error:
            self._settle("export_error", _reason(error), EXPORT_AHEAD)
        except (OSError, AddressError, psycopg2.Error) as error:
            self.env.cr.rollback()
            self._settle("export_error", _reason(error), EXPORT_FAILED)
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _told(self, target):
        values = {}
        if target.file:
            values["exported_number"] = sealing.write_file(self.env, target.file)
        if target.log:
            values["logged_number"] = sealing.write_log(self.env, target.log, self.logged_number)
            values.setdefault("exported_number", values["logged_number"])
        return values

    def _settle(self, field, reason, code):
        """Note that something fails or works again; once, with an activity for somebody."""
        if self[field] != reason:
            self[field] = reason
        title = spec(code).title
        known = self.activity_ids.filtered(lambda one: one.summary == title)
        if not reason:
            known.unlink()
        elif not known:
            _logger.warning("%s (%s)", title, reason)
            self._call(code)

    def _call(self, code):
        """An activity for whoever is responsible."""
        if self.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self.user_id.id,
                summary=spec(code).title,
                note=spec(code).action,
            )

    def _accept_restore(self, reason):
        """The database was restored, and has lost checkpoints that the file has: the file
        stays under another name as the proof of them, and a new one is begun.

        :return: the name of the old file
        """
        self.ensure_one()
        file = sealing.target_of(self.env).file
        if not file or not file.path.exists():
            raise UserError(self.env._("There is no exported file."))
        moment = fields.Datetime.now().strftime("%Y%m%dT%H%M%S")
        kept = file.path.with_suffix(f".until-{moment}.ndjson")
        last = file.last_batch()
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "trail.restore.accepted",
                    "object": f"hc.audit.log,{self.id}",
                    "reason": reason,
                    "digest": last.signed.digest.hex() if last else None,
                    "checkpoint": last.checkpoint.number if last else 0,
                }
            ]
        )
        self.exported_number = 0
        file.path.rename(kept)
        return kept.name

    # -------------------------------------------------------------------- buttons

    def _check_auditor(self):
        self.check_access("read")
        if not (self.env.user.has_group(AUDITOR) or self.env.user.has_group(MANAGER)):
            raise AccessError(self.env._("The trail is verified by auditors and managers."))

    def action_verify(self):
        """Button: recompute all of it, against the signatures and the exported file."""
        self.ensure_one()
        self._check_auditor()
        self._sudo_verify()

    def _sudo_verify(self):
        """The result is written for whoever asked; auditors have no right to write.

        :return: the report
        """
        log = self.sudo()
        found = sealing.verify(log.env, log.exported_number)
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "trail.verified",
                    "outcome": "sound" if found.is_sound else "tampered",
                    "object": f"hc.audit.log,{log.id}",
                    "checkpoints": found.checkpoints,
                    "events": found.leaves,
                    "findings": len(found.findings),
                }
            ]
        )
        log.write(
            {
                "verified_at": fields.Datetime.now(),
                "verified_by_id": self.env.uid,
                "is_tampered": not found.is_sound,
                "report": log._text(found),
            }
        )
        if not found.is_sound:
            log._call(TAMPERED)
        return found

    def _text(self, found):
        """The report in sentences."""
        lines = [
            self.env._("checkpoints: %s", found.checkpoints),
            self.env._(
                "%(sealed)s sealed events, %(pruned)s of them pruned",
                sealed=found.leaves,
                pruned=found.pruned,
            ),
            self.env._("%s events not sealed yet", found.unsealed),
            self.env._("compared with the exported file up to checkpoint %s", found.exported)
            if found.exported is not None
            else self.env._("no exported file to compare with: a cut end would not be seen"),
            *(self.env._("came to another cluster with checkpoint %s", n) for n in found.moves),
        ]
        if found.is_sound:
            return "\n".join([self.env._("Everything is as it was sealed."), *lines])
        first = found.first
        rest = [str(one) for one in found.findings if one != first]
        return "\n".join([str(first), *rest[:SHOWN], *lines])

    def action_seal(self):
        """Button: do not wait for the scheduled action."""
        self.check_access("write")
        self._trigger()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": self.env._("Sealing begins in a moment."), "type": "info"},
        }

    def _trigger(self):
        self.env.ref(f"{BASE}.cron_audit_seal").sudo()._trigger()

    def action_open_checkpoints(self):
        """Button: the signed heads."""
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(f"{BASE}.action_hc_audit_checkpoint")

    def action_open_runbook(self):
        """Button: the page about what fails."""
        self.ensure_one()
        self.check_access("read")
        code = TAMPERED if self.is_tampered else SEAL_FAILED if self.seal_error else EXPORT_FAILED
        return self.env["hc.runbook"]._open(code)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The state of the audit trail is not deleted."))


def _reason(error):
    """What it is, without a value: paths and addresses are in the configuration."""
    number = getattr(error, "errno", None)
    state = getattr(error, "pgcode", None)
    return " ".join(str(one) for one in (type(error).__name__, number, state) if one)
