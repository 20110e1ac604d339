# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that only billing knows."""

from odoo.addons.healthcare_integration_base.messaging.errors import ErrorSpec, Kind, register

_ERRORS = (
    (
        "unmapped_service",
        "A service code has no product.",
        "Map the code to a product; the messages that wait go on by themselves.",
    ),
    (
        "unmapped_payer",
        "A payer code has no partner.",
        "Map the code to the payer; the messages that wait go on by themselves.",
    ),
    (
        "amount_precision",
        "An amount has more decimal places than its currency.",
        "Have the sender round its amounts; nothing is rounded here without anybody knowing.",
    ),
    (
        "currency_unknown",
        "The currency of an amount is not active, or a charge names two.",
        "Activate the currency, or clear it up with the sender; then retry.",
    ),
    (
        "line_repeated",
        "A message gives two services the same line number.",
        "Have the sender number its lines; then cancel the message or have it sent again.",
    ),
    (
        "charge_similar",
        "A charge is like another one of the same visit, service, quantity and day.",
        "Compare both: bill it if the service was done twice, else cancel it.",
    ),
    (
        "charge_no_price",
        "A charge has no price.",
        "Complete the payer's price list or the product and retry, or enter a price and bill it.",
    ),
    (
        "charge_no_payer",
        "A charge names neither patient nor payer.",
        "Choose who is billed, then bill it.",
    ),
    (
        "charge_split",
        "A charge is shared by several payers.",
        "Bill the payer that the charge names, or cancel it and bill the parts by hand.",
    ),
    (
        "credit_waiting",
        "A credit waits for its charge.",
        "Usually nothing: it goes on when the charge comes. Otherwise choose the charge and retry.",
    ),
    (
        "credit_exceeds",
        "A credit takes back more than its charge has left.",
        "Compare the credits of the charge; choose another charge and retry, or cancel it.",
    ),
    (
        "credit_currency",
        "A credit is in another currency than its charge.",
        "Clear it up with the sender; choose another charge and retry, or cancel it.",
    ),
)

for _code, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, Kind.PERSON, _title, _action, "processing", ("E", "207")))
