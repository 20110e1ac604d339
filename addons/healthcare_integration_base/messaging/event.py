# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The canonical event: what every format is translated to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .translate.hl7_path import Part

JsonValue: TypeAlias = "bool | int | Decimal | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]
# What an event was made of: a part of an HL7 v2 message, a FHIR resource, data in JSON.
Origin: TypeAlias = "Part | JsonObject"


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was sent. It holds personal data and lives in memory only."""

    type: str
    data: JsonObject
    id: str
    source: str
    # Idempotency parts beside system and type.
    key: tuple[str, ...]
    time: datetime | None = None
    subject: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    # The same key with another content: refused, or kept and reported.
    reuse: Literal["refuse", "keep"] = "refuse"
    # Values of the source document that name a person; used for scrubbing only.
    personal: frozenset[str] = frozenset()
    # Code of the reason why the event is accepted without an effect.
    ignored: str | None = None
    # The sender gave no number of its own: another message may state the same fact.
    weak_key: bool = False
    # Came from a standard that leaves fields optional which the contract requires.
    relaxed: bool = False
    # What an application acknowledgement gives back, where the sender asks for one (MSH-16).
    application_ack: dict[str, str] | None = field(default=None, compare=False, repr=False)
    # Says of itself that it is a test: production refuses it.
    is_test: bool = False
    # Where the channel's mapping looks for what the translator did not read.
    origin: Origin | None = field(default=None, compare=False, repr=False)
