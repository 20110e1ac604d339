"""The benchmarks: ours and the peer in the same run, on the same server and database.

    tests/bench/run.py [--quick] [name ...]

Results are printed and written to .odoo/bench.json. Missed goals are told; the exit status is
about what could not be measured, never about a figure.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
for folder in (HERE, HERE.parent, REPO / "scripts"):
    sys.path.insert(0, str(folder))
os.environ["NO_PROXY"] = "*"

import accept  # noqa: E402
import alarms  # noqa: E402
import audit  # noqa: E402
import charges  # noqa: E402
import consume  # noqa: E402
import ledger  # noqa: E402
import mllp  # noqa: E402
from hcdev.common import WORK, SetupError  # noqa: E402
from load import Events  # noqa: E402
from results import Results  # noqa: E402
from rig import Rig  # noqa: E402

NAMES = (
    "accept_one",
    "audit",
    "accept_batch",
    "consumption",
    "charges",
    "alarms",
    "latency",
    "memory",
    "mllp",
    "ledger",
)


def main(words: list[str]) -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description="benchmarks")
    parser.add_argument("--quick", action="store_true", help="a few minutes, rough figures")
    parser.add_argument("names", nargs="*", help=", ".join(NAMES))
    chosen = parser.parse_args(words)
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    try:
        measure(chosen.names or list(NAMES), quick=chosen.quick)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def measure(names: list[str], *, quick: bool) -> None:
    """All benchmarks on one server; what is found is written even when one of them ends it."""
    began = time.monotonic()
    rig = Rig()
    results = Results()
    try:
        for name in names:
            plan(rig, results, quick)[name]()
    finally:
        results.write(WORK / "bench.json")
        rig.close()
    print(f"{time.monotonic() - began:.0f} s, written to {WORK / 'bench.json'}")


def plan(rig: Rig, results: Results, quick: bool) -> dict[str, Callable[[], None]]:
    """How long each is measured."""
    events = Events(rig.world)
    rounds = 1 if quick else 3
    return {
        "accept_one": lambda: accept.accept_one(
            rig, events, results, rounds=rounds, seconds=3 if quick else 6
        ),
        "audit": lambda: audit.audit(
            rig, events, results, rounds=2 if quick else 8, seconds=3 if quick else 5
        ),
        "accept_batch": lambda: accept.accept_batch(
            rig, events, results, rounds=rounds, batches=8 if quick else 16, seconds=3
        ),
        "consumption": lambda: consumption(rig, events, results, quick),
        "charges": lambda: backlog(charges.charges, rig, results, 600 if quick else 3_000, quick),
        "alarms": lambda: backlog(alarms.alarms, rig, results, 1_000 if quick else 5_000, quick),
        "latency": lambda: consume.latency(rig, events, results, seconds=20 if quick else 60),
        "memory": lambda: accept.memory(rig, events, results, count=5_000 if quick else 50_000),
        "ledger": lambda: ledger.ledger(rig, results),
        "mllp": lambda: mllp.mllp(rig, results, rounds=rounds, seconds=3 if quick else 6),
    }


def consumption(rig: Rig, events: Events, results: Results, quick: bool) -> None:
    """Nothing of the runs before it is in the ledger."""
    rig.forget_waiting()
    count, rounds, seconds = (1_000, 1, 10) if quick else (5_000, 2, 25)
    consume.consumption(rig, events, results, rounds=rounds, count=count, seconds=seconds)


def backlog(
    measured: Callable[..., None], rig: Rig, results: Results, count: int, quick: bool
) -> None:
    """The same for each: a backlog of ours, and the connector for a while."""
    rig.forget_waiting()
    rounds, seconds = (1, 8) if quick else (2, 20)
    measured(rig, results, rounds=rounds, count=count, seconds=seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
