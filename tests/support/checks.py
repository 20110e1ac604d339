"""What must hold of every answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests

PROBLEM = "application/problem+json"
MARK = "ZZCANARYZZ"


def clean(answer: requests.Response, *secrets: str) -> None:
    """Never HTML, a traceback, a cookie, or a value of the sender's body."""
    text = answer.text + repr(dict(answer.headers))
    lower = text.lower()
    for word in ("<html", "<!doctype", "traceback", "psycopg", 'file "', "werkzeug exception"):
        assert word not in lower, f"{word} in {text[:500]}"
    assert "text/html" not in answer.headers.get("Content-Type", "")
    assert "Set-Cookie" not in answer.headers
    for secret in (MARK, *secrets):
        assert secret not in text, "a value of the body came back"


def problem(
    answer: requests.Response, status: int, code: str | None = None, *secrets: str
) -> dict[str, Any]:
    """A problem document of this status."""
    clean(answer, *secrets)
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].partition(";")[0] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] and body["title"] and body["detail"]
    if code is not None:
        assert body["code"] == code, body
    if status == 401:
        assert answer.headers["WWW-Authenticate"]
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return body


def accepted(answer: requests.Response, status: int = 202) -> dict[str, Any]:
    """An event that is kept."""
    clean(answer)
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].partition(";")[0] == "application/json"
    body: dict[str, Any] = answer.json()
    assert body["message_id"] and body["correlation_id"]
    assert body["state"] == "received"
    assert body["duplicate"] is (status == 200)
    assert body["status_url"].endswith(f"/hc/v1/messages/{body['message_id']}")
    assert body["message_id"] in [one["message_id"] for one in body["messages"]]
    return body


def acknowledgement(answer: requests.Response, status: int, code: str) -> list[list[str]]:
    """An HL7 acknowledgement; its segments as fields."""
    clean(answer)
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert "hl7" in answer.headers["Content-Type"]
    segments = [one.split("|") for one in answer.text.split("\r") if one]
    assert segments[0][0] == "MSH" and segments[0][8].startswith("ACK")
    assert segments[1][:2] == ["MSA", code], answer.text
    return segments


def condition(segments: Iterable[list[str]]) -> str:
    """The code of table 0357 in ERR."""
    error = next(one for one in segments if one[0] == "ERR")
    return error[3].partition("^")[0] if len(error) > 3 and error[3] else error[1]


def outcome(answer: requests.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """An OperationOutcome."""
    clean(answer)
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].partition(";")[0] == "application/fhir+json"
    body: dict[str, Any] = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"] and all(one["severity"] and one["code"] for one in body["issue"])
    if code is not None:
        assert body["issue"][0]["code"] == code, body
    return body
