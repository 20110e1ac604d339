"""A neutralized copy of the database is mute, also where somebody switches on again in it what
was switched off: ``odoo neutralize``, a real server on the copy, and each connection noted."""

import sys
import time
from pathlib import Path

import pytest
from hcdev import common, venv
from support.machine import Machine

BASE = Path(__file__).resolve().parents[2] / "addons" / "healthcare_integration_base"
sys.path.append(str(BASE / "tests"))

from receiver import Receiver  # noqa: E402

ORDERED = "purchase.ordered.v1"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
WITHIN = 180
CONNECTS = Path(__file__).resolve().parents[1] / "support/connects"
SEALED = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name LIKE 'hc\\_%'
   AND (column_name LIKE '%\\_sealed' OR column_name IN ('bearer_hash'))
   AND table_name IN (SELECT tablename FROM pg_tables)
"""
OFF = {
    "hc_endpoint": "active",
    "hc_file_store": "active",
    "hc_sync_job": "active",
    "hc_credential": "state <> 'revoked'",
    "hc_mllp_port": "state <> 'disabled'",
    "ir_cron": "active AND (hc_lane_id IS NOT NULL OR cron_name LIKE 'Healthcare%%')",
}


class Copy:
    """A copy of the hospital's database with much to send, and a server on it."""

    def __init__(self, hospital, receiver):
        self.hospital, self.receiver = hospital, receiver
        first = hospital.machine
        self.ids = self.prepare(hospital.admin, receiver.url())
        self.calls = first.folder.with_name("staging") / "connects"
        self.machine = Machine(
            first.folder.with_name("staging"),
            first.server,
            f"{first.database}_staging",
            options={"data_dir": first.folder / "data"},
            variables={"PYTHONPATH": str(CONNECTS), "HC_CONNECTS_FILE": str(self.calls)},
        )
        self.machine.stop()
        self.calls.unlink(missing_ok=True)

    def prepare(self, admin, url):
        """What would send: an endpoint with an order that waits, and a job that is due."""
        system = admin.create(
            "hc.system",
            {"name": "Mute", "code": "mute", "kind": "3pl", "environment": "production"},
        )
        reached = {"allow_private": True, "allow_insecure": True}
        endpoint = admin.create(
            "hc.endpoint",
            {"name": "Mute", "system_id": system, "url": url, "secret": SECRET, **reached},
        )
        kinds = {one["name"]: one["id"] for one in admin.read("hc.message.type", [], ["name"])}
        out = self.hospital.new_channel(
            system, "mute-out", kinds[ORDERED], direction="out", endpoint_id=endpoint
        )
        first = self.hospital.machine
        first.sql("UPDATE hc_channel SET state = 'paused' WHERE id = %s", out)
        self.order(admin)
        pulled = kinds["vendor.upserted.v1"]
        into = self.hospital.new_channel(
            system, "mute-in", pulled, sync_mode="scheduled_batch", format="cloudevents"
        )
        job = admin.create(
            "hc.sync.job",
            {
                "name": "Mute",
                "channel_id": into,
                "transport": "http",
                "endpoint_id": endpoint,
                "schedule": "manual",
                "message_type_id": pulled,
                "file_format": "json",
                "identity": "fields",
                "identity_fields": "/vendor/value",
            },
        )
        return {"system": system, "endpoint": endpoint, "channel": out, "job": job}

    def forget(self):
        """Leave nothing in the hospital that takes orders, or waits to be sent."""
        first = self.hospital.machine
        first.wait_ready()
        self.hospital.admin.call("hc.channel", "action_retire", [self.ids["channel"]])
        query = "UPDATE hc_message SET state = 'cancelled' WHERE channel_id = %s"
        first.sql(query, self.ids["channel"])

    def order(self, admin):
        product = self.hospital.world.plain[0].product
        vendor = admin.create("res.partner", {"name": "Mute"})
        line = (0, 0, {"product_id": product, "product_qty": 1, "price_unit": 2.5})
        order = admin.create("purchase.order", {"partner_id": vendor, "order_line": [line]})
        admin.call("purchase.order", "button_confirm", [order])

    def sql(self, query, *values, **options):
        return self.machine.sql(query, *values, **options)

    def make(self):
        """``createdb -T``, what was due in it, and Odoo's own ``neutralize``."""
        first, copy = self.hospital.machine, self.machine.database
        env = first.server.env(superuser=True)
        common.run(["dropdb", "--if-exists", "--force", copy], "removing the copy", env=env)
        command = ["createdb", "-O", first.server.user, "-T", first.database, copy]
        common.run(command, "copying the database", env=env)
        self.sql("UPDATE hc_channel SET state = 'active' WHERE id = %s", self.ids["channel"])
        command = [venv.ODOO, "neutralize", "-c", self.machine.conf, "-d", copy]
        common.run(command, "odoo neutralize", env=self.machine.environment())

    def connects(self):
        """What the server's processes have tried to reach."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.partition(" ")[2] for line in lines]

    def outcome(self):
        """State and code of the order's message and of the job's run."""
        message = self.sql(
            "SELECT state, error_code FROM hc_message WHERE channel_id = %s", self.ids["channel"]
        )
        run = self.sql(
            "SELECT state, error_code FROM hc_sync_run WHERE job_id = %s", self.ids["job"]
        )
        return [*message, *run]

    def switch_on_again(self):
        """What somebody might do in a staging copy to see messages leave."""
        self.sql("UPDATE hc_endpoint SET active = true WHERE id = %s", self.ids["endpoint"])
        self.sql(
            "UPDATE hc_sync_job SET active = true, schedule = 'interval',"
            " next_run_at = now() AT TIME ZONE 'UTC' WHERE id = %s",
            self.ids["job"],
        )
        self.sql("UPDATE ir_cron SET active = true WHERE cron_name LIKE 'Healthcare%%'")
        self.look_now()

    def look_now(self):
        self.sql(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 minute'"
            " WHERE active AND cron_name LIKE 'Healthcare%%'"
        )
        self.machine.nudge()

    def wait(self, what):
        deadline = time.monotonic() + WITHIN
        while not what():
            assert time.monotonic() < deadline, (self.outcome(), self.connects())
            self.machine.nudge()
            time.sleep(0.3)


@pytest.fixture(scope="module")
def staging(hospital):
    with Receiver() as receiver:
        copy = Copy(hospital, receiver)
        hospital.machine.stop()
        try:
            copy.make()
            copy.machine.start()
            yield copy
        finally:
            copy.machine.stop()
            hospital.machine.start()
            copy.forget()


def test_all_that_sends_is_off_and_no_secret_is_left(staging):
    for table, condition in OFF.items():
        assert staging.sql(f"SELECT count(*) FROM {table} WHERE {condition}") == [(0,)], table
    columns = staging.sql(SEALED)
    assert len(columns) >= 5
    for table, column in columns:
        query = f'SELECT count(*) FROM "{table}" WHERE "{column}" IS NOT NULL'
        assert staging.sql(query) == [(0,)], (table, column)


def test_the_copy_calls_nobody(staging):
    assert staging.outcome() == [("queued", None)]
    staging.look_now()
    time.sleep(2)
    staging.switch_on_again()
    refused = "environment_mismatch"
    staging.wait(lambda: staging.outcome() == [("review", refused), ("failed", refused)])
    assert staging.connects() == []
    assert staging.receiver.requests == []


def test_the_same_server_does_call_a_test_system(staging):
    """What shows that the silence was not for want of a server that sends."""
    staging.sql("UPDATE hc_system SET environment = 'test' WHERE id = %s", staging.ids["system"])
    staging.sql(
        "UPDATE hc_endpoint SET auth = 'none', write_date = now() AT TIME ZONE 'UTC' WHERE id = %s",
        staging.ids["endpoint"],
    )
    staging.sql(
        "UPDATE hc_message SET state = 'queued' WHERE channel_id = %s", staging.ids["channel"]
    )
    staging.look_now()
    staging.wait(lambda: staging.outcome()[0] == ("done", None))
    assert staging.receiver.requests
    assert {str(staging.receiver.port) in one for one in staging.connects()} == {True}
