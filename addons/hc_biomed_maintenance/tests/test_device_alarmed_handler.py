# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.addons.healthcare_integration_base.tests.common import HandlerCase

from .common import ALARMED, UPSERTED, BiomedCase


class TestDeviceAlarmedHandler(HandlerCase, BiomedCase):
    """What every handler has to prove."""

    event_type = ALARMED
    poison = {"equipment": "poison"}

    def valid(self, number):
        return self.alarm(f"A-{number}")

    def needs_person(self):
        return self.alarm(device="NOBODY-KNOWS")

    def broken(self):
        return {**self.alarm(), "phase": "sometimes"}

    def with_person(self, data):
        """Devices put names of patients into their texts."""
        _mrn, name, note = self.personal
        return super().with_person({**data, "text": f"{name}: {note}"})


class TestPhysiologicalHandler(TestDeviceAlarmedHandler):
    """The same for alarms about patients."""

    def valid(self, number):
        return self.alarm(f"A-{number}", kind="physiological", code="MDC_EVT_HI")

    def needs_person(self):
        return {**self.valid(1), "equipment": {"value": "NOBODY-KNOWS"}}


class TestEquipmentUpsertedHandler(HandlerCase, BiomedCase):
    """What every handler has to prove."""

    event_type = UPSERTED
    poison = {"equipment": "poison"}

    def valid(self, number):
        return {
            "equipment": {"value": f"EQ-{number}"},
            "name": f"Device {number}",
            "serial": f"SN-{number}",
            "model": "M",
        }

    def needs_person(self):
        for name in ("Twin", "Other twin"):
            self.make_device(name, serial_no="TWIN", model="")
        return {"equipment": {"value": "EQ-TWIN"}, "serial": "TWIN"}

    def broken(self):
        return {"name": "without a code"}
