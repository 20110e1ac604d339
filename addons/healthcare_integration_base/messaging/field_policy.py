# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How strict the rules are, and a contract's fields under stricter ones (ADR 0022).

One rule is *no looser* than another if what it leaves follows from what the other leaves::

                keep
         /       |        \\
      last4    year    pseudonymize
         \\       |        /
                mask
                 |
                drop

The three in the middle tell different things, so none of them may take another's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .contract_fields import Choice, Field, Record, Scalar, Sequence

RULES: Final = ("keep", "last4", "year", "pseudonymize", "mask", "drop")
"""From loose to strict, as far as they can be compared."""
_RANK: Final = {"keep": 3, "last4": 2, "year": 2, "pseudonymize": 2, "mask": 1, "drop": 0}


def no_looser(own: str, other: str) -> bool:
    """Whether ``own`` leaves nothing that ``other`` does not leave as well."""
    return own == other or _RANK[own] < _RANK[other]


def stricter(one: str, other: str) -> str:
    """The stricter of two rules; of two that tell different things, what both would allow."""
    if no_looser(one, other):
        return one
    return other if no_looser(other, one) else "mask"


def own_domain(name: str, pointer: str) -> str:
    """The domain of the pseudonyms that a policy asks for and the contract does not: they are
    of no use outside of their field.

    :param name: of the message type
    """
    return f"{name}:{pointer}"


def restricted(field: Field, rules: Mapping[str, str], name: str) -> Field:
    """A field under own rules, by pointer; what they do not touch is the same object.

    :param name: of the message type
    """
    if isinstance(field, Scalar):
        keep = stricter(field.keep, rules.get(field.pointer, field.keep))
        return field if keep == field.keep else field.under(keep, own_domain(name, field.pointer))
    if isinstance(field, Record):
        members = {key: restricted(one, rules, name) for key, one in field.members.items()}
        return _record(field, members)
    if isinstance(field, Sequence):
        item = restricted(field.item, rules, name)
        return field if item is field.item else Sequence(field.pointer, item=item)
    if isinstance(field, Choice):
        fields = {kind: restricted(one, rules, name) for kind, one in field.fields.items()}
        return field if fields == field.fields else Choice(field.pointer, fields)
    return field


def _record(field: Record, members: dict[str, Field]) -> Record:
    if members == field.members:
        return field
    return Record(field.pointer, is_personal=field.is_personal, members=members)


def has_phones(field: Field) -> bool:
    """Whether a telephone number is among its fields."""
    if isinstance(field, Scalar):
        return field.is_phone
    if isinstance(field, Record):
        return any(map(has_phones, field.members.values()))
    if isinstance(field, Choice):
        return any(map(has_phones, field.fields.values()))
    return isinstance(field, Sequence) and has_phones(field.item)
