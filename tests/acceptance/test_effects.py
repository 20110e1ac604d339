"""What events bring about in Odoo, and what waits for a person."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from simulate.documents import rfc3339
from support import checks


def post(hospital, event):
    return checks.accepted(hospital.sender().post(hospital.native, event))["message_id"]


def test_moves_of_every_line(hospital):
    uses = [hospital.use(2, item=0), hospital.use(3, item=1), hospital.use(4, item=2)]
    before = [hospital.on_hand(use) for use in uses]
    found = hospital.settled(post(hospital, hospital.event(*uses)))
    assert found["state"] == "done"
    assert len(found["effects"]) == 3
    assert {effect["model"] for effect in found["effects"]} == {"stock.move"}
    after = [hospital.on_hand(use) for use in uses]
    assert [old - new for old, new in zip(before, after, strict=True)] == [2, 3, 4]


def test_fractions(hospital):
    use = hospital.use()
    before = hospital.on_hand(use)
    event = hospital.event(use)
    event["data"]["lines"][0]["quantity"] = "0.25"
    assert hospital.settled(post(hospital, event))["state"] == "done"
    assert hospital.on_hand(use) in (before - Decimal("0.25"), before - 1)


def test_stock_is_dated_at_use(hospital):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3, hours=2)
    event = hospital.event()
    event["data"]["consumed_at"] = rfc3339(at)
    effect = hospital.settled(post(hospital, event))["effects"][0]
    move = hospital.admin.call("stock.move", "read", [effect["id"]], ["date", "state"])[0]
    assert move["state"] == "done"
    assert move["date"] == at.strftime("%Y-%m-%d %H:%M:%S")


def test_return(hospital):
    use = hospital.use(5)
    before = hospital.on_hand(use)
    post(hospital, hospital.event(use))
    back = hospital.event(hospital.use(2, back=True))
    assert hospital.settled(post(hospital, back))["state"] == "done"
    hospital.drained()
    assert hospital.on_hand(use) == before - 3


def test_same_fact_in_another_message(hospital):
    use = hospital.use(4)
    before = hospital.on_hand(use)
    first = hospital.event(use)
    second = hospital.event(use)
    second["data"]["transaction"] = first["data"]["transaction"]
    one = post(hospital, first)
    hospital.settled(one)
    found = hospital.settled(post(hospital, second))
    assert found["state"] == "duplicate"
    assert found["duplicate_of"] == one
    assert not found["effects"]
    assert hospital.on_hand(use) == before - 4


def test_same_fact_with_other_content(hospital):
    use = hospital.use(4)
    before = hospital.on_hand(use)
    first, second = hospital.event(use), hospital.event(hospital.use(5))
    second["data"]["transaction"] = first["data"]["transaction"]
    hospital.settled(post(hospital, first))
    found = hospital.settled(post(hospital, second))
    assert (found["state"], found["error_code"]) == ("review", "business_key_conflict")
    assert hospital.on_hand(use) == before - 4


def test_same_fact_twice_in_a_batch(hospital, sender):
    use = hospital.use(2)
    before = hospital.on_hand(use)
    events = [hospital.event(use) for _ in range(3)]
    for event in events:
        event["data"]["transaction"] = events[0]["id"]
    answer = sender.batch(hospital.native, events)
    states = [hospital.settled(item["message_id"])["state"] for item in answer.json()["items"]]
    assert sorted(states) == ["done", "duplicate", "duplicate"]
    assert hospital.on_hand(use) == before - 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"facility": "NOWHERE"}, "unknown_facility"),
        ({"location": "NOWHERE"}, "unknown_location"),
        ({"consumed_at": "2015-01-01T10:00:00Z"}, "date_implausible"),
        ({"consumed_at": "2999-01-01T10:00:00Z"}, "date_implausible"),
    ],
)
def test_review(hospital, change, code):
    event = hospital.event()
    event["data"] |= change
    found = hospital.settled(post(hospital, event))
    assert (found["state"], found["error_code"]) == ("review", code)
    assert found["error_title"]
    assert not found["effects"]


def test_unknown_cost_center(hospital):
    """The stock has left the ward all the same; only its account is open."""
    event = hospital.event()
    event["data"]["cost_center"] = "CC-NOWHERE"
    found = hospital.settled(post(hospital, event))
    assert found["state"] == "done"
    assert found["effects"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"uom": "NO-SUCH-UNIT"}, "unknown_unit"), ({"uom": "kg"}, "unit_not_convertible")],
)
def test_review_of_a_line(hospital, change, code):
    event = hospital.event()
    event["data"]["lines"][0] |= change
    found = hospital.settled(post(hospital, event))
    assert (found["state"], found["error_code"]) == ("review", code)


def test_lots(hospital):
    item = hospital.world.tracked[0]
    event = hospital.event()
    event["data"]["lines"][0] |= {"item": item.code}
    found = hospital.settled(post(hospital, event))
    assert (found["state"], found["error_code"]) == ("review", "lot_required")
    event = hospital.event()
    event["data"]["lines"][0] |= {"item": item.code, "lot": "NO-SUCH-LOT"}
    found = hospital.settled(post(hospital, event))
    assert (found["state"], found["error_code"]) == ("review", "unknown_lot")


def test_review_holds_up_nobody(hospital, sender):
    """One message that waits, in the middle of others of its ward."""
    events = [hospital.event() for _ in range(9)]
    events[4]["data"]["lines"][0]["item"] = {"system": "local", "value": "ACC-HOLDS-UP"}
    answer = sender.batch(hospital.native, events)
    states = [hospital.settled(item["message_id"])["state"] for item in answer.json()["items"]]
    assert states == ["done"] * 4 + ["review"] + ["done"] * 4


def test_mapping_lets_it_go_on(hospital):
    """An unmapped item waits with an owned issue; mapped, it has its effect once."""
    use = hospital.use(6)
    before = hospital.on_hand(use)
    code = hospital.new_id("UNMAPPED")
    events = [hospital.event(use) for _ in range(3)]
    for event in events:
        event["data"]["lines"][0]["item"] = {"system": "local", "value": code}
    uuids = [post(hospital, event) for event in events]
    for uuid in uuids:
        found = hospital.settled(uuid)
        assert (found["state"], found["error_code"]) == ("review", "unmapped_item")
    fields = ["message_count", "state", "fix_value", "user_id"]
    issues = hospital.admin.read("hc.issue", [("fix_value", "=", code)], fields)
    assert len(issues) == 1
    assert issues[0]["message_count"] == 3
    values = {
        "system_id": hospital.by_format("cloudevents")["id"],
        "namespace": "item",
        "code_system": "local",
        "value": code,
        "res_model": "product.product",
        "res_id": use.item.product,
    }
    hospital.manager.create("hc.identifier", values)
    for uuid in uuids:
        assert len(hospital.state_of(uuid, "done")["effects"]) == 1
    assert hospital.on_hand(use) == before - 18
    issue = hospital.admin.call("hc.issue", "read", [issues[0]["id"]], ["state"])[0]
    assert issue["state"] == "resolved"
    hospital.admin.call("hc.issue", "action_retry", [issues[0]["id"]])
    hospital.drained()
    assert hospital.on_hand(use) == before - 18
