# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Code systems of the standards as the canonical codes name them.

A canonical system is ``gtin``, ``local``, ``manufacturer``, ``hibc``, ``udi-di`` or a URI.
HL7 v2 names systems by table 0396: an empty name, ``L`` and the ``99...`` names are
the sender's own codes (``local``); every other name that is not known here keeps its
meaning as ``urn:hl7:<name in lower case>``. FHIR systems are URIs and stay what they are.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from ..event import JsonObject

LOCAL = "local"
_CANONICAL = frozenset({"gtin", LOCAL, "manufacturer", "hibc", "udi-di"})
_OID = re.compile(r"[0-2](\.\d+)+", re.ASCII)

_BY_NAME = {
    "GTIN": "gtin", "GTIN8": "gtin", "GTIN12": "gtin", "GTIN13": "gtin", "GTIN14": "gtin",
    "GTIN-8": "gtin", "GTIN-12": "gtin", "GTIN-13": "gtin", "GTIN-14": "gtin",
    "EAN": "gtin", "EAN8": "gtin", "EAN13": "gtin", "UPC": "gtin", "GS1": "gtin",
    "UDI-DI": "udi-di", "UDIDI": "udi-di",
    "HIBC": "hibc", "HIBCC": "hibc",
    "MANUFACTURER": "manufacturer",
}  # fmt: skip

_BY_URI = {
    "urn:oid:1.3.160": "gtin",
    "urn:oid:2.51.1.1": "gtin",
    "www.gs1.org/gtin": "gtin",
    "gs1.org/gtin": "gtin",
    "id.gs1.org/01": "gtin",
    "hl7.org/fhir/namingsystem/gtin": "gtin",
    "hl7.org/fhir/namingsystem/gs1": "gtin",
    "hl7.org/fhir/namingsystem/gs1-di": "gtin",
    "hl7.org/fhir/namingsystem/hibcc": "hibc",
    "hl7.org/fhir/namingsystem/hibcc-di": "hibc",
    "hl7.org/fhir/namingsystem/udi-di": "udi-di",
}


def from_uri(uri: str | None) -> str:
    """The canonical system of a FHIR ``system``; absent means the sender's own."""
    if not uri or uri in _CANONICAL:
        return uri or LOCAL
    known = uri.lower().removeprefix("http://").removeprefix("https://").rstrip("/")
    return _BY_URI.get(known, uri)


def from_hl7(name: str) -> str:
    """The canonical system of a coding system named in CWE.3."""
    upper = name.strip().upper()
    if not upper or upper == "L" or upper == "LOCAL" or upper.startswith("99"):
        return LOCAL
    if _OID.fullmatch(upper):
        return from_uri("urn:oid:" + upper)
    if "://" in name or upper.startswith("URN:"):
        return from_uri(name.strip())
    return _BY_NAME.get(upper) or "urn:hl7:" + quote(upper.lower(), safe="-._~")


def code(system: str, value: str) -> JsonObject:
    """A canonical code."""
    return {"system": system, "value": value}
