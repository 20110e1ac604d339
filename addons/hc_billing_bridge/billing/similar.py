# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Charges that look like one that is there already.

The same service for the same visit or patient, as often, on one day: twice done or twice
told, a person has to say. Several lines of one message are what the sender means.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a charge is compared; ids are database ids."""

    site: int | None
    product: int
    quantity: Decimal
    unit: int
    day: date
    encounter: str | None
    patient: int | None

    def marks(self) -> list[Hashable]:
        """Keys of which two similar charges share one."""
        same = (self.site, self.product, self.quantity.normalize(), self.unit, self.day)
        marks: list[Hashable] = []
        if self.encounter:
            marks.append((*same, "encounter", self.encounter))
        if self.patient:
            marks.append((*same, "patient", self.patient))
        return marks


class Seen:
    """Charges that are known, to be asked for one that is like another."""

    def __init__(self) -> None:
        self._by_mark: dict[Hashable, list[tuple[int, int]]] = {}

    def add(self, sight: Sight, token: int, message: int) -> None:
        for mark in sight.marks():
            self._by_mark.setdefault(mark, []).append((token, message))

    def like(self, sight: Sight, message: int) -> int | None:
        """The first known charge of another message that is like this one."""
        for mark in sight.marks():
            for token, other in self._by_mark.get(mark, ()):
                if other != message:
                    return token
        return None
