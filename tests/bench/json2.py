"""What a connector is today: calls of Odoo's own JSON-2 API, one after the other, per event."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import requests
from load import CLIENTS, Rate
from rig import Rig

Event = TypeVar("Event")


class Connector:
    """One client of ``/json/2/<model>/<method>`` with an API key of an administrator."""

    def __init__(self, rig: Rig) -> None:
        self.url = f"{rig.machine.base_url}/json/2"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {rig.api_key}"

    def call(self, model: str, method: str, **words: Any) -> Any:
        """One call; anything but 200 ends the run, nothing is left out quietly."""
        answer = self.http.post(f"{self.url}/{model}/{method}", json=words, timeout=120)
        assert answer.status_code == 200, answer.text[:600]
        return answer.json()

    def first(self, model: str, domain: list[Any], *fields: str) -> dict[str, Any] | None:
        """The first record that matches."""
        words = {"domain": domain, "fields": ["id", *fields], "limit": 1}
        found = self.call(model, "search_read", **words)
        return found[0] if found else None


def run(
    rig: Rig,
    streams: list[Iterator[Event]],
    post: Callable[[Connector, Event], None],
    *,
    seconds: float = 3600.0,
    most: int | None = None,
) -> tuple[Rate, list[Event]]:
    """Four clients at once, each with a stream of its own; how fast, and what they posted."""
    assert len(streams) == CLIENTS
    began = time.monotonic()

    def client(stream: Iterator[Event]) -> list[Event]:
        own, done = Connector(rig), []
        for event in islice(stream, most):
            post(own, event)
            done.append(event)
            if time.monotonic() - began >= seconds:
                break
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        posted = [event for part in pool.map(client, streams) for event in part]
    return Rate(len(posted), time.monotonic() - began), posted
