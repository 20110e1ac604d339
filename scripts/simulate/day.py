"""A day in a hospital: who uses what, when, and how it is told; seeded, so that it repeats."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from . import documents
from .documents import Use
from .world import Item, Stock, Ward, World

SOURCE = "urn:hc:cabinet:7B"
NATIVE = 220
IN_BATCHES = 60
BATCHES = 4
DFTS = 14
DELIVERIES = 10
MAIN = "MAIN"
DUPLICATES = 12
RETURNS = 3
HOURS = 15
# How busy a ward is in each hour of the day.
BUSY = (2, 2, 1, 1, 1, 2, 5, 9, 12, 12, 11, 9, 7, 8, 10, 10, 9, 7, 6, 6, 5, 4, 3, 2)
UNMAPPED = "SIM-NOT-MAPPED"


@dataclass(frozen=True)
class Letter:
    """One request: how it goes out, and what each message of it has to be answered."""

    kind: str
    way: str
    bodies: tuple[Any, ...]
    statuses: tuple[int, ...]
    state: str = "done"
    lines: tuple[int, ...] = ()  # effects that each message has to have

    @property
    def is_new(self) -> bool:
        """Whether the ledger gets messages by it."""
        return all(status == 202 for status in self.statuses)


@dataclass
class Day:
    """All letters in the order of sending, and what they change."""

    run: str
    letters: list[Letter] = field(default_factory=list)
    change: Stock = field(default_factory=lambda: defaultdict(Decimal))
    needed: Stock = field(default_factory=lambda: defaultdict(Decimal))

    def book(self, uses: list[Use]) -> None:
        """Count what is used, and what has to be there for it."""
        for use in uses:
            self.change[use.place] += use.change
            if not use.back:
                self.needed[use.place] += use.quantity


class Planner:
    """Makes the day of one seed."""

    def __init__(self, run: str, seed: int, cabinet: World, ehr: World | None, msh: list[str]):
        self.rng = random.Random(seed)
        self.day = Day(run)
        self.cabinet = cabinet
        self.ehr = ehr
        self.msh = msh
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
        self.count = 0

    def plan(self) -> Day:
        """The whole day."""
        singles = self._singles()
        letters = [*singles, *self._batches(), *self._returns(), *self._standards()]
        self.rng.shuffle(letters)
        self.day.letters = [*letters, *self._duplicates(singles), *self._odd()]
        return self.day

    # ------------------------------------------------------------- choosing

    def _id(self, kind: str = "evt") -> str:
        self.count += 1
        return f"{kind}-{self.day.run}-{self.count:04d}"

    def _moment(self) -> datetime:
        """A time of the last hours, more often when wards are busy."""
        hours = [self.now - timedelta(hours=back) for back in range(HOURS)]
        hour = self.rng.choices(hours, [BUSY[moment.hour] for moment in hours])[0]
        return hour - timedelta(seconds=self.rng.randrange(3600))

    def _ward(self, world: World) -> Ward:
        return self.rng.choice(world.wards)

    def _main_ward(self, world: World) -> Ward:
        """A SupplyDelivery names no facility: it is the one of the channel's default site."""
        wards = [ward for ward in world.wards if ward.facility == MAIN]
        return self.rng.choice(wards)

    def _item(self, world: World) -> Item:
        """Few items are used often, many rarely; some of them by lot."""
        if world.tracked and self.rng.random() < 0.2:
            return self.rng.choice(world.tracked)
        ranks = [1 / (rank + 1) for rank in range(len(world.plain))]
        return self.rng.choices(world.plain, ranks)[0]

    def _use(self, world: World, ward: Ward, at: datetime, *, back: bool = False) -> Use:
        item = self._item(world)
        lot = None
        if item.tracking == "lot":
            lot = self.rng.choice(sorted(world.lots[item.product].items()))
        quantity = 1 if back else self.rng.choices((1, 2, 3, 5), (60, 25, 10, 5))[0]
        return Use(ward, item, quantity, at, lot, back)

    def _event(self, *, back: bool = False) -> tuple[dict[str, Any], int]:
        """A native event and the number of its lines."""
        ward, at = self._ward(self.cabinet), self._moment()
        count = 1 if back else self.rng.choices((1, 2, 3), (70, 20, 10))[0]
        uses = [self._use(self.cabinet, ward, at, back=back) for _ in range(count)]
        self.day.book(uses)
        more = {"patient": documents.patient(self.rng.randrange(400))}
        return documents.event(self._id(), SOURCE, uses, **more), count

    # -------------------------------------------------------------- letters

    def _singles(self) -> list[Letter]:
        letters = []
        for number in range(NATIVE - IN_BATCHES):
            way = ("signed", "signed", "bearer", "binary")[number % 4]
            body, lines = self._event()
            letters.append(Letter("consumption", way, (body,), (202,), lines=(lines,)))
        return letters

    def _batches(self) -> list[Letter]:
        letters = []
        size = IN_BATCHES // BATCHES
        for number in range(BATCHES):
            made = [self._event() for _ in range(size)]
            way = "batch" if number % 2 else "ndjson"
            bodies, lines = zip(*made, strict=True)
            letters.append(Letter("consumption", way, bodies, (202,) * size, lines=lines))
        return letters

    def _returns(self) -> list[Letter]:
        made = [self._event(back=True) for _ in range(RETURNS)]
        return [Letter("return", "signed", (body,), (202,), lines=(n,)) for body, n in made]

    def _standards(self) -> list[Letter]:
        """What the health record tells in its own words."""
        world = self.ehr
        if world is None or not world.plain or not world.wards:
            return []
        letters = []
        for number in range(DFTS + DELIVERIES):
            item = self.rng.choice(world.plain)
            ward = self._ward(world) if number < DFTS else self._main_ward(world)
            use = Use(ward, item, self.rng.randint(1, 3), self._moment())
            self.day.book([use])
            letters.append(self._standard(use, number))
        return letters

    def _standard(self, use: Use, number: int) -> Letter:
        if number < DFTS:
            raw = documents.dft(self._id("dft"), use, self.msh[0], self.msh[1], number)
            return Letter("HL7 DFT", "hl7", (raw,), (200,), lines=(1,))
        resource = documents.delivery(self._id("sd"), use, number)
        return Letter("FHIR SupplyDelivery", "fhir", (resource,), (202,), lines=(1,))

    def _duplicates(self, singles: list[Letter]) -> list[Letter]:
        """The same event again, as after an answer that got lost."""
        again = self.rng.sample(singles, DUPLICATES)
        return [Letter("duplicate", "signed", one.bodies, (200,)) for one in again]

    def _unmapped(self) -> str:
        """A code that stands for nothing, also where somebody has mapped the usual one."""
        mapped = any(item.value == UNMAPPED for item in self.cabinet.items)
        return f"{UNMAPPED}-{self.day.run}" if mapped else UNMAPPED

    def _odd(self) -> list[Letter]:
        """An item that nobody mapped, a wrong signature, a broken contract."""
        ward, at = self._ward(self.cabinet), self._moment()
        use = self._use(self.cabinet, ward, at)
        unmapped = documents.event(self._id(), SOURCE, [use])
        unmapped["data"]["lines"][0]["item"] = {"system": "local", "value": self._unmapped()}
        forged = documents.event(self._id(), SOURCE, [use])
        broken = documents.event(self._id(), SOURCE, [use])
        broken["data"]["lines"][0]["quantity"] = "-1"
        return [
            Letter("unmapped item", "signed", (unmapped,), (202,), "review", (0,)),
            Letter("bad signature", "forged", (forged,), (401,)),
            Letter("contract breach", "signed", (broken,), (422,)),
        ]
