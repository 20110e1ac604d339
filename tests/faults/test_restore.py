"""A base backup and its WAL are restored to a moment, and senders send again: nothing is lost
and nothing is doubled."""

import random
import subprocess
import time

import pytest
from hcdev import venv
from simulate.documents import CONSUMED
from support import hospital as hospitals
from support import invariants, pitr

pytestmark = pytest.mark.long
EVENTS = 40
OPERATOR = "healthcare_integration_base.group_integration_operator"
OUTBOUND = """
channel = env["hc.channel"].create({{
    "name": "Orders out", "code": "orders-out", "direction": "out", "state": "active",
    "system_id": {system}, "message_type_ids": [(6, 0, {types})]}})
sent = env["hc.outbox"]._send({kind!r}, {data!r}, company=channel.company_id, key="order-1")
env.cr.commit()
print(sent[0])
"""


@pytest.fixture(scope="module")
def archive():
    return pitr.fresh("restore")


@pytest.fixture(scope="module")
def hospital(archive):
    """A server whose database is archived."""
    started = hospitals.build("restore")
    yield started
    hospitals.tear_down(started)


def uses(hospital, rng, count):
    items = min(12, len(hospital.world.plain))
    return [
        hospital.use(
            rng.randint(1, 5),
            ward=rng.randrange(len(hospital.world.wards)),
            item=rng.randrange(items),
        )
        for _number in range(count)
    ]


def send(hospital, events):
    """Send as a batch; the statuses of the items."""
    answer = hospital.sender().batch(hospital.native, events)
    assert answer.status_code == 207, answer.text
    return [item["status"] for item in answer.json()["items"]]


def queued(hospital):
    """An outbound message that waits to be sent, put there as a handler does."""
    kinds = hospital.admin.read("hc.message.type", [("name", "=", CONSUMED)], ["id"])
    event = hospital.event()
    code = OUTBOUND.format(
        system=hospital.by_format("cloudevents")["id"],
        types=[kinds[0]["id"]],
        kind=CONSUMED,
        data=event["data"],
    )
    return hospital.machine.shell(code, "queueing").strip().splitlines()[-1]


def http_only(machine):
    """The process that answers, without the one that works and sends (the runbook's step)."""
    command = [venv.ODOO, "server", "-c", machine.conf, "--workers=2", "--max-cron-threads=0"]
    subprocess.Popen(
        [str(word) for word in command], env=machine.environment(), start_new_session=True
    )
    machine.wait_ready()


def test_restore_to_a_moment(hospital, archive):
    machine, rng = hospital.machine, random.Random(7)
    manager, operator = hospital.manager, hospital.user("restore-operator", OPERATOR)
    archive.base_backup()
    before, after = uses(hospital, rng, EVENTS), uses(hospital, rng, EVENTS)
    stock = invariants.stock(hospital, before + after)
    kept = [hospital.event(use) for use in before]
    lost = [hospital.event(use) for use in after]

    assert set(send(hospital, kept)) == {202}
    hospital.drained()
    waiting = queued(hospital)
    time.sleep(2)
    moment = archive.now()
    time.sleep(2)
    assert set(send(hospital, lost)) == {202}
    hospital.drained()
    invariants.stock_changed(hospital, stock, before + after)
    archive.archived()

    machine.kill(supervisor=True)
    archive.restore(moment)
    http_only(machine)
    try:
        restore = catch_up(hospital, manager, operator, moment, waiting, kept, lost)
    finally:
        machine.stop()
    machine.start()

    # Senders begin before the moment and end with what they sent last: some of it twice.
    assert set(send(hospital, kept)) == {200}
    assert set(send(hospital, lost)) == {202}
    assert set(send(hospital, lost)) == {200}
    hospital.drained(nudge=True)
    identifiers = [event["id"] for event in kept + lost]
    invariants.exactly_once(hospital, identifiers, lines=1)
    invariants.stock_changed(hospital, stock, before + after)
    invariants.nothing_in_hand(hospital)
    closed(hospital, manager, restore)


def catch_up(hospital, manager, operator, moment, waiting, kept, lost):
    """What the operator does and sees before work goes on."""
    known = {row[0] for row in hospital.machine.sql("SELECT message_identifier FROM hc_message")}
    assert {event["id"] for event in kept} <= known
    assert not {event["id"] for event in lost} & known, "the restore went past the moment"
    values = {
        "incident": "INC-1",
        "reason": "The disk was lost.",
        "restored_to": moment.strftime("%Y-%m-%d %H:%M:%S"),
    }
    restore = manager.create("hc.restore", values)
    manager.call("hc.restore", "action_start", [restore])
    state = hospital.machine.sql("SELECT state FROM hc_message WHERE uuid = %s", waiting)
    assert state == [("unknown",)], "it may have been sent after the moment"
    manager.call("hc.restore", "action_pause_intake", [restore])
    answer = hospital.sender().post(hospital.native, lost[0])
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    manager.call("hc.restore", "action_resume_intake", [restore])
    mine = [("restore_id", "=", restore), ("channel_id.code", "=", hospital.native)]
    (line,) = operator.read("hc.restore.line", mine, ["last_identifier", "letter", "asked_at"])
    assert line["last_identifier"] in {event["id"] for event in kept}
    assert "INC-1" in line["letter"] and not line["asked_at"]
    inbound = [("restore_id", "=", restore), ("direction", "=", "in")]
    lines = [one["id"] for one in operator.read("hc.restore.line", inbound, ["id"])]
    operator.call("hc.restore.line", "action_asked", lines)
    return restore


def closed(hospital, manager, restore):
    """Progress is shown by channel, and the report tells it."""
    mine = [("restore_id", "=", restore), ("channel_id.code", "=", hospital.native)]
    (line,) = manager.read("hc.restore.line", mine, ["anew_count", "since_count"])
    assert line["anew_count"] == line["since_count"] == EVENTS
    manager.call("hc.restore", "action_close", [restore])
    (found,) = manager.read("hc.restore", [("id", "=", restore)], ["state", "report"])
    assert found["state"] == "closed"
    assert f"received again: {EVENTS}" in found["report"]
