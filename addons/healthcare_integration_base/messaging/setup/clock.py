# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Clocks: signed requests are refused 300 s away, messages from the future go to review."""

from __future__ import annotations

from .facts import Facts
from .finding import About, Finding

CLOCK = "Clock"
BARELY = 2.0
FAR = 60.0
SIGNATURE_SECONDS = 300
REVIEW_SECONDS = 600


def database_clock(facts: Facts) -> Finding:
    about = About("database_clock", CLOCK)
    away = abs(facts.clock.database)
    if away <= BARELY:
        return about.ok("Odoo and PostgreSQL have the same time.")
    seen = f"The clocks of Odoo and PostgreSQL are {away:.0f} s apart: waiting times and ends of"
    seen += " credentials are off by that."
    fix = "Have both machines keep time by NTP (chrony or systemd-timesyncd)."
    return about.error(seen, fix) if away > FAR else about.warning(seen, fix)


def synchronized(facts: Facts) -> Finding:
    about = About("synchronized", CLOCK)
    if facts.clock.is_synchronized:
        return about.ok("The clock is kept by NTP.")
    fix = "Start chrony or systemd-timesyncd on the host; timedatectl says whether it works."
    if facts.clock.is_synchronized is None:
        return about.unknown("The system does not say whether its clock is kept.", fix)
    return about.warning(
        "The clock is kept by nothing. When it is 300 s off, all signed requests are refused.", fix
    )


def senders_clock(facts: Facts) -> Finding:
    about = About("senders_clock", CLOCK, "date")
    ahead = facts.clock.senders
    if ahead is None:
        return about.ok("No message of the last day says when it was sent.")
    if ahead <= FAR:
        return about.ok("No message of the last day was sent in the future.")
    fix = "Look for the sender in the ledger, by the event's time; its clock is wrong, or ours is."
    seen = f"A message of the last day says that it was sent {ahead / 60:.0f} min in the future."
    if ahead > REVIEW_SECONDS:
        return about.warning(f"{seen} Such messages go to review.", fix)
    return about.warning(seen, fix)


CHECKS = (database_clock, synchronized, senders_clock)
