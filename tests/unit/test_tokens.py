# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Access tokens: what is refused, and why. The same cases meet a started server in
tests/acceptance/test_bad_credentials.py."""

import json
import time
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm
from messaging import key_sets, tokens
from messaging.errors import MessageError
from messaging.key_sets import ALGORITHMS, KeySetError
from provider import AUDIENCE, ISSUER, Provider, b64

PROVIDER = Provider()
KEYS = key_sets.parse(PROVIDER.key_set(), ALGORITHMS)


def rules(**changes):
    return tokens.Rules(**{"issuer": ISSUER, "audience": AUDIENCE, "keys": KEYS, **changes})


def refused(token, **changes):
    """The code that a token is refused with."""
    with pytest.raises(MessageError) as caught:
        tokens.verify(token, rules(**changes))
    assert caught.value.spec.status == 401
    return caught.value.code


@pytest.mark.parametrize(
    ("kid", "algorithm"),
    [("rsa-1", "RS256"), ("rsa-1", "PS256"), ("ec-1", "ES256"), ("ed-1", "EdDSA")],
)
def test_good_tokens(kid, algorithm):
    token = PROVIDER.token(kid, algorithm, jti="one")
    claims = tokens.verify(token, rules())
    assert (claims.jti, claims.client, claims.subject) == (
        "one",
        "cabinet",
        "service-account-cabinet",
    )
    assert claims.scopes == {"hc.write", "hc.read"}
    left = claims.expires - datetime.now(UTC).replace(tzinfo=None)
    assert 290 < left.total_seconds() <= 300
    assert tokens.issuer_of(token) == ISSUER


def test_what_a_provider_may_leave_out_or_call_otherwise():
    claims = tokens.verify(
        PROVIDER.token(
            nbf=None,
            client_id=None,
            azp="cabinet",
            scope=None,
            scp=["hc.write"],
            aud=["other", AUDIENCE],
            headers={"typ": "application/at+JWT"},
        ),
        rules(),
    )
    assert (claims.client, claims.scopes) == ("cabinet", {"hc.write"})


def test_one_key_needs_no_name():
    token = PROVIDER.token("ed-1", headers={"kid": None})
    assert tokens.verify(token, rules(keys={("", "EdDSA"): KEYS["ed-1", "EdDSA"]}))
    two = {("a", "EdDSA"): KEYS["ed-1", "EdDSA"], ("b", "EdDSA"): KEYS["ed-1", "EdDSA"]}
    assert refused(token, keys=two) == "token_invalid"


def test_plain_type_where_it_is_allowed():
    for kind in ("JWT", None):
        token = PROVIDER.token(headers={"typ": kind} if kind else {"typ": None})
        assert refused(token) == "token_invalid"
        assert tokens.verify(token, rules(takes_plain=True))
    assert refused(PROVIDER.token(headers={"typ": "dpop+jwt"}), takes_plain=True)


NOW = int(time.time())


def soon(seconds):
    """So many seconds from now, however long the tests before took."""
    return int(time.time()) + seconds


WRONG = {
    "another issuer": lambda p: p.token(iss="https://login.evil.example"),
    "another audience": lambda p: p.token(aud="https://erp.hospital.example"),
    "no audience": lambda p: p.token(aud=None),
    "no issuer": lambda p: p.token(iss=None),
    "no jti": lambda p: p.token(jti=None),
    "jti of another kind": lambda p: p.token(jti=7),
    "empty jti": lambda p: p.token(jti=""),
    "endless jti": lambda p: p.token(jti="x" * 5000),
    "no exp": lambda p: p.token(exp=None),
    "no iat": lambda p: p.token(iat=None),
    "exp is no number": lambda p: p.token(exp="soon"),
    "good for a year": lambda p: p.token(exp=NOW + 365 * 86400),
    "ends before it begins": lambda p: p.token(iat=soon(25), exp=soon(20), nbf=None),
    "two clients": lambda p: p.token(azp="another"),
    "client of another kind": lambda p: p.token(client_id=["cabinet"]),
    "scope of another kind": lambda p: p.token(scope={"hc": True}),
    "bound to a key that nobody shows": lambda p: p.token(cnf={"jkt": "x"}),
    "key of the token itself": lambda p: p.token(headers={"jwk": p.public("ec-1")}),
    "address of a key set": lambda p: p.token(headers={"jku": "https://evil.example/jwks"}),
    "address of a certificate": lambda p: p.token(headers={"x5u": "https://evil.example/c"}),
    "certificate of the token itself": lambda p: p.token(headers={"x5c": ["AAAA"]}),
    "critical extension": lambda p: p.token(headers={"crit": ["exp"]}),
    "alg none": lambda p: p.forged({"typ": "at+jwt", "alg": "none", "kid": "ec-1"}),
    "alg None": lambda p: p.forged({"typ": "at+jwt", "alg": "None", "kid": "ec-1"}),
    "no alg": lambda p: p.forged({"typ": "at+jwt", "kid": "ec-1"}),
    "alg of another kind": lambda p: p.forged({"typ": "at+jwt", "alg": ["ES256"]}),
    "no signature": lambda p: p.token().rpartition(".")[0] + ".",
    "HS256 with the public key": lambda p: hmac_forged(p, "rsa-1"),
    "key of another algorithm": lambda p: p.token("rsa-1", "RS256", headers={"kid": "ec-1"}),
    "algorithm that is not pinned": lambda p: p.token("rsa-1", "RS512"),
    "another one's key": lambda p: p.token("rsa-1", key=STRANGER),
    "payload changed": lambda p: swapped(p, 1),
    "header changed": lambda p: swapped(p, 0),
    "not JSON": lambda p: f"{b64(b'{')}.{b64(b'{')}.{b64(b'x')}",
    "a list": lambda p: f"{b64(b'[]')}.{b64(b'[]')}.{b64(b'x')}",
    "nested without end": lambda p: f"{b64(b'[' * 3000)}.{b64(b'[' * 2000)}.AA",
}
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def hmac_forged(provider, kid):
    """The oldest trick: the public key taken for a shared secret."""
    header = b64({"typ": "at+jwt", "alg": "HS256", "kid": kid})
    body = b64(provider.claims())
    secret = provider.public_pem(kid)
    made = HMACAlgorithm(HMACAlgorithm.SHA256)
    return f"{header}.{body}.{b64(made.sign(f'{header}.{body}'.encode(), secret))}"


def swapped(provider, part):
    """One part of another token of the same provider."""
    one, other = (provider.token("ec-1").split("."), provider.token("ed-1").split("."))
    one[part] = other[part]
    return ".".join(one)


@pytest.mark.parametrize("case", WRONG)
def test_wrong_tokens(case):
    assert refused(WRONG[case](PROVIDER)) == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 31, "iat": NOW - 100, "nbf": None},
        {"nbf": NOW + 600},
        {"iat": NOW + 600, "exp": NOW + 900, "nbf": None},
    ],
)
def test_out_of_its_time(changes):
    assert refused(PROVIDER.token(**changes), leeway=30) == "token_expired"


def test_leeway():
    late = PROVIDER.token(exp=int(time.time()) - 20, iat=int(time.time()) - 100, nbf=None)
    assert tokens.verify(late, rules(leeway=60))
    assert refused(late, leeway=0) == "token_expired"


def test_unknown_key():
    other = Provider()
    other.add_key("ec-9")
    assert refused(other.token("ec-9")) == "token_key_unknown"


def test_one_algorithm_pinned():
    only = key_sets.parse(PROVIDER.key_set(), ["ES256"])
    assert tokens.verify(PROVIDER.token("ec-1"), rules(keys=only))
    assert refused(PROVIDER.token("rsa-1"), keys=only) == "token_invalid"


def test_bound_to_a_certificate():
    thumbprint = bytes(range(32))
    token = PROVIDER.token(cnf={"x5t#S256": b64(thumbprint)})
    assert tokens.verify(token, rules()).certificate == thumbprint.hex()
    assert tokens.verify(PROVIDER.token(), rules()).certificate is None


@given(st.data())
def test_a_changed_token_is_refused(data):
    """Any character of it replaced, cut out or put in."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.é "
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    cut = data.draw(st.integers(0, 2))
    put = data.draw(st.text(alphabet, max_size=2))
    changed = TOKEN[:place] + put + TOKEN[place + cut :]
    if changed == TOKEN:
        return
    try:
        parsed = tokens.parse_bearer(f"Bearer {changed}")
        if parsed is not None and parsed != TOKEN:
            tokens.verify(parsed, rules())
            raise AssertionError(changed)
    except MessageError as error:
        assert error.spec.status == 401


TOKEN = PROVIDER.token()


@pytest.mark.parametrize(
    "header",
    [
        "Bearer hck_abcdefgh.MFRGGZDFMZTWQ2LKMFRGGZDFMZ",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer a.b.c d",
        f"Bearer {TOKEN}, Bearer {TOKEN}",
        f"DPoP {TOKEN}",
        f"Bearer{TOKEN}",
        f"Bearer {TOKEN}=",
        "Bearer " + "x" * 4000 + "." + "y" * 4000 + "." + "z" * 4000,
    ],
)
def test_other_headers_are_no_tokens(header):
    assert tokens.parse_bearer(header) is None


def test_parse_bearer():
    assert tokens.parse_bearer(f"bearer  {TOKEN} ") == TOKEN


# ------------------------------------------------------------------------------ key sets


def changed_set(kid="rsa-1", **changes):
    entry = {**PROVIDER.public(kid), **changes}
    return json.dumps({"keys": [{n: v for n, v in entry.items() if v is not None}]})


def small_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    return json.dumps({"keys": [{**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": "small"}]})


def test_keys_of_other_kinds_are_passed_over():
    shared = {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "big"}
    encrypts = {**PROVIDER.public("rsa-1"), "use": "enc", "kid": "enc"}
    entries = [shared, encrypts, {"kty": "XYZ"}, PROVIDER.public("ed-1")]
    found = key_sets.parse(json.dumps({"keys": entries}), ALGORITHMS)
    assert set(found) == {("ed-1", "EdDSA")}


def test_alg_of_a_key_is_kept_to():
    found = key_sets.parse(changed_set(alg="PS256"), ALGORITHMS)
    assert set(found) == {("rsa-1", "PS256")}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no JSON Web Key Set"),
        ("[]", "no JSON Web Key Set"),
        ('{"keys": {}}', "no JSON Web Key Set"),
        ('{"keys": [1]}', "no JSON Web Key Set"),
        ("[" * 5000, "no JSON Web Key Set"),
        ('{"keys": []}', "no key for one of the algorithms"),
        (changed_set(d="AQAB"), "secret key"),
        (json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}), "secret key"),
        (small_key(), "2,048 bits"),
        (changed_set("ec-1", x="AAAA"), "damaged"),
        (changed_set("ed-1", x=None), "damaged"),
        (json.dumps({"keys": [PROVIDER.public("ec-1")] * 2}), "same key id"),
        (json.dumps({"keys": [{}] * 65}), "64 keys"),
        (" " * 70_000, "64 KiB"),
    ],
)
def test_unusable_sets(text, sentence):
    with pytest.raises(KeySetError, match=sentence):
        key_sets.parse(text, ALGORITHMS)
