# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import (
    test_device_alarmed,
    test_device_alarmed_handler,
    test_device_report,
    test_equipment_upserted,
    test_escalation,
    test_random_alarms,
    test_rights,
    test_standards,
    test_tours,
    test_triage,
)
from . import test_equipment_ownership
