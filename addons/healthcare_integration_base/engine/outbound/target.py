# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""An endpoint as those need it who send: without a database behind it."""

import time
from dataclasses import dataclass, field

from ...messaging.address import AddressPolicy
from ...messaging.breaker import Policy
from ...messaging.http_client import Client, Exchange, Limits
from ...messaging.keyring import SealError
from ...messaging.out_event import body_of, headers_of, proof
from ...messaging.pem import PemError, client_context
from ...messaging.signature import parse_secret

PROBE_MARGIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Target:
    """Secrets are in the clear here, in memory only.

    :param problem: code of what is wrong with the endpoint; nothing is sent then
    """

    id: int
    url: str
    method: str = "POST"
    status_url: str = ""
    auth: str = "none"
    key_id: str = ""
    secret: str = field(default="", repr=False)
    client: Client | None = None
    max_parallel: int = 1
    conflict_is_delivered: bool = False
    breaker: Policy = field(default_factory=Policy)
    problem: str | None = None

    @property
    def probe_lease_seconds(self):
        """How long a probe may be on its way before it counts as lost."""
        return int(self.client.limits.total) + PROBE_MARGIN_SECONDS

    def send(self, message) -> Exchange:
        """One try: the same body, id and key each time, signed now."""
        content_type, body = body_of(message)
        headers = headers_of(message, content_type)
        signed = proof(self.auth, self.secret, self.key_id, message.uuid, body, int(time.time()))
        return self.client.exchange(self.method, self.url, {**headers, **signed}, body)

    def ask(self, message) -> Exchange:
        """Ask the receiver whether it has the message."""
        url = self.status_url.replace("{key}", message.uuid)
        signed = proof(self.auth, self.secret, self.key_id, message.uuid, b"", int(time.time()))
        headers = {"Accept": "application/json", "Idempotency-Key": message.uuid}
        return self.client.exchange("GET", url, {**headers, "webhook-id": message.uuid, **signed})


def target_of(endpoint):
    """The target of an ``hc.endpoint``; with its ``problem`` where it cannot be used."""
    limits = Limits(endpoint.connect_timeout, endpoint.read_timeout, endpoint.total_timeout)
    values = {
        "id": endpoint.id,
        "url": endpoint.url,
        "method": endpoint.method,
        "status_url": endpoint.status_url or "",
        "auth": endpoint.auth,
        "key_id": endpoint.key_id or "",
        "max_parallel": endpoint.max_parallel,
        "conflict_is_delivered": endpoint.conflict_is_delivered,
        "breaker": Policy(
            endpoint.breaker_threshold, endpoint.breaker_base_seconds, endpoint.breaker_cap_seconds
        ),
    }
    policy = AddressPolicy(endpoint.allow_private)
    if endpoint.system_id._is_foreign():
        return Target(**values, client=Client(policy, limits), problem="environment_mismatch")
    try:
        secret, context = _secret(endpoint), _context(endpoint)
    except (SealError, PemError, ValueError):
        return Target(**values, client=Client(policy, limits), problem="endpoint_unusable")
    return Target(**values, secret=secret, client=Client(policy, limits, lambda: context))


def _secret(endpoint):
    if endpoint.auth == "none":
        return ""
    secret = endpoint._sudo_unseal("secret")
    if endpoint.auth == "signature":
        parse_secret(secret)
    elif not secret:
        raise ValueError("the bearer token is missing")
    return secret


def _context(endpoint):
    """Made once: reading all public authorities takes longer than a request."""
    key = endpoint._sudo_unseal("client_key")
    if bool(endpoint.client_certificate) != bool(key):
        raise PemError("A client certificate and its key come together.")
    return client_context(endpoint.ca_bundle or "", endpoint.client_certificate or "", key)
