"""PostgreSQL goes away: 503, never HTML and never 404, and all is well when it is back."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from support import checks, killing
from support import cluster as clusters

STATUSES = {503}
MANY = 16


@pytest.fixture
def outage(hospital):
    """A context in which there is no database."""

    @contextlib.contextmanager
    def run(mode="fast"):
        clusters.stop(hospital.cluster, mode)
        try:
            yield
        finally:
            clusters.start_again(hospital.cluster)

    yield run
    clusters.start_again(hospital.cluster)


def settled_after(hospital, sender):
    """The first request after an outage succeeds, and so do those of every worker; what is sent
    is done, by itself."""
    body = checks.accepted(sender.post(hospital.native, hospital.event()))
    for _number in range(MANY):
        checks.accepted(sender.again().post(hospital.native, hospital.event()))
    found = hospital.settled(body["message_id"], within=150)
    assert found["state"] == "done"


def every_route(hospital, sender):
    event = hospital.event()
    yield "event", lambda: sender.post(hospital.native, event)
    yield "bearer", lambda: sender.post(hospital.native, event, bearer=True)
    yield "batch", lambda: sender.batch(hospital.native, [event])
    yield "validate", lambda: sender.validate(hospital.native, event)
    yield "status", lambda: sender.status("00000000-0000-0000-0000-000000000000")
    yield "fhir", lambda: sender.fhir("SupplyDelivery", {"resourceType": "SupplyDelivery"})
    yield "hl7", lambda: sender.hl7(b"MSH|^~\\&|A|B|C|D|20261122||DFT^P03|1|P|2.5\r")
    yield "contract", lambda: sender.request("GET", "/hc/v1/contracts/supply.consumed.v1")
    yield "health", lambda: requests.get(f"{hospital.machine.base_url}/hc/health", timeout=30)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_503_and_back_at_once(hospital, sender, outage, mode):
    checks.accepted(sender.post(hospital.native, hospital.event()))
    with outage(mode):
        for _round in range(3):
            for name, call in every_route(hospital, sender):
                answer = call()
                checks.clean(answer)
                assert answer.status_code in STATUSES, (name, answer.status_code, answer.text)
                assert int(answer.headers["Retry-After"]) > 0
    settled_after(hospital, sender)


def test_nothing_refused_is_kept(hospital, sender, outage):
    event = hospital.event()
    with outage():
        checks.problem(sender.post(hospital.native, event), 503)
    assert hospital.kept(event["id"]) == 0
    checks.accepted(sender.post(hospital.native, event))


def test_longer_than_a_moment(hospital, sender, outage):
    """Odoo's processes end or wait; the supervisor has them back."""
    with outage("immediate"):
        time.sleep(20)
        assert sender.post(hospital.native, hospital.event()).status_code == 503
    hospital.machine.wait_ready(60)
    settled_after(hospital, sender)


def test_pages_for_people_come_back_at_once(hospital, sender, outage):
    """Each worker has several connections in its pool, all of them dead after a crash."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _n: sender.again().post(hospital.native, hospital.event()), range(64)))
    with outage("immediate"):
        pass
    for _number in range(MANY):
        answer = requests.get(f"{hospital.machine.base_url}/web/login", timeout=30)
        assert answer.status_code == 200, answer.text[:500]
    settled_after(hospital, sender)


def test_in_the_middle_of_traffic(hospital):
    killing.play(hospital, 77, lambda: killing.database(hospital))
