"""100,000 messages in the ledger: how long the slowest list, search or count takes."""

from __future__ import annotations

import json
import time
from typing import Any

from json2 import Connector
from results import Results
from rig import Rig

COUNT = 100_000
PAGE, COUNT_LIMIT = 80, 10_001
LIMIT_SECONDS = 1.0
MADE = "LEDGER "

# Fills the ledger, and tells what the web client asks for: every filter of the search views, and
# every search field with a value that is rare.
FILL = """
import json
import time
from lxml import etree
from odoo.tools.safe_eval import safe_eval
from odoo.addons.healthcare_integration_base.tests import ledger_rows
company = env.company
channels = env["hc.channel"].search([("direction", "=", "in"), ("message_type_ids", "!=", False)])
issues = env["hc.issue"].create([{
    "fingerprint": f"bench-{one}", "system_id": channels[0].system_id.id,
    "channel_id": channels[0].id, "company_id": company.id, "error_code": "unmapped_item",
    "subject": f"local|{one}", "state": "resolved" if one % 2 else "open"} for one in range(200)])
env.flush_all()
values = {"channels": channels.ids, "issues": issues.ids, "count": COUNT}
env.cr.execute(ledger_rows.MESSAGES, values)
for statement in (ledger_rows.ATTEMPTS, ledger_rows.EFFECTS, ledger_rows.ANALYZE):
    env.cr.execute(statement)
env.cr.commit()
known = env["hc.message"].search([("source", "=", "urn:hc:large"),
    ("business_key", "!=", False), ("state", "=", "review")], limit=1)
samples = {"hc.message": known, "hc.issue": issues[0], "hc.effect": known.effect_ids[:1] or
           env["hc.effect"].search([], limit=1)}
admin = env.ref("base.user_admin")
def read(text, value=None):
    return safe_eval(text, {"uid": admin.id, "self": value})
def questions(name):
    arch = etree.fromstring(env[name].get_view(view_type="search")["arch"])
    yield "all", []
    for node in arch.iter("filter"):
        if node.get("domain"):
            yield node.get("name"), read(node.get("domain"))
    for node in arch.iter("field"):
        if node.getparent().tag == "searchpanel":
            continue
        field = env[name]._fields[node.get("name")]
        found = samples[name][node.get("name")]
        value = found.id if field.relational else found
        if value in (False, None):
            continue
        if node.get("filter_domain"):
            yield node.get("name"), read(node.get("filter_domain"), value)
        else:
            kinds = ("many2one", "selection", "integer")
            way = node.get("operator") or ("=" if field.type in kinds else "ilike")
            yield node.get("name"), [(node.get("name"), way, value)]
for name in samples:
    arch = etree.fromstring(env[name].get_view(view_type="list")["arch"])
    shown = {one.get("name"): {} for one in arch.iterfind("field")
             if not one.get("column_invisible")}
    for label, domain in questions(name):
        print("LEDGER " + json.dumps([name, label, domain, shown], default=str))
for label, domain in (("review", [("state", "=", "review")]),
                      ("everything", [("source", "=", "urn:hc:large")])):
    env.invalidate_all()
    began = time.monotonic()
    wizard = env["hc.replay.prepare"].with_user(admin)._open(domain)
    env["hc.replay.prepare"].browse(wizard["res_id"]).read(["total_count", "ready_count"])
    print("LEDGER " + json.dumps(["hc.replay.prepare", label, time.monotonic() - began, {}]))
"""


def ledger(rig: Rig, results: Results) -> None:
    """Every list, filter, search field and the count of a replay; the slowest is told."""
    told = rig.machine.shell(f"COUNT = {COUNT}\n{FILL}", "filling the ledger").splitlines()
    asked = [json.loads(line.removeprefix(MADE)) for line in told if line.startswith(MADE)]
    assert len(asked) > 30, "the search views have fewer questions than that?"
    client = Connector(rig)
    took = {f"{name} {label}": seconds(client, name, what, shown)
            for name, label, what, shown in asked}  # fmt: skip
    slowest = max(took, key=lambda one: took[one])
    note = f"s, the slowest of {len(took)} over {COUNT} messages: {slowest}; peer: the limit"
    results.add("ledger", took[slowest], LIMIT_SECONDS, note)
    rig.machine.sql("UPDATE hc_message SET state = 'cancelled' WHERE source = 'urn:hc:large'")


def seconds(client: Connector, name: str, asked: Any, shown: dict[str, Any]) -> float:
    """From the request to the page and its count; measured already where it is a number."""
    if isinstance(asked, float):
        return asked
    words = {"specification": shown, "limit": PAGE, "count_limit": COUNT_LIMIT}
    began = time.monotonic()
    client.call(name, "web_search_read", domain=asked, **words)
    return time.monotonic() - began
