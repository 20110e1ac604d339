# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from decimal import Decimal

from odoo import api, models

from ..billing import credit as credits

BILLABLE = ("ready", "invoiced")


class HcCharge(models.Model):
    """Credits find the charge that they take back, in whatever order both come."""

    _inherit = "hc.charge"

    def _match_arrived(self):
        """Match what has just arrived: new credits, and those that waited for a new charge.

        :return: credits that are ready now
        """
        arrived = self.filtered(lambda charge: charge.action == "credit")
        waiting = (self - arrived)._waiting_credits()
        return (waiting | arrived)._match()

    def _waiting_credits(self):
        """Credits that name these charges and could not find them."""
        names = self.mapped("name")
        if not names:
            return self
        credits_waiting = self.search(
            [
                ("hold_reason", "=", "waiting_for_charge"),
                ("system_id", "in", self.system_id.ids),
                "|",
                ("reverses", "in", names),
                "&",
                ("reverses", "=", False),
                ("name", "in", names),
            ]
        )
        places = {charge._place() for charge in self}
        return credits_waiting.filtered(lambda credit: credit._place() in places)

    def _content(self):
        """See :meth:`..charging.reader.ServiceReader._content`."""
        quantity = _decimal(self.quantity).normalize()
        return (
            self.site_id.id,
            self.encounter,
            self.service_line,
            self.product_id.id,
            quantity,
            self.occurred_at,
        )

    def _place(self):
        """Where a number is unique."""
        return (self.system_id.id, self.site_id.id)

    def _match(self):
        """Serve these credits from their charges, in the order of their arrival.

        :return: those that are ready now
        """
        waiting = self.sorted("id")
        if not waiting:
            return waiting
        targets = waiting._find_charges()
        for credit in waiting.filtered(lambda one: targets.get(one) and not one.reversed_charge_id):
            credit.reversed_charge_id = targets[credit]
        waiting._follow_charge()
        open_credits = waiting.filtered(
            lambda one: not one.reversed_charge_id or one.reversed_charge_id.state in BILLABLE
        )
        return open_credits._serve()

    def _find_charges(self):
        """Charge by credit: by the number that it names, else by its own."""
        chosen = {credit: credit.reversed_charge_id for credit in self if credit.reversed_charge_id}
        left = self.filtered(lambda credit: credit not in chosen)
        wanted = {credit: (*credit._place(), credit.reverses or credit.name) for credit in left}
        found = self.search(
            [
                ("action", "=", "charge"),
                ("system_id", "in", left.system_id.ids),
                ("name", "in", list({name for _system, _site, name in wanted.values()})),
            ]
        )
        by_number = {(*charge._place(), charge.name): charge for charge in found}
        return chosen | {c: by_number[key] for c, key in wanted.items() if key in by_number}

    def _follow_charge(self):
        """The charge is there, but not billed: its credit goes the same way."""
        for credit in self.filtered("reversed_charge_id"):
            state = credit.reversed_charge_id.state
            if state == "cancelled":
                credit._cancel_with_charge()
            elif state not in BILLABLE:
                credit.write({"state": "captured", "hold_reason": False})

    def _cancel_with_charge(self):
        self.write(
            {
                "state": "cancelled",
                "hold_reason": False,
                "decision_note": self.env._("Its charge was cancelled: nothing is taken back."),
            }
        )

    def _serve(self):
        charges = {c.id: _charge(c) for c in self.reversed_charge_id}
        places = {currency.id: currency.decimal_places for currency in self.currency_id}
        places |= {c.id: c.decimal_places for c in self.reversed_charge_id.currency_id}
        matches = credits.match(charges, [credit._as_credit() for credit in self], places)
        ready = self.browse()
        for credit, match in zip(self, matches, strict=True):
            if match.hold:
                credit.write({"state": "on_hold", "hold_reason": match.hold})
            else:
                credit.write(credit._served_vals(match))
                ready |= credit
        for charge in ready.reversed_charge_id:
            served = charges[charge.id]
            charge.write(
                {
                    "credited_quantity": float(served.credited_quantity),
                    "credited_amount": float(served.credited_amount),
                }
            )
        return ready

    def _as_credit(self):
        charge = self.reversed_charge_id
        return credits.Credit(
            self.id,
            charge.id or None,
            self._quantity_in(charge.uom_id) if charge else _decimal(self.quantity),
            abs(_decimal(self.amount)) if self.amount_stated else None,
            self.currency_id.id if self.amount_stated else None,
        )

    def _quantity_in(self, unit):
        """In the unit of the charge, None where that cannot be."""
        if self.uom_id == unit:
            return _decimal(self.quantity)
        if not self.uom_id._has_common_reference(unit):
            return None
        return _decimal(self.uom_id._compute_quantity(self.quantity, unit, round=False))

    def _served_vals(self, match):
        """A credit goes to whom its charge went, on the same account."""
        charge = self.reversed_charge_id
        return {
            "amount": -float(match.amount),
            "currency_id": charge.currency_id.id,
            "price_unit": float(match.amount / _decimal(self.quantity)),
            "price_source": self.price_source
            or ("event_amount" if self.amount_stated else "charge"),
            "encounter": charge.encounter,
            "patient_id": charge.patient_id.id,
            "payer_id": charge.payer_id.id,
            "product_id": charge.product_id.id,
            "analytic_account_id": self.analytic_account_id.id or charge.analytic_account_id.id,
            "state": "ready",
            "hold_reason": False,
        }

    @api.model
    def _release(self, charges):
        """Charges are ready, other than by arriving: credits that waited for them go on.

        :return: all that is ready now
        """
        return charges | charges.reversal_ids.filtered(lambda one: one.state == "captured")._match()

    def _invoice_keys(self):
        """Follow-up keys of those that are ready: one invoice each."""
        ready = self.filtered(lambda charge: charge.state == "ready")
        return [dict(key) for key in dict.fromkeys(one._invoice_key() for one in ready)]

    def _invoice_key(self):
        """Visit, else patient; payer; currency. As a tuple of pairs, sorted by name."""
        return (
            ("currency", self.currency_id.id),
            ("encounter", self.encounter or ""),
            ("patient", 0 if self.encounter else self.patient_id.id or 0),
            ("payer", self.payer_id.id),
        )


def _charge(charge):
    return credits.Charge(
        charge.id,
        _decimal(charge.quantity),
        _decimal(charge.amount),
        charge.currency_id.id,
        _decimal(charge.credited_quantity),
        _decimal(charge.credited_amount),
    )


def _decimal(value):
    """Stored with six places, or as an amount; floats hold both without loss."""
    return Decimal(str(round(value, 6)))
