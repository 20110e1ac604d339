# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace
from unittest.mock import patch

import hl7

from odoo.tests import tagged

from ..messaging.translate import hl7_ack, hl7v2
from .outbound_common import NOTED, OutboundCase
from .receiver import Receiver, answer


@tagged("post_install", "-at_install")
class TestApplicationAck(OutboundCase):
    """A sender of HL7 v2 hears what became of its message, where MSH-16 asks for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inbound = cls.make_channel(
            cls.partner_system, cls.noted, code="in", format="hl7v2", retry_max_attempts=1
        )
        cls.acks = cls.make_out_channel(
            cls.partner_system,
            cls.endpoint,
            code="acks",
            format="hl7v2",
            types=cls.env.ref("healthcare_integration_base.message_type_hl7_acknowledged_v1"),
        )

    def header(self, when, control_id="MSG-7"):
        message = hl7v2.parse(
            "MSH|^~\\&|EHR|NORTH^1.2^ISO|ODOO|HOSP|20261124||DFT^P03^DFT_P03|"
            f"{control_id}|P|2.5.1|||AL|{when}\r".encode()
        )
        return hl7_ack.asked(message)

    def post(self, when, count=1, **data):
        """A document of so many parts, as the translator makes them."""
        events = [
            replace(
                self.event({"facility": "NORTH", "value": n, **data}, NOTED),
                application_ack=self.header(when),
            )
            for n in range(count)
        ]
        group = self.group(self.inbound, *events)
        self.store(self.inbound, group)
        uuids = [stored.uuid for stored in group.result]
        return self.env["hc.message"].search([("uuid", "in", uuids)], order="id")

    def handle(self, *outcomes):
        """Handle what came, with these outcomes in turn, and what follows from it."""
        waiting = list(outcomes)

        def handler(_self, items):
            for item in items:
                what = waiting.pop(0)
                if what != "done":
                    item.fail(*what)

        with patch.object(type(self.env["hc.message.handler"]), "_handle", handler):
            self.drain()
        self.follow_up()

    def told(self):
        """The acknowledgements that were sent, as the receiver reads them."""
        with Receiver(answer(200, b"", Content_Type="application/hl7-v2")) as receiver:
            self.lead_to(receiver)
            self.dispatch()
        return [hl7.parse(one.body.decode()) for one in receiver.requests]

    def test_done(self):
        self.post("AL")
        self.handle("done")
        (ack,) = self.told()
        self.assertEqual(str(ack.segment("MSA")), "MSA|AA|MSG-7")
        head = ack.segment("MSH")
        self.assertEqual(
            [str(head[n]) for n in (3, 4, 5, 6)], ["ODOO", "HOSP", "EHR", "NORTH^1.2^ISO"]
        )
        self.assertEqual(str(head[9]), "ACK^P03^ACK")

    def test_dead(self):
        self.post("AL")
        self.handle(("unexpected", "dead"))
        (ack,) = self.told()
        self.assertEqual(str(ack.segment("MSA")), "MSA|AE|MSG-7")
        self.assertIn("unexpected", str(ack.segment("ERR")))

    def test_one_for_all_parts_and_only_at_their_end(self):
        first, second = self.post("AL", 2)
        self.handle("done", ("unmapped_item", "review"))
        self.assertFalse(self.told())
        self.assertEqual((first + second).mapped("state"), ["done", "review"])
        second._sudo_resume()
        self.handle("done")
        self.assertEqual([str(one.segment("MSA")) for one in self.told()], ["MSA|AA|MSG-7"])

    def test_given_up_by_a_person(self):
        message = self.post("AL")
        self.handle(("unmapped_item", "review"))
        message._sudo_set_state("cancelled", ("review",), "message.cancelled")
        self.follow_up()
        self.assertEqual([str(one.segment("MSA")) for one in self.told()], ["MSA|AE|MSG-7"])

    def test_only_what_is_asked_for(self):
        for when, outcome, count in (
            ("ER", "done", 0),
            ("SU", "done", 1),
            ("SU", ("unexpected", "dead"), 0),
            ("ER", ("unexpected", "dead"), 1),
        ):
            with self.subTest(f"{when} {outcome}"):
                self.post(when)
                self.handle(outcome)
                self.assertEqual(len(self.told()), count)
        self.assertIsNone(self.header("NE"))
        self.assertIsNone(self.header(""))

    def test_a_control_id_that_names_the_patient_is_not_kept(self):
        event = replace(
            self.event({"facility": "NORTH", "value": 1, "patient": {"mrn": "CANARY-77"}}, NOTED),
            application_ack=self.header("AL", "CANARY-77-1"),
        )
        message = self.send(self.inbound, event)
        self.assertFalse(message.application_ack)
        self.assertFalse(self.rows_with("CANARY-77"))
