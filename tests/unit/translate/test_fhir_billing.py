# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""ChargeItem, Appointment and Encounter."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging import guard
from messaging.errors import FieldError, MessageError
from messaging.event import Event
from messaging.translate import fhir
from translate_samples import appointment, charge_item, encounter, texts

TYPES = frozenset({"charge.captured.v1", "appointment.changed.v1", "service.completed.v1"})
OTHER = "status_without_effect"


def event(resource: dict[str, Any], accepts: Collection[str] = TYPES) -> Event:
    (found,) = fhir.events(resource, accepts, {})
    return found


def refused(resource: dict[str, Any], code: str) -> tuple[FieldError, ...]:
    with pytest.raises(MessageError, match=code) as caught:
        event(resource)
    return caught.value.errors


def test_a_charge() -> None:
    found = event(charge_item())
    assert found.type == "charge.captured.v1"
    assert found.data == {
        "charge": "TX-1",
        "action": "charge",
        "occurred_at": "2026-11-20T10:00:00+01:00",
        "service": {"system": "urn:ehr:services", "value": "US-1"},
        "quantity": 2,
        "uom": "{piece}",
        "amount": {"amount": "40.5", "currency": "EUR"},
        "encounter": "enc-9",
        "cost_center": "CC-5",
        "patient": {"mrn": "p-9"},
    }
    assert found.id == "urn:ehr:charges|TX-1"
    assert found.key == ("ChargeItem", "urn:ehr:charges|TX-1", "version:2")
    assert found.time == datetime.fromisoformat("2026-11-20T12:00:00+01:00")
    assert (found.reuse, found.relaxed, found.weak_key, found.ignored) == (
        "refuse", True, False, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "action", "ignored"),
    [
        ("billable", "charge", None),
        ("aborted", "credit", None),
        ("entered-in-error", "credit", None),
        ("billed", "charge", OTHER),
        ("planned", "charge", OTHER),
        ("not-billable", "charge", OTHER),
        ("unknown", "charge", OTHER),
        (None, "charge", OTHER),
    ],
)
def test_the_status_of_a_charge(status: str | None, action: str, ignored: str | None) -> None:
    found = event(charge_item(status=status))
    assert (found.data["action"], found.ignored) == (action, ignored)
    assert found.data.get("reverses") == ("TX-1" if action == "credit" else None)


def test_the_number_of_a_charge() -> None:
    assert event(charge_item(identifier=None)).data["charge"] == "ci-1"
    bare = event(charge_item(identifier=None, id=None, status="aborted"))
    assert bare.weak_key
    assert not {"charge", "reverses"} & bare.data.keys()


@pytest.mark.parametrize(
    ("changes", "when"),
    [
        ({"occurrencePeriod": {"end": "2026-11-20"}}, "2026-11-20"),
        ({"occurrencePeriod": None, "occurrenceDateTime": "2026-11-19"}, "2026-11-19"),
        ({"occurrencePeriod": None, "occurrenceTiming": {"event": ["2026-11-18"]}}, "2026-11-18"),
        ({"occurrencePeriod": None, "enteredDate": "2026-11-17"}, None),
    ],
)
def test_when_it_was_done(changes: dict[str, Any], when: str | None) -> None:
    assert event(charge_item(**changes)).data.get("occurred_at") == when


def test_a_month_is_no_day() -> None:
    resource = charge_item(occurrencePeriod=None, occurrenceDateTime="2026-11")
    assert refused(resource, "contract_invalid") == (FieldError("/occurred_at", "format"),)


def test_a_factor_without_a_price() -> None:
    assert refused(charge_item(priceOverride=None), "not_supported") == ()
    for factor in (1, Decimal("1.0"), None):
        found = event(charge_item(priceOverride=None, factorOverride=factor))
        assert "amount" not in found.data


def test_what_a_charge_may_leave_out() -> None:
    found = event(
        charge_item(
            code=None, quantity=None, priceOverride={"value": 0}, context=None, subject=None,
            costCenter=None, occurrencePeriod=None,
        )
    )  # fmt: skip
    assert found.data == {"charge": "TX-1", "action": "charge", "amount": {"amount": "0"}}


@pytest.mark.parametrize(
    ("context", "number"),
    [
        ({"reference": "https://ehr.example/fhir/Encounter/e-1/_history/2"}, "e-1"),
        ({"reference": "Encounter/e-1", "identifier": {"value": "VISIT-9"}}, "VISIT-9"),
        ({"reference": "EpisodeOfCare/ep-1"}, None),
        ({"type": "EpisodeOfCare", "identifier": {"value": "ep-1"}}, None),
        ({"display": "a visit"}, None),
    ],
)
def test_the_encounter_of_a_charge(context: dict[str, Any], number: str | None) -> None:
    assert event(charge_item(context=context)).data.get("encounter") == number


def test_whom_a_charge_is_about() -> None:
    assert "patient" not in event(charge_item(subject={"reference": "Group/g-1"})).data
    inner = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "s", "value": "M-1"}]}
    found = event(charge_item(subject={"reference": "#p"}, contained=[inner]))
    assert found.data["patient"] == {"mrn": "M-1", "authority": "s"}
    inner = {"resourceType": "Group", "id": "p"}
    assert "patient" not in event(
        charge_item(subject={"reference": "#p"}, contained=[inner])
    ).data  # fmt: skip


def test_a_cost_center_is_else_what_it_is_called() -> None:
    found = event(charge_item(costCenter={"display": "Cardiology"}))
    assert found.data["cost_center"] == "Cardiology"


def test_less_than_two() -> None:
    resource = charge_item(quantity={"value": 2, "comparator": "<"})
    assert refused(resource, "contract_invalid") == (FieldError("/quantity", "comparator"),)


def test_an_appointment() -> None:
    found = event(appointment())
    assert found.type == "appointment.changed.v1"
    assert found.data == {
        "appointment": "FI-2",
        "status": "booked",
        "services": [
            {"system": "local", "value": "US-1"},
            {"system": "urn:lab", "value": "LAB-2"},
        ],
        "start": "2026-11-21T09:00:00+01:00",
        "end": "2026-11-21T09:30:00+01:00",
        "resources": [
            {"system": "local", "value": "room-1"},
            {"system": "urn:dev", "value": "SCOPE-7"},
        ],
        "patient": {"mrn": "p-9"},
    }
    assert found.id == "urn:sched|FI-2"
    assert found.key[:2] == ("Appointment", "urn:sched|FI-2")
    assert found.time == datetime.fromisoformat("2026-11-20T12:00:00+01:00")


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("proposed", "pending"), ("pending", "pending"), ("waitlist", "waitlist"),
        ("booked", "booked"), ("arrived", "arrived"), ("checked-in", "arrived"),
        ("fulfilled", "fulfilled"), ("cancelled", "cancelled"), ("noshow", "noshow"),
        ("entered-in-error", "entered_in_error"),
    ],
)  # fmt: skip
def test_the_status_of_an_appointment(status: str, meant: str) -> None:
    found = event(appointment(status=status))
    assert (found.data["status"], found.ignored) == (meant, None)


def test_what_an_appointment_may_leave_out() -> None:
    found = event(
        appointment(
            identifier=None, status=None, serviceType=None, start=None, end=None, participant=None
        )
    )
    assert found.data == {"appointment": "ap-1"}


def test_an_appointment_of_several_patients() -> None:
    actors = [{"actor": {"reference": f"Patient/p-{n}"}} for n in (1, 2)]
    assert refused(appointment(participant=actors), "not_supported") == ()


def test_a_patient_who_declined_is_the_patient_still() -> None:
    actors = [{"actor": {"reference": "Patient/p-1"}, "status": "declined"}, {"status": "accepted"}]
    assert event(appointment(participant=actors)).data["patient"] == {"mrn": "p-1"}


def test_an_encounter() -> None:
    found = event(encounter())
    assert found.type == "service.completed.v1"
    assert found.data == {
        "encounter": "VISIT-9",
        "completed_at": "2026-11-20T12:00:00+01:00",
        "services": [
            {
                "line": "1",
                "service": {"system": "urn:ehr:services", "value": "US-1"},
                "quantity": 1,
            },
            {"line": "2", "service": {"system": "local", "value": "57"}, "quantity": 1},
        ],
        "patient": {"mrn": "p-9"},
    }
    assert found.ignored is None


@pytest.mark.parametrize(
    "status",
    ["planned", "arrived", "triaged", "in-progress", "onleave", "cancelled", "entered-in-error",
     "unknown", None],
)  # fmt: skip
def test_only_a_finished_encounter_has_effect(status: str | None) -> None:
    assert event(encounter(status=status)).ignored == OTHER


def test_what_an_encounter_may_leave_out() -> None:
    bare = encounter(identifier=None, type=None, serviceType=None, subject=None, period=None)
    assert event(bare).data == {"encounter": "enc-9"}
    assert event(encounter(identifier=[{"value": "V-1"}])).data["encounter"] == "V-1"


RESOURCES = pytest.mark.parametrize("made", [charge_item, appointment, encounter])


@RESOURCES
def test_what_is_refused_of_any(made: Any) -> None:
    assert refused(made(status="done"), "malformed_fhir") == (FieldError("/status", "enum"),)
    refused(made(modifierExtension=[{"url": "urn:x"}]), "not_supported")
    refused(made(implicitRules="urn:x"), "not_supported")
    with pytest.raises(MessageError, match="type_not_accepted"):
        event(made(), {"supply.consumed.v1"})


@RESOURCES
def test_people_are_named_and_not_kept(made: Any) -> None:
    found = event(made())
    assert found.personal >= {"Patient/p-9", "p-9", "Theodora Quillfeather", "n-77"}
    kept = {**found.data, "patient": {}, "encounter": ""}
    assert not {*texts(kept)} & found.personal
    assert not {"K63.3", "golf", "fasting", "CARDIOLOGY"} & {*texts(found.data)}


def test_numbers_of_visits_and_accounts_are_personal() -> None:
    assert event(charge_item()).personal >= {"enc-9", "acc-44", "n-78", "Rowan Oakes"}
    assert event(encounter()).personal >= {"acc-44", "R. Oakes"}
    places = {"room-1", "SCOPE-7", "South Wing"}
    assert not places & event(appointment()).personal


def test_an_id_that_is_a_patient_s_number() -> None:
    found = event(charge_item(identifier=[{"system": "s", "value": "p-9"}]))
    assert {found.id, found.data["charge"]} <= found.personal


@settings(max_examples=150)
@given(st.data())
def test_mutations_raise_nothing_but_refusals(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from([charge_item, appointment, encounter]))
    resource = json.loads(json.dumps(made(), default=float))
    for _ in range(data.draw(st.integers(1, 3))):
        _mutate(resource, data)
    try:
        body = guard.parse_json(json.dumps(resource).encode())
        (found,) = fhir.events(copy.deepcopy(body), TYPES, {})
    except MessageError as error:
        assert error.spec.status
        return
    assert found.type in TYPES


def _mutate(resource: Any, data: st.DataObject) -> None:
    """Put something else somewhere within."""
    junk: list[Any] = [None, [], {}, "", "x", 0, -1, True, ["x"], {"reference": "#"}, {"coding": 1}]
    while True:
        keys = list(resource) if isinstance(resource, dict) else list(range(len(resource)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = resource[key]
        if isinstance(inner, dict | list) and data.draw(st.booleans()):
            resource = inner
            continue
        resource[key] = data.draw(st.sampled_from(junk))
        return
