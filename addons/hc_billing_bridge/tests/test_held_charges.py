# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError

from .common import BillingCase


class TestHeldCharges(BillingCase):
    def issue(self, charge):
        return charge.message_id.issue_id

    def test_similar_charge_waits_for_a_person(self):
        first = self.bill(self.charge("1"))
        second = self.bill(self.charge("2"))
        self.assertHeld(second, "similar_charge")
        self.assertEqual(second.similar_charge_id, first)
        self.assertEqual(second.message_id.state, "done")
        issue = self.issue(second)
        self.assertEqual((issue.error_code, issue.state), ("charge_similar", "open"))
        third = self.bill(self.charge("3"))
        self.assertEqual(self.issue(third), issue)
        second.action_bill()
        self.assertEqual(issue.state, "open")
        third._cancel("told twice")
        self.assertEqual(issue.state, "resolved")
        self.follow_up()
        self.assertEqual((second.state, third.state), ("invoiced", "cancelled"))
        self.assertEqual(second.decided_by_id, self.env.user)
        self.assertEqual(third.decision_note, "told twice")
        self.assertEqual(first.move_id.amount_untaxed, 142.5)

    def test_similar_within_a_batch(self):
        first, second = self.bill(self.charge("1"), self.charge("2"))
        self.assertEqual(first.state, "invoiced")
        self.assertHeld(second, "similar_charge")
        self.assertEqual(second.similar_charge_id, first)

    def test_not_similar(self):
        charges = self.bill(
            self.charge("1"),
            self.charge("2", quantity=2),
            self.charge("3", "CBC"),
            self.charge("4", occurred_at="2026-11-20T09:00:00Z"),
            self.charge("5", encounter="V-2", patient={"mrn": "P-2", "authority": "HOSP"}),
        )
        self.assertEqual(set(charges.mapped("state")), {"invoiced"})

    def test_cancelled_charge_makes_no_other_similar(self):
        first = self.bill(self.charge("1", "NEW"))
        first._cancel("by mistake")
        second = self.bill(self.charge("2", "NEW", amount=self.money("5.00")))
        self.assertEqual(second.state, "invoiced")

    def test_no_price(self):
        charge = self.bill(self.charge("1", "NEW", 2))
        self.assertHeld(charge, "no_price")
        with self.assertRaises(UserError):
            charge.action_bill()
        charge.price_unit = 12.345
        charge.action_bill()
        self.follow_up()
        self.assertEqual((charge.state, charge.price_source), ("invoiced", "person"))
        self.assertEqual(charge.move_line_id.price_subtotal, 24.69)

    def test_price_that_was_entered_later(self):
        charge = self.bill(self.charge("1", "NEW", 2))
        charge.action_retry()
        self.assertHeld(charge, "no_price")
        self.unpriced.list_price = 9
        charge.action_retry()
        self.follow_up()
        self.assertEqual((charge.state, charge.price_source), ("invoiced", "product"))
        self.assertEqual(charge.amount, 18)
        self.assertEqual(self.issue(charge).state, "resolved")

    def test_nobody_to_bill(self):
        charge = self.bill(self.charge("1", patient=None, coverage=None))
        self.assertHeld(charge, "no_payer")
        with self.assertRaises(UserError):
            charge.action_bill()
        charge.payer_id = self.other_payer
        charge.action_retry()
        self.follow_up()
        self.assertEqual(charge.state, "invoiced")
        self.assertEqual(charge.move_id.partner_id, self.other_payer)

    def test_shared_coverage_in_any_shape(self):
        for number, split in enumerate(
            ([{"payer": self.code("CITY"), "percent": 20}], {"percent": "20"}, True, [{"x": 1}])
        ):
            coverage = {"payer": self.code("PLUS"), "split": split}
            charge = self.bill(self.charge(f"S{number}", quantity=number + 1, coverage=coverage))
            self.assertHeld(charge, "split_coverage")
        charge.action_bill()
        self.follow_up()
        self.assertEqual(charge.move_id.partner_id, self.payer)

    def test_several_at_once(self):
        charges = self.bill(*(self.charge(str(number)) for number in range(4)))
        (charges - charges[0]).action_bill()
        self.follow_up()
        self.assertEqual(set(charges.mapped("state")), {"invoiced"})
        self.assertEqual(charges.move_id.amount_untaxed, 285)

    def test_what_is_invoiced_is_credited_and_not_cancelled(self):
        charge = self.bill(self.charge("1"))
        with self.assertRaises(UserError):
            charge._cancel("no")
        with self.assertRaises(UserError):
            charge.action_bill()

    def test_issue_leads_to_what_is_held(self):
        self.bill(self.charge("1"))
        held = self.bill(self.charge("2"))
        action = self.issue(held).action_fix()
        self.assertEqual(self.env["hc.charge"].search(action["domain"]), held)

    def test_cancel_asks_for_a_reason(self):
        charge = self.bill(self.charge("1", "NEW"))
        action = charge.action_cancel()
        wizard = self.env["hc.charge.cancel"].with_context(**action["context"])
        wizard.create({"reason": "never done"}).action_confirm()
        self.assertEqual((charge.state, charge.decision_note), ("cancelled", "never done"))
