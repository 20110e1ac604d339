# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which records a transaction has made and changed so far, asked of PostgreSQL itself: it also
knows what was written by plain SQL.

Made are rows with an id that the table's sequence had not given out at the beginning: others
that come meanwhile are not in the snapshot. Changed are older rows whose version is not older
than the transaction.
"""

from dataclasses import dataclass

from odoo.tools import SQL

LARGE = 500_000
"""In tables of more rows the changed ones are not looked for one by one."""
SAMPLES = 3
TECHNICAL = ("ir.", "bus.", "mail.", "base.", "discuss.")
OURS = "healthcare_integration_base"
"""Models of these names and of this addon are the workings of Odoo and of the ledger, not what
was planned."""
PERSONS = frozenset({"res.partner", "res.users", "res.partner.bank", "hr.employee"})
"""Of these no names are shown, whatever they hold."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Records of one model."""

    model: str
    created: int
    changed: int
    names: tuple[str, ...] = ()


class Footprint:
    """Begins when it is made; ``env`` is of the transaction that is watched."""

    def __init__(self, env, marker):
        """:param marker: SQL that inserts a row and returns its ``xmin``: the first version
        that counts."""
        self.env = env
        env.cr.execute(
            "SELECT sequencename, COALESCE(last_value, 0) FROM pg_sequences"
            " WHERE schemaname = current_schema AND sequencename LIKE '%%\\_id\\_seq'"
        )
        self.given_out = dict(env.cr.fetchall())
        env.cr.execute(marker)
        self.first = env.cr.fetchone()[0]

    def traces(self, reader):
        """What there is to be seen now.

        :param reader: environment of the user who is told; names are shown of models that
            this user may read.
        :return: list of :class:`Trace`
        """
        self.env.flush_all()
        found = [self._trace(model, reader) for model in self._models()]
        return [one for one in found if one.created or one.changed]

    def _models(self):
        self.env.cr.execute(
            "SELECT relname FROM pg_stat_xact_user_tables WHERE schemaname = current_schema"
            " AND n_tup_ins + n_tup_upd > 0"
        )
        touched = {row[0] for row in self.env.cr.fetchall()}
        for name in sorted(self.env.registry):
            model = self.env[name]
            if model._table in touched and self._tells_something(model):
                yield model

    def _tells_something(self, model):
        if not model._auto or model._abstract or model._transient:
            return False
        return model._original_module != OURS and not model._name.startswith(TECHNICAL)

    def _trace(self, model, reader):
        last = self.given_out.get(f"{model._table}_id_seq", 0)
        ids = self._ids(model, last)
        names = ()
        if model._name not in PERSONS and reader[model._name].has_access("read"):
            names = tuple(model.browse(ids[:SAMPLES]).mapped("display_name"))
        return Trace(model._name, len(ids), self._changed(model, last), names)

    def _ids(self, model, last):
        query = SQL(
            "SELECT id FROM %s WHERE id > %s ORDER BY id", SQL.identifier(model._table), last
        )
        return [row[0] for row in self.env.execute_query(query)]

    def _changed(self, model, last):
        table = SQL.identifier(model._table)
        if self._is_large(model):
            query = SQL(
                "SELECT n_tup_upd FROM pg_stat_xact_user_tables"
                " WHERE schemaname = current_schema AND relname = %s",
                model._table,
            )
        else:
            query = SQL(
                "SELECT count(*) FROM %s WHERE id <= %s AND age(xmin) <= age(%s::text::xid)",
                table,
                last,
                self.first,
            )
        return self.env.execute_query(query)[0][0]

    def _is_large(self, model):
        query = SQL(
            "SELECT reltuples > %s FROM pg_class WHERE oid = %s::regclass", LARGE, model._table
        )
        return self.env.execute_query(query)[0][0]
