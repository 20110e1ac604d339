# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..inventory import entry as entered
from ..supply.codes import OWN
from ..supply.scan import Scan
from ..supply.shelf import WardShelf

GROUP = "hc_inventory_sync.group_record_use"
CHANNELS = {"use": "record-use", "return": "put-back"}
TYPES = {"use": "supply.consumed.v1", "return": "supply.returned.v1"}


class HcRecordUse(models.AbstractModel):
    """What the screen "Record Use" asks of the server.

    Every public method checks the group first. Wards are those of the companies that the
    user has chosen. What is entered becomes an event of the system "Odoo" and goes through
    the ledger like any other.
    """

    _name = "hc.record.use"
    _description = "Record Use"

    # ------------------------------------------------------------------- screen

    @api.model
    def get_wards(self):
        """The wards that the user may choose from.

        :return: ``wards`` as dicts of id, name, facility and company, ``may_set_up`` whether
            the user can make some, ``now`` the server's time, since a tablet's may be wrong.
        """
        self._check_user()
        wards = self._sudo_wards()
        several = len(wards.warehouse_id.company_id) > 1
        return {
            "now": fields.Datetime.now().isoformat() + "Z",
            "wards": [self._ward_dict(ward, several) for ward in wards],
            "may_set_up": self.env["hc.ward.setup"].has_access("create"),
        }

    @api.model
    def open_ward(self, ward_id):
        """Get a ward ready to be recorded for.

        :return: ``items`` of the ward, most used first.
        """
        self._check_user()
        ward = self._sudo_ward(ward_id)
        self._site_codes(ward)
        return {"items": WardShelf(ward).items()}

    @api.model
    def find_items(self, ward_id, text):
        """Items by name, reference or barcode, also those that the ward does not hold."""
        self._check_user()
        text = str(text).strip()
        return WardShelf(self._sudo_ward(ward_id)).search(text) if text else []

    @api.model
    def get_lots(self, ward_id, product_id, kind):
        """Lots or serial numbers of an item that may be meant, the first to expire first."""
        self._check_user()
        shelf = WardShelf(self._sudo_ward(ward_id))
        return shelf.lots(self._product(shelf, product_id), kind == "return")

    @api.model
    def read_barcode(self, ward_id, barcode):
        """What a barcode means in a ward.

        :return: dict with ``item``, ``lot`` and ``quantity``, or with ``ward``; False where
            nothing has this barcode.
        """
        self._check_user()
        barcode = str(barcode).strip()
        ward = self._sudo_wards().filtered(lambda ward: barcode and ward.barcode == barcode)
        if ward:
            return {"ward": ward[:1].id}
        found = barcode and Scan(WardShelf(self._sudo_ward(ward_id))).meaning(barcode)
        return found or False

    # -------------------------------------------------------------------- entry

    @api.model
    def post(self, ward_id, kind, transaction, at, lines):
        """Put an entry into the ledger; the same one again is the same fact.

        :param kind: ``use``, or ``return`` for what is put back.
        :param transaction: 32 hexadecimal digits, made once for each entry.
        :param at: when it was confirmed first, in RFC 3339, the same at each try.
        :param lines: dicts of ``product_id``, ``quantity`` in its unit, and ``lot``.
        :return: the entry, see :meth:`get_entries`.
        :raise UserError: when it cannot be read; nothing is kept then.
        """
        self._check_user()
        if kind not in CHANNELS or not entered.TRANSACTION.fullmatch(str(transaction)):
            raise UserError(self.env._("Open the screen again: it does not fit the server."))
        ward = self._sudo_ward(ward_id)
        shelf = WardShelf(ward)
        lines = self._read_lines(shelf, lines)
        digest = entered.digest(ward.id, kind, lines)
        entry = self._sudo_entries([("transaction", "=", transaction)])
        if entry and entry.digest != digest:
            raise UserError(
                self.env._(
                    "This entry was received before, with other lines: %s. What was changed"
                    " since then is not recorded. Enter only what is missing.",
                    entry.summary,
                )
            )
        if not entry:
            values = {"transaction": transaction, "kind": kind, "digest": digest}
            entry = self._enter(shelf, values, str(at), lines)
        return self._entry_dict(entry)

    @api.model
    def get_entries(self):
        """The user's own entries of today, the latest first, and what became of each.

        :return: dicts of ``transaction``, ``kind``, ``ward``, ``summary``, ``time`` (UTC),
            ``state`` (waiting, done, review, failed) and ``text``, the reason in plain words.
        """
        self._check_user()
        now = fields.Datetime.now()
        offset = fields.Datetime.context_timestamp(self, now).utcoffset()
        midnight = fields.Datetime.start_of(now + offset, "day") - offset
        domain = [("create_date", ">=", midnight), ("company_id", "in", self.env.companies.ids)]
        return [self._entry_dict(entry) for entry in self._sudo_entries(domain)]

    def _enter(self, shelf, values, at, lines):
        ward, kind = shelf.ward, values["kind"]
        company = ward.warehouse_id.company_id
        staff = self.env["hc.staff.entry"].with_company(company)
        facility, location = self._site_codes(ward)
        data = {
            "facility": facility,
            "location": location,
            "consumed_at": at,
            "transaction": values["transaction"],
            "lines": [self._line_data(shelf, n, line) for n, line in enumerate(lines, start=1)],
        }
        channel = staff._channel(CHANNELS[kind], TYPES[kind], self._channel_name(kind))
        uuid = staff._post(channel, TYPES[kind], data, event_id=values["transaction"])
        return self.env["hc.use.entry"]._sudo_enter(
            {
                **values,
                "user_id": self.env.uid,
                "company_id": company.id,
                "location_id": ward.id,
                "summary": self._summary(shelf, lines),
                "line_count": len(lines),
                "message_uuid": uuid,
            }
        )

    def _channel_name(self, kind):
        return self.env._("Recorded as used") if kind == "use" else self.env._("Put back")

    def _site_codes(self, ward):
        """Facility and location of a ward as the system "Odoo" names them.

        The site is made in a transaction of its own: the message must not come before it.
        """
        site = self.env["hc.site"]._sudo_of_ward(ward)
        if site:
            site._fill_bearer()
            return site.facility_code, site.location_code
        try:
            return self._make_site(ward)
        except UserError:
            # Another one opens the ward for the first time, too: now it is there.
            return self._make_site(ward)

    def _make_site(self, ward):
        staff = self.env["hc.staff.entry"].with_company(ward.warehouse_id.company_id)
        with staff._sudo_own_transaction() as env:
            made = env["hc.site"]._sudo_make_for_ward(env["stock.location"].browse(ward.id))
            return made.facility_code, made.location_code

    def _line_data(self, shelf, number, line):
        product = shelf.product(line.product)
        named = {"serial" if product.tracking == "serial" else "lot": line.lot} if line.lot else {}
        return {
            "line": number,
            "item": {"system": OWN, "value": str(product.id)},
            "quantity": entered.plain(line.quantity),
            **named,
        }

    def _summary(self, shelf, lines):
        parts = []
        for line in lines:
            product = shelf.product(line.product)
            lot = f" ({line.lot})" if line.lot else ""
            parts.append(f"{entered.plain(line.quantity)} × {product.name}{lot}")
        return ", ".join(parts)

    # ------------------------------------------------------------------- judging

    def _read_lines(self, shelf, lines):
        """Lines as they came, judged before anything is kept."""
        if not isinstance(lines, list) or not 0 < len(lines) <= entered.MOST_LINES:
            raise UserError(self.env._("An entry has between 1 and %s lines.", entered.MOST_LINES))
        return [self._read_line(shelf, line) for line in lines]

    def _read_line(self, shelf, line):
        product = self._product(shelf, line.get("product_id"))
        quantity = entered.quantity(line.get("quantity"))
        if quantity is None:
            raise UserError(self.env._("%s: enter a quantity above zero.", product.name))
        lot = str(line.get("lot") or "").strip()
        if product.tracking == "none" or not product.is_storable:
            return entered.EntryLine(product.id, quantity)
        if not lot:
            raise UserError(self.env._("%s: choose the lot or serial number.", product.name))
        if product.tracking == "serial" and quantity != 1:
            raise UserError(
                self.env._("%s: each serial number is a line of its own, of one.", product.name)
            )
        return entered.EntryLine(product.id, quantity, lot)

    def _product(self, shelf, product_id):
        product = shelf.product(product_id) if isinstance(product_id, int) else None
        if not product:
            raise UserError(self.env._("There is no such item any more. Remove it and try again."))
        return product

    # -------------------------------------------------------------------- rights

    def _check_user(self):
        """Entrance check of every public method."""
        if not self.env.user.has_group(GROUP):
            raise AccessError(
                self.env._('You need the right "Record Use" to record what a ward has used.')
            )

    def _sudo_wards(self):
        """Ward staff has no right on stock; it may see the wards of its companies."""
        companies = self.env.companies.ids
        routes = self.env["stock.warehouse"].sudo().search([("company_id", "in", companies)])
        sites = self.env["hc.site"].sudo().search([("location_id.usage", "=", "internal")])
        wards = routes.hc_ward_route_id.rule_ids.location_dest_id | sites.location_id
        return wards.filtered(
            lambda ward: ward.active and ward.warehouse_id.company_id.id in companies
        ).sorted(lambda ward: (ward.warehouse_id.name, ward.name))

    def _sudo_ward(self, ward_id):
        """One of the wards, with what it holds to be read; see :meth:`_sudo_wards`."""
        ward = self._sudo_wards().filtered(lambda ward: ward.id == ward_id)
        if not ward:
            raise UserError(self.env._("This ward is not there any more, or not yours to see."))
        return ward.with_company(ward.warehouse_id.company_id)

    def _sudo_entries(self, domain):
        """The user's own entries; nobody has rights on those of others by this screen."""
        return self.env["hc.use.entry"].sudo().search([("user_id", "=", self.env.uid), *domain])

    # --------------------------------------------------------------------- dicts

    def _ward_dict(self, ward, several):
        return {
            "id": ward.id,
            "name": ward.name,
            "facility": ward.warehouse_id.name,
            "company": ward.warehouse_id.company_id.name if several else "",
        }

    def _entry_dict(self, entry):
        return {
            "transaction": entry.transaction,
            "kind": entry.kind,
            "ward": entry.location_id.name,
            "summary": entry.summary,
            "time": fields.Datetime.to_string(entry.create_date),
            "state": entry.state,
            "text": entry.state_text or "",
        }
