# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A pull over HTTP: page after page from the job's cursor on.

A page is one unit. Its rows and the cursor that follows it are written in one transaction;
the job's cursor moves on in the transaction that finds them all in the ledger. A worker that
is lost before the first leaves nothing, and the page is asked for again; one that is lost
later leaves rows that the next one applies. Rows have ids of their own, so a page that is
read twice is known.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from ...messaging.batch import events, pages
from ...messaging.errors import MessageError
from . import calls, staging
from .pull import MEGABYTE, FilePull

MOST_PAGES = 1000
"""Pages of a run; another run goes on behind them."""
CURSOR = "SELECT COALESCE(cursor, '') FROM hc_sync_job WHERE id = %s"
MOVE = """
UPDATE hc_sync_job SET cursor = NULLIF(%s, '') WHERE id = %s AND COALESCE(cursor, '') = %s
"""


class HttpPull(FilePull):
    """Of the pages of a source."""

    refusing = frozenset({"rows_invalid", "id_reused"})

    # ------------------------------------------------------------------ queued

    def choose(self, run):
        """Where the run begins."""
        self.wire()
        cursor = self._cursor()
        self.book.set(state="staging", cursor=cursor, cursor_before=cursor)

    def _cursor(self):
        self.cr.execute(CURSOR, [self.job.id])
        return self.cr.fetchone()[0]

    # ----------------------------------------------------------------- staging

    def stage(self, run):
        """Fetch a page, and keep what its rows may keep together with what follows it."""
        _system, channel = self.wire()
        ring, cursor = self.env["hc.keyring"]._ring(), self._cursor()
        page = self._fetch(run, cursor)
        seen = self._goes_on(run, cursor, page)
        first = run["staged_count"]
        read = events.read(page.rows, self._origin(run, channel, ring))
        staged = [staging.row(first + number, event, channel, ring) for number, event in read]
        if staged:
            self.book.stage(staged)
        total = first + len(staged)
        self.book.set(
            state="applying",
            page_cursor=cursor,
            next_cursor=cursor if page.next is None else page.next,
            is_last_page=page.next is None or (not staged and page.next == cursor),
            pages_seen=seen,
            row_count=total,
            attempt_count=0,
            error_code=None,
        )
        self.book.count(page_count=1)
        if self.job.row_policy == "all_or_nothing" and any(row[1] == "invalid" for row in staged):
            self._refuse("rows_invalid")

    def _fetch(self, run, cursor):
        """The page after the cursor. A source may be slow: meanwhile no transaction is open."""
        job, to = self.job, calls.target(self.job)
        paging, most, rows = job._paging(), job.max_megabytes * MEGABYTE, job.max_rows
        url, form = pages.page_url(to.url, cursor, paging), job.file_format
        self.commit()
        exchange = calls.fetch(to, url, run["uuid"], form, most)
        answer = pages.taken(exchange, datetime.now(UTC))
        return pages.read_page(answer, form, url, paging, rows)

    def _goes_on(self, run, cursor, page):
        """Which pages the run has seen, as digests.

        :raise MessageError: ``cursor_stuck`` where what follows was seen already
        """
        seen = [*(run["pages_seen"] or []), _digest(cursor)]
        is_end = page.next is None or (not page.rows and page.next == cursor)
        if not is_end and _digest(page.next) in seen:
            raise MessageError("cursor_stuck")
        return seen

    def _origin(self, run, channel, _ring):
        job = self.job
        return events.Origin(
            source=f"urn:hc:batch:{job.system_id.code}:{channel.code}",
            type=job.message_type_id.name or "",
            file_key="",
            time=run["create_date"].replace(tzinfo=UTC),
            zone=ZoneInfo(channel.options.get("timezone") or "UTC"),
            id_pointers=job._id_pointers(),
            time_pointer=job.time_field or "",
            is_event=job.rows_are == "events",
        )

    # ---------------------------------------------------------------- applying

    def apply(self, run):
        """Put the page's next rows into the ledger; behind the last the cursor moves on."""
        if self.book.staged(1):
            return super().apply(run)
        return self._move_on(run)

    def _move_on(self, run):
        """A cursor that somebody has set meanwhile is theirs: reading goes on from there."""
        self.cr.execute(MOVE, [run["next_cursor"], self.job.id, run["page_cursor"]])
        if not self.cr.rowcount:
            self.book.set(state="staging", cursor=self._cursor(), pages_seen=[])
            return
        self.book.set(cursor=run["next_cursor"])
        full = run["staged_count"] >= self.job.max_rows or run["page_count"] >= MOST_PAGES
        if run["is_last_page"] or full:
            self.book.set(state="finishing", outcome=self._outcome(run))
        else:
            self.book.set(state="staging")

    def _outcome(self, run):
        """A page with bad rows only is behind us, too: refused is what the cursor stays at."""
        return "partial" if run["invalid_count"] + run["conflict_count"] else "done"

    # --------------------------------------------------------------- finishing

    def finish(self, run):
        """Say that the run has ended; one that found nothing by schedule leaves nothing."""
        is_still = not run["staged_count"] and run["cursor"] == run["cursor_before"]
        if is_still and run["trigger"] != "manual":
            self._nothing(run)
            return
        code = run["error_code"] if run["outcome"] == "refused" else None
        self._end(run["outcome"], code, run)
        # Without anything new a source may lead in a large circle.
        if run["outcome"] != "refused" and not run["is_last_page"] and run["accepted_count"]:
            self._next()

    steps = {"queued": choose, "staging": stage, "applying": apply, "finishing": finish}


def _digest(cursor):
    return blake2b(cursor.encode(), digest_size=8).hexdigest()
