# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Telephone numbers in one form (ITU-T E.164), so that one number is one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import phonenumbers

MAX_LENGTH = 250
"""Characters; longer texts are no telephone numbers."""


@dataclass(frozen=True, slots=True)
class Phones:
    """Where the numbers of a channel are dialled from.

    :param region: country (ISO 3166-1 alpha-2) of numbers without a country code; empty: such
        numbers are not understood
    :param facilities: facility code -> country, where it is another one
    """

    region: str = ""
    facilities: Mapping[str, str] = field(default_factory=dict)

    def e164(self, text: str, facility: object = None) -> str | None:
        """``+``, country code and number, nothing else; an extension is left out.

        None where it is no number that can be dialled. Whether it is assigned is not asked:
        that changes faster than any list of it.
        """
        region = self.region
        if isinstance(facility, str):
            region = self.facilities.get(facility, region)
        if len(text) > MAX_LENGTH:
            return None
        try:
            number = phonenumbers.parse(text, region or None)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_possible_number(number):
            return None
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


NOWHERE = Phones()
