"""What an attacker tries who knows the interface; what is not here is named in docs/security.md."""

import json
import socket
import statistics
import time
import uuid
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests
from simulate.client import STRUCTURED, Sender
from simulate.rpc import Refused
from support import checks

EVIL = "evil.example"
OTHER_COMPANY = 424242
FORWARDED = {
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "10.0.0.1",
    "Forwarded": f"for=10.0.0.1;host={EVIL};proto=https",
    "X-SSL-Client-Verify": "SUCCESS",
    "X-SSL-Client-S-DN": "CN=cabinet",
    "X-Remote-User": "admin",
}
# As JSON RPC, an XML-RPC call and XML documents may carry it: a file, an address, a bomb.
ENTITIES = {
    "file": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "address": '<!DOCTYPE a [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]>',
    "bomb": "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(
        f"<!ENTITY {new} '{f'&{old};' * 10}'>"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "<!ENTITY e '&i;'>]>",
}


def path_of(hospital):
    return f"/hc/v1/channels/{hospital.native}/messages"


def typed(**headers):
    return {"Content-Type": STRUCTURED, **headers}


# ----------------------------------------------------------------- who one says one is


def test_forwarded_headers_are_nobody(hospital, sender):
    """Headers that a proxy would set prove nothing, and change nothing."""
    raw = json.dumps(hospital.event()).encode()
    answer = sender.raw("POST", path_of(hospital), raw, typed(**FORWARDED))
    checks.problem(answer, 401, "unauthenticated")
    answer = sender.post(hospital.native, hospital.event(), headers=FORWARDED)
    body = checks.accepted(answer)
    assert EVIL not in answer.text + str(answer.headers)
    assert EVIL not in body["status_url"]


def test_certificate_that_nobody_checked(hospital, sender):
    """A header from somewhere else than a trusted proxy."""
    told = {"Client-Cert": ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQ=:"}
    raw = json.dumps(hospital.event()).encode()
    checks.problem(sender.raw("POST", path_of(hospital), raw, typed(**told)), 401)


def test_another_database_by_header(hospital, sender):
    """What is not served is not there, whether such a database exists or not."""
    for name in ("postgres", "template1", "nowhere", "../x", "'; DROP TABLE x"):
        event = hospital.event()
        answer = sender.post(hospital.native, event, headers={"X-Odoo-Database": name})
        checks.clean(answer)
        assert answer.status_code in (404, 503), (name, answer.status_code, answer.text)
        assert hospital.kept(event["id"]) == 0


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_method_in_a_header(hospital, sender, name):
    event = hospital.event()
    checks.accepted(sender.post(hospital.native, event, headers={name: "DELETE"}))
    answer = sender.request("GET", f"{path_of(hospital)}?_method=POST", b"", headers={name: "POST"})
    checks.problem(answer, 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "OPTIONS", "HEAD"])
def test_methods_that_nobody_needs(hospital, sender, method):
    event = hospital.event()
    answer = sender.request(method, path_of(hospital), event)
    assert answer.status_code in (400, 405, 501), answer.status_code
    assert "Set-Cookie" not in answer.headers
    assert hospital.kept(event["id"]) == 0


# ---------------------------------------------------------------- what one asks to be set

FORGED = {
    "state": "done",
    "company_id": OTHER_COMPANY,
    "system_id": 1,
    "channel_id": 1,
    "lane_id": 1,
    "uuid": "forged",
    "attempt_count": 99,
    "duplicate_of_id": 1,
    "payload": {"forged": True},
    "create_uid": 2,
}


@pytest.mark.parametrize("place", ["envelope", "data", "query", "headers"])
def test_nothing_is_set_by_its_name(hospital, sender, place):
    """Mass assignment: names of columns are extension attributes, or unknown fields."""
    event, query, headers = hospital.event(), "", {}
    names = {name.replace("_", ""): value for name, value in FORGED.items()}
    if place == "envelope":
        event |= {name: str(value) for name, value in names.items()}
    elif place == "data":
        event["data"] |= FORGED
    elif place == "query":
        query = "?" + "&".join(f"{name}={value}" for name, value in FORGED.items())
    else:
        headers = {name.replace("_", "-"): str(value) for name, value in FORGED.items()}
    answer = sender.request("POST", path_of(hospital) + query, event, headers=headers)
    body = checks.accepted(answer)
    columns = "company_id, system_id, attempt_count, uuid, payload::text"
    row = hospital.machine.sql(
        f"SELECT {columns} FROM hc_message WHERE uuid = %s", body["message_id"]
    )
    company, system, attempts, message, payload = row[0]
    assert company != OTHER_COMPANY and attempts < 99
    assert system == hospital.by_format("cloudevents")["id"]
    assert message == body["message_id"] != "forged"
    assert "forged" not in payload and str(OTHER_COMPANY) not in payload


# ------------------------------------------------------------------------ what is not ours

GUESSES = (
    "1",
    "-1",
    "0",
    "null",
    "*",
    "%",
    "' OR '1'='1",
    "x'; SELECT pg_sleep(9)--",
    "00000000-0000-0000-0000-00000000000g",
    "{00000000-0000-0000-0000-000000000000}",
    "../channels",
    "..%2f..%2fhealth",
    "a" * 5000,
    "\N{SNOWMAN}",
    "%F0%9F%92%A9",
    "%ff%fe",
)


@pytest.mark.parametrize("guess", GUESSES, ids=range(len(GUESSES)))
def test_guessed_messages(sender, guess):
    """Whatever is asked for, the answer does not tell whether there is such a thing."""
    path = f"/hc/v1/messages/{guess}"
    answer = sender.request("GET", path, content_type=None, bearer=True)
    checks.clean(answer)
    assert answer.status_code in (404, 405, 414), answer.text


def test_messages_of_others(hospital, sender):
    """The answer is the same as for what never was, also to who has the id of another."""
    body = checks.accepted(sender.post(hospital.native, hospital.event()))
    system = hospital.new_system(f"idor-{hospital.run}")
    other = Sender.of(hospital.machine.base_url, system)
    answers = [
        other.status(one, bearer=True)
        for one in (body["message_id"], str(uuid.uuid4()), body["correlation_id"])
    ]
    bodies = [checks.problem(one, 404, "not_found") for one in answers]
    assert bodies[0]["detail"] == bodies[1]["detail"] == bodies[2]["detail"]


def test_known_and_unknown_keys_take_the_same_time(hospital, sender):
    """Nothing slow is done for keys that exist only; ids of keys are no secret."""
    key = sender.bearer.partition(".")[0]
    raw = json.dumps(hospital.event()).encode()
    taken = {key: [], "hck_" + "0" * (len(key) - 4): []}
    for _time in range(15):
        for name, seconds in taken.items():
            headers = typed(Authorization=f"Bearer {name}.{'w' * 43}")
            began = time.perf_counter()
            checks.problem(sender.raw("POST", path_of(hospital), raw, headers), 401)
            seconds.append(time.perf_counter() - began)
    known, unknown = map(statistics.median, taken.values())
    # A password hash on one side only would be 100 ms and more.
    assert abs(known - unknown) < 0.1


# ----------------------------------------------------------------------- lies on the wire


def talk(hospital, head, body=b"", *, wait=10):
    """Bytes to the server as they are; what it answers until it closes or is silent."""
    found = b""
    with closing(socket.create_connection(("127.0.0.1", hospital.machine.port), wait)) as line:
        line.sendall(head.replace("\n", "\r\n").encode("latin-1") + body)
        line.shutdown(socket.SHUT_WR)
        try:
            while piece := line.recv(65536):
                found += piece
        except OSError:
            pass
    return found.decode("latin-1")


def head_of(hospital, sender, raw, *lengths):
    proof = typed(**sender.signature_headers(raw))
    lines = [f"POST {path_of(hospital)} HTTP/1.1", "Host: x", "Connection: close", *lengths]
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in proof.items()), "", ""])


LENGTHS = {
    "longer": ("Content-Length: {longer}",),
    "shorter": ("Content-Length: {shorter}",),
    "negative": ("Content-Length: -1",),
    "words": ("Content-Length: many",),
    "none": (),
    "two": ("Content-Length: {right}", "Content-Length: {shorter}"),
    "chunks that are none": ("Transfer-Encoding: chunked",),
    "huge": ("Content-Length: 99999999999999999999",),
    "chunked twice": ("Transfer-Encoding: chunked, chunked",),
    "both": ("Content-Length: {shorter}", "Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_that_lie(hospital, sender, name):
    """A body that is not what was announced is kept by nobody, and hides no second request."""
    event = hospital.event()
    raw = json.dumps(event).encode()
    sizes = {"longer": len(raw) + 50, "shorter": len(raw) - 9, "right": len(raw)}
    lengths = [one.format(**sizes) for one in LENGTHS[name]]
    smuggled = b"GET /hc/health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = talk(hospital, head_of(hospital, sender, raw, *lengths), raw + smuggled)
    assert " 202 " not in answer.partition("\r\n")[0]
    assert answer.count("HTTP/1.") <= 1, "a second request was answered"
    assert "Traceback" not in answer
    assert hospital.kept(event["id"]) == 0


@pytest.mark.parametrize(
    "header", ["webhook-id: a\r\n b", "webhook-id: a\nX-Evil: 1", "bad header"]
)
def test_headers_that_are_none(hospital, sender, header):
    raw = b"{}"
    head = head_of(hospital, sender, raw, f"Content-Length: {len(raw)}", header)
    answer = talk(hospital, head, raw)
    assert " 202 " not in answer and "X-Evil" not in answer and "Traceback" not in answer


@pytest.mark.parametrize(
    "path", [f"//{EVIL}/%2f..", f"/hc//{EVIL}/", f"/hc/v1/docs?next=//{EVIL}", "/hc//health"]
)
def test_nobody_is_sent_elsewhere(hospital, sender, path):
    """Open redirects: a second slash may be taken out, the host stays."""
    answer = sender.raw("GET", path, b"", {})
    location = urlsplit(answer.headers.get("Location", ""))
    assert location.netloc in ("", f"127.0.0.1:{hospital.machine.port}")
    assert not location.path.startswith("//")
    assert answer.status_code in (200, 301, 308, 400, 401, 404), answer.status_code


# ---------------------------------------------------------------------------------- XML


@pytest.mark.parametrize("name", ENTITIES)
def test_entities_in_xml(hospital, sender, name):
    """Our routes take no XML; Odoo's XML-RPC, which is reachable beside them, resolves none."""
    document = f'<?xml version="1.0"?>{ENTITIES[name]}<a>&e;</a>'
    answer = sender.post(hospital.native, document, content_type="application/xml")
    checks.problem(answer, 415, "unsupported_media_type")
    call = document.replace(
        "<a>&e;</a>",
        "<methodCall><methodName>login</methodName><params><param><value><string>&e;</string>"
        "</value></param></params></methodCall>",
    )
    url = f"{hospital.machine.base_url}/xmlrpc/2/common"
    answer = requests.post(url, data=call, headers={"Content-Type": "text/xml"}, timeout=60)
    assert "root:" not in answer.text and "a" * 1000 not in answer.text


# --------------------------------------------------------------------- what leaves, and logs


@pytest.mark.parametrize(
    "values",
    [
        {"url": "https://partner.example/a\r\nX-Evil: 1"},
        {"url": "https://partner.example/a b"},
        {"url": "file:///etc/passwd"},
        {"url": "gopher://127.0.0.1:6379/_FLUSHALL"},
        {"url": "https://user:secret@partner.example/"},
        {"url": "http://partner.example/"},
    ],
)
def test_addresses_that_inject(hospital, values):
    system = hospital.by_format("cloudevents")["id"]
    with pytest.raises(Refused):
        hospital.admin.create("hc.endpoint", {"name": "x", "system_id": system, **values})


def test_lines_of_a_log_are_not_forged(hospital, sender):
    forged = f"FORGED-{hospital.run}"
    line = f"%0d%0a2026-01-01 00:00:00,000 1 INFO x odoo: {forged}"
    sender.raw("GET", f"/hc/v1/channels/x{line}/messages", b"", {})
    sender.raw("GET", f"/hc/v1/messages/{line}", b"", {"User-Agent": f"a\x1b[2J{forged}"})
    sender.post(hospital.native, hospital.event() | {"id": f"a\n{forged}"})
    sender.post(hospital.native, hospital.event() | {"type": f"a\n{forged}"})
    log = hospital.machine.log.read_text(errors="replace")
    begun = [one for one in log.splitlines() if one.startswith(("2026-01-01 00:00:00,000", forged))]
    assert not begun
    assert "\x1b[2J" not in log


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_exported_lists_hold_no_formula(hospital, start):
    formula = f"{start}cmd|' /C calc'!A0-{hospital.run}"
    system = hospital.admin.create(
        "hc.system", {"name": formula, "code": f"csv-{hospital.new_id('x')}".lower()}
    )
    asked = {
        "model": "hc.system",
        "fields": [{"name": "name", "label": "Name", "type": "char"}],
        "ids": [system],
        "domain": [],
        "import_compat": False,
        "context": {},
        "groupby": [],
    }
    http, base_url = hospital.admin.http, hospital.machine.base_url
    token = http.get(f"{base_url}/odoo", timeout=60).text.partition('csrf_token: "')[2]
    data = {"data": json.dumps(asked), "csrf_token": token.partition('"')[0]}
    answer = http.post(f"{base_url}/web/export/csv", data=data, timeout=60)
    assert answer.status_code == 200, answer.text[:500]
    cell = answer.text.splitlines()[1].strip('"').replace('""', '"')
    assert cell.startswith("'") or not cell.startswith(("=", "+", "-", "@", "\t"))
    assert "cmd|" in cell
