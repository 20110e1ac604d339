"""What is sent: one request each, with what is planned to come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .codes import Route


@dataclass(frozen=True)
class Letter:
    """One request: where and how it goes out, and what each message of it has to be answered."""

    kind: str
    way: str
    route: Route
    bodies: tuple[Any, ...]
    statuses: tuple[int, ...]
    state: str = "done"
    lines: tuple[int, ...] = ()  # effects that each message has to have; not told: any
    events: int = 1  # that one message of HL7 holds
    overtaken: bool = False  # a later letter about the same thing may be handled before

    @property
    def is_new(self) -> bool:
        """Whether the ledger gets messages by it."""
        return self.kind != "duplicate" and all(status < 300 for status in self.statuses)

    def identifiers(self, index: int) -> Iterator[str]:
        """The sender's own ids of a body, as the ledger has them."""
        body = self.bodies[index]
        if isinstance(body, bytes):
            control = body.split(b"\r")[0].split(b"|")[9].decode()
            several = (f"{control}/{number}" for number in range(1, self.events + 1))
            yield from several if self.events > 1 else [control]
        elif body.get("resourceType"):
            yield str(body["identifier"][0]["value"])
        else:
            yield str(body["id"])


class Namer:
    """Ids that no other day has."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._count = 0

    def __call__(self, kind: str = "evt") -> str:
        self._count += 1
        return f"{kind}-{self.run}-{self._count:04d}"
