# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A push over HTTP: outbound messages that wait become one body, posted under one key.

That it may have left is committed before it leaves. So a worker that finds it does not know
whether it arrived, and does what the channel says of such messages: send the same body under
the same key again, ask the receiver, or have a person find out.
"""

import random
from datetime import UTC, datetime, timedelta

from odoo import fields

from ...messaging.batch import pages, write
from ...messaging.delivery import Answered, judge, judge_status
from ...messaging.errors import Kind, MessageError, spec
from ...messaging.errors_outbound import UNSETTLED
from ...messaging.retry import RetryPolicy, decide
from . import calls
from .push import FilePush, event_of
from .worker import POLICY

TYPES = {
    ("csv", "data"): "text/csv",
    ("ndjson", "data"): "application/x-ndjson",
    ("ndjson", "events"): "application/x-ndjson",
    ("json", "data"): "application/json",
    ("json", "events"): "application/cloudevents-batch+json",
}
LOST = """
WITH part AS (
    SELECT id, message_id FROM hc_sync_run_line WHERE run_id = %(run)s AND state = 'staged'
), lost AS (
    UPDATE hc_message m
       SET state = 'unknown', error_code = %(code)s, attempt_count = attempt_count + 1,
           next_attempt_at = now() AT TIME ZONE 'UTC'
      FROM part WHERE m.id = part.message_id AND m.state = 'queued'
 RETURNING m.id, m.uuid, m.system_id, m.channel_id, m.company_id, m.correlation_identifier
), tried AS (
    INSERT INTO hc_message_attempt (message_id, company_id, started_at, duration_ms, trigger,
           outcome, error_code, batch_size)
    SELECT id, company_id, now() AT TIME ZONE 'UTC', 0, 'arrival', 'unknown', %(code)s, %(total)s
      FROM lost
), told AS (
    UPDATE hc_sync_run_line l SET state = 'unknown', error_code = %(code)s
      FROM part WHERE l.id = part.id
)
SELECT id, uuid, system_id, channel_id, company_id, correlation_identifier FROM lost
"""


class HttpPush(FilePush):
    """Of all that waits on one channel. Its key is the run's number."""

    # The receiver may be away for long: another run would be another key.
    policy = RetryPolicy(1_000_000, POLICY.base_seconds, POLICY.cap_seconds)

    def _name(self, run):
        return None

    def deliver(self, run):
        """Have the receiver take the whole body, once."""
        self.wire()
        to = calls.target(self.job)
        if not run["is_sent"]:
            self._send(run, to)
            return
        code = run["error_code"] if run["error_code"] in UNSETTLED else "delivery_interrupted"
        if self.channel.on_unknown == "person":
            self._end("failed", code, run)
        elif self.channel.on_unknown == "ask":
            self._ask(run, to, code)
        else:
            self._send(run, to)

    def _ask(self, run, to, code):
        self.commit()
        answered = judge_status(calls.ask(to, run["uuid"]))
        if answered is Answered.ARRIVED:
            self._arrived()
        elif answered is Answered.UNCLEAR:
            self._wait(run, code)
        else:
            self.book.set(is_sent=False)
            self._send({**run, "is_sent": False}, to)

    def _send(self, run, to):
        raw, digest = self._body(run)
        if not raw:
            self.book.set(state="finishing", outcome="done")
            return
        if run["file_digest"] not in (None, digest):
            self._changed(run)
            return
        job = self.job
        content_type = TYPES[job.file_format, job.rows_are]
        if job.file_format == "csv":
            content_type = f"{content_type}; charset={job.charset}; header=present"
        self.book.set(file_digest=digest, file_size=len(raw), is_sent=True)
        self.commit()
        exchange = calls.post(to, run["uuid"], content_type, raw)
        self._landed(run, to, exchange)

    def _body(self, run):
        raw = self._content()
        return raw, raw and self._digest(raw)

    def _changed(self, run):
        """Some of it was cancelled or erased: another body needs another key. What may have
        arrived is for a person to find out; of the rest a new run is made."""
        if run["is_sent"]:
            self._end("failed", "delivery_unknown", run)
            return
        self.book.give_up()
        self._end("cancelled", None, run)
        self.job._sudo_queue("next")
        self.commit()

    def _landed(self, run, to, exchange):
        verdict = judge(
            exchange,
            datetime.now(UTC),
            cap_seconds=pages.MOST_WAIT,
            conflict_is_delivered=to.conflict_is_delivered,
        )
        if verdict.is_delivered:
            self._arrived()
        elif spec(verdict.code).kind is not Kind.UNKNOWN:
            # This try did not arrive. Of an earlier one that was not answered it says nothing.
            self.book.set(is_sent=run["is_sent"])
            self.commit()
            raise MessageError(verdict.code, retry_after=verdict.after_seconds)
        elif self.channel.on_unknown == "person":
            self._end("failed", verdict.code, run)
        else:
            self._wait(run, verdict.code)

    def _arrived(self):
        self.book.set(
            state="finishing", outcome="done", is_sent=False, is_written=True, error_code=None
        )

    def _wait(self, run, code):
        """It may have arrived: the same again, or the question again, after a while."""
        attempt = run["attempt_count"] + 1
        after = decide(Kind.TRANSIENT, attempt, self.policy, random.random).after_seconds
        at = fields.Datetime.now() + timedelta(seconds=after)
        self.book.set(error_code=code, attempt_count=attempt, next_try_at=at)
        self._tell_patience(code, attempt, run)
        self.waits = True

    # ------------------------------------------------------------ given up

    def give_up(self, run):
        """A person cancels the run; what may have left is of unknown outcome."""
        if run["is_sent"]:
            self._lose(run, run["error_code"] or "delivery_interrupted")
        return super().give_up(run)

    def _say_end(self, state, code, run):
        if state == "failed" and self.book.look()["is_sent"]:
            self._lose(run, code)
        return super()._say_end(state, code, run)

    def _lose(self, run, code):
        """Nobody knows whether the messages arrived: a person settles them."""
        code = code if code in UNSETTLED else "delivery_interrupted"
        self.cr.execute(LOST, {"run": self.run_id, "code": code, "total": run["row_count"]})
        lost = self.cr.dictfetchall()
        self.book.set(is_sent=False)
        self.env.invalidate_all(flush=False)
        self.env["hc.audit.event"]._append([_audit(one, run) for one in lost])
        self.env["hc.issue"]._report([_occurrence(one, code) for one in lost])

    def _report(self, code):
        if code in UNSETTLED:  # told message by message
            return None
        return super()._report(code)

    def _form(self, messages):
        job = self.job
        if job.file_format != "json":
            return super()._form(messages)
        if job.rows_are == "events":
            messages = [{"payload": event_of(one)} for one in messages]
        return messages and write.array(one["payload"] for one in messages)

    steps = {"queued": FilePush.choose, "applying": deliver, "finishing": FilePush.finish}


def _audit(one, run):
    return {
        "action": "message.unknown",
        "outcome": "unknown",
        "object": one["uuid"],
        "system_id": one["system_id"],
        "company_id": one["company_id"],
        "correlation": one["correlation_identifier"],
        "run": run["uuid"],
    }


def _occurrence(one, code):
    return {
        "message_id": one["id"],
        "waiting": True,
        "system_id": one["system_id"],
        "channel_id": one["channel_id"],
        "company_id": one["company_id"],
        "error_code": code,
        "subject": None,
        "fix": None,
    }
