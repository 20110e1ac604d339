# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The ledger of a run: rows and what is said about them are one transaction."""

from ...messaging.errors import MessageError
from ..ledger import Ledger, _is_same

CONFLICT = ("id_reused",)


class RunLedger(Ledger):
    """Keeps staged rows, and writes their outcome into the run's book.

    :param book: :class:`.book.Book` on the same cursor
    :param lines: ids of the rows, group by group in the order of their entries
    """

    def __init__(self, env, system, book, lines):
        super().__init__(env, system)
        self.book = book
        self.lines = lines

    def _keep_one(self, cr, groups):
        """The short way has no transaction to be part of."""
        return False

    def _beside(self, cr, groups):
        told = zip(self.lines, groups, strict=True)
        rows = [row for ids, group in told for row in _outcomes(ids, group)]
        if rows:
            self.book.outcomes(rows)

    def conflicts(self, group):
        """For each entry whether its id stands for another content already."""
        known = self._existing(self.env.cr, [group])
        return [
            entry.key in known and not _is_same(known[entry.key], entry.prepared)
            for entry in group.entries
        ]


def _outcomes(ids, group):
    if isinstance(group.result, MessageError):
        if len(ids) > 1:
            return []  # all or nothing: told by whoever asked for it
        state = "conflict" if group.result.code in CONFLICT else "invalid"
        return [{"id": ids[0], "state": state, "error_code": group.result.code, "uuid": None}]
    return [
        {
            "id": line,
            "state": "duplicate" if stored.duplicate else "accepted",
            "error_code": None,
            "uuid": stored.uuid,
        }
        for line, stored in zip(ids, group.result, strict=True)
    ]
