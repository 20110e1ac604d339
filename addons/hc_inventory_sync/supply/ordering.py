# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A confirmed purchase order in the words of the system that is told of it."""

from datetime import UTC
from decimal import Decimal

from odoo.addons.healthcare_integration_base.messaging.values import canonical_decimal

OWN = "urn:hc:odoo"
GTIN_LENGTHS = (8, 12, 13, 14)


class Ordered:
    """One order; :meth:`data` says it for a channel. Neither notes nor names of people."""

    def __init__(self, order):
        self.order = order
        self.lines = order.order_line.filtered(
            lambda line: not line.display_type and line.product_id and line.product_qty > 0
        )

    def data(self, channel):
        """The data of ``purchase.ordered.v1``; none for channels of other vendors."""
        order, vendor = self.order, self.order.partner_id.commercial_partner_id
        wanted = channel.vendor_ids.commercial_partner_id
        if not self.lines or (wanted and vendor not in wanted):
            return None
        vendors = order.partner_id | vendor
        codes = self._codes(channel, "vendor", vendors)
        said = {
            "order": order.name,
            "revision": order.hc_revision,
            "vendor": codes.get(order.partner_id.id)
            or codes.get(vendor.id)
            or _own(vendor.ref or f"partner-{vendor.id}"),
            "ordered_at": _moment(order.date_approve),
            "currency": order.currency_id.name,
            "lines": self._lines(channel),
        }
        optional = {"vendor_reference": order.partner_ref, "facility": self._facility(channel)}
        return {**said, **{name: value for name, value in optional.items() if value}}

    def _codes(self, channel, namespace, records):
        identifiers = self.order.env["hc.identifier"].with_company(self.order.company_id)
        return identifiers._sudo_codes_of(channel.system_id, namespace, records)

    def _facility(self, channel):
        """The receiver's own code of the site, where the goods go to one."""
        warehouse = self.order.picking_type_id.warehouse_id
        sites = channel.system_id.site_ids.filtered(
            lambda site: not site.location_code and site.warehouse_id == warehouse
        )
        return sites[:1].facility_code

    def _lines(self, channel):
        items = self._codes(channel, "item", self.lines.product_id)
        units = self._codes(channel, "uom", self.lines.product_uom_id)
        return [self._line(line, items, units) for line in self.lines]

    def _line(self, line, items, units):
        product, currency = line.product_id, self.order.currency_id
        unit = units.get(line.product_uom_id.id, {}).get("value")
        said = {
            "line": line.id,
            "item": items.get(product.id) or _code_of(product),
            "quantity": _number(line.product_qty),
            "uom": unit or line.product_uom_id.name,
            "price": {
                "amount": _number(line.price_unit_discounted),
                "currency": currency.name,
            },
        }
        optional = {
            "vendor_code": self._vendor_code(line),
            "requested_date": _moment(line.date_planned),
        }
        return {**said, **{name: value for name, value in optional.items() if value}}

    def _vendor_code(self, line):
        seller = line.product_id.seller_ids.filtered(
            lambda one: (
                one.partner_id.commercial_partner_id == self.order.partner_id.commercial_partner_id
                and one.product_code
            )
        )
        return seller[:1].product_code


def _code_of(product):
    barcode = product.barcode or ""
    if barcode.isdigit() and len(barcode) in GTIN_LENGTHS:
        return {"system": "gtin", "value": barcode.zfill(14)}
    return _own(product.default_code or f"product-{product.id}")


def _own(value):
    return {"system": OWN, "value": value}


def _number(value):
    """As people wrote it: a float's own digits, not those of its binary form."""
    return canonical_decimal(Decimal(str(round(value, 6))))


def _moment(value):
    return value.replace(tzinfo=UTC).isoformat() if value else None
