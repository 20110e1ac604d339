# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The exported file, read along with the database and checked for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..merkle import Frontier
from .export import Batch


class Lines:
    """Lines that follow each other and make the roots that were signed.

    ``last`` is the number of the last sound one, ``is_broken`` whether another follows it.
    """

    def __init__(self, lines: Iterable[Batch | None]) -> None:
        self._sound = self._check(iter(lines))
        self._tree = Frontier()
        self._ahead: Batch | None = None
        self.last = 0
        self.is_broken = False

    def next(self, number: int) -> Batch | None:
        """The line of a checkpoint, asked for in their order."""
        for line in self.rest():
            found = line.checkpoint.number
            if found == number:
                return line
            if found > number:
                self._ahead = line
                return None
        return None

    def rest(self) -> Iterator[Batch]:
        """What was not asked for yet."""
        if self._ahead:
            line, self._ahead = self._ahead, None
            yield line
        # Not "yield from": that would end the reading with whoever asks for one line.
        for line in self._sound:
            yield line

    def _check(self, lines: Iterator[Batch | None]) -> Iterator[Batch]:
        for line in lines:
            if line is None or not self._is_next(line):
                self.is_broken = True
                return
            self.last += 1
            yield line

    def _is_next(self, line: Batch) -> bool:
        note = line.checkpoint
        self._tree.extend(line.hashes)
        return (
            bool(line.ids)
            and note.number == self.last + 1
            and note.size == self._tree.size
            and note.root == self._tree.root()
            and line.signed.by(note.key)
        )
