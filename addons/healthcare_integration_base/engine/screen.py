# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What of a batch gets to its handler, and what ends before: messages of another environment,
Odoo's own that come back, and updates of data that belong to somebody else (ADR 0023).

None of them is dropped: each has its state, its code and its entry of the trail.
"""

from ..messaging.ownership import FREE, judge
from . import echo

WITHHELD = "fields_not_owned"


def before(env, items):
    """Tell those that must not have an effect their end.

    :return: the others, for the handler
    """
    system = env["hc.system"].browse(items[0].system_id)
    if system._is_foreign():
        for item in items:
            item.review("environment_mismatch")
        return []
    domain, record = env["hc.message.type"]._data_domain(items[0].type)
    items = echo.screen(env, items, domain, record)
    rows = env["hc.ownership"]._rows().get(domain)
    if not rows or not items:
        return items
    return _owned(env, items, system, domain, record, rows)


def after(env, items):
    """Say what was left out of the updates, and that the systems know their records anew."""
    for item in items:
        if item.withheld and item.state in ("done", "duplicate") and not item.error_code:
            item.note(WITHHELD)
            item.error_detail = " ".join(f"/{name}" for name in sorted(item.withheld))
    done = [item for item in items if item.state == "done"]
    if done:
        echo.forget(env, done, *env["hc.message.type"]._data_domain(done[0].type))


def plan_of(item):
    """What is planned for an item that gets to no handler."""
    if item.state == "review":
        return [{"review": item.error_code}]
    return [{"refused" if item.state == "rejected" else "ignored": item.error_code}]


def _owned(env, items, system, domain, record, rows):
    sender = None if system.is_internal else system.id
    sites = _sites(env, items, system)
    left = []
    for item in items:
        item.data_domain = domain
        verdict = FREE if item.owner_waived else _verdict(item, rows, sender, record, sites)
        item.withheld, item.on_new = verdict.withheld, verdict.on_new
        if verdict.action:
            item.disown(verdict.action)
        else:
            left.append(item)
    return left


def _verdict(item, rows, sender, record, sites):
    site = sites.get(_facility(item))
    company = site.company_id.id if site else item.company_id
    stated = item.data.keys() - set(record)
    return judge(rows, sender, company, site.id if site else None, stated)


def _sites(env, items, system):
    """Sites of the facilities that the items name: facility code -> ``hc.site``."""
    codes = {_facility(item) for item in items} - {None}
    pairs = [(code, None) for code in codes]
    found = env["hc.site"]._resolve_many(system, pairs) if pairs else {}
    return {code: site for (code, _location), site in found.items() if site}


def _facility(item):
    return item.data.get("facility") or item.channel.default_site_id.facility_code or None
