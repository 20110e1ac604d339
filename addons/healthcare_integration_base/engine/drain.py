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
import random
import time
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, api

from ..messaging.errors import Kind
from . import claim, failures, run, shadow, shards, supply, wake
from .failures import CONFLICTS
from .locks import SHARD, WRITER, lock_key, session_lock

_logger = logging.getLogger(__name__)

LINGER_SECONDS = 1.0
"""How long a drain that found nothing more goes on looking before it ends: every wake of
the engine leaves something behind (``ir.cron`` a row for a week), and who has signalled just
now does not signal again (:data:`.wake.COALESCE_SECONDS`, which has to be shorter)."""
POLL_SECONDS = 0.05
RUN_SECONDS = 50.0
"""After so long a drain gives its worker back; it has itself woken if work is left."""
TURN_BATCHES = 20
"""After so many batches of one shard it is the next one's turn."""
FOLLOW_UP_SECONDS = 10.0
"""How long follow-up work waits at the most while a backlog is worked off: what several
batches touch is then done once, not once for each of them."""
WRITER_WAIT_SECONDS = 20
KILL_LIMIT = 4
CONFLICT_LIMIT = 8


class Drain:
    """One run over a lane, on the cursor of the lane's environment.

    Several may run over one lane at the same time, on any machine: each has another shard
    in hand.
    """

    def __init__(self, lane):
        self.env = lane.env(user=SUPERUSER_ID)
        self.cr = self.env.cr
        self.lane_id = lane.id
        self.shard_count = lane.shard_count
        self.shards = range(lane.shard_count)
        self.batch_limit = lane.batch_limit
        self.left = None
        self.hindered = False
        self.follow_up_due = None
        self.deadline = time.monotonic() + RUN_SECONDS

    def run(self, limit=None):
        """Handle what is due; see ``hc.lane._drain``."""
        self.left, total = limit, 0
        idle_since = time.monotonic()
        while self._may_go_on():
            wake.clear_signal(self.cr, self.lane_id)
            handled = sum(self._shard(shard) for shard in self._turns())
            total += handled
            if handled:
                idle_since = time.monotonic()
                continue
            self._wake_follow_up()
            if limit is not None or not self._linger(idle_since + LINGER_SECONDS):
                break
        self._wake_follow_up()
        if self.hindered or time.monotonic() >= self.deadline:
            self.cr.commit()  # pylint: disable=invalid-commit
            wake.wake_lanes(self.cr, [self.lane_id], force=True)
        return total

    def _may_go_on(self):
        return time.monotonic() < self.deadline and (self.left is None or self.left > 0)

    def _turns(self):
        """The shards, from any of them on: who drains beside us begins elsewhere."""
        self.shards = shards.in_use(self.cr, self.lane_id, self.shard_count)
        first = random.randrange(len(self.shards))  # nosec B311  # which comes first is no secret
        return self.shards[first:] + self.shards[:first]

    def _linger(self, until):
        """Look for work that is due; says whether some came before ``until``."""
        while time.monotonic() < until:
            time.sleep(POLL_SECONDS)
            self.cr.commit()  # pylint: disable=invalid-commit
            if any(claim.due(self.cr, self.lane_id, shard, 1) for shard in self.shards):
                return True
        return False

    def _shard(self, shard):
        """Drain one shard for a turn, unless another worker has it in hand."""
        total = 0
        with session_lock(self.cr, lock_key(SHARD, self.lane_id, shard)) as held:
            if not held:
                return 0
            self._settle_kills(shard)
            for _batch in range(TURN_BATCHES):
                handled = self._next_batch(shard) if self._may_go_on() else 0
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
        act = self._shadow if candidates[0].is_shadow else self._batch
        handled = self._with_writer(handler, candidates[0].company_id, partial(act, shard), ids)
        if self.left is not None:
            self.left -= handled
        return handled

    def _handler(self, candidate):
        self.env.invalidate_all(flush=False)
        return self.env["hc.message.type"].browse(candidate.message_type_id)._handler_model()

    def _with_writer(self, handler, company_id, act, ids):
        """Run a batch while holding what it writes, if others may write it too."""
        if handler is None:
            return self._nobody(ids)
        if not handler._writer:
            return act(ids)
        key = lock_key(WRITER, handler._writer, company_id)
        with session_lock(self.cr, key, WRITER_WAIT_SECONDS) as held:
            if held:
                return act(ids)
            self.hindered = True
            return 0

    def _nobody(self, ids):
        """The addon that handled them is gone: they wait for somebody who knows why."""
        return self._record_failure(None, ids, "handler_missing", Kind.PERSON, "arrival")

    def _batch(self, shard, ids, trigger="arrival"):
        """Handle these messages; split them when they fail together.

        :return: how many messages got an outcome.
        """
        row_id = claim.put_in_flight(self.cr, self.lane_id, shard, ids)
        try:
            items, waiting = self._repeated(lambda: self._attempt(row_id, ids, trigger))
        except Exception as error:  # the handler's: set apart, never swallowed
            if failures.is_database_away(self.cr, error):
                self._give_back(row_id)
                raise
            self._forget()
            return self._apart(row_id, shard, ids, error, trigger)
        self._after_commit(row_id, items, waiting)
        return len(items)

    def _shadow(self, shard, ids):
        """Messages of a channel on trial: planned, and nothing done (ADR 0021).

        :return: how many messages got an outcome.
        """
        row_id = claim.put_in_flight(self.cr, self.lane_id, shard, ids)
        try:
            handled = self._repeated(lambda: shadow.batch(self.env, row_id, ids))
        except Exception as error:
            if failures.is_database_away(self.cr, error):
                self._give_back(row_id)
                raise
            self._forget()
            code, kind = failures.classify(error)
            failures.log(ids[0], code, error)
            return self._record_failure(row_id, ids, code, kind, "arrival")
        return handled

    def _repeated(self, act):
        """``act``, repeated at once while other transactions are in its way."""
        for _left in range(CONFLICT_LIMIT - 1):
            try:
                return act()
            except CONFLICTS:
                self._forget()
        return act()

    def _attempt(self, row_id, ids, trigger):
        """One transaction: documents, outcome, and the end of being in flight, unless what
        some of them wait for is to be looked for once more."""
        items = run.batch(self.env, ids, trigger)
        waiting = supply.missing(self.env, items)
        if not waiting:
            claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        return items, waiting

    def _after_commit(self, row_id, items, waiting):
        """What the outcome of a batch asks for, once it is there for all to see."""
        if waiting:
            self._repeated(lambda: self._look_again(row_id, waiting))
        if any(item.dirty_keys for item in items):
            self.follow_up_due = self.follow_up_due or time.monotonic() + FOLLOW_UP_SECONDS
        if self.follow_up_due and time.monotonic() >= self.follow_up_due:
            self._wake_follow_up()

    def _wake_follow_up(self):
        """Have done what batches have left for later. A drain that dies before leaves it to
        the sweep of every minute."""
        if self.follow_up_due:
            self.follow_up_due = None
            self.env["hc.dirty.key"]._wake()

    def _look_again(self, row_id, waiting):
        """Until this is done the batch stands in flight: whoever finds it so after a kill
        has its messages tried once more (:meth:`_settle_kills`)."""
        supply.resume_supplied(self.env, waiting)
        claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit

    def _forget(self):
        """Undo the transaction and what the ORM remembers of it."""
        self.cr.rollback()
        self.env.transaction.reset()
        self.env = api.Environment(self.cr, SUPERUSER_ID, {})

    # ----------------------------------------------------------------- failures

    def _apart(self, row_id, shard, ids, error, trigger):
        """What failed together is tried in halves; what failed alone has failed."""
        if len(ids) > 1:
            return self._split(row_id, shard, ids)
        code, kind = failures.classify(error)
        failures.log(ids[0], code, error)
        return self._record_failure(row_id, ids, code, kind, trigger)

    def _split(self, row_id, shard, ids):
        claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        middle = len(ids) // 2
        return self._batch(shard, ids[:middle], "split") + self._batch(shard, ids[middle:], "split")

    def _record_failure(self, row_id, ids, code, kind, trigger):
        """Record that these messages failed, each alone.

        A failure that cannot be told to anybody (its issue cannot be written, say) is
        recorded without: what fails must never stand in the way of all others.
        """
        try:
            return self._repeated(lambda: self._fail(row_id, ids, code, kind, trigger))
        except Exception as error:
            if failures.is_database_away(self.cr, error):
                self._give_back(row_id)
                raise
            self._forget()
            failures.log(ids[0], "unexpected", error)
            return self._fail(row_id, ids, code, kind, trigger, is_told=False)

    def _fail(self, row_id, ids, code, kind, trigger, is_told=True):
        rows = claim.take(self.cr, ids)
        run.fail(self.env, rows, code, kind, trigger, is_told)
        if row_id:
            claim.landed(self.cr, row_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        return len(rows)

    def _give_back(self, row_id):
        """The database refuses to work (disk full, say) or has dropped the connection.

        The messages are not to blame, and nobody was killed: the in-flight row goes, over
        another connection if need be. Where that cannot be done either, it is found later,
        and counts as a kill unless PostgreSQL was started anew.
        """
        if not row_id:
            return
        try:
            if self.cr.closed or self.cr._cnx.closed:
                with self.env.registry.cursor() as cr:
                    claim.landed(cr, row_id)
            else:
                self._forget()
                claim.landed(self.cr, row_id)
                self.cr.commit()  # pylint: disable=invalid-commit
        except psycopg2.Error as error:
            _logger.warning("A batch is left in flight: %s", type(error).__name__)

    def _settle_kills(self, shard):
        """Count the kills that in-flight rows bear witness to; end what kills every time."""
        left = self._repeated(lambda: self._taken_over(shard))
        alone = [batch[0] for batch in left if len(batch) == 1]
        rows = claim.take(self.cr, alone) if alone else []
        killers = [row["id"] for row in rows if row["kill_count"] >= KILL_LIMIT]
        if killers:
            self._record_failure(None, killers, "worker_killed", Kind.POISON, "arrival")
        self.cr.commit()  # pylint: disable=invalid-commit

    def _taken_over(self, shard):
        """One transaction: who was in flight is counted as killed, and what had its outcome
        already but was not looked at once more goes on."""
        left = claim.left_in_flight(self.cr, self.lane_id, shard)
        ids = [message_id for batch in left for message_id in batch]
        if ids:
            found = self.env["hc.message"].search([("id", "in", ids), ("state", "=", "review")])
            found._sudo_resume()
        self.cr.commit()  # pylint: disable=invalid-commit
        return left
