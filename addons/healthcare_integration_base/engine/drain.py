# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Draining a lane: micro-batches, each exactly once, a bad message set apart.

There is no "processing" state. A batch is in hand while its shard's advisory lock and
its in-flight row stand, so a crash leaves nothing stuck (ADR 0003):

1. lock the shard; whatever stands in flight now was killed, and is counted as such;
2. choose a batch, lock its writer, write the in-flight row, commit;
3. take the messages, run the handler, record the outcome, drop the in-flight row: one
   transaction, one commit.

No request and no other code stands above a drain: it runs on the cursor of its scheduled
action, and its commits are where an outcome becomes durable.
"""

import logging
import time

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError

from ..messaging.errors import Kind, MessageError, spec
from . import claim, run, supply, wake
from .locks import SHARD, WRITER, lock_key, session_lock

_logger = logging.getLogger(__name__)

LINGER_SECONDS = 1.0
"""How long a drain that found nothing more goes on looking before it ends: every wake of
``ir.cron`` leaves a row behind for a week, and who has signalled just now does not signal
again (:data:`.wake.COALESCE_SECONDS`, which has to be shorter)."""
POLL_SECONDS = 0.05
RUN_SECONDS = 50.0
"""After so long a drain gives its cron worker back; it has itself woken if work is left."""
WRITER_WAIT_SECONDS = 20
KILL_LIMIT = 4
CONFLICT_LIMIT = 8
CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.UniqueViolation,
)
GONE = (psycopg2.OperationalError, psycopg2.InterfaceError)


class Drain:
    """One run over a lane, on the cursor of the lane's environment."""

    def __init__(self, lane):
        self.env = lane.env(user=SUPERUSER_ID)
        self.cr = self.env.cr
        self.lane_id = lane.id
        self.shards = range(lane.shard_count)
        self.batch_limit = lane.batch_limit
        self.left = None
        self.hindered = False
        self.deadline = time.monotonic() + RUN_SECONDS

    def run(self, limit=None):
        """Handle what is due; see ``hc.lane._drain``."""
        self.left, total = limit, 0
        idle_since = time.monotonic()
        while self._may_go_on():
            wake.clear_signal(self.cr, self.lane_id)
            handled = sum(self._shard(shard) for shard in self.shards)
            total += handled
            if handled:
                idle_since = time.monotonic()
            elif limit is not None or not self._linger(idle_since + LINGER_SECONDS):
                break
        if self.hindered or time.monotonic() >= self.deadline:
            self.cr.commit()  # pylint: disable=invalid-commit
            wake.wake_lanes(self.cr, [self.lane_id], force=True)
        return total

    def _may_go_on(self):
        return time.monotonic() < self.deadline and (self.left is None or self.left > 0)

    def _linger(self, until):
        """Look for work that is due; says whether some came before ``until``."""
        while time.monotonic() < until:
            time.sleep(POLL_SECONDS)
            self.cr.commit()  # pylint: disable=invalid-commit
            if any(claim.due(self.cr, self.lane_id, shard, 1) for shard in self.shards):
                return True
        return False

    def _shard(self, shard):
        """Drain one shard, unless another worker has it in hand."""
        total = 0
        with session_lock(self.cr, lock_key(SHARD, self.lane_id, shard)) as held:
            if not held:
                return 0
            self._settle_kills(shard)
            while self._may_go_on():
                handled = self._next_batch(shard)
                if not handled:
                    break
                total += handled
        return total

    # ------------------------------------------------------------------ batches

    def _next_batch(self, shard):
        limit = self.batch_limit if self.left is None else min(self.batch_limit, self.left)
        self.cr.commit()  # pylint: disable=invalid-commit
        candidates = claim.due(self.cr, self.lane_id, shard, limit)
        ids = claim.choose(candidates)
        self.cr.commit()  # pylint: disable=invalid-commit
        if not ids:
            return 0
        handler = self._handler(candidates[0])
        handled = self._with_writer(handler, candidates[0].company_id, shard, ids)
        if self.left is not None:
            self.left -= handled
        return handled

    def _handler(self, candidate):
        self.env.invalidate_all(flush=False)
        return self.env["hc.message.type"].browse(candidate.message_type_id)._handler_model()

    def _with_writer(self, handler, company_id, shard, ids):
        """Run a batch while holding what it writes, if others may write it too."""
        if handler is None:
            return self._nobody(ids)
        if not handler._writer:
            return self._batch(shard, ids)
        key = lock_key(WRITER, handler._writer, company_id)
        with session_lock(self.cr, key, WRITER_WAIT_SECONDS) as held:
            if held:
                return self._batch(shard, ids)
            self.hindered = True
            return 0

    def _nobody(self, ids):
        """The addon that handled them is gone: they wait for somebody who knows why."""
        rows = claim.take(self.cr, ids)
        run.fail(self.env, rows, "handler_missing", Kind.PERSON, "arrival")
        self.cr.commit()  # pylint: disable=invalid-commit
        return len(rows)

    def _batch(self, shard, ids, trigger="arrival"):
        """Handle these messages; split them when they fail together.

        :return: how many messages got an outcome.
        """
        row_id = claim.put_in_flight(self.cr, self.lane_id, shard, ids)
        try:
            items, waiting = self._repeated(row_id, ids, trigger)
        except Exception as error:  # the handler's: set apart, never swallowed
            if isinstance(error, GONE) and not isinstance(error, CONFLICTS):
                self._give_back(row_id)
                raise
            self._forget()
            return self._apart(row_id, shard, ids, error, trigger)
        self._after_commit(items, waiting)
        return len(items)

    def _repeated(self, row_id, ids, trigger):
        """One attempt, repeated at once while other transactions are in its way."""
        for _left in range(CONFLICT_LIMIT - 1):
            try:
                return self._attempt(row_id, ids, trigger)
            except CONFLICTS:
                self._forget()
        return self._attempt(row_id, ids, trigger)

    def _apart(self, row_id, shard, ids, error, trigger):
        """What failed together is tried in halves; what failed alone has failed."""
        if len(ids) > 1:
            return self._split(row_id, shard, ids)
        return self._failed(row_id, ids[0], error, trigger)

    def _give_back(self, row_id):
        """The database refuses to work (disk full, say), the messages are not to blame."""
        if not self.cr._cnx.closed:
            self._forget()
            claim.landed(self.cr, row_id)
            self.cr.commit()  # pylint: disable=invalid-commit

    def _forget(self):
        """Undo the transaction and what the ORM remembers of it."""
        self.cr.rollback()
        self.env.transaction.reset()
        self.env = api.Environment(self.cr, SUPERUSER_ID, {})

    def _attempt(self, row_id, ids, trigger):
        items = run.batch(self.env, ids, trigger)
        waiting = supply.missing(self.env, items)
        claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        return items, waiting

    def _split(self, row_id, shard, ids):
        claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        middle = len(ids) // 2
        return self._batch(shard, ids[:middle], "split") + self._batch(shard, ids[middle:], "split")

    def _after_commit(self, items, waiting):
        """What the outcome of a batch asks for, once it is there for all to see."""
        for _attempt in range(CONFLICT_LIMIT):
            try:
                supply.resume_supplied(self.env, waiting)
                break
            except CONFLICTS:
                self._forget()
        if any(item.dirty_keys for item in items):
            self.env["hc.dirty.key"]._wake()

    # ----------------------------------------------------------------- failures

    def _failed(self, row_id, message_id, error, trigger):
        """Record that this one message failed all alone."""
        code, kind = classify(error)
        _log_failure(message_id, code, error)
        rows = claim.take(self.cr, [message_id])
        run.fail(self.env, rows, code, kind, trigger)
        claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        return len(rows)

    def _settle_kills(self, shard):
        """Count the kills that in-flight rows bear witness to; end what kills every time."""
        alone = claim.count_kills(self.cr, self.lane_id, shard)
        killers = [row for row in claim.take(self.cr, alone) if row["kill_count"] >= KILL_LIMIT]
        run.fail(self.env, killers, "worker_killed", Kind.POISON, "arrival")
        self.cr.commit()  # pylint: disable=invalid-commit


def classify(error):
    """Code and kind of what a handler raised for one message alone."""
    if isinstance(error, MessageError):
        return error.code, error.spec.kind
    if isinstance(error, CONFLICTS):
        return "database_conflict", Kind.TRANSIENT
    if isinstance(error, (UserError, AccessError)):
        return "handler_refused", Kind.PERSON
    return "unexpected", spec("unexpected").kind


def _log_failure(message_id, code, error):
    """Where it happened, not what it said: the text of an error may quote the payload."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    _logger.warning(
        "Message %s failed: %s (%s at %s)", message_id, code, type(error).__name__, where
    )
