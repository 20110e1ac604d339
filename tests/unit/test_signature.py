# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import signature
from messaging.errors import MessageError
from standardwebhooks import Webhook

NOW = 1_614_265_330
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# The vector that the libraries of Standard Webhooks share.
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'


def code_of(headers, raw=BODY, secrets=(SECRET,), now=NOW):
    with pytest.raises(MessageError) as caught:
        signature.verify_webhook(headers, raw, secrets, now)
    assert caught.value.spec.status == 401
    return caught.value.code


def signed(secret=SECRET, message_id="msg_1", timestamp=NOW, raw=BODY):
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature.sign_webhook(secret, message_id, timestamp, raw),
    }


def test_shared_vector():
    assert signature.verify_webhook(VECTOR, BODY, [SECRET], NOW) == VECTOR["webhook-id"]
    made = signature.sign_webhook(SECRET, VECTOR["webhook-id"], NOW, BODY)
    assert made == VECTOR["webhook-signature"]


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1), st.text())
def test_the_reference_library_agrees(message_id, text):
    raw = json.dumps(text).encode()
    now = datetime.now(UTC)
    ours = signed(message_id=message_id, timestamp=int(now.timestamp()), raw=raw)
    assert Webhook(SECRET).verify(raw, ours) == text
    theirs = {**ours, "webhook-signature": Webhook(SECRET).sign(message_id, now, raw.decode())}
    assert signature.verify_webhook(theirs, raw, [SECRET]) == message_id


def test_header_names_in_any_case_and_bytes_of_any_kind():
    raw = b"MSH|^~\\&|M\xfcller\xff\0"
    headers = {name.title(): value for name, value in signed(raw=raw).items()}
    assert signature.verify_webhook(headers, raw, [SECRET], NOW) == "msg_1"


def test_rotation():
    other = signature.new_secret()
    old, new = signed(), signed(other)
    both = {
        **old,
        "webhook-signature": f"v1a,xyz v2,{'A' * 43}= "
        f"{new['webhook-signature']} {old['webhook-signature']}",
    }
    assert signature.verify_webhook(both, BODY, [SECRET], NOW)
    assert signature.verify_webhook(old, BODY, [other, SECRET], NOW)
    assert signature.verify_webhook(old, BODY, ["broken!", SECRET], NOW)
    assert code_of(old, secrets=[other]) == "signature_invalid"
    assert code_of(old, secrets=[]) == "signature_invalid"
    assert code_of(old, secrets=["whsec_", ""]) == "signature_invalid"


@pytest.mark.parametrize("name", list(VECTOR))
def test_missing_or_other_header(name):
    headers = {key: value for key, value in VECTOR.items() if key != name}
    assert code_of(headers) == "signature_invalid"
    for value in ("", " ", "\0", "ä", "١٦١٤٢٦٥٣٣٠", "v1,", "x" * 100_000, ",", "v1,v1,v1"):
        assert code_of({**VECTOR, name: value}) == "signature_invalid"


@pytest.mark.parametrize(
    "value",
    [
        "1614265330.5",
        "1e9",
        "-1614265330",
        " 1614265330",
        "1614265330 ",
        "1_614_265_330",
        "+1614265330",
        "nan",
        "inf",
        "1614265330\n",
        "01614265330x",
        "9" * 5000,
    ],
)
def test_malformed_timestamp(value):
    assert code_of({**VECTOR, "webhook-timestamp": value}) == "signature_invalid"


def test_stale_timestamp():
    for age in (-300, 300):
        assert signature.verify_webhook(VECTOR, BODY, [SECRET], NOW + age)
    for age in (-301, 301, 10**9, -(10**9)):
        assert code_of(VECTOR, now=NOW + age) == "timestamp_stale"


@pytest.mark.parametrize(
    "value",
    [
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1 g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=,x",
        "v1,!!!!",
        "v1,é",
        "v1, g0hM9SsE",
        ("v1," + "A" * 43 + "= ") * 16 + VECTOR["webhook-signature"],
    ],
)
def test_malformed_signature(value):
    assert code_of({**VECTOR, "webhook-signature": value}) == "signature_invalid"


def test_changed_body_or_id():
    assert code_of(VECTOR, BODY + b" ") == "signature_invalid"
    assert code_of({**VECTOR, "webhook-id": "msg_other"}) == "signature_invalid"


@given(
    st.dictionaries(st.sampled_from(list(VECTOR)), st.text(max_size=30)),
    st.binary(max_size=20),
    st.lists(st.text(max_size=40), max_size=2),
)
def test_nothing_else_is_ever_raised(headers, raw, secrets):
    assert code_of({**VECTOR, **headers}, raw, secrets) in {"signature_invalid", "timestamp_stale"}


def test_secrets():
    secret = signature.new_secret()
    assert secret.startswith("whsec_")
    assert len(signature.parse_secret(secret)) == 32
    assert secret != signature.new_secret()
    for size, good in ((23, False), (24, True), (64, True), (65, False)):
        text = "whsec_" + base64.b64encode(b"k" * size).decode()
        if good:
            assert signature.parse_secret(text) == b"k" * size
        else:
            with pytest.raises(ValueError, match="24 to 64"):
                signature.parse_secret(text)
    for text in ("whsec_???", "ä", "whsec_AAA"):
        with pytest.raises(ValueError, match="secret"):
            signature.parse_secret(text)


def test_bearer():
    key_id, secret = signature.new_key_id(), signature.new_bearer_secret()
    assert signature.parse_bearer(f"Bearer {key_id}.{secret}") == (key_id, secret)
    assert signature.parse_bearer(f"bearer  {key_id}.{secret} ") == (key_id, secret)
    stored = signature.hash_bearer(secret)
    assert secret not in stored
    assert signature.bearer_matches(secret, stored)
    assert not signature.bearer_matches(secret + "x", stored)
    assert not signature.bearer_matches(secret, "")
    assert not signature.bearer_matches("ä", "ö")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic dXNlcjpwYXNz",
        "Bearer hck_aaaa.",
        "Bearer .aaaaaaaaaaaaaaaaaaaaaa",
        "Bearer a.b.c",
        "Bearer hck_aaaa.short",
        "Bearer hck_aaaa." + "a" * 100_000,
        "Bearer hck_aaaä.aaaaaaaaaaaaaaaaaaaaaa",
        "Bearer hck_aaaa.aaaaaaaaaaaaaaaaa\0aaaaa",
    ],
)
def test_bearer_refused(header):
    with pytest.raises(MessageError) as caught:
        signature.parse_bearer(header)
    assert caught.value.code == "unauthenticated"


def test_one_way_to_write_a_signature():
    """Base64 that decodes to the same bytes is not the same signature."""
    headers = signed()
    right = headers["webhook-signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    others = [right[:-2] + one + "=" for one in alphabet if one != right[-2]]
    same = [one for one in others if base64.b64decode(one[3:]) == base64.b64decode(right[3:])]
    assert len(same) == 3
    for other in others:
        assert code_of({**headers, "webhook-signature": other}) == "signature_invalid"


@given(st.binary(min_size=32, max_size=32))
def test_every_signature_has_one(raw):
    text = base64.b64encode(raw).decode()
    assert signature._passed_signatures(f"v1,{text}") == [raw]
