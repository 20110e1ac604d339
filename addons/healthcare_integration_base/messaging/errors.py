# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The registry of every error: a stable code, what kind it is, what to do about it.

A code is all that leaves the process: no sentence here ever holds a value of a message.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What may follow from an error."""

    TRANSIENT = "transient"  # the same try may succeed later
    PERMANENT = "permanent"  # the same message never succeeds
    PERSON = "person"  # succeeds once somebody has decided or mapped something
    UNKNOWN = "unknown"  # sent, but nobody knows whether it arrived
    POISON = "poison"  # kills whoever touches it


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How an error is tried again, where it is another way than the channel says."""

    base_seconds: int | None = None
    cap_seconds: int | None = None
    max_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """One error: ``status`` is HTTP's (0: never an answer), ``fhir`` an issue type,
    ``hl7`` acknowledgement severity (E: AE/CE, R: AR/CR) and code of table 0357,
    ``retry`` what deviates from the channel's policy (transient errors only)."""

    code: str
    status: int
    kind: Kind
    title: str
    action: str
    fhir: str
    hl7: tuple[str, str]
    retry: RetryRule | None = None


@dataclass(frozen=True, slots=True)
class FieldError:
    """A contract field and the rule it breaks; never a name or a value of the sender."""

    pointer: str
    rule: str


class MessageError(Exception):
    """A refusal with a code of the registry."""

    def __init__(
        self,
        code: str,
        *,
        errors: Iterable[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.errors = tuple(errors)
        self.retry_after = retry_after

    @property
    def spec(self) -> ErrorSpec:
        return spec(self.code)

    def __str__(self) -> str:
        return self.code


_REGISTRY: dict[str, ErrorSpec] = {}


def register(entry: ErrorSpec) -> None:
    """Add an error of a domain addon; the same code twice must mean the same."""
    known = _REGISTRY.setdefault(entry.code, entry)
    if known != entry:
        raise ValueError(f"error code {entry.code} is registered with another meaning")


def spec(code: str) -> ErrorSpec:
    """The error of that code; what nobody registered is an internal error."""
    return _REGISTRY.get(code) or _REGISTRY["internal_error"]


def all_specs() -> tuple[ErrorSpec, ...]:
    """All errors, by code."""
    return tuple(_REGISTRY[code] for code in sorted(_REGISTRY))


_TRANSIENT, _PERMANENT, _PERSON = Kind.TRANSIENT, Kind.PERMANENT, Kind.PERSON

# fmt: off
_ANSWERS: tuple[tuple[str, int, Kind, str, str, str, str], ...] = (
    # code, status, kind, title, action, FHIR issue type, HL7 severity and code
    ("malformed_json", 400, _PERMANENT, "The body is not valid JSON.",
     "Send strict JSON: no NUL, no NaN, no repeated member, numbers of at most 30 digits.",
     "structure", "E100"),
    ("malformed_hl7", 400, _PERMANENT, "The body is not an HL7 v2 message.",
     "Send one message in ER7 that starts with a complete MSH segment.", "structure", "E100"),
    ("malformed_fhir", 400, _PERMANENT, "The body is not a FHIR R4 resource.",
     "Send a JSON resource with a resourceType that matches the address.", "structure", "E100"),
    ("malformed_batch", 400, _PERMANENT, "The body is not a batch of events.",
     "Send a JSON array of events, or one event per line, at most 10,000.", "structure", "E100"),
    ("encoding_invalid", 400, _PERMANENT, "The body is not text in the character set it names.",
     "Send UTF-8, or name the character set that is used.", "structure", "E102"),
    ("nesting_too_deep", 400, _PERMANENT, "The body is nested deeper than 64 levels.",
     "Send the event without the nested structures that no contract asks for.",
     "structure", "E100"),
    ("too_many_delimiters", 400, _PERMANENT, "The message holds too many delimiters.",
     "Split the message, or repair the sender that repeats a field without end.",
     "structure", "E100"),
    ("resource_id_mismatch", 400, _PERMANENT, "The resource has another id than the address.",
     "Send the resource to the address of its own id.", "invalid", "E102"),
    ("conditional_refused", 400, _PERMANENT, "Conditional requests are not supported.",
     "Send the request without If-None-Exist and If-Match.", "not-supported", "R207"),
    ("unauthenticated", 401, _PERMANENT, "No credential was presented, or it is not known.",
     "Sign the request, or send the bearer credential of the system.", "login", "R207"),
    ("signature_invalid", 401, _PERMANENT, "The signature does not match the body.",
     "Sign id, timestamp and the raw body with the present secret of the key id.",
     "login", "R207"),
    ("timestamp_stale", 401, _PERMANENT, "The signature's timestamp is too far from now.",
     "Set the sender's clock by NTP and sign each attempt again.", "expired", "R207"),
    ("credential_expired", 401, _PERMANENT, "The credential is not valid at this time.",
     "Ask the hospital for a new credential of this system.", "expired", "R207"),
    ("credential_revoked", 401, _PERMANENT, "The credential was revoked.",
     "Ask the hospital for a new credential of this system.", "login", "R207"),
    ("binding_invalid", 401, _PERMANENT, "The headers are not bound to the credential.",
     "In binary mode send ce-id equal to webhook-id and a ce-source of the credential.",
     "login", "R207"),
    ("forbidden", 403, _PERMANENT, "The system is not allowed to do this.",
     "Ask the hospital to bind the credential to the channel.", "forbidden", "R207"),
    ("not_found", 404, _PERMANENT, "There is no such thing for this system.",
     "Check the address against the integration catalog.", "not-found", "E204"),
    ("method_not_allowed", 405, _PERMANENT, "The address does not take this method.",
     "Use the method that the interface description names.", "not-supported", "R207"),
    ("too_large", 413, _PERMANENT, "The body is larger than allowed.",
     "Split the message, or send a batch in parts.", "too-long", "R207"),
    ("unsupported_media_type", 415, _PERMANENT, "The channel does not take this media type.",
     "Send the media type of the channel's format.", "not-supported", "R200"),
    ("content_encoding_refused", 415, _PERMANENT, "Compressed bodies are not accepted.",
     "Send the body without Content-Encoding.", "not-supported", "R207"),
    ("envelope_invalid", 422, _PERMANENT, "The event's attributes break CloudEvents 1.0.",
     "Correct the attributes that the errors name.", "invalid", "E101"),
    ("contract_invalid", 422, _PERMANENT, "The data break the contract of the message type.",
     "Correct the fields that the errors name; the contract is published.", "invalid", "E102"),
    ("id_reused", 422, _PERMANENT, "The id was used before with another content.",
     "Give every event an id of its own, and repeat an event unchanged.",
     "duplicate", "E205"),
    ("type_not_accepted", 422, _PERMANENT, "No active channel of the system takes this type.",
     "Ask for the message type to be activated on a channel of this system.",
     "not-supported", "R200"),
    ("not_supported", 422, _PERMANENT, "The message asks for something not supported.",
     "Leave out what is not supported; the interface description tells what is.",
     "not-supported", "R201"),
    ("processing_id_mismatch", 422, _PERMANENT, "A test message came to a production channel.",
     "Send MSH-11 P to production, and T or D to a test system.", "not-supported", "R202"),
    ("version_not_supported", 422, _PERMANENT, "The version of the standard is not supported.",
     "Send HL7 v2.1 to v2.8.", "not-supported", "R203"),
    ("device_of_patient", 422, _PERMANENT, "The device belongs to a patient.",
     "Send devices of the hospital only; what a patient has is no equipment.",
     "business-rule", "E207"),
    ("transaction_code_refused", 422, _PERMANENT, "The transaction type FT1-6 is not taken.",
     "Send charges (CG, CD) and credits (CR); payments have channels of their own.",
     "not-supported", "E103"),
    ("paused", 503, _TRANSIENT, "The channel is paused.",
     "Send again after the time in Retry-After.", "transient", "R206"),
    ("database_unavailable", 503, _TRANSIENT, "The database is away or read-only.",
     "Send again after the time in Retry-After.", "transient", "R207"),
    ("not_configured", 503, _TRANSIENT, "The server is not set up to take messages.",
     "Finish the set-up: master key, sites and channels.", "transient", "R207"),
    ("internal_error", 500, _TRANSIENT, "The server failed.",
     "Send again later; the operator finds the failure in the server's log.",
     "exception", "R207"),
)

_PROCESSING: tuple[tuple[str, Kind, str, str], ...] = (
    ("unmapped_item", _PERSON, "An item code has no product.",
     "Map the code to a product; the messages that wait go on by themselves."),
    ("unknown_facility", _PERSON, "A facility code has no site.",
     "Map the facility to a company and a warehouse."),
    ("unknown_location", _PERSON, "A location code has no stock location.",
     "Map the location to a stock location of the site."),
    ("unknown_unit", _PERSON, "A unit code has no unit of measure.",
     "Map the code to a unit of measure."),
    ("unit_not_convertible", _PERSON, "The unit cannot be converted to the product's unit.",
     "Correct the unit of the product, or map the code to another unit."),
    ("unknown_lot", _PERSON, "The lot of a tracked product is not known.",
     "Create the lot, or map the lot number to the right one."),
    ("lot_required", _PERSON, "A product that is tracked came without lot or serial number.",
     "Ask the ward for the number, and enter it, or change the tracking of the product."),
    ("serial_quantity", _PERSON, "A serial number came with a quantity other than one.",
     "Clear it up with the sender; a serial number is one piece."),
    ("incomplete", _PERSON, "A value that the effect needs is missing.",
     "Set the channel's default, or have the sender complete the message."),
    ("date_locked", _PERSON, "The date lies in a locked period.",
     "Have accounting reopen the period, or decide on another date."),
    ("date_implausible", _PERSON, "The date is too old or lies in the future.",
     "Check the sender's clock; accept or reject the message."),
    ("stock_negative", _PERSON, "The stock of the location would fall below zero.",
     "Count the location, receive what is missing, and retry."),
    ("business_key_conflict", _PERSON, "The same fact came before with another content.",
     "Compare both messages and decide which one holds."),
    ("cost_center_unknown", _PERSON, "A cost center code is not mapped.",
     "Map the code; what was posted meanwhile stands on the site's own account."),
    ("handler_missing", _PERSON, "No addon handles this message type.",
     "Install or update the addon that owns the message type, then retry."),
    ("unexpected", _TRANSIENT, "The work failed for a reason that nobody foresaw.",
     "It is tried again by itself; if it ends dead, look into the server's log."),
    ("worker_killed", Kind.POISON, "The work killed its worker more than once.",
     "Look for memory or time limits in the server's log before you retry."),
    ("handler_refused", _PERSON, "Odoo refused the document.",
     "Open the message, correct what Odoo names, and retry."),
    ("control_id_reused", _PERSON, "The sender used a control id again with other content.",
     "Nothing is lost; have the sender number its messages."),
    ("superseded", _PERMANENT, "A newer event about the same thing had come before.",
     "Nothing: what it says was overtaken; the message is kept for the record."),
    ("status_without_effect", _PERMANENT, "The status of the message has no effect.",
     "Nothing: the message is kept for the record."),
)
# fmt: on

for _code, _status, _kind, _title, _action, _fhir, _hl7 in _ANSWERS:
    register(ErrorSpec(_code, _status, _kind, _title, _action, _fhir, (_hl7[0], _hl7[1:])))
for _code, _kind, _title, _action in _PROCESSING:
    register(ErrorSpec(_code, 0, _kind, _title, _action, "processing", ("E", "207")))
