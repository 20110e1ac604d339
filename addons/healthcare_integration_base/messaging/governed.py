# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the trail tells of a change: names, keyed digests, and the values of plain settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .digest import canonical, keyed

PLAIN_KINDS = frozenset(
    {
        "boolean",
        "integer",
        "float",
        "monetary",
        "selection",
        "date",
        "datetime",
        "many2one",
        "many2many",
    }
)
"""Kinds of fields that hold a setting, not a text: nobody writes a name or a secret there."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A change, as the trail keeps it.

    :param fields: names of the fields that changed, sorted
    :param before: keyed digest of what they held, none when the record was made
    :param after: keyed digest of what they hold, none when the record was deleted
    :param values: ``name -> [before, after]`` of plain settings alone
    """

    fields: tuple[str, ...]
    before: str | None
    after: str | None
    values: dict[str, Any]

    def event(self) -> dict[str, Any]:
        """The part of an audit event."""
        return {
            "before": self.before,
            "after": self.after,
            "fields": list(self.fields),
            "values": self.values,
        }


def told(
    key: bytes | None, before: Values | None, after: Values | None, plain: Collection[str]
) -> Told | None:
    """What is to be told of a change, nothing when nothing has changed.

    :param key: of the digests; none where there is no key yet, then there are no digests
    :param before: the fields as they were, none when the record was made
    :param after: the fields as they are, none when the record was deleted
    :param plain: names of the fields whose values are told as well
    """
    old, new = before or {}, after or {}
    names = [name for name in sorted(old.keys() | new.keys()) if _differs(old, new, name)]
    if not names:
        return None
    return Told(
        fields=tuple(names),
        before=_digest(key, before, names),
        after=_digest(key, after, names),
        values={name: [old.get(name), new.get(name)] for name in names if name in plain},
    )


def _differs(old: Values, new: Values, name: str) -> bool:
    """What is empty on both sides has not changed, in whatever way it is empty."""
    was, now = old.get(name), new.get(name)
    return was != now and bool(was or now)


def _digest(key: bytes | None, values: Values | None, names: list[str]) -> str | None:
    if key is None or values is None:
        return None
    return keyed(key, canonical({name: values.get(name) for name in names}))
