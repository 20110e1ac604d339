# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models
from odoo.exceptions import AccessError, UserError

from ..messaging.sealing.bundle import NotSealedError, Prover
from ..messaging.sealing.store import Store

AUDITOR = "healthcare_integration_base.group_auditor"
MANAGER = "healthcare_integration_base.group_integration_manager"


class HcAuditEvent(models.Model):
    """The proof that one event is in the sealed log, for somebody who has no Odoo."""

    _inherit = "hc.audit.event"

    def action_proof(self):
        """Button: download the proof as JSON; hc_verify.py verifies it."""
        self.ensure_one()
        self._check_prover()
        if not self.is_sealed:
            raise UserError(self.env._("The event is not sealed yet: wait some minutes."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/healthcare_integration/audit/proof/{self.id}",
            "target": "download",
        }

    def _check_prover(self):
        self.check_access("read")
        if not (self.env.user.has_group(AUDITOR) or self.env.user.has_group(MANAGER)):
            raise AccessError(self.env._("Proofs are for auditors and managers."))

    def _sudo_proof(self):
        """All that proves it; read over the cursor, which knows no record rules, after these
        were asked.

        :raises UserError: the event is not sealed
        """
        self._check_prover()
        try:
            document = Prover(Store(self.env.cr)).proof(self.id)
        except NotSealedError as error:
            raise UserError(self.env._("The event is not sealed yet.")) from error
        self._append([{"action": "trail.proof.exported", "object": f"hc.audit.event,{self.id}"}])
        return document
