"""Lines for Odoo's shell: what the benchmarks are about, the same for both sides."""

WARDS = 10
ITEMS = 300
STOCK = 1_000_000
SERVICES, PAYERS = 200, 8
DEVICES = 200

# One system, its key, and the key of a connector.
KEYS = """
import json
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
system = env["hc.system"].create({"name": "Bench", "code": "bench", "kind": "cabinet"})
def open_channel(code, *names):
    types = env["hc.message.type"].search([("name", "in", names)])
    assert len(types) == len(names), names
    channel = env["hc.channel"].create({
        "name": code, "code": code, "system_id": system.id,
        "message_type_ids": [(6, 0, types.ids)]})
    channel._sudo_set_state({"state": "active"})
    return channel
def map_code(namespace, value, record):
    return {"system_id": system.id, "namespace": namespace, "code_system": "local",
            "value": value, "res_model": record._name, "res_id": record.id}
def tell(name, **what):
    print(f"WORLD {name} " + json.dumps(what))
issued = env["hc.credential"].create({
    "name": "bench", "system_id": system.id, "kind": "signature"})._issue()
admin = env.ref("base.user_admin")
api_key = env(user=admin)["res.users.apikeys"]._generate("rpc", "bench", None)
tell("keys", key_id=issued.key_id, secret=issued.secret, api_key=api_key)
"""

# 10 wards, 300 items, a third by lot, perpetual valuation.
SUPPLIES = f"""
WARDS, ITEMS, STOCK = {WARDS}, {ITEMS}, {STOCK}
expense = env["account.account"].search([("account_type", "=", "expense")], limit=1)
stock_account = env["account.account"].create(
    {{"name": "Bench stock", "code": "BENCH1", "account_type": "asset_current"}})
category = env["product.category"].create({{
    "name": "Bench", "property_cost_method": "average", "property_valuation": "real_time",
    "property_stock_valuation_account_id": stock_account.id,
    "property_account_expense_categ_id": expense.id}})
products = env["product.product"].create([{{
    "name": f"Bench item {{n:03d}}", "type": "consu", "is_storable": True,
    "categ_id": category.id, "standard_price": 1 + n % 17,
    "tracking": "lot" if n % 3 == 2 else "none"}} for n in range(ITEMS)])
lots = {{p.id: env["stock.lot"].create(
    {{"name": f"LOT-{{p.id}}", "product_id": p.id, "company_id": company.id}})
    for p in products if p.tracking == "lot"}}
warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
setup = env["hc.ward.setup"].create({{
    "system_id": system.id, "facility_name": "Bench", "facility_code": "BENCH",
    "warehouse_id": warehouse.id, "account_id": expense.id,
    "line_ids": [(0, 0, {{"name": f"Bench ward {{n}}", "code": f"W{{n}}"}})
                 for n in range(WARDS)]}})
wards = setup._set_up()
quants = env["stock.quant"].with_context(inventory_mode=True).create([{{
    "product_id": p.id, "location_id": w.id, "inventory_quantity": STOCK,
    "lot_id": lots[p.id].id if p.id in lots else False}} for p in products for w in wards])
quants.action_apply_inventory()
env["stock.warehouse.orderpoint"].create([{{
    "product_id": p.id, "location_id": wards[n % WARDS].id, "warehouse_id": warehouse.id,
    "trigger": "auto", "product_min_qty": STOCK - 200, "product_max_qty": STOCK}}
    for n, p in enumerate(products[:60])])
env["hc.identifier"].create([
    map_code("item", f"B-{{n:03d}}", p) for n, p in enumerate(products)])
channel = open_channel("bench", "supply.consumed.v1")
tell("supplies", channel=channel.code, wards=wards.ids,
    ward_codes=[f"W{{n}}" for n in range(WARDS)], use=warehouse.hc_use_location_id.id,
    type=warehouse.hc_use_type_id.id,
    items=[{{"code": f"B-{{n:03d}}", "product": p.id, "uom": p.uom_id.id,
        "lot": lots[p.id].id if p.id in lots else None,
        "lot_name": lots[p.id].name if p.id in lots else None}} for n, p in enumerate(products)])
env.cr.commit()
"""

# Services with the company's own tax on sales, and payers that are companies.
CHARGES = f"""
services = env["product.product"].create([{{
    "name": f"Bench service {{n:03d}}", "type": "service",
    "list_price": 15 + n % 40 + 0.25 * (n % 4)}} for n in range({SERVICES})])
assert all(services.mapped("taxes_id"))
payers = env["res.partner"].create([
    {{"name": f"Bench payer {{n}}", "is_company": True}} for n in range({PAYERS})])
env["hc.identifier"].create([
    *(map_code("service", f"S-{{n:03d}}", p) for n, p in enumerate(services)),
    *(map_code("payer", f"P-{{n}}", p) for n, p in enumerate(payers))])
channel = open_channel("bench-charges", "charge.captured.v1")
tell("charges", channel=channel.code,
    services=[{{"code": f"S-{{n:03d}}", "product": p.id, "price": str(p.list_price)}}
        for n, p in enumerate(services)],
    payers=[{{"code": f"P-{{n}}", "partner": p.id}} for n, p in enumerate(payers)])
env.cr.commit()
"""

# Devices of one team; a connector has a counter and a time of its own to keep.
ALARMS = f"""
team = env["maintenance.team"].search([], limit=1)
devices = env["maintenance.equipment"].create([{{
    "name": f"Bench device {{n:03d}}", "serial_no": f"BENCH-{{n:03d}}",
    "maintenance_team_id": team.id}} for n in range({DEVICES})])
request_model = env["ir.model"]._get("maintenance.request")
for name, kind in (("x_cause", "char"), ("x_count", "integer"), ("x_last", "datetime")):
    env["ir.model.fields"].create({{
        "model_id": request_model.id, "name": name, "ttype": kind, "index": name == "x_cause",
        "field_description": name}})
env["hc.identifier"].create([
    map_code("equipment", f"D-{{n:03d}}", d) for n, d in enumerate(devices)])
channel = open_channel("bench-alarms", "device.alarmed.v1")
tell("alarms", channel=channel.code, team=team.id,
    devices=[{{"code": f"D-{{n:03d}}", "equipment": d.id}} for n, d in enumerate(devices)])
env.cr.commit()
"""

WORLDS = KEYS + SUPPLIES + CHARGES + ALARMS
