# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Finding the values of a person in what is not supposed to name one."""

from __future__ import annotations

from collections.abc import Iterable

from .event import JsonValue

MIN_EQUAL = 3
MIN_WITHIN = 4


class Names:
    """Personal values of one message; shorter ones than three characters are none."""

    __slots__ = ("_folded",)

    def __init__(self, personal: Iterable[str]) -> None:
        folded = {value.strip().casefold() for value in personal}
        self._folded = {value for value in folded if len(value) >= MIN_EQUAL}

    def __bool__(self) -> bool:
        return bool(self._folded)

    def equal(self, text: str) -> bool:
        """Whether the whole text is one of them."""
        return text.strip().casefold() in self._folded

    def within(self, text: str) -> bool:
        """Whether the text is one of them, or has one as a word in it."""
        folded = text.casefold()
        return any(_within(value, folded) for value in self._folded)

    def anywhere(self, value: JsonValue) -> bool:
        """Whether any text of a value has one of them in it."""
        if isinstance(value, dict):
            return any(map(self.anywhere, value.values()))
        if isinstance(value, list):
            return any(map(self.anywhere, value))
        return value is not None and not isinstance(value, bool) and self.within(str(value))


def _within(value: str, text: str) -> bool:
    """The value is the text, or a part of it that ends where letters and digits end."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() or after.isalnum()):
            return len(value) >= MIN_WITHIN or len(value) == len(text.strip())
        start = text.find(value, start + 1)
    return False
