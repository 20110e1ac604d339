# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that only medical devices know."""

from odoo.addons.healthcare_integration_base.messaging.errors import ErrorSpec, Kind, register

_ERRORS = (
    (
        "unknown_equipment",
        "A device is not in the equipment register.",
        "Map the code to the equipment, or register it; what waits goes on by itself.",
    ),
    (
        "equipment_ambiguous",
        "Two devices in the register answer to the same serial number or UDI.",
        "Merge or correct the two, or map the code to the right one, and retry.",
    ),
    (
        "equipment_elsewhere",
        "A device comes from a site of another company than its equipment.",
        "Give the equipment to the company of the site, or correct the site, and retry.",
    ),
    (
        "no_triage_rule",
        "No triage rule says what becomes of an alarm.",
        "Add a rule for alarms of this kind, and retry.",
    ),
)

for _code, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, Kind.PERSON, _title, _action, "processing", ("E", "207")))
