"""What a sender does: sign, post, ask what became of it. Written from the wire format alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
FHIR = "application/fhir+json"
HL7 = "application/hl7-v2"
TIMEOUT = 60


def sign(secret: str, message_id: str, timestamp: int | str, raw: bytes) -> str:
    """The Standard Webhooks signature of a body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + raw
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def encode(body: Any) -> bytes:
    """A body as bytes; what is bytes or text already stays what it is."""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@dataclass
class Sender:
    """One external system with its credentials."""

    base_url: str
    key_id: str
    secret: str
    bearer: str
    http: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self.http.trust_env = False

    @classmethod
    def of(cls, base_url: str, system: Mapping[str, Any]) -> Sender:
        """The sender of one entry of the demo file."""
        return cls(base_url, system["key_id"], system["secret"], system["bearer"])

    def again(self) -> Sender:
        """The same system over connections of its own, for another thread."""
        return Sender(self.base_url, self.key_id, self.secret, self.bearer)

    def signature_headers(
        self,
        raw: bytes,
        message_id: str | None = None,
        timestamp: int | None = None,
        secret: str | None = None,
    ) -> dict[str, str]:
        """The headers that prove who sent ``raw``."""
        message_id = message_id or f"msg_{uuid.uuid4().hex}"
        moment = int(time.time()) if timestamp is None else timestamp
        return {
            "hc-key-id": self.key_id,
            "webhook-id": message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(secret or self.secret, message_id, moment, raw),
        }

    def bearer_headers(self) -> dict[str, str]:
        """The header of a sender that cannot sign."""
        return {"Authorization": f"Bearer {self.bearer}"}

    def request(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        content_type: str | None = STRUCTURED,
        headers: Mapping[str, str] | None = None,
        bearer: bool = False,
        **signing: Any,
    ) -> requests.Response:
        """One authenticated request."""
        raw = encode(body)
        proof = self.bearer_headers() if bearer else self.signature_headers(raw, **signing)
        typed = {"Content-Type": content_type} if content_type else {}
        return self.raw(method, path, raw, {**typed, **proof, **(headers or {})})

    def raw(
        self, method: str, path: str, raw: Any, headers: Mapping[str, str]
    ) -> requests.Response:
        """A request with just these headers."""
        return self.http.request(
            method,
            self.base_url + path,
            data=raw,
            headers=dict(headers),
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def post(self, channel: str, body: Any, **options: Any) -> requests.Response:
        """One event or document to a channel."""
        return self.request("POST", f"/hc/v1/channels/{channel}/messages", body, **options)

    def batch(
        self, channel: str, events: Iterable[Any], *, lines: bool = False, **options: Any
    ) -> requests.Response:
        """Many events in one request, as an array or one per line."""
        items = list(events)
        body = b"\n".join(encode(item) for item in items) if lines else encode(items)
        kind = NDJSON if lines else BATCH
        path = f"/hc/v1/channels/{channel}/messages/batch"
        return self.request("POST", path, body, content_type=kind, **options)

    def validate(self, channel: str, body: Any, **options: Any) -> requests.Response:
        """A dry run."""
        return self.request("POST", f"/hc/v1/channels/{channel}/validate", body, **options)

    def hl7(self, body: Any, **options: Any) -> requests.Response:
        """One HL7 v2 message."""
        options = {"content_type": HL7, **options}
        return self.request("POST", "/hc/v1/hl7v2", body, **options)

    def fhir(
        self, resource_type: str, body: Any, method: str = "POST", **options: Any
    ) -> requests.Response:
        """One resource, or a Bundle where the type is empty."""
        path = "/hc/fhir/R4" + (f"/{resource_type}" if resource_type else "")
        return self.request(method, path, body, **{"content_type": FHIR, **options})

    def status(self, message_id: str, **options: Any) -> requests.Response:
        """What became of a message."""
        path = message_id if message_id.startswith("/") else f"/hc/v1/messages/{message_id}"
        return self.request("GET", path, content_type=None, **options)
