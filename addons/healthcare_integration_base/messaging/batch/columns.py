# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From the cells of a row to the data of an event, and back.

A column names a field of the contract by its JSON pointer; a number in it is the place in
a list: ``/identifiers/0/value``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..contract_targets import Target
from ..event import JsonObject, JsonValue
from ..values import parse_decimal

MAX_LIST = 50
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_POINTER = re.compile(r"(?:/[A-Za-z0-9_.-]{1,64}){1,8}")
_TRUTH = {"true": True, "yes": True, "y": True, "1": True} | {
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file.

    :param name: as the header has it
    :param pointer: field of the contract
    :param default: where the cell is empty or the column is not there
    :param required: a file without the column is refused
    """

    name: str
    pointer: str
    default: str = ""
    required: bool = False


def is_pointer(text: str) -> bool:
    """Whether a column may lead there."""
    return _POINTER.fullmatch(text) is not None


def pattern_of(pointer: str) -> str:
    """The pointer as a contract names its fields: ``/identifiers/*/value``."""
    return "/".join("*" if _NUMBER.fullmatch(part) else part for part in pointer.split("/"))


def pointer_of(header: str) -> str:
    """Where a column goes that nobody has mapped: ``item.value`` is ``/item/value``."""
    return "/" + "/".join(header.strip().split("."))


def assemble(cells: Sequence[tuple[str, str]], targets: Mapping[str, Target]) -> JsonObject:
    """Data out of pairs of pointer and text; empty texts are left out."""
    tree: dict[str, Any] = {}
    for pointer, text in cells:
        if text != "":
            _put(tree, pointer.split("/")[1:], typed(text, targets.get(pattern_of(pointer))))
    found = _listed(tree)
    return found if isinstance(found, dict) else {}


def typed(text: str, target: Target | None) -> JsonValue:
    """A text as what the contract wants there, where it can be read as that."""
    if target is None or "string" in target.types:
        return text
    if "boolean" in target.types:
        return _TRUTH.get(text.strip().lower(), text)
    number: Decimal | None = parse_decimal(text)
    if number is None or not target.types & {"integer", "number"}:
        return text
    return int(number) if number == number.to_integral_value() else number


def find(data: JsonValue, pointer: str) -> JsonValue:
    """The value at a pointer; none where there is nothing."""
    for part in pointer.split("/")[1:]:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and _NUMBER.fullmatch(part) and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def as_text(value: JsonValue) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _put(tree: dict[str, Any], parts: list[str], value: JsonValue) -> None:
    for name in parts[:-1]:
        below = tree.get(name)
        if not isinstance(below, dict):
            below = tree[name] = {}
        tree = below
    tree[parts[-1]] = value


def _listed(node: Any) -> JsonValue:
    """Objects whose members are all small numbers are lists."""
    if not isinstance(node, dict):
        found: JsonValue = node
        return found
    if node and all(_NUMBER.fullmatch(name) and int(name) < MAX_LIST for name in node):
        return [_listed(node[name]) for name in sorted(node, key=int)]
    return {name: _listed(member) for name, member in node.items()}
