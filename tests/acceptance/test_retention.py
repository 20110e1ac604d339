"""Content is deleted, and the whole archive is sent again: nothing happens twice."""

import time

import pytest
from support import checks, invariants
from support.hospital import BASE

AGED = """
UPDATE hc_message SET create_date = create_date - interval '900 days',
       done_at = done_at - interval '900 days'
 WHERE message_identifier = ANY(%s)
"""
CONTENT = """
SELECT count(*) FILTER (WHERE payload IS NULL), count(*) FILTER (WHERE payload_pruned_at IS NULL)
  FROM hc_message WHERE message_identifier = ANY(%s)
"""
WITHIN = 120


@pytest.fixture(scope="module")
def keeper(hospital):
    return hospital.user("retention-keeper", f"{BASE}.group_integration_manager")


def run_now(hospital, keeper):
    """The button, and the scheduled action that does it."""
    known = {one["id"] for one in keeper.read("hc.retention.run", [], ["id"])}
    keeper.call("hc.retention.rule", "action_run", [])
    deadline = time.monotonic() + WITHIN
    while True:
        runs = keeper.read("hc.retention.run", [("id", "not in", list(known))], ["state"])
        if [run["state"] for run in runs] == ["done"]:
            return
        assert time.monotonic() < deadline, "the run does not end"
        hospital.machine.nudge()
        time.sleep(0.5)


def test_an_archive_of_years_is_sent_again(hospital, sender, keeper):
    uses = [hospital.use(1, item=number % 3) for number in range(12)]
    stock = invariants.stock(hospital, uses)
    events = [hospital.event(use, transaction=hospital.new_id("tx")) for use in uses]
    identifiers = [event["id"] for event in events]
    first = [checks.accepted(sender.post(hospital.native, event), 202) for event in events]
    hospital.drained()
    hospital.machine.sql(AGED, identifiers)

    run_now(hospital, keeper)
    assert hospital.machine.sql(CONTENT, identifiers) == [(len(events), 0)]

    # The same events, one by one over the door, as an archive is sent again.
    for event, before in zip(events, first, strict=True):
        again = checks.accepted(sender.post(hospital.native, event), 200)
        assert again["duplicate"] and again["message_id"] == before["message_id"]
    # The same facts under other ids: kept, marked, and without effect.
    for event in events:
        restated = {**event, "id": hospital.new_id()}
        body = checks.accepted(sender.post(hospital.native, restated), 202)
        assert hospital.settled(body["message_id"])["state"] == "duplicate"
    hospital.drained()
    invariants.stock_changed(hospital, stock, uses)
    invariants.exactly_once(hospital, identifiers, lines=1)
    assert hospital.machine.sql(CONTENT, identifiers) == [(len(events), 0)]
    (run,) = keeper.read("hc.retention.run", [], ["state", "pruned_count"], limit=1)
    assert run["state"] == "done" and run["pruned_count"] >= len(events)
