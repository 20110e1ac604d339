"""HL7 v2 over HTTP: acknowledgements, character sets, line ends, refusals."""

import pytest
from simulate import documents
from simulate.client import HL7
from simulate.documents import Use
from support import checks


@pytest.fixture
def ehr(hospital):
    return hospital.sender("hl7v2")


@pytest.fixture(scope="module")
def msh(hospital):
    channel = hospital.channel("hl7v2")["id"]
    fields = ["hl7_sending_application", "hl7_sending_facility"]
    row = hospital.admin.call("hc.channel", "read", [channel], fields)[0]
    return [row[fields[0]] or "EHR", row[fields[1]] or "HOSPITAL"]


def use(hospital, quantity=1, **more):
    world = hospital.ehr
    return Use(world.wards[0], world.plain[0], quantity, hospital.use().at, **more)


@pytest.fixture
def message(hospital, msh):
    """A DFT^P03 as text, with the id it has."""

    def make(quantity=1, control=None, **more):
        control = control or hospital.new_id("dft")
        return documents.dft(control, use(hospital, quantity, **more), *msh, 7).decode(), control

    return make


def replace(text, segment, field, value):
    """A message with another value of one field."""
    rows = [row.split("|") for row in text.split("\r")]
    row = next(row for row in rows if row[0] == segment)
    index = field - 1 if segment == "MSH" else field
    row += [""] * (index + 1 - len(row))
    row[index] = value
    return "\r".join("|".join(row) for row in rows)


def message_of(hospital, control):
    query = "SELECT uuid FROM hc_message WHERE message_identifier = %s ORDER BY id"
    return [row[0] for row in hospital.machine.sql(query, control)]


def test_accepted(hospital, ehr, message):
    taken = use(hospital)
    before = hospital.on_hand(taken)
    text, control = message(3)
    segments = checks.acknowledgement(ehr.hl7(text), 200, "AA")
    assert segments[1][2] == control
    (uuid,) = message_of(hospital, control)
    assert hospital.settled(uuid, "hl7v2")["state"] == "done"
    assert hospital.on_hand(taken) == before - 3


def test_way_back(ehr, message, msh):
    text, _control = message()
    header = checks.acknowledgement(ehr.hl7(text), 200, "AA")[0]
    assert header[2:6] == ["ODOO", "HOSPITAL", *msh]


@pytest.mark.parametrize("kind", [HL7, "x-application/hl7-v2+er7"])
def test_media_types(ehr, message, kind):
    checks.acknowledgement(ehr.hl7(message()[0], content_type=kind), 200, "AA")


def test_other_media_type(ehr, message):
    answer = ehr.hl7(message()[0], content_type="text/plain")
    checks.clean(answer)
    assert answer.status_code == 415


def test_by_bearer(ehr, message):
    checks.acknowledgement(ehr.hl7(message()[0], bearer=True), 200, "AA")


def test_on_the_channels_own_address(hospital, ehr, message):
    code = hospital.channel("hl7v2")["code"]
    checks.acknowledgement(ehr.post(code, message()[0], content_type=HL7), 200, "AA")


def test_same_again(hospital, ehr, message):
    taken = use(hospital)
    before = hospital.on_hand(taken)
    text, control = message(2)
    for _time in range(3):
        checks.acknowledgement(ehr.hl7(text), 200, "AA")
    (uuid,) = message_of(hospital, control)
    assert hospital.settled(uuid, "hl7v2")["state"] == "done"
    assert hospital.on_hand(taken) == before - 2


def test_control_id_used_again(hospital, ehr, message):
    """Real senders do it: kept, and somebody is told."""
    first, control = message(1)
    second = replace(message(2, control)[0], "FT1", 2, hospital.new_id("tx"))
    for text in (first, second, second):
        checks.acknowledgement(ehr.hl7(text), 200, "AA")
    assert len(message_of(hospital, control)) == 2
    assert hospital.admin.count("hc.issue", [("error_code", "=", "control_id_reused")])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends(ehr, message, ending):
    checks.acknowledgement(ehr.hl7(message()[0].replace("\r", ending)), 200, "AA")


def test_byte_order_mark(ehr, message):
    checks.acknowledgement(ehr.hl7(b"\xef\xbb\xbf" + message()[0].encode()), 200, "AA")


@pytest.mark.parametrize(
    ("named", "codec"), [("8859/1", "latin-1"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8")]
)
def test_charset_of_the_message(ehr, message, named, codec):
    text = replace(replace(message()[0], "MSH", 18, named), "PID", 5, "Müller^Jürgen")
    checks.acknowledgement(ehr.hl7(text.encode(codec)), 200, "AA")


def test_charset_of_the_request(ehr, message):
    text = replace(replace(message()[0], "MSH", 18, ""), "PID", 5, "Müller^Jürgen")
    kind = f"{HL7}; charset=iso-8859-1"
    checks.acknowledgement(ehr.hl7(text.encode("latin-1"), content_type=kind), 200, "AA")


def test_wrong_charset(ehr, message):
    text = replace(message()[0], "PID", 5, "Müller")
    answer = ehr.hl7(text.encode("latin-1"))
    checks.acknowledgement(answer, 400, "AE")


@pytest.mark.parametrize(("asked", "code"), [("AL", "CA"), ("ER", "CA"), ("SU", "CA")])
def test_enhanced_mode(ehr, message, asked, code):
    text = replace(replace(message()[0], "MSH", 15, asked), "MSH", 16, "NE")
    checks.acknowledgement(ehr.hl7(text), 200, code)


def test_enhanced_mode_refuses(ehr, message):
    text = replace(replace(message()[0], "MSH", 15, "AL"), "FT1", 10, "many")
    assert checks.acknowledgement(ehr.hl7(text), 422, "CE")
    text = replace(replace(message()[0], "MSH", 15, "AL"), "MSH", 9, "ADT^A01")
    assert checks.acknowledgement(ehr.hl7(text), 422, "CR")


@pytest.mark.parametrize("kind", ["ADT^A01", "ORU^R01", "ZZZ^Z01", "DFT^Z99"])
def test_type_that_nobody_takes(hospital, ehr, message, kind):
    text, control = message()
    answer = ehr.hl7(replace(text, "MSH", 9, kind))
    segments = checks.acknowledgement(answer, 422, "AR")
    assert checks.condition(segments) in ("200", "201")
    assert hospital.kept(control) == 0


def test_version(ehr, message):
    segments = checks.acknowledgement(ehr.hl7(replace(message()[0], "MSH", 12, "3.1")), 422, "AR")
    assert checks.condition(segments) == "203"


@pytest.mark.parametrize("code", ["T", "D"])
def test_processing_id(hospital, ehr, message, code):
    """Tests and trainings never reach a production system."""
    system = hospital.by_format("hl7v2")["id"]
    before = hospital.admin.call("hc.system", "read", [system], ["environment"])[0]
    hospital.admin.write("hc.system", [system], {"environment": "production"})
    text, control = message()
    try:
        answer = ehr.hl7(replace(text, "MSH", 11, code))
    finally:
        hospital.admin.write("hc.system", [system], {"environment": before["environment"]})
    assert checks.condition(checks.acknowledgement(answer, 422, "AR")) == "202"
    assert hospital.kept(control) == 0


@pytest.mark.parametrize("code", ["PY", "AJ", "CO", "XX", ""])
def test_transactions_that_are_no_use(hospital, ehr, message, code):
    text, control = message()
    answer = ehr.hl7(replace(text, "FT1", 6, code))
    checks.acknowledgement(answer, 422, "AE")
    assert hospital.kept(control) == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"MSH",
        b"MSH|",
        b"MSH|^~",
        b"PID|1\r",
        b"{}",
        b"MSH|^~\\&|" + b"\x00",
        b"MSH|^~\\&|A|B|C|D|E\rPID|" + checks.MARK.encode(),
        b"MSH|^~\\&|A|B" + b"~" * 900_000,
        b"MSH||||||||||||",
        b"\x0bMSH|^~\\&|A|B\x1c\r",
    ],
)
def test_no_message(ehr, raw):
    answer = ehr.hl7(raw)
    checks.clean(answer)
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.text.startswith("MSH|")
    assert answer.text.split("\r")[1].startswith(("MSA|AE", "MSA|AR"))


def test_no_value_comes_back(ehr, message):
    text = replace(message()[0], "PID", 5, f"{checks.MARK}^{checks.MARK}")
    text = replace(text, "FT1", 10, checks.MARK)
    checks.acknowledgement(ehr.hl7(text), 422, "AE")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nobody." + "x" * 30}])
def test_unproven(ehr, message, headers):
    answer = ehr.raw(
        "POST", "/hc/v1/hl7v2", message()[0].encode(), {"Content-Type": HL7, **headers}
    )
    checks.clean(answer)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"]


def test_credit_puts_back(hospital, ehr, message):
    taken = use(hospital)
    before = hospital.on_hand(taken)
    text, control = message(2, back=True)
    checks.acknowledgement(ehr.hl7(text), 200, "AA")
    assert hospital.settled(message_of(hospital, control)[0], "hl7v2")["state"] == "done"
    assert hospital.on_hand(taken) == before + 2


def test_a_message_is_kept_whole_or_not_at_all(hospital, ehr, message):
    text, control = message()
    rows = text.rstrip("\r").split("\r")
    ft1 = rows[-1]
    second = ft1.replace("FT1|1|", f"FT1|2|{hospital.new_id('tx')}", 1)
    whole = "\r".join([*rows, second, ""])
    bad = replace(second + "\r", "FT1", 6, "PY")
    broken = "\r".join([*rows, bad])
    checks.acknowledgement(ehr.hl7(broken), 422, "AE")
    kept = "SELECT count(*) FROM hc_message WHERE message_identifier LIKE %s"
    assert hospital.machine.sql(kept, f"{control}%")[0][0] == 0
    checks.acknowledgement(ehr.hl7(whole), 200, "AA")
    assert hospital.machine.sql(kept, f"{control}%")[0][0] == 2
    correlations = "SELECT count(DISTINCT correlation_identifier) FROM hc_message"
    query = f"{correlations} WHERE message_identifier LIKE %s"
    assert hospital.machine.sql(query, f"{control}%")[0][0] == 1


@pytest.mark.parametrize("missing", [("PV1", 3), ("FT1", 4), ("FT1", 10), ("FT1", 7)])
def test_what_the_standard_leaves_optional(hospital, ehr, message, missing):
    """Filled from the channel's defaults, else in review; never refused for it."""
    text, control = message()
    checks.acknowledgement(ehr.hl7(replace(text, *missing, "")), 200, "AA")
    found = hospital.settled(message_of(hospital, control)[0], "hl7v2")
    assert found["state"] in ("done", "review")
    if found["state"] == "review":
        assert found["error_code"] in ("incomplete", "unknown_facility", "unknown_location")


def test_paused(hospital, ehr, message):
    channel = hospital.channel("hl7v2")["id"]
    text, control = message()
    hospital.admin.call("hc.channel", "action_pause", [channel])
    try:
        answer = ehr.hl7(text)
    finally:
        hospital.admin.call("hc.channel", "action_resume", [channel])
    checks.acknowledgement(answer, 503, "AR")
    assert int(answer.headers["Retry-After"]) > 0
    assert hospital.kept(control) == 0
