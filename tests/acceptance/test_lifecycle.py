"""Each addon alone: installed on an empty database, updated, removed, and installed again."""

import contextlib

import pytest
from simulate import credentials
from simulate.client import Sender
from simulate.rpc import Odoo
from support import bare as bares
from support import checks
from support.hospital import BASE, QUIET, Hospital, in_order

GATE, INVENTORY = "hc_gate", "hc_inventory_sync"
NOTED = "test.noted.v1"
BUSINESS = ("stock_move", "stock_move_line", "stock_quant", "purchase_order", "res_partner")
TRAIL = "SELECT to_jsonb(e) FROM hc_audit.event e ORDER BY id"


@contextlib.contextmanager
def started(bare, machine, known=()):
    """The hospital's servers on this database, and the systems whose credentials are known."""
    with bares.quiet(machine):
        machine.start()
        try:
            yield Hospital(machine, bare.cluster, known)
        finally:
            machine.stop()


def install(machine, name):
    with bares.quiet(machine):
        machine.odoo("-i", name)
    assert bares.state(machine, name) == "installed"


def update(machine, *names):
    with bares.quiet(machine):
        machine.odoo("-u", ",".join(names))
    assert {bares.state(machine, name) for name in names} == {"installed"}


def remove(machine, name):
    with bares.quiet(machine):
        bares.uninstall(machine, name)


def odoo_works(machine):
    """It starts, shows its pages and lets people in."""
    with bares.quiet(machine):
        machine.start()
        try:
            admin = Odoo(machine.base_url, machine.database, "admin", "admin")
            assert admin.read("res.partner", [], ["name"], limit=1)
        finally:
            machine.stop()


def note(identifier):
    data = {"facility": "NORTH", "number": identifier, "value": 1}
    event = {"specversion": "1.0", "id": identifier, "source": "urn:hc:notes"}
    return {**event, "type": NOTED, "data": data}


def add_system(hospital):
    """A system with a channel, credentials, a site and an identifier, made as people make it."""
    admin = hospital.admin
    contract = {"contract_module": BASE, "contract_path": "tests/contracts/test.noted.v1.json"}
    kind = admin.create("hc.message.type", {"code": "test.noted", **contract})
    values = {"name": "Notes", "code": "notes", "environment": "production"}
    system = admin.create("hc.system", values)
    hospital.new_channel(system, "notes", kind)
    admin.create("hc.site", {"name": "North", "system_id": system, "facility_code": "NORTH"})
    partner = hospital.ref("base.main_partner")
    code = {"system_id": system, "namespace": "vendor", "value": "V-1", "res_id": partner}
    admin.create("hc.identifier", code)
    (entry,) = credentials.catalog(admin)
    base_url = hospital.machine.base_url
    return credentials.with_credentials(admin, base_url, entry, None)


def resting(hospital, sender, bodies):
    """What senders are told of these messages once nothing moves any more."""
    hospital.drained()
    told = {body["message_id"]: sender.status(body["message_id"]).json() for body in bodies}
    assert {one["state"] for one in told.values()} <= QUIET
    return told


def same_for_senders(sender, channel, told, events):
    """Old credentials open, old events are known, old messages say what they said."""
    for event in events:
        for bearer in (False, True):
            body = checks.accepted(sender.post(channel, event, bearer=bearer), 200)
            assert body["duplicate"] and body["message_id"] in told
    for message_id, before in told.items():
        assert sender.status(message_id, bearer=True).json() == before


def test_gate(bare):
    """Odoo removes no addon that is loaded server-wide: that entry goes first."""
    machine = bare.machine("gate", server_wide_modules="base,web")
    install(machine, GATE)
    update(machine, GATE)
    remove(machine, GATE)
    assert not bares.left(machine, GATE)
    install(machine, GATE)


@pytest.mark.slow
def test_base(bare):
    machine = bare.machine("base")
    install(machine, BASE)
    assert bares.state(machine, INVENTORY) != "installed"
    with started(bare, machine) as hospital:
        entry = add_system(hospital)
        sender = Sender.of(machine.base_url, entry)
        events = [note(f"note-{number}") for number in range(5)]
        bodies = [checks.accepted(sender.post("notes", event)) for event in events]
        told = resting(hospital, sender, bodies)
    before = bares.contents(machine)
    assert all(before[table] for table in ("hc_message", "hc_issue", "hc_site", "hc_identifier"))

    update(machine, BASE)
    assert not bares.lost(before, bares.contents(machine))
    with started(bare, machine, [entry]) as hospital:
        same_for_senders(sender, "notes", told, events)
        checks.accepted(sender.post("notes", note("note-new")))
        hospital.drained()

    trail = machine.sql(TRAIL)
    assert trail
    remove(machine, BASE)
    assert not bares.left(machine, BASE)
    assert machine.sql(TRAIL)[: len(trail)] == trail, "the audit trail went with the addon"
    odoo_works(machine)
    machine.sql("UPDATE res_users SET login = 'left-' || login WHERE login LIKE 'acceptance%'")
    install(machine, BASE)
    with started(bare, machine) as hospital:
        again = Sender.of(machine.base_url, add_system(hospital))
        checks.accepted(again.post("notes", note("note-0")))
        hospital.drained()
    assert machine.sql(TRAIL)[: len(trail)] == trail


@pytest.mark.slow
def test_inventory(bare):
    machine = bare.machine("inventory")
    install(machine, INVENTORY)
    with bares.quiet(machine):
        bares.load_world(machine, in_order())
    with started(bare, machine) as hospital:
        sender, channel, events = hospital.sender(), hospital.native, some_events(hospital)
        known = list(hospital.systems.values())
        bodies = [checks.accepted(sender.post(channel, event)) for event in events]
        told = resting(hospital, sender, bodies)
        assert {one["state"] for one in told.values()} >= {"done", "review"}
        assert any(one["effects"] for one in told.values())
    before = bares.contents(machine, *BUSINESS)
    owned = bares.owned_columns(machine, INVENTORY)
    assert before["hc_effect"] and before["stock_move"] and owned

    update(machine, BASE, INVENTORY)
    assert not bares.lost(before, bares.contents(machine, *BUSINESS))
    with started(bare, machine, known) as hospital:
        same_for_senders(sender, channel, told, events)
        fresh = checks.accepted(sender.post(channel, hospital.event()))
        assert hospital.settled(fresh["message_id"])["state"] == "done"

    domain_alone_goes(bare, machine, owned, known, told, events)
    all_goes(machine)


def some_events(hospital):
    """Uses of several wards, and one of an item that nobody knows."""
    hospital.stock_up()
    wards = range(min(3, len(hospital.world.wards)))
    known = [hospital.event(hospital.use(2, ward=ward)) for ward in wards]
    unknown = hospital.event()
    unknown["data"]["lines"][0]["item"] = {"system": "local", "value": "NOBODY-KNOWS"}
    return [*known, unknown]


def domain_alone_goes(bare, machine, owned, known, told, events):
    """The ledger stays with the base, and is whole again when the addon is back."""
    sender, channel = Sender.of(machine.base_url, known[0]), known[0]["channels"][0]["code"]
    ledger = bares.contents(machine)
    remove(machine, INVENTORY)
    assert bares.state(machine, BASE) == "installed"
    assert not owned & bares.columns(machine)
    # By them the addon finds the types of the ledger again when it is back.
    names = machine.sql(f"SELECT DISTINCT model FROM ir_model_data WHERE module = '{INVENTORY}'")
    assert names == [("hc.message.type",)]
    kept = bares.contents(machine)
    for table in ("hc_message", "hc_effect", "hc_message_attempt", "hc_identifier", "hc_system"):
        assert ledger[table].keys() == kept[table].keys(), table
    with started(bare, machine, known):
        assert sender.status(next(iter(told))).status_code == 200
    install(machine, INVENTORY)
    with started(bare, machine, known) as hospital:
        same_for_senders(sender, channel, told, events)
        # The places of the wards were columns of the addon, so they are to be set up again.
        fresh = checks.accepted(sender.post(channel, {**events[0], "id": hospital.new_id()}))
        assert hospital.settled(fresh["message_id"])["state"] == "review"


def all_goes(machine):
    """Removing the base takes what stands on it along; stock and purchases stay."""
    business = {table: machine.sql(f"SELECT count(*) FROM {table}") for table in BUSINESS}
    remove(machine, BASE)
    assert bares.state(machine, INVENTORY) == "uninstalled"
    assert not bares.left(machine, BASE, INVENTORY)
    assert business == {table: machine.sql(f"SELECT count(*) FROM {table}") for table in BUSINESS}
    odoo_works(machine)
