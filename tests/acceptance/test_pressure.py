"""More than was agreed, more than can wait, and an update while senders go on."""

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hcdev import serve
from hcdev.common import SetupError
from simulate import documents
from simulate.client import Sender
from simulate.documents import Use
from support import checks

RATE, BURST, THREADS, SECONDS = 20, 30, 8, 4
WORKERS = 4


@pytest.fixture
def limits(hospital):
    """Set what a system may send; no limit afterwards."""
    changed = []

    def set_limits(system, rate, burst):
        changed.append(system)
        hospital.admin.write("hc.system", [system], {"rate_per_second": rate, "rate_burst": burst})

    yield set_limits
    hospital.admin.write("hc.system", changed, {"rate_per_second": 0})


@pytest.fixture
def backlog(hospital):
    """Set how much may wait in the lane of the native channel."""
    channel = hospital.channel("cloudevents")["id"]
    lane = hospital.admin.read("hc.channel", [("id", "=", channel)], ["lane_id"])[0]["lane_id"][0]
    before = hospital.admin.read("hc.lane", [("id", "=", lane)], ["backlog_limit"])[0]
    yield lambda limit: hospital.admin.write("hc.lane", [lane], {"backlog_limit": limit})
    hospital.admin.write("hc.lane", [lane], {"backlog_limit": before["backlog_limit"]})


def own_system(hospital, code):
    """A system that no other test uses, and its sender."""
    code = f"{code}-{hospital.run}"
    entry = hospital.new_system(code)
    return entry["id"], f"{code}-in", Sender.of(hospital.machine.base_url, entry)


def flood(sender, hospital, channel, until):
    """Send as fast as it goes; the status and time of each."""
    own, answers = sender.again(), []
    while time.monotonic() < until:
        answer = own.post(channel, hospital.event())
        answers.append((time.monotonic(), answer.status_code))
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
    return answers


def test_one_rate_for_all_workers(hospital, limits):
    """Four processes together let in the burst and the rate, and not much less."""
    system, channel, sender = own_system(hospital, "rated")
    limits(system, RATE, BURST)
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        running = [
            pool.submit(flood, sender, hospital, channel, began + SECONDS) for _ in range(THREADS)
        ]
        answers = sorted(answer for one in running for answer in one.result())
    statuses = Counter(status for _moment, status in answers)
    assert set(statuses) == {202, 429}
    taken = answers[-1][0] - began
    most = BURST + RATE * taken + WORKERS * RATE * 0.1
    assert BURST + RATE * taken * 0.7 <= statuses[202] <= most, (statuses, taken)


def test_counted_by_items(hospital, limits):
    system, channel, sender = own_system(hospital, "counted")
    limits(system, 0.05, 10)
    answer = sender.batch(channel, [hospital.event() for _ in range(14)])
    checks.clean(answer)
    assert answer.status_code == 207
    assert [item["status"] for item in answer.json()["items"]] == [202] * 10 + [429] * 4
    body = checks.problem(sender.post(channel, hospital.event()), 429, "rate_limited")
    assert body["retry_after"] > 0


def test_in_the_words_of_hl7(hospital, limits):
    limits(hospital.by_format("hl7v2")["id"], 0.01, 1)
    ehr = hospital.sender("hl7v2")
    answers = [ehr.hl7(hl7(hospital, n)) for n in range(3)]
    segments = checks.acknowledgement(answers[-1], 429, "AR")
    assert checks.condition(segments) == "207"
    assert int(answers[-1].headers["Retry-After"]) > 0


def use_of_ehr(hospital):
    return Use(hospital.ehr.wards[0], hospital.ehr.plain[0], 1, hospital.use().at)


def hl7(hospital, number):
    channel = hospital.channel("hl7v2")["id"]
    fields = ["hl7_sending_application", "hl7_sending_facility"]
    row = hospital.admin.call("hc.channel", "read", [channel], fields)[0]
    msh = [row[fields[0]] or "EHR", row[fields[1]] or "HOSPITAL"]
    return documents.dft(hospital.new_id("dft"), use_of_ehr(hospital), *msh, number)


def delivery(hospital, number):
    return documents.delivery(hospital.new_id("sd"), use_of_ehr(hospital), number)


def test_in_the_words_of_fhir(hospital, limits):
    limits(hospital.by_format("fhir")["id"], 0.01, 1)
    ehr = hospital.sender("fhir")
    for number in range(3):
        answer = ehr.fhir("SupplyDelivery", delivery(hospital, number))
    checks.outcome(answer, 429, "throttled")
    assert int(answer.headers["Retry-After"]) > 0
    entries = [
        {"resource": delivery(hospital, n), "request": {"method": "POST", "url": "SupplyDelivery"}}
        for n in range(2)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    checks.outcome(ehr.fhir("", bundle), 429, "throttled")
    answer = ehr.fhir("", {**bundle, "type": "batch"})
    assert answer.status_code == 200
    assert {one["response"]["status"][:3] for one in answer.json()["entry"]} == {"429"}


def test_backlog(hospital, backlog):
    """A lane that is full asks to come back, and takes messages again by itself."""
    channel = hospital.channel("cloudevents")["id"]
    hospital.drained()
    sender = hospital.sender()
    backlog(20)
    hold(hospital, channel)
    try:
        statuses = Counter()
        for _number in range(80):
            answer = sender.post(hospital.native, hospital.event())
            statuses[answer.status_code] += 1
            if answer.status_code == 429:
                checks.problem(answer, 429, "backlog_full")
                assert int(answer.headers["Retry-After"]) > 0
        assert set(statuses) == {202, 429}
        assert statuses[202] <= 20 * WORKERS
    finally:
        hospital.admin.call("hc.channel", "action_resume", [channel])
    hospital.drained()
    deadline = time.monotonic() + 30
    while (answer := sender.post(hospital.native, hospital.event())).status_code == 429:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    checks.accepted(answer)


def hold(hospital, channel):
    """Keep accepting, stop handling."""
    values = {"channel_id": channel, "mode": "hold", "reason": "Acceptance"}
    wizard = hospital.admin.create("hc.channel.pause", values)
    hospital.admin.call("hc.channel.pause", "action_confirm", [wizard])


def test_held_channel_accepts_and_waits(hospital, sender):
    channel = hospital.channel("cloudevents")["id"]
    hospital.drained()
    hold(hospital, channel)
    try:
        body = checks.accepted(sender.post(hospital.native, hospital.event()))
        time.sleep(3)
        state = hospital.row(body["message_id"])["state"]
    finally:
        hospital.admin.call("hc.channel", "action_resume", [channel])
    assert state == "received"
    assert hospital.settled(body["message_id"], within=90)["state"] == "done"


def test_a_table_that_is_held(hospital, sender):
    """As by an update that changes it: an answer, and no silence for as long as it takes."""
    holder = hospital.machine.connect()
    holder.autocommit = False
    event = hospital.event()
    try:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE hc_message IN ACCESS EXCLUSIVE MODE")
        checks.problem(sender.post(hospital.native, event), 503, "database_upgrading")
    finally:
        holder.close()
    checks.accepted(sender.post(hospital.native, event))


@contextlib.contextmanager
def no_scheduled_work(machine):
    """As the README asks for during an update: the process for it is stopped, HTTP goes on."""
    supervisors = serve.processes(machine.supervisor)
    for pid in supervisors:
        os.kill(pid, signal.SIGSTOP)
    machine.kill_these([p for p in serve.processes(machine.conf) if is_cron(p)])
    try:
        yield
    finally:
        for pid in supervisors:
            os.kill(pid, signal.SIGCONT)


def is_cron(pid):
    return "--no-http" in serve.arguments(pid)


def update(machine):
    """Tables are changed while senders write to them: an update may lose, and is run again."""
    for left in range(3, 0, -1):
        try:
            machine.odoo("-u", "healthcare_integration_base")
            return
        except SetupError:
            if left == 1 or "deadlock detected" not in (machine.folder / "setup.log").read_text():
                raise


def test_update_while_senders_go_on(hospital):
    """``odoo -u`` on the live database: 202 or 503, and nothing is lost."""
    done, kept, odd = threading.Event(), set(), []

    def send():
        own = hospital.sender().again()
        while not done.is_set():
            event = hospital.event()
            answer = own.post(hospital.native, event)
            checks.clean(answer)
            if answer.status_code == 202:
                kept.add(event["id"])
            elif answer.status_code != 503 or int(answer.headers["Retry-After"]) < 1:
                odd.append((answer.status_code, answer.text[:300]))
            time.sleep(0.05)

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(send) for _ in range(3)]
        try:
            with no_scheduled_work(hospital.machine):
                update(hospital.machine)
        finally:
            time.sleep(2)
            done.set()
        for one in running:
            one.result()
    assert not odd, odd[:3]
    assert kept
    hospital.drained(180, nudge=True)
    query = "SELECT count(*) FROM hc_message WHERE message_identifier = ANY(%s) AND state = 'done'"
    assert hospital.machine.sql(query, list(kept))[0][0] == len(kept)
