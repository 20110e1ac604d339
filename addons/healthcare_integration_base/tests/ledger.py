# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A large ledger, made in SQL, and what PostgreSQL does to answer a question about it."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from odoo.sql_db import Cursor

from .ledger_rows import ANALYZE, ATTEMPTS, EFFECTS, MESSAGES


def fill(env, channels, issues, count):
    """``count`` messages over 90 days: most are done, each state and channel has some."""
    env.flush_all()
    values = {"channels": channels.ids, "issues": issues.ids, "count": count}
    env.cr.execute(MESSAGES, values)
    env.cr.execute(ATTEMPTS)
    env.cr.execute(EFFECTS)
    env.cr.execute(ANALYZE)
    env.invalidate_all()


@dataclass
class Question:
    """One statement and its plan.

    :param visited: rows of the ledger that were looked at.
    """

    sql: str
    ms: float
    visited: int = 0
    nodes: list = field(default_factory=list)

    @property
    def scans_all(self):
        return any(one["Node Type"].endswith("Seq Scan") for one in self.nodes)

    def __str__(self):
        kinds = [one["Node Type"] + " " + one.get("Index Name", "") for one in self.nodes]
        return f"{self.visited} rows visited by {', '.join(kinds)}\n{self.sql}"


@contextmanager
def asked(table="hc_message"):
    """Collects the questions about a table, each explained as it was asked."""
    found = []
    execute = Cursor.execute

    def explained(cr, query, params=None, log_exceptions=True):
        text = query.code if hasattr(query, "code") else query
        if text.lstrip().upper().startswith("SELECT") and table in text:
            if hasattr(query, "code"):
                params = query.params
            execute(cr, f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", params)
            found.append(_question(cr.fetchone()[0], text, table))
        return execute(cr, query, params if not hasattr(query, "code") else None, log_exceptions)

    with patch.object(Cursor, "execute", explained):
        yield found


def _question(answer, text, table):
    (top,) = json.loads(answer) if isinstance(answer, str) else answer
    question = Question(text, top["Execution Time"])
    for node in _walk(top["Plan"]):
        if node.get("Relation Name") == table:
            question.nodes.append(node)
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            question.visited += int(rows * node["Actual Loops"])
    return question


def _walk(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)
