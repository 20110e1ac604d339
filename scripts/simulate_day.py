"""Send a simulated hospital day to a started server, and say what came of it.

Run by `make demo`. Told where the server is by HC_BASE_URL, HC_DATABASE, HC_LOG, HC_DEMO_JSON;
login and password by HC_LOGIN and HC_PASSWORD (the demo data's: admin).
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulate import (
    billing,
    biomed,
    catalog,
    codes,
    credentials,
    documents,
    mllp,
    report,
    send,
    world,
)
from simulate.billing import Billed, Biller
from simulate.billing_documents import APPOINTED, CHARGED
from simulate.biomed import Alarmed, Alarmer
from simulate.biomed_documents import ALARMED, UPSERTED
from simulate.codes import Route
from simulate.day import Day, Planner, Supplies
from simulate.letters import Namer
from simulate.rpc import Odoo, Refused
from simulate.send import Answered, Post

SEED = 20261122
QUIET_WITHIN = 240
FOLLOW_UP_WITHIN = 90
DESKS = {
    "events": (CHARGED, "cloudevents"),
    "hl7": (CHARGED, "hl7v2"),
    "fhir": (CHARGED, "fhir"),
    "appointments": (APPOINTED, "hl7v2"),
}
WARD = ((ALARMED, "cloudevents"), (ALARMED, "hl7v2"), (UPSERTED, "fhir"))


class Unplanned(Exception):
    """The day cannot be sent, or did not go as planned; the text says why."""


def main() -> int:
    """The whole day; 0 only where it went as planned."""
    try:
        return simulate(dict(os.environ))
    except (Unplanned, Refused, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def simulate(env: dict[str, str]) -> int:
    """Prepare, send, wait, compare, tell."""
    base_url, database = env["HC_BASE_URL"], env["HC_DATABASE"]
    login, password = env.get("HC_LOGIN", "admin"), env.get("HC_PASSWORD", "admin")
    odoo = Odoo(base_url, database, login, password)
    path = Path(env["HC_DEMO_JSON"])
    systems = credentials.ensure(odoo, base_url, credentials.load(path))
    by_mllp = mllp.ensure(odoo, systems, env.get("HC_MLLP_PORT", ""))
    document = report.document(env, systems, login, password) | {"mllp": by_mllp}
    worlds = {one["code"]: world.read(odoo, one["id"]) for one in systems}
    report.describe(odoo, systems, worlds)
    credentials.save(path, document)
    day, billed, alarmed = plan(odoo, systems, worlds)
    before = report.documents(odoo)
    post = Post(base_url, systems, by_mllp)
    world.top_up(odoo, day.needed)
    stock = world.read_stock(odoo, {key[0] for key in day.change})
    letters = [*day.letters, *billed.letters, *alarmed.letters]
    answered = post.deliver(mllp.spread(letters, by_mllp))
    quiet = send.settle(post, answered, QUIET_WITHIN) and wait_for_ledger(odoo, QUIET_WITHIN)
    wait_for_follow_up(odoo)
    states = ledger(odoo, answered)
    problems = list(send.surprises(answered, states))
    problems += [] if quiet else ["the ledger did not come to rest"]
    problems += unstocked(odoo, day, stock)
    problems += catalog.pulled(odoo, path.parent / "exchange", wait)
    problems += billing.unbilled(odoo, billed) + biomed.unattended(odoo, alarmed)
    after = report.documents(odoo)
    problems += [f"there are no {name}" for name, count in after.items() if not count]
    report.table(answered, before, after, states)
    report.where(base_url, login, password, path)
    if by_mllp:
        print(f"  HL7 over MLLP: {by_mllp['host']} port {by_mllp['port']}\n")
    return report.verdict(problems)


def plan(
    odoo: Odoo, systems: list[dict[str, Any]], worlds: dict[str, world.World]
) -> tuple[Day, Billed, Alarmed]:
    """The day of what is there."""
    run = f"{time.strftime('%y%m%d')}-{secrets.token_hex(3)}"
    name, seed = Namer(run), int(os.environ.get("HC_SEED", SEED))

    def route(kind: str, format_: str) -> Route:
        found = codes.route(systems, kind, format_)
        if found is None:
            raise Unplanned(f"no channel takes {kind} as {format_}: is it demo data?")
        return found

    day = Planner(name, seed, supplies(odoo, route, worlds)).plan()
    desks = {way: billing.desk(odoo, route(*how)) for way, how in DESKS.items()}
    if bare := [way for way, one in desks.items() if not one.services or not one.facility]:
        raise Unplanned(f"no services or no site for {', '.join(bare)}: is it demo data?")
    if desks["hl7"].route.system == desks["fhir"].route.system:
        # FHIR names no facility: what both tell has to be of the default one.
        desks["hl7"] = replace(desks["hl7"], facility=desks["fhir"].facility)
    money = billing.currency(odoo, desks["events"].route)
    cost = billing.prices(odoo, list(desks.values()))
    ward = biomed.ward(odoo, *(route(*how) for how in WARD))
    if not ward.devices or not ward.by_hl7:
        raise Unplanned("no device is mapped: is it demo data?")
    return day, Biller(name, seed, desks, cost, money).plan(), Alarmer(name, seed, ward).plan()


def supplies(
    odoo: Odoo, route: Callable[[str, str], Route], worlds: dict[str, world.World]
) -> Supplies:
    """Who tells of supplies, and about what."""
    routes = [route(documents.CONSUMED, format_) for format_ in ("cloudevents", "hl7v2", "fhir")]
    cabinet, ehr = worlds[routes[0].system], worlds[routes[1].system]
    if not all(one.wards and one.plain for one in (cabinet, ehr)):
        raise Unplanned("no wards and items are mapped: is it demo data?")
    return Supplies(*routes, cabinet, ehr, codes.ends(odoo, routes[1].channel_id))


def wait_for_ledger(odoo: Odoo, within: float) -> bool:
    """Until nothing is to be done any more, messages of HL7 included."""
    return wait(
        lambda: not odoo.count("hc.message", [("state", "in", ("received", "retry"))]), within
    )


def wait_for_follow_up(odoo: Odoo) -> bool:
    """Until replenishment has been looked at, and charges are invoiced."""
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


def ledger(odoo: Odoo, answered: list[Answered]) -> dict[str, list[str]]:
    """The states of the messages of this day, by their senders' ids."""
    taken = (one for one in answered if one.status < 300)
    names = sorted({name for one in taken for name in one.letter.identifiers(one.index)})
    fields = ["message_identifier", "state"]
    states: dict[str, list[str]] = {}
    for row in odoo.read("hc.message", [("message_identifier", "in", names)], fields):
        states.setdefault(row["message_identifier"], []).append(row["state"])
    return states


if __name__ == "__main__":
    sys.exit(main())
