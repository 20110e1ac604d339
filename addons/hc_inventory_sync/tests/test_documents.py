# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""HL7 v2 and FHIR over HTTP: a channel's mapping, and one document for several channels."""

import json
import uuid

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import CONSUMED, SupplyCase

HL7 = "application/hl7-v2"
FHIR = "application/fhir+json"
COST = "http://hospital.example/cost-center"


class DocumentCase(SupplyCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bearer = cls.env["hc.credential"].create({"system_id": cls.system.id, "kind": "bearer"})
        cls.token = bearer._issue().bearer
        # One for all messages of a test: the key of a message has it.
        cls.sent = fields.Datetime.now().strftime("%Y%m%d%H%M%S") + "+0000"
        cls.used = cls.env.ref("hc_inventory_sync.message_type_supply_consumed_v1")
        cls.approver = new_test_user(
            cls.env,
            "hc.documents.approver",
            "healthcare_integration_base.group_integration_manager",
        )

    def make(self, code, kind, **values):
        return self.make_channel(
            self.system, self.used, code=code, name=code, format=kind, **values
        )

    def map_channel(self, channel, target, source, **values):
        """A new version of the channel's mapping with one line, active."""
        mapping = self.env["hc.channel.mapping"].create(
            {
                "channel_id": channel.id,
                "line_ids": [
                    Command.create(
                        {
                            "message_type_id": self.used.id,
                            "target": target,
                            "source": source,
                            **values,
                        }
                    )
                ],
            }
        )
        mapping.with_user(self.approver).action_activate()
        return mapping

    def call(self, path, raw, media):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media}
        return self.url_open(path, data=raw, headers=headers)

    def dft(self, *rows, control=None):
        """A message of charges; rows are FT1 with what the sender puts behind them."""
        header = (
            f"MSH|^~\\&|EHR|MAIN|ODOO|HUB|{self.sent}||DFT^P03|{control or uuid.uuid4()}|P|2.5.1"
        )
        person = "PID|1||CANARY-MRN-7731^^^HOSP^MR||Canary^Ophelia||19510203|F"
        return "\r".join([header, person, "PV1|1|I|ICU-1^^^MAIN", *rows]).encode()

    def row(self, number=1, item="GLOVE", cost=""):
        day = fields.Datetime.now().strftime("%Y%m%d")
        return f"FT1|{number}|T-{uuid.uuid4().hex[:8]}||{day}||CG|{item}|||1|||{cost}"

    def post_dft(self, raw):
        return self.call("/hc/v1/hl7v2", raw, HL7)

    def delivery(self, **members):
        resource = {
            "resourceType": "SupplyDelivery",
            "identifier": [{"value": f"D-{uuid.uuid4().hex[:8]}"}],
            "status": "completed",
            "patient": {"reference": "Patient/canary-7731", "display": "Canary Ophelia"},
            "suppliedItem": {
                "quantity": {"value": 1},
                "itemCodeableConcept": {"coding": [{"code": "GLOVE"}]},
            },
            "occurrenceDateTime": fields.Datetime.now().isoformat() + "Z",
            "destination": {"display": "ICU-1"},
            **members,
        }
        return json.dumps(resource).encode()

    def post_delivery(self, raw):
        return self.call("/hc/fhir/R4/SupplyDelivery", raw, FHIR)

    def messages(self, *channels):
        ids = [channel.id for channel in channels]
        return self.env["hc.message"].search([("channel_id", "in", ids)], order="id")


@tagged("post_install", "-at_install")
class TestMappedDocuments(DocumentCase):
    def test_a_segment_of_the_sender_reaches_the_contract(self):
        channel = self.make("dft-z", "hl7v2")
        self.map_channel(channel, "/cost_center", "ZCG-2.1")
        raw = self.dft(self.row(1), "ZCG|1|CC-ICU^Intensive", self.row(2), control="Z-1")
        answer = self.post_dft(raw)
        self.assertEqual(answer.status_code, 200, answer.text)
        first, second = self.messages(channel)
        self.assertEqual(first.payload["cost_center"], "CC-ICU")
        self.assertNotIn("cost_center", second.payload)
        self.assertEqual(first.mapping_version, 1)
        self.drain()
        self.assertEqual(first.state, "done", first.error_code)
        self.assertEqual(self.moves(first).hc_analytic_account_id, self.account)

    def test_a_resend_after_a_new_version_is_a_duplicate(self):
        channel = self.make("dft-z", "hl7v2")
        raw = self.dft(self.row(1), "ZCG|1|CC-ICU", control="Z-2")
        self.assertEqual(self.post_dft(raw).status_code, 200)
        for source in ("ZCG-2", "ZCG-1"):
            self.map_channel(channel, "/cost_center", source)
            self.assertEqual(self.post_dft(raw).status_code, 200)
        self.assertEqual(self.messages(channel).mapping_version, 0)

    def test_a_control_id_that_comes_back_is_another_event(self):
        """Under whatever version of the mapping: nothing is lost, and nothing is doubled."""
        channel = self.make("dft-z", "hl7v2")
        first, second = (self.dft(self.row(1), "ZCG|1|CC-ICU", control="Z-4") for _ in "12")
        self.assertEqual(self.post_dft(first).status_code, 200)
        self.map_channel(channel, "/cost_center", "ZCG-2")
        for raw in (second, first, second):
            self.assertEqual(self.post_dft(raw).status_code, 200)
        self.map_channel(channel, "/cost_center", "ZCG-3")
        for raw in (second, first):
            self.assertEqual(self.post_dft(raw).status_code, 200)
        messages = self.messages(channel)
        self.assertEqual(messages.mapped("mapping_version"), [0, 1])
        self.assertEqual(messages[1].issue_id.error_code, "control_id_reused")

    def test_an_extension_reaches_the_contract(self):
        channel = self.make("fhir-x", "fhir", default_site_id=self._site().id)
        self.map_channel(
            channel,
            "/cost_center",
            f"extension[?url=='{COST}'].valueString | [0]",
            value_ids=[Command.create({"source": "7", "target": "CC-ICU"})],
        )
        raw = self.delivery(extension=[{"url": COST, "valueString": "7"}])
        answer = self.post_delivery(raw)
        self.assertEqual(answer.status_code, 202, answer.text)
        message = self.messages(channel)
        self.assertEqual(message.payload["cost_center"], "CC-ICU")
        self.map_channel(channel, "/cost_center", "id", default_value="CC-2")
        self.assertEqual(self.post_delivery(raw).status_code, 200)
        self.assertEqual(self.messages(channel), message)

    def test_a_segment_that_names_the_patient_does_not(self):
        channel = self.make("dft-z", "hl7v2")
        self.map_channel(channel, "/cost_center", "ZCG-2")
        raw = self.dft(self.row(1), "ZCG|1|Ophelia Canary", control="Z-3")
        self.assertEqual(self.post_dft(raw).status_code, 200)
        message = self.messages(channel)
        self.assertNotIn("cost_center", message.payload)
        self.assertEqual(message.dropped["/cost_center"], 1)
        self.assertFalse(self.rows_with("CANARY-MRN-7731", "Ophelia", "OPHELIA"))

    def test_a_dry_run_is_mapped_too(self):
        channel = self.make("dft-z", "hl7v2")
        self.map_channel(channel, "/cost_center", "ZCG-2")
        raw = self.dft(self.row(1), "ZCG|1|CC-ICU")
        answer = self.call("/hc/v1/channels/dft-z/validate", raw, HL7)
        self.assertEqual(answer.json()["event"]["cost_center"], "CC-ICU", answer.text)
        self.assertFalse(self.messages(channel))

    def _site(self):
        return self.env["hc.site"].search(
            [("system_id", "=", self.system.id), ("location_code", "=", False)], limit=1
        )


@tagged("post_install", "-at_install")
class TestSeveralChannels(DocumentCase):
    """A document goes to every channel that takes it, whole or not at all."""

    def test_one_message_for_each_channel_and_event(self):
        channels = self.make("one", "hl7v2"), self.make("two", "hl7v2")
        raw = self.dft(self.row(1), self.row(2), control="M-1")
        answer = self.post_dft(raw)
        self.assertEqual(answer.status_code, 200, answer.text)
        messages = self.messages(*channels)
        self.assertEqual(len(messages), 4)
        for channel in channels:
            self.assertEqual(len(self.messages(channel)), 2)
        self.assertEqual(len(set(messages.mapped("correlation_identifier"))), 1)
        self.assertEqual(self.post_dft(raw).status_code, 200)
        self.assertEqual(self.messages(*channels), messages)

    def test_a_channel_that_refuses_refuses_for_all(self):
        channels = self.make("one", "hl7v2"), self.make("two", "hl7v2")
        self.map_channel(channels[1], "/lines/*/quantity", "ZQT-1")
        raw = self.dft(self.row(1), self.row(2), "ZQT|many", control="M-2")
        answer = self.post_dft(raw)
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertIn("MSA|AE|M-2", answer.text)
        self.assertIn("quantity", answer.text)
        self.assertFalse(self.messages(*channels))

    def test_a_paused_channel_makes_the_sender_come_back(self):
        channels = self.make("one", "hl7v2"), self.make("two", "hl7v2")
        channels[1].action_pause()
        answer = self.post_dft(self.dft(self.row(1), control="M-3"))
        self.assertEqual(answer.status_code, 503)
        self.assertIn("Retry-After", answer.headers)
        self.assertFalse(self.messages(*channels))

    def test_a_channel_that_is_added_later_gets_a_resend(self):
        first = self.make("one", "hl7v2")
        raw = self.dft(self.row(1), control="M-4")
        self.post_dft(raw)
        second = self.make("two", "hl7v2")
        self.assertEqual(self.post_dft(raw).status_code, 200)
        kept = self.messages(first), self.messages(second)
        self.assertEqual([len(one) for one in kept], [1, 1])
        self.assertEqual(*(one.correlation_identifier for one in kept))

    def test_a_resource_goes_to_all_channels_too(self):
        channels = self.make("one", "fhir"), self.make("two", "fhir")
        answer = self.post_delivery(self.delivery())
        self.assertEqual(answer.status_code, 202, answer.text)
        messages = self.messages(*channels)
        self.assertEqual(messages.channel_id, channels[0] + channels[1])
        self.assertEqual(len(set(messages.mapped("correlation_identifier"))), 1)

    def test_a_resource_that_one_channel_refuses_is_not_kept(self):
        channels = self.make("one", "fhir"), self.make("two", "fhir")
        self.map_channel(channels[1], "/lines/*/quantity", "id", default_value="1")
        answer = self.post_delivery(self.delivery(id="not-a-number"))
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertEqual(answer.json()["resourceType"], "OperationOutcome")
        self.assertFalse(self.messages(*channels))

    def test_a_transaction_is_whole_over_all_channels(self):
        channels = self.make("one", "fhir"), self.make("two", "fhir")
        self.map_channel(channels[1], "/lines/*/quantity", "extension[0].valueString")
        good = json.loads(self.delivery())
        bad = json.loads(self.delivery(extension=[{"valueString": "many"}]))
        request = {"method": "POST", "url": "SupplyDelivery"}
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"resource": one, "request": request} for one in (good, bad)],
        }
        answer = self.call("/hc/fhir/R4", json.dumps(bundle).encode(), FHIR)
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertFalse(self.messages(*channels))
        bundle["entry"].pop()
        answer = self.call("/hc/fhir/R4", json.dumps(bundle).encode(), FHIR)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(len(self.messages(*channels)), 2)
        self.assertEqual(self.messages(*channels).message_type_id.mapped("name"), [CONSUMED])
