# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One batch: taken, handled and recorded in the caller's transaction."""

import random
import time
from datetime import UTC, datetime

from ..messaging.errors import spec
from ..messaging.retry import Dead, Retry, RetryPolicy, Review, decide
from . import claim, pseudonyms, record, screen
from .item import Item


def batch(env, ids, trigger="arrival"):
    """Handle the messages ``ids`` (one type, one system, one company) together.

    :return: their items, with the outcome of each; an exception of the handler is the
        caller's to roll back.
    """
    started, started_at = time.monotonic(), now()
    items = items_of(env, claim.take(env.cr, ids), trigger)
    if items:
        _handle(env, items)
        record.outcomes(env, items, started_at, int((time.monotonic() - started) * 1000))
    return items


def fail(env, rows, code, kind, trigger, is_told=True):
    """Record that each of ``rows`` failed alone, by the policies of its channel and code.

    :param is_told: whether an issue tells people of it.
    """
    for item in items_of(env, rows, trigger):
        decision = decide(
            kind,
            item.retry_count + 1,
            policy_of(item.channel).under(spec(code).retry),
            random.random,
            age_seconds=item.retry_age,
        )
        match decision:
            case Retry(after_seconds=seconds):
                item.fail(code, "retry", seconds)
            case Dead():
                item.fail(code, "dead")
            case Review():
                item.fail(code, "review")
        if not is_told:
            item.occurrences.clear()
        record.outcomes(env, [item], now(), 0)


def plan(env, items):
    """What the handler would do with ``items``, without a write.

    :return: one list of planned effects, or of what stands against them, per item.
    """
    left = screen.before(env, items)
    planned = iter(_handler(env, left[0])._plan(left) if left else ())
    known = {id(item) for item in left}
    return [next(planned) if id(item) in known else screen.plan_of(item) for item in items]


def policy_of(channel):
    """The retry policy that the channel's form shows."""
    return RetryPolicy(
        max_attempts=channel.retry_max_attempts,
        base_seconds=channel.retry_base_seconds,
        cap_seconds=channel.retry_cap_seconds,
        horizon_seconds=channel.retry_horizon_hours * 3600,
    )


def now():
    """Naive UTC to the microsecond, which tells the attempts of two workers apart."""
    return datetime.now(UTC).replace(tzinfo=None)


def _handle(env, items):
    left = screen.before(env, items)
    if left:
        _handler(env, left[0])._handle(left)
        screen.after(env, left)
    env.flush_all()


def _handler(env, first):
    """The handler, acting as the system's own user in the company of the batch."""
    model = env["hc.message.type"]._named(first.type)._handler_model()
    user = env["hc.system"].browse(first.system_id).user_id
    context = {"allowed_company_ids": [first.company_id], "lang": user.lang or "en_US"}
    return model.with_user(user).with_context(**context)


def items_of(env, rows, trigger):
    """The items of rows of the ledger, as handlers get them."""
    channels = env["hc.channel"].browse({row["channel_id"] for row in rows})
    by_id = {channel.id: channel for channel in channels}
    # Documents are found by what their persons are known by, whatever version of a key came.
    contents = pseudonyms.resolve(env, [row["payload"] or {} for row in rows])
    return [
        _item(env, row, content, by_id[row["channel_id"]], trigger)
        for row, content in zip(rows, contents, strict=True)
    ]


def _item(env, row, content, channel, trigger):
    return Item(
        message_id=row["id"],
        uuid=row["uuid"],
        type=env["hc.message.type"].browse(row["message_type_id"]).name,
        data=content,
        system_id=row["system_id"],
        channel=channel,
        company_id=row["company_id"],
        event_id=row["message_identifier"],
        source=row["source"],
        event_time=row["event_time"],
        received_at=row["create_date"],
        weak_key=bool(row["weak_key"]),
        attempt_count=row["attempt_count"],
        retry_count=row["retry_count"],
        retry_age=float(row["retry_age"]),
        causation=row["causation_identifier"],
        owner_waived=row["owner_waived"],
        trigger="retry" if row["state"] == "retry" else trigger,
        correlation=row["correlation_identifier"],
    )
