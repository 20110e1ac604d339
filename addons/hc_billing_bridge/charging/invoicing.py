# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Ready charges become lines of draft invoices: one create for all invoices of a chunk."""

from decimal import Decimal

from odoo import Command

from ..billing import price
from .labels import Labels
from .taxed import Taxed


class Invoicing:
    """One draft invoice for each visit (else patient), payer and currency.

    Lines are added while it is a draft; after that the next one is begun. A credit is a
    line of its own beside the line that it takes back, and after posting a line of a
    credit note.

    :param env: of the follow-up step, in the company of the charges.
    """

    def __init__(self, env):
        # What a batch creates speaks by itself; its messages are one button away.
        self.env = env(context={**env.context, "tracking_disable": True})
        self.moves = self.env["account.move"]
        self.labels = Labels()
        self.taxed = Taxed(self.env)
        # Without any, no line need ask for its own.
        distributions = self.env["account.analytic.distribution.model"]
        self.has_distributions = bool(distributions.search_count([], limit=1))
        self.unit_places = self.env["decimal.precision"].precision_get("Product Unit")

    def post(self, charges):
        """:param charges: ready ones, all that share an invoice together."""
        drafts = self._drafts(charges)
        begun, added = {}, []
        for charge in charges:
            place = self._place(charge, drafts)
            if place is None:
                continue
            vals = self._line_vals(charge, place)
            if isinstance(place, tuple):
                begun.setdefault(place, []).append((charge, vals))
            else:
                added.append((charge, {**vals, "move_id": place}))
        self._link(self._begin(begun) + self._add(added))

    # --------------------------------------------------------------- which invoice

    def _drafts(self, charges):
        """Open drafts by key: of invoices, and of credit notes by their invoice."""
        found = self.moves.search_fetch(
            [
                ("hc_invoice_key", "in", list({one._invoice_text() for one in charges})),
                ("state", "=", "draft"),
                ("company_id", "=", self.env.company.id),
            ],
            ["hc_invoice_key", "move_type", "reversed_entry_id"],
            order="id",
        )
        return {
            (one.move_type, one.reversed_entry_id.id or None, one.hc_invoice_key): one.id
            for one in found
        }

    def _place(self, charge, drafts):
        """Id of a draft, the key of one to begin, or None: its charge has no line."""
        key = ("out_invoice", None, charge._invoice_text())
        if charge.action == "credit":
            line = charge.reversed_charge_id._billed_line()
            if line and line.parent_state == "draft":
                return line.move_id.id
            if line:
                key = ("out_refund", line.move_id.id, charge._invoice_text())
            elif charge.reversed_charge_id.state != "ready":
                return None
        return drafts.get(key, key)

    # -------------------------------------------------------------------- values

    def _line_vals(self, charge, place):
        refund = isinstance(place, tuple) and place[0] == "out_refund"
        amount, quantity = _decimal(abs(charge.amount)), _decimal(charge.quantity)
        places = charge.currency_id.decimal_places
        quantity, unit = price.line(
            amount, quantity, _decimal(charge.price_unit), self.unit_places, places
        )
        is_whole = quantity == _decimal(charge.quantity)
        if charge.action == "credit" and not refund:
            quantity = -quantity
        unit_of_line = charge.uom_id if is_whole else charge.product_id.uom_id
        vals = {
            "product_id": charge.product_id.id,
            "product_uom_id": unit_of_line.id,
            "quantity": float(quantity),
            "price_unit": unit,
            "name": self.labels.of(charge, is_whole),
            "hc_service_day": charge.service_day,
            **self.taxed.vals(charge, unit),
        }
        if charge.analytic_account_id:
            vals["analytic_distribution"] = {str(charge.analytic_account_id.id): 100}
        elif not self.has_distributions:
            vals["analytic_distribution"] = False
        return vals | self._booked_vals(charge) | self._reversed_vals(charge)

    def _booked_vals(self, charge):
        """What the line books is known to the cent; Odoo need not write it afterwards.

        A charge is booked to the credit side, a credit to the debit side, whether it is
        a line of the invoice or of a credit note. Other currencies are left to Odoo, the
        rate is the invoice's.
        """
        if charge.currency_id != charge.company_id.currency_id:
            return {}
        return {"balance": -charge.amount, "amount_currency": -charge.amount}

    def _reversed_vals(self, charge):
        """A credit is booked like its line, also when the product has changed since."""
        line = charge.reversed_charge_id._billed_line()
        if charge.action != "credit" or not line:
            return {}
        return {"hc_reversed_line_id": line.id, "account_id": line.account_id.id}

    def _move_vals(self, key, charges):
        move_type, reversed_id, text = key
        first = charges[0]
        vals = {
            "move_type": move_type,
            "company_id": self.env.company.id,
            "partner_id": first.payer_id.id,
            "currency_id": first.currency_id.id,
            "invoice_origin": self.labels.origin(first),
            "hc_invoice_key": text,
            "hc_encounter": first.encounter,
            "hc_patient_id": first.patient_id.id,
        }
        if reversed_id:
            vals |= self._refund_vals(self.moves.browse(reversed_id))
        return vals

    @staticmethod
    def _refund_vals(invoice):
        return {
            "reversed_entry_id": invoice.id,
            "journal_id": invoice.journal_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "partner_id": invoice.partner_id.id,
        }

    # ------------------------------------------------------------------- writing

    def _begin(self, begun):
        """Create invoices with their lines: pairs of charge and line."""
        if not begun:
            return []
        moves = self.moves.create(
            [
                {
                    **self._move_vals(key, [charge for charge, _vals in pairs]),
                    "invoice_line_ids": [Command.create(vals) for _charge, vals in pairs],
                }
                for key, pairs in begun.items()
            ]
        )
        return [
            (charge, line)
            for move, pairs in zip(moves, begun.values(), strict=True)
            for (charge, _vals), line in zip(pairs, move.invoice_line_ids.sorted("id"), strict=True)
        ]

    def _add(self, added):
        """Add lines to drafts: pairs of charge and line."""
        lines = self.env["account.move.line"].create([vals for _charge, vals in added])
        return list(zip([charge for charge, _vals in added], lines, strict=True))

    def _link(self, pairs):
        """Each charge knows its line; what a line says must be the charge to the cent."""
        for charge, line in pairs:
            if charge.currency_id.compare_amounts(abs(line.price_subtotal), abs(charge.amount)):
                raise ValueError(f"line {line.id} is not worth charge {charge.id}")
            charge.move_line_id = line
        done = self.env["hc.charge"].union(*[charge for charge, _line in pairs])
        done.write({"state": "invoiced"})
        self._point_back(pairs)

    def _point_back(self, pairs):
        """Credits whose line has come into being together with that of their charge."""
        for charge, line in pairs:
            origin = charge.reversed_charge_id.move_line_id
            if charge.action == "credit" and not line.hc_reversed_line_id:
                line.hc_reversed_line_id = origin


def _decimal(value):
    return Decimal(str(round(value, 6)))
