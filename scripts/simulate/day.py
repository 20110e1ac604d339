"""A day in a hospital: who uses what, when, and how it is told; seeded, so that it repeats."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from . import documents
from .codes import Route
from .documents import Use
from .letters import Letter, Namer
from .world import Item, Stock, Ward, World

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


@dataclass(frozen=True)
class Supplies:
    """Who tells of supplies: a cabinet, and a health record in HL7 and in FHIR."""

    native: Route
    hl7: Route
    fhir: Route
    cabinet: World
    ehr: World
    msh: list[str]


class Planner:
    """Makes the day of one seed."""

    def __init__(self, name: Namer, seed: int, supplies: Supplies) -> None:
        self.rng = random.Random(seed)  # nosec B311  # the same day again, no secret
        self.day = Day(name.run)
        self.name = name
        self.to = supplies
        self.cabinet, self.ehr = supplies.cabinet, supplies.ehr
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)

    def plan(self) -> Day:
        """The whole day."""
        singles = self._singles()
        letters = [*singles, *self._batches(), *self._returns(), *self._standards()]
        self.rng.shuffle(letters)
        self.day.letters = [*letters, *self._duplicates(singles), *self._odd()]
        return self.day

    # ------------------------------------------------------------- choosing

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
        return documents.event(self.name(), self.to.native.source, uses, **more), count

    # -------------------------------------------------------------- letters

    def _native(self, kind: str, way: str, body: Any, status: int = 202, **plan: Any) -> Letter:
        return Letter(kind, way, self.to.native, (body,), (status,), **plan)

    def _singles(self) -> list[Letter]:
        letters = []
        for number in range(NATIVE - IN_BATCHES):
            way = ("signed", "signed", "bearer", "binary")[number % 4]
            body, lines = self._event()
            letters.append(self._native("consumption", way, body, lines=(lines,)))
        return letters

    def _batches(self) -> list[Letter]:
        letters = []
        size = IN_BATCHES // BATCHES
        for number in range(BATCHES):
            made = [self._event() for _ in range(size)]
            way = "batch" if number % 2 else "ndjson"
            bodies, lines = zip(*made, strict=True)
            to, statuses = self.to.native, (202,) * size
            letters.append(Letter("consumption", way, to, bodies, statuses, lines=lines))
        return letters

    def _returns(self) -> list[Letter]:
        made = [self._event(back=True) for _ in range(RETURNS)]
        return [self._native("return", "signed", body, lines=(n,)) for body, n in made]

    def _standards(self) -> list[Letter]:
        """What the health record tells in its own words."""
        world = self.ehr
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
            raw = documents.dft(self.name("dft"), use, self.to.msh[0], self.to.msh[1], number)
            return Letter("HL7 DFT", "hl7", self.to.hl7, (raw,), (200,), lines=(1,))
        resource = documents.delivery(self.name("sd"), use, number)
        return Letter("FHIR SupplyDelivery", "fhir", self.to.fhir, (resource,), (202,), lines=(1,))

    def _duplicates(self, singles: list[Letter]) -> list[Letter]:
        """The same event again, as after an answer that got lost."""
        again = self.rng.sample(singles, DUPLICATES)
        return [self._native("duplicate", "signed", one.bodies[0], 200) for one in again]

    def _unmapped(self) -> str:
        """A code that stands for nothing, also where somebody has mapped the usual one."""
        mapped = any(item.value == UNMAPPED for item in self.cabinet.items)
        return f"{UNMAPPED}-{self.day.run}" if mapped else UNMAPPED

    def _odd(self) -> list[Letter]:
        """An item that nobody mapped, a wrong signature, a broken contract."""
        ward, at = self._ward(self.cabinet), self._moment()
        use = self._use(self.cabinet, ward, at)
        unmapped = documents.event(self.name(), self.to.native.source, [use])
        unmapped["data"]["lines"][0]["item"] = {"system": "local", "value": self._unmapped()}
        forged = documents.event(self.name(), self.to.native.source, [use])
        broken = documents.event(self.name(), self.to.native.source, [use])
        broken["data"]["lines"][0]["quantity"] = "-1"
        return [
            self._native("unmapped item", "signed", unmapped, state="review", lines=(0,)),
            self._native("bad signature", "forged", forged, 401),
            self._native("contract breach", "signed", broken, 422),
        ]
