"""Codes of a system that stand for something in Odoo, and the channels that take its messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .rpc import Odoo


@dataclass(frozen=True)
class Code:
    """A code, and the record that it is mapped to; 0 where it is mapped to none."""

    system: str
    value: str
    record: int = 0


@dataclass(frozen=True)
class Route:
    """A channel of a system: where letters of one format go."""

    system: str
    system_id: int
    channel: str
    channel_id: int
    source: str


def route(systems: Iterable[dict[str, Any]], kind: str, format_: str) -> Route | None:
    """The first channel that takes this type of message in this format."""
    for system in systems:
        for channel in system["channels"]:
            if channel["format"] == format_ and kind in channel["types"]:
                ids = (system["id"], channel["code"], channel["id"])
                return Route(system["code"], *ids, system["sources"][0])
    return None


def read(odoo: Odoo, system: int, namespace: str) -> list[Code]:
    """What a system's codes of a namespace are mapped to, in their order."""
    rows = odoo.read(
        "hc.identifier",
        [("system_id", "=", system), ("namespace", "=", namespace)],
        ["code_system", "value", "res_id"],
        order="id",
    )
    return [Code(row["code_system"], row["value"], row["res_id"]) for row in rows]


def facilities(odoo: Odoo, system: int) -> list[str]:
    """Facilities that a system's sites name."""
    domain = [("system_id", "=", system), ("facility_code", "!=", False)]
    rows = odoo.read("hc.site", domain, ["facility_code"], order="id")
    return list(dict.fromkeys(row["facility_code"] for row in rows))


def ends(odoo: Odoo, channel: int) -> list[str]:
    """MSH-3 and MSH-4 that find a channel of HL7."""
    fields = ["hl7_sending_application", "hl7_sending_facility"]
    found = odoo.call("hc.channel", "read", [channel], fields)[0]
    usual = ("EHR", "HOSPITAL")
    return [str(found[name] or other) for name, other in zip(fields, usual, strict=True)]
