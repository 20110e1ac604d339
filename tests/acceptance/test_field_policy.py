"""A channel keeps less than its contracts allow, from one moment on in all processes; a sample
that is previewed leaves nothing behind."""

import json
import re

from simulate.client import Sender
from support import canaries, checks
from support.hospital import BASE

ORDER = "ORD-CANARY-4711"
CANARIES = ("Canary Ophelia Montague", "canary note 551977", ORDER, "canary-member-5519")
TOKEN = re.compile(r"csrf_token: \"([^\"]+)\"")


def event_with_order(hospital):
    return hospital.event(order=ORDER)


def new_policy(hospital, channel, pointer, rule):
    """A policy with one own rule, submitted by the one and approved by the other."""
    admin, officer = (
        hospital.admin,
        hospital.user("policy-officer", f"{BASE}.group_privacy_officer"),
    )
    policy = admin.create("hc.field.policy", {"channel_id": channel, "reason": "Less"})
    domain = [("policy_id", "=", policy), ("pointer", "=", pointer)]
    [line] = admin.read("hc.field.policy.line", domain, ["id"])
    admin.write("hc.field.policy.line", [line["id"]], {"own_rule": rule, "reason": "Not needed"})
    admin.call("hc.field.policy", "action_submit", [policy])
    officer.call("hc.field.policy", "action_approve", [policy])
    return officer


def preview(hospital, person, channel, text):
    """The answer to a sample, as the web client asks for it."""
    base = hospital.machine.base_url
    page = person.http.get(f"{base}/odoo", timeout=60).text
    form = {"channel": channel, "policy": "", "sample": text, "csrf_token": TOKEN.search(page)[1]}
    answer = person.http.post(f"{base}/healthcare_integration/preview", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_policy_holds_at_once_and_a_preview_leaves_nothing(hospital):
    system = hospital.new_system("policy-cabinet", kind="cabinet")
    sender = Sender.of(hospital.machine.base_url, system)
    [channel] = system["channels"]
    code, channel_id = channel["code"], channel["id"]
    first = event_with_order(hospital)
    kept = hospital.row(checks.accepted(sender.post(code, first, bearer=True))["message_id"])
    assert kept["payload"]["order"].startswith("hcp1_")
    officer = new_policy(hospital, channel_id, "/order", "drop")
    # More requests than there are processes: none of them goes by what it knew before.
    for _number in range(8):
        answer = sender.post(code, event_with_order(hospital), bearer=True)
        row = hospital.row(checks.accepted(answer)["message_id"])
        assert "order" not in row["payload"]
        assert row["dropped"] == {"/order": 1}
    checks.accepted(sender.post(code, first, bearer=True), 200)

    data = {**hospital.event()["data"], "patient": {"name": CANARIES[0]}, "note": CANARIES[1]}
    text = json.dumps({**data, "order": ORDER, CANARIES[3]: CANARIES[1]})
    [shown] = preview(hospital, officer, channel_id, text)["events"]
    done = {row["path"]: (row["kept"], row["rule"]) for row in shown["values"]}
    assert done["/order"] == done["/note"] == (None, "drop")
    assert done["/patient/name"] == done[f"/{CANARIES[3]}"] == (None, "unnamed")
    refused = preview(hospital, officer, channel_id, "{" + CANARIES[0])
    assert refused["error"]["code"] == "malformed_json"
    assert not [value for value in CANARIES if value in json.dumps(refused)]
    for place, written in (
        *canaries.logs(hospital),
        ("database", "\n".join(canaries.dump(hospital))),
    ):
        assert not [value for value in CANARIES if value in written], place
