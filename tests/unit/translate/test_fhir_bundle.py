# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

from typing import Any

import pytest
from messaging import errors
from messaging.errors import FieldError, MessageError
from messaging.translate import fhir
from translate_samples import delivery, request


def entry(resource: Any, method: str = "POST", url: str | None = None, **asked: Any) -> Any:
    address = url if url is not None else resource["resourceType"]
    return {
        "fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
        "resource": resource,
        "request": {"method": method, "url": address, **asked},
    }


def bundle(*entries: Any, kind: Any = "batch") -> Any:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def only(item: Any) -> fhir.BundleEntry:
    _kind, (found,) = fhir.bundle_entries(bundle(item))
    return found


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_entries_in_order(kind: str) -> None:
    body = bundle(entry(delivery()), entry(request(), "PUT", "SupplyRequest/r-1"), kind=kind)
    found, (first, second) = fhir.bundle_entries(body)
    assert found == kind
    assert (first.method, first.resource_type, first.resource_id) == (
        "POST",
        "SupplyDelivery",
        None,
    )
    assert (second.index, second.method, second.resource_id) == (1, "PUT", "r-1")
    assert first.resource == delivery()
    assert first.full_url and first.error is None


def test_a_bad_entry_spoils_no_other() -> None:
    _kind, (bad, good) = fhir.bundle_entries(bundle(entry(delivery(), "GET"), entry(delivery())))
    assert bad.error and bad.error.code == "not_supported"
    with pytest.raises(MessageError, match="not_supported"):
        bad.checked()
    assert good.checked() == delivery()
    assert good.error is None


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (entry(delivery(), ifNoneExist="identifier=x"), "conditional_refused"),
        (entry(delivery(), ifMatch='W/"1"'), "conditional_refused"),
        (entry(delivery(), "PUT", "SupplyDelivery?identifier=x"), "conditional_refused"),
        (entry(delivery(), "PUT", "SupplyDelivery/other"), "resource_id_mismatch"),
        (entry(delivery(id=None), "PUT", "SupplyDelivery/d-1"), "resource_id_mismatch"),
        (entry(delivery(), "DELETE"), "not_supported"),
        (entry(delivery(), "STEAL"), "malformed_fhir"),
        (entry(delivery(), "PUT"), "malformed_fhir"),
        (entry(delivery(), "POST", "SupplyDelivery/d-1"), "malformed_fhir"),
        (entry(delivery(), "POST", "SupplyRequest"), "malformed_fhir"),
        (entry(delivery(), "POST", "https://e.example/SupplyDelivery"), "malformed_fhir"),
        (entry(delivery(), "PUT", "SupplyDelivery/../x"), "malformed_fhir"),
        ({"request": {"method": "POST", "url": "SupplyDelivery"}}, "malformed_fhir"),
        ({"resource": delivery()}, "malformed_fhir"),
    ],
)
def test_entries_refused(item: Any, code: str) -> None:
    error = only(item).error
    assert error is not None and error.code == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "malformed_fhir"),
        ({"resourceType": "Patient"}, "malformed_fhir"),
        (bundle(kind=None), "malformed_fhir"),
        (bundle(kind="nonsense"), "malformed_fhir"),
        (bundle(kind="history"), "not_supported"),
        (bundle(), "malformed_fhir"),
        (bundle("x"), "malformed_fhir"),
        (bundle(*[{"request": {"method": "POST"}}] * 10_001), "too_large"),
    ],
)
def test_bundles_refused(body: Any, code: str) -> None:
    with pytest.raises(MessageError, match=code):
        fhir.bundle_entries(body)


def test_a_bundle_may_be_empty() -> None:
    assert fhir.bundle_entries({"resourceType": "Bundle", "type": "batch"}) == ("batch", [])
    assert "entry" not in fhir.bundle_response("batch", [])


def test_response() -> None:
    error = MessageError("contract_invalid")
    answers = [fhir.EntryAnswer(202, "/hc/v1/messages/1"), fhir.EntryAnswer(422, None, error)]
    bundle_ = fhir.bundle_response("transaction", answers)
    assert bundle_["type"] == "transaction-response"
    assert bundle_["entry"] == [
        {"response": {"status": "202 Accepted", "location": "/hc/v1/messages/1"}},
        {
            "response": {
                "status": "422 Unprocessable Entity",
                "outcome": fhir.operation_outcome(error),
            }
        },
    ]


def test_address_and_body() -> None:
    fhir.check_type(delivery(), "SupplyDelivery", "d-1")
    fhir.check_type(delivery(id=None), "SupplyDelivery", None)
    with pytest.raises(MessageError, match="resource_id_mismatch"):
        fhir.check_type(delivery(), "SupplyDelivery", "d-2")
    with pytest.raises(MessageError, match="malformed_fhir"):
        fhir.check_type(delivery(), "SupplyRequest", None)


def test_outcome_of_every_error() -> None:
    for spec in errors.all_specs():
        outcome = fhir.operation_outcome(MessageError(spec.code))
        assert outcome["resourceType"] == "OperationOutcome"
        assert outcome["issue"] == [
            {
                "severity": "error",
                "code": spec.fhir,
                "details": {
                    "coding": [{"system": "urn:hc:error", "code": spec.code}],
                    "text": spec.title,
                },
                "diagnostics": spec.action,
            }
        ]


def test_outcome_names_the_fields() -> None:
    fields = [FieldError("/lines/0/quantity", "type"), FieldError("/consumed_at", "required")]
    outcome: Any = fhir.operation_outcome(MessageError("contract_invalid", errors=fields))
    assert [issue["expression"] for issue in outcome["issue"]] == [
        ["lines[0].quantity"],
        ["consumed_at"],
    ]
    assert "(required)" in outcome["issue"][1]["diagnostics"]


def test_outcome_of_success() -> None:
    outcome: Any = fhir.operation_outcome(None)
    assert outcome["issue"][0]["severity"] == "information"
