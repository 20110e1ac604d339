"""The nightly file of the purchasing group, for the demo's scheduled job."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from .rpc import Odoo

SAMPLE = Path(__file__).resolve().parents[2] / "addons/hc_inventory_sync/demo/files"
ENDED = ("done", "partial", "refused", "failed", "cancelled")
WITHIN = 150.0


def pulled(
    odoo: Odoo, exchange: Path, wait: Callable[[Callable[[], bool], float], bool]
) -> list[str]:
    """Leave the file where the job looks, and have it run; what did not go as it should."""
    jobs = odoo.read("hc.sync.job", [("channel_id.code", "=", "item-catalog")], ["id"])
    if not jobs:
        return ["there is no scheduled job: is it demo data?"]
    folder = exchange / "catalog"
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLE.glob("*.csv"):
        shutil.copyfile(sample, folder / sample.name)
    job = jobs[0]["id"]
    odoo.call("hc.sync.job", "action_run_now", [job])
    mine = [("job_id", "=", job), ("file_name", "!=", False)]
    if not wait(lambda: bool(odoo.count("hc.sync.run", [*mine, ("state", "in", ENDED)])), WITHIN):
        return ["the catalog was not pulled"]
    if odoo.count("hc.sync.run", [*mine, ("state", "not in", ("done", "partial"))]):
        return ["the catalog was refused"]
    return []
