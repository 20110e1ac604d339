# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A message on its way to become moves: what was understood, and what stands against it."""

from dataclasses import dataclass, field

from odoo.addons.healthcare_integration_base.engine import draft

from ..inventory.aggregate import Line


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
class Draft(draft.Draft):
    """All of a message, or what stands against it: a message is whole."""

    ward: object = None
    place: object = None
    analytic: object = None
    entries: list[Entry] = field(default_factory=list)

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
