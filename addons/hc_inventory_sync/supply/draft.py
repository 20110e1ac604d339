# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A message on its way to become moves: what was understood, and what stands against it."""

from dataclasses import dataclass, field

from ..inventory.aggregate import Line


@dataclass(frozen=True, slots=True)
class Problem:
    """See ``Item.review``."""

    code: str
    subject: str | None = None
    fix: object | None = None
    detail: str | None = None


@dataclass(slots=True)
class Entry:
    """One message line; ``quantity`` is in the product's unit."""

    name: str
    product: object
    lot: object
    quantity: object
    code: str
    expiry: object = None
    business_key: str = ""
    digest: str = ""


@dataclass(slots=True)
class Draft:
    """All of a message, or what stands against it: a message is whole.

    :param problems: with them the lines cannot be compared with what was stated before.
    :param objections: with them the lines are clear, but must not be posted.
    """

    item: object
    site: object = None
    ward: object = None
    place: object = None
    analytic: object = None
    when: object = None
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    objections: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    other_company: int | None = None

    def problem(self, code, **details):
        self.problems.append(Problem(code, **details))

    def objection(self, code, **details):
        self.objections.append(Problem(code, **details))

    def warning(self, code, **details):
        self.warnings.append(Problem(code, **details))

    @property
    def facility(self):
        return self.site.parent_id or self.site

    def lines(self, returning):
        """What is to be posted of this message."""
        ends = (self.place.id, self.ward.id) if returning else (self.ward.id, self.place.id)
        return [
            Line(
                token=(self.item.message_id, entry.name),
                product=entry.product.id,
                lot=entry.lot.id or None,
                quantity=entry.quantity,
                source=ends[0],
                destination=ends[1],
                analytic=self.analytic.id or None,
                at=self.when.at,
                day=self.when.day,
            )
            for entry in self.entries
        ]
