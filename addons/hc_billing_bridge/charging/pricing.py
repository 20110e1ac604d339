# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Prices of a batch of charges: from the event, the payer's price list, or the product."""

from collections import defaultdict
from decimal import Decimal

from odoo.addons.healthcare_integration_base.messaging.when import When

from ..billing import price
from .draft import Draft, Entry


class Pricing:
    """Lists are asked once for all products of one quantity, unit and day."""

    def __init__(self, env):
        self.env = env
        self._lists = {}
        self._listed = {}

    def prepare(self, drafts):
        """Ask the lists for what the events leave open."""
        wanted = defaultdict(set)
        for draft in drafts:
            for entry in draft.entries:
                if self._is_open(entry) and draft.billed:
                    wanted[self._question(draft, entry)].add(entry.product.id)
        for question, products in wanted.items():
            self._ask(question, self.env["product.product"].browse(sorted(products)))

    def of(self, draft, entry):
        """Price and currency of a charge; (None, company's currency) where there is none."""
        if not self._is_open(entry):
            places = entry.currency.decimal_places
            told = price.stated(entry.quantity, entry.amount, entry.unit_price, places)
            return told, entry.currency
        found = draft.billed and self._listed.get((self._question(draft, entry), entry.product.id))
        if not found:
            found = self._own(entry)
        unit, currency, source = found
        listed = price.listed(entry.quantity, unit, source, currency.decimal_places)
        return self._untaxed(entry, listed, currency), currency

    @staticmethod
    def _is_open(entry):
        return entry.amount is None and entry.unit_price is None

    def _question(self, draft, entry):
        return (self._list_of(draft.billed), entry.quantity, entry.unit, draft.when.day)

    def _list_of(self, partner_id):
        if partner_id not in self._lists:
            partner = self.env["res.partner"].browse(partner_id)
            # The payer's own holds also where the feature is not shown to users.
            own = partner.specific_property_product_pricelist.filtered("active")
            self._lists[partner_id] = own or partner.property_product_pricelist
        return self._lists[partner_id]

    def _ask(self, question, products):
        pricelist, quantity, unit, day = question
        if not pricelist:
            return
        found = pricelist._compute_price_rule(products, float(quantity), uom=unit, date=day)
        for product_id, (unit_price, rule_id) in found.items():
            if rule_id:
                self._listed[question, product_id] = (
                    _decimal(unit_price),
                    pricelist.currency_id,
                    "pricelist",
                )

    def _own(self, entry):
        product = entry.product
        unit_price = product.uom_id._compute_price(product.lst_price, entry.unit)
        return _decimal(unit_price), product.currency_id, "product"

    def _untaxed(self, entry, listed, currency):
        """Lists may hold prices with taxes; a charge is without."""
        if listed is None:
            return None
        amount = entry.product._sudo_hc_untaxed(listed.amount, currency)
        if amount == listed.amount:
            return listed
        return price.Price(amount, amount / entry.quantity, listed.source)


def of_charge(charge):
    """What a held charge costs by the lists of today: (price or None, currency)."""
    draft = Draft(None, when=When(charge.occurred_at, charge.service_day))
    draft.payer = charge.payer_id.id
    quantity = Decimal(str(charge.quantity))
    entry = Entry("", charge.name, charge.product_id, "", quantity, charge.uom_id)
    draft.entries.append(entry)
    pricing = Pricing(charge.env)
    pricing.prepare([draft])
    return pricing.of(draft, entry)


def _decimal(value):
    """A price of Odoo's; six places are more than any list has."""
    return Decimal(str(round(value, 6))).normalize()
