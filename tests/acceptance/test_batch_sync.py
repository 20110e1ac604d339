"""Files and pages are pulled while the processes that pull them are killed: each row once."""

import contextlib
import sys
import time
from pathlib import Path

import pytest
from hcdev import serve
from simulate.rpc import Refused

BASE = Path(__file__).resolve().parents[2] / "addons" / "healthcare_integration_base"
sys.path.append(str(BASE / "tests"))

from receiver import Feed, Receiver  # noqa: E402

ROWS = 5_000
VENDORS = 50
PATIENCE = 300
JOB = """
folder = {folder!r}
kind = env.ref("hc_inventory_sync.message_type_vendor_upserted_v1")
system = env["hc.system"].create({{"name": "Purchasing group", "code": "group-file"}})
channel = env["hc.channel"].create({{
    "name": "Vendors by file", "code": "vendors-file", "system_id": system.id,
    "sync_mode": "scheduled_batch", "message_type_ids": [(6, 0, kind.ids)], "state": "active",
}})
store = env["hc.file.store"].create({{"name": "Exchange", "kind": "folder", "path": folder}})
job = env["hc.sync.job"].create({{
    "name": "Vendors", "channel_id": channel.id, "store_id": store.id, "schedule": "manual",
    "message_type_id": kind.id, "settle_seconds": 0, "max_rows": 10000,
}})
env.cr.commit()
print("job", job.id)
"""
STATE = """
SELECT state, accepted_count, duplicate_count, invalid_count, staged_count, crash_count, id
  FROM hc_sync_run WHERE job_id = %s AND file_name IS NOT NULL ORDER BY id DESC LIMIT 1
"""
ONCE = """
SELECT count(*), count(DISTINCT m.message_identifier), count(DISTINCT l.number)
  FROM hc_message m JOIN hc_sync_run_line l ON l.message_id = m.id
 WHERE l.run_id = %s AND l.state = 'accepted'
"""
TOTAL = """
SELECT count(*) FROM hc_message m JOIN hc_channel c ON c.id = m.channel_id
 WHERE c.code = 'vendors-file'
"""


EFFECTS = """
SELECT count(*), count(DISTINCT e.res_id), count(DISTINCT m.payload -> 'vendor' ->> 'value')
  FROM hc_effect e JOIN hc_message m ON m.id = e.message_id
  JOIN hc_channel c ON c.id = m.channel_id WHERE c.code = 'vendors-file'
"""


@pytest.fixture
def exchange(hospital):
    """The folder of the job, below the root that the test's configuration allows."""
    folder = hospital.machine.folder / "exchange"
    folder.mkdir(exist_ok=True)
    return folder


def cron_workers(machine):
    """The processes that work on scheduled actions."""
    return [pid for pid in serve.processes(machine.conf) if "--no-http" in serve.arguments(pid)]


def run_of(hospital, job):
    """State and counters of the job's newest run with a file."""
    names = ("state", "accepted", "duplicate", "invalid", "staged", "crashes", "id")
    rows = hospital.machine.sql(STATE, job)
    return dict(zip(names, rows[0], strict=True)) if rows else None


def wait(hospital, job, reached):
    """Until the run is where it should be."""
    deadline = time.monotonic() + PATIENCE
    while not ((run := run_of(hospital, job)) and reached(run)):
        assert time.monotonic() < deadline, run
        hospital.machine.nudge()
        time.sleep(0.1)
    return run


def test_killed_pull_is_resumed_and_each_row_is_there_once(hospital, exchange):
    vendors = [f"V-{n},Vendor {n},{n % 2 == 0}\n" for n in range(VENDORS)]
    rows = "".join(vendors[n % VENDORS] for n in range(ROWS - 1))
    text = f"vendor.value,name,approved\n{rows}V-bad,Vendor,perhaps\n"
    (exchange / "vendors.csv").write_text(text)
    shown = hospital.machine.shell(JOB.format(folder=str(exchange)), "making the job")
    job = int(shown.split("job ")[1].split()[0])
    hospital.admin.call("hc.sync.job", "action_run_now", [job])
    wait(hospital, job, lambda run: run["state"] == "staging" and run["staged"] >= 500)
    hospital.machine.kill_these(cron_workers(hospital.machine))
    middle = run_of(hospital, job)
    assert middle["state"] == "staging"
    assert middle["staged"] < ROWS
    wait(hospital, job, lambda run: run["state"] == "applying" and run["accepted"] >= 500)
    hospital.machine.kill_these(cron_workers(hospital.machine))
    middle = run_of(hospital, job)
    assert middle["state"] == "applying"
    assert middle["accepted"] < ROWS - 1
    run = wait(hospital, job, lambda run: run["state"] in ("done", "partial", "failed"))
    assert run == {
        **run,
        "state": "partial",
        "accepted": ROWS - 1,
        "duplicate": 0,
        "invalid": 1,
        "staged": ROWS,
    }
    assert hospital.machine.sql(ONCE, run["id"]) == [(ROWS - 1,) * 3]
    assert hospital.machine.sql(TOTAL) == [(ROWS - 1,)]
    assert not (exchange / "vendors.csv").exists()
    (exchange / "vendors.csv").write_text(text)
    with contextlib.suppress(Refused):  # the run that looks for another file takes it, too
        hospital.admin.call("hc.sync.job", "action_run_now", [job])
    again = wait(
        hospital, job, lambda one: one["id"] > run["id"] and one["state"] in ("partial", "failed")
    )
    assert (again["accepted"], again["duplicate"]) == (0, ROWS - 1)
    assert hospital.machine.sql(TOTAL) == [(ROWS - 1,)]
    hospital.drained(within=PATIENCE)
    assert hospital.machine.sql(EFFECTS) == [(VENDORS,) * 3]


HTTP_JOB = """
kind = env.ref("hc_inventory_sync.message_type_vendor_upserted_v1")
system = env["hc.system"].create({{"name": "Purchasing portal", "code": "portal-http"}})
channel = env["hc.channel"].create({{
    "name": "Vendors by page", "code": "vendors-http", "system_id": system.id,
    "sync_mode": "scheduled_batch", "message_type_ids": [(6, 0, kind.ids)], "state": "active",
}})
endpoint = env["hc.endpoint"].create({{
    "name": "Vendors", "system_id": system.id, "url": {url!r}, "auth": "none",
    "allow_private": True, "allow_insecure": True,
}})
job = env["hc.sync.job"].create({{
    "name": "Vendors by page", "channel_id": channel.id, "transport": "http",
    "endpoint_id": endpoint.id, "schedule": "manual", "message_type_id": kind.id,
    "file_format": "json", "identity": "fields", "identity_fields": "/vendor/value",
    "page_size": {limit},
}})
env.cr.commit()
print("job", job.id)
"""
RUN = """
SELECT r.state, r.accepted_count, r.duplicate_count, r.page_count, j.cursor
  FROM hc_sync_run r JOIN hc_sync_job j ON j.id = r.job_id
 WHERE r.job_id = %s ORDER BY r.id DESC LIMIT 1
"""
KEPT = """
SELECT count(*), count(DISTINCT m.message_identifier) FROM hc_message m
  JOIN hc_channel c ON c.id = m.channel_id WHERE c.code = 'vendors-http'
"""
LIMIT = 50


def vendors(count):
    """Rows of the portal."""
    return [
        {"vendor": {"value": f"P-{n}"}, "name": f"Vendor {n}", "approved": True}
        for n in range(count)
    ]


def test_killed_between_pages_over_http(hospital):
    """Killed twice with pages behind it and a page asked for: each row once."""
    feed = Feed(vendors(6 * LIMIT))
    machine = hospital.machine
    with Receiver(feed) as portal:
        shown = machine.shell(HTTP_JOB.format(url=portal.url("/v"), limit=LIMIT), "making the job")
        job = int(shown.split("job ")[1].split()[0])
        feed.stop_before(2)
        hospital.admin.call("hc.sync.job", "action_run_now", [job])
        deadline = time.monotonic() + PATIENCE
        while not feed.reached.wait(0.2):
            assert time.monotonic() < deadline
            machine.nudge()
        machine.kill_these(cron_workers(machine))
        assert machine.sql(RUN, job) == [("staging", 2 * LIMIT, 0, 2, str(2 * LIMIT))]
        feed.go_on()
        feed.stop_before(3)  # the same page again, and two more
        while not (feed.reached.wait(0.2) and machine.sql(RUN, job)[0][3] >= 4):
            assert time.monotonic() < deadline, machine.sql(RUN, job)
            machine.nudge()
        machine.kill_these(cron_workers(machine))
        feed.go_on()
        feed.gate = None
        while (run := machine.sql(RUN, job)[0])[0] not in ("done", "partial", "failed"):
            assert time.monotonic() < deadline, run
            machine.nudge()
            time.sleep(0.1)
    total = 6 * LIMIT
    assert run == ("done", total, 0, 7, str(total))
    assert machine.sql(KEPT) == [(total, total)]
    assert feed.asked.count(2 * LIMIT) >= 2  # asked for again by the one who came after
