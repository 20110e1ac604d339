# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import time

from odoo import models
from odoo.exceptions import UserError

from ..engine.outbound.target import target_of
from ..messaging.errors import spec
from ..messaging.http_client import Client, Failure, Limits
from ..messaging.out_event import proof

SECONDS = 10
CODES = {
    Failure.UNREACHABLE: "receiver_unreachable",
    Failure.TLS: "tls_failed",
    Failure.ADDRESS: "address_refused",
    Failure.LOST: "delivery_unknown",
}


class HcEndpoint(models.Model):
    """Reaching a receiver without sending it anything."""

    _inherit = "hc.endpoint"

    def action_test(self):
        """Button: how far we come. A HEAD request has no body and no effect: it shows that
        name, address, certificates and our credential are right, whatever the status."""
        self.ensure_one()
        self.check_access("write")
        target = target_of(self)
        if target.problem:
            raise UserError(self._sentence(target.problem))
        done = self._head(target)
        code = done.answer is None and CODES[done.failure]
        self.env["hc.audit.event"]._append(
            [
                {
                    **self._audit("endpoint.tested"),
                    "outcome": "unreached" if code else "reached",
                    "code": code or None,
                }
            ]
        )
        if code:
            return self._told(self._sentence(code), "danger")
        if done.answer.status in (401, 403):
            return self._told(self._sentence("credential_refused"), "warning")
        return self._told(
            self.env._(
                "Reached in %(ms)s ms. The receiver answers %(status)s.",
                ms=int(done.seconds * 1000),
                status=done.answer.status,
            ),
            "success",
        )

    def _head(self, target):
        limits = Limits(min(SECONDS, self.connect_timeout), SECONDS, SECONDS)
        client = Client(target.client.policy, limits, target.client.context)
        signed = proof(target.auth, target.secret, target.key_id, "test", b"", int(time.time()))
        return client.exchange("HEAD", target.url, {"webhook-id": "test", **signed})

    def _sentence(self, code):
        return f"{spec(code).title} {spec(code).action}"

    def _told(self, text, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": text, "type": kind, "sticky": kind != "success"},
        }
