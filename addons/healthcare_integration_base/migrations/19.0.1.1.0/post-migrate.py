# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A lane had one scheduled action (``hc_lane.cron_id``); now it has as many as it has
drainers, which know their lane (``ir_cron.hc_lane_id``). And what leaves has lanes of its own.
"""

from odoo import SUPERUSER_ID, api

# By what they do, not by the old column: it is gone where the addon was updated before.
ADOPT = """
    UPDATE ir_cron c SET hc_lane_id = l.id
      FROM ir_act_server s, hc_lane l
     WHERE s.id = c.ir_actions_server_id AND c.hc_lane_id IS NULL
       AND s.code = format('model._cron_drain(%s)', l.id)
"""


def migrate(cr, version):
    """Odoo's entry, after the addon's models and data are up to date."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.flush_all()
    cr.execute(ADOPT)
    env.invalidate_all()
    env["hc.lane"].with_context(active_test=False).search([])._sudo_fit_crons()
    _part_directions(env)


def _part_directions(env):
    """Channels that send go to the outbound lane of their segment, with what waits in them."""
    channels = env["hc.channel"].with_context(active_test=False).search([("direction", "=", "out")])
    stray = channels.filtered(lambda channel: channel.lane_id.direction != "out")
    if not stray:
        return
    stray._compute_lane_id()
    env.flush_all()
    env.cr.execute(
        "UPDATE hc_message m SET lane_id = c.lane_id, shard = 0 FROM hc_channel c"
        " WHERE c.id = m.channel_id AND c.id = ANY(%s) AND m.direction = 'out'",
        [stray.ids],
    )
