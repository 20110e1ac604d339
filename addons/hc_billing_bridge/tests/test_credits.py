# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .common import BillingCase


class TestCredits(BillingCase):
    def test_credit_in_the_draft_names_its_line(self):
        charge = self.bill(self.charge("1", quantity=2))
        credit = self.bill(self.credit("1-C", "1", quantity=2))
        self.assertEqual(credit.state, "invoiced")
        self.assertEqual(credit.amount, -142.5)
        self.assertEqual(credit.reversed_charge_id, charge)
        self.assertEqual(credit.move_id, charge.move_id)
        self.assertEqual(credit.move_line_id.hc_reversed_line_id, charge.move_line_id)
        self.assertEqual(charge.move_id.amount_untaxed, 0)
        self.assertEqual(charge.credited_amount, 142.5)
        self.assertEqual(charge.reversal_ids, credit)

    def test_credit_and_charge_of_one_batch(self):
        charge, credit = self.bill(self.charge("1"), self.credit("1-C", "1"))
        self.assertEqual(credit.move_id, charge.move_id)
        self.assertEqual(credit.move_line_id.hc_reversed_line_id, charge.move_line_id)
        self.assertEqual(charge.move_id.amount_untaxed, 0)

    def test_credit_under_the_number_of_its_charge(self):
        charge = self.bill(self.charge("1"))
        credit = self.bill(self.credit("1"))
        self.assertEqual(credit.reversed_charge_id, charge)
        self.assertEqual(credit.amount, -71.25)

    def test_credit_before_its_charge_goes_on_by_itself(self):
        credit = self.bill(self.credit("1-C", "1"))
        self.assertHeld(credit, "waiting_for_charge")
        issue = credit.message_id.issue_id
        self.assertEqual(issue.error_code, "credit_waiting")
        charge = self.bill(self.charge("1"))
        self.assertEqual(credit.state, "invoiced")
        self.assertEqual(credit.move_id, charge.move_id)
        self.assertEqual(charge.move_id.amount_untaxed, 0)
        self.assertEqual(issue.state, "resolved")

    def test_partial_credits_make_the_charge_to_the_cent(self):
        charge = self.bill(self.charge("1", "NEW", 3, amount=self.money("10.00")))
        parts = self.bill(*(self.credit(f"1-C{number}", "1", "NEW") for number in range(1, 4)))
        self.assertEqual(parts.mapped("amount"), [-3.33, -3.33, -3.34])
        self.assertEqual(charge.move_id.amount_untaxed, 0)

    def test_credit_never_exceeds_what_is_left(self):
        charge = self.bill(self.charge("1", quantity=2))
        first = self.bill(self.credit("1-A", "1"))
        second = self.bill(self.credit("1-B", "1", quantity=2))
        third = self.bill(self.credit("1-D", "1", amount=self.money("99.00")))
        self.assertEqual(first.state, "invoiced")
        self.assertHeld(second, "credit_exceeds_charge")
        self.assertHeld(third, "credit_exceeds_charge")
        self.assertEqual(charge.credited_quantity, 1)
        fourth = self.bill(self.credit("1-E", "1"))
        self.assertEqual(fourth.state, "invoiced")
        self.assertEqual(charge.move_id.amount_untaxed, 0)

    def test_credit_after_posting_is_a_credit_note_of_that_line(self):
        charges = self.bill(self.charge("1"), self.charge("2", "CBC", 4))
        invoice = charges.move_id
        invoice.action_post()
        credits = self.bill(
            self.credit("2-C", "2", "CBC"), self.credit("1-C", "1", amount=self.money("70.00"))
        )
        note = credits.move_id
        self.assertEqual(len(note), 1)
        self.assertEqual((note.move_type, note.state), ("out_refund", "draft"))
        self.assertEqual(note.reversed_entry_id, invoice)
        self.assertEqual(note.amount_untaxed, 82.5)
        self.assertEqual(credits[0].move_line_id.hc_reversed_line_id, charges[1].move_line_id)
        self.assertEqual(credits[0].move_line_id.account_id, charges[1].move_line_id.account_id)
        more = self.bill(self.credit("2-D", "2", "CBC"))
        self.assertEqual(more.move_id, note)
        note.action_post()
        last = self.bill(self.credit("2-E", "2", "CBC"))
        self.assertNotEqual(last.move_id, note)
        self.assertEqual(last.move_id.move_type, "out_refund")
        self.assertEqual(invoice.amount_untaxed, 121.25)

    def test_credit_follows_a_held_charge(self):
        charge = self.bill(self.charge("1", "NEW"))
        self.assertHeld(charge, "no_price")
        credit = self.bill(self.credit("1-C", "1", "NEW"))
        self.assertEqual((credit.state, credit.reversed_charge_id), ("captured", charge))
        charge.price_unit = 20
        charge.action_bill()
        self.follow_up()
        self.assertEqual((charge | credit).mapped("state"), ["invoiced", "invoiced"])
        self.assertEqual(credit.amount, -20)

    def test_credit_of_a_cancelled_charge_is_cancelled(self):
        charge = self.bill(self.charge("1", "NEW"))
        waiting = self.bill(self.credit("1-C", "1", "NEW"))
        charge._cancel("told by mistake")
        self.assertEqual(waiting.state, "cancelled")
        later = self.bill(self.credit("1-D", "1", "NEW"))
        self.assertEqual((later.state, later.message_id.state), ("cancelled", "done"))
        self.assertFalse((charge | waiting | later).move_line_id)

    def test_a_cancelled_credit_gives_back_what_it_took(self):
        charge = self.bill(self.charge("1"))
        message = self.capture(self.credit("1-C", "1"))
        self.drain()
        credit = self.charges_of(message)
        self.assertEqual(credit.state, "ready")
        self.assertEqual(charge.credited_amount, 71.25)
        credit._cancel("not meant")
        self.follow_up()
        self.assertEqual(credit.state, "cancelled")
        self.assertEqual((charge.credited_amount, charge.credited_quantity), (0, 0))

    def test_person_chooses_the_charge(self):
        charge = self.bill(self.charge("1"))
        credit = self.bill(self.credit("X-77"))
        self.assertHeld(credit, "waiting_for_charge")
        credit.reversed_charge_id = charge
        credit.action_retry()
        self.follow_up()
        self.assertEqual(credit.state, "invoiced")
        self.assertEqual(charge.move_id.amount_untaxed, 0)

    def test_other_currency_is_held(self):
        other = self.env.ref("base.EUR" if self.currency.name == "USD" else "base.USD")
        other.active = True
        self.bill(self.charge("1"))
        credit = self.bill(self.credit("1-C", "1", amount=self.money("10.00", other.name)))
        self.assertHeld(credit, "credit_currency")
