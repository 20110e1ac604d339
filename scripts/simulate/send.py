"""Sends the letters of a day and keeps what was answered."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from . import mllp
from .client import BATCH, NDJSON, Sender
from .letters import Letter

QUIET = {"done", "review", "duplicate", "superseded", "rejected", "cancelled", "dead"}
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
    """Hands letters to the channels that they are for."""

    def __init__(
        self,
        base_url: str,
        systems: Iterable[dict[str, Any]],
        by_mllp: dict[str, Any] | None = None,
    ) -> None:
        self.senders = {system["code"]: Sender.of(base_url, system) for system in systems}
        self.by_mllp = by_mllp

    def deliver(self, letters: Sequence[Letter]) -> list[Answered]:
        """Send all letters, in order, and copies last."""
        answered: list[Answered] = []
        first = [letter for letter in letters if letter.kind != "duplicate"]
        for letter in [*first, *(one for one in letters if one.kind == "duplicate")]:
            answered += self.send(letter)
        return answered

    def send(self, letter: Letter) -> list[Answered]:
        """One letter."""
        answers = getattr(self, f"_{letter.way}")(letter)
        return [Answered(letter, n, status, uuid) for n, (status, uuid) in enumerate(answers)]

    def _sender(self, letter: Letter) -> Sender:
        return self.senders[letter.route.system]

    def _single(self, answer: requests.Response) -> list[tuple[int, str | None]]:
        known = answer.json() if answer.status_code in ACCEPTED else {}
        return [(answer.status_code, known.get("message_id"))]

    def _signed(self, letter: Letter, **how: Any) -> list[tuple[int, str | None]]:
        sender, channel = self._sender(letter), letter.route.channel
        return self._single(sender.post(channel, letter.bodies[0], **how))

    def _bearer(self, letter: Letter) -> list[tuple[int, str | None]]:
        return self._signed(letter, bearer=True)

    def _forged(self, letter: Letter) -> list[tuple[int, str | None]]:
        return self._signed(letter, secret="whsec_" + "A" * 43 + "=")

    def _binary(self, letter: Letter) -> list[tuple[int, str | None]]:
        """Attributes in headers; only what the signature binds may stand there."""
        event = letter.bodies[0]
        names = (name for name in event if name != "data")
        answer = self._sender(letter).post(
            letter.route.channel,
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
        sender, channel = self._sender(letter), letter.route.channel
        answer = sender.batch(channel, letter.bodies, lines=kind == NDJSON)
        if answer.status_code != 207:
            return [(answer.status_code, None)] * len(letter.bodies)
        return [(item["status"], item.get("message_id")) for item in answer.json()["items"]]

    def _hl7(self, letter: Letter) -> list[tuple[int, str | None]]:
        """The acknowledgement names no message: the ledger is asked by its id."""
        answer = self._sender(letter).hl7(letter.bodies[0])
        return [(answer.status_code, None)]

    def _mllp(self, letter: Letter) -> list[tuple[int, str | None]]:
        """As by HTTP; the acknowledgement alone tells whether it was accepted."""
        if not self.by_mllp:
            raise ValueError("no port for HL7 over MLLP is known")
        with mllp.Mllp(self.by_mllp["host"], self.by_mllp["port"]) as sender:
            accepted = mllp.code(sender.send(letter.bodies[0])) in mllp.ACCEPTED
        return [(200 if accepted else 422, None)]

    def _fhir(self, letter: Letter) -> list[tuple[int, str | None]]:
        resource = letter.bodies[0]
        answer = self._sender(letter).fhir(resource["resourceType"], resource)
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
    if not one.uuid:
        raise ValueError("a message that nobody has answered")
    answer = post.senders[one.letter.route.system].again().status(one.uuid, bearer=True)
    if answer.status_code == 200:
        one.final = answer.json()


def surprises(answered: list[Answered], ledger: dict[str, list[str]]) -> Iterator[str]:
    """What came out otherwise than it was planned.

    :param ledger: states of messages by their senders' ids
    """
    wrong = Counter(
        f"{one.letter.kind}: {one.status} instead of {one.expected}"
        for one in answered
        if one.status != one.expected
    )
    found = (other_state(one, ledger) for one in answered if one.letter.is_new)
    for text, count in itertools.chain(wrong.items(), Counter(filter(None, found)).items()):
        yield f"{count} × {text}"


def other_state(one: Answered, ledger: dict[str, list[str]]) -> str | None:
    """How a message differs from its plan."""
    letter, code = one.letter, one.final.get("error_code", "see the ledger")
    for name in letter.identifiers(one.index):
        states = ledger.get(name, [])
        if states != [letter.state] and not (letter.overtaken and states == ["superseded"]):
            return f"{letter.kind}: {states} ({code}) instead of {letter.state}"
    if one.uuid is None or not letter.lines:
        return None
    effects, planned = len(one.final.get("effects", ())), letter.lines[one.index]
    if effects != planned:
        return f"{letter.kind}: {effects} effects instead of {planned}"
    return None
