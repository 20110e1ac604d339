# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.errors import MessageError
from messaging.translate import hl7v2
from messaging.translate.hl7_message import Segment
from translate_samples import HEADER, dft, er7, ft1


def parsed(*segments: str, header: str = HEADER) -> hl7v2.Hl7:
    return hl7v2.parse(er7(*segments, header=header))


def only(message: hl7v2.Hl7, name: str) -> Segment:
    found = message.one(name)
    assert found is not None
    return found


def test_header_values() -> None:
    message = hl7v2.parse(dft())
    assert (message.sending_application, message.sending_facility) == ("CABINET", "NORTH")
    assert (message.code, message.trigger, message.control_id) == ("DFT", "P03", "CTL-0001")
    assert (message.processing_id, message.version) == ("P", "2.5.1")
    assert (message.accept_ack, message.app_ack) == ("", "")
    assert message.routing[0] == ("CABINET",)
    assert message.routing[2] == ("ODOO", "9.8", "ISO")


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\r\n"])
def test_line_ends_and_byte_order_mark(end: bytes, start: bytes) -> None:
    message = hl7v2.parse(start + dft().replace(b"\r", end))
    assert [segment.name for segment in message.segments] == ["MSH", "EVN", "PID", "PV1", "FT1"]


def test_values_at_every_level() -> None:
    pv1 = only(parsed("PV1|1||a&b^c~d^e&f^g||x"), "PV1")
    assert pv1.value(3) == "a"
    assert pv1.value(3, 1, 2) == "b"
    assert pv1.value(3, 2) == "c"
    assert pv1.value(3, 2, 2, repetition=2) == "f"
    assert pv1.value(5) == "x"
    assert pv1.value(5, 2) == pv1.value(4) == pv1.value(99) == pv1.value(3, repetition=3) == ""
    assert pv1.repetitions(3) == 2


def test_null_means_nothing() -> None:
    assert only(parsed('PV1|1||""'), "PV1").value(3) == ""


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (r"a\T\b", "a&b"),
        (r"\F\\S\\R\\E\\P\ ".strip(), "|^~\\#"),
        (r"\X4142\c", "ABc"),
        (r"\Xc3a6\r", "ær"),
        (r"\H\bold\N\ ".strip(), "bold"),
        ("half\\", "half\\"),
        (r"\Zown\x", "x"),
    ],
)
def test_escapes(sent: str, meant: str) -> None:
    assert only(parsed(f"PV1|1||{sent}"), "PV1").value(3) == meant


@pytest.mark.parametrize("sent", [r"\X00\ ".strip(), r"a\.br\b", r"a\X0D\b", "a\x07b"])
def test_control_characters_are_no_code(sent: str) -> None:
    with pytest.raises(MessageError, match="malformed_hl7"):
        only(parsed(f"PV1|1||{sent}"), "PV1").value(3)


@pytest.mark.parametrize("sent", [r"\Xzz\ ".strip(), r"\Xff\ ".strip(), r"\X4\ ".strip()])
def test_bad_hexadecimal_is_malformed(sent: str) -> None:
    with pytest.raises(MessageError, match="malformed_hl7"):
        only(parsed(f"PV1|1||{sent}"), "PV1").value(3)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("8859/1", "iso-8859-1"), ("UNICODE UTF-8", "utf-8"), ("8859/15~", "iso-8859-15")],
)
def test_character_set_of_the_header(name: str, codec: str) -> None:
    header = HEADER + "||||||" + name
    raw = (header + "\rPV1|1||Süd\r").encode(codec)
    message = hl7v2.parse(raw, "utf-8")
    assert only(message, "PV1").value(3) == "Süd"
    assert message.charset == codec


def test_character_set_of_the_media_type_then_utf8() -> None:
    raw = (HEADER + "\rPV1|1||Süd\r").encode("cp1252")
    assert only(hl7v2.parse(raw, "windows-1252"), "PV1").value(3) == "Süd"
    with pytest.raises(MessageError, match="encoding_invalid"):
        hl7v2.parse(raw)


@pytest.mark.parametrize("name", ["ASCII", "ISO IR87", "rot13", "\xff"])
def test_character_set_that_does_not_fit(name: str) -> None:
    raw = (HEADER + "||||||" + name + "\rPV1|1||Süd\r").encode("utf-8")
    with pytest.raises(MessageError, match="encoding_invalid"):
        hl7v2.parse(raw)


@pytest.mark.parametrize("name", ["rot13", "zlib", "no-such", "utf-7", "unicode_escape", "\0"])
def test_media_type_with_a_strange_codec(name: str) -> None:
    with pytest.raises(MessageError, match="encoding_invalid"):
        hl7v2.parse(dft(), name)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"MSH",
        b"MSH|",
        b"MSH|^~\\&",
        b"MSH|^~|A|B",
        b"MSH|^^\\&|A|B",
        b"MSH|a~\\&|A|B",
        b"FHS|^~\\&|A\rBHS|^~\\&|A",
        b"{}",
        b"PID|1",
        er7("MSH|^~\\&|again|x"),
        er7("PV1|1||text", "goes on here"),
        er7("pv1|1"),
        er7("PV1;1"),
        er7("PV1|1||a\0b"),
    ],
)
def test_what_is_no_message(raw: bytes) -> None:
    with pytest.raises(MessageError, match="malformed_hl7"):
        hl7v2.parse(raw)


def test_caps_come_first() -> None:
    with pytest.raises(MessageError, match="too_many_delimiters"):
        hl7v2.parse(dft() + b"OBX|" + b"~" * 30_000)
    with pytest.raises(MessageError, match="too_large"):
        hl7v2.parse(dft() + b"OBX|1|" + b"x" * 2_000_001)


def test_two_segments_where_one_holds() -> None:
    message = hl7v2.parse(er7("PV1|1||A", "PV1|2||B"))
    with pytest.raises(MessageError, match="malformed_hl7"):
        message.one("PV1")


def test_header_of_a_broken_message() -> None:
    message = hl7v2.parse_header(dft() + b"rubbish\r" + b"\xff")
    assert message is not None
    assert message.control_id == "CTL-0001"
    assert hl7v2.parse_header(b"rubbish") is None
    assert hl7v2.parse_header(HEADER.encode() + b"x" * 5000) is None


@pytest.mark.parametrize("version", ["2.1", "2.3.1", "2.5.1", "2.8.2", "2"])
def test_versions_taken(version: str) -> None:
    hl7v2.check_version(parsed(header=HEADER.replace("2.5.1", version)))
    assert hl7v2.types_of(parsed(header=HEADER.replace("2.5.1", version)))


@pytest.mark.parametrize("version", ["", "3.0", "x", "2.x", "22"])
def test_versions_refused(version: str) -> None:
    with pytest.raises(MessageError, match="version_not_supported"):
        hl7v2.check_version(parsed(header=HEADER.replace("2.5.1", version)))


VALUE = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=["Cc", "Cs"]),
    max_size=20,
)


@given(VALUE)
def test_any_text_comes_back_as_it_was_meant(text: str) -> None:
    sent = text.replace("\\", r"\E\ ".strip())
    for mark, name in (("|", "F"), ("^", "S"), ("~", "R"), ("&", "T")):
        sent = sent.replace(mark, f"\\{name}\\")
    value = only(parsed(f"PV1|1||{sent}|"), "PV1").value(3)
    assert value == ("" if text.strip() == '""' else text.strip())


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1"]))
def test_arbitrary_bytes_raise_nothing_else(raw: bytes, charset: str | None) -> None:
    for body in (raw, b"MSH|^~\\&|" + raw, er7("x") + raw):
        try:
            hl7v2.parse(body, charset)
        except MessageError as error:
            assert error.spec.status in (400, 413)
        hl7v2.parse_header(body)


def test_segments_are_read_by_their_library() -> None:
    """Our accessors and the library's own agree on what it was given."""
    import hl7

    raw = dft(ft1(f29="1&2^3~4^5"))
    theirs = hl7.parse(raw.decode())
    ours = hl7v2.parse(raw)
    assert only(ours, "FT1").value(29, 2) == str(theirs["FT1.F29.R1.C2"])
    assert only(ours, "FT1").value(29, 2, repetition=2) == str(theirs["FT1.F29.R2.C2"])
    assert only(ours, "FT1").value(29, 1, 2) == str(theirs["FT1.F29.R1.C1.S2"])
