# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Handling messages to see what would come of it: the handlers really run, and all is taken back.

Mails, wake-ups and notices go out after a commit, so that none does.
"""

import logging

import psycopg2

from ..messaging.errors import Kind
from . import run
from .failures import classify, is_database_away

_logger = logging.getLogger(__name__)
STATE_OF = {Kind.TRANSIENT: "retry", Kind.POISON: "dead"}


class Rehearsal:
    """Batches that are handled in a transaction which is never committed.

    :cvar cr, env: of that transaction
    """

    def _batch(self, ids):
        """Like a drain's batch: what fails together is tried in halves."""
        try:
            with self.cr.savepoint():
                items = run.batch(self.env, ids)
        except Exception as error:  # the handler's: told in what was found
            if is_database_away(self.cr, error):
                raise
            self._apart(ids, error)
            return
        for item in items:
            self._note(item)

    def _apart(self, ids, error):
        if len(ids) > 1:
            middle = len(ids) // 2
            self._batch(ids[:middle])
            self._batch(ids[middle:])
            return
        if isinstance(error, psycopg2.errors.SerializationFailure):
            raise error
        code, kind = classify(error)
        _logger.info("Message %s would fail: %s (%s)", ids[0], code, type(error).__name__)
        self._failed(ids[0], STATE_OF.get(kind, "review"), code)

    def _note(self, item):
        """A message that was handled; its item says how it ended."""
        raise NotImplementedError

    def _failed(self, message_id, state, code):
        """A message that failed alone; in which state it would stand now."""
        raise NotImplementedError
