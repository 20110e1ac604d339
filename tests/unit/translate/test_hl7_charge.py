# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messaging.errors import FieldError, MessageError
from messaging.event import Event
from messaging.translate import hl7v2
from translate_samples import HEADER, PID, PV1, SUPPLIES, dft, er7, ft1, segment, texts

CHARGES = frozenset({"charge.captured.v1"})
P11 = HEADER.replace("DFT^P03^DFT_P03", "DFT^P11^DFT_P11")
PRICES = {"f11": "100.50&EUR", "f12": "50.25&eur"}


def events(*rows: str, **parts: Any) -> list[Event]:
    return hl7v2.events(hl7v2.parse(dft(*rows, **parts)), CHARGES, {})


def event(*rows: str, **parts: Any) -> Event:
    (found,) = events(*rows, **parts)
    return found


def in1(
    plan: str = "GOLD^Gold plan", company: str = "PAY-1", policy: str = "POL-77", **more: str
) -> str:
    return segment("IN1", f1="1", f2=plan, f3=company, f16="Quillfeather^Amos", f36=policy, **more)


def test_a_charge() -> None:
    found = event(ft1(f26="26^Professional^C4~LT", **PRICES), in1())
    assert found.type == "charge.captured.v1"
    assert found.data == {
        "charge": "TX-1",
        "action": "charge",
        "encounter": "VISIT-9",
        "facility": "SOUTH",
        "location": "ICU",
        "service": {"system": "local", "value": "T100"},
        "quantity": 2,
        "modifiers": [
            {"system": "urn:hl7:c4", "value": "26"},
            {"system": "local", "value": "LT"},
        ],
        "occurred_at": "2026-11-20T10:00:00+01:00",
        "amount": {"amount": "100.5", "currency": "EUR"},
        "price": {"amount": "50.25", "currency": "EUR"},
        "cost_center": "CC-5",
        "patient": {"mrn": "MRN-4711", "authority": "ASSIGNER"},
        "coverage": {"payer": {"system": "local", "value": "PAY-1"}, "policy": "POL-77"},
    }
    assert (found.id, found.source) == ("CTL-0001", "urn:hl7v2:CABINET:NORTH")
    assert found.key == ("CABINET", "NORTH", "DFT^P03", "20261120101500+0100", "CTL-0001", "1")
    assert found.time == datetime.fromisoformat("2026-11-20T10:10:00+01:00")
    assert (found.reuse, found.relaxed, found.weak_key, found.ignored) == (
        "keep", True, False, None,
    )  # fmt: skip


def test_an_event_per_line() -> None:
    found = events(ft1(), ft1(f1="2", f2="TX-2", f6="CD"), ft1(f1="3", f2="TX-3", f6="CR"))
    assert [each.id for each in found] == ["CTL-0001/1", "CTL-0001/2", "CTL-0001/3"]
    assert [each.key[-1] for each in found] == ["1", "2", "3"]
    assert [each.data["charge"] for each in found] == ["TX-1", "TX-2", "TX-3"]
    assert [each.data["action"] for each in found] == ["charge", "charge", "credit"]


@pytest.mark.parametrize(
    ("fields", "action", "quantity", "amount"),
    [
        ({"f6": "cg"}, "charge", 2, "100.5"),
        ({"f6": "CD"}, "charge", 2, "100.5"),
        ({"f6": "CR"}, "credit", 2, "100.5"),
        ({"f6": "CG", "f10": "-2"}, "credit", 2, "100.5"),
        ({"f6": "CR", "f10": "-2", "f11": "-100.50&EUR"}, "credit", 2, "100.5"),
        ({"f6": "CG", "f10": "", "f11": "-100.50&EUR"}, "credit", None, "100.5"),
        ({"f6": "CG", "f12": "-50.25&EUR"}, "credit", 2, "100.5"),
        ({"f6": "CG", "f10": "+.5"}, "charge", Decimal("0.5"), "100.5"),
    ],
)
def test_signs(fields: dict[str, str], action: str, quantity: Any, amount: str) -> None:
    data = event(ft1(**{**PRICES, **fields})).data
    assert (data["action"], data.get("quantity")) == (action, quantity)
    assert data["amount"] == {"amount": amount, "currency": "EUR"}
    assert ("reverses" in data) == (action == "credit")


def test_a_credit_names_its_charge_by_its_own_number() -> None:
    found = event(ft1(f6="CR"))
    assert (found.data["charge"], found.data["reverses"]) == ("TX-1", "TX-1")


def test_a_credit_names_a_charge_of_the_same_message_by_set_id() -> None:
    _charge, credit = events(ft1(), ft1(f1="2", f2="TX-2", f6="CR", f31="1"))
    assert (credit.data["charge"], credit.data["reverses"]) == ("TX-2", "TX-1")
    _charge, credit = events(ft1(f2=""), ft1(f1="2", f2="TX-2", f6="CR", f31="1"))
    assert credit.data["reverses"] == "CTL-0001/1"
    _charge, credit = events(ft1(), ft1(f1="2", f2="TX-2", f6="CR", f31="9"))
    assert credit.data["reverses"] == "TX-2"


def test_without_a_number_nothing_is_reversed_by_it() -> None:
    found = event(ft1(f2="", f1="7", f6="CR"))
    assert (found.data["charge"], found.weak_key) == ("CTL-0001/7", True)
    assert "reverses" not in found.data


@pytest.mark.parametrize("kind", ["PY", "AJ", "CO", "", "XX", "C"])
def test_payments_are_refused_by_name(kind: str) -> None:
    with pytest.raises(MessageError, match="transaction_code_refused"):
        events(ft1(), ft1(f1="2", f6=kind))


@pytest.mark.parametrize(
    ("fields", "system", "value"),
    [
        ({"f7": "71045^Xray^C4", "f25": "P"}, "urn:hl7:c4", "71045"),
        ({"f7": "626.2"}, "local", "626.2"),
        ({"f7": "", "f25": "99213^Visit^C4"}, "urn:hl7:c4", "99213"),
        ({"f7": "^only a text", "f19": "D-1", "f25": "99213^Visit^C4"}, "urn:hl7:c4", "99213"),
    ],
)
def test_the_service(fields: dict[str, str], system: str, value: str) -> None:
    assert event(ft1(**fields)).data["service"] == {"system": system, "value": value}


def test_a_diagnosis_is_no_service() -> None:
    found = event(ft1(f7="", f19="K63.3^Ulcer^I10"))
    assert "service" not in found.data
    assert "K63.3" not in texts_of(found)


def test_money_without_currency() -> None:
    data = event(ft1(f11="100", f12="50.00")).data
    assert (data["amount"], data["price"]) == ({"amount": "100"}, {"amount": "50"})


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"f10": "two"}, "/quantity"),
        ({"f11": "1,50&EUR"}, "/amount/amount"),
        ({"f12": "1e3"}, "/price/amount"),
    ],
)
def test_no_number(fields: dict[str, str], pointer: str) -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(ft1(**fields))
    assert caught.value.errors == (FieldError(pointer, "type"),)


def test_when_it_was_done() -> None:
    assert event(ft1(f4="20261119^20261120")).data["occurred_at"] == "2026-11-19"
    assert "occurred_at" not in event(ft1(f4="", f5="20261125")).data
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(ft1(f4="2026"))
    assert caught.value.errors == (FieldError("/occurred_at", "format"),)


@pytest.mark.parametrize(
    ("row", "pv1", "facility", "location"),
    [
        ({"f16": "OR1^ROOM^BED^EAST"}, PV1, "EAST", "OR1"),
        ({"f16": "OR1"}, PV1, "NORTH", "OR1"),
        ({}, PV1, "SOUTH", "ICU"),
        ({}, "PV1|1|O", "NORTH", None),
    ],
)
def test_where_it_was_done(
    row: dict[str, str], pv1: str, facility: str, location: str | None
) -> None:
    found = event(ft1(**row), pv1=pv1)
    assert (found.data["facility"], found.data.get("location")) == (facility, location)
    assert not {"ROOM", "BED", "R7", "B2"} & set(texts_of(found))


def texts_of(found: Event) -> list[str]:
    return list(texts(found.data))


def test_the_encounter() -> None:
    account = PID + "|||||ACC-3^^^AccMgr"
    assert event(pid=account).data["encounter"] == "VISIT-9"
    assert event(pid=account, pv1="PV1|1|O").data["encounter"] == "ACC-3"
    assert "encounter" not in event(pv1="PV1|1|O").data


def test_what_is_optional_stays_absent() -> None:
    header = HEADER.replace("NORTH^1.2.3^ISO", "")
    found = event(ft1(f4="", f7="", f10="", f13=""), pid="PID|1", pv1="PV1|1", header=header)
    assert found.data == {"charge": "TX-1", "action": "charge"}
    assert found.relaxed


def test_numbers_of_lines_without_a_number() -> None:
    found = events(ft1(f2=""), ft1(f2=""), ft1(f2="TX-3"))
    assert [each.data["charge"] for each in found] == ["CTL-0001/1", "CTL-0001/2", "TX-3"]
    assert [each.weak_key for each in found] == [True, True, False]


@pytest.mark.parametrize(
    ("company", "system"),
    [
        ("PAY-1", "local"),
        ("PAY-1^^^NAIC", "local"),
        ("PAY-1^^^&2.16.840.1.1&ISO^NIIP", "urn:oid:2.16.840.1.1"),
        ("PAY-1^^^X&payer.example&DNS", "local"),
    ],
)
def test_the_payer_is_the_company(company: str, system: str) -> None:
    found = event(ft1(), in1(company=company))
    assert found.data["coverage"] == {
        "payer": {"system": system, "value": "PAY-1"}, "policy": "POL-77",
    }  # fmt: skip


def test_the_payer_is_else_the_plan() -> None:
    found = event(ft1(), in1("GOLD^Gold^99PLANS", company="", policy=""))
    assert found.data["coverage"] == {"payer": {"system": "local", "value": "GOLD"}}
    assert "coverage" not in event(ft1(), in1("", company="")).data
    found = event(ft1(f14="SILVER^Silver^L"))
    assert found.data["coverage"] == {"payer": {"system": "local", "value": "SILVER"}}


def payers(found: list[Event]) -> list[Any]:
    coverages: list[Any] = [each.data.get("coverage") for each in found]
    return [each and each["payer"]["value"] for each in coverages]


def test_in_p03_insurance_holds_for_all_lines() -> None:
    rows = (ft1(), ft1(f1="2", f2="TX-2"), in1())
    assert payers(events(*rows)) == ["PAY-1", "PAY-1"]


def test_in_p11_a_line_has_its_own_insurance() -> None:
    rows = (ft1(), in1(company="PAY-2"), ft1(f1="2", f2="TX-2"))
    assert payers(events(*rows, header=P11)) == ["PAY-2", None]
    assert payers(events(in1(), *rows, header=P11)) == ["PAY-2", "PAY-1"]


def test_which_of_several_plans() -> None:
    plans = (in1(company="PAY-1", f22="2"), in1("BRONZE", company="PAY-2", f22="1"))
    assert payers(events(ft1(), *plans)) == ["PAY-2"]
    assert payers(events(ft1(f14="GOLD"), *plans)) == ["PAY-1"]
    assert payers(events(ft1(f14="OTHER"), *plans)) == ["PAY-2"]
    assert payers(events(ft1(), in1(), in1(company="PAY-2", f22="x"))) == ["PAY-1"]


def test_without_lines() -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        hl7v2.events(hl7v2.parse(er7(PID, PV1)), CHARGES, {})
    assert caught.value.errors == (FieldError("/service", "required"),)


def test_a_message_is_a_charge_and_a_use_of_supplies() -> None:
    message = hl7v2.parse(dft(ft1(f34="I-1^^L"), ft1(f1="2", f2="TX-2", f6="CR")))
    assert hl7v2.types_of(message) == SUPPLIES | CHARGES
    found = hl7v2.events(message, SUPPLIES | CHARGES, {})
    assert sorted(each.type for each in found) == [
        "charge.captured.v1", "charge.captured.v1", "supply.consumed.v1", "supply.returned.v1",
    ]  # fmt: skip
    charges = hl7v2.events(message, CHARGES, {})
    assert [each.data["service"] for each in charges] == [
        {"system": "local", "value": "T100"}, {"system": "local", "value": "T100"},
    ]  # fmt: skip


def test_personal_values_are_named() -> None:
    found = event(ft1(f20="N-77^Oakes^Rowan"), in1(f49="INS-5"))
    assert found.personal >= {"MRN-4711", "VISIT-9", "POL-77", "INS-5", "Amos", "Oakes", "N-77"}
    kept = {**found.data, "patient": {}, "encounter": "", "coverage": {}}
    assert not {*texts_of(Event("", kept, "", "", ()))} & found.personal
    assert not found.personal & {"PAY-1", "GOLD"}


def test_a_part_of_a_name_does_not_hide_a_code() -> None:
    found = event(ft1(f7="Millbrook^Visit^L", f26="45678"), in1(company="Theodora"))
    assert not found.personal & {"Millbrook", "45678", "Theodora"}


def test_what_is_made_of_a_personal_value_is_personal() -> None:
    header = HEADER.replace("CTL-0001", "MRN-4711")
    one, two = events(ft1(f2=""), ft1(f1="2", f2=""), header=header)
    assert one.personal >= {one.id, one.data["charge"]}
    assert two.personal >= {two.id, two.data["charge"]}


@settings(max_examples=200)
@given(st.data())
def test_mutations_raise_nothing_but_refusals(data: st.DataObject) -> None:
    rows = (ft1(f26="26~LT", **PRICES), in1(f22="1"), ft1(f1="2", f6="CR", f31="1"))
    raw = bytearray(dft(*rows, header=P11))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 12)))
        raw[start:end] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"|", b"^", b"~", b"&", b"\r", b"IN1", b"-"])
        )
    try:
        found = hl7v2.events(hl7v2.parse(bytes(raw)), CHARGES, {})
    except MessageError as error:
        assert error.spec.status
        return
    assert all(each.data["action"] in ("charge", "credit") for each in found)
