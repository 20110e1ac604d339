# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""PostgreSQL: what is kept when it says so, what its log tells, who owns the trail."""

from __future__ import annotations

from .facts import Facts
from .finding import About, Finding

POSTGRES = "PostgreSQL"
TRAIL = "Audit trail"
SAFE_COMMITS = ("on", "remote_apply", "local", "remote_write")
# With these, a statement that fails is not written to the log.
QUIET = ("fatal", "panic")


def durability(facts: Facts) -> Finding:
    about = About("durability", POSTGRES)
    settings = facts.postgres.settings
    off = [name for name in ("fsync", "full_page_writes") if settings.get(name, "on") != "on"]
    if settings.get("synchronous_commit", "on") not in SAFE_COMMITS:
        off.append("synchronous_commit")
    if not off:
        return about.ok("What was answered with 202 is on disk.")
    return about.error(
        f"{', '.join(off)} is off: events that were answered with 202 are lost when the machine"
        " stops.",
        f"Set {', '.join(f'{name} = on' for name in off)} in postgresql.conf and reload.",
    )


def failing_statements(facts: Facts) -> Finding:
    about = About("failing_statements", POSTGRES)
    settings = facts.postgres.settings
    if settings.get("log_min_error_statement", "error") not in QUIET:
        return about.error(
            "PostgreSQL writes each statement that fails to its log, with the payload in it.",
            "Set log_min_error_statement = panic in postgresql.conf and reload; treat the log so"
            " far as personal data.",
        )
    if settings.get("log_parameter_max_length_on_error", "0") != "0":
        return about.error(
            "PostgreSQL writes the parameters of statements that fail to its log.",
            "Set log_parameter_max_length_on_error = 0 in postgresql.conf and reload.",
        )
    return about.ok("PostgreSQL's log holds no statement that failed.")


def logged_statements(facts: Facts) -> Finding:
    about = About("logged_statements", POSTGRES)
    settings = facts.postgres.settings
    if settings.get("log_statement", "none") in ("mod", "all"):
        return about.error(
            "PostgreSQL logs the statements that change data, with their values.",
            "Set log_statement = none (or ddl) in postgresql.conf and reload; treat the log so"
            " far as personal data.",
        )
    slow = _number(settings.get("log_min_duration_statement", "-1"))
    sampled = _number(settings.get("log_min_duration_sample", "-1"))
    if slow >= 0 or sampled >= 0:
        return about.warning(
            "PostgreSQL logs slow statements, with their values.",
            "Set log_min_duration_statement and log_min_duration_sample to -1; use"
            " pg_stat_statements, which keeps no values.",
        )
    return about.ok("PostgreSQL's log holds no statement with values.")


def connection(facts: Facts) -> Finding:
    about = About("connection", POSTGRES)
    if facts.postgres.is_local or facts.postgres.uses_tls:
        return about.ok("Nobody can listen between Odoo and PostgreSQL.")
    return about.error(
        "Odoo reaches PostgreSQL on another machine without TLS.",
        "Set db_sslmode = verify-full in odoo.conf and PGSSLROOTCERT for all processes.",
    )


def role(facts: Facts) -> Finding:
    about = About("role", TRAIL)
    if facts.postgres.is_superuser:
        return about.error(
            "Odoo's role of PostgreSQL is a superuser: it can change and delete the audit trail,"
            " and turn off what the database protects.",
            f"ALTER ROLE {facts.postgres.role} NOSUPERUSER, as another superuser, and run"
            " audit_owner.sql afterwards.",
        )
    return about.ok("Odoo's role of PostgreSQL is no superuser.")


def audit_owner(facts: Facts) -> Finding:
    about = About("audit_owner", TRAIL)
    postgres = facts.postgres
    if not postgres.audit_owner:
        return about.error(
            "There is no audit trail in this database.",
            "Update the addon: odoo -u healthcare_integration_base.",
        )
    script = "data/audit_owner.sql of healthcare_integration_base"
    if postgres.audit_owner == postgres.role:
        return about.error(
            "The audit trail belongs to Odoo's own role. Who can run SQL as Odoo can change and"
            " delete it; that is found out by verifying, and not prevented.",
            f"Run {script} once, as a superuser.",
        )
    if postgres.may_become_owner:
        return about.error(
            "Odoo's role is a member of the role that owns the audit trail, and can become it.",
            f"REVOKE {postgres.audit_owner} FROM {postgres.role}.",
        )
    if postgres.trail_is_old:
        return about.warning(
            "The audit trail is of an earlier version: what this one keeps in it is not yet kept.",
            f"Run {script} again, as a superuser.",
        )
    return about.ok("The audit trail has an owner of its own, which Odoo cannot become.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1


CHECKS = (role, audit_owner, durability, failing_statements, logged_statements, connection)
