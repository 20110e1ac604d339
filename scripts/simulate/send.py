"""Sends the letters of a day and keeps what was answered."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from .client import BATCH, NDJSON, Sender
from .day import Day, Letter

QUIET = {"done", "review", "duplicate", "rejected", "cancelled", "dead"}
ACCEPTED = (200, 202)


@dataclass
class Answered:
    """One message of a letter and its answer."""

    letter: Letter
    index: int
    status: int
    uuid: str | None
    final: dict[str, Any] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """The status that was planned."""
        return self.letter.statuses[self.index]


class Post:
    """Hands letters to the channels of two systems."""

    def __init__(self, cabinet: Sender, ehr: Sender | None, channels: dict[str, str]) -> None:
        self.cabinet = cabinet
        self.ehr = ehr
        self.channels = channels

    def deliver(self, day: Day) -> list[Answered]:
        """Send all letters, in order, and what stands apart (copies, oddities) last."""
        answered: list[Answered] = []
        first = [letter for letter in day.letters if letter.kind != "duplicate"]
        for letter in [*first, *(one for one in day.letters if one.kind == "duplicate")]:
            answered += self.send(letter)
        return answered

    def send(self, letter: Letter) -> list[Answered]:
        """One letter."""
        answers = getattr(self, f"_{letter.way}")(letter)
        return [Answered(letter, n, status, uuid) for n, (status, uuid) in enumerate(answers)]

    def _single(self, answer: requests.Response) -> list[tuple[int, str | None]]:
        known = answer.json() if answer.status_code in ACCEPTED else {}
        return [(answer.status_code, known.get("message_id"))]

    def _signed(self, letter: Letter) -> list[tuple[int, str | None]]:
        return self._single(self.cabinet.post(self.channels["cloudevents"], letter.bodies[0]))

    def _bearer(self, letter: Letter) -> list[tuple[int, str | None]]:
        channel = self.channels["cloudevents"]
        return self._single(self.cabinet.post(channel, letter.bodies[0], bearer=True))

    def _forged(self, letter: Letter) -> list[tuple[int, str | None]]:
        secret = "whsec_" + "A" * 43 + "="
        channel = self.channels["cloudevents"]
        return self._single(self.cabinet.post(channel, letter.bodies[0], secret=secret))

    def _binary(self, letter: Letter) -> list[tuple[int, str | None]]:
        """Attributes in headers; only what the signature binds may stand there."""
        event = letter.bodies[0]
        names = (name for name in event if name != "data")
        answer = self.cabinet.post(
            self.channels["cloudevents"],
            event["data"],
            content_type="application/json",
            headers={f"ce-{name}": event[name] for name in names},
            message_id=event["id"],
        )
        return self._single(answer)

    def _batch(self, letter: Letter) -> list[tuple[int, str | None]]:
        return self._many(letter, BATCH)

    def _ndjson(self, letter: Letter) -> list[tuple[int, str | None]]:
        return self._many(letter, NDJSON)

    def _many(self, letter: Letter, kind: str) -> list[tuple[int, str | None]]:
        channel = self.channels["cloudevents"]
        answer = self.cabinet.batch(channel, letter.bodies, lines=kind == NDJSON)
        if answer.status_code != 207:
            return [(answer.status_code, None)] * len(letter.bodies)
        return [(item["status"], item.get("message_id")) for item in answer.json()["items"]]

    def _hl7(self, letter: Letter) -> list[tuple[int, str | None]]:
        """The acknowledgement names no message: the ledger is asked by its id."""
        assert self.ehr is not None
        answer = self.ehr.hl7(letter.bodies[0])
        return [(answer.status_code, None)]

    def _fhir(self, letter: Letter) -> list[tuple[int, str | None]]:
        assert self.ehr is not None
        answer = self.ehr.fhir(letter.bodies[0]["resourceType"], letter.bodies[0])
        place = answer.headers.get("Content-Location", "")
        return [(answer.status_code, place.rpartition("/")[2] or None)]


def settle(post: Post, answered: list[Answered], within: float) -> bool:
    """Ask for every message until it rests; says whether all do."""
    open_ones = [one for one in answered if one.uuid and one.status == 202]
    deadline = time.monotonic() + within
    with ThreadPoolExecutor(2) as pool:
        while open_ones and time.monotonic() < deadline:
            list(pool.map(lambda one: ask(post, one), open_ones))
            open_ones = [one for one in open_ones if one.final.get("state") not in QUIET]
            if open_ones:
                time.sleep(1)
    return not open_ones


def ask(post: Post, one: Answered) -> None:
    """What became of one message."""
    sender = post.ehr if one.letter.way == "fhir" else post.cabinet
    assert sender is not None and one.uuid
    answer = sender.again().status(one.uuid, bearer=True)
    if answer.status_code == 200:
        one.final = answer.json()


def surprises(answered: list[Answered]) -> Iterator[str]:
    """What came out otherwise than it was planned."""
    wrong = Counter(
        f"{one.letter.kind}: {one.status} instead of {one.expected}"
        for one in answered
        if one.status != one.expected
    )
    states: Counter[str] = Counter()
    for one in answered:
        if one.uuid and one.status == 202:
            states.update(filter(None, [other_state(one)]))
    for text, count in itertools.chain(wrong.items(), states.items()):
        yield f"{count} × {text}"


def other_state(one: Answered) -> str | None:
    """How a message differs from its plan."""
    state = one.final.get("state")
    if state != one.letter.state:
        code = one.final.get("error_code")
        return f"{one.letter.kind}: {state} ({code}) instead of {one.letter.state}"
    effects, planned = len(one.final.get("effects", ())), one.letter.lines[one.index]
    if effects != planned:
        return f"{one.letter.kind}: {effects} effects instead of {planned}"
    return None


def identifier(body: Any) -> str:
    """The sender's own id of a body."""
    if isinstance(body, bytes):
        return body.split(b"\r")[0].split(b"|")[9].decode()
    if body.get("resourceType"):
        return str(body["identifier"][0]["value"])
    return str(body["id"])
