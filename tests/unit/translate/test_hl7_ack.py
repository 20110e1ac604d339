# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

from datetime import UTC, datetime

import pytest
from messaging import errors
from messaging.errors import FieldError, MessageError
from messaging.translate import hl7v2
from translate_samples import HEADER, dft

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def answer(header: str = HEADER, error: MessageError | None = None) -> list[str]:
    message = hl7v2.parse(dft(header=header))
    raw = hl7v2.ack(message, error, control_id="A1", now=NOW)
    assert raw.endswith(b"\r")
    return raw.decode(message.charset).rstrip("\r").split("\r")


def modes(accept: str, application: str) -> str:
    return f"{HEADER}|||{accept}|{application}"


def test_accepted() -> None:
    header, msa = answer()
    assert header == (
        r"MSH|^~\&|ODOO^9.8^ISO|ERP|CABINET|NORTH^1.2.3^ISO|20261122090000+0000||ACK^P03^ACK"
        "|A1|P|2.5.1"
    )
    assert msa == "MSA|AA|CTL-0001"


@pytest.mark.parametrize(
    ("code", "ours", "condition"),
    [
        ("contract_invalid", "AE", "102^Data type error^HL70357"),
        ("type_not_accepted", "AR", "200^Unsupported message type^HL70357"),
        ("not_supported", "AR", "201^Unsupported event code^HL70357"),
        ("processing_id_mismatch", "AR", "202^Unsupported processing id^HL70357"),
        ("version_not_supported", "AR", "203^Unsupported version id^HL70357"),
        ("database_unavailable", "AR", "207^Application error^HL70357"),
    ],
)
def test_refused(code: str, ours: str, condition: str) -> None:
    _header, msa, err = answer(error=MessageError(code))
    assert msa == f"MSA|{ours}|CTL-0001"
    fields = err.split("|")
    assert fields[3:5] == [condition, "E"]
    assert fields[5].split("^")[0] == code
    assert answer(modes("AL", ""), MessageError(code))[1].split("|")[1] == "C" + ours[1]


def test_enhanced_mode() -> None:
    for header in (modes("AL", "NE"), modes("", "AL"), modes("NE", "NE"), modes("ER", "")):
        assert answer(header)[1] == "MSA|CA|CTL-0001"


@pytest.mark.parametrize(
    ("accept", "good", "bad"),
    [("AL", True, True), ("NE", False, False), ("ER", False, True), ("SU", True, False)],
)
def test_whether_mllp_answers(accept: str, good: bool, bad: bool) -> None:
    message = hl7v2.parse(dft(header=modes(accept, "NE")))
    assert hl7v2.acknowledgement_wanted(message, None) is good
    assert hl7v2.acknowledgement_wanted(message, MessageError("forbidden")) is bad
    assert hl7v2.acknowledgement_wanted(None, MessageError("malformed_hl7"))
    assert hl7v2.acknowledgement_wanted(hl7v2.parse(dft()), None)
    assert not hl7v2.acknowledgement_wanted(hl7v2.parse(dft(header=modes("", "AL"))), None)


def test_fields_that_break_the_contract() -> None:
    error = MessageError("contract_invalid", errors=[FieldError("/lines/0/quantity", "type")])
    assert answer(error=error)[2].split("|")[7] == "/lines/0/quantity type"


def test_older_versions_have_the_reason_elsewhere() -> None:
    header = HEADER.replace("2.5.1", "2.3")
    _header, msa, err = answer(header, MessageError("version_not_supported"))
    assert msa.split("|")[3] == errors.spec("version_not_supported").title
    assert err == "ERR|^^^203&Unsupported version id&HL70357"


def test_a_message_that_could_not_be_read() -> None:
    raw = hl7v2.ack(None, MessageError("malformed_hl7"), control_id="A1", now=NOW).decode()
    header, msa, err, end = raw.split("\r")
    assert header == (r"MSH|^~\&|||||20261122090000+0000||ACK^^ACK|A1|P|2.5.1||||||UNICODE UTF-8")
    assert msa == "MSA|AE|"
    assert "malformed_hl7" in err and end == ""


def test_nothing_of_the_sender_breaks_out() -> None:
    nasty = r"X\X0D\MSA\F\AA\F\ok\S\ ".strip()
    header = HEADER.replace("CTL-0001", r"C\F\\S\\E\ ".strip()).replace("P03", "P0\\F\\3")
    lines = answer(header.replace("CABINET", r"A\T\B"))
    assert lines[1] == r"MSA|AA|C\F\\S\\E\ ".strip()
    assert lines[0].split("|")[4] == r"A\T\B"
    assert lines[0].split("|")[8] == "ACK^^ACK"
    with pytest.raises(MessageError, match="malformed_hl7"):
        hl7v2.parse(dft(header=HEADER.replace("CTL-0001", nasty)))
    lines = answer(HEADER.replace("ERP", nasty))
    assert len(lines) == 2
    assert lines[0].split("|")[3] == r"XMSA\F\AA\F\ok\S\ ".strip()


def test_echoes_are_cut() -> None:
    lines = answer(HEADER.replace("CABINET", "y" * 900).replace("CTL-0001", "z" * 250))
    assert len(lines[0].split("|")[4]) == 64
    assert len(lines[1].split("|")[2]) == 199


def test_character_set_and_processing_id_come_back() -> None:
    header = HEADER.replace("CTL-0001|P", "Ü|T") + "||||||8859/1"
    raw = header.encode("latin-1") + b"\r"
    message = hl7v2.parse(raw)
    sent = hl7v2.ack(message, None)
    assert sent.split(b"\r")[1] == "MSA|AA|Ü".encode("latin-1")
    fields = sent.split(b"\r")[0].split(b"|")
    assert (fields[10], fields[17]) == (b"T", b"8859/1")


def test_every_error_of_the_registry_can_be_acknowledged() -> None:
    for spec in errors.all_specs():
        lines = answer(error=MessageError(spec.code))
        assert lines[1].split("|")[1] in ("AE", "AR")
        assert all(ord(character) < 127 for character in "".join(lines))


def test_acknowledgements_have_ids_of_their_own() -> None:
    ids = {hl7v2.ack(None, None).split(b"|")[9] for _ in range(50)}
    assert len(ids) == 50
