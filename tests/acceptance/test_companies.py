"""A person of one company opens every menu of ours, on data of two companies."""

import xml.etree.ElementTree as ET
from ast import literal_eval
from contextlib import suppress

import pytest
from simulate.rpc import Odoo, Refused
from support.hospital import BASE, PASSWORD

ADDONS = (BASE, "hc_inventory_sync", "hc_billing_bridge", "hc_biomed_maintenance")
GROUPS = (
    f"{BASE}.group_integration_manager",
    f"{BASE}.group_privacy_officer",
    f"{BASE}.group_auditor",
    "hc_inventory_sync.group_record_use",
    "hc_billing_bridge.group_billing_manager",
    "hc_biomed_maintenance.group_biomed_manager",
    "stock.group_stock_manager",
)
# All companies share them; what they count is not a company's.
SHARED = {
    "hc.audit.checkpoint",
    "hc.audit.log",
    "hc.backlog",
    "hc.data.domain",
    "hc.lane",
    "hc.message.type",
    "hc.pseudonym.key",
    "hc.retention.run",
}
MOST = 200


@pytest.fixture(scope="module")
def other(hospital):
    """Somebody with all our groups in a company of its own, where there is a system too."""
    sender = hospital.sender()
    good, bad = hospital.event(), hospital.event()
    bad["data"]["location"] = f"NOWHERE-{hospital.run}"
    for event in (good, bad):
        hospital.settled(sender.post(hospital.native, event).json()["message_id"])
    admin, name = hospital.admin, f"Elsewhere {hospital.run}"
    company = admin.create("res.company", {"name": name})
    login = f"elsewhere-{hospital.run}"
    values = {
        "name": login,
        "login": login,
        "password": PASSWORD,
        "company_id": company,
        "company_ids": [(6, 0, [company])],
        "group_ids": [(6, 0, [hospital.ref(group) for group in GROUPS])],
    }
    admin.create("res.users", values)
    user = Odoo(hospital.machine.base_url, hospital.machine.database, login, PASSWORD)
    user.company = company
    user.system = user.create("hc.system", {"name": name, "code": login})
    user.create("hc.site", {"name": "Own", "system_id": user.system, "facility_code": "OWN"})
    return user


def actions_of(user):
    """``(menu, action)`` of all menus of ours that the person sees."""
    menus = user.call("ir.ui.menu", "load_menus", False)
    for menu in menus.values():
        if str(menu.get("xmlid", "")).partition(".")[0] not in ADDONS or not menu.get("action_id"):
            continue
        yield menu["name"], user._ask("/web/action/load", {"action_id": menu["action_id"]})


def spec_of(fields, *arches):
    """What the client asks for: the fields that the person's views show."""
    shown = {node.get("name") for arch in arches for node in ET.fromstring(arch).iter("field")}
    named = {"fields": {"display_name": {}}}
    return {
        name: named if field.get("relation") else {}
        for name, field in fields.items()
        if name in shown and name != "id"
    }


def groupings(arch):
    """Fields by which a pivot or graph groups, its measures left out."""
    return [
        node.get("name") + (f":{node.get('interval')}" if node.get("interval") else "")
        for node in ET.fromstring(arch).iter("field")
        if node.get("type") != "measure" and node.get("invisible") not in ("1", "True")
    ]


def open_action(user, action):
    """Open a window in all of its views; the records that its first page shows."""
    model, context = action["res_model"], {"lang": "en_US"}
    pairs = [(view or False, kind) for view, kind in action["views"]]
    found = user.call(model, "get_views", pairs, {"toolbar": True, "load_filters": True})
    fields = found["models"][model]["fields"]
    domain = literal_eval(action["domain"] or "[]") if isinstance(action["domain"], str) else []
    spec = spec_of(fields, *(view["arch"] for view in found["views"].values()))
    rows = user.call(
        model, "web_search_read", domain=domain, specification=spec, limit=MOST, context=context
    )["records"]
    for _view, kind in pairs:
        if kind in ("pivot", "graph"):
            names = [
                one
                for one in groupings(found["views"][kind]["arch"])
                if fields[one.partition(":")[0]].get("groupable")
            ]
            user.call(model, "formatted_read_group", domain, groupby=names, aggregates=["__count"])
    if any(kind == "form" for _view, kind in pairs):
        for row in rows[:2]:
            user.call(model, "web_read", [row["id"]], spec)
        if 'create="0"' not in found["views"]["form"]["arch"].partition(">")[0]:
            # Who may not create sees no button for it.
            with suppress(Refused):
                user.call(model, "onchange", [], {}, [], spec)
    return model, rows


def strange(hospital, user, model, ids):
    """Records of these that are another company's, or that nobody of this one has made."""
    table = model.replace(".", "_")
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
    columns = {name for (name,) in hospital.machine.sql(query, table)}
    if not ids or model in SHARED:
        return []
    if "company_id" in columns:
        wrong, value = "company_id IS NOT NULL AND company_id <> %s", user.company
    elif "create_uid" in columns:
        wrong, value = "create_uid IS DISTINCT FROM %s", user.uid
    else:
        return list(ids)
    found = hospital.machine.sql(
        f"SELECT id FROM {table} WHERE id = ANY(%s) AND {wrong}", list(ids), value
    )
    return [one for (one,) in found]


def test_every_menu_opens_and_shows_its_own(hospital, other):
    opened, faults, windows = [], [], set()
    for menu, action in actions_of(other):
        opened.append(menu)
        if action["type"] != "ir.actions.act_window":
            continue
        try:
            model, rows = open_action(other, action)
        except Refused as error:
            faults.append(f"{menu}: {error}")
            continue
        windows.add(model)
        if model.startswith("hc."):
            seen = strange(hospital, other, model, [row["id"] for row in rows])
            faults += [f"{menu}: sees {model} {seen}"] if seen else []
    assert not faults, "\n".join(faults)
    assert len(opened) > 25 and len(windows) > 20, (opened, windows)


def test_nothing_of_the_other_by_any_model(hospital, other):
    """Models without a menu too."""
    models = hospital.admin.read("ir.model", [("model", "=like", "hc.%")], ["model"])
    faults, tried, filled = [], 0, 0
    for model in (row["model"] for row in models):
        if not hospital.machine.sql("SELECT to_regclass(%s)", model.replace(".", "_"))[0][0]:
            continue
        try:
            ids = other.call(model, "search", [])
        except Refused:
            continue
        tried += 1
        filled += hospital.admin.count(model, []) > 0
        if seen := strange(hospital, other, model, ids):
            faults.append(f"{model}: {seen}")
    assert not faults, "\n".join(faults)
    assert tried > 25 and filled > 12


def test_the_set_up_check_names_nothing_of_the_other(hospital, other):
    told = str(other.call("hc.setup.check", "run", []))
    names = [one["name"] for one in hospital.admin.read("hc.channel", [], ["name"])]
    assert names and not [name for name in names if name in told]
