"""What is charged and appointed in a day, by three kinds of senders, and what has to come of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from . import billing_documents as wire
from . import codes
from .billing_documents import Charge, Visit
from .codes import Code, Route
from .letters import Letter, Namer
from .rpc import Odoo

ENCOUNTERS = 24
PER_ENCOUNTER = 3
WAYS = ("events", "hl7", "fhir")
TAKEN_BACK = 2
VISITS = 12
DUPLICATES = 4
UNMAPPED = "SIM-NO-SERVICE"
Key = tuple[str, str]  # number and action


@dataclass(frozen=True)
class Desk:
    """One way in: the facility it is about, and what is mapped there."""

    route: Route
    facility: str
    services: list[Code]
    payers: list[Code]
    msh: list[str]


@dataclass
class Billed:
    """What has to come of the letters: states and amounts of charges, and appointments."""

    letters: list[Letter] = field(default_factory=list)
    charges: dict[Key, tuple[str, Decimal]] = field(default_factory=dict)
    visits: dict[str, str] = field(default_factory=dict)


def desk(odoo: Odoo, route: Route) -> Desk:
    """What the system behind a route can talk about; a default site stands for its facility."""
    site = odoo.call("hc.channel", "read", [route.channel_id], ["default_site_id"])[0]
    named = site["default_site_id"]
    own = odoo.read("hc.site", [("id", "=", named[0] if named else 0)], ["facility_code"])
    known = [*(row["facility_code"] for row in own), *codes.facilities(odoo, route.system_id)]
    # One code for each product: charges of one product for one person would be alike.
    by_product = {code.record: code for code in codes.read(odoo, route.system_id, "service")}
    services = list(by_product.values())
    payers = codes.read(odoo, route.system_id, "payer")
    ends = codes.ends(odoo, route.channel_id)
    return Desk(route, known[0] if known else "", services, payers, ends)


def prices(odoo: Odoo, desks: list[Desk]) -> dict[int, Decimal]:
    """What products cost, for charges that come without a price."""
    ids = sorted({service.record for desk in desks for service in desk.services})
    rows = odoo.read("product.product", [("id", "in", ids)], ["lst_price"])
    return {row["id"]: Decimal(str(row["lst_price"])) for row in rows}


def currency(odoo: Odoo, route: Route) -> str:
    """The currency of the system's company."""
    company = odoo.call("hc.system", "read", [route.system_id], ["company_id"])[0]["company_id"][0]
    found = odoo.call("res.company", "read", [company], ["currency_id"])[0]["currency_id"]
    return str(found[1])


class Biller:
    """Makes the charges and appointments of one seed."""

    def __init__(
        self,
        name: Namer,
        seed: int,
        desks: dict[str, Desk],
        cost: dict[int, Decimal],
        money: str,
    ) -> None:
        self.rng = random.Random(seed)  # nosec B311  # the same day again, no secret
        self.name = name
        self.desks = desks
        self.cost = cost
        self.money = money
        self.plan_ = Billed()
        # A person of an earlier day who is charged the same would be alike.
        self._person = int(name.run.rpartition("-")[2], 16) * 100
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)

    def plan(self) -> Billed:
        """All of it; what is alike and what comes twice, last."""
        made = self.plan_
        visits = [list(self._encounter(WAYS[n % len(WAYS)])) for n in range(ENCOUNTERS)]
        made.letters += [letter for way, charges in visits for letter in self._told(way, charges)]
        by_hl7 = [charges for way, charges in visits if way == "hl7"]
        made.letters += self._credits(by_hl7) + self._early_credit()
        made.letters += self._appointments()
        self.rng.shuffle(made.letters)
        copies = [one for one in made.letters if one.way == "signed"][:DUPLICATES]
        made.letters += [replace(one, kind="duplicate", statuses=(200,)) for one in copies]
        made.letters += [self._same_by_fhir(by_hl7[0][0]), self._alike(), self._unmapped()]
        return made

    # ------------------------------------------------------------- charges

    def _encounter(self, way: str) -> Iterator[Any]:
        """A way, and the charges of one visit; no service twice."""
        desk = self.desks[way]
        payer = self.rng.choice(desk.payers) if way == "events" and desk.payers else None
        self._person += 1
        at = self.now - timedelta(minutes=self.rng.randrange(600))
        first = Charge("", self.name("V"), desk.facility, Code("", ""), 1, at, self._person)
        services = self.rng.sample(desk.services, min(PER_ENCOUNTER, len(desk.services)))
        yield way
        yield [
            replace(
                first,
                number=self.name("CH"),
                service=service,
                quantity=self.rng.randint(1, 3),
                price=self._price(service, payer),
                currency=self.money,
                payer=payer,
            )
            for service in services
        ]

    def _price(self, service: Code, payer: Code | None) -> Decimal | None:
        """Told by the sender, or left to the product; payers have price lists of their own."""
        told = (Decimal("12.50"), Decimal("99.90"))
        is_known = payer is None and self.cost[service.record] > 0
        return self.rng.choice((None, *told) if is_known else told)

    def _told(self, way: str, charges: list[Charge]) -> list[Letter]:
        """One DFT for a visit; an event or a resource for each charge."""
        for charge in charges:
            self._expect(charge)
        if way == "hl7":
            return [self._dft(charges)]
        one = self._event if way == "events" else self._item
        return [one(charge) for charge in charges]

    def _expect(self, charge: Charge, state: str = "invoiced") -> None:
        unit = self.cost[charge.service.record] if charge.price is None else charge.price
        action = "credit" if charge.reverses else "charge"
        amount = unit * charge.quantity * (-1 if charge.reverses else 1)
        self.plan_.charges[charge.number, action] = (state, amount)

    def _event(self, charge: Charge, kind: str = "charge", **plan: Any) -> Letter:
        route = self.desks["events"].route
        body = wire.charge_event(self.name(), route.source, charge)
        return Letter(kind, "signed", route, (body,), (202,), **plan)

    def _dft(self, charges: list[Charge], kind: str = "HL7 DFT charge") -> Letter:
        desk = self.desks["hl7"]
        trigger = self.rng.choice(("P03", "P11"))
        raw = wire.dft(self.name("dft"), charges, desk.msh, trigger)
        return Letter(kind, "hl7", desk.route, (raw,), (200,), events=len(charges))

    def _item(self, charge: Charge, kind: str = "FHIR ChargeItem", **plan: Any) -> Letter:
        body = wire.charge_item(charge)
        return Letter(kind, "fhir", self.desks["fhir"].route, (body,), (202,), **plan)

    # ---------------------------------------------------------- what is odd

    def _credits(self, visits: list[list[Charge]]) -> list[Letter]:
        """Taken back by CR under the number of the charge, as health records do."""
        letters = []
        for charges in visits[1 : 1 + TAKEN_BACK]:
            credit = charges[0].credit(charges[0].number)
            self._expect(credit)
            letters.append(self._dft([credit], "credit"))
        return letters

    def _early_credit(self) -> list[Letter]:
        """A credit that is sent before its charge, by the system that numbers credits."""
        _way, (charge, *_rest) = self._encounter("events")
        credit = charge.credit(self.name("CH"))
        for one in (charge, credit):
            self._expect(one)
        route = self.desks["events"].route
        bodies = [wire.charge_event(self.name(), route.source, one) for one in (credit, charge)]
        return [Letter("credit", "batch", route, tuple(bodies), (202, 202))]

    def _same_by_fhir(self, charge: Charge) -> Letter:
        """What a DFT has told, told again by FHIR."""
        return self._item(charge, "same charge by FHIR", state="duplicate")

    def _alike(self) -> Letter:
        """Another number, and everything else as in a charge before: a person decides."""
        number, desk = self.name("CH"), self.desks["events"]
        _way, (charge, *_rest) = self._encounter("events")
        other = replace(charge, number=number)
        self._expect(charge)
        self._expect(other, "on_hold")
        events = [wire.charge_event(self.name(), desk.route.source, one) for one in (charge, other)]
        return Letter("similar charge", "batch", desk.route, tuple(events), (202, 202))

    def _unmapped(self) -> Letter:
        """A service that stands for nothing."""
        _way, (charge, *_rest) = self._encounter("events")
        unknown = replace(charge, service=Code("local", UNMAPPED))
        return self._event(unknown, "unmapped service", state="review", lines=(0,))

    # --------------------------------------------------------- appointments

    def _appointments(self) -> list[Letter]:
        """Booked, some of them moved, some called off."""
        desk = self.desks["appointments"]
        letters = []
        for number in range(VISITS):
            self._person += 1
            start = self.now.replace(minute=0, second=0) + timedelta(hours=24 + number)
            service = self.rng.choice(desk.services)
            visit = Visit(self.name("AP"), desk.facility, service, start, self._person)
            later = replace(visit, start=start + timedelta(hours=2))
            told = [("S12", visit), *{3: [("S14", later)], 5: [("S15", visit)]}.get(number % 6, [])]
            self.plan_.visits[visit.number] = "cancelled" if told[-1][0] == "S15" else "booked"
            letters += [
                self._siu(trigger, one, order, overtaken=order + 1 < len(told))
                for order, (trigger, one) in enumerate(told)
            ]
        return letters

    def _siu(self, trigger: str, visit: Visit, order: int, *, overtaken: bool) -> Letter:
        desk, at = self.desks["appointments"], self.now + timedelta(seconds=order)
        raw = wire.siu(self.name("siu"), visit, desk.msh, trigger, at)
        kind = f"HL7 SIU {trigger}"
        return Letter(kind, "hl7", desk.route, (raw,), (200,), overtaken=overtaken)


def unbilled(odoo: Odoo, billed: Billed) -> list[str]:
    """Charges that did not come out as planned, to the cent, and appointments."""
    names = sorted({number for number, _action in billed.charges})
    fields = ["name", "action", "state", "amount"]
    rows = odoo.read("hc.charge", [("name", "in", names)], fields)
    found = {
        (row["name"], row["action"]): (row["state"], Decimal(str(round(row["amount"], 2))))
        for row in rows
    }
    wrong = Counter(
        f"charges are {found.get(key, ('not there', 0))[0]} instead of {wanted[0]}"
        if found.get(key, ("", 0))[0] != wanted[0]
        else "charges have another amount"
        for key, wanted in billed.charges.items()
        if found.get(key) != wanted
    )
    problems = [f"{count} {text}" for text, count in wrong.items()]
    if len(rows) != len(billed.charges):
        problems.append(f"{len(rows)} charges instead of {len(billed.charges)}")
    visits = odoo.read("hc.appointment", [("name", "in", list(billed.visits))], ["name", "state"])
    if sorted((row["name"], row["state"]) for row in visits) != sorted(billed.visits.items()):
        problems.append("appointments are not as planned")
    return problems
