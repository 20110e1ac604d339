# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sending what is due in an outbound lane (ADR 0014).

One thread has the database, others have the network, and never the one the other: no
transaction is open while a receiver is waited for, and one that hangs holds up nobody else.
For each message:

1. lock its endpoint; whatever stands on its way there now was killed, and may have arrived;
2. write that it is being sent, commit;
3. send it;
4. record the outcome and forget that it is being sent: one transaction, one commit.

The commits of this module are where an outcome becomes durable.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack

from odoo import SUPERUSER_ID, api

from ...messaging.breaker import Gate
from .. import wake
from ..drain import CONFLICT_LIMIT, LINGER_SECONDS, POLL_SECONDS, RUN_SECONDS
from ..failures import CONFLICTS
from ..locks import lock_key, session_lock
from . import gate, queue, settle
from .target import target_of

_logger = logging.getLogger(__name__)
ENDPOINT = "hc.endpoint"
THREADS = 16


class Dispatch:
    """One run over an outbound lane, on the cursor of the lane's environment."""

    def __init__(self, lane):
        self.env = lane.env(user=SUPERUSER_ID)
        self.cr = self.env.cr
        self.lane_id = lane.id
        self.left = None
        self.deadline = time.monotonic() + RUN_SECONDS
        self.flying = {}
        self.hands = {}
        self.total = 0
        self.turn = 0

    def run(self, limit=None):
        """Send what is due; see ``hc.lane._drain``."""
        self.left = limit
        with ThreadPoolExecutor(THREADS, thread_name_prefix="hc-send") as pool:
            with ExitStack() as locks:
                self._work(pool, locks)
        self.cr.commit()  # pylint: disable=invalid-commit
        if time.monotonic() >= self.deadline and queue.endpoints(self.cr, self.lane_id):
            self.cr.commit()  # pylint: disable=invalid-commit
            wake.wake_lanes(self.cr, [self.lane_id], force=True)
        self._look_ahead()
        return self.total

    def _look_ahead(self):
        """Be woken when what failed is to be tried again, or a breaker lets a probe pass."""
        later = queue.next_moment(self.cr, self.lane_id)
        if later:
            self.env["hc.lane"].browse(self.lane_id)._start_drains_at(*later)
        self.cr.commit()  # pylint: disable=invalid-commit

    def _work(self, pool, locks):
        idle_since = time.monotonic()
        while True:
            if self._may_begin():
                self._fill(pool, locks)
            if self.flying:
                self._land()
                idle_since = time.monotonic()
            elif not self._may_begin() or not self._linger(idle_since):
                break

    def _may_begin(self):
        return time.monotonic() < self.deadline and (self.left is None or self.left > 0)

    def _linger(self, idle_since):
        """Whoever signals now does not signal again soon; see :mod:`..drain`."""
        if self.left is not None or time.monotonic() - idle_since > LINGER_SECONDS:
            return False
        time.sleep(POLL_SECONDS)
        return True

    # --------------------------------------------------------------------- taking

    def _fill(self, pool, locks):
        """Take turns: one message of each endpoint, until there is no room or nothing due."""
        wake.clear_signal(self.cr, self.lane_id)
        waiting = queue.endpoints(self.cr, self.lane_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        self.turn += 1
        start = self.turn % len(waiting) if waiting else 0
        waiting = waiting[start:] + waiting[:start]
        while waiting and len(self.flying) < THREADS and self._may_begin():
            waiting = [one for one in waiting if self._begin(one, pool, locks)]

    def _begin(self, endpoint_id, pool, locks):
        """Put one message of the endpoint on its way; says whether there may be more."""
        if not self._may_begin() or len(self.flying) >= THREADS:
            return False
        try:
            target = self._target(endpoint_id, locks)
            if target is None or self._count(endpoint_id) >= target.max_parallel:
                return False
            parcel = self._take(target)
        except CONFLICTS:
            self._forget()
            return False
        if parcel is None:
            return False
        if self.left is not None:
            self.left -= 1
        if target.problem:
            self._settle(parcel, lambda env: settle.unusable(env, target, parcel))
            return True
        return self._hand_over(pool, target, parcel)

    def _hand_over(self, pool, target, parcel):
        call = target.ask if parcel.asks else target.send
        try:
            self.flying[pool.submit(call, parcel.message)] = (target, parcel)
        except RuntimeError:  # the process is coming to its end and begins no more threads
            queue.take_back(self.cr, parcel)
            self.deadline = 0
            return False
        return True

    def _count(self, endpoint_id):
        return sum(target.id == endpoint_id for target, _parcel in self.flying.values())

    def _target(self, endpoint_id, locks):
        """The endpoint in our hands, as it is now; none where another worker has it."""
        if endpoint_id not in self.hands:
            lock = session_lock(self.cr, lock_key(ENDPOINT, self.lane_id, endpoint_id))
            if not locks.enter_context(lock):
                return None
            self.hands[endpoint_id] = (None, None)
            self._settle_killed(endpoint_id)
        self.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all(flush=False)
        endpoint = self.env["hc.endpoint"].browse(endpoint_id)
        version, target = self.hands[endpoint_id]
        if version != endpoint.write_date:
            target = target_of(endpoint)
            self.hands[endpoint_id] = (endpoint.write_date, target)
        return target

    def _settle_killed(self, endpoint_id):
        for _attempt in range(CONFLICT_LIMIT):
            try:
                self.total += settle.interrupted(self.env, self.lane_id, endpoint_id)
                self.env.flush_all()
                self.cr.commit()  # pylint: disable=invalid-commit
                return
            except CONFLICTS:
                self._forget()

    def _take(self, target):
        """The endpoint's next message, on its way; none where none may be sent now."""
        self.cr.commit()  # pylint: disable=invalid-commit
        breaker, now = gate.read(self.cr, target.id)
        may = breaker.gate(now)
        if may is Gate.WAIT:
            return None
        is_probe = may is Gate.PROBE
        found = queue.find(self.cr, self.lane_id, target.id, is_probe)
        parcels = queue.take(self.cr, target.id, [found]) if found else []
        if not parcels:
            return None
        if is_probe and not gate.take_probe(self.cr, target.id, target.probe_lease_seconds):
            self.cr.rollback()
            return None
        parcels[0].is_probe = is_probe
        queue.put_on_way(self.cr, parcels[0])
        return parcels[0]

    # -------------------------------------------------------------------- landing

    def _land(self):
        """Record what has come back."""
        done, _flying = wait(self.flying, POLL_SECONDS, FIRST_COMPLETED)
        for future in done:
            target, parcel = self.flying.pop(future)
            record = settle.asked if parcel.asks else settle.sent
            exchange = future.result()
            self._settle(
                parcel,
                lambda env, t=target, p=parcel, e=exchange, record=record: record(env, t, p, e),
            )

    def _settle(self, parcel, record):
        """Record an outcome; what is in the way is repeated, since it happened."""
        for left in reversed(range(CONFLICT_LIMIT * 4)):
            try:
                self.cr.commit()  # pylint: disable=invalid-commit
                follows = record(self.env)
                self.env.flush_all()
                self.cr.commit()  # pylint: disable=invalid-commit
                break
            except CONFLICTS:
                self._forget()
                if not left:
                    raise
                time.sleep(0.01)
        self.total += 1
        if follows.code:
            _logger.info("Message %s was not delivered: %s", parcel.id, follows.code)

    def _forget(self):
        """Undo the transaction and what the ORM remembers of it."""
        self.cr.rollback()
        self.env.transaction.reset()
        self.env = api.Environment(self.cr, SUPERUSER_ID, {})
