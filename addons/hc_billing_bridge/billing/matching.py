# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which charge belongs to which appointment: the same patient, service and day.

The day is that of the appointment at its site. Where a patient has several appointments for
one service on a day, each is given the charge that is nearest in time before any is given a
second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment that charges may belong to.

    :param patient: pseudonym.
    :param services: keys of what is done there: a product, or a code that is not mapped.
    :param at: when, naive UTC.
    :param opens: begin of its day at the site, naive UTC. :param closes: the end of it.
    :param charged: those of its services that have a charge already.
    """

    id: int
    patient: str
    services: frozenset[str]
    at: datetime
    opens: datetime
    closes: datetime
    charged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge without appointment; ``services`` are the keys that name what it is for."""

    id: int
    patient: str
    services: frozenset[str]
    at: datetime


def day_of(moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Begin and end of the day of a moment at a site; 23 or 25 hours where clocks change.

    :param moment: naive UTC, as the result.
    """
    day = moment.replace(tzinfo=UTC).astimezone(zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


def match(visits: Iterable[Visit], charges: Iterable[Charge]) -> dict[int, int]:
    """Ids of charges, and of the appointment that each belongs to; others have none.

    The result does not depend on the order of what is given.
    """
    pairs = sorted(_pairs(visits, charges), key=lambda pair: pair[0])
    taken = {
        (visit.id, service)
        for _rank, visit, _charge, _service in pairs
        for service in visit.charged
    }
    found: dict[int, int] = {}
    for _rank, visit, charge, service in pairs:
        if charge.id not in found and (visit.id, service) not in taken:
            taken.add((visit.id, service))
            found[charge.id] = visit.id
    for _rank, visit, charge, _service in pairs:
        found.setdefault(charge.id, visit.id)
    return found


_Rank = tuple[timedelta, int, int, str]


def _pairs(
    visits: Iterable[Visit], charges: Iterable[Charge]
) -> Iterator[tuple[_Rank, Visit, Charge, str]]:
    """All that would fit, with what makes one better than another."""
    by_key: dict[tuple[str, str], list[Visit]] = {}
    for visit in visits:
        for service in visit.services:
            by_key.setdefault((visit.patient, service), []).append(visit)
    for charge in charges:
        for service in charge.services:
            for visit in by_key.get((charge.patient, service), ()):
                if visit.opens <= charge.at < visit.closes:
                    rank = (abs(charge.at - visit.at), visit.id, charge.id, service)
                    yield rank, visit, charge, service
