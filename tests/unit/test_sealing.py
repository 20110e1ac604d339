# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Leaves, notes, keys, the exported file and the system log, without a database."""

import base64
import hashlib
import json
import socket
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from messaging import merkle
from messaging.sealing import keys, leaf, note, seeds, syslog
from messaging.sealing.export import Batch, ExportFile, batch_of, line_of
from messaging.sealing.note import Checkpoint, NoteError, Snapshot

KEY = seeds.derived(bytes(range(32)))
OTHER = seeds.derived(bytes(range(1, 33)))
ORIGIN = note.ORIGIN + "7c1e0000-0000-4000-8000-000000000001"
EVENT = {
    "id": "7",
    "recorded_at": "2026-11-24T16:05:00.123456Z",
    "txid": "812",
    "action": "message.received",
    "user_id": "5",
    "details": '{"n": 1.50, "text": "é"}',
}


def chain(sizes, key=KEY):
    """Batches over made-up events, as a sealer makes them."""
    tree, previous, found, first = merkle.Frontier(), None, [], 0
    for number, size in enumerate(sizes, 1):
        ids = tuple(range(first + 1, first + size + 1))
        hashes = tuple(leaf.hash_of({**EVENT, "id": str(one)}) for one in ids)
        tree.extend(hashes)
        head = Checkpoint(
            ORIGIN,
            tree.size,
            tree.root(),
            number,
            f"2026-11-24T16:{number:02}:00.000000Z",
            previous,
            Snapshot(-7, 100 * number, 100 * number, ids[-1]),
            key.public,
        )
        signed = note.sign(head, [key])
        previous, first = signed.digest, ids[-1]
        found.append(Batch(signed, ids, hashes))
    return found


# ------------------------------------------------------------------------------- leaves


def test_leaf_stands_still():
    """A change here would void every seal that there is."""
    assert leaf.data(EVENT) == (
        b"hc-audit-event/1\naction:16:message.received\n"
        b'details:25:{"n": 1.50, "text": "\xc3\xa9"}\nid:1:7\n'
        b"recorded_at:27:2026-11-24T16:05:00.123456Z\ntxid:3:812\nuser_id:1:5\n"
    )
    assert leaf.hash_of(EVENT) == hashlib.sha256(b"\0" + leaf.data(EVENT)).digest()


def test_empty_members_are_no_part_of_it():
    """So a column that is added later changes no leaf."""
    assert leaf.data({**EVENT, "reason": None}) == leaf.data(EVENT)
    assert leaf.data({**EVENT, "reason": ""}) != leaf.data(EVENT)


@given(*[st.dictionaries(st.sampled_from(leaf.MEMBERS), st.text(max_size=8) | st.none())] * 2)
def test_different_events_are_different_bytes(one, other):
    """Lengths keep what stands in one member from being read as another."""
    told = [
        {name: value for name, value in event.items() if value is not None}
        for event in (one, other)
    ]
    assert (leaf.data(one) == leaf.data(other)) == (told[0] == told[1])


# -------------------------------------------------------------------------------- notes


def test_note_is_a_signed_note():
    (batch,) = chain([3])
    text = batch.signed.text
    assert text.startswith(f"{ORIGIN}\n3\n")
    head, blank, line = text.partition("\n\n")
    assert blank and line.startswith(f"— {ORIGIN} ") and line.endswith("\n")
    blob = base64.b64decode(line.split(" ")[2])
    wanted = hashlib.sha256(f"{ORIGIN}\n\x01".encode() + KEY.public.raw).digest()[:4]
    assert blob[:4] == wanted
    public = ed25519.Ed25519PublicKey.from_public_bytes(KEY.public.raw)
    public.verify(blob[4:], f"{head}\n".encode())
    assert note.split(text) == batch.signed
    assert note.parse(batch.signed.note) == batch.checkpoint


def test_signature_is_of_one_key_and_one_text():
    (batch,) = chain([3])
    assert batch.signed.by(KEY.public)
    assert not batch.signed.by(OTHER.public)
    changed = note.Signed(
        batch.signed.note.replace("number 1", "number 2"), batch.signed.signatures
    )
    assert not changed.by(KEY.public)
    both = note.sign(batch.checkpoint, [KEY, OTHER])
    assert both.by(KEY.public) and both.by(OTHER.public)


def test_what_is_no_note_is_refused():
    good = chain([3])[0].signed.note
    for bad in (
        "",
        good[:-1],
        good + "\n",
        good.replace("number 1", "number 01"),
        good.replace("\n3\n", "\n03\n"),
        good.replace("number 1\n", ""),
        good.replace("previous -", "previous x"),
        good.replace(ORIGIN, "a name"),
    ):
        with pytest.raises(NoteError):
            note.parse(bad)
    with pytest.raises(NoteError):
        note.split(good)


@pytest.mark.parametrize("line", ["", "— x", "— x !!", "-- x AAAA", "— x AAAA", "— x " + "A" * 92])
def test_odd_signatures_are_none(line):
    assert not note.Signed(chain([1])[0].signed.note, f"{line}\n").by(KEY.public)


# --------------------------------------------------------------------------------- keys


def test_derived_key_stands_still():
    assert KEY.public.fingerprint == "SHA256:" + base64.b64encode(
        hashlib.sha256(KEY.public.raw).digest()
    ).decode().rstrip("=")
    assert KEY.public.fingerprint == FINGERPRINT
    assert "PUBLIC KEY" in KEY.public.pem
    assert KEY.public.fingerprint in repr(KEY)


FINGERPRINT = "SHA256:eAWxgGdiapxTdL5xkAbOHZYxd8gmMPODDetSuQs79vA"


def pem(key, path):
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


def test_key_files(tmp_path):
    own = pem(ed25519.Ed25519PrivateKey.generate(), tmp_path / "own.pem")
    former = pem(ed25519.Ed25519PrivateKey.generate(), tmp_path / "former.pem")
    key, others = keys.from_files({keys.FILE: own, keys.FORMER_FILE: former})
    assert key.public.verifies(key.sign(b"x"), b"x")
    assert [one.public != key.public for one in others] == [True]
    assert keys.from_files({}) == (None, [])


def test_key_files_that_are_none(tmp_path):
    curve = pem(ec.generate_private_key(ec.SECP256R1()), tmp_path / "curve.pem")
    text = tmp_path / "text.pem"
    text.write_text("no key")
    for path in (curve, str(text), str(tmp_path / "missing.pem")):
        with pytest.raises(keys.KeyFileError, match=keys.FILE) as told:
            keys.from_files({keys.FILE: path})
        assert path not in str(told.value)


# ------------------------------------------------------------------------ exported file


def test_file_holds_what_was_written(tmp_path):
    batches = chain([3, 1, 5])
    file = ExportFile(tmp_path / "audit.ndjson")
    assert file.last_batch() is None
    assert list(file.batches()) == []
    assert file.append(batches[:1]) == 1
    assert file.append(batches[1:]) == 3
    assert file.append([]) == 0
    assert list(file.batches()) == batches
    assert file.last_batch() == batches[2]
    assert file.path.stat().st_mode & 0o137 == 0


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_torn_line_is_written_once_more(tmp_path, cut):
    """A crash in the middle of a line: nothing is taken back, and what follows is whole."""
    batches = chain([3, 4])
    file = ExportFile(tmp_path / "audit.ndjson")
    file.append(batches)
    file.path.write_bytes(file.path.read_bytes()[:-cut])
    assert file.last_batch() == batches[0]
    assert list(file.batches()) == [batches[0], None]
    torn = file.path.read_bytes()
    file.append(batches[1:])
    assert file.path.read_bytes().startswith(torn)
    assert list(file.batches()) == batches


def test_long_lines_are_found_from_the_end(tmp_path):
    batches = chain([50_000, 3])
    file = ExportFile(tmp_path / "audit.ndjson")
    file.append(batches[:1])
    assert file.path.stat().st_size > 2 << 20
    assert file.last_batch() == batches[0]
    file.append(batches[1:])
    assert file.last_batch() == batches[1]


def test_lines_that_are_none():
    (batch,) = chain([2])
    line = line_of(batch)
    assert batch_of(line) == batch
    document = json.loads(line)
    for name, value in (
        ("number", 2),
        ("note", "x"),
        ("note", None),
        ("events", [1]),
        ("events", "x"),
        ("leaves", "AAAA"),
        ("leaves", "!"),
    ):
        assert batch_of(json.dumps({**document, name: value}).encode()) is None
    assert batch_of(b"[]\n") is None
    assert batch_of(b"\xff\n") is None


# --------------------------------------------------------------------------- system log


@pytest.mark.parametrize(
    "text", ["", "unix:", "unix:log", "udp:host", "tcp::514", "http:host:1", "udp:host:x"]
)
def test_addresses_that_are_none(text):
    with pytest.raises(syslog.AddressError):
        syslog.address_of(text)


def test_log_line():
    (batch,) = chain([2])
    line = syslog.line_of("erp", "2026-11-24T16:05:00.123456Z", batch.signed.text).decode()
    assert line.startswith("<85>1 2026-11-24T16:05:00.123456Z erp hc-audit - checkpoint - ")
    assert "\n" not in line
    told = line.partition(" checkpoint - ")[2].replace("|", "\n") + "\n"
    assert note.split(told) == batch.signed


def test_datagrams(tmp_path):
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.bind(path)
        syslog.send(syslog.address_of(f"unix:{path}"), [b"one", b"two"])
        assert [unix.recv(100), unix.recv(100)] == [b"one", b"two"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        syslog.send(syslog.address_of(f"udp:127.0.0.1:{udp.getsockname()[1]}"), [b"one"])
        assert udp.recv(100) == b"one"


def test_stream_is_framed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = []

        def serve():
            connection, _address = server.accept()
            with connection:
                while part := connection.recv(100):
                    found.append(part)

        thread = threading.Thread(target=serve)
        thread.start()
        syslog.send(
            syslog.address_of(f"tcp:127.0.0.1:{server.getsockname()[1]}"), [b"one", b"four"]
        )
        thread.join(30)
        assert b"".join(found) == b"3 one4 four"


def test_nobody_listens(tmp_path):
    with pytest.raises(OSError):
        syslog.send(syslog.address_of(f"unix:{tmp_path / 'none'}"), [b"one"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(OSError):
        syslog.send(syslog.address_of(f"tcp:127.0.0.1:{port}"), [b"one"])


# ------------------------------------------------------------------------------- script


def test_script_of_the_auditor_is_small_and_alone():
    path = Path(__file__).resolve().parents[2] / (
        "addons/healthcare_integration_base/static/audit/hc_verify.py"
    )
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 200
    imported = {
        line.split()[1].partition(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported == {
        *("argparse", "base64", "hashlib", "json", "sys", "zipfile"),
        "cryptography",
    }
