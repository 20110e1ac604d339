# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Reading a batch of messages: codes to records, with every gap found at once."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from odoo.addons.healthcare_integration_base.engine.item import Fix
from odoo.addons.healthcare_integration_base.messaging import when

from ..billing.price import is_precise
from .codes import Codes, pair
from .draft import Draft, Entry


class Reader:
    """Drafts of the items of one batch; each item is one charge or credit."""

    time_field = "occurred_at"

    def __init__(self, env, items):
        self.env = env
        self.codes = Codes(env, items)
        self.now = datetime.now(UTC)
        self._sites = self._find_sites(items)
        self._has_sites = bool(self._sites) or self._any_site()

    def draft_of(self, item):
        draft = Draft(item)
        if self._read_site(draft):
            self._read_time(draft)
            self._read_parties(draft)
            self._read_entries(draft)
        return draft

    # -------------------------------------------------------------------- site

    def _find_sites(self, items):
        """Of all companies of the system: the site tells the company, not the reverse."""
        codes = {self._facility(item) for item in items} - {None}
        return self.env["hc.site"]._resolve_many(
            self.codes.system, [(code, None) for code in codes]
        )

    def _any_site(self):
        return self.env["hc.site"].search_count([("system_id", "=", self.codes.system.id)], limit=1)

    @staticmethod
    def _facility(item):
        """As sent, and where the sender leaves it out, by the channel's default."""
        return item.data.get("facility") or item.channel.default_site_id.facility_code or None

    def _read_site(self, draft):
        """A system that has no site at all is one place; its own company is meant."""
        facility = self._facility(draft.item)
        site = self._sites.get((facility, None))
        if site is None:
            if facility:
                fix = Fix("site", facility=facility)
                draft.problem("unknown_facility", subject=facility, fix=fix)
            elif self._has_sites:
                draft.problem("incomplete", fix=Fix("channel"), detail="/facility")
            draft.site = self.env["hc.site"]
            return not draft.problems
        if site.company_id.id != draft.item.company_id:
            draft.other_company = site.company_id.id
            return False
        draft.site = site
        return True

    # -------------------------------------------------------------------- time

    def _read_time(self, draft):
        item, zone = draft.item, ZoneInfo(draft.site.timezone or "UTC")
        text = item.data.get(self.time_field)
        if text:
            draft.when = when.read(text, zone, self.now)
        elif item.event_time:
            draft.when = when.of(item.event_time.replace(tzinfo=UTC), zone)
        else:
            draft.problem("incomplete", detail=f"/{self.time_field}")
            return
        days = item.channel.max_age_days
        if draft.when is None or when.is_implausible(draft.when, self.now, days):
            draft.objection("date_implausible", fix=Fix("channel"))

    # ----------------------------------------------------------------- parties

    def _read_parties(self, draft):
        data = draft.item.data
        draft.encounter = data.get("encounter") or None
        draft.patient = (data.get("patient") or {}).get("mrn") or None
        coverage = data.get("coverage") or {}
        draft.is_split = "split" in coverage
        code = coverage.get("payer")
        if code:
            payer = self.codes.payer(code)
            draft.payer = payer and payer.id
            if payer is None:
                self._unmapped(draft, "unmapped_payer", "payer", code)

    def _unmapped(self, draft, error, namespace, code):
        system, value = pair(code)
        fix = Fix("identifier", namespace, system, value)
        draft.problem(error, subject=f"{system}|{value}", fix=fix)

    # ----------------------------------------------------------------- entries

    def _read_entries(self, draft):
        item, data = draft.item, draft.item.data
        # An event id is unique within its source only.
        number = data.get("charge") or f"{item.source}#{item.event_id}"
        action = data.get("action") or "charge"
        entry = self._entry(draft, data, "charge", number, action)
        if entry is not None:
            entry.reverses = data.get("reverses") if action == "credit" else None
            self._identify(draft, entry)

    def _entry(self, draft, line, role, number, action):
        missing = [key for key in ("service", "quantity") if line.get(key) in (None, "")]
        for key in missing:
            draft.problem("incomplete", detail=f"/{key}")
        product = None if missing else self._product(draft, line)
        if product is None:
            return None
        code = "|".join(pair(line["service"]))
        quantity = Decimal(str(line["quantity"]))
        unit = self._unit(draft, line, product)
        if unit is None:
            return None
        entry = Entry(role, number, product, code, quantity, unit, action)
        self._read_price(draft, entry, line)
        self._read_cost_center(draft, entry, line)
        draft.entries.append(entry)
        return entry

    def _product(self, draft, line):
        product = self.codes.service(line["service"])
        if product is None:
            self._unmapped(draft, "unmapped_service", "service", line["service"])
        return product

    def _unit(self, draft, line, product):
        unit = self.codes.unit(line.get("uom"), product)
        if unit is None:
            self._unmapped(draft, "unknown_unit", "uom", line["uom"])
        elif not unit._has_common_reference(product.uom_id):
            subject = f"{'|'.join(pair(line['service']))} / {unit.name}"
            draft.problem("unit_not_convertible", subject=subject)
        return unit

    def _read_price(self, draft, entry, line):
        """Both may be told; they must be of one currency, and no finer than it.

        Standards leave the currency open; it is the company's then.
        """
        told = {name: line[name] for name in ("amount", "price") if line.get(name)}
        own = self.codes.company.currency_id.name
        names = {money.get("currency") or own for money in told.values()}
        for name in sorted(names):
            if self.codes.currency(name) is None or len(names) > 1:
                draft.problem("currency_unknown", subject=name)
                return
            entry.currency = self.codes.currency(name)
        for name, money in told.items():
            value = Decimal(str(money["amount"]))
            if not is_precise(value, entry.currency.decimal_places):
                draft.objection("amount_precision", subject=entry.code, detail=f"/{name}/amount")
            setattr(entry, {"amount": "amount", "price": "unit_price"}[name], value)

    def _read_cost_center(self, draft, entry, line):
        """The service was done all the same; only its account is open."""
        code = line.get("cost_center")
        if not code:
            return
        entry.cost_center = pair(code)[1]
        entry.analytic = self.codes.analytic(code)
        if entry.analytic is None:
            system, value = pair(code)
            fix = Fix("identifier", "cost_center", system, value)
            draft.warning("cost_center_unknown", subject=f"{system}|{value}", fix=fix)

    def _identify(self, draft, entry):
        """By what the same fact is known again, whatever message, format or day tells it,
        and by what another content."""
        place = draft.site.id or f"system {self.codes.system.id}"
        entry.business_key = f"charge|{place}|{entry.number}|{entry.action}"
        content = (entry.product.id, str(entry.quantity.normalize()), entry.unit.id)
        entry.digest = hashlib.sha256(repr(content).encode()).hexdigest()


class ServiceReader(Reader):
    """Each item tells the services of a visit; each of its lines is a charge.

    They have no number of their own: the id of the event and the line stand for it. That
    is weak, so the same line of the visit that another event tells to the second is
    found by what it says (:meth:`.capture.Capture`).
    """

    time_field = "completed_at"

    def _read_entries(self, draft):
        item = draft.item
        if not draft.encounter and not draft.patient:
            draft.problem("incomplete", detail="/encounter")
        names = set()
        for position, line in enumerate(item.data.get("services") or (), start=1):
            name = str(line.get("line") or position)
            if name in names:
                draft.problem("line_repeated", subject=name)
                continue
            names.add(name)
            number = f"{item.source}#{item.event_id}/{name}"
            entry = self._entry(draft, line, f"line:{name}", number, "charge")
            if entry is not None:
                entry.line = name
                entry.content = self._content(draft, entry)
                self._identify(draft, entry)
        if not names:
            draft.problem("incomplete", detail="/services")

    def _content(self, draft, entry):
        """The same line of a visit, done at the same second: a day alone is too little."""
        timed = len(draft.item.data.get(self.time_field) or "") > 10
        if not (draft.encounter and draft.when and timed):
            return None
        quantity = entry.quantity.normalize()
        return (
            draft.site.id,
            draft.encounter,
            entry.line,
            entry.product.id,
            quantity,
            draft.when.at,
        )
