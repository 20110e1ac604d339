"""HL7 over MLLP while processes are killed and the database is away; and how it starts."""

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import time

import pytest
from hcdev import venv
from support import cluster as clusters
from support import mllp
from support.certificates import Authority


@pytest.fixture(scope="module")
def port(hospital):
    """A port without TLS, for this machine."""
    return mllp.Port(hospital).enable()


@pytest.fixture
def message(hospital):
    return functools.partial(mllp.message, hospital)


def test_killed_in_mid_frame(hospital, port, message):
    (text, control), (other, second) = message(), message()
    process = mllp.pid(hospital)

    async def talk():
        async with port.open() as streams:
            assert await mllp.exchange(streams, [text]) == [["AA", control]]
            streams[1].write(b"\x0b" + other.encode()[:80])
            await streams[1].drain()
            os.kill(process, signal.SIGKILL)
            return await streams[0].read()

    with contextlib.suppress(ConnectionError):
        assert asyncio.run(talk()) == b""
    mllp.restarted(hospital, port, process)
    assert mllp.kept(hospital, [control, second]) == [1, 0]
    assert port.send(other, text) == [["AA", second], ["AA", control]]
    assert mllp.kept(hospital, [control, second]) == [1, 1]


@contextlib.contextmanager
def lanes_locked(hospital):
    """What follows the commit of a message, waking its lane, waits while this lasts."""
    hospital.drained()
    connection = hospital.machine.connect()
    connection.autocommit = False
    lock = "SELECT bool_or(signalled) FROM (SELECT * FROM hc_lane FOR NO KEY UPDATE) l"
    deadline = time.monotonic() + mllp.WITHIN
    try:
        with connection.cursor() as cursor:
            cursor.execute(lock)
            while cursor.fetchone()[0]:
                connection.rollback()
                assert time.monotonic() < deadline
                time.sleep(0.5)
                cursor.execute(lock)
            yield
    finally:
        connection.close()


def test_killed_between_commit_and_acknowledgement(hospital, port, message):
    """The sender has no answer and sends again: the message is there once."""
    text, control = message()
    process = mllp.pid(hospital)

    async def talk():
        async with port.open() as (reader, writer):
            writer.writeblock(text.encode())
            await writer.drain()
            while mllp.kept(hospital, [control]) != [1]:
                await asyncio.sleep(0.1)
            os.kill(process, signal.SIGKILL)
            return await asyncio.wait_for(reader.read(), mllp.WITHIN)

    with lanes_locked(hospital), contextlib.suppress(ConnectionError):
        assert asyncio.run(asyncio.wait_for(talk(), 90)) == b""
    mllp.restarted(hospital, port, process)
    assert port.send(text) == [["AA", control]]
    assert mllp.kept(hospital, [control]) == [1]
    hospital.drained()


def test_database_away(hospital, port, message):
    """Never AA; afterwards all is well, in the same process and on the same connection."""
    (text, control), (other, second) = message(), message()
    process = mllp.pid(hospital)

    async def talk():
        async with port.open() as streams:
            assert await mllp.exchange(streams, [text]) == [["AA", control]]
            await asyncio.to_thread(clusters.stop, hospital.cluster, "immediate")
            try:
                assert await mllp.exchange(streams, [other, text]) == [
                    ["AR", second],
                    ["AR", control],
                ]
            finally:
                await asyncio.to_thread(clusters.start_again, hospital.cluster)
            assert await mllp.exchange(streams, [other, text]) == [["AA", second], ["AA", control]]

    asyncio.run(talk())
    assert mllp.pid(hospital) == process
    assert mllp.kept(hospital, [control, second]) == [1, 1]
    hospital.machine.wait_ready()


def test_ends_in_order(hospital, port, message):
    """SIGTERM: what is in hand is finished and acknowledged, then it is over."""
    made = [message() for _number in range(60)]
    process = mllp.pid(hospital)

    async def talk():
        answers = []
        async with port.open() as (reader, writer):
            for text, _control in made:
                writer.writeblock(text.encode())
            await writer.drain()
            answers.append(await mllp.answer(reader))
            os.kill(process, signal.SIGTERM)
            while True:
                try:
                    answers.append(await mllp.answer(reader))
                except mllp.CLOSED:
                    return answers

    answers = asyncio.run(talk())
    controls = [control for _text, control in made]
    assert answers == [["AA", control] for control in controls[: len(answers)]]
    # Nothing is kept that was not acknowledged.
    assert sum(mllp.kept(hospital, controls)) == len(answers)
    mllp.restarted(hospital, port, process)
    rest = [text for text, _control in made[len(answers) :]]
    assert [code for code, _control in port.send(*rest)] == ["AA"] * len(rest)
    assert mllp.kept(hospital, controls) == [1] * 60


def test_hang_up_looks_at_the_ports(hospital, port):
    process = mllp.pid(hospital)
    os.kill(process, signal.SIGHUP)
    time.sleep(0.5)
    assert mllp.pid(hospital) == process


def test_no_payload_in_the_log(hospital, port, message):
    mark = "ZZCANARYMLLPZZ"
    text, _control = message()
    port.send(text.replace("PID|", f"PID|{mark}"), f"{mark}", f"MSH|^~\\&|{mark}|{mark}")
    for path in hospital.machine.folder.glob("*.log"):
        assert mark not in path.read_text(errors="replace")


# ------------------------------------------------------------------------------ start


def start(hospital, *options, conf=None, **env):
    """The command, until it ends; exit status and what it says."""
    conf = str(conf or hospital.machine.conf)
    done = subprocess.run(
        [venv.ODOO, "hc_mllp", "-c", conf, *options],
        env={**hospital.machine.environment(), "ODOO_RC": conf, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if not line.startswith("20")]
    return done.returncode, lines


def test_refuses_to_start_without_the_addon(hospital):
    status, lines = start(hospital, "-d", "postgres", f"--logfile={os.devnull}")
    assert status == 1
    assert len(lines) == 1 and lines[0].startswith("odoo hc_mllp: ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-d", "no_such_database"], "does not exist"),
        (["-d", "one,two"], "name one database"),
        (["--mllp-threads=0"], "at least 1"),
        (["--mllp-threads=40"], "db_maxconn"),
    ],
)
def test_refuses_to_start(hospital, options, words):
    status, lines = start(hospital, *options)
    assert status == 1
    assert len(lines) == 1, lines
    assert lines[0].startswith("odoo hc_mllp: ") and words in lines[0]


def test_refuses_to_start_without_the_key(hospital, tmp_path):
    status, lines = start(hospital, HC_MASTER_KEY_FILE=str(tmp_path / "none"))
    assert (status, len(lines)) == (1, 1)
    assert "master key" in lines[0]


def test_check_says_what_is_wrong(hospital, tmp_path):
    """Before a change goes live, and for a port that is not served."""
    authority = Authority("Hospital")
    paths = authority.issue("odoo").write(tmp_path, "checked")
    values = {"certificate_file": str(paths[0]), "private_key_file": str(paths[1])}
    made = mllp.Port(hospital, use_tls=True, **values).enable()
    paths[1].write_text(authority.issue("other").key)
    try:
        status, lines = start(hospital, "--mllp-check")
    finally:
        hospital.admin.call("hc.mllp.port", "action_disable", [made.id])
    assert (status, len(lines)) == (1, 1)
    assert f"port {made.number}: " in lines[0]
