# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that only billing knows."""

from odoo.addons.healthcare_integration_base.messaging.errors import ErrorSpec, Kind, register

_ERRORS = (
    (
        "unmapped_service",
        "A service code has no product.",
        "Map the code to a product; the messages that wait go on by themselves.",
    ),
)

for _code, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, Kind.PERSON, _title, _action, "processing", ("E", "207")))
