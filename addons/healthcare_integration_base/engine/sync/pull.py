# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A pull: rows of a file are read, checked and minimized, then kept as messages.

The file stays where it is until its rows are in the ledger. Whatever kills the worker
before that, the same file is read again, gives the same events, and those that are kept
already are known.
"""

import time
from datetime import UTC
from itertools import islice
from zoneinfo import ZoneInfo

from ...messaging.batch import events, rows
from ...messaging.digest import keyed
from ...messaging.errors import MessageError
from ...messaging.files.names import MAX_NAME
from ..ledger import Group
from . import staging
from .keeping import RunLedger
from .worker import Worker

CHUNK = 250
MEGABYTE = 1024 * 1024
DONE, REFUSED = "done", "refused"


class FilePull(Worker):
    """Of one file of a store."""

    refusing = frozenset(
        {
            "file_malformed",
            "file_header_invalid",
            "file_too_large",
            "file_too_many_rows",
            "rows_invalid",
            "id_reused",
            "encoding_invalid",
            "too_many_delimiters",
            "nesting_too_deep",
        }
    )

    # ------------------------------------------------------------------ queued

    def choose(self, run):
        """The oldest file that is complete, if there is one."""
        self.wire()
        with self.job.store_id._open().session() as files:
            found = self._complete(files)
        fresh = [one for one in found if not self._is_done(one)]
        if not fresh:
            self._nothing(run)
            return
        # A file that cannot be taken must not keep those behind it waiting.
        one = min(fresh, key=lambda one: self._has_run(one, ["failed"]))
        self.book.set(
            state="staging",
            file_name=one.name,
            file_size=one.size,
            file_time=one.modified.replace(tzinfo=None),
        )

    def _complete(self, files):
        """Files that stay the same for a moment: nobody writes them any more."""
        before = files.listing(self.job.pattern or "*")
        if not before:
            return []
        time.sleep(self.job.settle_seconds)
        after = set(files.listing(self.job.pattern or "*"))
        return [one for one in before if one in after]

    def _is_done(self, one):
        """Where files are left, those that were taken are remembered."""
        taken = ["done", "partial", "refused"]
        return self.job.after_success == "keep" and self._has_run(one, taken)

    def _has_run(self, one, states):
        """Whether a run of this very file ended in one of these states."""
        self.cr.execute(
            "SELECT 1 FROM hc_sync_run WHERE job_id = %s AND file_name = %s AND file_size = %s"
            " AND file_time = %s AND state = ANY(%s) LIMIT 1",
            [self.job.id, one.name, one.size, one.modified.replace(tzinfo=None), states],
        )
        return bool(self.cr.rowcount)

    def _nothing(self, run):
        if run["trigger"] == "manual":
            self._end("done", None, run)
        else:
            self.book.delete()
            self.commit()
            self.is_over = True

    # ----------------------------------------------------------------- staging

    def stage(self, run):
        """Read the file and keep what its rows may keep, a chunk for each transaction."""
        _system, channel = self.wire()
        raw = self._read(run)
        run = self._same_file(run, raw)
        ring = self.env["hc.keyring"]._ring()
        read = events.read(self._rows(raw), self._origin(run, channel, ring))
        read = islice(read, run["staged_count"], None)  # what a lost worker had read
        while chunk := list(islice(read, CHUNK)):
            self.book.stage([staging.row(number, event, channel, ring) for number, event in chunk])
            self.commit()
            if self.book.look()["cancel_requested"]:
                return
        self._staged()

    def _read(self, run):
        most = self.job.max_megabytes * MEGABYTE
        with self.job.store_id._open().session() as files:
            return files.fetch(run["file_name"], most)

    def _same_file(self, run, raw):
        """The run as it is now; what was read of another content is forgotten."""
        ring = self.env["hc.keyring"]._ring()
        digest = keyed(ring.digest_key, "hc.batch.content", raw)
        if run["file_digest"] and run["file_digest"] != digest:
            self.book.forget_rows()
        form = self.job.file_format
        self.book.set(file_digest=digest, file_size=len(raw), row_count=rows.estimate(raw, form))
        self.commit()
        return self.book.look()

    def _rows(self, raw):
        job = self.job
        if job.file_format == "csv":
            targets = job.message_type_id._contract().targets
            found = rows.read_csv(raw, job._dialect(), job.column_ids._columns(), targets)
        else:
            found = {"ndjson": rows.read_ndjson, "json": rows.read_array}[job.file_format](raw)
        return rows.limited(found, job.max_rows)

    def _origin(self, run, channel, ring):
        job = self.job
        moment = run["file_time"].replace(tzinfo=UTC)
        dated = moment if job.identity == "file_time" else None
        return events.Origin(
            source=f"urn:hc:batch:{job.system_id.code}:{channel.code}",
            type=job.message_type_id.name or "",
            file_key=events.file_key(ring.digest_key, run["file_name"], run["file_digest"], dated),
            time=moment,
            zone=ZoneInfo(channel.options.get("timezone") or "UTC"),
            id_pointers=job._id_pointers(),
            time_pointer=job.time_field or "",
            is_event=job.rows_are == "events",
        )

    def _staged(self):
        run = self.book.look()
        self.book.set(row_count=run["staged_count"])
        if run["invalid_count"] and self.job.row_policy == "all_or_nothing":
            raise MessageError("rows_invalid")
        self.book.set(state="applying")

    # ---------------------------------------------------------------- applying

    def apply(self, run):
        """Put the next rows into the ledger; their outcome is part of the transaction."""
        system, channel = self.wire()
        together = self.job.row_policy == "all_or_nothing"
        rows_ = self.book.staged(self.job.max_rows if together else CHUNK)
        if not rows_:
            self.book.set(state="finishing", outcome=self._outcome(run))
            return
        entries = [staging.unpacked(staged, channel) for _id, staged in rows_]
        ids = [line for line, _staged in rows_]
        if together:
            groups, lines = [Group(entries)], [ids]
        else:
            groups, lines = [Group([one]) for one in entries], [[line] for line in ids]
        ledger = RunLedger(self.env, system, self.book, lines)
        ledger.store(groups)
        if together and isinstance(groups[0].result, MessageError):
            self._refuse_rows(ledger, groups[0], ids)

    def _refuse_rows(self, ledger, group, ids):
        """None is applied; those that stand against it are named."""
        bad = zip(ids, ledger.conflicts(group), strict=True)
        self.book.outcomes(
            [
                {"id": line, "state": "conflict", "error_code": "id_reused", "uuid": None}
                for line, is_bad in bad
                if is_bad
            ]
        )
        self._refuse(group.result.code)

    def _outcome(self, run):
        bad = run["invalid_count"] + run["conflict_count"]
        good = run["accepted_count"] + run["duplicate_count"]
        if not bad:
            return "done"
        return "partial" if good else "refused"

    # --------------------------------------------------------------- finishing

    def finish(self, run):
        """Put the file away, then say that the run has ended."""
        self._put_away(run)
        code = run["error_code"] if run["outcome"] == "refused" else None
        if run["outcome"] == "refused" and not code:
            code = "rows_invalid"
        self._end(run["outcome"], code, run)
        self._next()

    def _put_away(self, run):
        """A file that was replaced meanwhile is another one, and stays for the next run."""
        job = self.job
        if job.after_success == "keep":
            return
        name = run["file_name"]
        with job.store_id._open().session() as files:
            info = files.info(name)
            if info is None or not self._is_the_same(info, run):
                return
            if run["outcome"] == "refused":
                files.move(name, REFUSED, self._kept_name(run))
            elif job.after_success == "delete":
                files.delete(name)
            else:
                files.move(name, DONE, self._kept_name(run))

    @staticmethod
    def _is_the_same(info, run):
        same_time = info.modified.replace(tzinfo=None) == run["file_time"]
        return same_time and info.size == run["file_size"]

    @staticmethod
    def _kept_name(run):
        """Files of one name, night after night, do not replace each other."""
        return f"{run['create_date']:%Y%m%dT%H%M%S}-{run['id']}-{run['file_name']}"[-MAX_NAME:]

    def _next(self):
        """Other files may be there: they have runs of their own."""
        self.job._sudo_queue("next")
        self.commit()

    steps = {"queued": choose, "staging": stage, "applying": apply, "finishing": finish}
