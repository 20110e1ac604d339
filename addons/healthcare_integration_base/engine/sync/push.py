# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A push: outbound messages that wait become one file of a store.

The messages are chosen in one transaction, so a worker that is lost leaves a list that the
next one writes again: the same name and the same content. They count as delivered once the
whole file is there under its name.
"""

from datetime import UTC

from ...messaging.batch import write
from ...messaging.digest import keyed
from ...messaging.errors import MessageError
from .worker import Worker

CHUNK = 500
MOST_BYTES = 500 * 1024 * 1024

CHOOSE = """
SELECT m.id FROM hc_message m
 WHERE m.channel_id = %s AND m.direction = 'out' AND m.state = 'queued'
 ORDER BY m.id LIMIT %s
"""
CONTENT = """
SELECT l.id, m.uuid, m.message_identifier, m.source, t.name AS type, m.subject, m.event_time,
       m.correlation_identifier, m.causation_identifier, m.payload
  FROM hc_sync_run_line l
  JOIN hc_message m ON m.id = l.message_id
  JOIN hc_message_type t ON t.id = m.message_type_id
 WHERE l.run_id = %s AND l.state = 'staged' AND m.state = 'queued' AND m.payload IS NOT NULL
 ORDER BY l.number
"""
DROP_OTHERS = """
UPDATE hc_sync_run_line SET state = 'cancelled'
 WHERE run_id = %s AND state = 'staged' AND NOT id = ANY(%s)
"""
DELIVERED = """
WITH part AS (
    SELECT l.id, l.message_id FROM hc_sync_run_line l
     WHERE l.run_id = %(run)s AND l.state = 'staged' ORDER BY l.number LIMIT %(limit)s
), sent AS (
    UPDATE hc_message m
       SET state = 'done', done_at = now() AT TIME ZONE 'UTC', attempt_count = attempt_count + 1,
           error_code = NULL
      FROM part WHERE m.id = part.message_id
 RETURNING m.id, m.uuid, m.system_id, m.company_id, m.correlation_identifier
), tried AS (
    INSERT INTO hc_message_attempt
           (message_id, company_id, started_at, duration_ms, trigger, outcome, batch_size)
    SELECT id, company_id, now() AT TIME ZONE 'UTC', 0, 'arrival', 'done', %(total)s FROM sent
), told AS (
    UPDATE hc_sync_run_line l SET state = 'delivered' FROM part WHERE l.id = part.id
)
SELECT uuid, system_id, company_id, correlation_identifier FROM sent
"""


class FilePush(Worker):
    """Of all that waits on one channel."""

    def choose(self, run):
        """Say which messages the file holds, and how it is called."""
        self.wire()
        self.cr.execute(CHOOSE, [self.channel.id, self.job.max_rows])
        ids = [row[0] for row in self.cr.fetchall()]
        if not ids:
            self._nothing(run)
            return
        self.book.stage(
            [(number, "staged", None, None, None, one) for number, one in enumerate(ids, 1)]
        )
        self.book.set(state="applying", file_name=self._name(run), row_count=len(ids))

    def _nothing(self, run):
        if run["trigger"] == "manual":
            self._end("done", None, run)
        else:
            self.book.delete()
            self.commit()
            self.is_over = True

    def _name(self, run):
        return (
            f"{self.job.file_prefix}-{run['create_date']:%Y%m%dT%H%M%S}-{run['uuid'][:8]}"
            f".{self.job.file_format}"
        )

    def deliver(self, run):
        """Have the file there as a whole, once."""
        with self.job.store_id._open().session() as files:
            if files.info(run["file_name"]) is None:
                raw = self._content()
                if raw:
                    digest = self._digest(raw)
                    self.book.set(file_digest=digest, file_size=len(raw))
                    self.commit()
                    files.put(run["file_name"], raw)
            else:
                self._check_ours(files, run)
        self.book.set(state="finishing", outcome="done", is_written=True)

    def _check_ours(self, files, run):
        """A lost worker has written it; what another wrote under the name is not touched."""
        raw = files.fetch(run["file_name"], MOST_BYTES)
        if self._digest(raw) != run["file_digest"]:
            raise MessageError("file_exists")

    def _digest(self, raw):
        return keyed(self.env["hc.keyring"]._ring().digest_key, "hc.batch.content", raw)

    def _content(self):
        """The file. What was cancelled or erased since it was chosen is not in it."""
        self.cr.execute(CONTENT, [self.run_id])
        messages = self.cr.dictfetchall()
        self.cr.execute(DROP_OTHERS, [self.run_id, [one["id"] for one in messages]])
        return self._form(messages)

    def _form(self, messages):
        job = self.job
        if job.file_format == "csv":
            payloads = (one["payload"] for one in messages)
            try:
                return messages and write.table(payloads, job.column_ids._columns(), job._dialect())
            except UnicodeEncodeError:
                raise MessageError("encoding_invalid") from None
        form = event_of if job.rows_are == "events" else _data
        return write.ndjson(map(form, messages))

    def finish(self, run):
        """The messages of the file are delivered."""
        self.cr.execute(DELIVERED, {"run": self.run_id, "limit": CHUNK, "total": run["row_count"]})
        sent = self.cr.dictfetchall()
        if not sent:
            self._end("done", None, run)
            return
        self.book.count(delivered_count=len(sent))
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "message.delivered",
                    "outcome": "done",
                    "object": one["uuid"],
                    "system_id": one["system_id"],
                    "company_id": one["company_id"],
                    "correlation": one["correlation_identifier"],
                    "run": run["uuid"],
                }
                for one in sent
            ]
        )

    steps = {"queued": choose, "applying": deliver, "finishing": finish}


def _data(message):
    return message["payload"]


def event_of(message):
    """CloudEvents 1.0, structured."""
    moment = message["event_time"]
    event = {
        "specversion": "1.0",
        "id": message["message_identifier"],
        "source": message["source"],
        "type": message["type"],
        "time": moment and moment.replace(tzinfo=UTC).isoformat(),
        "subject": message["subject"],
        "correlationid": message["correlation_identifier"],
        "causationid": message["causation_identifier"],
        "data": message["payload"],
    }
    return {name: value for name, value in event.items() if value is not None}
