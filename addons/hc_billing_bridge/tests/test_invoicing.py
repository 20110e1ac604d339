# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command

from .common import BillingCase


class TestInvoicing(BillingCase):
    def test_one_draft_for_visit_and_payer(self):
        charges = self.bill(self.charge("1"), self.charge("2", "CBC", 2), self.charge("3", "VISIT"))
        self.assertEqual(set(charges.mapped("state")), {"invoiced"})
        invoice = charges.move_id
        self.assertEqual(len(invoice), 1)
        self.assertEqual((invoice.state, invoice.move_type), ("draft", "out_invoice"))
        self.assertEqual(invoice.partner_id, self.payer)
        self.assertEqual(invoice.amount_untaxed, 71.25 + 25 + 45)
        self.assertEqual(invoice.amount_untaxed, sum(charges.mapped("amount")))
        self.assertEqual(charges.mapped("price_source"), ["pricelist", "product", "product"])

    def test_lines_are_added_while_it_is_a_draft(self):
        first = self.bill(self.charge("1"))
        second = self.bill(self.charge("2", "CBC"))
        self.assertEqual(first.move_id, second.move_id)
        first.move_id.action_post()
        third = self.bill(self.charge("3", "VISIT"))
        self.assertEqual(third.move_id.state, "draft")
        self.assertNotEqual(third.move_id, first.move_id)
        self.assertEqual(first.move_id.amount_untaxed, 83.75)

    def test_other_visit_payer_or_currency_is_another_invoice(self):
        dollar = self.env.ref("base.EUR" if self.currency.name == "USD" else "base.USD")
        dollar.active = True
        charges = self.bill(
            self.charge("1"),
            self.charge("2", encounter="V-2"),
            self.charge("3", "CBC", coverage={"payer": self.code("CITY")}),
            self.charge("4", "VISIT", amount=self.money("30.00", dollar.name)),
            self.charge("5", "VISIT", coverage=None),
        )
        self.assertEqual(set(charges.mapped("state")), {"invoiced", "on_hold"})
        self.assertHeld(charges[1], "similar_charge")
        self.assertEqual(len(charges.move_id), 3)
        self.assertEqual(charges[3].move_id.currency_id, dollar)
        self.assertEqual(charges[3].move_id.amount_untaxed, 30.0)

    def test_patient_pays_where_nobody_else_does(self):
        charge = self.bill(self.charge("1", coverage=None))
        account = charge.payer_id
        self.assertEqual(account, charge.patient_id)
        self.assertTrue(account.hc_is_patient_account)
        self.assertTrue(account.hc_patient_ref.startswith("hcp1_"))
        self.assertEqual(account.name, f"Patient account {account.hc_patient_ref[5:13]}")
        again = self.bill(self.charge("2", "CBC", coverage=None, encounter="V-9"))
        self.assertEqual(again.payer_id, account)
        self.assertNotEqual(again.move_id, charge.move_id)

    def test_without_visit_a_patient_has_one_draft(self):
        charges = self.bill(
            self.charge("1", encounter=None), self.charge("2", "CBC", encounter=None)
        )
        self.assertEqual(len(charges.move_id), 1)

    def test_taxes_are_those_of_the_product(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT 10", "amount": 10, "type_tax_use": "sale"}
        )
        self.blood.taxes_id = tax
        charge = self.bill(self.charge("1", "CBC", 3))
        self.assertEqual(charge.move_line_id.tax_ids, tax)
        self.assertEqual(charge.amount, 37.5)
        self.assertEqual(charge.move_id.amount_untaxed, 37.5)
        self.assertEqual(charge.move_id.amount_total, 41.25)

    def test_tax_included_in_the_list_price_is_not_charged_twice(self):
        tax = self.env["account.tax"].create(
            {
                "name": "VAT 19 incl.",
                "amount": 19,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
            }
        )
        self.blood.write({"taxes_id": [Command.set(tax.ids)], "list_price": 11.9})
        charges = self.bill(
            self.charge("1", "CBC", 3),
            self.charge("2", "CBC", amount=self.money("33.33")),
        )
        self.assertEqual(charges.mapped("amount"), [30.0, 33.33])
        self.assertEqual(charges.move_line_id.mapped("price_subtotal"), [30.0, 33.33])
        self.assertEqual(charges[0].move_line_id.price_total, 35.7)

    def test_amount_of_the_message_holds_to_the_cent(self):
        charges = self.bill(
            self.charge("1", "CBC", 3, amount=self.money("10.00")),
            self.charge("2", "VISIT", "0.125", amount=self.money("7.77")),
            self.charge("3", "XR", 7, price=self.money("3.33")),
            self.charge("4", "NEW", 2, amount=self.money("0")),
        )
        self.assertEqual(charges.mapped("amount"), [10.0, 7.77, 23.31, 0.0])
        self.assertEqual(charges.move_line_id.mapped("price_subtotal"), [10.0, 7.77, 23.31, 0.0])
        self.assertEqual(charges.move_line_id.mapped("quantity"), [3, 1, 7, 2])
        self.assertIn("0.125", charges[1].move_line_id.name)

    def test_removed_line_opens_the_charge_again(self):
        charges = self.bill(self.charge("1"), self.charge("2", "CBC"))
        invoice = charges.move_id
        charges[0].move_line_id.unlink()
        self.assertHeld(charges[0], "line_removed")
        charges[0].action_bill()
        self.follow_up()
        self.assertEqual(charges[0].state, "invoiced")
        self.assertEqual(charges.move_id, invoice)
        self.assertEqual(invoice.amount_untaxed, 83.75)

    def test_cancelled_invoice_opens_its_charges_again(self):
        charge = self.bill(self.charge("1"))
        invoice = charge.move_id
        invoice.button_cancel()
        self.assertEqual((charge.state, charge.hold_reason), ("on_hold", "line_removed"))
        invoice.button_draft()
        self.assertEqual(charge.state, "invoiced")
        invoice.button_cancel()
        charge.action_bill()
        self.follow_up()
        self.assertNotEqual(charge.move_id, invoice)
        self.assertEqual(charge.move_id.amount_untaxed, 71.25)
        invoice.button_draft()
        self.assertNotEqual(charge.move_id, invoice)

    def test_deleted_invoice_opens_its_charges_again(self):
        charge = self.bill(self.charge("1"))
        charge.move_id.unlink()
        self.assertHeld(charge, "line_removed")

    def test_buttons_lead_from_line_to_charge_to_message(self):
        charges = self.bill(self.charge("1"), self.charge("2", "CBC"))
        invoice = charges.move_id
        self.assertEqual(invoice.hc_charge_count, 2)
        self.assertEqual(invoice.hc_message_count, 2)
        domain = invoice.action_hc_charges()["domain"]
        self.assertEqual(self.env["hc.charge"].search(domain), charges)
        line = charges[1].move_line_id
        self.assertEqual((line.hc_charge_count, line.hc_message_count), (1, 1))
        self.assertEqual(charges[1].action_open_message()["res_id"], charges[1].message_id.id)
        self.assertEqual(charges[1].action_open_invoice()["res_id"], invoice.id)
        self.assertEqual(self.payer.hc_charge_count, 2)
