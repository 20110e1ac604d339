"""Identifiers that this side gives out."""

import time
import uuid

from messaging.ids import new_id


def test_is_a_uuid_of_version_7():
    made = uuid.UUID(new_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_tells_its_time():
    before = time.time_ns() // 1_000_000
    moment = uuid.UUID(new_id()).int >> 80
    assert before <= moment <= time.time_ns() // 1_000_000


def test_ids_of_later_times_sort_later():
    first = new_id()
    time.sleep(0.002)
    assert first < new_id()


def test_are_not_guessed():
    made = {new_id() for _ in range(10_000)}
    assert len(made) == 10_000
    assert len({one[-15:] for one in made}) == 10_000
