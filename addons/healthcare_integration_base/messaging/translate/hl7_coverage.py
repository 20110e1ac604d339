# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who pays for an FT1: IN1 and FT1-14.

In P03 the insurance of a message holds for all of its FT1. In P11 an FT1 may bring its own,
behind it (FINANCIAL_INSURANCE); otherwise the one in front of the first FT1 holds.
"""

from __future__ import annotations

from ..event import JsonObject
from . import codes
from .common import filled
from .hl7_frame import coded
from .hl7_message import Hl7, Segment

# Insurance that comes behind an FT1 belongs to it.
_GROUPED = "P11"


class _Plans:
    """The plans of one group, looked through once however many FT1 they hold for."""

    def __init__(self, plans: list[Segment]) -> None:
        ordered = sorted(plans, key=_priority)
        self._first = ordered[0] if ordered else None
        self._by_code = {plan.value(2): plan for plan in reversed(ordered)}

    def of(self, row: Segment) -> JsonObject:
        """The plan that FT1-14 names, else the one that pays first."""
        if self._first is None:
            return filled(payer=coded(row, 14))
        plan = (row.value(14) and self._by_code.get(row.value(14))) or self._first
        payer = _company(plan) or coded(plan, 2)
        return filled(payer=payer, policy=plan.value(36)) if payer else {}


def coverages(message: Hl7, rows: list[Segment]) -> list[JsonObject]:
    """The coverage of each FT1 in order; empty where the message names no payer."""
    shared: list[Segment] = []
    own: list[list[Segment]] = []
    for segment in message.segments:
        if segment.name == "FT1":
            own.append([])
        elif segment.name == "IN1":
            (own[-1] if own and message.trigger == _GROUPED else shared).append(segment)
    general = _Plans(shared)
    return [
        (_Plans(plans) if plans else general).of(row) for row, plans in zip(rows, own, strict=True)
    ]


def _priority(plan: Segment) -> int:
    """IN1-22, coordination of benefits: 1 pays first; without it the order of the segments."""
    text = plan.value(22)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _company(plan: Segment) -> JsonObject | None:
    """IN1-3 (CX), in the list of whoever assigned the number where that has an OID."""
    value = plan.value(3)
    if not value:
        return None
    kind, universal = plan.value(3, 4, 3).upper(), plan.value(3, 4, 2)
    system = codes.from_hl7(universal) if kind == "ISO" else codes.LOCAL
    return codes.code(system, value)
