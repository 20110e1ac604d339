"""Send a simulated hospital day to a started server, and say what came of it.

Run by `make demo`. Told where the server is by HC_BASE_URL, HC_DATABASE, HC_LOG, HC_DEMO_JSON;
login and password by HC_LOGIN and HC_PASSWORD (the demo data's: admin).
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import requests
from simulate import credentials, report, send, world
from simulate.client import Sender
from simulate.day import Day, Planner
from simulate.rpc import Odoo, Refused
from simulate.send import Answered, Post

SEED = 20261122
QUIET_WITHIN = 240
FOLLOW_UP_WITHIN = 90


class Unplanned(Exception):
    """The day cannot be sent, or did not go as planned; the text says why."""


def main() -> int:
    """The whole day; 0 only where it went as planned."""
    try:
        return simulate(dict(os.environ))
    except (Unplanned, Refused, requests.RequestException) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def simulate(env: dict[str, str]) -> int:
    """Prepare, send, wait, compare, tell."""
    base_url, database = env["HC_BASE_URL"], env["HC_DATABASE"]
    login, password = env.get("HC_LOGIN", "admin"), env.get("HC_PASSWORD", "admin")
    odoo = Odoo(base_url, database, login, password)
    path = Path(env["HC_DEMO_JSON"])
    systems = credentials.ensure(odoo, base_url, credentials.load(path))
    document = report.document(env, systems, login, password)
    worlds = {one["code"]: world.read(odoo, one["id"]) for one in systems}
    report.describe(systems, worlds)
    credentials.save(path, document)
    day = plan(odoo, systems, worlds)
    before = report.documents(odoo)
    post = make_post(base_url, systems)
    world.top_up(odoo, day.needed)
    stock = world.read_stock(odoo, {key[0] for key in day.change})
    answered = post.deliver(day)
    quiet = send.settle(post, answered, QUIET_WITHIN) and wait_for_ledger(odoo, QUIET_WITHIN)
    wait_for_follow_up(odoo)
    problems = list(send.surprises(answered))
    problems += [] if quiet else ["the ledger did not come to rest"]
    problems += unstocked(odoo, day, stock)
    problems += lost(odoo, answered)
    after = report.documents(odoo)
    problems += [f"there are no {name}" for name, count in after.items() if not count]
    report.table(answered, before, after, ledger(odoo, answered))
    report.where(base_url, login, password, path)
    return report.verdict(problems)


def by_code(systems: list[dict[str, Any]], format_: str) -> dict[str, Any] | None:
    """The first system that has a channel of this format."""
    for system in systems:
        if any(channel["format"] == format_ for channel in system["channels"]):
            return system
    return None


def plan(odoo: Odoo, systems: list[dict[str, Any]], worlds: dict[str, world.World]) -> Day:
    """The day of what is there."""
    cabinet, ehr = by_code(systems, "cloudevents"), by_code(systems, "hl7v2")
    if cabinet is None or not worlds[cabinet["code"]].wards or not worlds[cabinet["code"]].plain:
        raise Unplanned("no system has a native channel, wards and items: is it demo data?")
    run = f"{time.strftime('%y%m%d')}-{secrets.token_hex(3)}"
    seed = int(os.environ.get("HC_SEED", SEED))
    msh = ["EHR", "HOSPITAL"]
    if ehr:
        channel = next(one for one in ehr["channels"] if one["format"] == "hl7v2")
        fields = ["hl7_sending_application", "hl7_sending_facility"]
        found = odoo.call("hc.channel", "read", [channel["id"]], fields)[0]
        msh = [found[name] or other for name, other in zip(fields, msh, strict=True)]
    other = worlds[ehr["code"]] if ehr else None
    return Planner(run, seed, worlds[cabinet["code"]], other, msh).plan()


def make_post(base_url: str, systems: list[dict[str, Any]]) -> Post:
    """Senders for the systems of the day."""
    cabinet, ehr = by_code(systems, "cloudevents"), by_code(systems, "hl7v2")
    assert cabinet is not None
    channels = {
        channel["format"]: channel["code"]
        for system in (ehr, cabinet)
        if system
        for channel in system["channels"]
    }
    return Post(Sender.of(base_url, cabinet), Sender.of(base_url, ehr) if ehr else None, channels)


def wait_for_ledger(odoo: Odoo, within: float) -> bool:
    """Until nothing is to be done any more, messages of HL7 included."""
    return wait(
        lambda: not odoo.count("hc.message", [("state", "in", ("received", "retry"))]), within
    )


def wait_for_follow_up(odoo: Odoo) -> bool:
    """Until replenishment has been looked at."""
    return wait(lambda: not odoo.count("hc.dirty.key", []), FOLLOW_UP_WITHIN)


def wait(condition: Any, within: float) -> bool:
    """Poll a condition; says whether it came true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(1)
    return True


def unstocked(odoo: Odoo, day: Day, before: world.Stock) -> list[str]:
    """Places whose stock did not change as planned, to the unit."""
    after = world.read_stock(odoo, {key[0] for key in day.change})
    wrong = [
        place
        for place, change in day.change.items()
        if after.get(place, 0) - before.get(place, 0) != change
    ]
    return (
        [f"{len(wrong)} places of {len(day.change)} do not hold what was planned"] if wrong else []
    )


def ledger(odoo: Odoo, answered: list[Answered]) -> list[dict[str, Any]]:
    """The messages of this day, as the ledger has them."""
    names = sorted(
        {send.identifier(one.letter.bodies[one.index]) for one in answered if one.status < 300}
    )
    fields = ["message_identifier", "state"]
    return odoo.read("hc.message", [("message_identifier", "in", names)], fields)


def lost(odoo: Odoo, answered: list[Answered]) -> list[str]:
    """Acknowledged messages that the ledger does not have exactly once."""
    taken = [one for one in answered if one.letter.kind != "duplicate" and one.status < 300]
    wanted = {send.identifier(one.letter.bodies[one.index]) for one in taken}
    found = [row["message_identifier"] for row in ledger(odoo, taken)]
    if sorted(found) == sorted(wanted):
        return []
    return [f"the ledger has {len(found)} messages for {len(wanted)} that were acknowledged"]


if __name__ == "__main__":
    sys.exit(main())
