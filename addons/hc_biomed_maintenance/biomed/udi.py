# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Unique device identifiers as scanners and labels give them (GS1 General Specifications).

Only GS1 is taken apart. Other issuers' identifiers (HIBC, ICCBBA) are kept whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PRINTED = re.compile(r"\((\d{2,4})\)([^()]*)")
_SEPARATOR = "\x1d"
# Application identifiers of a fixed length that stand on devices; all others end at FNC1.
_FIXED = {"01": 14, "11": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
_VARIABLE = ("10", "21", "22", "240", "241", "250")
_SYMBOLOGY = ("]d2", "]C1", "]Q3", "]e0")


@dataclass(frozen=True, slots=True)
class Udi:
    """The part that names the model, and the part that names the piece."""

    model: str = ""
    serial: str = ""


def parse(text: str) -> Udi:
    """Device identifier and serial number of a label; empty where it names none."""
    printed = dict(_PRINTED.findall(text))
    parts = printed or _scanned(text)
    return Udi(parts.get("01", "").strip(), parts.get("21", "").strip())


def _scanned(text: str) -> dict[str, str]:
    """Element strings as a scanner sends them; nothing of what is not GS1 throughout."""
    rest = next((text[3:] for mark in _SYMBOLOGY if text.startswith(mark)), text)
    parts: dict[str, str] = {}
    while rest:
        name = _identifier(rest)
        if not name:
            return {}
        body = rest[len(name) :]
        size = _FIXED.get(name)
        if size:
            value, rest = body[:size], body[size:].lstrip(_SEPARATOR)
        else:
            value, _mark, rest = body.partition(_SEPARATOR)
        parts[name] = value
    return parts if len(parts.get("01", "")) == 14 else {}


def _identifier(text: str) -> str:
    known = (*_FIXED, *_VARIABLE)
    return next((name for name in known if text.startswith(name)), "")
