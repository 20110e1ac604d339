"""A replay over RPC, with `kill -9` of the processes that handle messages in its middle."""

import time

from support import killing

COUNT = 40
OPERATOR = "healthcare_integration_base.group_integration_operator"
KNOWN = """
INSERT INTO hc_identifier ({names}, code_system, value)
SELECT {names}, 'local', %s FROM hc_identifier
 WHERE system_id = (SELECT system_id FROM hc_channel WHERE id = %s) AND namespace = 'item'
   AND res_id = %s ORDER BY id LIMIT 1
"""
OPEN = """
SELECT count(*) FROM hc_replay_line WHERE replay_id = %s AND state IN ('waiting', 'running')
"""


def unmapped(hospital, code):
    """Messages that wait for an item that nobody has mapped; their uuids."""
    events = []
    for _number in range(COUNT):
        event = hospital.event()
        event["data"]["lines"][0]["item"] = {"system": "local", "value": code}
        events.append(event)
    answer = hospital.sender().batch(hospital.native, events)
    assert answer.status_code == 207, answer.text
    uuids = [item["message_id"] for item in answer.json()["items"]]
    for uuid in uuids:
        hospital.state_of(uuid, "review")
    return uuids


def map_in_sql(hospital, code):
    """As after a restore of the mapping: nothing tells the messages that wait."""
    columns = hospital.machine.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'hc_identifier'"
        " AND column_name NOT IN ('id', 'code_system', 'value')"
    )
    names = ", ".join(name for (name,) in columns)
    product = hospital.use().item.product
    channel = hospital.channel("cloudevents")["id"]
    hospital.machine.sql(KNOWN.format(names=names), code, channel, product)


def test_replay_survives_kills(hospital):
    code = hospital.new_id("REPLAY")
    uuids = unmapped(hospital, code)
    map_in_sql(hospital, code)
    before = hospital.on_hand(hospital.use())
    operator = hospital.user("replayer", OPERATOR)
    ids = operator.call("hc.message", "search", [("uuid", "in", uuids)])
    wizard = operator.call("hc.message", "action_replay", ids)["res_id"]
    operator.call("hc.replay.prepare", "write", [wizard], {"reason": "Mapped", "batch_limit": 5})
    operator.call("hc.replay.prepare", "action_dry_run", [wizard])
    plan = operator.call("hc.replay.prepare", "read", [wizard], ["plan"])[0]["plan"]
    assert plan["outcomes"] == [["done", None, COUNT]], plan
    assert hospital.on_hand(hospital.use()) == before, "a dry run moves nothing"
    replay = operator.call("hc.replay.prepare", "action_start", [wizard])["res_id"]
    kills = strike_while_it_runs(hospital, replay)
    assert kills, "it had ended before the first kill"
    found = operator.call("hc.replay", "read", [replay], ["state", "ok_count", "progress"])[0]
    assert (found["state"], found["ok_count"], found["progress"]) == ("done", COUNT, 100.0)
    for uuid in uuids:
        status = hospital.settled(uuid)
        assert (status["state"], len(status["effects"])) == ("done", 1)
    assert before - hospital.on_hand(hospital.use()) == COUNT, "each was used once"


def strike_while_it_runs(hospital, replay, limit=3, within=240):
    """Kill what handles messages whenever some of the replay have ended; how often it was."""
    kills, deadline, left = 0, time.monotonic() + within, COUNT
    while now := hospital.machine.sql(OPEN, replay)[0][0]:
        assert time.monotonic() < deadline, f"{now} messages wait"
        if now < left and kills < limit:
            killing.cron_only(hospital)
            kills, left = kills + 1, now
        hospital.machine.nudge()
        time.sleep(0.2)
    while hospital.machine.sql("SELECT state FROM hc_replay WHERE id = %s", replay)[0][0] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return kills
