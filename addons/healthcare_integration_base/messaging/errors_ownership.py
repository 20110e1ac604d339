# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who may say what: owners of data, echoes, and environments that do not fit."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

# fmt: off
_ERRORS: tuple[tuple[str, Kind, str, str], ...] = (
    ("not_owner", Kind.PERSON, "The data belong to another system.",
     "Have the owner send the change, correct the ownership matrix, or accept this update once."),
    ("fields_not_owned", Kind.PERMANENT, "Fields that another system owns were left out.",
     "Nothing, if the ownership matrix is right: all other fields were taken."),
    ("echo", Kind.PERMANENT, "Odoo's own message came back.",
     "Nothing: what it says is known here, so it goes no further and causes no message."),
)
# fmt: on

for _code, _kind, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, _kind, _title, _action, "processing", ("E", "207")))
register(
    ErrorSpec(
        "environment_mismatch",
        403,
        Kind.PERSON,
        "The system belongs to another environment than the database.",
        "Connect test systems to a test database and production systems to production.",
        "forbidden",
        ("R", "202"),
    )
)
