"""Client certificates and access tokens: what is wrong is refused, and says why.

The server trusts one proxy, at 127.0.0.2 (tests/support/machine.py). Tests that come from there
are the proxy; all others are anybody.
"""

import functools
import hashlib
import hmac
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from simulate import documents
from simulate.client import STRUCTURED, Sender
from support import checks
from support.machine import PROXY_ADDRESS

sys.path.append(str(Path(__file__).parents[2] / "addons/healthcare_integration_base/tests"))

from certificates import DAY, issue
from provider import AUDIENCE, ISSUER, Provider, b64

NOW = int(time.time())


class From(HTTPAdapter):
    """Connects from an address of this machine."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)


class Caller:
    """Sends events from an address, with whatever it has."""

    def __init__(self, hospital, address="127.0.0.1"):
        self.hospital = hospital
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.mount("http://", From(address))

    def post(self, headers, channel=None, event=None):
        raw = json.dumps(event or self.hospital.event()).encode()
        path = f"/hc/v1/channels/{channel or self.hospital.native}/messages"
        made = headers(raw) if callable(headers) else headers
        return self.http.post(
            self.hospital.machine.base_url + path,
            data=raw,
            headers={"Content-Type": STRUCTURED, **made},
            timeout=60,
        )


@pytest.fixture(scope="module")
def provider():
    return Provider()


@pytest.fixture(scope="module")
def issuer(hospital, provider):
    values = {
        "name": "Hospital login",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "allow_ps256": True,
        "allow_eddsa": True,
        "jwks": provider.key_set(),
    }
    return hospital.admin.create("hc.token.issuer", values)


def credential(hospital, kind, **values):
    """A credential of the native system that is in use."""
    system = hospital.by_format("cloudevents")["id"]
    fields = {"name": f"test {kind}", "system_id": system, "kind": kind, **values}
    identifier = hospital.admin.create("hc.credential", fields)
    hospital.admin.call("hc.credential", "action_issue", [identifier])
    return identifier


@pytest.fixture(scope="module")
def client(hospital, issuer):
    """The native system as a client of the provider."""
    return credential(hospital, "oauth", issuer_id=issuer, token_value="cabinet")


@pytest.fixture(scope="module")
def shown(hospital):
    """The native system's certificate."""
    made = issue("cabinet")
    credential(hospital, "mtls", certificate_ids=[(0, 0, {"pem": made.pem})])
    return made


@pytest.fixture(scope="module")
def anybody(hospital):
    return Caller(hospital)


@pytest.fixture(scope="module")
def proxy(hospital):
    return Caller(hospital, PROXY_ADDRESS)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# ---------------------------------------------------------------------------- tokens


@pytest.mark.parametrize(
    ("kid", "algorithm"),
    [("rsa-1", "RS256"), ("rsa-1", "PS256"), ("ec-1", "ES256"), ("ed-1", "EdDSA")],
)
def test_good_tokens(hospital, anybody, provider, client, kid, algorithm):
    body = checks.accepted(anybody.post(bearer(provider.token(kid, algorithm))))
    assert hospital.settled(body["message_id"])["state"] == "done"


def hmac_forged(p):
    head = f"{b64({'typ': 'at+jwt', 'alg': 'HS256', 'kid': 'rsa-1'})}.{b64(p.claims())}"
    made = hmac.digest(p.public_pem("rsa-1"), head.encode(), hashlib.sha256)
    return f"{head}.{b64(made)}"


def tampered(p):
    head, _body, signature = p.token().split(".")
    return f"{head}.{b64(p.claims(client_id='cabinet', scope='everything'))}.{signature}"


BAD_TOKENS = {
    "alg none": (lambda p: p.forged({"typ": "at+jwt", "alg": "none"}), "token_invalid"),
    "HS256 with the public key": (hmac_forged, "token_invalid"),
    "tampered payload": (tampered, "token_invalid"),
    "no signature": (lambda p: p.token().rpartition(".")[0] + ".", "token_invalid"),
    "another issuer": (lambda p: p.token(iss="https://evil.example"), "token_invalid"),
    "another audience": (lambda p: p.token(aud="https://erp.example"), "token_invalid"),
    "expired": (lambda p: p.token(iat=NOW - 900, nbf=NOW - 900, exp=NOW - 600), "token_expired"),
    "not yet": (lambda p: p.token(nbf=int(time.time()) + 900), "token_expired"),
    "good for too long": (lambda p: p.token(exp=NOW + 10**7), "token_invalid"),
    "no jti": (lambda p: p.token(jti=None), "token_invalid"),
    "no exp": (lambda p: p.token(exp=None), "token_invalid"),
    "unknown key": (lambda p: p.token(headers={"kid": "ec-77"}), "token_key_unknown"),
    "key of another algorithm": (lambda p: p.token(headers={"kid": "ed-1"}), "token_invalid"),
    "another one's key": (lambda p: Provider().token("ec-1"), "token_invalid"),
    "key in the token": (
        lambda p: Provider().token(headers={"jwk": Provider().public("ec-1")}),
        "token_invalid",
    ),
    "address of a certificate": (
        lambda p: p.token(headers={"x5u": "http://127.0.0.1:1/c"}),
        "token_invalid",
    ),
    "address of keys": (
        lambda p: p.token(headers={"jku": "http://127.0.0.1:1/k"}),
        "token_invalid",
    ),
    "an ID token": (lambda p: p.token(headers={"typ": "JWT"}), "token_invalid"),
    "nobody's client": (lambda p: p.token(client_id="nobody"), "token_unknown"),
    "bound to a certificate": (
        lambda p: p.token(cnf={"x5t#S256": b64(bytes(32))}),
        "token_invalid",
    ),
    "no token": (lambda p: "a.b.c", "token_invalid"),
}


@pytest.mark.parametrize("case", BAD_TOKENS)
def test_bad_tokens(hospital, anybody, provider, client, case):
    make, code = BAD_TOKENS[case]
    event = hospital.event()
    answer = anybody.post(bearer(make(provider)), event=event)
    checks.problem(answer, 401, code)
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert hospital.kept(event["id"]) == 0


def test_two_authorizations(hospital, anybody, provider, client):
    """Both right, and joined they are none."""
    token = provider.token()
    checks.problem(anybody.post({"Authorization": f"Bearer {token}, Bearer {token}"}), 401)


def test_token_for_one_request(hospital, provider, issuer, client):
    """Sixteen at once with the same token: one has it."""
    hospital.admin.call("hc.token.issuer", "write", [issuer], {"use_policy": "once"})
    try:
        headers = bearer(provider.token())
        callers = [Caller(hospital) for _number in range(16)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda one: one.post(headers), callers))
        found = sorted(answer.status_code for answer in answers)
        assert found == [202] + [401] * 15
        for answer in answers:
            if answer.status_code == 401:
                checks.problem(answer, 401, "token_replayed")
        checks.accepted(callers[0].post(bearer(provider.token())))
    finally:
        hospital.admin.call("hc.token.issuer", "write", [issuer], {"use_policy": "reuse"})


def test_token_of_a_revoked_client(hospital, anybody, provider, issuer):
    made = credential(hospital, "oauth", issuer_id=issuer, token_value="leaver")
    token = provider.token(client_id="leaver")
    checks.accepted(anybody.post(bearer(token)))
    hospital.admin.call("hc.credential", "action_revoke", [made])
    checks.problem(anybody.post(bearer(token)), 401, "credential_revoked")


def test_token_bound_to_a_channel(hospital, anybody, provider, issuer):
    system = hospital.by_format("cloudevents")["id"]
    types = hospital.admin.read("hc.message.type", [("name", "=", documents.CONSUMED)], ["id"])
    other = hospital.new_channel(system, "narrow-in", types[0]["id"])
    values = {"issuer_id": issuer, "token_value": "narrow", "channel_ids": [(6, 0, [other])]}
    credential(hospital, "oauth", **values)
    answer = anybody.post(bearer(provider.token(client_id="narrow")))
    checks.problem(answer, 403, "forbidden")


def test_token_without_the_scope(hospital, anybody, provider, issuer):
    values = {"issuer_id": issuer, "token_value": "scoped", "token_scopes": "hc.admin"}
    credential(hospital, "oauth", **values)
    answer = anybody.post(bearer(provider.token(client_id="scoped")))
    checks.problem(answer, 403, "scope_missing")


# ---------------------------------------------------------------------- certificates


def test_good_certificate(hospital, proxy, shown):
    body = checks.accepted(proxy.post({"Client-Cert": shown.header}))
    assert hospital.settled(body["message_id"])["state"] == "done"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.3"])
def test_certificate_of_an_untrusted_peer(hospital, sender, shown, address):
    """Whatever it says of itself, and whatever else it has."""
    caller = Caller(hospital, address)
    for more in (
        {},
        {
            "X-Forwarded-For": PROXY_ADDRESS,
            "X-Forwarded-Host": "odoo",
            "Forwarded": "for=127.0.0.2",
        },
        {"X-Real-IP": PROXY_ADDRESS},
        sender.bearer_headers(),
    ):
        answer = caller.post({"Client-Cert": shown.header, **more})
        checks.problem(answer, 401, "proxy_not_trusted")
        assert answer.headers["WWW-Authenticate"].startswith("Certificate")


def test_a_name_that_looks_alike(hospital, proxy, shown):
    """A proxy that removes Client-Cert may let Client_Cert through."""
    for name in ("Client_Cert", "CLIENT_CERT", "Client-Cert-Chain"):
        checks.problem(proxy.post({name: shown.header}), 401, "unauthenticated")


BAD_CERTIFICATES = {
    "unknown": (lambda s: issue("cabinet").header, "certificate_unknown"),
    "no colons": (lambda s: s.header.strip(":"), "certificate_malformed"),
    "PEM": (lambda s: s.pem.replace("\n", " "), "certificate_malformed"),
    "PEM, quoted as nginx does": (
        lambda s: requests.utils.quote(s.pem),
        "certificate_malformed",
    ),
    "empty": (lambda s: "", "certificate_malformed"),
    "no certificate": (lambda s: ":AAAA:", "certificate_malformed"),
    "cut": (lambda s: s.header[:300] + ":", "certificate_malformed"),
    "longer": (lambda s: s.header[:-1].rstrip("=") + "AAAA:", "certificate_malformed"),
    "two in a header": (lambda s: f"{s.header}, {s.header}", "certificate_malformed"),
    "with a parameter": (lambda s: s.header + ";a=1", "certificate_malformed"),
}


@pytest.mark.parametrize("case", BAD_CERTIFICATES)
def test_bad_certificates(hospital, proxy, shown, case):
    make, code = BAD_CERTIFICATES[case]
    event = hospital.event()
    checks.problem(proxy.post({"Client-Cert": make(shown)}, event=event), 401, code)
    assert hospital.kept(event["id"]) == 0


@pytest.mark.parametrize(("begin", "end"), [(-9, -1), (1, 9)])
def test_certificate_out_of_its_time(hospital, proxy, begin, end):
    late = issue("late", begin * DAY, end * DAY)
    credential(hospital, "mtls", certificate_ids=[(0, 0, {"thumbprint": late.fingerprint})])
    checks.problem(proxy.post({"Client-Cert": late.header}), 401, "certificate_expired")


def test_revoked_certificate(hospital, proxy):
    made = issue("lost")
    own = credential(hospital, "mtls", certificate_ids=[(0, 0, {"pem": made.pem})])
    checks.accepted(proxy.post({"Client-Cert": made.header}))
    hospital.admin.call("hc.credential", "action_revoke", [own])
    checks.problem(proxy.post({"Client-Cert": made.header}), 401, "credential_revoked")


def test_token_bound_to_the_certificate_that_is_shown(hospital, proxy, provider, client, shown):
    """RFC 8705: stolen, the token is good for nothing."""
    token = provider.token(cnf={"x5t#S256": b64(bytes.fromhex(shown.fingerprint))})
    checks.accepted(proxy.post({**bearer(token), "Client-Cert": shown.header}))
    checks.problem(proxy.post(bearer(token)), 401, "token_invalid")
    other = {**bearer(token), "Client-Cert": issue("thief").header}
    checks.problem(proxy.post(other), 401, "token_invalid")


# ------------------------------------------------------------------------- addresses


@pytest.mark.parametrize("kind", ["signature", "bearer"])
def test_only_from_addresses(hospital, proxy, kind):
    shown = hospital.new_credential(kind, allowed_addresses="127.0.0.7\n203.0.113.0/24")
    own = Sender("", *(shown[f"default_{name}"] for name in ("key_id", "secret", "bearer")))

    def proof(raw, **more):
        made = own.signature_headers(raw) if kind == "signature" else own.bearer_headers()
        return {**made, **more}

    checks.accepted(Caller(hospital, "127.0.0.7").post(proof))
    for caller in (Caller(hospital), Caller(hospital, "127.0.0.8")):
        checks.problem(caller.post(proof), 403, "address_not_allowed")
    for forwarded, status in (
        ("203.0.113.9", 202),
        ("127.0.0.7, 198.51.100.1", 403),
        ("198.51.100.1", 403),
        ("nonsense", 403),
    ):
        made = functools.partial(proof, **{"X-Forwarded-For": forwarded})
        assert proxy.post(made).status_code == status, forwarded
        strange = Caller(hospital, "127.0.0.8").post(made)
        checks.problem(strange, 403, "address_not_allowed")


def test_last_use_says_from_where(hospital, proxy):
    shown = hospital.new_credential("bearer")
    headers = {**bearer(shown["default_bearer"]), "X-Forwarded-For": "203.0.113.77"}
    checks.accepted(proxy.post(headers))
    [found] = hospital.admin.call(
        "hc.credential", "read", [int(shown["id"])], ["last_used_from", "last_used_at"]
    )
    assert found["last_used_from"] == "203.0.113.77" and found["last_used_at"]
