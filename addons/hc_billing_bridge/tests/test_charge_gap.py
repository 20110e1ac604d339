# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .appointment_common import FREE, VISIT, AppointmentCase


class TestMatching(AppointmentCase):
    def test_whichever_comes_first(self):
        for number, steps in (("A-1", "ac"), ("A-2", "ca")):
            patient = {"mrn": f"MRN-{number}", "authority": "HOSP"}
            for step in steps:
                if step == "a":
                    self.change(number, "fulfilled", patient=patient)
                else:
                    charge = self.charge(f"C-{number}", patient=patient)
                self.work()
            self.assertEqual(charge.state, "done", (charge.error_code, charge.error_detail))
            self.assertEqual(self.charge_of(charge).appointment_id, self.found(number))
            self.assertTrue(self.found(number).is_charged)
            self.assertEqual(self.found(number).charge_count, 1)

    def test_not_of_another_patient_day_or_service(self):
        self.change("A-1", "fulfilled")
        messages = [
            self.charge("C-1", patient={"mrn": "SOMEONE", "authority": "HOSP"}),
            self.charge("C-2", patient={"mrn": "P-1", "authority": "ELSEWHERE"}),
            self.charge("C-3", at=self.ago(days=1)),
            self.charge("C-4", service=VISIT),
        ]
        self.work()
        for message in messages:
            self.assertFalse(self.charge_of(message).appointment_id, message.message_identifier)
        self.assertFalse(self.found().is_charged)

    def test_the_product_counts_whatever_system_named_it(self):
        other = self.make_system("other-scheduler")
        self._site(other, "MAIN", self.company)
        channel = self.make_channel(other, self.channel.message_type_ids[0], code="others")
        self.env["hc.identifier"].create(
            {
                "system_id": other.id,
                "namespace": "service",
                "code_system": "local",
                "value": "CT-77",
                "res_id": self.scan.id,
            }
        )
        data = self.appointment("B-1", "fulfilled", services=[{"value": "CT-77"}])
        self.send(channel, self.event(data, "appointment.changed.v1"))
        charge = self.charge()
        self.work()
        self.assertEqual(self.charge_of(charge).appointment_id, self.found("B-1"))

    def test_two_appointments_and_two_charges_of_a_day(self):
        day = self.ago(days=3).replace(hour=9, minute=0)
        for number, hour in (("A-1", 9), ("A-2", 13)):
            start = day.replace(hour=hour)
            self.change(
                number,
                "fulfilled",
                start=start.isoformat() + "Z",
                end=(start + timedelta(minutes=20)).isoformat() + "Z",
            )
        first = self.charge("C-1", at=day.replace(hour=9, minute=10))
        second = self.charge("C-2", at=day.replace(hour=9, minute=30))
        self.work()
        linked = (self.charge_of(first) + self.charge_of(second)).appointment_id
        self.assertEqual(set(linked.mapped("name")), {"A-1", "A-2"})
        self.assertEqual(self.charge_of(first).appointment_id.name, "A-1")

    def test_a_cancelled_appointment_lets_its_charge_go(self):
        self.change(status="fulfilled", at=self.ago(hours=3))
        charge = self.charge_of_message()
        self.assertEqual(charge.appointment_id, self.found())
        self.change(status="cancelled", at=self.ago(hours=2))
        self.work()
        self.assertFalse(charge.appointment_id)
        self.assertFalse(self.found().is_charged)

    def charge_of_message(self):
        message = self.charge()
        self.work()
        return self.charge_of(message)

    def test_a_credited_charge_is_none(self):
        self.change(status="fulfilled")
        charge = self.charge_of_message()
        self.charge("C-1-credit", action="credit", reverses="C-1")
        self.work()
        self.assertEqual(charge.credited_quantity, 1)
        self.assertFalse(self.found().is_charged)


class TestChargeGap(AppointmentCase):
    def refresh(self):
        self.env["hc.charge.gap"].with_company(self.company)._refresh()

    def decide(self, gap, decision, **values):
        wizard = self.env["hc.charge.gap.decide"].create(
            {"gap_ids": [(6, 0, gap.ids)], "decision": decision, **values}
        )
        return wizard.action_apply()

    def test_what_is_due(self):
        """Of all states only the fulfilled one, and only after the hours of the company."""
        self.change("A-1", "fulfilled")
        for number, status in enumerate(("booked", "arrived", "cancelled", "noshow"), 2):
            self.change(f"A-{number}", status)
        late = self.ago(hours=2).isoformat() + "Z"
        self.change("A-9", "fulfilled", start=late, end=late)
        self.work()
        self.refresh()
        self.assertEqual(self.gaps().mapped("appointment_id.name"), ["A-1"])
        self.assertEqual(self.gaps().reason, "no_charge")
        self.assertEqual(self.gaps().services, "Scan")
        self.company.hc_charge_due_hours = 1
        self.refresh()
        self.refresh()
        self.assertEqual(set(self.gaps().mapped("appointment_id.name")), {"A-1", "A-9"})

    def test_an_unmapped_service_is_asked_for_too(self):
        self.change(status="fulfilled", services=[{"value": FREE}])
        self.work()
        self.refresh()
        self.assertEqual(self.gaps().services, FREE)

    def test_a_charge_that_comes_late_resolves_the_entry(self):
        self.change(status="fulfilled")
        self.work()
        self.refresh()
        gap = self.gaps()
        self.assertEqual(gap.state, "open")
        self.charge()
        self.work()
        self.assertEqual(gap.state, "resolved")
        self.assertTrue(gap.closed_at)

    def test_a_code_that_is_mapped_later_resolves_the_entry(self):
        self.change(status="fulfilled", services=[{"value": FREE}])
        self.charge()
        self.work()
        self.refresh()
        gap = self.gaps().filtered("appointment_id")
        self.assertEqual(gap.state, "open")
        self.env["hc.identifier"].create(
            {
                "system_id": self.system.id,
                "namespace": "service",
                "code_system": "local",
                "value": FREE,
                "res_id": self.scan.id,
            }
        )
        self.refresh()
        self.assertEqual(gap.state, "resolved")
        self.assertEqual(self.gaps().filtered("charge_id").state, "resolved")

    def test_charges_that_need_an_appointment(self):
        needing, other = self.charge("C-1"), self.charge("C-2", service=VISIT)
        self.charge("C-3", at=self.ago(hours=1))
        self.work()
        self.refresh()
        self.assertEqual(self.gaps().charge_id, self.charge_of(needing))
        self.assertEqual(self.gaps().reason, "no_appointment")
        self.assertFalse(self.charge_of(other).gap_ids)

    def test_a_charge_of_an_appointment_that_is_still_booked(self):
        self.change(status="booked", at=self.ago(hours=3))
        self.charge()
        self.work()
        self.refresh()
        gap = self.gaps()
        self.assertEqual((gap.reason, gap.state), ("not_fulfilled", "open"))
        self.change(status="fulfilled", at=self.ago(hours=2))
        self.work()
        self.assertEqual(gap.state, "resolved")

    def test_an_entry_comes_back_with_its_reason(self):
        self.change(status="fulfilled")
        message = self.charge()
        self.work()
        self.refresh()
        self.assertFalse(self.gaps())
        self.change("A-2", "fulfilled", patient={"mrn": "P-2", "authority": "HOSP"})
        self.work()
        self.refresh()
        gap = self.gaps()
        self.charge("C-2", patient={"mrn": "P-2", "authority": "HOSP"})
        self.work()
        self.assertEqual(gap.state, "resolved")
        self.charge(
            "C-2x", action="credit", reverses="C-2", patient={"mrn": "P-2", "authority": "HOSP"}
        )
        self.work()
        self.refresh()
        self.assertEqual((gap.state, gap.reason), ("open", "no_charge"))
        self.assertTrue(message)

    # ---------------------------------------------------------------- deciding

    def open_gap(self):
        self.change(status="fulfilled")
        self.work()
        self.refresh()
        return self.gaps()

    def test_nothing_is_due(self):
        gap = self.open_gap()
        with self.assertRaises(UserError):
            self.decide(gap, "dismiss", note="  ")
        self.decide(gap, "dismiss", note="Free follow-up")
        self.assertEqual((gap.state, gap.note), ("dismissed", "Free follow-up"))
        self.assertEqual(gap.closed_by_id, self.env.user)
        self.refresh()
        self.assertEqual((gap.state, len(self.gaps())), ("dismissed", 1))
        gap.action_reopen()
        self.assertEqual((gap.state, gap.note), ("open", False))

    def test_link_charge_by_hand(self):
        gap = self.open_gap()
        message = self.charge(at=self.ago(days=5))
        self.work()
        charge = self.charge_of(message)
        self.assertFalse(charge.appointment_id)
        wizard = self.env["hc.charge.gap.decide"].create(
            {"gap_ids": [(6, 0, gap.ids)], "decision": "link"}
        )
        self.assertEqual(wizard.candidate_charge_ids, charge)
        with self.assertRaises(UserError):
            wizard.action_apply()
        wizard.charge_id = charge
        wizard.action_apply()
        self.assertEqual((gap.state, charge.appointment_id), ("resolved", self.found()))
        self.change("A-7", "fulfilled", start=self.ago(days=5).isoformat() + "Z", end=None)
        self.work()
        self.assertEqual(charge.appointment_id.name, "A-1", "what a person has chosen stays")

    def test_link_appointment_by_hand(self):
        self.charge()
        self.change(status="fulfilled", patient={"mrn": "WRONG", "authority": "HOSP"})
        self.work()
        self.refresh()
        gap = self.gaps().filtered("charge_id")
        wizard = self.env["hc.charge.gap.decide"].create(
            {"gap_ids": [(6, 0, gap.ids)], "decision": "link"}
        )
        self.assertFalse(wizard.candidate_appointment_ids)
        wizard.any_patient = True
        self.assertIn(self.found(), wizard.candidate_appointment_ids)
        wizard.appointment_id = self.found()
        wizard.action_apply()
        self.assertEqual(set(self.gaps().mapped("state")), {"resolved"})

    def test_owner_of_new_entries(self):
        self.company.hc_charge_owner_id = self.env.ref("base.user_admin")
        self.assertEqual(self.open_gap().user_id, self.env.ref("base.user_admin"))

    def test_entries_are_changed_by_buttons(self):
        gap = self.open_gap().with_user(self.env.ref("base.user_admin"))
        with self.assertRaises(AccessError):
            gap.write({"state": "resolved"})
        gap.action_assign_me()
        self.assertEqual(gap.user_id, self.env.ref("base.user_admin"))

    def test_hours_are_not_negative(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.company.hc_charge_due_hours = -1
            self.env.flush_all()

    def test_the_scheduled_action(self):
        self.change(status="fulfilled")
        self.work()
        with self.enter_registry_test_mode():
            self.env.ref("hc_billing_bridge.cron_charge_gap").method_direct_trigger()
        self.assertEqual(self.gaps().appointment_id, self.found())

    def test_a_person_is_nowhere(self):
        self.change(
            status="fulfilled",
            patient={"mrn": "CANARY-MRN-7731", "authority": "HOSP", "name": "Canary Ophelia"},
        )
        self.work()
        self.refresh()
        self.assertTrue(self.gaps().patient_label)
        self.assertFalse(self.rows_with("CANARY-MRN-7731", "Canary Ophelia"))
