# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that only medical devices know."""

from odoo.addons.healthcare_integration_base.messaging.errors import ErrorSpec, Kind, register

_ERRORS = (
    (
        "unknown_equipment",
        "A device is not in the equipment register.",
        "Map the code or register the device; the messages that wait go on by themselves.",
    ),
)

for _code, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, Kind.PERSON, _title, _action, "processing", ("E", "207")))
