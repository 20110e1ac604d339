"""Eight senders, a thousand events, each twice, in random order: a thousand effects."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from support import invariants

EVENTS = 1000
SENDERS = 8


def test_storm_of_duplicates(hospital):
    rng = random.Random(7)
    wards, items = len(hospital.world.wards), min(20, len(hospital.world.plain))
    uses = [
        hospital.use(rng.randint(1, 9), ward=rng.randrange(wards), item=rng.randrange(items))
        for _ in range(EVENTS)
    ]
    events = [hospital.event(use) for use in uses]
    before = invariants.stock(hospital, uses)
    order = [number for number in range(EVENTS) for _copy in range(2)]
    rng.shuffle(order)
    parts = [order[start::SENDERS] for start in range(SENDERS)]

    def send(part):
        own = hospital.sender()
        answers = []
        for number in part:
            bearer = bool(rng.getrandbits(1))
            answer = own.post(hospital.native, events[number], bearer=bearer)
            answers.append((number, answer.status_code, answer.json().get("message_id")))
        return answers

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = [one for part in pool.map(send, parts) for one in part]
    assert Counter(status for _n, status, _uuid in answers) == {202: EVENTS, 200: EVENTS}
    assert len({uuid for _n, _status, uuid in answers}) == EVENTS
    by_number = {(number, uuid) for number, _status, uuid in answers}
    assert len(by_number) == EVENTS
    hospital.drained(180)
    identifiers = [event["id"] for event in events]
    invariants.exactly_once(hospital, identifiers, lines=1)
    invariants.stock_changed(hospital, before, uses)


def test_same_event_at_the_same_moment(hospital):
    """Eight at once, twenty times: one is new, seven are known."""
    senders = [hospital.sender() for _ in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        for _time in range(20):
            event = hospital.event()
            answers = list(pool.map(lambda one, e=event: one.post(hospital.native, e), senders))
            statuses = Counter(answer.status_code for answer in answers)
            assert statuses == {202: 1, 200: SENDERS - 1}
            assert len({answer.json()["message_id"] for answer in answers}) == 1
            assert hospital.kept(event["id"]) == 1


def test_batches_that_overlap(hospital):
    """The same events in batches of different order, at once."""
    rng = random.Random(11)
    uses = [hospital.use() for _ in range(200)]
    events = [hospital.event(use) for use in uses]
    before = invariants.stock(hospital, uses)

    def send(seed):
        mixed = random.Random(seed).sample(events, len(events))
        answer = hospital.sender().batch(hospital.native, mixed)
        return [item["status"] for item in answer.json()["items"]]

    with ThreadPoolExecutor(4) as pool:
        statuses = Counter(s for part in pool.map(send, rng.sample(range(99), 4)) for s in part)
    assert statuses == {202: 200, 200: 600}
    hospital.drained(120)
    invariants.exactly_once(hospital, [event["id"] for event in events], lines=1)
    invariants.stock_changed(hospital, before, uses)
