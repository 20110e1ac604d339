# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who is the master of which data, and what becomes of what others say about them.

A row of the matrix is about a data domain, or about one field of it; it may hold for one
company or one site only, and the narrower row holds before the wider one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What becomes of an update that is not its sender's to make."""

    REFUSE = "refuse"  # kept, and ends as rejected: the sender is told
    REVIEW = "review"  # kept, and waits for a person
    IGNORE = "ignore"  # kept, and has no effect


STRICTEST = tuple(Action)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix.

    :param owner: id of the authoritative system; none where Odoo itself is
    :param field: member of the contract's data; none: the whole domain
    """

    owner: int | None
    action: Action
    company: int | None = None
    site: int | None = None
    field: str | None = None

    def holds(self, company: int, site: int | None) -> bool:
        """Whether the row is about this place."""
        return self.company in (None, company) and self.site in (None, site)

    @property
    def narrowness(self) -> tuple[bool, bool]:
        return self.site is not None, self.company is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a sender may do.

    :param action: against the whole update; none where it goes on
    :param withheld: fields that must stay as they are
    :param on_new: against making a record that is not there yet; none where it may be made
    """

    action: Action | None = None
    withheld: frozenset[str] = frozenset()
    on_new: Action | None = None


FREE = Verdict()


def judge(
    rows: Iterable[Row],
    sender: int | None,
    company: int,
    site: int | None,
    stated: Collection[str],
) -> Verdict:
    """What becomes of an update.

    :param rows: of its domain
    :param sender: the system's id; none where it is Odoo itself
    :param stated: fields that it states, without those that name the record

    >>> lab, store = 1, 2
    >>> rows = [Row(store, Action.IGNORE), Row(lab, Action.IGNORE, field="name")]
    >>> judge(rows, store, 1, None, {"name", "uom"}).withheld
    frozenset({'name'})
    >>> judge(rows, lab, 1, None, {"name", "uom"}).withheld
    frozenset({'uom'})
    >>> judge(rows, 3, 1, None, {"name", "uom"}).action
    <Action.IGNORE: 'ignore'>
    """
    narrow = _narrowest(rows, company, site)
    if not narrow:
        return FREE
    whole = narrow.pop(None, None)
    theirs = {
        name: row
        for name, row in narrow.items()
        if name is not None and row.owner != sender and name in stated
    }
    if whole is None or whole.owner == sender:
        return _without(theirs)
    own = {name for name, row in narrow.items() if row.owner == sender and name in stated}
    if not own:
        return Verdict(action=whole.action)
    return Verdict(withheld=frozenset(stated) - own, on_new=whole.action)


def _narrowest(rows: Iterable[Row], company: int, site: int | None) -> dict[str | None, Row]:
    """The row that holds, for the whole domain and for each field."""
    found: dict[str | None, Row] = {}
    for row in sorted((row for row in rows if row.holds(company, site)), key=_narrowness):
        found[row.field] = row
    return found


def _narrowness(row: Row) -> tuple[bool, bool]:
    return row.narrowness


def _without(theirs: dict[str, Row]) -> Verdict:
    """Fields of others are left out, unless one of their rows asks for more than that."""
    asked = {row.action for row in theirs.values()} - {Action.IGNORE}
    for action in STRICTEST:
        if action in asked:
            return Verdict(action=action)
    return Verdict(withheld=frozenset(theirs)) if theirs else FREE
