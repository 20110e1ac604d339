# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Messages of channels and types on trial: handled, looked at, taken back (ADR 0021).

The handler really runs, in a transaction of its own that is never committed, as in a dry run.
The drain that asks for it holds the writer's lock. What would have come of each message is kept
(``hc.shadow.plan``), and the message has come to its end without an effect.
"""

import time
from dataclasses import dataclass, field

from odoo import SUPERUSER_ID, api

from ..messaging.errors_shadow import SHADOW
from . import claim, record, run
from .rehearsal import Rehearsal

LOCK_TIMEOUT = "5s"


@dataclass(slots=True)
class Plan:
    """What would have come of one message.

    :param effects: dicts of role, model, and the digest of the content where there is one
    :param followup: kinds of follow-up work; ``replies`` types of messages that would leave
    """

    state: str
    error_code: str | None = None
    effects: list[dict] = field(default_factory=list)
    followup: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    company_id: int | None = None

    @property
    def is_moved(self):
        """Whether the message belongs to another company, and is to be tried there."""
        return self.state == "received"


class Trial(Rehearsal):
    """Messages of one type, system and company, each with its plan afterwards."""

    def __init__(self, registry):
        self.registry = registry
        self.plans = {}

    def run(self, ids):
        """:return: plans by message id; none of a message that somebody else holds just now"""
        with self.registry.cursor() as cr:
            self.cr, self.env = cr, api.Environment(cr, SUPERUSER_ID, {})
            try:
                cr.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
                self._batch(ids)
            finally:
                if not cr._cnx.closed:
                    cr.rollback()
        return self.plans

    def _note(self, item):
        effects = [
            {"role": one.role, "model": one.res_model, "digest": one.content_digest}
            for one in item.effects
        ]
        self.plans[item.message_id] = Plan(
            item.state,
            item.error_code,
            effects,
            sorted({kind for kind, _key in item.dirty_keys}),
            [reply.type for reply in item.replies],
            item.company_id,
        )

    def _failed(self, message_id, state, code):
        self.plans[message_id] = Plan(state, code)


def batch(env, row_id, ids):
    """Try the messages ``ids`` out and keep what was found, in the environment's transaction,
    which is committed.

    :param row_id: the in-flight row of the batch, which goes with it
    :return: how many messages got an outcome
    """
    started, started_at = time.monotonic(), run.now()
    plans = Trial(env.registry).run(ids)
    rows = claim.take(env.cr, list(plans))
    items = run.items_of(env, rows, "shadow")
    for item in items:
        _settle(item, plans[item.message_id])
    record.move(env.cr, [item for item in items if item.state == "received"])
    tried = [item for item in items if item.state != "received"]
    if tried:
        record.planned(env, tried, started_at, int((time.monotonic() - started) * 1000))
        env["hc.shadow.plan"]._sudo_keep(
            {item.message_id: plans[item.message_id] for item in tried}
        )
    claim.landed(env.cr, row_id)
    env.cr.commit()  # pylint: disable=invalid-commit
    return len(items)


def _settle(item, plan):
    """What the ledger says of a message that was tried out."""
    if plan.is_moved:
        item.move_to_company(plan.company_id)
    else:
        item.state, item.error_code = "cancelled", SHADOW
