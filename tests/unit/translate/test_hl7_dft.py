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
from translate_samples import HEADER, PID, PV1, SUPPLIES, dft, er7, ft1


def events(*rows: str, **parts: Any) -> list[Event]:
    return hl7v2.events(hl7v2.parse(dft(*rows, **parts)), SUPPLIES, {})


def event(*rows: str, **parts: Any) -> Event:
    (found,) = events(*rows, **parts)
    return found


def line(found: Event) -> dict[str, Any]:
    lines = found.data["lines"]
    assert isinstance(lines, list) and len(lines) == 1 and isinstance(lines[0], dict)
    return lines[0]


def test_a_charge_is_use_of_supplies() -> None:
    found = event()
    assert found.type == "supply.consumed.v1"
    assert found.data == {
        "facility": "SOUTH",
        "location": "ICU",
        "consumed_at": "2026-11-20T10:00:00+01:00",
        "transaction": "TX-1",
        "cost_center": "CC-5",
        "lines": [{"line": "1", "item": {"system": "local", "value": "T100"}, "quantity": 2}],
        "patient": {"mrn": "MRN-4711", "authority": "ASSIGNER"},
    }
    assert (found.id, found.source) == ("CTL-0001", "urn:hl7v2:CABINET:NORTH")
    assert found.key == ("CABINET", "NORTH", "DFT^P03", "20261120101500+0100", "CTL-0001", "1")
    assert found.time == datetime.fromisoformat("2026-11-20T10:10:00+01:00")
    assert (found.reuse, found.relaxed, found.weak_key, found.ignored) == (
        "keep", True, False, None,
    )  # fmt: skip


def test_p11_reads_the_same() -> None:
    header = HEADER.replace("DFT^P03^DFT_P03", "DFT^P11^DFT_P11")
    assert event(header=header).data == event().data
    assert event(header=header).key != event().key


def test_an_event_per_line() -> None:
    found = events(ft1(), ft1(f1="2", f2="TX-2", f6="CD"), ft1(f1="3", f2="TX-3", f6="CR"))
    assert [each.id for each in found] == ["CTL-0001/1", "CTL-0001/2", "CTL-0001/3"]
    assert [each.key[-1] for each in found] == ["1", "2", "3"]
    assert [each.type.split(".")[1] for each in found] == ["consumed", "consumed", "returned"]


@pytest.mark.parametrize(
    ("kind", "quantity", "type_", "amount"),
    [
        ("CG", "-3", "supply.returned.v1", "3"),
        ("CR", "3", "supply.returned.v1", "3"),
        ("CR", "-3", "supply.returned.v1", "3"),
        ("cd", "+0.50", "supply.consumed.v1", "0.50"),
        ("CG", ".5", "supply.consumed.v1", "0.5"),
    ],
)
def test_signs(kind: str, quantity: str, type_: str, amount: str) -> None:
    found = event(ft1(f6=kind, f10=quantity))
    assert found.type == type_
    assert line(found)["quantity"] == Decimal(amount)


@pytest.mark.parametrize("kind", ["PY", "AJ", "CO", "", "XX", "C"])
def test_money_is_refused_by_name(kind: str) -> None:
    with pytest.raises(MessageError, match="transaction_code_refused"):
        events(ft1(), ft1(f1="2", f6=kind))


@pytest.mark.parametrize(
    ("fields", "system", "value"),
    [
        ({"f34": "I-1^^L", "f29": "N^^NDC", "f25": "P"}, "local", "I-1"),
        ({"f29": "0182-1061-05^Aspirin^NDC", "f25": "P"}, "urn:hl7:ndc", "0182-1061-05"),
        ({"f25": "99213^Visit^C4"}, "urn:hl7:c4", "99213"),
        ({"f34": "^no code^L"}, "local", "T100"),
        ({"f34": "04012345123456^x^GTIN"}, "gtin", "04012345123456"),
        ({"f34": "04012345123456^x^2.51.1.1"}, "gtin", "04012345123456"),
        ({"f34": "x^x^99ABC"}, "local", "x"),
        ({"f34": "A123^x^HIBCC"}, "hibc", "A123"),
        ({"f34": "04012345123456^x^UDI-DI"}, "udi-di", "04012345123456"),
        ({"f34": "x^x^https://codes.example/a"}, "https://codes.example/a", "x"),
        ({"f34": "x^x^A B/C"}, "urn:hl7:a%20b%2Fc", "x"),
    ],
)
def test_where_the_item_is_found(fields: dict[str, str], system: str, value: str) -> None:
    assert line(event(ft1(**fields)))["item"] == {"system": system, "value": value}


def test_ft1_16_goes_before_pv1_and_never_room_or_bed() -> None:
    found = event(ft1(f16="OR1^ROOM^BED^EAST"))
    assert (found.data["location"], found.data["facility"]) == ("OR1", "EAST")
    found = event(ft1(f16="OR1"))
    assert (found.data["location"], found.data["facility"]) == ("OR1", "NORTH")
    found = event(pv1="PV1|1|O")
    assert "location" not in found.data
    assert found.data["facility"] == "NORTH"
    assert "ROOM" not in repr(event(ft1(f16="OR1^ROOM^BED^EAST")).data)


def test_what_is_optional_stays_absent() -> None:
    found = event(
        ft1(f4="", f7="", f10="", f13=""),
        pid="PID|1",
        pv1="PV1|1",
        header=HEADER.replace("NORTH^1.2.3^ISO", ""),
    )
    assert found.data == {"transaction": "TX-1", "lines": [{"line": "1"}]}
    assert found.relaxed


def test_no_number_of_its_own() -> None:
    found = event(ft1(f2="", f1="7"))
    assert found.data["transaction"] == "CTL-0001/7"
    assert found.weak_key


def test_set_ids_that_do_not_tell_lines_apart() -> None:
    found = events(ft1(f2=""), ft1(f2=""))
    assert [each.data["transaction"] for each in found] == ["CTL-0001/1", "CTL-0001/2"]
    assert [line(each)["line"] for each in found] == ["1", "2"]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("20261120", "2026-11-20"),
        ("2026112010", "2026-11-20T10:00:00+01:00"),
        ("20261120101530.25-0500^20261121", "2026-11-20T10:15:30.250000-05:00"),
    ],
)
def test_times(sent: str, meant: str) -> None:
    assert event(ft1(f4=sent)).data["consumed_at"] == meant


def test_a_time_without_any_offset_is_the_site_s() -> None:
    found = event(header=HEADER.replace("+0100", ""))
    assert found.data["consumed_at"] == "2026-11-20T10:00:00"
    assert found.time is None
    message = hl7v2.parse(dft(header=HEADER.replace("+0100", "")))
    (zoned,) = hl7v2.events(message, SUPPLIES, {"timezone": "Europe/Copenhagen"})
    assert zoned.time == datetime.fromisoformat("2026-11-20T10:10:00+01:00")
    (unknown,) = hl7v2.events(message, SUPPLIES, {"timezone": "../etc"})
    assert unknown.time is None


@pytest.mark.parametrize("sent", ["2026", "202611", "20261340", "yesterday", "２０２６１１２０"])
def test_no_day_to_date_stock_with(sent: str) -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(ft1(f4=sent))
    assert caught.value.errors == (FieldError("/consumed_at", "format"),)


@pytest.mark.parametrize("sent", ["two", "1e3", "1,5", "--1", "NaN", "1" * 50, "٣"])
def test_no_number(sent: str) -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        event(ft1(f10=sent))
    assert caught.value.errors == (FieldError("/lines/0/quantity", "type"),)


def test_without_lines() -> None:
    with pytest.raises(MessageError, match="contract_invalid") as caught:
        hl7v2.events(hl7v2.parse(er7(PID, PV1)), SUPPLIES, {})
    assert caught.value.errors == (FieldError("/lines", "required"),)


def test_without_control_id() -> None:
    with pytest.raises(MessageError, match="envelope_invalid"):
        event(header=HEADER.replace("CTL-0001", ""))


def test_types_not_asked_for_are_refused_whole() -> None:
    message = hl7v2.parse(dft(ft1(), ft1(f1="2", f6="CR")))
    for accepts in ({"supply.consumed.v1"}, {"device.alarmed.v1"}, set()):
        with pytest.raises(MessageError, match="type_not_accepted"):
            hl7v2.events(message, accepts, {})


def test_other_messages() -> None:
    for kind, code in (("ADT^A03", "type_not_accepted"), ("DFT^P99", "not_supported")):
        message = hl7v2.parse(dft(header=HEADER.replace("DFT^P03", kind)))
        assert hl7v2.types_of(message) == frozenset()
        with pytest.raises(MessageError, match=code):
            hl7v2.events(message, SUPPLIES, {})


def test_patient_without_a_record_number() -> None:
    found = event(pid="PID|1||A-1^^^X^PI~A-2^^^Y^SS")
    assert found.data["patient"] == {"mrn": "A-1", "authority": "X"}


def test_personal_values_are_named() -> None:
    row = ft1(f20="N-77^Oakes^Rowan")
    found = event(row)
    assert found.personal >= {
        "MRN-4711", "990011", "Quillfeather", "Theodora", "Theodora Quillfeather", "19700229",
        "12 Larch Row", "Millbrook", "45678", "+45 5550 1234", "VISIT-9", "7001", "Hartwell",
        "N-77", "Oakes",
    }  # fmt: skip
    assert not found.personal & {"ASSIGNER", "NORTH", "SOUTH", "ICU", "CC-5", "J", "MR", "T100"}
    assert event(pid=PID.replace("19700229", "19700228")).personal >= {"19700228", "1970-02-28"}


def test_a_part_of_an_address_does_not_hide_a_code() -> None:
    found = event(ft1(f34="45678"), pid=PID.replace("Millbrook", "Icu"))
    assert not found.personal & {"45678", "Icu"}


def test_what_is_made_of_a_personal_value_is_personal() -> None:
    header = HEADER.replace("CTL-0001", "MRN-4711")
    one, two = events(ft1(f2=""), ft1(f1="2", f2=""), header=header)
    assert one.personal >= {one.id, one.data["transaction"], "MRN-4711"}
    assert two.personal >= {two.id, two.data["transaction"]}


def test_a_number_built_out_of_a_record_number() -> None:
    found = event(ft1(f2=""), header=HEADER.replace("CTL-0001", "20261120-mrn-4711"))
    assert found.data["transaction"] in found.personal


def test_attributes_have_a_limit() -> None:
    with pytest.raises(MessageError, match="envelope_invalid"):
        event(header=HEADER.replace("CTL-0001", "x" * 300))


@settings(max_examples=200)
@given(st.data())
def test_mutations_raise_nothing_but_refusals(data: st.DataObject) -> None:
    raw = bytearray(dft(ft1(f16="OR1^R^B^EAST"), ft1(f1="2", f20="N-77^Oakes")))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 12)))
        raw[start:end] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"|", b"^", b"~", b"&", b"\\", b"\r", b"FT1"])
        )
    try:
        message = hl7v2.parse(bytes(raw))
    except MessageError as error:
        assert hl7v2.ack(hl7v2.parse_header(bytes(raw)), error).startswith(b"MSH|")
        return
    try:
        found = hl7v2.events(message, SUPPLIES, {})
        assert found and all(each.type in SUPPLIES for each in found)
        answer = hl7v2.ack(message, None)
    except MessageError as error:
        answer = hl7v2.ack(message, error)
    assert answer.count(b"\rMSA|") == 1
