# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A message on its way to become charges: what was understood, and what stands against it."""

from dataclasses import dataclass, field

from odoo.addons.healthcare_integration_base.engine import draft


@dataclass(slots=True)
class Entry:
    """One charge or credit. Quantities and amounts are decimals, amounts without taxes.

    :param number: what the sender calls it, else made of the id of the event.
    :param role: which part of the message it is.
    :param amount: of the whole quantity as told, ``unit_price`` of one; both may be absent.
    :param line: of a visit's services, None for a single charge.
    :param content: by what a fact without a number of its own is known again.
    """

    role: str
    number: str
    product: object
    code: str
    quantity: object
    unit: object
    action: str = "charge"
    reverses: str | None = None
    amount: object = None
    unit_price: object = None
    currency: object = None
    line: str | None = None
    content: tuple | None = None
    cost_center: str | None = None
    analytic: int | None = None
    business_key: str = ""
    digest: str = ""


@dataclass(slots=True)
class Draft(draft.Draft):
    """All of a message, or what stands against it: a message is whole.

    :param patient: pseudonym, ``account`` the id of its partner.
    :param repeats: the message that stated all of it before.
    """

    encounter: str | None = None
    patient: str | None = None
    account: int | None = None
    payer: int | None = None
    is_split: bool = False
    entries: list[Entry] = field(default_factory=list)
    repeats: int | None = None

    @property
    def billed(self):
        """Who is billed: the payer of the coverage, else the patient's account."""
        return self.payer or self.account
