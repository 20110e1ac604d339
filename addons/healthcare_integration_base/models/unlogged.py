# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tools import SQL


def make_unlogged(cr, table):
    """A table of what holds for a moment: its writes reach no write-ahead log, and it is empty
    after a crash. Nothing may be in it that has to be kept."""
    cr.execute("SELECT relpersistence FROM pg_class WHERE oid = to_regclass(%s)", [table])
    if cr.fetchone()[0] == "p":
        cr.execute(SQL("ALTER TABLE %s SET UNLOGGED", SQL.identifier(table)))
