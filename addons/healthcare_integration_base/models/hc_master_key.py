# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from dataclasses import dataclass

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from ..messaging.keyring import SealError

_logger = logging.getLogger(__name__)
BATCH = 200
TRIES = 8

COUNT = """
    SELECT split_part(%(column)s, '.', 2), count(*) FROM %(table)s
     WHERE %(column)s IS NOT NULL GROUP BY 1
"""
OLD = """
    SELECT id, %(column)s FROM %(table)s
     WHERE %(column)s IS NOT NULL AND split_part(%(column)s, '.', 2) <> %(present)s
       AND id > %(after)s
     ORDER BY id LIMIT %(limit)s FOR UPDATE
"""
STORE = "UPDATE %(table)s SET %(column)s = %(value)s WHERE id = %(id)s"


@dataclass(frozen=True, slots=True)
class Place:
    """A column of sealed values."""

    model: str
    column: str

    def __str__(self):
        return f"{self.model}.{self.column}"


@dataclass(frozen=True, slots=True)
class Status:
    """Under which keys the values of this database are sealed.

    :param present: name of the present master key
    :param known: names of all keys that are loaded, the present one and former ones
    :param counts: number of values by place and name of key
    :param needed: why a former key is needed by something else than sealed values
    """

    present: str
    known: frozenset[str]
    counts: dict[Place, dict[str, int]]
    needed: dict[str, str]

    @property
    def total(self):
        return sum(sum(found.values()) for found in self.counts.values())

    def under(self, key):
        """How many values are sealed under a key."""
        return sum(found.get(key, 0) for found in self.counts.values())

    @property
    def lost(self):
        """Keys that values ask for and that nobody has loaded."""
        used = {key for found in self.counts.values() for key in found}
        return sorted(used - self.known)

    @property
    def idle(self):
        """Former keys that are loaded and that nothing asks for any longer."""
        former = self.known - {self.present} - set(self.needed)
        return sorted(key for key in former if not self.under(key))


class HcMasterKey(models.AbstractModel):
    """Rotation of the master key: what was sealed under a former one is sealed anew.

    Which value waits is seen from the value itself, so a run that was killed goes on where it
    was. Values stay readable all the time: former keys open until they are taken away.
    """

    _name = "hc.master.key"
    _description = "Master Key"

    @api.model
    def _places(self):
        """All columns of sealed values, of all addons."""
        return [
            Place(name, column)
            for name in sorted(self.env.registry)
            if not self.env[name]._abstract
            for column in getattr(self.env[name], "_sealed_columns", ())
        ]

    @api.model
    def _status(self):
        """:class:`Status`"""
        ring = self.env["hc.keyring"]._ring()
        self.env.flush_all()
        counts = {place: self._count(place) for place in self._places()}
        return Status(ring.sealing_id, ring.known_ids, counts, self._needed(ring))

    @api.model
    def _needed(self, ring):
        """Former keys that have to stay for something else than opening, and for what."""
        return {}

    def _count(self, place):
        cr = self.env.cr
        cr.execute(SQL(COUNT, **self._names(place)))
        return dict(cr.fetchall())

    def _names(self, place):
        return {
            "table": SQL.identifier(self.env[place.model]._table),
            "column": SQL.identifier(place.column),
        }

    @api.model
    def _rotate(self, tell=None):
        """Seal anew all that a former key has sealed, in batches that are committed each.

        :param tell: called with place, number of values done and ids of those that no loaded
            key opens, for each batch
        :return: ids of values that no loaded key opens, by place
        """
        stuck = {}
        for place in self._places():
            after = 0
            while after is not None:
                after, done, failed = self._committed(place, after)
                stuck.setdefault(place, []).extend(failed)
                if tell and (done or failed):
                    tell(place, done, failed)
        self._forget()
        return {place: ids for place, ids in stuck.items() if ids}

    def _forget(self):
        """The door has sealed values in its cache; they open as long as the former key is
        loaded, and not longer."""
        self.env.invalidate_all(flush=False)
        self.env.registry.clear_cache()

    def _committed(self, place, after):
        """A batch, in a transaction of its own: somebody may store a new secret meanwhile."""
        for attempt in range(TRIES):
            try:
                with self.env.registry.cursor() as cr:
                    return self.with_env(self.env(cr=cr))._batch(place, after)
            except psycopg2.errors.SerializationFailure:
                _logger.info("%s changes at this moment, try %s", place, attempt + 2)
        raise psycopg2.errors.SerializationFailure(str(place))

    def _batch(self, place, after):
        """:return: id to go on after, or None at the end; number of values; ids of failures"""
        ring = self.env["hc.keyring"]._ring()
        cr, names = self.env.cr, self._names(place)
        cr.execute(SQL(OLD, present=ring.sealing_id, after=after, limit=BATCH, **names))
        rows, failed = cr.fetchall(), []
        records = self.env[place.model].sudo().browse([row_id for row_id, _blob in rows])
        for record, (row_id, blob) in zip(records, rows, strict=True):
            try:
                value = ring.reseal(blob, record._sealed_aad(place.column))
            except SealError:
                failed.append(row_id)
            else:
                cr.execute(SQL(STORE, value=value, id=row_id, **names))
        if rows:
            self._audit(place, len(rows) - len(failed), ring.sealing_id)
        last = rows[-1][0] if len(rows) == BATCH else None
        return last, len(rows) - len(failed), failed

    def _audit(self, place, count, key):
        if count:
            self.env["hc.audit.event"]._append(
                [
                    {
                        "action": "key.resealed",
                        "outcome": "done",
                        "object": str(place),
                        "count": count,
                        "key": key,
                    }
                ]
            )

    @api.model
    def _check(self):
        """Open every value with the keys that are loaded.

        :return: ids of values that do not open, by place
        """
        ring, broken = self.env["hc.keyring"]._ring(), {}
        for place in self._places():
            records = self.env[place.model].sudo().with_context(active_test=False)
            for record in records.search([(place.column, "!=", False)], order="id"):
                try:
                    ring.open(record[place.column], record._sealed_aad(place.column))
                except SealError:
                    broken.setdefault(place, []).append(record.id)
            self.env.invalidate_all()
        return broken
