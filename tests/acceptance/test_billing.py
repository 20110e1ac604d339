"""Charges and appointments in three formats: one fact is one invoice line, to the cent."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from simulate import billing_documents as wire
from simulate import documents
from simulate.billing_documents import Charge, Visit
from simulate.codes import Code
from support import checks
from support.outsider import Outsider

CHARGED, APPOINTED = wire.CHARGED, wire.APPOINTED
CHARGES = """
SELECT c.name, c.action, c.state, c.hold_reason, c.amount, c.id, c.move_line_id
  FROM hc_charge c WHERE c.system_id = %s AND c.name LIKE %s ORDER BY c.id
"""
LINES = """
SELECT l.id, m.id, m.move_type, m.state, l.price_subtotal, m.amount_untaxed
  FROM hc_charge c JOIN account_move_line l ON l.id = c.move_line_id
  JOIN account_move m ON m.id = l.move_id WHERE c.id = ANY(%s) ORDER BY l.id
"""
NOW = datetime.now(UTC).replace(microsecond=0)


class Clinic(Outsider):
    """A system that charges in three formats, and appoints."""

    def __init__(self, hospital, code="clinic"):
        super().__init__(hospital, code)
        self.open("events", "cloudevents", CHARGED, APPOINTED)
        self.open("charges", "hl7v2", CHARGED)
        self.open("visits", "hl7v2", APPOINTED)
        self.open("resources", "fhir", CHARGED, APPOINTED)
        self.credentials()
        self.services = [self.service(f"SVC-{n}", 40 + n) for n in range(8)]
        self.payers = [self.payer(f"PAYER-{n}") for n in range(2)]
        self.numbers = itertools.count(1)

    def service(self, code, price):
        values = {"name": f"Service {code}", "type": "service", "list_price": price}
        return self.map_code("service", code, self.hospital.admin.create("product.product", values))

    def payer(self, code):
        values = {"name": f"Payer {code}", "is_company": True}
        return self.map_code("payer", code, self.hospital.admin.create("res.partner", values))

    def charge(self, service=0, quantity=2, price="12.50", **more):
        """A charge of a visit of its own, unless told otherwise."""
        number = f"{self.hospital.run}-{next(self.numbers)}"
        fields = {"encounter": f"V{number}", "person": next(self.numbers), "currency": self.money}
        return Charge(
            number=f"CH{number}",
            facility=self.facility,
            service=self.services[service],
            quantity=quantity,
            at=NOW - timedelta(hours=1),
            price=Decimal(price) if price else None,
            **fields | more,
        )

    @property
    def money(self):
        company = self.hospital.admin.read("res.company", [], ["currency_id"], limit=1)[0]
        return company["currency_id"][1]

    def tell(self, charge, status=202):
        identifier = self.hospital.new_id("ch")
        return self.post("events", wire.charge_event(identifier, self.source, charge), status)

    def dft(self, *charges, trigger="P03"):
        return self.hl7(wire.dft(self.hospital.new_id("dft"), list(charges), self.msh, trigger))

    def rows(self, number):
        self.finished()
        return self.hospital.machine.sql(CHARGES, self.system, f"{number}%")

    def lines(self, *rows):
        return self.hospital.machine.sql(LINES, [row[5] for row in rows])


@pytest.fixture(scope="module")
def clinic(hospital):
    return Clinic(hospital)


# --------------------------------------------------------------------- one charge is one line


@pytest.mark.parametrize("order", list(itertools.permutations(("events", "hl7", "fhir"))))
def test_one_charge_in_three_formats(clinic, order):
    charge = clinic.charge()
    states = []
    for way in order:
        if way == "events":
            states.append(clinic.state(clinic.tell(charge))[0])
        elif way == "fhir":
            states.append(clinic.state(clinic.fhir(wire.charge_item(charge)))[0])
        else:
            ((uuid, *_rest),) = clinic.messages(clinic.dft(charge))
            states.append(clinic.state(uuid)[0])
    assert states == ["done", "duplicate", "duplicate"]
    (row,) = clinic.rows(charge.number)
    assert row[1:5] == ("charge", "invoiced", None, Decimal("25.00"))
    ((_line, _move, kind, state, subtotal, total),) = clinic.lines(row)
    assert (kind, state) == ("out_invoice", "draft")
    assert subtotal == total == Decimal("25.00")


def test_another_amount_under_the_same_number_waits(clinic):
    charge = clinic.charge()
    clinic.state(clinic.tell(charge))
    state = clinic.state(clinic.tell(replace(charge, price=Decimal("99.00"))))
    assert state == ("review", "business_key_conflict")
    (row,) = clinic.rows(charge.number)
    assert row[4] == Decimal("25.00")


def test_a_message_of_several_charges(clinic):
    first = clinic.charge()
    others = [
        replace(clinic.charge(n, 1, "7.05"), encounter=first.encounter, person=first.person)
        for n in (1, 2)
    ]
    control = clinic.dft(first, *others, trigger="P11")
    assert len(clinic.messages(control)) == 3
    rows = [row for one in (first, *others) for row in clinic.rows(one.number)]
    lines = clinic.lines(*rows)
    assert len({line[1] for line in lines}) == 1, "one invoice for encounter and payer"
    assert sum(line[4] for line in lines) == lines[0][5] == Decimal("39.10")


def test_price_of_the_product(clinic):
    charge = clinic.charge(3, 3, price=None, payer=clinic.payers[0])
    clinic.tell(charge)
    (row,) = clinic.rows(charge.number)
    assert row[2:5] == ("invoiced", None, Decimal("129.00"))
    ((_line, move, *_rest),) = clinic.lines(row)
    found = clinic.hospital.admin.call("account.move", "read", [move], ["partner_id"])[0]
    assert found["partner_id"][0] == clinic.payers[0].record


def test_similar_charge_is_held(clinic):
    charge = clinic.charge()
    other = replace(charge, number=f"{charge.number}-B")
    for one in (charge, other):
        assert clinic.state(clinic.tell(one))[0] == "done"
    first, second = clinic.rows(charge.number)
    assert first[2:4] == ("invoiced", None)
    assert second[2:4] == ("on_hold", "similar_charge")
    assert len(clinic.lines(first, second)) == 1


# ------------------------------------------------------------------------------------- credits


def test_credit_before_its_charge(clinic):
    charge = clinic.charge()
    credit = charge.credit(f"{charge.number}-R")
    clinic.tell(credit)
    (waiting,) = clinic.rows(charge.number)
    assert waiting[1:4] == ("credit", "on_hold", "waiting_for_charge")
    clinic.tell(charge)
    rows = clinic.rows(charge.number)
    assert {row[2] for row in rows} == {"invoiced"}
    assert sum(row[4] for row in rows) == 0
    lines = clinic.lines(*rows)
    assert sorted(line[4] for line in lines) == [Decimal("-25.00"), Decimal("25.00")]
    assert {line[5] for line in lines} == {0}


def test_credit_by_the_status_of_a_resource(clinic):
    charge = clinic.charge()
    clinic.dft(charge)
    clinic.rows(charge.number)
    clinic.fhir(wire.charge_item(charge, "entered-in-error"))
    rows = clinic.rows(charge.number)
    assert [row[1] for row in rows] == ["charge", "credit"]
    assert sum(row[4] for row in rows) == 0


def test_after_posting(clinic):
    """A further charge comes into a further invoice, a credit into a credit note."""
    charge = clinic.charge()
    clinic.tell(charge)
    (row,) = clinic.rows(charge.number)
    ((line, move, *_rest),) = clinic.lines(row)
    clinic.hospital.admin.call("account.move", "action_post", [move])
    further = replace(charge, number=f"{charge.number}-F", service=clinic.services[5])
    clinic.tell(further)
    clinic.tell(charge.credit(f"{charge.number}-R"))
    lines = {one[0]: one for one in clinic.lines(*clinic.rows(charge.number))}
    assert len(lines) == 3
    assert lines.pop(line)[2:5] == ("out_invoice", "posted", Decimal("25.00"))
    assert move not in {one[1] for one in lines.values()}
    assert {one[2:4] for one in lines.values()} == {
        ("out_invoice", "draft"),
        ("out_refund", "draft"),
    }


# ------------------------------------------------------------------------------ what waits


def test_unmapped_service_goes_on_once_mapped(clinic):
    charge = replace(clinic.charge(), service=Code("local", f"NEW-{clinic.hospital.run}"))
    message = clinic.tell(charge)
    assert clinic.state(message) == ("review", "unmapped_service")
    assert not clinic.rows(charge.number)
    clinic.map_code("service", charge.service.value, clinic.services[0].record)
    (row,) = clinic.rows(charge.number)
    assert row[2] == "invoiced"
    assert clinic.state(message)[0] == "done"


def test_unmapped_payer_waits(clinic):
    charge = clinic.charge(payer=Code("local", "NOBODY"))
    assert clinic.state(clinic.tell(charge)) == ("review", "unmapped_payer")


def test_places_of_the_currency(clinic):
    charge = clinic.charge(quantity=1, price="12.505")
    assert clinic.state(clinic.tell(charge)) == ("review", "amount_precision")


@pytest.mark.parametrize("code", ["PY", "AJ", "CO", "XX"])
def test_payments_are_no_charges(clinic, code):
    control = clinic.hospital.new_id("dft")
    raw = wire.dft(control, [clinic.charge()], clinic.msh).replace(b"|CG|", f"|{code}|".encode())
    checks.acknowledgement(clinic.sender.hl7(raw), 422, "AE")
    assert not clinic.messages(control)


def test_billed_elsewhere_is_ignored(clinic):
    charge = clinic.charge()
    message = clinic.fhir(wire.charge_item(charge, "billed"))
    assert clinic.settled(message)["state"] == "done"
    assert not clinic.rows(charge.number)


# ------------------------------------------------------------------ one message, two channels


@pytest.fixture(scope="module")
def theatre(hospital):
    """A system whose DFT is a charge and a use of supplies."""
    made = Outsider(hospital, "theatre")
    made.open("charges", "hl7v2", CHARGED)
    made.open("supplies", "hl7v2", documents.CONSUMED, documents.RETURNED)
    made.credentials()
    site = {"system_id": made.system, "facility_code": made.facility, "location_code": "OPD"}
    site |= {"name": "Theatre", "location_id": hospital.world.wards[0].stock}
    hospital.admin.create("hc.site", site)
    values = {"name": "Operation", "type": "service", "list_price": 900}
    operation = hospital.admin.create("product.product", values)
    made.service = made.map_code("service", "OPERATION", operation)
    made.item = made.map_code("item", "SCREW", hospital.world.plain[0].product)
    return made


def operation(made, **more):
    number = made.hospital.new_id("OP")
    return Charge(number, f"V-{number}", made.facility, made.service, 1, NOW, 77, **more)


def with_item(raw, item):
    """FT1-34 names the item that was used."""
    rows = raw.split(b"\r")
    start = rows[-2]
    rows[-2] = start + b"|" * (34 - start.count(b"|")) + f"{item.value}^^L".encode()
    return b"\r".join(rows)


def test_charge_and_use_of_supplies(hospital, theatre):
    used = hospital.use(1)
    before = hospital.on_hand(used)
    charge, control = operation(theatre), hospital.new_id("dft")
    theatre.hl7(with_item(wire.dft(control, [charge], theatre.msh), theatre.item))
    theatre.finished()
    rows = theatre.messages(control)
    assert {row[4] for row in rows} == {"theatre-charges", "theatre-supplies"}
    assert [row[1] for row in rows] == ["done", "done"]
    assert len({row[3] for row in rows}) == 1, "one correlation id"
    assert hospital.on_hand(used) == before - 1
    (found,) = hospital.machine.sql(CHARGES, theatre.system, charge.number)
    assert found[2:5] == ("invoiced", None, Decimal(900))
    theatre.hl7(with_item(wire.dft(control, [charge], theatre.msh), theatre.item))
    assert len(theatre.messages(control)) == 2


def test_whole_or_not_at_all(hospital, theatre):
    """An amount that is none: the supplies do not read it, and yet nothing is kept."""
    control = hospital.new_id("dft")
    raw = with_item(wire.dft(control, [operation(theatre)], theatre.msh), theatre.item)
    rows = raw.split(b"\r")
    fields = rows[-2].split(b"|")
    fields[11] = b"MUCH"
    rows[-2] = b"|".join(fields)
    checks.acknowledgement(theatre.sender.hl7(b"\r".join(rows)), 422, "AE")
    assert not theatre.messages(control)


# -------------------------------------------------------------------------------- appointments


@pytest.mark.parametrize("order", list(itertools.permutations(("S12", "S14", "S15"))))
def test_appointment_in_any_order(clinic, order):
    """What was said last of it holds, in whatever order it comes."""
    number = clinic.hospital.new_id("AP")
    start = NOW.replace(minute=0, second=0) + timedelta(days=2)
    visit = Visit(number, clinic.facility, clinic.services[0], start, 5)
    moved = replace(visit, start=start + timedelta(hours=3))
    said = {"S12": (visit, 1), "S14": (moved, 2), "S15": (moved, 3)}
    for trigger in order:
        one, minute = said[trigger]
        at = NOW - timedelta(hours=1) + timedelta(minutes=minute)
        clinic.hl7(wire.siu(clinic.hospital.new_id("siu"), one, clinic.msh, trigger, at))
    clinic.finished()
    fields = ["state", "start"]
    (found,) = clinic.hospital.admin.read("hc.appointment", [("name", "=", number)], fields)
    assert found["state"] == "cancelled"
    assert found["start"] == moved.start.strftime("%Y-%m-%d %H:%M:%S")


def test_nobody_is_named(clinic):
    """No number of a person or a visit is in charges, invoices or contacts."""
    charge = clinic.charge()
    clinic.dft(charge)
    clinic.rows(charge.number)
    mrn = wire.mrn(charge.person)
    tables = ("hc_charge", "hc_message", "account_move", "account_move_line", "res_partner")
    for table in tables:
        query = f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s OR t::text LIKE %s"
        assert clinic.hospital.machine.sql(query, f"%{charge.encounter}%", f"%{mrn}%") == [(0,)]
