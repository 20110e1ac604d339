# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command

from .common import COMPLETED, BillingCase


class TestCharges(BillingCase):
    def test_codes_that_nobody_mapped(self):
        service = self.capture(self.charge("1", "UNHEARD"))
        payer = self.capture(self.charge("2", coverage={"payer": self.code("NOBODY")}))
        facility = self.capture(self.charge("3", facility="ELSEWHERE"))
        unit = self.capture(self.charge("4", uom="BUCKET"))
        none = self.capture(self.charge("5", facility=None))
        self.drain()
        self.assertReview(service, "unmapped_service")
        self.assertReview(payer, "unmapped_payer")
        self.assertReview(facility, "unknown_facility")
        self.assertReview(unit, "unknown_unit")
        self.assertReview(none, "incomplete")
        self._map("service", "UNHEARD", self.xray)
        self._map("payer", "NOBODY", self.other_payer)
        self.run_all()
        self.assertEqual(self.charges_of(service).product_id, self.xray)
        self.assertEqual(self.charges_of(payer).payer_id, self.other_payer)

    def test_channel_default_stands_in_for_the_facility(self):
        self.channel.default_site_id = self.site
        charge = self.bill(self.charge("1", facility=None))
        self.assertEqual(charge.site_id, self.site)

    def test_a_system_without_sites_is_one_place(self):
        system = self.make_system("small-practice")
        channel = self.make_channel(system, self.channel.message_type_ids, code="small")
        self._map("service", "XR", self.xray, system)
        messages = [
            self.capture(self.charge("1", facility=None, coverage=None), channel=channel)
            for _again in range(2)
        ]
        self.run_all()
        self.assertEqual([one.state for one in messages], ["done", "duplicate"])
        self.assertEqual(self.charges_of(messages[0]).company_id, self.company)

    def test_amounts_are_not_rounded_in_silence(self):
        amount = self.capture(self.charge("1", amount=self.money("10.005")))
        price = self.capture(self.charge("2", price=self.money("0.125")))
        unknown = self.capture(self.charge("3", amount=self.money("1.00", "XXQ")))
        two = self.capture(self.charge("4", amount=self.money("1"), price=self.money("1", "XXQ")))
        self.drain()
        self.assertReview(amount, "amount_precision")
        self.assertReview(price, "amount_precision")
        self.assertReview(unknown, "currency_unknown")
        self.assertReview(two, "currency_unknown")

    def test_price_sources(self):
        charges = self.bill(
            self.charge("1", amount=self.money("99.99"), price=self.money("1.00")),
            self.charge("2", quantity=3, price=self.money("2.50")),
            self.charge("3", quantity=4),
            self.charge("4", "CBC"),
        )
        self.assertEqual(
            charges.mapped("price_source"), ["event_amount", "event_price", "pricelist", "product"]
        )
        self.assertEqual(charges.mapped("amount"), [99.99, 7.5, 285.0, 12.5])

    def test_same_number_on_another_day_is_one_charge(self):
        first = self.capture(self.charge("1"))
        again = self.capture(self.charge("1", occurred_at="2026-11-20"))
        other = self.capture(self.charge("1", quantity=2))
        dearer = self.capture(self.charge("2", "CBC", amount=self.money("5.00")))
        cheaper = self.capture(self.charge("2", "CBC", amount=self.money("4.00")))
        silent = self.capture(self.charge("2", "CBC"))
        foreign = self.capture(self.charge("1", patient={"mrn": "P-9", "authority": "HOSP"}))
        self.run_all()
        self.assertEqual(again.duplicate_of_id, first)
        self.assertReview(other, "business_key_conflict")
        self.assertEqual(dearer.state, "done")
        self.assertReview(cheaper, "business_key_conflict")
        self.assertEqual(silent.duplicate_of_id, dearer)
        self.assertReview(foreign, "business_key_conflict")
        later = self.capture(self.charge("2", "CBC", amount=self.money("4.00")))
        same = self.capture(self.charge("2", "CBC", amount=self.money("5")))
        self.run_all()
        self.assertReview(later, "business_key_conflict")
        self.assertEqual(same.state, "duplicate")

    def test_two_facilities_may_use_one_number(self):
        self._make_site(self.system, "NORTH", self.company)
        charges = self.bill(self.charge("1"), self.charge("1", facility="NORTH", encounter="V-7"))
        self.assertEqual(len(charges), 2)

    def test_cost_centers(self):
        plan = self.env["account.analytic.plan"].create({"name": "Cost centers"})
        account = self.env["account.analytic.account"].create(
            {"name": "Radiology", "code": "CC-RAD", "plan_id": plan.id}
        )
        charges = self.bill(
            self.charge("1", cost_center="CC-RAD"), self.charge("2", "CBC", cost_center="CC-X")
        )
        self.assertEqual(charges[0].analytic_account_id, account)
        self.assertEqual(charges[0].move_line_id.analytic_distribution, {str(account.id): 100.0})
        self.assertFalse(charges[1].analytic_account_id)
        self.assertEqual(charges[1].message_id.issue_id.error_code, "cost_center_unknown")

    def test_services_of_a_visit(self):
        message = self.capture(
            self.services(
                self.service_line(1),
                self.service_line(2),
                self.service_line("x", "CBC", 2, price=self.money("9.00")),
            ),
            COMPLETED,
        )
        self.run_all()
        charges = self.charges_of(message)
        self.assertEqual(set(charges.mapped("state")), {"invoiced"})
        self.assertEqual(charges.move_id.amount_untaxed, 71.25 * 2 + 18)
        self.assertEqual(charges.mapped("service_line"), ["1", "2", "x"])

    def test_services_told_by_another_event(self):
        at = "2026-11-20T09:00:00Z"
        first = self.capture(self.services(completed_at=at), COMPLETED)
        again = self.capture(self.services(completed_at=at), COMPLETED)
        self.run_all()
        self.assertEqual(again.duplicate_of_id, first)
        grown = self.capture(
            self.services(self.service_line(1), self.service_line(2, "CBC"), completed_at=at),
            COMPLETED,
        )
        later = self.capture(
            self.services(self.service_line(1), completed_at="2026-11-20T10:00:00Z"), COMPLETED
        )
        self.run_all()
        self.assertEqual(self.charges_of(grown).mapped("service_code"), ["local|CBC"])
        self.assertHeld(self.charges_of(later), "similar_charge")

    def test_services_are_whole(self):
        message = self.capture(
            self.services(self.service_line(1), self.service_line(2, "UNHEARD")), COMPLETED
        )
        twice = self.capture(
            self.services(self.service_line(1), self.service_line(1, "CBC")), COMPLETED
        )
        self.run_all()
        self.assertReview(message, "unmapped_service")
        self.assertReview(twice, "line_repeated")

    def test_companies(self):
        other = self.env["res.company"].create({"name": "North Clinic Ltd"})
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=other, install_demo=False
        )
        self.env.user.company_ids = [Command.link(other.id)]
        self._make_site(self.system, "CLINIC", other)
        here = self.bill(self.charge("1"))
        there = self.bill(self.charge("1", facility="CLINIC", coverage=None))
        self.assertEqual((here.company_id, there.company_id), (self.company, other))
        self.assertEqual(there.move_id.company_id, other)
        self.assertEqual(there.patient_id.company_id, other)
        self.assertNotEqual(here.patient_id, there.patient_id)
