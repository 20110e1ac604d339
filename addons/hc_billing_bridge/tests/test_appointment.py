# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.addons.healthcare_integration_base.messaging.translate import hl7v2

from .appointment_common import CHANGED, SCAN, AppointmentCase

SIU = (
    "MSH|^~\\&|SCH|MAIN|HC|MAIN|{sent}||SIU^{trigger}|{trigger}|P|2.5\r"
    "SCH||A-1|||||||||||||||||||||||{status}\r"
    "PID|1||P-1^^^HOSP^MR||CANARY^OPHELIA\r"
    "{rest}"
)
AIS = "RGS|1\rAIS|1|A|SCAN^Scan^L|20201120093000||||30|min\r"


class TestAppointment(AppointmentCase):
    def test_what_an_event_says(self):
        message = self.change(
            resources=[{"value": "ROOM-2"}, {"system": "urn:x", "value": "MRI"}],
            services=[{"value": SCAN}, {"system": "urn:cpt", "value": "70551"}],
            start="2026-11-24T09:30:00",
            end="2026-11-24T11:00:00+02:00",
        )
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        one = self.found()
        self.assertEqual((one.state, one.site_id), ("booked", self.site))
        self.assertEqual(one.company_id, self.company)
        self.assertEqual(one.start, datetime(2026, 11, 24, 8, 30), "no offset: the site's zone")
        self.assertEqual(one.end, datetime(2026, 11, 24, 9, 0))
        self.assertEqual(set(one.resource_ids.mapped("value")), {"ROOM-2", "MRI"})
        self.assertEqual(set(one.service_ids.mapped("value")), {SCAN, "70551"})
        self.assertEqual(one.product_ids, self.scan, "a service that is not mapped holds nothing")
        self.assertTrue(one.patient_ref.startswith("hcp1_"))
        self.assertEqual(one._hc_messages(), message)

    # ------------------------------------------------------------------- order

    def bare(self, number, status, at, **values):
        """An event that leaves out what the standards let it leave out."""
        data = {"appointment": number, "facility": "MAIN", "status": status, **values}
        event = self.event(data, CHANGED, time=at.isoformat() + "Z")
        return self.send(self.channel, replace(event, relaxed=True))

    def test_every_order_of_the_same_events_ends_alike(self):
        """Booked with all there is to say, moved, and cancelled by nothing but the number."""
        moved = self.ago(days=1)
        senders = [
            lambda number: self.change(number, at=self.ago(hours=9)),
            lambda number: self.bare(
                number, "booked", self.ago(hours=8), start=moved.isoformat() + "Z"
            ),
            lambda number: self.bare(number, "cancelled", self.ago(hours=7)),
        ]
        for case, (order, is_stepwise) in enumerate(
            itertools.product(itertools.permutations(senders), (False, True))
        ):
            number = f"M-{case}"
            for sender in order:
                sender(number)
                if is_stepwise:
                    self.drain()
            self.drain()
            one = self.found(number)
            self.assertEqual(len(one), 1)
            self.assertEqual((one.state, one.start), ("cancelled", moved))
            self.assertEqual(one.service_ids.value, SCAN)
            self.assertTrue(one.patient_ref)
            self.assertEqual(one.state_at, self.ago(hours=7))

    def test_hl7_triggers_in_any_order(self):
        """S12, S14 and S15 as senders write them, through the translator."""
        cases = (
            ("S12", "20201101080000", "Booked", AIS),
            ("S14", "20201102080000", "Booked", AIS.replace("0930", "1100")),
            ("S15", "20201103080000", "Cancelled", ""),
        )
        options = self.wire_channel(self.channel).options
        for number, order in enumerate(itertools.permutations(cases)):
            for trigger, sent, status, rest in order:
                text = SIU.format(sent=sent, trigger=trigger, status=status, rest=rest)
                raw = text.replace("A-1", f"S-{number}").encode()
                (event,) = hl7v2.events(hl7v2.parse(raw, None), (CHANGED,), options)
                self.send(self.channel, event)
            self.drain()
            one = self.found(f"S-{number}")
            self.assertEqual(one.state, "cancelled")
            self.assertEqual(one.start, datetime(2020, 11, 20, 10, 0), "moved to 11:00 in Berlin")
        self.assertFalse(self.rows_with("CANARY", "OPHELIA"))

    def test_a_late_event_is_kept_and_says_so(self):
        newest = self.change(status="cancelled", at=self.ago(hours=1))
        late = self.change(at=self.ago(hours=2))
        self.drain()
        self.assertEqual(self.found().state, "cancelled")
        self.assertEqual((late.state, late.error_code), ("superseded", "superseded"))
        self.assertEqual(late.superseded_by_id, newest)
        self.assertTrue(late.done_at)
        told = self.env["hc.message"]._status(late.uuid, late.system_id.id)
        self.assertEqual((told["state"], told["superseded_by"]), ("superseded", newest.uuid))
        self.assertFalse(late.issue_id)
        self.assertEqual(late.effect_ids.mapped("role"), ["superseded"])
        self.assertIn(late, self.found()._hc_messages())

    def test_overtaken_while_it_waited_for_a_person(self):
        """Where messages pass one in review, it is superseded when it is tried again."""
        self.channel.ordering_policy = "pass"
        handler = type(self.env["hc.handler.appointment.changed"])
        with patch.object(
            handler, "_handle", lambda _handler, items: items[0].review("incomplete")
        ):
            early = self.change(at=self.ago(hours=2))
            self.drain()
        newer = self.change(status="cancelled", at=self.ago(hours=1))
        self.drain()
        self.assertEqual((early.state, newer.state), ("review", "done"))
        early._sudo_resume()
        self.drain()
        self.assertEqual((early.state, early.superseded_by_id), ("superseded", newer))
        self.assertFalse(early.issue_id)
        self.assertEqual(self.found().state, "cancelled")

    def test_of_one_moment_the_more_final_holds(self):
        at = self.ago(hours=1)
        for number, states in (("A-1", ("booked", "cancelled")), ("A-2", ("cancelled", "booked"))):
            for state in states:
                self.change(number, state, at=at)
            self.drain()
            self.assertEqual(self.found(number).state, "cancelled")

    def test_without_a_time_the_order_of_arrival_holds(self):
        for status in ("booked", "cancelled", "booked"):
            self.change(status=status)
            self.drain()
        self.assertEqual(self.found().state, "booked")

    def test_microseconds_count(self):
        at = self.ago(hours=1)
        self.change(status="arrived", at=at + timedelta(microseconds=200))
        self.change(status="fulfilled", at=at + timedelta(microseconds=100))
        self.drain()
        self.assertEqual(self.found().state, "arrived")

    # ------------------------------------------------------------ what must wait

    def test_unknown_facility_waits_for_its_site(self):
        message = self.change(facility="WEST")
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "unknown_facility"))
        self.assertEqual(message.issue_id.fix_kind, "site")
        self.assertEqual(message.issue_id.fix_facility, "WEST")
        self._site(self.system, "WEST", self.company)
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.found().site_id.facility_code, "WEST")

    def test_a_channel_may_stand_in_for_the_facility(self):
        event = self.event(self.appointment(facility=None), CHANGED)
        message = self.send(self.channel, replace(event, relaxed=True))
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "incomplete"))
        self.channel.default_site_id = self.site
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.found().site_id, self.site)

    def test_the_site_tells_the_company(self):
        other = self.env["res.company"].create({"name": "Other hospital"})
        self._site(self.system, "OTHER", other)
        self.change(facility="OTHER")
        self.drain()
        self.assertEqual(self.found().company_id, other)

    def test_times_that_cannot_be(self):
        cases = {
            "later": {"at": self.now + timedelta(hours=1)},
            "backwards": {"end": self.ago(days=4).isoformat() + "Z"},
        }
        for number, values in cases.items():
            message = self.change(number, **values)
            self.drain()
            self.assertEqual((message.state, message.error_code), ("review", "date_implausible"))
            self.assertFalse(self.found(number))

    def test_plan_says_what_would_be(self):
        def plan(*events):
            from odoo.addons.healthcare_integration_base.engine import run

            items = [self._item(event) for event in events]
            return run.plan(self.env, items)

        known = self.appointment()
        self.assertEqual(plan(known)[0][0]["change"], "create")
        self.change()
        self.drain()
        self.assertEqual(plan(known), [[{"duplicate": True}]])
        self.assertEqual(plan(self.appointment(status="arrived"))[0][0]["state"], "arrived")
        self.assertEqual(plan(self.appointment(facility="X")), [[{"review": "unknown_facility"}]])
        self.assertEqual(self.found().state, "booked")

    def _item(self, data):
        from odoo.addons.healthcare_integration_base.engine.item import Item

        prepared = self.group(self.channel, self.event(data, CHANGED)).entries[0].prepared
        return Item(
            message_id=0,
            uuid="",
            type=CHANGED,
            data=prepared.payload,
            system_id=self.system.id,
            channel=self.channel,
            company_id=self.company.id,
            event_id="plan",
            source=self.source,
        )
