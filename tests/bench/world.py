"""Lines for Odoo's shell: 10 wards, 300 items, a third by lot, perpetual valuation."""

WARDS = 10
ITEMS = 300
STOCK = 1_000_000

MAKE_WORLD = f"""
import json
WARDS, ITEMS, STOCK = {WARDS}, {ITEMS}, {STOCK}
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
accounts = env["account.account"].search([("account_type", "=", "asset_current")])
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
system = env["hc.system"].create({{"name": "Bench", "code": "bench", "kind": "cabinet"}})
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
env["hc.identifier"].create([{{
    "system_id": system.id, "namespace": "item", "code_system": "local",
    "value": f"B-{{n:03d}}", "res_model": "product.product", "res_id": p.id}}
    for n, p in enumerate(products)])
types = env["hc.message.type"].search([("name", "=", "supply.consumed.v1")])
channel = env["hc.channel"].create({{
    "name": "bench", "code": "bench", "system_id": system.id,
    "message_type_ids": [(6, 0, types.ids)]}})
channel._sudo_set_state({{"state": "active"}})
credential = env["hc.credential"].create({{
    "name": "bench", "system_id": system.id, "kind": "signature"}})
issued = credential._issue()
print("WORLD " + json.dumps({{
    "key_id": issued.key_id, "secret": issued.secret, "channel": channel.code,
    "lane": channel.lane_id.id, "wards": wards.ids, "ward_codes": [f"W{{n}}" for n in range(WARDS)],
    "use": warehouse.hc_use_location_id.id, "type": warehouse.hc_use_type_id.id,
    "items": [{{"code": f"B-{{n:03d}}", "product": p.id, "uom": p.uom_id.id,
        "lot": lots[p.id].id if p.id in lots else None,
        "lot_name": lots[p.id].name if p.id in lots else None}} for n, p in enumerate(products)]}}))
env.cr.commit()
"""
