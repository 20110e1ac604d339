# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the set-up check judges, read from the records: lanes, channels, ends, ports."""

from datetime import timedelta

from cryptography import x509

from odoo import fields

from ..messaging.setup.facts import CatalogFacts, LaneFacts
from .setup_facts import cron_workers

SOON = timedelta(days=14)
BELATED = timedelta(minutes=15)
"""So late may be what runs seldom, when the workers are busy."""
DUE = """
SELECT lane_id, count(*), extract(epoch FROM (now() AT TIME ZONE 'UTC') - min(next_attempt_at))
  FROM hc_message
 WHERE state IN ('received', 'retry') AND next_attempt_at <= (now() AT TIME ZONE 'UTC')
 GROUP BY lane_id
"""


def catalog_facts(env):
    """Of what the user may see; of scheduled work all there is.

    :param env: the user's own
    """
    now = fields.Datetime.now()
    channels = env["hc.channel"].search([("state", "in", ("active", "paused"))])
    active = channels.filtered(lambda channel: channel.state == "active")
    ports = env["hc.mllp.port"].search([("state", "=", "enabled")])
    config_parameter = env["ir.config_parameter"].sudo()
    return CatalogFacts(
        cron_workers=cron_workers(env.cr),
        lanes=tuple(_lanes(env, now)),
        late_actions=tuple(_late_actions(env, now)),
        paused_channels=tuple((channels - active).mapped("display_name")),
        unowned_channels=tuple(
            active.filtered(lambda channel: not channel.owner_id).mapped("display_name")
        ),
        ending=(*_credentials(env, now), *_certificates(env, ports, now)),
        neutralized=bool(config_parameter.get_param("database.is_neutralized")),
        environment=env["hc.system"]._sudo_database_environment(),
        production_systems=env["hc.system"].search_count([("environment", "=", "production")]),
        silent_ports=tuple(
            ports.filtered(lambda port: port.status in ("waiting", "failed")).mapped("display_name")
        ),
        enabled_ports=len(ports),
        now=now,
    )


def _lanes(env, now):
    env.cr.execute(DUE)
    due = {lane: (count, float(oldest)) for lane, count, oldest in env.cr.fetchall()}
    for lane in env["hc.lane"].search([]):
        # Nobody but administrators may read scheduled actions; it is told how late they are.
        crons = lane.sudo().cron_ids
        count, oldest = due.get(lane.id, (0, 0.0))
        yield LaneFacts(
            name=lane.name,
            drainers=len(crons),
            switched_off=len(crons.filtered(lambda cron: not cron.active)),
            late_seconds=max(((now - cron.nextcall).total_seconds() for cron in crons), default=0),
            due=count,
            oldest_seconds=oldest,
            failures=sum(crons.mapped("failure_count")),
        )


def _late_actions(env, now):
    crons = env["ir.cron"].sudo().with_context(active_test=False)
    ours = [("model_id.model", "=like", "hc.%"), ("hc_lane_id", "=", False)]
    for cron in crons.search(ours):
        if not cron.active or now - cron.nextcall > BELATED:
            yield cron.name


def _credentials(env, now):
    """The last end of each system that is near: while another one is good, none is missed."""
    if not env["hc.credential"].has_access("read"):
        return
    issued = env["hc.credential"].search([("state", "=", "active"), ("is_issued", "=", True)])
    for system, credentials in issued.grouped("system_id").items():
        if not system.active or not all(credentials.mapped("valid_until")):
            continue
        end = max(credentials.mapped("valid_until"))
        if end - now <= SOON:
            yield env._("credentials of %s", system.name), end


def _certificates(env, ports, now):
    endpoints = env["hc.endpoint"].search([])
    pairs = [
        *((port.display_name, port.certificate) for port in ports),
        *((one.display_name, one.client_certificate) for one in endpoints),
    ]
    for name, pem in pairs:
        end = _end(pem)
        if end and end - now <= SOON:
            yield env._("certificate of %s", name), end


def _end(pem):
    """When the first certificate of a text ends, in naive UTC."""
    try:
        certificates = x509.load_pem_x509_certificates((pem or "").encode())
    except ValueError:
        return None
    return certificates[0].not_valid_after_utc.replace(tzinfo=None)
