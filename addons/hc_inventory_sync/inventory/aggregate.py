# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Adding up message lines, so that a batch is posted in a few moves.

Lines of one day, ward, place of use and cost center that use one product make one move;
its lots are its move lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """A message line with everything resolved; ids are database ids.

    :param token: what the caller wants to find its move by.
    :param quantity: in the product's own unit.
    """

    token: tuple[int, str]
    product: int
    lot: int | None
    quantity: Decimal
    source: int
    destination: int
    analytic: int | None
    at: datetime
    day: date


@dataclass(slots=True)
class Move:
    """Lines that become one stock move, dated at the last of them."""

    product: int
    analytic: int | None
    at: datetime
    lots: dict[int | None, Decimal] = field(default_factory=dict)
    tokens: list[tuple[int, str]] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        return sum(self.lots.values(), Decimal())

    def add(self, line: Line) -> None:
        self.lots[line.lot] = self.lots.get(line.lot, Decimal()) + line.quantity
        self.tokens.append(line.token)
        self.at = max(self.at, line.at)


@dataclass(slots=True)
class Transfer:
    """Moves of one day between two locations."""

    day: date
    source: int
    destination: int
    moves: dict[tuple[int, int | None], Move] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        return max(move.at for move in self.moves.values())

    def add(self, line: Line) -> None:
        key = (line.product, line.analytic)
        move = self.moves.get(key)
        if move is None:
            move = self.moves[key] = Move(line.product, line.analytic, line.at)
        move.add(line)


def transfers_by_day(lines: Iterable[Line]) -> dict[date, list[Transfer]]:
    """Transfers to post, oldest day first: the books take one date at a time."""
    transfers: dict[tuple[date, int, int], Transfer] = {}
    for line in lines:
        key = (line.day, line.source, line.destination)
        if key not in transfers:
            transfers[key] = Transfer(*key)
        transfers[key].add(line)
    days: dict[date, list[Transfer]] = {}
    for key in sorted(transfers):
        days.setdefault(key[0], []).append(transfers[key])
    return days


class Shelf:
    """What a batch would leave in each ward, counted while it is put together."""

    def __init__(self, stock: dict[tuple[int, int | None, int], Decimal]) -> None:
        """:param stock: on hand by product, lot and location."""
        self._stock = dict(stock)

    def short(self, lines: Iterable[Line]) -> list[Line]:
        """Those of ``lines`` that would take more than is there, all taken together."""
        left = dict(self._stock)
        short = []
        for line in lines:
            key = (line.product, line.lot, line.source)
            left[key] = left.get(key, Decimal()) - line.quantity
            if left[key] < 0:
                short.append(line)
        return short

    def take(self, lines: Iterable[Line]) -> None:
        """``lines`` are going to be posted."""
        for line in lines:
            key = (line.product, line.lot, line.source)
            self._stock[key] = self._stock.get(key, Decimal()) - line.quantity
