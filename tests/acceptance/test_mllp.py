"""HL7 over MLLP: the real process, and the client of the hl7 library."""

import asyncio
import contextlib
import functools
import random
import re
import socket
import ssl
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from simulate.documents import Use
from simulate.rpc import Refused
from support import checks, mllp
from support.certificates import Authority


@pytest.fixture(scope="module")
def port(hospital):
    """A port without TLS, for this machine."""
    return mllp.Port(hospital, bind_address="0.0.0.0").enable()


@pytest.fixture(scope="module")
def authority():
    return Authority("Hospital")


@pytest.fixture(scope="module")
def secure(hospital, authority):
    """A port with mutual TLS, whose key is kept in Odoo."""
    own = authority.issue("odoo")
    values = {"use_tls": True, "certificate": own.certificate, "client_ca": authority.certificate}
    return mllp.Port(hospital, allowed_addresses=False, private_key=own.key, **values)


@pytest.fixture
def message(hospital):
    return functools.partial(mllp.message, hospital)


def refused_connection(port, **options):
    """It is closed and says nothing."""

    async def listen():
        async with port.open(**options) as (reader, writer):
            writer.writeblock(b"MSH|^~\\&|EHR|HOSPITAL|||20261124||ADT^A01|1|P|2.5\r")
            return await asyncio.wait_for(reader.read(), mllp.WITHIN)

    try:
        return asyncio.run(listen()) == b""
    except mllp.CLOSED:
        return True


# ------------------------------------------------------------------------ messages


def test_example_of_the_readme(port):
    """The lines of Bash that people copy."""
    page = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    section = page.partition("## HL7 over MLLP")[2].partition("\n## ")[0]
    (example,) = re.findall(r"^```bash\n(.*?)^```$", section, re.M | re.S)
    assert "PORT=2575" in example
    script = example.replace("PORT=2575", f"PORT={port.number}")
    done = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, timeout=90, check=True
    )
    assert "\nMSA|AA|MSG-0001\n" in done.stdout, done.stdout


def test_accepted(hospital, port, message):
    taken = hospital.ehr
    use = Use(taken.wards[0], taken.plain[0], 3, hospital.use().at)
    before = hospital.on_hand(use)
    text, control = message(3)
    assert port.send(text) == [["AA", control]]
    assert mllp.kept(hospital, [control]) == [1]
    assert hospital.on_hand(use) == before - 3


def test_same_again_has_no_second_effect(hospital, port, message):
    text, control = message()
    assert port.send(text, text) == [["AA", control]] * 2
    assert port.send(text) == [["AA", control]]
    assert mllp.kept(hospital, [control]) == [1]


def test_same_by_http(hospital, port, message):
    """Both doors know each other's messages."""
    text, control = message()
    assert port.send(text) == [["AA", control]]
    checks.acknowledgement(hospital.sender("hl7v2").hl7(text), 200, "AA")
    assert mllp.kept(hospital, [control]) == [1]


def test_two_hundred_in_one_write(hospital, port, message):
    made = [message() for _number in range(200)]
    controls = [control for _text, control in made]
    assert port.send(*(text for text, _control in made)) == [["AA", one] for one in controls]
    assert mllp.kept(hospital, controls) == [1] * 200


def test_one_bad_message_spoils_no_other(hospital, port, message):
    (first, one), (second, two), (third, three) = message(), message(), message()
    wrong = second.replace("|CG|", "|PY|")
    assert wrong != second
    assert port.send(first, wrong, third) == [["AA", one], ["AE", two], ["AA", three]]
    assert mllp.kept(hospital, [one, two, three]) == [1, 0, 1]


def test_refusals(hospital, port, message):
    text, control = message()
    assert port.send(text.replace("DFT^P03", "ADT^A01")) == [["AR", control]]
    assert port.send(text.replace("|2.5.1", "|3.1")) == [["AR", control]]
    assert port.send(text.replace("|P|2.", "|T|2.")) == [["AR", control]]
    assert port.send("no message at all", text) == [["AE", ""], ["AA", control]]
    counted = hospital.machine.sql(
        "SELECT count(*) FROM hc_audit.event WHERE action = 'message.refused'"
        " AND code = 'processing_id_mismatch'"
    )
    assert counted[0][0] >= 1


def test_enhanced_mode(hospital, port, message):
    """MSH-15 asks for acknowledgements, or for none."""
    (text, control), (silent, other) = message(), message()
    header, _end, rest = text.partition("\r")
    silent_header, _end, silent_rest = silent.partition("\r")
    fields = header.split("|") + [""] * (16 - header.count("|") - 1)
    fields[14] = "AL"
    asked = "|".join(fields) + "\r" + rest
    fields = silent_header.split("|") + [""] * (16 - silent_header.count("|") - 1)
    fields[14] = "NE"
    never = "|".join(fields) + "\r" + silent_rest

    async def talk():
        async with port.open() as (reader, writer):
            writer.writeblock(never.encode())
            writer.writeblock(asked.encode())
            return await mllp.answer(reader)

    assert asyncio.run(talk()) == ["CA", control]
    assert mllp.kept(hospital, [other, control]) == [1, 1]


def test_split_at_every_byte(hospital, port, message):
    text, control = message()
    data = b"\x0b" + text.encode() + b"\x1c\r"

    async def talk():
        async with port.open() as (reader, writer):
            for cut in range(1, len(data)):
                writer.write(data[:cut])
                await writer.drain()
                await asyncio.sleep(0.001)
                writer.write(data[cut:])
                assert await mllp.answer(reader) == ["AA", control]

    asyncio.run(talk())
    assert mllp.kept(hospital, [control]) == [1]


def test_without_return(hospital, port, message):
    text, control = message()

    async def talk():
        async with port.open() as (reader, writer):
            writer.write(b"\x0b" + text.encode() + b"\x1c")
            return await mllp.answer(reader)

    assert asyncio.run(talk()) == ["AA", control]


def test_half_closed(hospital, port, message):
    """A sender that says it is done still gets its acknowledgements."""
    text, control = message()

    async def talk():
        async with port.open() as (reader, writer):
            writer.writeblock(text.encode())
            writer.write_eof()
            return await mllp.answer(reader), await reader.read()

    assert asyncio.run(talk()) == (["AA", control], b"")


def test_oversize(hospital, port, message):
    (text, control), (after, other) = message(), message()
    large = text + "NTE|1||" + "x" * 1_100_000 + "\r"
    assert port.send(large, after) == [["AR", control], ["AA", other]]
    assert mllp.kept(hospital, [control, other]) == [0, 1]


def test_fifty_connections(hospital, port, message):
    made = [[message() for _number in range(4)] for _sender in range(50)]

    async def one(parts):
        async with port.open() as streams:
            return [await mllp.exchange(streams, [text]) for text, _control in parts]

    async def talk():
        return await asyncio.gather(*map(one, made))

    wanted = [[[["AA", control]] for _text, control in parts] for parts in made]
    assert asyncio.run(talk()) == wanted
    controls = [control for parts in made for _text, control in parts]
    assert mllp.kept(hospital, controls) == [1] * 200


def test_two_hundred_and_more_connections(hospital, port, message):
    """All are open at once, and every one is answered."""
    most = hospital.admin.call("hc.mllp.port", "read", [port.id])[0]["max_connections"]
    text, control = message()

    async def talk():
        async with contextlib.AsyncExitStack() as stack:
            streams = [await stack.enter_async_context(port.open()) for _number in range(220)]
            return [await mllp.exchange(one, [text]) for one in streams]

    assert most >= 220
    assert asyncio.run(talk()) == [[["AA", control]]] * 220
    assert mllp.kept(hospital, [control]) == [1]


def test_noise(hospital, port, message):
    """A million bytes of it: others are answered meanwhile, and nothing grows."""
    text, control = message()
    process = mllp.pid(hospital)
    port.send(text)
    before = mllp.memory(process)
    noise = random.Random(7).randbytes(1_000_000).translate(None, b"\x1c")

    async def talk():
        async with port.open() as (reader, writer), port.open() as others:
            for start in range(0, len(noise), 50_000):
                writer.write(noise[start : start + 50_000])
                await writer.drain()
                assert await mllp.exchange(others, [text]) == [["AA", control]]
            writer.writeblock(text.encode())
            return await mllp.answer(reader)

    assert asyncio.run(talk()) == ["AA", control]
    assert mllp.pid(hospital) == process
    assert mllp.memory(process) - before < 32 * 1024 * 1024


def test_sender_that_does_not_read(hospital, port, message):
    """Its messages wait in the network, not in the server; all come when it reads."""
    made = [message() for _number in range(300)]
    data = b"".join(b"\x0b" + text.encode() + b"\x1c\r" for text, _control in made)

    async def talk():
        async with port.open() as (reader, writer):
            writer.write(data)
            await asyncio.sleep(2)
            return [await mllp.answer(reader) for _one in made]

    assert asyncio.run(talk()) == [["AA", control] for _text, control in made]


# --------------------------------------------------------------------- who may come


def test_address_that_is_not_listed(hospital, port, message):
    before = port.read()["refused_count"]
    assert refused_connection(port, local_addr=("127.0.0.2", 0))
    port.until(refused_count=before + 1)
    assert port.send(message()[0])[0][0] == "AA"


def test_nobody_listed(hospital):
    """An empty list does not mean everybody."""
    made = mllp.Port(hospital, allowed_addresses=False)
    with pytest.raises(Refused, match="who may connect"):
        hospital.admin.call("hc.mllp.port", "action_enable", [made.id])


def client_context(authority, issued=None, folder=None):
    made = ssl.create_default_context(cadata=authority.certificate)
    if issued:
        made.load_cert_chain(*issued.write(folder, "client"))
    return made


def test_client_certificates(hospital, secure, authority, message, tmp_path):
    """The listed one is its system; another one of the authority, one of another authority,
    one that is past its date and none are nobody."""
    right, unlisted = authority.issue("ehr"), authority.issue("unlisted")
    late = authority.issue("late", -timedelta(days=1))
    foreign = Authority("Elsewhere").issue("ehr")
    values = {"name": "Interface engine", "port_id": secure.id, "fingerprint": right.fingerprint}
    hospital.admin.create("hc.mllp.client", values)
    late_values = {"name": "Old", "port_id": secure.id, "fingerprint": late.fingerprint}
    hospital.admin.create("hc.mllp.client", late_values)
    secure.enable()
    text, control = message()
    context = client_context(authority, right, tmp_path)
    assert secure.send(text, ssl=context) == [["AA", control]]
    for wrong in (unlisted, foreign, late, None):
        context = client_context(authority, wrong, tmp_path)
        assert refused_connection(secure, ssl=context)
    assert refused_connection(secure)
    assert mllp.kept(hospital, [control]) == [1]


def test_old_tls_is_refused(hospital, secure, authority):
    context = client_context(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert refused_connection(secure, ssl=context)


def test_key_is_not_shown(hospital, secure):
    found = secure.read()
    assert found["has_private_key"] and not found["private_key"]
    assert "private_key_sealed" not in found
    sealed = "SELECT private_key_sealed FROM hc_mllp_port WHERE id = %s"
    assert "PRIVATE" not in hospital.machine.sql(sealed, secure.id)[0][0]


def test_certificate_in_files(hospital, authority, message, tmp_path):
    """A renewed certificate is taken without a restart."""
    paths = authority.issue("odoo").write(tmp_path, "server")
    values = {"certificate_file": str(paths[0]), "private_key_file": str(paths[1])}
    made = mllp.Port(hospital, use_tls=True, **values).enable()
    text, control = message()

    def shown():
        with socket.create_connection(("127.0.0.1", made.number), timeout=30) as plain:
            with client_context(authority).wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                return tls.getpeercert(binary_form=True)

    first = shown()
    assert made.send(text, ssl=client_context(authority)) == [["AA", control]]
    authority.issue("odoo").write(tmp_path, "server")
    deadline = time.monotonic() + mllp.WITHIN
    while True:
        try:
            if shown() != first:
                break
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.3)
    Path(paths[0]).unlink()
    made.until(status="failed")
    assert "server.pem" in made.read()["server_problem"]
    hospital.admin.call("hc.mllp.port", "action_disable", [made.id])


def test_closed_when_it_is_disabled(hospital, message):
    made = mllp.Port(hospital).enable()
    text, control = message()

    async def talk():
        async with made.open() as streams:
            assert await mllp.exchange(streams, [text]) == [["AA", control]]
            call = hospital.admin.call
            await asyncio.to_thread(call, "hc.mllp.port", "action_disable", [made.id])
            return await asyncio.wait_for(streams[0].read(), mllp.WITHIN)

    assert asyncio.run(talk()) == b""
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", made.number), timeout=5)
