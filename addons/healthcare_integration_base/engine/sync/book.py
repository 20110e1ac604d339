# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is written about a run: its rows and counters, in SQL like the ledger.

A run is written by one worker at a time (the job's lock), and by a person who cancels it.
"""

import json

from psycopg2.extras import Json

from odoo.tools import SQL

NAMES = (
    "id",
    "uuid",
    "job_id",
    "state",
    "outcome",
    "trigger",
    "file_name",
    "file_size",
    "file_time",
    "file_digest",
    "is_written",
    "row_count",
    "staged_count",
    "accepted_count",
    "duplicate_count",
    "invalid_count",
    "conflict_count",
    "delivered_count",
    "error_code",
    "attempt_count",
    "crash_count",
    "is_busy",
    "cancel_requested",
    "create_date",
    "page_count",
    "pages_seen",
    "cursor_before",
    "cursor",
    "page_cursor",
    "next_cursor",
    "is_last_page",
    "is_sent",
)
EMPTY = ("cursor_before", "cursor", "page_cursor", "next_cursor")
NOW = "now() AT TIME ZONE 'UTC'"


class Book:
    """:param cr: cursor of the worker; every method is part of its transaction"""

    def __init__(self, cr, run_id, company_id):
        self.cr = cr
        self.run_id = run_id
        self.company_id = company_id

    def look(self):
        """The run as it is now, as a dict."""
        names = SQL(", ").join(map(SQL.identifier, NAMES))
        self.cr.execute(SQL("SELECT %s FROM hc_sync_run WHERE id = %s", names, self.run_id))
        run = dict(zip(NAMES, self.cr.fetchone(), strict=True))
        return {**run, **{name: run[name] or "" for name in EMPTY}}

    def set(self, **values):
        """Write columns of the run."""
        self._update(
            SQL("%s = %s", SQL.identifier(name), _column(value)) for name, value in values.items()
        )

    def count(self, **more):
        """Add to counters of the run."""
        columns = {name: SQL.identifier(name) for name in more}
        self._update(
            SQL("%s = %s + %s", columns[name], columns[name], number)
            for name, number in more.items()
        )

    def _update(self, changes):
        changed = SQL(", ").join(changes)
        self.cr.execute(SQL("UPDATE hc_sync_run SET %s WHERE id = %s", changed, self.run_id))

    # ----------------------------------------------------------------------- rows

    def stage(self, rows):
        """Add rows: ``(number, state, error_code, detail, staged, message_id)``."""
        self.cr.execute_values(
            "INSERT INTO hc_sync_run_line (run_id, company_id, number, state, error_code, detail,"
            " staged, message_id) VALUES %s",
            [
                (
                    self.run_id,
                    self.company_id,
                    number,
                    state,
                    code,
                    detail,
                    staged and Json(staged),
                    message_id,
                )
                for number, state, code, detail, staged, message_id in rows
            ],
            page_size=1000,
        )
        invalid = sum(row[1] == "invalid" for row in rows)
        self.count(staged_count=len(rows), invalid_count=invalid)

    def staged(self, limit):
        """Rows that are still to be applied: id and what was staged, in their order."""
        self.cr.execute(
            "SELECT id, staged FROM hc_sync_run_line WHERE run_id = %s AND state = 'staged'"
            " ORDER BY number LIMIT %s",
            [self.run_id, limit],
        )
        return self.cr.fetchall()

    def outcomes(self, rows):
        """What became of staged rows: dicts of id, state, error_code and message uuid."""
        self.cr.execute(
            "UPDATE hc_sync_run_line l SET state = v.state, error_code = v.error_code,"
            " staged = NULL, message_id = m.id"
            " FROM json_to_recordset(%s) AS v(id integer, state text, error_code text, uuid text)"
            " LEFT JOIN hc_message m ON m.uuid = v.uuid"
            " WHERE l.id = v.id AND l.state = 'staged'",
            [json.dumps(rows)],
        )
        states = [row["state"] for row in rows]
        found = {state: states.count(state) for state in set(states)}
        self.count(**{f"{state}_count": number for state, number in found.items()})

    def give_up(self):
        """What was not applied stays so, and nothing of it is kept."""
        self.cr.execute(
            "UPDATE hc_sync_run_line SET state = 'cancelled', staged = NULL"
            " WHERE run_id = %s AND state = 'staged'",
            [self.run_id],
        )

    def forget_rows(self):
        """The file is read anew from its first row."""
        self.cr.execute("DELETE FROM hc_sync_run_line WHERE run_id = %s", [self.run_id])
        self.set(staged_count=0, invalid_count=0, row_count=0)

    def delete(self):
        """A scheduled run that found nothing leaves nothing."""
        self.cr.execute("DELETE FROM hc_sync_run WHERE id = %s", [self.run_id])


def _column(value):
    return Json(value) if isinstance(value, list) else value
