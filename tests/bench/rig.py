"""The server that is measured: a database of its own, crons under control."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from hcdev import common
from support import cluster as clusters
from support.machine import Machine
from worlds import WORLDS

HERE = Path(__file__).parent
LANES = "SELECT id FROM ir_cron WHERE hc_lane_id IS NOT NULL"
FOLLOW_UP = """
SELECT res_id FROM ir_model_data
 WHERE module = 'healthcare_integration_base' AND name = 'cron_followup'
"""
WAITING = "SELECT count(*) FROM hc_message WHERE state IN ('received', 'retry')"
FOLLOW_UPS = "SELECT count(*) FROM hc_dirty_key"
DONE = "SELECT count(*) FROM hc_message WHERE state = 'done'"


class Rig:
    """A machine and the world in it."""

    def __init__(self) -> None:
        self.cluster, server = clusters.make("bench")
        self.machine = Machine(common.WORK / "bench", server, "hc_bench", addons=[HERE / "addons"])
        self.machine.stop()
        clusters.copy_template(server, self.machine.database)
        self.machine.odoo("-i", "hc_bench")
        told = self.machine.shell(WORLDS, "making the world of the benchmarks")
        lines = [line.split(" ", 2) for line in told.splitlines() if line.startswith("WORLD ")]
        found: dict[str, dict[str, Any]] = {name: json.loads(text) for _, name, text in lines}
        self.world, self.charges, self.alarms = (
            found["keys"] | found[name] for name in ("supplies", "charges", "alarms")
        )
        self.api_key = str(found["keys"]["api_key"])
        self.machine.sql("UPDATE ir_cron SET active = false")
        self.machine.sql("ANALYZE", superuser=True)
        self.machine.start()
        assert self.machine.sql("SHOW fsync")[0][0] == "on"

    @property
    def port(self) -> int:
        """Where the server listens."""
        return self.machine.port

    def close(self) -> None:
        """Leave nothing running."""
        self.machine.stop()
        clusters.stop(self.cluster)

    # -------------------------------------------------------------- crons

    def drains(self, active: bool, *, follow_up: bool = False) -> None:
        """Let lanes be drained, or stop them."""
        self.machine.sql(f"UPDATE ir_cron SET active = %s WHERE id IN ({LANES})", active)
        wanted = active and follow_up
        self.machine.sql(f"UPDATE ir_cron SET active = %s WHERE id IN ({FOLLOW_UP})", wanted)

    def wake(self) -> None:
        """What an arriving message does: the lane's cron is due now."""
        self.machine.sql(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 second'"
            f" WHERE active AND id IN ({LANES})"
        )
        self.machine.nudge()

    # ------------------------------------------------------------- ledger

    def count(self, query: str, *values: Any) -> int:
        """One number of the database."""
        return int(self.machine.sql(query, *values)[0][0])

    def drained(self, within: float) -> None:
        """Wait until nothing waits in the ledger."""
        self._none(WAITING, within, "the ledger is not drained in time")

    def followed_up(self, within: float) -> None:
        """Wait until no follow-up work is left."""
        self._none(FOLLOW_UPS, within, "follow-up work is left")

    def _none(self, query: str, within: float, complaint: str) -> None:
        connection = self.machine.connect()
        deadline = time.monotonic() + within
        try:
            with connection.cursor() as cursor:
                while True:
                    cursor.execute(query)
                    if not cursor.fetchone()[0]:
                        return
                    assert time.monotonic() < deadline, complaint
                    time.sleep(0.1)
        finally:
            connection.close()

    def forget_waiting(self) -> None:
        """What the acceptance runs left in the ledger is not to be handled."""
        self.machine.sql("UPDATE hc_message SET state = 'cancelled' WHERE state = 'received'")
        self.machine.sql("VACUUM ANALYZE hc_message")

    def batch_limit(self, limit: int) -> None:
        """How many messages one transaction handles."""
        self.machine.sql("UPDATE hc_lane SET batch_limit = %s", limit)

    def memory(self) -> float:
        """Resident memory of the HTTP workers, MB each on average."""
        pages = [
            int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.machine.workers()
        ]
        return sum(pages) * 4096 / len(pages) / 1e6
