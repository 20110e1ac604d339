"""Each addon alone: installed on an empty database, updated, removed, and installed again."""

import contextlib
from datetime import UTC, datetime

import pytest
from simulate import credentials
from simulate.billing_documents import CHARGED, Charge, charge_event
from simulate.biomed_documents import ALARMED, BATTERY, Alarm, alarm_event
from simulate.client import Sender
from simulate.codes import Code
from simulate.rpc import Odoo
from support import bare as bares
from support import checks
from support.hospital import BASE, QUIET, Hospital
from support.outsider import Outsider

GATE, INVENTORY = "hc_gate", "hc_inventory_sync"
BILLING, BIOMED = "hc_billing_bridge", "hc_biomed_maintenance"
DOMAINS = {INVENTORY, BILLING, BIOMED}
NOTED = "test.noted.v1"
BUSINESS = {
    INVENTORY: ("stock_move", "stock_move_line", "stock_quant", "purchase_order", "res_partner"),
    BILLING: ("account_move", "account_move_line", "res_partner"),
    BIOMED: ("maintenance_request", "maintenance_equipment", "res_partner"),
}
CHART = """
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.cr.commit()
"""
NOW = datetime.now(UTC).replace(microsecond=0)
EARLIER_VIEW = """
UPDATE ir_ui_view SET arch_db = jsonb_build_object('en_US', %s) WHERE id = (
       SELECT res_id FROM ir_model_data WHERE module = %s AND name = 'view_hc_channel_form_replay')
RETURNING id
"""
NOWHERE = '<xpath expr="//button[@name=\'action_of_old\']" position="replace"/>'
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


def as_of_an_earlier_version(machine):
    """A view extends another one at a button that this version has no more."""
    assert machine.sql(EARLIER_VIEW, NOWHERE, BASE)
    version = "UPDATE ir_module_module SET latest_version = '19.0.1.1.0' WHERE name = %s"
    machine.sql(version, BASE)


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

    as_of_an_earlier_version(machine)
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
        bares.load_world(machine, [BASE, INVENTORY])
    with started(bare, machine) as hospital:
        sender, channel, events = hospital.sender(), hospital.native, some_events(hospital)
        known = list(hospital.systems.values())
        bodies = [checks.accepted(sender.post(channel, event)) for event in events]
        told = resting(hospital, sender, bodies)
        assert {one["state"] for one in told.values()} >= {"done", "review"}
        assert any(one["effects"] for one in told.values())
    before = bares.contents(machine, *BUSINESS[INVENTORY])
    owned = bares.owned_columns(machine, INVENTORY)
    assert before["hc_effect"] and before["stock_move"] and owned

    update(machine, BASE, INVENTORY)
    assert not bares.lost(before, bares.contents(machine, *BUSINESS[INVENTORY]))
    with started(bare, machine, known) as hospital:
        same_for_senders(sender, channel, told, events)
        fresh = checks.accepted(sender.post(channel, hospital.event()))
        assert hospital.settled(fresh["message_id"])["state"] == "done"

    domain_alone_goes(bare, machine, INVENTORY, owned, known, told, events)
    all_goes(machine, INVENTORY)


def some_events(hospital):
    """Uses of several wards, and one of an item that nobody knows."""
    hospital.stock_up()
    wards = range(min(3, len(hospital.world.wards)))
    known = [hospital.event(hospital.use(2, ward=ward)) for ward in wards]
    unknown = hospital.event()
    unknown["data"]["lines"][0]["item"] = {"system": "local", "value": "NOBODY-KNOWS"}
    return [*known, unknown]


def domain_alone_goes(bare, machine, name, owned, known, told, events):
    """The ledger stays with the base, and is whole again when the addon is back."""
    sender, channel = Sender.of(machine.base_url, known[0]), known[0]["channels"][0]["code"]
    ledger = bares.contents(machine)
    remove(machine, name)
    assert bares.state(machine, BASE) == "installed"
    assert not owned & bares.columns(machine)
    # By them the addon finds the types of the ledger again when it is back.
    names = machine.sql(f"SELECT DISTINCT model FROM ir_model_data WHERE module = '{name}'")
    assert names == [("hc.message.type",)]
    kept = bares.contents(machine)
    for table in ("hc_message", "hc_effect", "hc_message_attempt", "hc_identifier", "hc_system"):
        assert ledger[table].keys() == kept[table].keys(), table
    with started(bare, machine, known):
        assert sender.status(next(iter(told))).status_code == 200
    install(machine, name)
    with started(bare, machine, known) as hospital:
        same_for_senders(sender, channel, told, events)
        # What was a column or a table of the addon is to be set up or told again.
        fresh = checks.accepted(sender.post(channel, {**events[0], "id": hospital.new_id()}))
        hospital.drained()
        state = sender.status(fresh["message_id"]).json()["state"]
        assert state in ("duplicate", "review")


def all_goes(machine, name):
    """Removing the base takes what stands on it along; the documents stay."""
    business = counted(machine, name)
    assert all(business.values())
    remove(machine, BASE)
    assert bares.state(machine, name) == "uninstalled"
    assert not bares.left(machine, BASE, name)
    assert business == counted(machine, name)
    odoo_works(machine)


def counted(machine, name):
    """How many rows the documents of a domain have."""
    return {table: machine.sql(f"SELECT count(*) FROM {table}") for table in BUSINESS[name]}


def charging(hospital):
    """A system that charges, with one service that is mapped; and what it sends."""
    clinic = Outsider(hospital, "clinic")
    clinic.open("in", "cloudevents", CHARGED)
    values = {"name": "Visit", "type": "service", "list_price": 40}
    product = hospital.admin.create("product.product", values)
    services = [clinic.map_code("service", "VISIT", product), Code("local", "UNKNOWN")]
    clinic.credentials()
    charges = [
        Charge(f"CH-{n}", f"V-{n}", clinic.facility, services[n // 3], 1 + n, NOW, n)
        for n in range(4)
    ]
    events = [charge_event(hospital.new_id(), clinic.source, charge) for charge in charges]
    return clinic, events


def alarming(hospital):
    """A gateway of devices, with one of them mapped; and what it sends."""
    gateway = Outsider(hospital, "gateway")
    gateway.open("in", "cloudevents", ALARMED)
    pump = hospital.admin.create("maintenance.equipment", {"name": "Pump"})
    devices = [gateway.map_code("equipment", "PUMP", pump), Code("local", "UNKNOWN")]
    gateway.credentials()
    alarms = [Alarm(f"AL-{n}", devices[n // 3], BATTERY, NOW) for n in range(4)]
    return gateway, [alarm_event(hospital.new_id(), gateway.source, alarm) for alarm in alarms]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "sending"), [(BILLING, charging), (BIOMED, alarming)])
def test_domain(bare, name, sending):
    """Alone on Odoo: installed, used, updated, removed, back again, and all gone."""
    machine = bare.machine(name)
    install(machine, name)
    for other in DOMAINS - {name}:
        assert bares.state(machine, other) != "installed"
    if name == BILLING:
        machine.shell(CHART, "loading a chart of accounts")
    with started(bare, machine) as hospital:
        system, events = sending(hospital)
        sender, channel, known = system.sender, system.channels["in"], [system.entry]
        bodies = [checks.accepted(sender.post(channel, event)) for event in events]
        system.finished()
        told = resting(hospital, sender, bodies)
        assert sorted(one["state"] for one in told.values()) == ["done"] * 3 + ["review"]
    before = bares.contents(machine, *BUSINESS[name])
    owned = bares.owned_columns(machine, name)
    assert all(before[table] for table in BUSINESS[name]) and owned

    update(machine, BASE, name)
    assert not bares.lost(before, bares.contents(machine, *BUSINESS[name]))
    with started(bare, machine, known):
        same_for_senders(sender, channel, told, events)

    domain_alone_goes(bare, machine, name, owned, known, told, events)
    all_goes(machine, name)
