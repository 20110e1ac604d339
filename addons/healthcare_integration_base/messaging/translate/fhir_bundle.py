# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Bundles of type batch and transaction, and the response to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from ..errors import MessageError
from ..event import JsonObject, JsonValue
from .fhir_outcome import operation_outcome
from .fhir_read import as_object, child, children, is_id, malformed, text
from .fhir_test_data import is_test, marked

MAX_ENTRIES = 10_000
KINDS = frozenset({"batch", "transaction"})
_OTHER_KINDS = frozenset(
    {"document", "message", "history", "searchset", "collection", "batch-response",
     "transaction-response"}
)  # fmt: skip
_METHODS = frozenset({"POST", "PUT"})
_OTHER_METHODS = frozenset({"GET", "HEAD", "DELETE", "PATCH"})
_CONDITIONS = ("ifNoneExist", "ifMatch", "ifNoneMatch", "ifModifiedSince")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """One request of a Bundle, or the reason why it is none."""

    index: int
    method: str = ""
    resource_type: str = ""
    resource_id: str | None = None
    resource: JsonObject = field(default_factory=dict, repr=False)
    full_url: str | None = field(default=None, repr=False)
    error: MessageError | None = None

    def checked(self) -> JsonObject:
        """The resource, or the reason why there is none."""
        if self.error is not None:
            raise self.error
        return self.resource


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What became of one entry."""

    status: int
    location: str | None = None
    error: MessageError | None = None


def bundle_entries(bundle: JsonValue) -> tuple[str, list[BundleEntry]]:
    """``batch`` or ``transaction``, and all entries in order.

    A bad entry carries its error, so that it spoils no other of a batch.
    """
    kind = _kind(bundle)
    whole = as_object(bundle, "")
    items = children(whole, "entry")
    if len(items) > MAX_ENTRIES:
        raise MessageError("too_large")
    entries = [_entry(index, item) for index, item in enumerate(items)]
    if is_test(whole):
        entries = [replace(entry, resource=marked(entry.resource)) for entry in entries]
    return kind, entries


def check_type(resource: JsonValue, resource_type: str, resource_id: str | None = None) -> None:
    """The address names the type, and with PUT the id, of the resource."""
    body = as_object(resource, "")
    if text(body, "resourceType") != resource_type:
        raise malformed("/resourceType", "enum")
    if resource_id is not None and text(body, "id") != resource_id:
        raise MessageError("resource_id_mismatch")


def bundle_response(kind: str, results: Iterable[EntryAnswer]) -> JsonObject:
    """The response Bundle of a batch or a transaction."""
    entries: list[JsonValue] = [{"response": _response(result)} for result in results]
    bundle: JsonObject = {"resourceType": "Bundle", "type": f"{kind}-response"}
    return bundle | {"entry": entries} if entries else bundle


def _kind(bundle: JsonValue) -> str:
    resource = as_object(bundle, "")
    if resource.get("resourceType") != "Bundle":
        raise malformed("/resourceType", "enum")
    kind = text(resource, "type")
    if kind in KINDS:
        return str(kind)
    raise MessageError("not_supported") if kind in _OTHER_KINDS else malformed("/type", "enum")


def _response(result: EntryAnswer) -> JsonObject:
    response: JsonObject = {"status": f"{result.status} {HTTPStatus(result.status).phrase}"}
    if result.location:
        response["location"] = result.location
    if result.error:
        response["outcome"] = operation_outcome(result.error)
    return response


def _entry(index: int, item: JsonObject) -> BundleEntry:
    try:
        return _request(index, item)
    except MessageError as error:
        return BundleEntry(index, error=error)


def _request(index: int, item: JsonObject) -> BundleEntry:
    asked = child(item, "request", "/entry")
    if asked is None:
        raise malformed("/entry/request", "required")
    if any(condition in asked for condition in _CONDITIONS):
        raise MessageError("conditional_refused")
    method = _method(asked)
    resource_type, resource_id = _address(asked, method)
    resource = child(item, "resource", "/entry")
    check_type(resource, resource_type, resource_id)
    return BundleEntry(
        index=index,
        method=method,
        resource_type=resource_type,
        resource_id=resource_id,
        resource=resource or {},
        full_url=text(item, "fullUrl", "/entry"),
    )


def _method(asked: JsonObject) -> str:
    method = text(asked, "method", "/entry/request")
    if method in _METHODS:
        return str(method)
    if method in _OTHER_METHODS:
        raise MessageError("not_supported")
    raise malformed("/entry/request/method", "enum")


def _address(asked: JsonObject, method: str) -> tuple[str, str | None]:
    """``Type`` for POST, ``Type/id`` for PUT."""
    url = text(asked, "url", "/entry/request") or ""
    if "?" in url:
        raise MessageError("conditional_refused")
    name, slash, own = url.partition("/")
    if not _TYPE.fullmatch(name) or bool(slash) != (method == "PUT"):
        raise malformed("/entry/request/url", "format")
    if slash and not is_id(own):
        raise malformed("/entry/request/url", "format")
    return name, own or None
