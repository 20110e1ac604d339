# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""CloudEvents 1.0, structured and binary, to the canonical event."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import unquote

from .errors import FieldError, MessageError
from .event import Event, JsonObject, JsonValue
from .values import parse_date_time

MAX_ATTRIBUTE = 256
MAX_CORRELATION = 128
_REQUIRED = ("id", "source", "type")
_CORRELATION = re.compile(r"[A-Za-z0-9._:/@+-]+", re.ASCII)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)
ENVIRONMENTS = ("production", "test", "training")
"""Values of our extension attribute ``environment``, as MSH-11 has P, T and D."""
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json(?:\s*;.*)?", re.ASCII | re.I)


def parse_structured(obj: JsonValue, *, fallback_id: str | None) -> Event:
    """An event that is one JSON object."""
    if not isinstance(obj, dict):
        raise _invalid([FieldError("", "type")])
    reader = _Reader(obj)
    if "data_base64" in obj:
        reader.refuse("data_base64", "unsupported")
    content_type = obj.get("datacontenttype", "application/json")
    if not isinstance(content_type, str) or not _JSON_TYPE.fullmatch(content_type):
        reader.refuse("datacontenttype", "unsupported")
    return reader.event(obj.get("data"), fallback_id)


def parse_binary(headers: Mapping[str, str], data: JsonValue, *, fallback_id: str | None) -> Event:
    """An event whose attributes are ``ce-`` headers; the body is its data."""
    attributes: JsonObject = {}
    for name, value in headers.items():
        attribute = name.lower()
        if attribute.startswith("ce-"):
            attributes[attribute.removeprefix("ce-")] = _header_text(value)
    return _Reader(attributes).event(data, fallback_id)


class _Reader:
    """Reads attributes and gathers everything that is wrong with them."""

    def __init__(self, attributes: JsonObject) -> None:
        self.attributes = attributes
        self.errors: list[FieldError] = []

    def refuse(self, name: str, rule: str) -> None:
        self.errors.append(FieldError(f"/{name}", rule))

    def event(self, data: JsonValue, fallback_id: str | None) -> Event:
        if self.attributes.get("id") is None and fallback_id:
            self.attributes = {**self.attributes, "id": fallback_id}
        if self.attributes.get("specversion") != "1.0":
            self.refuse("specversion", "const")
        for name in _REQUIRED:
            if self.attributes.get(name) is None:
                self.refuse(name, "required")
        event_id, source = self.text("id", _is_attribute), self.text("source", _is_attribute)
        event_type, subject = self.text("type", _is_attribute), self.text("subject", _is_attribute)
        correlation = self.text("correlationid", _is_correlation, MAX_CORRELATION)
        causation = self.text("causationid", _is_correlation, MAX_CORRELATION)
        traceparent = self.text("traceparent", _is_traceparent)
        environment = self.text("environment", _is_environment)
        moment = self.time()
        if not isinstance(data, dict):
            self.refuse("data", "type" if data is not None else "required")
            data = {}
        if self.errors:
            raise _invalid(self.errors)
        return Event(
            type=event_type or "",
            data=data,
            id=event_id or "",
            source=source or "",
            key=(source or "", event_id or ""),
            time=moment,
            subject=subject,
            correlation_id=correlation,
            causation_id=causation,
            traceparent=traceparent,
            is_test=environment is not None and environment != "production",
            origin=data,
        )

    def text(
        self, name: str, is_valid: Callable[[str], bool], limit: int = MAX_ATTRIBUTE
    ) -> str | None:
        value = self.attributes.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.refuse(name, "type")
        elif not value.strip():
            self.refuse(name, "minLength")
        elif len(value) > limit:
            self.refuse(name, "maxLength")
        elif not is_valid(value):
            self.refuse(name, "pattern")
        else:
            return value
        return None

    def time(self) -> datetime | None:
        """RFC 3339 with an offset, in UTC."""
        value = self.attributes.get("time")
        if value is None:
            return None
        moment = parse_date_time(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            self.refuse("time", "format")
            return None
        return moment.astimezone(UTC)


def _is_attribute(value: str) -> bool:
    """No control character, format character or lone surrogate."""
    return value.isprintable()


def _is_correlation(value: str) -> bool:
    return _CORRELATION.fullmatch(value) is not None


def _is_environment(value: str) -> bool:
    return value in ENVIRONMENTS


def _is_traceparent(value: str) -> bool:
    match = _TRACEPARENT.fullmatch(value)
    if match is None:
        return False
    version, trace, parent = match.groups()
    return version != "ff" and trace.strip("0") != "" and parent.strip("0") != ""


def _header_text(value: str) -> JsonValue:
    """Percent-encoded UTF-8 in ASCII; anything else is no text at all."""
    if len(value) > 4 * MAX_ATTRIBUTE or not value.isascii():
        return False
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        return False


def _invalid(errors: list[FieldError]) -> MessageError:
    return MessageError("envelope_invalid", errors=errors)
