# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import time

import psycopg2

from odoo import SUPERUSER_ID, api, models

from ..engine.failures import CONFLICTS
from ..engine.replay import Player

RUN_SECONDS = 50.0
POLL_SECONDS = 0.5


class HcReplay(models.Model):
    """The scheduled action that plays replays. Each step is committed by itself: a crash loses
    no more than one, and nothing is repeated."""

    _inherit = "hc.replay"

    @api.model
    def _wake(self):
        """Have replays go on soon; called after they are committed."""
        with self.env.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.ref("healthcare_integration_base.cron_replay")._trigger()

    @api.model
    def _cron_run(self):
        """Entry of the scheduled action, woken by the buttons and once a minute."""
        self.env["ir.cron"]._commit_progress(1, remaining=0)
        deadline = time.monotonic() + RUN_SECONDS
        while self._is_moving():
            if time.monotonic() > deadline:
                self._wake()
                return
            if not self._run_once():
                time.sleep(POLL_SECONDS)

    @api.model
    def _run_once(self):
        """One step of each replay that has open lines.

        :return: whether something has moved
        """
        moved = [self._run_step(replay_id) for replay_id in self._open_ids()]
        return any(moved)

    @api.model
    def _run_step(self, replay_id):
        cr = self.env.cr
        player = Player(self.env, replay_id)
        try:
            moved = player.step()
            self.env.flush_all()
            cr.commit()  # pylint: disable=invalid-commit
        except CONFLICTS:
            # Somebody else has one of the messages or the replay in hand.
            cr.rollback()
            self.env.transaction.reset()
            return False
        except psycopg2.Error:
            cr.rollback()
            raise
        self.env.invalidate_all(flush=False)
        if player.lanes:
            self.env["hc.lane"].browse(player.lanes)._wake()
        return moved

    @api.model
    def _open_ids(self):
        """Replays that run, and those that were stopped while messages were in the lanes."""
        cr = self.env.cr
        cr.commit()  # pylint: disable=invalid-commit
        cr.execute(
            "SELECT id FROM hc_replay r WHERE state = 'running' OR state IN ('paused', 'cancelled')"
            " AND EXISTS (SELECT 1 FROM hc_replay_line l"
            "              WHERE l.replay_id = r.id AND l.state = 'running') ORDER BY id"
        )
        ids = [row[0] for row in cr.fetchall()]
        cr.commit()  # pylint: disable=invalid-commit
        return ids

    @api.model
    def _is_moving(self):
        """Whether it is worth to look again soon: what waits for its next attempt is looked at
        once a minute."""
        cr = self.env.cr
        cr.commit()  # pylint: disable=invalid-commit
        cr.execute(
            "SELECT EXISTS (SELECT 1 FROM hc_replay_line l JOIN hc_replay r ON r.id = l.replay_id"
            "   LEFT JOIN hc_message m ON m.id = l.message_id AND l.state = 'running'"
            "  WHERE l.state = 'waiting' AND r.state = 'running'"
            "     OR l.state = 'running' AND m.state <> 'retry')"
            " OR EXISTS (SELECT 1 FROM hc_replay r WHERE r.state = 'running' AND NOT EXISTS"
            "   (SELECT 1 FROM hc_replay_line l WHERE l.replay_id = r.id"
            "     AND l.state IN ('waiting', 'running')))"
        )
        moving = cr.fetchone()[0]
        cr.commit()  # pylint: disable=invalid-commit
        return moving
