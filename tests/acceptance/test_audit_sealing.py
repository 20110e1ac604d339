"""The audit trail sealed, verified and tampered with, on a real PostgreSQL."""

import base64
import json
import os
import random
import subprocess
import sys
import time

import psycopg2
import pytest
from messaging.sealing import leaf
from messaging.sealing.bundle import Prover, write
from messaging.sealing.findings import Kind
from messaging.sealing.sealer import Sealer, TreeDamagedError
from support import audit_log
from support import cluster as clusters
from support.audit_log import KEY, NEW_KEY, STRANGE_KEY, Log, Store, fill, made_up
from support.tampering import WAYS, Tamperer

TAMPERINGS = 300
SEED = int(os.environ.get("HC_SEED") or time.time_ns() % 1_000_000)


@pytest.fixture(scope="module")
def server():
    cluster, server = clusters.make("seal")
    yield server
    clusters.remove(cluster)


@pytest.fixture(scope="module")
def other_server():
    """Another PostgreSQL, whose transactions have other numbers."""
    cluster, server = clusters.make("seal2")
    yield server
    clusters.remove(cluster)


@pytest.fixture(scope="module")
def log(server, tmp_path_factory):
    """300 events in 12 checkpoints, exported; and some that wait."""
    made = Log(server, "hc_seal", tmp_path_factory.mktemp("seal"))
    made.create()
    drawn = random.Random(SEED)
    list(fill(made, drawn, checkpoints=12, events=25))
    made.export()
    made.append(*made_up(drawn, 3))
    return made


@pytest.fixture
def small(server, tmp_path):
    """An empty log of one's own."""
    made = Log(server, "hc_seal_small", tmp_path)
    made.create()
    return made


@pytest.fixture
def superuser(log):
    """A cursor that may do everything, and whose deeds are undone."""
    connection = log.connect(superuser=True)
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()


# ------------------------------------------------------------------------------ sealing


def test_sound(log):
    report = log.verify(written=12)
    assert report.findings == []
    assert (report.checkpoints, report.leaves, report.unsealed) == (12, 300, 3)
    assert report.exported == 12
    assert report.keys == [KEY.public.fingerprint]


def test_leaf_is_made_of_what_postgresql_prints(small):
    """Should another version print a value otherwise, this says so before a seal is void."""
    details = {"n": 1.50, "text": 'é\n"', "list": [1, None, True], "big": 10**30, "a": {"b": 2}}
    small.append({"action": "test", "user_id": -7, "details": {**details, "reason": "why"}})
    connection = small.connect(superuser=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE hc_audit.event SET recorded_at = '2026-01-02 03:04:05.000006+02', txid = '812'"
        )
        cursor.execute("SET TIME ZONE 'Asia/Tokyo'")
        cursor.execute("SET DateStyle = 'German'")
        cursor.execute(f"SELECT {leaf.SELECT} FROM hc_audit.event e")
        event = dict(zip(leaf.MEMBERS, cursor.fetchone(), strict=True))
    connection.close()
    text = (
        '{"a": {"b": 2}, "n": 1.5, "big": 1000000000000000000000000000000,'
        ' "list": [1, null, true], "text": "é\\n\\""}'
    )
    assert leaf.data(event).decode() == (
        f"hc-audit-event/1\naction:4:test\ndetails:{len(text.encode())}:{text}\nid:1:1\n"
        "reason:3:why\nrecorded_at:27:2026-01-02T01:04:05.000006Z\ntxid:3:812\nuser_id:2:-7\n"
    )


def test_late_commit_goes_into_the_next_checkpoint(small):
    """A transaction that has begun before others, and ends after a checkpoint over them."""
    small.append(*made_up(random.Random(1), 2))
    late = small.connect()
    with late.cursor() as cursor:
        cursor.execute(audit_log.APPEND, [json.dumps([{"action": "late"}])])
    small.append(*made_up(random.Random(2), 2))
    first = small.seal()
    assert first.size == 2, "what began after the open one waits with it"
    assert small.seal() is None
    with late.cursor() as cursor:
        cursor.execute(audit_log.APPEND, [json.dumps([{"action": "later"}])])
    late.commit()
    late.close()
    assert small.seal().size == 6
    small.export()
    assert [len(one.ids) for one in small.batches()] == [2, 4]
    assert small.verify().findings == []


def test_batches_part_no_transaction(small):
    for seed in range(10):
        small.append(*made_up(random.Random(seed), 3))
    sizes = []
    first = small.seal()
    assert first.size == 30, "the first one of a cluster takes all that is there"
    for seed in range(10):
        small.append(*made_up(random.Random(seed), 3))
    while sealed := small.seal(limit=7):
        sizes.append(sealed.size)
    assert sizes == [36, 42, 48, 54, 60]
    small.append(*made_up(random.Random(99), 20))
    small.append(*made_up(random.Random(98), 1))
    assert small.seal(limit=7).size == 80
    assert small.seal(limit=7).size == 81
    small.export()
    assert small.verify().findings == []


def test_sealer_that_is_wrong_spoils_nothing(small):
    small.append(*made_up(random.Random(1), 5))
    assert small.seal()
    small.append(*made_up(random.Random(2), 5))
    connection = small.connect()

    class Wrong(Store):
        def seal(self, signed, snapshot, ids, hashes, nodes):
            return super().seal(signed, snapshot, *self.twist(list(ids), list(hashes)), nodes)

    for twist in (
        lambda ids, hashes: (ids[1:], hashes[1:]),
        lambda ids, hashes: (ids, hashes[1:]),
        lambda ids, hashes: ([*ids[1:], 999], hashes),
        lambda ids, hashes: ([*ids[1:], 1], hashes),
        lambda ids, hashes: ([], []),
    ):
        Wrong.twist = staticmethod(twist)
        with connection.cursor() as cursor, pytest.raises(psycopg2.IntegrityError):
            Sealer(Wrong(cursor), KEY).seal()
        connection.rollback()
    connection.close()
    assert small.seal().size == 10
    assert small.verify(lines=None).findings == []


def test_nothing_is_added_to_a_damaged_tree(small):
    small.append(*made_up(random.Random(1), 5))
    assert small.seal()
    small.append(*made_up(random.Random(2), 5))
    small.psql(small.name, "-c", "UPDATE hc_audit.leaf SET hash = sha256('x') WHERE place = 2")
    with pytest.raises(TreeDamagedError):
        small.seal()


def test_new_key_is_vouched_for_by_the_former(small):
    def grow():
        small.append(*made_up(random.Random(1), 2))
        assert small.seal()

    grow()
    small.key, small.former = NEW_KEY, [KEY]
    grow()
    grow()
    small.export()
    report = small.verify()
    assert report.findings == []
    assert report.keys == [KEY.public.fingerprint, NEW_KEY.public.fingerprint]
    small.key, small.former = STRANGE_KEY, []
    grow()
    first = small.verify().first
    assert (first.kind, first.checkpoint, first.event_id) == (Kind.KEY_UNKNOWN, 4, 7)


def test_in_another_cluster_it_goes_on(small, other_server, tmp_path):
    """Dumped and restored: transaction ids mean something else there, and nothing is lost."""
    for seed in range(4):
        small.append(*made_up(random.Random(seed), 5))
        assert small.seal()
    small.append(*made_up(random.Random(8), 2))
    small.export()
    # That of the other cluster is lower or higher, whatever the roles have cost.
    there = Log(other_server, "hc_seal_restored", tmp_path)
    there.file = small.file
    dump = tmp_path / "dump"
    env = small.server.env()
    subprocess.run(["pg_dump", "-Fc", "-f", dump, small.name], env=env, check=True)
    there.psql("postgres", "-c", f'CREATE DATABASE "{there.name}" OWNER {there.server.user}')
    restore = ["pg_restore", "--exit-on-error", "-d", there.name, dump]
    subprocess.run(restore, env=other_server.env(superuser=True), check=True)
    assert there.verify().findings == []
    there.append(*made_up(random.Random(9), 3))
    while there.seal():
        pass
    there.append(*made_up(random.Random(10), 3))
    while there.seal():
        pass
    there.export()
    report = there.verify()
    assert report.findings == []
    assert report.moves == [5]
    assert (report.leaves, report.unsealed) == (28, 0)


def test_as_it_is_written_while_it_is_sealed(small):
    """Writers, long and short, rolled back and committed, beside a sealer."""
    writers = [small.connect() for _ in range(4)]
    drawn = random.Random(SEED)
    sealed = 0
    for _round in range(60):
        writer = drawn.choice(writers)
        with writer.cursor() as cursor:
            events = made_up(drawn, drawn.randint(1, 3))
            cursor.execute(audit_log.APPEND, [json.dumps(events)])
        what = drawn.random()
        if what < 0.5:
            writer.commit()
        elif what < 0.65:
            writer.rollback()
        if drawn.random() < 0.3 and small.seal():
            sealed += 1
    for writer in writers:
        writer.commit()
        writer.close()
    while small.seal():
        sealed += 1
    small.export()
    report = small.verify()
    assert report.findings == [], SEED
    assert report.unsealed == 0 and sealed > 1


# --------------------------------------------------------------------------- tampering


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_is_found(log, superuser, tmp_path, way):
    assert_found(log, superuser, tmp_path, way, SEED)


def test_300_tamperings_are_found(log, tmp_path):
    """All of them, and each with the first event that is not what it was."""
    connection = log.connect(superuser=True)
    drawn = random.Random(SEED)
    try:
        with connection.cursor() as cursor:
            for _ in range(TAMPERINGS):
                way = drawn.choice(WAYS)
                assert_found(log, cursor, tmp_path, way, drawn.random())
                connection.rollback()
            assert log.verify(cursor, written=12).findings == []
    finally:
        connection.close()


def assert_found(log, cursor, folder, way, seed):
    told = f"{way.__name__}, HC_SEED={SEED}, {seed}"
    tamperer = Tamperer(log, cursor, random.Random(seed), folder / "tampered.ndjson")
    wanted = way(tamperer)
    report = log.verify(cursor, tamperer.file, written=tamperer.written)
    assert not report.is_sound, told
    assert report.first.event_id == wanted, f"{told}: {report.first}, wanted {wanted}"


def test_without_the_file_the_batch_is_named(log, superuser, tmp_path):
    """What the database alone can tell: event and hash are changed alike."""
    tamperer = Tamperer(log, superuser, random.Random(SEED), tmp_path / "none")
    event_id = tamperer.change_with_its_hash()
    first = log.verify(superuser, lines=None).first
    batch = log.batches()[first.checkpoint - 1]
    assert first.kind == Kind.BATCH_CHANGED
    assert event_id in batch.ids and first.event_id == batch.ids[0]


def test_report_says_it(log, superuser):
    superuser.execute("DELETE FROM hc_audit.event WHERE id = 1")
    found = log.verify(superuser).as_dict()
    assert found["sound"] is False
    assert found["first"]["kind"] == "event_deleted" and found["first"]["event"] == 1
    assert json.loads(json.dumps(found)) == found


# ----------------------------------------------------------------------------- pruning


def age(log, days):
    """As if it all had been sealed long ago: PostgreSQL's clock cannot be set back here."""
    log.psql(
        log.name,
        "-c",
        f"UPDATE hc_audit.checkpoint SET sealed_at = sealed_at - interval '{days} days'",
    )


def prune(log, ids, days=2190):
    connection = log.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT hc_audit.prune(%s, %s, 2, 'retention')", [ids, days])
            found = cursor.fetchone()[0]
        connection.commit()
        return found
    finally:
        connection.close()


class Dated(Store):
    """A sealer whose clock is years behind."""

    def snapshot(self):
        seen, moment = super().snapshot()
        return seen, f"2015{moment[4:]}"


def test_pruned_is_told_from_deleted(small):
    small.append(*made_up(random.Random(1), 10))
    connection = small.connect()
    with connection.cursor() as cursor:
        assert Sealer(Dated(cursor), KEY).seal()
    connection.commit()
    connection.close()
    age(small, 4000)
    small.append(*made_up(random.Random(2), 5))
    assert small.seal()
    small.export()
    assert prune(small, [2, 3, 4, 8]) == 4
    assert small.seal()
    small.export()
    report = small.verify()
    assert report.findings == []
    assert report.pruned == 4
    assert small.psql(small.name, "-c", "SELECT count(*) FROM hc_audit.event") == "12\n"
    told = small.psql(
        small.name, "-c", "SELECT details FROM hc_audit.event WHERE action = 'trail.pruned'"
    )
    assert json.loads(told) == {"count": 4, "days": 2190, "places": [[1, 3], [7, 7]]}
    small.psql(small.name, "-c", "DELETE FROM hc_audit.event WHERE id = 9")
    assert (small.verify().first.kind, small.verify().first.event_id) == (Kind.EVENT_DELETED, 9)
    # An event is what tells: without it all is deleted.
    small.psql(small.name, "-c", "DELETE FROM hc_audit.event WHERE action = 'trail.pruned'")
    assert small.verify().first.event_id == 2


@pytest.mark.parametrize(
    ("ids", "days", "sentence"),
    [
        ([1], 2190, "more than 2190 days ago"),
        ([1], 2189, "kept for 2190 days"),
        ([1], None, "kept for 2190 days"),
        ([4], 2190, "more than 2190 days ago"),
        ([999], 2190, "more than 2190 days ago"),
    ],
)
def test_what_may_not_be_pruned(small, ids, days, sentence):
    """Too young, by too short a rule, not sealed, or not there."""
    small.append(*made_up(random.Random(1), 3))
    assert small.seal()
    small.append(*made_up(random.Random(2), 1))
    with pytest.raises(psycopg2.errors.CheckViolation, match=sentence):
        prune(small, ids, days)
    assert small.verify(lines=None).findings == []


def test_pruning_is_not_pruned_nor_forged(small):
    small.append(*made_up(random.Random(1), 3))
    assert small.seal()
    age(small, 4000)
    assert prune(small, [1]) == 1
    assert small.seal()
    age(small, 4000)
    assert prune(small, [4]) == 0
    for forged in ("trail.pruned", None):
        with pytest.raises(psycopg2.errors.CheckViolation):
            small.append({"action": "fine"}, {"action": forged})
    assert small.psql(small.name, "-c", "SELECT max(id) FROM hc_audit.event") == "4\n"


# ------------------------------------------------------------------------------ bundle


def run_script(path, *options):
    """As an auditor does, with nothing of ours on the path."""
    command = [sys.executable, "-I", audit_log.SCRIPT, path, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def bundle(log, path, first, last, companies=None):
    connection = log.connect()
    try:
        with connection.cursor() as cursor, path.open("wb") as target:
            prover = Prover(Store(cursor), companies)
            return write(prover, first, last, audit_log.SCRIPT.read_bytes(), target)
    finally:
        connection.close()


def test_bundle_is_verified_without_us(log, tmp_path):
    path = tmp_path / "bundle.zip"
    first, last = log.batches()[2].ids[3], log.batches()[5].ids[7]
    count = bundle(log, path, first, last)
    assert count == 22 + 25 + 25 + 8
    export = ("--export", log.file.path)
    done = run_script(path, "--key", KEY.public.fingerprint, *export)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} events are in the log" in done.stdout
    other = run_script(path, "--key", NEW_KEY.public.fingerprint)
    assert other.returncode == 1 and "another key" in other.stdout


def test_hidden_events_are_hashes(log, tmp_path):
    path = tmp_path / "bundle.zip"
    count = bundle(log, path, 1, log.batches()[0].ids[-1], companies={1})
    done = run_script(path)
    assert done.returncode == 0, done.stdout + done.stderr
    hidden = int(done.stdout.split(", ")[1].split()[0])
    assert 0 < hidden < count


def test_proof_of_one_event(log, tmp_path):
    path = tmp_path / "proof.json"
    event_id = log.batches()[4].ids[2]
    connection = log.connect()
    with connection.cursor() as cursor:
        document = Prover(Store(cursor)).proof(event_id)
    connection.close()
    path.write_text(json.dumps(document))
    assert run_script(path).returncode == 0
    assert document["leaves"][0]["event"]["id"] == str(event_id)
    for spoil in SPOILS:
        spoiled = json.loads(json.dumps(document))
        spoil(spoiled)
        path.write_text(json.dumps(spoiled))
        done = run_script(path)
        assert done.returncode == 1 and "DOES NOT HOLD" in done.stdout, done


def flip(text):
    return ("0" if text[0] != "0" else "1") + text[1:]


def _event(one):
    one["leaves"][0]["event"]["action"] = "other"


def _member(one):
    """The same bytes read as other members."""
    event = one["leaves"][0]["event"]
    event[f"action:{len(event['action'])}:x\nb"] = "y"


def _hash(one):
    one["leaves"][0]["hash"] = flip(one["leaves"][0]["hash"])


def _place(one):
    one["leaves"][0]["place"] += 1


def _path(one):
    one["leaves"][0]["path"][0] = flip(one["leaves"][0]["path"][0])


def _shorter(one):
    one["leaves"][0]["path"].pop()


def _consistency(one):
    one["checkpoints"][-1]["consistency"][0] = flip(one["checkpoints"][-1]["consistency"][0])


def _root(one):
    lines = one["checkpoints"][-1]["note"].split("\n")
    lines[2] = base64.b64encode(b"x" * 32).decode()
    one["checkpoints"][-1]["note"] = "\n".join(lines)


def _no_leaf(one):
    one["leaves"] = []


SPOILS = (_event, _member, _hash, _place, _path, _shorter, _consistency, _root, _no_leaf)


def test_damaged_bundle_is_no_success(log, tmp_path):
    path = tmp_path / "bundle.zip"
    bundle(log, path, 1, 20)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert run_script(path).returncode == 2
    assert run_script(tmp_path / "none.zip").returncode == 2
