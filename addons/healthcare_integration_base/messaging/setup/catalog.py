# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What moves messages, and what people have to keep: lanes, channels, ends, copies."""

from __future__ import annotations

from collections.abc import Iterable

from .facts import Facts, LaneFacts
from .finding import About, Finding

WORK = "Scheduled work"
CATALOG = "Catalog"
LATE_SECONDS = 180
"""A scheduled action runs each minute; three missed turns are no accident."""
OLD_SECONDS = 900
SHOWN = 5


def cron_workers(facts: Facts) -> Finding:
    about = About("cron_workers", WORK, "nothing-moves")
    wanted = sum(lane.drainers for lane in facts.catalog.lanes)
    seen = facts.catalog.cron_workers
    fix = "Start the process for scheduled work (odoo server --no-http --max-cron-threads=4)."
    if seen is None:
        return about.unknown("PostgreSQL does not tell who listens for scheduled work.", fix)
    if not seen:
        return about.error(
            "Nobody listens for scheduled work: messages are kept, and none is handled.", fix
        )
    if seen < min(wanted, 2):
        return about.warning(
            f"One process alone does scheduled work, for {wanted} drainers of lanes: a long job"
            " holds all messages up.",
            "Start it with --max-cron-threads=4 or more.",
        )
    return about.ok(f"{seen} processes do scheduled work.")


def drains(facts: Facts) -> Finding:
    about = About("drains", WORK, "nothing-moves")
    lanes = facts.catalog.lanes
    off = [lane.name for lane in lanes if lane.switched_off]
    if off:
        return about.error(
            f"Scheduled actions are switched off for {_some(off)}: its messages wait.",
            "Settings / Technical / Scheduled Actions: activate those of the lane. Odoo switches"
            " an action off that fails for a week; its log says why.",
        )
    late = [lane for lane in lanes if lane.late_seconds > LATE_SECONDS]
    if late:
        minutes = max(lane.late_seconds for lane in late) / 60
        return about.error(
            f"Nothing has looked after {_some(lane.name for lane in late)} for {minutes:.0f} min.",
            "See whether the process for scheduled work lives, and what keeps it busy.",
        )
    failing = [lane.name for lane in lanes if lane.failures]
    if failing:
        return about.warning(f"The last run for {_some(failing)} failed.", "Odoo's log says why.")
    return about.ok("Every lane is looked after.")


def other_actions(facts: Facts) -> Finding:
    about = About("other_actions", WORK, "nothing-moves")
    late = facts.catalog.late_actions
    if not late:
        return about.ok("The suite's other scheduled actions run.")
    return about.warning(
        f"These scheduled actions are switched off or late: {_some(late)}.",
        "Settings / Technical / Scheduled Actions: activate them; Odoo's log says why they failed.",
    )


def queue(facts: Facts) -> Finding:
    about = About("queue", WORK, "backlog-full")
    old = [lane for lane in facts.catalog.lanes if lane.due and lane.oldest_seconds > OLD_SECONDS]
    if not old:
        return about.ok("No message waits that could be handled.")
    return about.warning(
        "; ".join(map(_waiting, old[:SHOWN])) + ".",
        "See what keeps the lane busy. What stands behind a message in review waits for that one.",
    )


def paused(facts: Facts) -> Finding:
    about = About("paused", CATALOG, "paused")
    channels = facts.catalog.paused_channels
    if not channels:
        return about.ok("No channel is paused.")
    return about.warning(
        f"Paused, and refusing messages: {_some(channels)}.", "Resume them, or tell their senders."
    )


def owners(facts: Facts) -> Finding:
    about = About("owners", CATALOG)
    channels = facts.catalog.unowned_channels
    if not channels:
        return about.ok("Every active channel has an owner.")
    return about.warning(
        f"Nobody answers for these active channels: {_some(channels)}.",
        "Name an owner on each: issues are given to them.",
    )


def ends(facts: Facts) -> Finding:
    about = About("ends", CATALOG)
    catalog = facts.catalog
    past = [name for name, end in catalog.ending if end <= catalog.now]
    near = [name for name, end in catalog.ending if end > catalog.now]
    fix = "Rotate the credential, or have the certificate renewed, before senders are refused."
    if past:
        return about.error(f"Ended: {_some(past)}.", fix)
    if near:
        return about.warning(f"Ends soon: {_some(near)}.", fix)
    return about.ok("No credential or certificate in use ends soon.")


def copy(facts: Facts) -> Finding:
    about = About("copy", CATALOG)
    catalog = facts.catalog
    if not catalog.neutralized:
        return about.ok("This database is not marked as a copy.")
    fix = "In a copy this is right: give its systems the environment Test. Is it the real one,"
    fix += " somebody has neutralized it: restore it, or give it its secrets again."
    seen = "This database was neutralized: it sends nothing"
    if catalog.production_systems:
        return about.warning(f"{seen}, and still has production systems.", fix)
    return about.warning(f"{seen}.", fix)


def environment(facts: Facts) -> Finding:
    about = About("environment", CATALOG, "environment")
    if facts.catalog.environment:
        return about.ok(f"This database is for {facts.catalog.environment}.")
    return about.warning(
        "Nobody has said whether this database is for production or for tests: messages of test"
        " systems are taken like those of production.",
        "Settings / Integration: say what this database is.",
    )


def mllp(facts: Facts) -> Finding:
    about = About("mllp", WORK, "mllp")
    catalog = facts.catalog
    if catalog.silent_ports:
        return about.error(
            f"Nothing is heard of these MLLP ports: {_some(catalog.silent_ports)}. Their senders"
            " cannot connect.",
            "Start the process (ODOO_RC=odoo.conf odoo hc_mllp); its log says what is wrong.",
        )
    return about.ok("All MLLP ports are served." if catalog.enabled_ports else "No MLLP port.")


def _waiting(lane: LaneFacts) -> str:
    minutes = f"{lane.oldest_seconds / 60:.0f} min"
    return f"{lane.name}: {lane.due} messages are due, the oldest for {minutes}"


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    shown = ", ".join(listed[:SHOWN])
    return f"{shown} and {len(listed) - SHOWN} more" if len(listed) > SHOWN else shown


CHECKS = (cron_workers, drains, other_actions, queue, mllp, paused, owners, ends, copy, environment)
