# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whose pseudonyms a contract makes."""

from __future__ import annotations

from collections.abc import Iterator

from .event import JsonValue


def domains(schema: JsonValue) -> frozenset[str]:
    """The domains that a contract names (``x-hc-domain``).

    >>> sorted(domains({"properties": {"a": {"x-hc-domain": "patient"}, "b": {}}}))
    ['patient']
    """
    return frozenset(_named(schema))


def _named(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        found = value.get("x-hc-domain")
        if isinstance(found, str):
            yield found
        for one in value.values():
            yield from _named(one)
    elif isinstance(value, list):
        for one in value:
            yield from _named(one)
