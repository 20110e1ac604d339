"""Who calls: signatures, bearer secrets, what a credential is bound to."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from simulate.client import STRUCTURED, Sender, sign
from support import checks

WRONG = "whsec_" + "B" * 43 + "="


def post(hospital, headers, event=None):
    raw = json.dumps(event or hospital.event()).encode()
    path = f"/hc/v1/channels/{hospital.native}/messages"
    made = headers(raw) if callable(headers) else headers
    return hospital.sender().raw("POST", path, raw, {"Content-Type": STRUCTURED, **made})


def moment(**away):
    return (datetime.now(UTC) + timedelta(**away)).strftime("%Y-%m-%d %H:%M:%S")


def sender_of(hospital, shown):
    return Sender(
        hospital.machine.base_url,
        shown["default_key_id"],
        shown["default_secret"],
        shown["default_bearer"],
    )


def test_nobody(hospital):
    checks.problem(post(hospital, {}), 401, "unauthenticated")


def test_signed_and_bearer(hospital, sender):
    checks.accepted(sender.post(hospital.native, hospital.event()))
    checks.accepted(sender.post(hospital.native, hospital.event(), bearer=True))


@pytest.mark.parametrize(
    "change",
    [
        {"hc-key-id": "hck_unknownunknown"},
        {"hc-key-id": ""},
        {"hc-key-id": "x" * 5000},
        {"webhook-id": "another"},
        {"webhook-id": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,!!!"},
        {"webhook-signature": "v1," + "A" * 43 + "="},
        {"webhook-signature": "v2," + "A" * 43 + "="},
        {"webhook-signature": "v1 " * 3000},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "1e9"},
    ],
)
def test_altered_headers(hospital, sender, change):
    checks.problem(post(hospital, lambda raw: sender.signature_headers(raw) | change), 401)


def test_wrong_secret(hospital, sender):
    answer = sender.post(hospital.native, hospital.event(), secret=WRONG)
    checks.problem(answer, 401, "signature_invalid")


def test_altered_body(hospital, sender):
    event = hospital.event()
    headers = sender.signature_headers(json.dumps(event).encode())
    event["data"]["lines"][0]["quantity"] = "2"
    checks.problem(post(hospital, headers, event), 401, "signature_invalid")
    assert hospital.kept(event["id"]) == 0


@pytest.mark.parametrize("away", [-301, -4000, 305, 4000])
def test_stale_timestamp(hospital, sender, away):
    answer = sender.post(hospital.native, hospital.event(), timestamp=int(time.time()) + away)
    checks.problem(answer, 401, "timestamp_stale")


@pytest.mark.parametrize("away", [-290, 290])
def test_timestamp_in_time(hospital, sender, away):
    answer = sender.post(hospital.native, hospital.event(), timestamp=int(time.time()) + away)
    checks.accepted(answer)


def test_several_signatures(hospital, sender):
    """While a secret rotates, its old and its new signature come together."""

    def headers(raw):
        made = sender.signature_headers(raw)
        wrong = sign(WRONG, made["webhook-id"], made["webhook-timestamp"], raw)
        made["webhook-signature"] = f"{wrong} v1a,xyz {made['webhook-signature']}"
        return made

    checks.accepted(post(hospital, headers))


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer x.y",
        "Bearer {key}.",
        "Bearer {key}." + "w" * 43,
        "Bearer {key}",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer " + "x" * 6000,
    ],
)
def test_wrong_bearer(hospital, sender, value):
    key = sender.bearer.partition(".")[0]
    checks.problem(post(hospital, {"Authorization": value.format(key=key)}), 401)


def test_bearer_secret_with_the_key_of_a_signature(hospital, sender):
    secret = sender.bearer.partition(".")[2]
    answer = post(hospital, {"Authorization": f"Bearer {sender.key_id}.{secret}"})
    checks.problem(answer, 401, "unauthenticated")


def test_a_wrong_proof_is_not_forgiven_for_a_right_one(hospital, sender):
    """Two proofs in one request: the wrong one is not passed over."""

    def headers(raw):
        wrong = {"Authorization": "Bearer hck_nobody." + "w" * 43}
        return sender.signature_headers(raw) | wrong

    checks.problem(post(hospital, headers), 401)


@pytest.mark.parametrize("kind", ["signature", "bearer"])
def test_revoked(hospital, kind):
    shown = hospital.new_credential(kind)
    own, bearer = sender_of(hospital, shown), kind == "bearer"
    checks.accepted(own.post(hospital.native, hospital.event(), bearer=bearer))
    hospital.admin.call("hc.credential", "action_revoke", [int(shown["id"])])
    answer = own.post(hospital.native, hospital.event(), bearer=bearer)
    checks.problem(answer, 401, "credential_revoked")


@pytest.mark.parametrize(
    "validity",
    [
        {"valid_from": {"days": -2}, "valid_until": {"days": -1}},
        {"valid_from": {"days": 1}, "valid_until": {"days": 2}},
    ],
)
def test_out_of_its_time(hospital, validity):
    values = {name: moment(**away) for name, away in validity.items()}
    own = sender_of(hospital, hospital.new_credential("signature", **values))
    answer = own.post(hospital.native, hospital.event())
    checks.problem(answer, 401, "credential_expired")


def test_rotation_overlaps(hospital):
    shown = hospital.new_credential("signature")
    old = sender_of(hospital, shown)
    action = hospital.admin.call("hc.credential", "action_rotate", [int(shown["id"])])
    new = sender_of(hospital, action["context"])
    assert new.secret != old.secret
    for one in (old, new):
        checks.accepted(one.post(hospital.native, hospital.event()))


def test_secret_is_not_shown_again(hospital, sender):
    domain = [("key_id", "=", sender.key_id)]
    credential = hospital.admin.read("hc.credential", domain, ["id", "name"])[0]["id"]
    fields = hospital.admin.call("hc.credential", "fields_get")
    assert not {"secret_sealed", "bearer_hash"} & set(fields)
    everything = json.dumps(hospital.admin.call("hc.credential", "read", [credential]))
    for secret in (sender.secret, sender.bearer.partition(".")[2]):
        assert secret.removeprefix("whsec_") not in everything


def test_credential_of_another_channel(hospital):
    """A known channel that this credential is not good for."""
    system = hospital.by_format("hl7v2")
    documents = [one for one in system["channels"] if one["format"] != "cloudevents"]
    values = {
        "name": "bound",
        "system_id": system["id"],
        "kind": "bearer",
        "channel_ids": [(6, 0, [documents[0]["id"]])],
    }
    identifier = hospital.admin.create("hc.credential", values)
    shown = hospital.admin.call("hc.credential", "action_issue", [identifier])["context"]
    own = sender_of(hospital, shown)
    other = next(one for one in documents if one["id"] != documents[0]["id"])
    checks.problem(own.post(other["code"], b"MSH", bearer=True), 403, "forbidden")


def test_channel_of_another_system(hospital, sender):
    other = Sender.of(hospital.machine.base_url, hospital.new_system("other-a", kind="cabinet"))
    checks.problem(other.post(hospital.native, hospital.event()), 404, "not_found")
    checks.problem(sender.post("other-a-in", hospital.event()), 404, "not_found")
    body = checks.accepted(sender.post(hospital.native, hospital.event()))
    checks.problem(other.status(body["message_id"]), 404, "not_found")
    assert sender.status(body["message_id"]).status_code == 200


@pytest.mark.parametrize("name", ["nobody", "00000000-0000-0000-0000-000000000000", "%00", "a b"])
def test_status_of_nothing(sender, name):
    checks.problem(sender.status(name), 404, "not_found")


def test_status_needs_a_credential(hospital, sender):
    body = checks.accepted(sender.post(hospital.native, hospital.event()))
    path = f"/hc/v1/messages/{body['message_id']}"
    checks.problem(sender.raw("GET", path, b"", {}), 401)


# ------------------------------------------------------------------------ binary mode


def binary(sender, channel, event, headers=(), **signing):
    attributes = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    return sender.post(
        channel,
        event["data"],
        content_type="application/json",
        headers=attributes | dict(headers),
        **{"message_id": event["id"], **signing},
    )


def test_binary_mode(hospital, sender):
    event = hospital.event()
    body = checks.accepted(binary(sender, hospital.native, event))
    assert hospital.settled(body["message_id"])["state"] == "done"
    checks.accepted(sender.post(hospital.native, event), 200)


def test_binary_mode_by_bearer(hospital, sender):
    checks.accepted(binary(sender, hospital.native, hospital.event(), bearer=True))


def test_binary_id_is_the_signed_one(hospital, sender):
    answer = binary(sender, hospital.native, hospital.event(), message_id="another")
    checks.problem(answer, 401)


def test_binary_source_is_one_of_the_credential(hospital, sender):
    event = hospital.event() | {"source": "urn:hc:cabinet:other"}
    checks.problem(binary(sender, hospital.native, event), 401)


def test_binary_type_is_bound(hospital, sender):
    event = hospital.event() | {"type": "stock.counted.v1"}
    assert binary(sender, hospital.native, event).status_code in (401, 422)
    assert hospital.kept(event["id"]) == 0


def test_binary_needs_a_bound_credential(hospital):
    own = sender_of(hospital, hospital.new_credential("signature"))
    checks.problem(binary(own, hospital.native, hospital.event()), 401)


def test_binary_replay_as_another_event(hospital, sender):
    """The same signed body under another id would be another event."""
    event = hospital.event()
    checks.accepted(binary(sender, hospital.native, event))
    other = event | {"id": hospital.new_id()}
    checks.problem(binary(sender, hospital.native, other, message_id=event["id"]), 401)


# ----------------------------------------------------------- people and systems' users


@pytest.fixture(scope="module")
def cookie(hospital):
    """The session of an administrator."""
    return dict(hospital.admin.http.cookies)


def test_a_session_is_no_credential(hospital, cookie):
    raw = json.dumps(hospital.event()).encode()
    url = f"{hospital.machine.base_url}/hc/v1/channels/{hospital.native}/messages"
    headers = {"Content-Type": STRUCTURED}
    answer = requests.post(url, data=raw, headers=headers, cookies=cookie, timeout=30)
    checks.problem(answer, 401, "unauthenticated")


def test_a_session_changes_nothing(hospital, sender, cookie):
    event = hospital.event()
    raw = json.dumps(event).encode()
    url = f"{hospital.machine.base_url}/hc/v1/channels/{hospital.native}/messages"
    headers = {"Content-Type": STRUCTURED, **sender.signature_headers(raw)}
    answer = requests.post(url, data=raw, headers=headers, cookies=cookie, timeout=30)
    body = checks.accepted(answer)
    effect = hospital.settled(body["message_id"])["effects"][0]
    fields = ["create_uid"]
    move = hospital.admin.call(effect["model"], "read", [effect["id"]], fields)[0]
    system = hospital.by_format("cloudevents")["id"]
    owner = hospital.admin.call("hc.system", "read", [system], ["user_id"])[0]["user_id"]
    assert move["create_uid"][0] == owner[0] != hospital.admin.uid
