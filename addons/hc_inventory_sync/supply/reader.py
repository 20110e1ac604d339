# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Reading a batch of supply messages: codes to records, with every gap found at once."""

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from odoo.addons.healthcare_integration_base.engine.item import Fix
from odoo.addons.healthcare_integration_base.messaging import when

from .codes import Codes, lot_names, lot_pair, pair
from .draft import Draft, Entry


class Reader:
    """Drafts of the items of one batch."""

    time_fields = ("consumed_at",)

    def __init__(self, env, items):
        self.env = env
        self.codes = Codes(env, items)
        self.now = datetime.now(UTC)
        self._sites = self._find_sites(items)
        self._locks = {}

    def draft_of(self, item):
        draft = Draft(item)
        if self._read_site(draft):
            self._read_time(draft)
            self._read_place(draft)
            for number, line in enumerate(item.data.get("lines") or (), start=1):
                self._read_line(draft, line, str(line.get("line") or number))
            if not draft.entries and not draft.problems:
                draft.problem("incomplete", detail="/lines")
        return draft

    # -------------------------------------------------------------------- site

    def _find_sites(self, items):
        """Of all companies of the system: the site tells the company, not the reverse."""
        pairs = {found for item in items for found in self._site_pairs(item)}
        return self.env["hc.site"]._resolve_many(self.codes.system, pairs) if pairs else {}

    def _site_pairs(self, item):
        facility, location = self._site_codes(item)
        return [(facility, location), (facility, None)] if facility else []

    def _site_codes(self, item):
        """As sent, and where the standard leaves them out, by the channel's default."""
        default = item.channel.default_site_id
        facility = item.data.get("facility") or default.facility_code or None
        location = item.data.get("location") or None
        if not location and facility == default.facility_code:
            location = default.location_code or None
        return facility, location

    def _read_site(self, draft):
        facility, location = self._site_codes(draft.item)
        site = self._sites.get((facility, location))
        if site is None:
            self._miss_site(draft, facility, location)
            return False
        if site.company_id.id != draft.item.company_id:
            draft.other_company = site.company_id.id
            return False
        draft.site = site
        draft.ward = site.location_id.warehouse_id and site.location_id
        if not draft.ward:
            self._miss_ward(draft, facility, location)
        return bool(draft.ward)

    def _miss_site(self, draft, facility, location):
        if not facility:
            draft.problem("incomplete", fix=Fix("channel"), detail="/facility")
        elif (facility, None) not in self._sites:
            fix = Fix("site", facility=facility)
            draft.problem("unknown_facility", subject=facility, fix=fix)
        else:
            self._miss_location(draft, facility, location)

    def _miss_ward(self, draft, facility, location):
        if location:
            self._miss_location(draft, facility, location)
        else:
            draft.problem("incomplete", fix=Fix("channel"), detail="/location")

    def _miss_location(self, draft, facility, location):
        fix = Fix("site", value=location, facility=facility)
        draft.problem("unknown_location", subject=f"{facility}/{location}", fix=fix)

    # -------------------------------------------------------------------- time

    def _read_time(self, draft):
        item, zone = draft.item, ZoneInfo(draft.site.timezone or "UTC")
        text = next(filter(None, map(item.data.get, self.time_fields)), None)
        if text:
            draft.when = when.read(text, zone, self.now)
        elif item.event_time:
            draft.when = when.of(item.event_time.replace(tzinfo=UTC), zone)
        else:
            draft.problem("incomplete", detail=f"/{self.time_fields[0]}")
            return
        self._judge_time(draft)

    def _judge_time(self, draft):
        days = draft.item.channel.max_age_days
        if draft.when is None or when.is_implausible(draft.when, self.now, days):
            draft.objection("date_implausible", fix=Fix("channel"))
        elif self._is_locked(draft.when.day):
            draft.objection("date_locked")

    def _is_locked(self, day):
        if day not in self._locks:
            self._locks[day] = bool(
                self.env.company._get_lock_date_violations(
                    day, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
                )
            )
        return self._locks[day]

    # ------------------------------------------------------------ place of use

    def _read_place(self, draft):
        """A cost center's own place and account, else those of the site."""
        center = self._cost_center(draft)
        site, facility = draft.site, draft.facility
        draft.place = (
            center.location_id
            or site.consumption_location_id
            or facility.consumption_location_id
            or draft.ward.warehouse_id.hc_use_location_id
        )
        draft.analytic = (
            center.analytic_account_id or site.analytic_account_id or facility.analytic_account_id
        )
        if not draft.place:
            fix = Fix("site", value=site.location_code or None, facility=site.facility_code)
            draft.objection("no_place_of_use", subject=site.display_name, fix=fix)

    def _cost_center(self, draft):
        code = draft.item.data.get("cost_center")
        center = self.codes.cost_center(code) if code else None
        if code and center is None:
            system, value = pair(code)
            fix = Fix("identifier", "cost_center", system, value)
            # The stock has left the ward all the same; only its account is open.
            draft.warning("cost_center_unknown", subject=f"{system}|{value}", fix=fix)
        return center or self.env["hc.cost.center"]

    # ------------------------------------------------------------------- lines

    def _read_line(self, draft, line, name):
        missing = [key for key in ("item", "quantity") if line.get(key) in (None, "")]
        if missing:
            draft.problem("incomplete", detail=f"/lines/{missing[0]}")
            return
        product = self._product(draft, line["item"])
        quantity = product and self._quantity(draft, line, product)
        lot = product and self._lot(draft, line, product, quantity)
        if quantity is not None and lot is not None:
            entry = Entry(name, product, lot, quantity, "|".join(pair(line["item"])))
            entry.expiry = lot and self._expiry(draft, line, entry)
            self._identify(draft, entry)
            draft.entries.append(entry)

    def _product(self, draft, code):
        product = self.codes.product(code)
        if product is None:
            system, value = pair(code)
            fix = Fix("identifier", "item", system, value)
            draft.problem("unmapped_item", subject=f"{system}|{value}", fix=fix)
        return product

    def _quantity(self, draft, line, product):
        unit = self.codes.unit(line, product)
        if unit is None:
            system, value = pair(line["uom"])
            fix = Fix("identifier", "uom", system, value)
            draft.problem("unknown_unit", subject=f"{system}|{value}", fix=fix)
            return None
        quantity = self.codes.quantity(line, unit, product)
        if quantity is None:
            subject = f"{'|'.join(pair(line['item']))} / {unit.name}"
            draft.problem("unit_not_convertible", subject=subject)
        return quantity

    def _lot(self, draft, line, product, quantity):
        """The lot, an empty one for a product without, or None with a problem."""
        lots = self.env["stock.lot"]
        if product.tracking == "none":
            return lots
        code = "|".join(pair(line["item"]))
        names = lot_names(line)
        if product.tracking == "serial":
            names.reverse()
        if not names:
            draft.problem("lot_required", subject=code)
            return None
        if product.tracking == "serial" and quantity is not None and quantity != 1:
            draft.problem("serial_quantity", subject=code)
            return None
        lot = self.codes.lot(product, names[0], line["item"])
        if lot is None:
            system, value = lot_pair(line["item"], names[0])
            fix = Fix("record", "lot", system, value)
            draft.problem("unknown_lot", subject=f"{code} / {value}", fix=fix)
        return lot

    def _expiry(self, draft, line, entry):
        """What the sender says about the lot's expiry, if Odoo does not know it yet."""
        known = entry.lot.expiration_date
        stated = when.read(line["expiry"], UTC, self.now) if line.get("expiry") else None
        subject = f"{entry.code} / {entry.lot.name}"
        if known and stated and known.date() != stated.day:
            draft.warning("expiry_mismatch", subject=subject)
        expiry = known.date() if known else stated and stated.day
        if expiry and draft.when and draft.when.day > expiry:
            draft.warning("lot_expired", subject=subject)
        return stated if stated and not known else None

    def _identify(self, draft, entry):
        """By what the same fact is known again, and by what another content."""
        item = draft.item
        number = item.data.get("transaction")
        if not number:
            # An event id is unique within its source only.
            number = f"{item.source}#{item.event_id}"
        entry.business_key = f"{item.fact}|{draft.facility.id}|{number}|{entry.name}"
        content = (
            draft.ward.id,
            entry.product.id,
            entry.lot.id,
            str(entry.quantity.normalize()),
            str(draft.when.day) if draft.when else "",
        )
        entry.digest = hashlib.sha256(repr(content).encode()).hexdigest()


class RequestReader(Reader):
    """Demand without use: no lot is chosen yet, and nothing is booked."""

    time_fields = ("requested_at", "consumed_at")

    def _judge_time(self, draft):
        days = draft.item.channel.max_age_days
        if draft.when is None or when.is_implausible(draft.when, self.now, days):
            draft.objection("date_implausible", fix=Fix("channel"))

    def _read_place(self, draft):
        """From the central store of the ward's warehouse."""
        draft.place = draft.ward.warehouse_id.lot_stock_id
        draft.analytic = self.env["account.analytic.account"]

    def _lot(self, draft, line, product, quantity):
        return self.env["stock.lot"]
