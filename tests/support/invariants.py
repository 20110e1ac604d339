"""What holds whatever was killed: acknowledged = kept = done, each with one effect per line."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from decimal import Decimal

from simulate.documents import Use
from simulate.world import Stock

from .hospital import Hospital

STATES = """
SELECT m.message_identifier, count(*), min(m.state), max(m.state)
  FROM hc_message m WHERE m.message_identifier = ANY(%s) GROUP BY 1
"""
EFFECTS = """
SELECT m.message_identifier, count(e.id), count(DISTINCT e.role), count(DISTINCT e.business_key)
  FROM hc_message m LEFT JOIN hc_effect e ON e.message_id = m.id
 WHERE m.message_identifier = ANY(%s) GROUP BY 1
"""
MOVES = """
SELECT count(*) FROM hc_message m JOIN hc_effect e ON e.message_id = m.id
  LEFT JOIN stock_move s ON s.id = e.res_id
 WHERE m.message_identifier = ANY(%s)
   AND (e.res_model != 'stock.move' OR s.state IS DISTINCT FROM 'done')
"""
TRAIL = """
SELECT m.message_identifier, count(a.id)
  FROM hc_message m LEFT JOIN hc_audit.event a ON a.object = m.uuid AND a.action = %s
 WHERE m.message_identifier = ANY(%s) GROUP BY 1
"""
DONE_TWICE = """
SELECT m.message_identifier, count(*) FROM hc_message m
  JOIN hc_message_attempt a ON a.message_id = m.id AND a.outcome = 'done'
 WHERE m.message_identifier = ANY(%s) GROUP BY 1 HAVING count(*) != 1
"""
QUANTS = """
SELECT location_id, product_id, lot_id, sum(quantity) FROM stock_quant
 WHERE location_id = ANY(%s) GROUP BY 1, 2, 3
"""
LEFT = "SELECT count(*) FROM hc_inflight"
LOCKS = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE l.locktype = 'advisory' AND d.datname = current_database()
"""
FORGOTTEN = """
SELECT left(query, 60) FROM pg_stat_activity
 WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
   AND xact_start < now() - interval '60 seconds'
"""
FREE_WITHIN = 90


def exactly_once(hospital: Hospital, identifiers: Sequence[str], *, lines: int) -> None:
    """Every one of these events is in the ledger once, done, with one effect per line."""
    wanted = list(identifiers)
    rows = {row[0]: row[1:] for row in hospital.machine.sql(STATES, wanted)}
    assert not set(wanted) - rows.keys(), "acknowledged events are lost"
    assert all(row == (1, "done", "done") for row in rows.values()), odd(rows, (1, "done", "done"))
    effects = {row[0]: row[1:] for row in hospital.machine.sql(EFFECTS, wanted)}
    once = (lines,) * 3
    assert all(row == once for row in effects.values()), odd(effects, once)
    assert hospital.machine.sql(MOVES, wanted)[0][0] == 0, "effects without a posted move"
    twice = hospital.machine.sql(DONE_TWICE, wanted)
    assert not twice, f"not done by exactly one attempt: {twice[:5]}"


def odd(rows: dict[str, tuple[object, ...]], wanted: tuple[object, ...]) -> list[object]:
    """The first of those that are not as they should be."""
    return [item for item in rows.items() if item[1] != wanted][:5]


def stock(hospital: Hospital, uses: Iterable[Use]) -> Stock:
    """What lies where these uses take from, with nothing left to be posted."""
    hospital.drained()
    locations = sorted({use.ward.stock for use in uses})
    return stock_of(hospital, locations)


def stock_of(hospital: Hospital, locations: Sequence[int]) -> Stock:
    """What lies in these locations now."""
    return {
        (location, product, lot): Decimal(str(round(quantity, 6)))
        for location, product, lot, quantity in hospital.machine.sql(QUANTS, list(locations))
    }


def stock_changed(hospital: Hospital, before: Stock, uses: Sequence[Use]) -> None:
    """The stock is what it was, less each use exactly once."""
    expected = dict(before)
    for use in uses:
        expected[use.place] = expected.get(use.place, Decimal()) + use.change
    after = stock(hospital, uses)
    wrong = {key: (value, after.get(key)) for key, value in expected.items() if value != after[key]}
    assert not wrong, f"stock (expected, found): {list(wrong.items())[:5]}"


def nothing_in_hand(hospital: Hospital, within: float = FREE_WITHIN) -> None:
    """Once all is drained no batch is left behind as being worked on.

    A batch stays in hand for a moment after its outcome, while what it waits for is looked for.
    """
    deadline = time.monotonic() + within
    while left := hospital.machine.sql(LEFT)[0][0]:
        assert time.monotonic() < deadline, f"{left} batches are left in hand"
        time.sleep(0.1)


def nothing_locked(hospital: Hospital, within: float = FREE_WITHIN) -> None:
    """Once all is drained no lock of the engine is held, and no transaction was forgotten.

    A drain that just looks whether there is more holds a shard for a moment, and Odoo has a
    transaction open for as long as a scheduled action runs: a drain may for most of a minute.
    """
    deadline = time.monotonic() + within
    while held := hospital.machine.sql(LOCKS)[0][0]:
        assert time.monotonic() < deadline, f"{held} advisory locks are left"
        time.sleep(0.1)
    while left := hospital.machine.sql(FORGOTTEN):
        assert time.monotonic() < deadline, f"transactions were left open after {left}"
        time.sleep(0.5)


def trail_complete(hospital: Hospital, identifiers: Sequence[str]) -> None:
    """The trail says once of every event that it came in, and that it was handled."""
    for action in ("message.received", "message.handled"):
        found = hospital.machine.sql(TRAIL, action, list(identifiers))
        wrong = [row for row in found if row[1] != 1]
        assert not wrong, f"{action} is in the trail (event, times): {wrong[:5]}"


def all_hold(hospital: Hospital, before: Stock, uses: Sequence[Use], events: Sequence[str]) -> None:
    """Everything at once, of events with one line each, with nothing left to be done."""
    exactly_once(hospital, events, lines=1)
    stock_changed(hospital, before, uses)
    nothing_in_hand(hospital)
    nothing_locked(hospital)
    trail_complete(hospital, events)
