# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import hashlib
import json

from odoo import models

from odoo.addons.healthcare_integration_base.engine.item import Fix

from ..supply.codes import pair

QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_notrack": True}


class HcHandlerMaster(models.AbstractModel):
    """Master data of another system: the newest message about a record holds.

    A message that changes nothing is a duplicate of the one that was told before; one that
    is older than what is known is superseded.
    """

    _name = "hc.handler.master"
    _inherit = "hc.message.handler"
    _description = "Master Data"

    _writer = "master"
    _groups = ("hc_inventory_sync.group_master_system",)
    _record = None
    """Model of the records."""
    _namespace = None
    """Kind of their codes; also the member of the data that holds the record's own code."""

    def _handle(self, items):
        book = self._book(items)
        for item in items:
            record = self._find(item, book)
            values = self._values(item, book) if item.state == "done" else None
            if item.state == "done":
                self._upsert(item, record, values, book)

    def _plan(self, items):
        book = self._book(items)
        return [[self._plan_of(item, book)] for item in items]

    def _plan_of(self, item, book):
        record = self._find(item, book)
        if item.state == "done":
            self._values(item, book)
        if item.state == "done" and not record:
            self._may_make(item)
        if item.error_code:
            return {"review" if item.state == "review" else "refused": item.error_code}
        return {"effect": self._record, "action": "update" if record else "create"}

    # ---------------------------------------------------------------- finding

    def _book(self, items):
        """Lookups for the whole batch: a :class:`~..master.book.Book`."""
        raise NotImplementedError

    def _codes(self, data):
        """All codes of a message, its own first."""
        return [pair(data[self._namespace])]

    def _alike(self, item, book):
        """Records that are the same by something else than a mapped code."""
        return self.env[self._record]

    def _find(self, item, book):
        """The record that is meant, or an empty one when it is new."""
        if not item.data.get(self._namespace):
            item.review("incomplete", detail=f"/{self._namespace}", fix=Fix("channel"))
            return self.env[self._record]
        found = book.mapped(self._codes(item.data)) or self._alike(item, book)
        if len(found) > 1:
            system, value = pair(item.data[self._namespace])
            fix = Fix("identifier", self._namespace, system, value)
            item.review("item_ambiguous", subject=f"{system}|{value}", fix=fix)
        return found

    # ---------------------------------------------------------------- effects

    def _values(self, item, book):
        """What the message says of the record, as values of it."""
        raise NotImplementedError

    def _upsert(self, item, record, values, book):
        # Whether a barcode is free is no part of what was said.
        if not record and not self._may_make(item):
            return
        values = self._own(item, values, record)
        content = digest({name: value for name, value in values.items() if name != "barcode"})
        if record and self._is_older(item, record):
            item.supersede(book.told_by(record))
            return
        if record and record.hc_told_digest == content:
            self._restated(item, record, book)
        elif record:
            revision = record.hc_told_revision + 1
            changed = self._changed(record, values)
            record.with_context(**QUIET).write(self._told(item, changed, content, revision, record))
            self._effect(item, record, content, book)
        else:
            record = self._create(self._told(item, values, content, 1, None))
            self._effect(item, record, content, book)
        book.map(self._codes(item.data), record)

    @staticmethod
    def _changed(record, values):
        """Only what differs: Odoo asks much of some fields, even when they stay as they are."""
        return {
            name: value
            for name, value in values.items()
            if isinstance(value, list)
            or record._fields[name].convert_to_write(record[name], record) != value
        }

    @staticmethod
    def _is_older(item, record):
        return bool(item.event_time and record.hc_told_at and item.event_time < record.hc_told_at)

    @staticmethod
    def _told(item, values, content, revision, record):
        return {
            **values,
            "hc_told_digest": content,
            "hc_told_revision": revision,
            "hc_told_at": item.event_time or (record.hc_told_at if record else False),
        }

    def _create(self, values):
        return self.env[self._record].with_context(**QUIET).create(values)

    def _restated(self, item, record, book):
        """Nothing has changed since the message that made it what it is."""
        if item.event_time and item.event_time != record.hc_told_at:
            record.with_context(**QUIET).hc_told_at = item.event_time
        item.duplicate(book.told_by(record))

    def _effect(self, item, record, content, book):
        key = book.key(record)
        book.told[key] = item.message_id
        item.effect(self._namespace, record._name, record.id, key, content)


def digest(values):
    """Tells one state of a record from the next."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
