# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.healthcare_integration_base.engine.item import Fix

from ..charging.pricing import of_charge

HOLD_ERRORS = {
    "similar_charge": "charge_similar",
    "no_price": "charge_no_price",
    "no_payer": "charge_no_payer",
    "split_coverage": "charge_split",
    "waiting_for_charge": "credit_waiting",
    "credit_exceeds_charge": "credit_exceeds",
    "credit_currency": "credit_currency",
}


class HcCharge(models.Model):
    """What people decide about charges that are held."""

    _inherit = "hc.charge"

    def action_bill(self):
        """Button: bill it all the same."""
        self._check_may_decide()
        for charge in self:
            charge._check_may_be_billed()
        self._sudo_bill()

    def action_retry(self):
        """Button: look again for the charge of a credit, or for a price."""
        self._check_may_decide()
        self._sudo_retry()

    def action_cancel(self):
        """Button: asks for the reason."""
        self._check_may_decide()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel charges"),
            "res_model": "hc.charge.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_charge_ids": self.ids},
        }

    def action_open_message(self):
        """Button: the message that captured it, without the content for billing users."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.message",
            "res_id": self.message_id.id,
            "view_mode": "form",
        }

    def action_open_invoice(self):
        """Button: the invoice or credit note."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    def action_open_similar(self):
        """Button: the charge that it is like."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.charge",
            "res_id": self.similar_charge_id.id,
            "view_mode": "form",
        }

    # ----------------------------------------------------------------- deciding

    def _check_may_be_billed(self):
        self.ensure_one()
        if self.state != "on_hold":
            raise UserError(self.env._("Charge %s is not on hold.", self.name))
        if self.action == "credit" and self.hold_reason != "line_removed":
            raise UserError(
                self.env._("Credit %s needs its charge: choose it and retry.", self.name)
            )
        if not self.payer_id:
            raise UserError(self.env._("Choose who is billed for charge %s.", self.name))
        if not self.price_source and not self.price_unit:
            raise UserError(self.env._("Enter the unit price of charge %s.", self.name))

    def _sudo_bill(self):
        """The state is the doing of this button alone, users cannot write it."""
        held = self.sudo()
        for charge in held:
            charge.write(charge._decided_vals(state="ready", hold_reason=False, move_line_id=False))
        held._settle_issues(self._release(held))

    def _decided_vals(self, **vals):
        """A price that a person entered counts from here."""
        if self.action == "charge" and self._is_priced_by_person():
            amount = self.currency_id.round(self.price_unit * self.quantity)
            vals |= {"amount": amount, "price_source": "person"}
        return {
            **vals,
            "decided_by_id": self.env.uid,
            "decided_at": fields.Datetime.now(),
        }

    def _is_priced_by_person(self):
        return self.price_source in (False, "person")

    def _sudo_retry(self):
        """As above."""
        held = self.sudo().filtered(lambda charge: charge.state == "on_hold")
        credits_held = held.filtered(lambda charge: charge.action == "credit")
        unpriced = held.filtered(lambda charge: charge.hold_reason in ("no_price", "no_payer"))
        ready = credits_held._match() | self._release(unpriced._price_again())
        held._settle_issues(ready)

    def _price_again(self):
        """A product, price list or payer was completed meanwhile; gives what is ready now."""
        for charge in self:
            if charge.payer_id and not charge.price_source:
                charge._price_by_lists()
            reason = "no_payer" if not charge.payer_id else None
            reason = reason or (None if charge.price_source else "no_price")
            charge.write({"hold_reason": reason, "state": "on_hold" if reason else "ready"})
        return self.filtered(lambda charge: charge.state == "ready")

    def _price_by_lists(self):
        found, currency = of_charge(self)
        if found:
            self.write(
                {
                    "amount": float(found.amount),
                    "price_unit": float(found.unit),
                    "price_source": found.source,
                    "currency_id": currency.id,
                }
            )

    def _cancel(self, reason):
        """Give charges up; credits that wait for them go with them."""
        self._check_may_decide()
        if any(charge.state not in ("on_hold", "captured", "ready") for charge in self):
            raise UserError(self.env._("What is invoiced is credited, not cancelled."))
        self._sudo_cancel(reason)

    def _sudo_cancel(self, reason):
        """As above."""
        given_up = self.sudo()
        for charge in given_up:
            charge._give_back()
        given_up.write(
            {
                "state": "cancelled",
                "hold_reason": False,
                "decision_note": reason,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        waiting = given_up.reversal_ids.filtered(lambda one: one.state in ("captured", "on_hold"))
        waiting._cancel_with_charge()
        (given_up | waiting)._settle_issues(self.browse())

    def _give_back(self):
        """A credit that is given up leaves its charge what it had taken."""
        charge = self.reversed_charge_id
        if self.action == "credit" and charge and self._is_served():
            quantity = float(self._quantity_in(charge.uom_id))
            charge.write(
                {
                    "credited_quantity": charge.credited_quantity - quantity,
                    "credited_amount": charge.credited_amount + self.amount,
                }
            )

    def _is_served(self):
        return self.state == "ready" or self.hold_reason == "line_removed"

    # ------------------------------------------------------------------- issues

    def _hold_issue(self):
        """Error code and fix of what holds this charge, or none of both.

        Charges of a system that are held for one reason make one issue.
        """
        code = HOLD_ERRORS.get(self.hold_reason)
        return (code, Fix("record", "charge", self.hold_reason)) if code else (None, None)

    def _settle_issues(self, ready):
        """After a decision: invoices for what is ready, and issues with nothing left end."""
        for company, charges in ready.grouped("company_id").items():
            self.env["hc.dirty.key"]._sudo_leave("invoice", company, charges._invoice_keys())
        self._end_issues(HOLD_ERRORS.keys())

    def _end_issues_of_credits(self):
        """These credits have found their charge without a person."""
        self._end_issues({"waiting_for_charge"})

    def _end_issues(self, reasons):
        """End the issues of reasons for which nothing of these systems is held any more."""
        for system, company in {(one.system_id, one.company_id) for one in self}:
            self._end_issues_in(system, company, reasons)

    @api.model
    def _end_issues_in(self, system, company, reasons):
        groups = self._read_group(
            [
                ("system_id", "=", system.id),
                ("company_id", "=", company.id),
                ("state", "=", "on_hold"),
            ],
            ["hold_reason"],
        )
        for reason in reasons - {reason for (reason,) in groups}:
            self.env["hc.issue"]._fixed(
                "record",
                system=system.id,
                company=company.id,
                namespace="charge",
                code_system=reason,
            )
