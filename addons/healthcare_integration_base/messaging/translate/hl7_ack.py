# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Acknowledgements.

Original mode (MSH-15 and MSH-16 empty) answers AA, AE or AR, enhanced mode CA, CE or CR.
Over HTTP a request always has a response, so an acknowledgement is built whatever MSH-15
asks for; MLLP asks ``acknowledgement_wanted`` first. Texts come from the error registry
and table 0357 alone; of the message only the header's routing, control id, version,
processing id and character set are given back, escaped and cut to the standard's length.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ..errors import ErrorSpec, MessageError, spec
from ..event import JsonValue
from .hl7_charset import is_known
from .hl7_message import Hl7

_ESCAPES = str.maketrans({"|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\\": "\\E\\"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEFAULT_VERSION = "2.5.1"
_ERR_3_SINCE = (2, 5)
_CONTROL_ID_LENGTH = 199
_DESIGNATOR_LENGTH = 64
_POINTERS = 20

_WAY_BACK = (
    "receiving_application",
    "receiving_facility",
    "sending_application",
    "sending_facility",
)

# Table 0357.
_CONDITIONS = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application error",
}


def ack(
    message: Hl7 | None,
    error: MessageError | None,
    *,
    control_id: str | None = None,
    now: datetime | None = None,
) -> bytes:
    """The acknowledgement; without a message it has a header of its own."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%d%H%M%S%z")
    segments = [
        _header(message, control_id or uuid.uuid4().hex[:20], moment),
        _answer(message, error),
    ]
    if error is not None:
        segments.append(_error(message, error))
    text = "".join(segment + "\r" for segment in segments)
    return text.encode(message.charset if message else "utf-8", "replace")


def asked(message: Hl7) -> dict[str, str] | None:
    """What has to be kept of a header for the application acknowledgement that MSH-16 asks
    for (table 0155); none where it asks for none."""
    if message.app_ack not in ("AL", "ER", "SU"):
        return None
    names = ("sending_application", "sending_facility", "receiving_application",
             "receiving_facility")  # fmt: skip
    ends = {
        name: "^".join(part[:_DESIGNATOR_LENGTH] for part in parts)[:_DESIGNATOR_LENGTH]
        for name, parts in zip(names, message.routing, strict=True)
    }
    kept = {
        **ends,
        "when": message.app_ack,
        "control_id": _CONTROL.sub("", message.control_id)[:_CONTROL_ID_LENGTH],
        "trigger": message.trigger if re.fullmatch(r"[A-Z][A-Z0-9]{2}", message.trigger) else "",
        "version": _version(message),
        "processing_id": _processing(message),
    }
    return {name: value for name, value in kept.items() if value}


def application_ack(message_id: str, data: Mapping[str, JsonValue], time: datetime | None) -> bytes:
    """The acknowledgement that MSH-16 asks for, from what the contract of
    ``hl7.acknowledged.v1`` keeps; the same bytes whenever it is made."""
    moment = time.strftime("%Y%m%d%H%M%S+0000") if time else ""
    parts = ["MSH", r"^~\&"]
    for end in _WAY_BACK:
        parts.append(_designator(str(data.get(end) or "").split("^")))
    trigger = str(data.get("trigger") or "")
    parts += [moment, "", f"ACK^{trigger}^ACK" if trigger else "ACK^^ACK"]
    parts += [message_id.replace("-", "")[:20], str(data.get("processing_id") or "P")]
    parts += [str(data.get("version") or _DEFAULT_VERSION), "", "", "", "", "", "UNICODE UTF-8"]
    control_id = _clean(str(data.get("control_id") or ""), _CONTROL_ID_LENGTH)
    segments = ["|".join(parts), f"MSA|{data.get('code')}|{control_id}"]
    if error_code := data.get("error_code"):
        condition = f"207^{_CONDITIONS['207']}^HL70357"
        segments.append(f"ERR|||{condition}|E|{_own(spec(str(error_code)))}")
    return "".join(segment + "\r" for segment in segments).encode()


def acknowledgement_wanted(message: Hl7 | None, error: MessageError | None) -> bool:
    """Whether MSH-15 asks for an answer (table 0155); HTTP answers anyway."""
    if message is None or not _enhanced(message):
        return True
    if message.accept_ack in ("", "NE"):
        return False
    if message.accept_ack == "ER":
        return error is not None
    return message.accept_ack != "SU" or error is None


def _header(message: Hl7 | None, control_id: str, moment: str) -> str:
    parts = ["MSH", r"^~\&", *_way_back(message), moment, "", _type(message), control_id]
    parts += [_processing(message), _version(message)]
    name = message.charset_name if message else "UNICODE UTF-8"
    if name and is_known(name):
        parts += ["", "", "", "", "", name]
    return "|".join(parts)


def _way_back(message: Hl7 | None) -> list[str]:
    """Receiver and sender change places."""
    if message is None:
        return ["", "", "", ""]
    sender, facility, receiver, receiving = map(_designator, message.routing)
    return [receiver, receiving, sender, facility]


def _designator(components: Sequence[str]) -> str:
    return "^".join(_clean(part, _DESIGNATOR_LENGTH) for part in components).rstrip("^")


def _type(message: Hl7 | None) -> str:
    trigger = message.trigger if message else ""
    return f"ACK^{trigger}^ACK" if re.fullmatch(r"[A-Z][A-Z0-9]{2}", trigger) else "ACK^^ACK"


def _processing(message: Hl7 | None) -> str:
    known = message is not None and message.processing_id in ("P", "T", "D")
    return message.processing_id if message and known else "P"


def _version(message: Hl7 | None) -> str:
    return message.version if message and _numbers(message) else _DEFAULT_VERSION


def _numbers(message: Hl7) -> tuple[int, ...]:
    """The version as numbers; empty when it is none of version 2."""
    if not re.fullmatch(r"2(\.\d{1,2}){0,2}", message.version, re.ASCII):
        return ()
    return tuple(int(part) for part in message.version.split("."))


def _enhanced(message: Hl7) -> bool:
    return bool(message.accept_ack or message.app_ack)


def _answer(message: Hl7 | None, error: MessageError | None) -> str:
    mode = "C" if message and _enhanced(message) else "A"
    outcome = error.spec.hl7[0] if error else "A"
    echo = _clean(message.control_id, _CONTROL_ID_LENGTH) if message else ""
    parts = ["MSA", mode + outcome, echo]
    if error and _is_old(message):
        parts.append(_clean(error.spec.title, 80))
    return "|".join(parts)


def _is_old(message: Hl7 | None) -> bool:
    """Before 2.5 the reason stood in MSA-3 and in ERR-1."""
    numbers = _numbers(message) if message else ()
    return bool(numbers) and numbers < _ERR_3_SINCE


def _error(message: Hl7 | None, error: MessageError) -> str:
    known = error.spec
    condition = known.hl7[1]
    text = _clean(_CONDITIONS.get(condition, "Other HL7 error"), 80)
    if _is_old(message):
        return f"ERR|^^^{condition}&{text}&HL70357"
    return "|".join(
        ["ERR", "", "", f"{condition}^{text}^HL70357", "E", _own(known), "", _fields(error),
         _clean(known.action, 250)]
    )  # fmt: skip


def _own(known: ErrorSpec) -> str:
    return f"{_clean(known.code, 64)}^{_clean(known.title, 199)}^L"


def _fields(error: MessageError) -> str:
    """Contract fields and the rules they break."""
    listed = (f"{field.pointer} {field.rule}" for field in error.errors[:_POINTERS])
    return _clean("; ".join(listed), 2048)


def _clean(text: str, limit: int) -> str:
    return _CONTROL.sub("", text)[:limit].translate(_ESCAPES)
