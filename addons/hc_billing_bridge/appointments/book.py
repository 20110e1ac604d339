# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Entering a batch of appointment events: read all, work in memory, write once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from odoo import Command, fields

from odoo.addons.healthcare_integration_base.engine.facility import Facilities
from odoo.addons.healthcare_integration_base.messaging import when

from ..billing.versions import History, Verdict, moment_of, version_of

LISTS = {"services": ("service_ids", "service"), "resources": ("resource_ids", "resource")}
FAR = datetime(9000, 1, 1, tzinfo=UTC)
PLAIN = ("state", "start", "end", "patient_ref")


@dataclass(slots=True)
class Page:
    """One appointment, in the database or about to be there."""

    site: object
    number: str
    record: object
    history: History
    last_message: int | None = None
    touched: bool = False
    before: dict = field(default_factory=dict)
    patients: set = field(default_factory=set)

    @property
    def business_key(self):
        return f"appointment.changed.v1|{self.site.id}|{self.number}"


@dataclass(slots=True)
class Entry:
    """What became of one event."""

    item: object
    page: Page
    verdict: Verdict
    is_first: bool
    known_from: int | None


class Book:
    """The appointments that the events of one batch are about.

    :param items: of one system and company.
    """

    def __init__(self, env, items):
        self.env = env
        self.system = env["hc.system"].browse(items[0].system_id)
        self.now = datetime.now(UTC)
        self._facilities = Facilities(env, items)
        self._drafts = [draft for draft in map(self._read, items) if draft]
        self._pages = self._open_pages()

    # ----------------------------------------------------------------- reading

    def _read(self, item):
        """Site, number, version and what the event states; None where it has to wait."""
        site = self._facilities.of(item)
        if site is None:
            return None
        number = item.data.get("appointment")
        if not number:
            item.review("incomplete", detail="/appointment")
            return None
        moment = item.event_time or item.received_at or fields.Datetime.now()
        stated = self._stated(item, ZoneInfo(site.timezone or "UTC"))
        said_at = when.of(moment.replace(tzinfo=UTC), UTC)
        if stated is None or when.is_implausible(said_at, self.now, 0):
            item.review("date_implausible")
            return None
        arrival = None if item.event_time else item.message_id
        return item, site, number, version_of(moment, stated["state"], arrival), stated

    def _stated(self, item, zone):
        """The fields that the event names, in Odoo's terms; None where a time is none."""
        data, stated = item.data, {"state": item.data["status"]}
        for name in ("start", "end"):
            if data.get(name):
                # A date alone is noon, today as well: what is to come has no present.
                moment = when.read(data[name], zone, FAR)
                if moment is None:
                    return None
                stated[name] = moment.at
        if stated.get("end") and stated.get("start") and stated["end"] < stated["start"]:
            return None
        for name in LISTS:
            if name in data:
                stated[name] = frozenset(map(_pair, data[name]))
        mrn = (data.get("patient") or {}).get("mrn")
        if mrn:
            stated["patient_ref"] = mrn
        return stated

    def _open_pages(self):
        pages = {}
        keys = {(site.id, number) for _item, site, number, _version, _stated in self._drafts}
        records = self.env["hc.appointment"].search(
            [
                ("site_id", "in", list({site for site, _number in keys})),
                ("name", "in", list({number for _site, number in keys})),
            ]
        )
        for record in records:
            history = History(_values_of(record), dict(record.versions or {}))
            page = Page(record.site_id, record.name, record, history, record.message_id.id)
            page.before = dict(history.values)
            pages[record.site_id.id, record.name] = page
        return pages

    # ---------------------------------------------------------------- entering

    def enter(self, judged):
        """Work the events into the pages, in the order of their arrival; nothing is written.

        :param judged: says of an item, what it states, and whether nobody has told of the
            appointment before, what of it may be taken; none where nothing may
        :return: an :class:`Entry` for each event that did not have to wait.
        """
        entered = (self._enter(*draft, judged) for draft in self._drafts)
        return [entry for entry in entered if entry is not None]

    def _enter(self, item, site, number, version, stated, judged):
        page = self._pages.get((site.id, number))
        is_first = page is None
        stated = judged(item, stated, is_first)
        if stated is None:
            return None
        if is_first:
            page = self._pages[site.id, number] = Page(
                site, number, self.env["hc.appointment"], History()
            )
        known_from, old_patient = page.last_message, page.history.values.get("patient_ref")
        versions = dict(page.history.versions)
        verdict = page.history.apply(stated, version)
        page.touched |= page.history.versions != versions
        if verdict == Verdict.APPLIED:
            page.last_message = item.message_id
            patient = page.history.values.get("patient_ref")
            page.patients = {found for found in (old_patient, patient) if found}
        return Entry(item, page, verdict, is_first, known_from)

    # ----------------------------------------------------------------- writing

    def save(self):
        """Make and change the records of all pages."""
        touched = [page for page in self._pages.values() if page.touched]
        codes = self._codes(touched)
        known = [page for page in touched if page.record]
        fresh = [page for page in touched if not page.record]
        made = self.env["hc.appointment"].create(
            [
                {
                    "name": page.number,
                    "system_id": self.system.id,
                    "site_id": page.site.id,
                    "company_id": page.site.company_id.id,
                    **self._vals(page, codes),
                }
                for page in fresh
            ]
        )
        for page, record in zip(fresh, made, strict=True):
            page.record = record
        for page in known:
            page.record.write(self._vals(page, codes))

    def _codes(self, pages):
        model = self.env["hc.appointment.code"]
        return {
            name: model._ids_of(
                self.system,
                kind,
                {pair for page in pages for pair in page.history.values.get(name) or ()},
            )
            for name, (_field, kind) in LISTS.items()
        }

    def _vals(self, page, codes):
        """Only what has changed: an appointment is moved far more often than made anew."""
        values, before = page.history.values, page.before
        changed = {name for name in values if name not in before or values[name] != before[name]}
        vals = {name: values[name] for name in PLAIN if name in changed}
        for name, (field_name, _kind) in LISTS.items():
            if name in changed:
                ids = [codes[name][pair] for pair in sorted(values[name])]
                vals[field_name] = [Command.set(ids)]
        vals["versions"] = page.history.versions
        vals["state_at"] = moment_of(page.history.versions["state"]).replace(microsecond=0)
        vals["message_id"] = page.last_message
        return vals


def _values_of(record):
    """The values of a record as events state them; what is empty was never stated."""
    values = {name: record[name] for name in PLAIN if record[name]}
    for name, (field_name, _kind) in LISTS.items():
        codes = record[field_name]
        if codes or name in (record.versions or {}):
            values[name] = frozenset((code.code_system, code.value) for code in codes)
    return values


def _pair(code):
    """A code of the contract as (system, value)."""
    return (code.get("system") or "local", code["value"])
