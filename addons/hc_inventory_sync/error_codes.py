# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors that only stock knows."""

from odoo.addons.healthcare_integration_base.messaging.errors import ErrorSpec, Kind, register

_ERRORS = (
    (
        "expiry_mismatch",
        "The expiry date of a lot differs from the one that Odoo has.",
        "Compare with the package, and correct the lot or clear it up with the sender.",
    ),
    (
        "lot_expired",
        "A lot was used after its expiry date.",
        "Tell the ward and the person in charge of patient safety; take the rest off the shelf.",
    ),
    (
        "item_ambiguous",
        "The codes of an item stand for different products.",
        "Decide which product is meant, and correct the identifiers of the other codes.",
    ),
    (
        "unknown_category",
        "The product category of an item is not known.",
        "Create a category of this name; until then the item stays where it is.",
    ),
    (
        "no_place_of_use",
        "The site has no location to which used stock goes.",
        "Run the ward set-up, or set the place of use on the site or the cost center.",
    ),
)

for _code, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, Kind.PERSON, _title, _action, "processing", ("E", "207")))
