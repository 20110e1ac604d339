# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""From the wire of a standard to the document."""

import json

from odoo import fields

from odoo.addons.healthcare_integration_base.messaging import guard
from odoo.addons.healthcare_integration_base.messaging.errors import MessageError
from odoo.addons.healthcare_integration_base.messaging.translate import fhir, hl7v2

from .common import ALARMED, UPSERTED, BiomedCase

PERSONS = ("CANARY-MRN-9912", "Canarybird", "Ophelina")


class TestStandards(BiomedCase):
    def er7(self, kind="ST", phase="start", code="196802^MDC_EVT_BATT_LO^MDC", number="ALM-1"):
        at = fields.Datetime.now().strftime("%Y%m%d%H%M%S") + "+0000"
        return "\r".join(
            [
                rf"MSH|^~\&|GATEWAY|MAIN|ODOO|ERP|{at}||ORU^R40^ORU_R40|{number}-{phase}-{kind}|P|2.6",
                "PID|||CANARY-MRN-9912^^^MAIN^MR||Canarybird^Ophelina||19510203|F",
                "PV1||I|ICU-1^4^2^MAIN",
                f"OBR|1|{number}|{number}|196616^MDC_EVT_ALARM^MDC|||{at}",
                f"OBX|1|CWE|196616^MDC_EVT_ALARM^MDC|1.0.0.0.1|{code}|||||||||||||PUMP",
                f"OBX|2|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.0.0.0.3|{phase}",
                "OBX|3|ST|68484^MDC_ATTR_ALARM_PRIORITY^MDC|1.0.0.0.6|PH",
                f"OBX|4|ST|68485^MDC_ATTR_ALERT_TYPE^MDC|1.0.0.0.7|{kind}",
                "OBX|5|ST|68546^MDC_ATTR_ALERT_TEXT^MDC|1.0.0.0.8|Canarybird: look",
            ]
        ).encode()

    def post(self, events):
        group = self.group(self.channel, *events)
        self.store(self.channel, group)
        if isinstance(group.result, MessageError):
            raise group.result
        self.drain()
        uuids = [answer.uuid for answer in group.result]
        return self.env["hc.message"].search([("uuid", "in", uuids)])

    def post_hl7(self, **values):
        return self.post(hl7v2.events(hl7v2.parse(self.er7(**values)), {ALARMED}, {}))

    def post_fhir(self, resource):
        raw = json.dumps(resource).encode()
        return self.post(fhir.events(guard.parse_json(raw), {UPSERTED}, {}))

    def test_acm_alarm(self):
        message = self.post_hl7()
        self.assertEqual(message.state, "done", message.error_code)
        self.post_hl7(phase="end")
        (request,) = self.requests()
        self.assertEqual((request.hc_cause, request.hc_location), ("MDC_EVT_BATT_LO", "ICU-1"))
        self.assertEqual(request.hc_alarm_count, 1)
        self.assertTrue(request.hc_alarm_ids.is_over)
        self.assertFalse(self.rows_with(*PERSONS))

    def test_acm_alarm_about_a_patient(self):
        message = self.post_hl7(kind="SP", code="147842^MDC_ECG_HEART_RATE^MDC")
        self.assertEqual(message.state, "done", message.error_code)
        self.assertFalse(self.requests())
        self.assertEqual(self.pump.hc_patient_alarm_count, 1)
        self.assertFalse(self.rows_with(*PERSONS, "MDC_ECG_HEART_RATE", "ICU-1"))

    def test_fhir_device(self):
        message = self.post_fhir(
            {
                "resourceType": "Device",
                "id": "d1",
                "identifier": [{"system": "http://goodcare.org/devices/id", "value": "345675"}],
                "meta": {"lastUpdated": "2026-11-20T10:00:00Z"},
                "udiCarrier": [{"carrierHRF": "(01)04012345678901(21)SN-9"}],
                "deviceName": [{"name": "Pump 9", "type": "user-friendly-name"}],
            }
        )
        self.assertEqual(message.state, "done", message.error_code)
        device = self.env["maintenance.equipment"].browse(message.effect_ids.res_id)
        self.assertEqual((device.name, device.serial_no), ("Pump 9", "SN-9"))
        code = self.env["hc.identifier"].search([("value", "=", "345675")])
        self.assertEqual(
            (code.code_system, code.res_id),
            (
                "http://goodcare.org/devices/id",
                device.id,
            ),
        )

    def test_fhir_device_of_a_patient_leaves_nothing(self):
        before = self.env["hc.message"].search_count([])
        with self.assertRaises(MessageError) as caught:
            self.post_fhir(
                {
                    "resourceType": "Device",
                    "id": "d2",
                    "serialNumber": "CANARY-SERIAL",
                    "patient": {"reference": "Patient/CANARY-MRN-9912"},
                }
            )
        self.assertEqual(caught.exception.code, "device_of_patient")
        self.assertEqual(self.env["hc.message"].search_count([]), before)
        self.assertFalse(self.rows_with("CANARY-SERIAL", *PERSONS))
