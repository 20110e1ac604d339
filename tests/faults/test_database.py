"""PostgreSQL stops, has no room, or lets nobody in: 503, nothing lost, all well by itself."""

import contextlib
import threading
import time

import psycopg2
import pytest
from support import checks, disk, invariants, killing
from support import cluster as clusters
from support.traffic import Stream, percentile

AWAY_SECONDS = 30
FULL_SECONDS = 10
BACK_WITHIN = 90
SMALL_DISK_MB = 1500


@contextlib.contextmanager
def under_load(hospital, figures, case, seed):
    """A stream of events around a fault, and all that must hold after it."""
    before = invariants.stock_of(hospital, [ward.stock for ward in hospital.world.wards])
    began = time.monotonic()
    with Stream(hospital, seed, patience=400) as stream:
        time.sleep(3)
        yield stream
        returned = time.monotonic()
        wait_for_acknowledged(stream)
        back = time.monotonic() - returned
        time.sleep(3)
        stream.finish()
    hospital.drained(300)
    invariants.all_hold(hospital, before, stream.uses, stream.identifiers)
    figures.add(
        case,
        acknowledged=len(stream.tally.acknowledged),
        effects=len(stream.identifiers),
        answers_503=stream.tally.statuses[503],
        other_answers=sum(n for s, n in stream.tally.statuses.items() if s not in OK),
        torn_connections=stream.tally.broken,
        first_kept_after_s=back,
        answer_p99_s=percentile(stream.tally.seconds, 0.99),
        duration_s=time.monotonic() - began,
    )
    assert not stream.tally.statuses.keys() - OK, stream.tally.statuses


OK = {200, 202, 207, 503}


def wait_for_acknowledged(stream):
    """Until something new is kept again."""
    known, deadline = len(stream.tally.acknowledged), time.monotonic() + BACK_WITHIN
    while len(stream.tally.acknowledged) <= known:
        stream.check()
        assert time.monotonic() < deadline, "nothing is kept again"
        time.sleep(0.05)


@pytest.mark.long
def test_stopped_for_half_a_minute(hospital, figures):
    with under_load(hospital, figures, "PostgreSQL away", 31) as stream:
        killing.database(hospital, seconds=AWAY_SECONDS)
    assert stream.tally.statuses[503]


@pytest.fixture
def ledger_on_small_disk(hospital):
    """The whole database, and nothing else of PostgreSQL, on a disk of its own."""
    machine, home = hospital.machine, hospital.cluster.data.parent
    with disk.small_disk(home, hospital.cluster.owner, SMALL_DISK_MB) as (small, folder):
        maintenance = machine.connect(superuser=True, database="postgres")
        run = maintenance.cursor().execute
        move = f"ALTER DATABASE {machine.database} SET TABLESPACE"
        run("CREATE TABLESPACE small LOCATION %s", [str(folder)])
        machine.stop()
        run(f"{move} small")
        machine.start()
        try:
            yield small
        finally:
            small.free()
            machine.stop()
            run(f"{move} pg_default")
            run("DROP TABLESPACE small")
            maintenance.close()
            machine.start()


@pytest.mark.long
def test_no_room_for_the_ledger(hospital, ledger_on_small_disk, figures):
    small = ledger_on_small_disk
    with under_load(hospital, figures, "disk full: ledger", 32) as stream:
        taken = small.fill()
        wait_for_refusals(stream)
        time.sleep(FULL_SECONDS)
        small.fill()
        small.free()
    figures.add("disk full: ledger", filled_mb=taken // disk.MEGABYTE)


def wait_for_refusals(stream):
    """Pages with room left are used up first."""
    deadline = time.monotonic() + 120
    while not stream.tally.statuses[503]:
        stream.check()
        assert time.monotonic() < deadline, "the disk does not get full"
        time.sleep(0.1)


@pytest.fixture
def log_on_small_disk(hospital):
    """PostgreSQL's write-ahead log on a disk of its own."""
    machine, cluster = hospital.machine, hospital.cluster
    owner, wal = cluster.owner, cluster.data / "pg_wal"
    with disk.small_disk(cluster.data.parent, owner, 300) as (small, folder):
        machine.stop()
        clusters.stop(cluster)
        disk.move(wal, folder)
        clusters.start_again(cluster)
        machine.start()
        try:
            yield small
        finally:
            small.free()
            machine.stop()
            clusters.stop(cluster)
            disk.move_back(wal, folder)
            clusters.start_again(cluster)
            machine.start()


@pytest.mark.long
def test_no_room_for_the_log_of_postgresql(hospital, log_on_small_disk, figures):
    """PostgreSQL ends itself then; who looks after it frees the disk and starts it."""
    small = log_on_small_disk
    with under_load(hospital, figures, "disk full: WAL", 33) as stream:
        small.fill()
        filler = threading.Thread(target=write_log, args=(hospital,))
        filler.start()
        wait_for_refusals(stream)
        filler.join()
        time.sleep(FULL_SECONDS)
        small.free()
        clusters.start_again(hospital.cluster)


def write_log(hospital):
    """Somebody else's bulk load, until PostgreSQL gives up."""
    load = "CREATE TABLE filler AS SELECT md5(n::text) FROM generate_series(1, 3000000) n"
    with contextlib.suppress(psycopg2.Error):
        hospital.machine.sql("DROP TABLE IF EXISTS filler")
        hospital.machine.sql(load)


@contextlib.contextmanager
def all_connections_taken(hospital):
    """Another program has every connection that PostgreSQL gives."""
    taken = []
    cut_off = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = %s AND pid != ALL(%s)"
    )
    root = hospital.machine.connect(superuser=True, database="postgres")
    cursor = root.cursor()
    try:
        for _round in range(3):
            own = [one.info.backend_pid for one in taken] or [0]
            cursor.execute(cut_off, [hospital.machine.server.user, own])
            with contextlib.suppress(psycopg2.OperationalError):
                while len(taken) < 200:
                    taken.append(hospital.machine.connect(database="postgres"))
        yield len(taken)
    finally:
        root.close()
        for one in taken:
            one.close()


def test_no_connection_left(hospital, short, figures):
    with under_load(hospital, figures, "connections taken", 34) as stream:
        with all_connections_taken(hospital) as number:
            wait_for_refusals(stream)
            answer = hospital.sender().post(hospital.native, hospital.event())
            checks.problem(answer, 503, "database_unavailable")
            time.sleep(3 if short else 15)
    figures.add("connections taken", taken=number)
