"""What the audit trail costs whoever sends one event: the same server with and without it."""

from __future__ import annotations

import statistics

import load
from load import Events
from results import Results
from rig import Rig

KEPT = "SELECT pg_get_functiondef('hc_audit.append(jsonb)'::regprocedure)"
# As long as it takes to call it.
NOTHING = """
CREATE OR REPLACE FUNCTION hc_audit.append(events jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = hc_audit, pg_catalog, pg_temp
AS $$ BEGIN RETURN 1; END $$
"""
WARM_UP = 1.0


def audit(rig: Rig, events: Events, results: Results, *, rounds: int, seconds: float) -> None:
    """Accepted events a second with the trail, against a function that keeps nothing."""
    kept = rig.machine.sql(KEPT, superuser=True)[0][0]
    rates: dict[str, list[float]] = {"with": [], "without": []}
    try:
        for number in range(rounds + 1):
            length = seconds if number else WARM_UP
            # Each goes first as often as the other.
            order = ("with", "without") if number % 2 else ("without", "with")
            for name in order:
                rig.machine.sql(kept if name == "with" else NOTHING, superuser=True)
                made = [load.one(rig.world, one) for one in events.many(int(800 * length))]
                found = load.drive(rig.port, made, 202, seconds=length).per_second
                if number:
                    rates[name].append(found)
    finally:
        rig.machine.sql(kept, superuser=True)
    ratios = [one / other for one, other in zip(rates["with"], rates["without"], strict=True)]
    print(f"audit: ratios of the rounds {', '.join(f'{ratio:.3f}' for ratio in sorted(ratios))}")
    results.add(
        "audit",
        statistics.median(rates["with"]),
        statistics.median(rates["without"]),
        "events/s, peer: without the trail",
    )
