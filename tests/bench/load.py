"""Requests made beforehand, sent over sockets: the client costs next to nothing."""

from __future__ import annotations

import itertools
import json
import random
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from simulate.client import BATCH, STRUCTURED, sign

CLIENTS = 4
FILL = 500
Event = dict[str, Any]


@dataclass(frozen=True)
class Rate:
    """How many in which time."""

    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


class Events:
    """Events as wards send them: Zipf over the items, all wards alike."""

    def __init__(self, world: dict[str, Any], seed: int = 1) -> None:
        self.world = world
        self.rng = random.Random(seed)
        self.weights = [1 / rank for rank in range(1, len(world["items"]) + 1)]
        self.items = world["items"][:]
        random.Random(5).shuffle(self.items)
        self._numbers = itertools.count(1)
        self._run = f"{time.time_ns():x}"

    def pick(self) -> tuple[int, dict[str, Any], int]:
        """A ward, an item, a quantity."""
        item = self.rng.choices(self.items, self.weights)[0]
        return self.rng.randrange(len(self.world["wards"])), item, self.rng.randint(1, 4)

    def event(self) -> Event:
        """One event that was not sent yet."""
        ward, item, quantity = self.pick()
        identifier = f"bench-{self._run}-{next(self._numbers)}"
        at = moment(self.rng.randint(1, 300))
        line = {
            "line": 1,
            "item": {"system": "local", "value": item["code"]},
            "quantity": str(quantity),
        }
        if item["lot_name"]:
            line["lot"] = item["lot_name"]
        code = self.world["ward_codes"][ward]
        data = {
            "facility": "BENCH",
            "location": code,
            "consumed_at": at,
            "transaction": f"T-{identifier}",
            "lines": [line],
            "patient": {"mrn": f"M{self.rng.randrange(500)}", "authority": "BENCH"},
        }
        return envelope(identifier, "supply.consumed.v1", at, code, data)

    def many(self, count: int) -> list[Event]:
        """Several."""
        return [self.event() for _ in range(count)]


def moment(minutes: float = 0) -> str:
    """Now, or so long ago."""
    then = datetime.now(UTC) - timedelta(minutes=minutes)
    return then.isoformat(timespec="seconds").replace("+00:00", "Z")


def envelope(identifier: str, kind: str, at: str, subject: str, data: Event) -> Event:
    """An event in CloudEvents."""
    event = {"specversion": "1.0", "id": identifier, "source": "urn:hc:bench", "type": kind}
    return {**event, "time": at, "subject": subject, "data": data}


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: bench", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def signed(world: dict[str, Any], path: str, body: bytes, kind: str) -> bytes:
    """A signed request."""
    moment, identifier = int(time.time()), f"msg_{time.time_ns():x}"
    proof = {
        "Content-Type": kind,
        "hc-key-id": world["key_id"],
        "webhook-id": identifier,
        "webhook-timestamp": str(moment),
        "webhook-signature": sign(world["secret"], identifier, moment, body),
    }
    return request(path, body, proof)


def one(world: dict[str, Any], event: Event) -> bytes:
    """A signed event."""
    path = f"/hc/v1/channels/{world['channel']}/messages"
    return signed(world, path, json.dumps(event).encode(), STRUCTURED)


def batch(world: dict[str, Any], events: Sequence[Event]) -> bytes:
    """A signed batch."""
    path = f"/hc/v1/channels/{world['channel']}/messages/batch"
    return signed(world, path, json.dumps(events).encode(), BATCH)


def plain(path: str, event: Event) -> bytes:
    """An event without proof."""
    return request(path, json.dumps(event).encode(), {"Content-Type": "application/json"})


def talk(port: int, raw: bytes) -> bytes:
    """Send one request and read the whole answer.

    By its length, as HTTP clients do: who waits for the end of the connection waits for the
    10 ms in which the server looks for more to read.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=120) as wire:
        wire.sendall(raw)
        answer = b""
        while part := wire.recv(65536):
            answer += part
            if is_whole(answer):
                break
    return answer


def is_whole(answer: bytes) -> bool:
    """Whether the body has come as far as Content-Length says."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end and length) and len(body) >= int(length[1])


def status(answer: bytes) -> int:
    """The status of an answer."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


class Locked(Iterator[bytes]):
    """An iterator that several clients draw from."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._source = iter(source)
        self._lock = threading.Lock()

    def __next__(self) -> bytes:
        with self._lock:
            return next(self._source)


def drive(port: int, requests: Iterable[bytes], wanted: int, *, seconds: float = 3600.0) -> Rate:
    """Several clients at once until all is sent or the time is over; any other answer ends it."""
    source = Locked(requests)
    began = time.monotonic()

    def client(_number: int) -> int:
        done = 0
        while time.monotonic() - began < seconds:
            raw = next(source, None)
            if raw is None:
                break
            answer = talk(port, raw)
            if status(answer) != wanted:
                raise AssertionError(answer[:600].decode(errors="replace"))
            done += 1
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(client, range(CLIENTS)))
    return Rate(total, time.monotonic() - began)
