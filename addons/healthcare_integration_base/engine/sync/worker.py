# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The steps of a run, whatever it does. Each step commits what it has reached, so that a
crash costs no more than a step, and the next worker goes on there."""

import logging
import random
import time
from datetime import timedelta

import psycopg2

from odoo import fields

from ...messaging.errors import Kind, MessageError, spec
from ...messaging.retry import Retry, RetryPolicy, decide
from .book import Book

_logger = logging.getLogger(__name__)
POLICY = RetryPolicy(max_attempts=6, base_seconds=30, cap_seconds=1800)
MAX_CRASHES = 5
FINAL = ("done", "partial", "refused", "failed", "cancelled")
LOST = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)


class Worker:
    """One run in the hands of the process that holds its job's lock.

    :param deadline: ``time.monotonic()`` after which another job's turn has come
    """

    steps = {}
    refusing = frozenset()
    policy = POLICY

    def __init__(self, run, deadline):
        self.env = run.env
        self.cr = run.env.cr
        self.job = run.job_id
        self.channel = run.channel_id
        self.run_id = run.id
        self.book = Book(self.cr, run.id, run.company_id.id)
        self.deadline = deadline
        self.seen = None

    def work(self):
        """Go on with the run until it ends, has to wait, or its time is up.

        :return: whether there is more to do at once
        """
        if not self._begin():
            return False
        while True:
            try:
                if self._step():
                    break
            except LOST:
                self.cr.rollback()
            except MessageError as error:
                self._fail(error)
                break
            except psycopg2.Error:
                raise
            except Exception as error:  # an error of ours is no reason to lose the run
                _logger.exception("Run %s: %s", self.run_id, type(error).__name__)
                self._fail(MessageError("internal_error"))
                break
        return self._pause()

    def is_late(self):
        """Whether another job's turn has come."""
        return time.monotonic() > self.deadline

    # ----------------------------------------------------------------- a step

    def _begin(self):
        """Say that the run is in hand; one that kills its workers is left."""
        run = self.book.look()
        if self.job.system_id._is_foreign():
            self._end("failed", "environment_mismatch", run)
            return False
        crashes = run["crash_count"] + bool(run["is_busy"])
        if crashes >= MAX_CRASHES:
            self._end("failed", "worker_killed", run)
            return False
        self.book.set(is_busy=True, crash_count=crashes, next_try_at=None)
        self.cr.execute(
            "UPDATE hc_sync_run SET started_at = now() AT TIME ZONE 'UTC'"
            " WHERE id = %s AND started_at IS NULL",
            [self.run_id],
        )
        self.commit()
        return True

    def _step(self):
        """One step; says whether the run rests now."""
        self.seen = run = self.book.look()
        if run["cancel_requested"] and run["state"] != "finishing" and not run["is_written"]:
            self.give_up(run)
            self._end("cancelled", None, run)
            return True
        if run["state"] in FINAL:
            return True
        self.steps[run["state"]](self, run)
        if run["crash_count"] and not self.is_over:
            self.book.set(crash_count=0)  # it got on: not this step kills the workers
        self.commit()
        return self.is_over or self.waits or self.is_late()

    is_over = False

    def give_up(self, run):
        """A person cancels the run."""
        self.book.give_up()

    def _pause(self):
        """:return: whether there is more to do at once"""
        if self.is_over:
            return False
        run = self.book.look()
        self.book.set(is_busy=False)
        self.commit()
        return run["state"] not in FINAL and not self.waits

    waits = False

    def commit(self):
        """What was reached is kept, and shown."""
        self.env.flush_all()
        self.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all(flush=False)

    # ------------------------------------------------------------------- ends

    def _fail(self, error):
        self.cr.rollback()
        self.env.invalidate_all(flush=False)
        run = self.book.look()
        kind = spec(error.code).kind
        if error.code in self.refusing and run["state"] in ("queued", "staging", "applying"):
            self._refuse(error.code)
            return
        # Who is asked to come back later has not failed.
        attempt = run["attempt_count"] + (error.retry_after is None)
        decision = decide(kind, max(attempt, 1), self.policy, random.random)
        if isinstance(decision, Retry) and kind is Kind.TRANSIENT:
            seconds = max(decision.after_seconds, error.retry_after or 0)
            at = fields.Datetime.now() + timedelta(seconds=seconds)
            self.book.set(error_code=error.code, attempt_count=attempt, next_try_at=at)
            self._tell_patience(error.code, attempt, run)
            self.commit()
            self.waits = True
        else:
            self._end("failed", error.code, run)

    def _tell_patience(self, code, attempt, run):
        """Whoever tries for ever says so once."""
        if self.policy is not POLICY and attempt == POLICY.max_attempts > run["attempt_count"]:
            self._report(code)

    def _refuse(self, code):
        """The whole file is no good: nothing of it is applied."""
        self.book.give_up()
        self.book.set(state="finishing", outcome="refused", error_code=code)
        self.commit()

    def _end(self, state, code, run):
        """Told to all in one transaction; somebody may report the same issue at this moment."""
        for _attempt in range(MAX_CRASHES):
            try:
                self._say_end(state, code, run)
                self.commit()
                break
            except LOST:
                self.cr.rollback()
        self.is_over = True

    def _say_end(self, state, code, run):
        self.book.set(
            state=state,
            error_code=code,
            is_busy=False,
            finished_at=fields.Datetime.now(),
            resume_state=run["state"],
        )
        self._tell(state, code, run)

    def _tell(self, state, code, run):
        """The trail, and whoever answers for the channel when a person is needed."""
        channel = self.channel
        common = {"system_id": channel.system_id.id, "company_id": self.book.company_id}
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "sync.finished",
                    "outcome": state,
                    "object": run["uuid"],
                    "code": code,
                    "digest": run["file_digest"],
                    **common,
                }
            ]
        )
        if state in ("failed", "refused") and code:
            self._report(code)

    def _report(self, code):
        """Have whoever answers for the channel look at it."""
        channel = self.channel
        self.env["hc.issue"]._report(
            [
                {
                    "message_id": None,
                    "waiting": False,
                    "system_id": channel.system_id.id,
                    "company_id": self.book.company_id,
                    "channel_id": channel.id,
                    "error_code": code,
                    "subject": channel.code,
                    "fix": None,
                }
            ]
        )

    def wire(self):
        """The system and the channel as the engine knows them.

        :raise MessageError: ``channel_closed``
        """
        system = self.channel.system_id._wire_system()
        config = next((one for one in system.channels if one.id == self.channel.id), None)
        if config is None or config.state != "active":
            raise MessageError("channel_closed")
        return system, config
