# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sending from a started server, and what is left when its cron process is killed with -9
between POST and commit."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hcdev import serve
from standardwebhooks import Webhook

BASE = Path(__file__).resolve().parents[2] / "addons" / "healthcare_integration_base"
sys.path.append(str(BASE / "tests"))

from receiver import Receiver, answer, hang  # noqa: E402

ORDERED = "purchase.ordered.v1"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
WITHIN = 120


class Partner:
    """A system that takes purchase orders, and orders that are placed with it."""

    def __init__(self, hospital):
        self.hospital, self.admin = hospital, hospital.admin
        system = self.admin.create(
            "hc.system", {"name": "Wholesaler", "code": "wholesaler", "kind": "3pl"}
        )
        self.endpoint = self.admin.create(
            "hc.endpoint",
            {
                "name": "Orders",
                "system_id": system,
                "url": "http://127.0.0.1:9/",
                "secret": SECRET,
                "allow_private": True,
                "allow_insecure": True,
                "breaker_threshold": 50,
            },
        )
        kind = self.admin.read("hc.message.type", [("name", "=", ORDERED)], ["id"])[0]["id"]
        self.channel = hospital.new_channel(
            system, "orders", kind, direction="out", endpoint_id=self.endpoint
        )
        self.vendor = self.admin.create("res.partner", {"name": "Wholesaler"})

    def lead_to(self, receiver, on_unknown="person"):
        self.admin.call("hc.endpoint", "write", [self.endpoint], {"url": receiver.url()})
        self.admin.call("hc.channel", "write", [self.channel], {"on_unknown": on_unknown})

    def order(self):
        """Confirm an order; the uuid of the message that tells of it."""
        product = self.hospital.world.plain[0].product
        line = (0, 0, {"product_id": product, "product_qty": 3, "price_unit": 2.5})
        order = self.admin.create(
            "purchase.order", {"partner_id": self.vendor, "order_line": [line]}
        )
        self.admin.call("purchase.order", "button_confirm", [order])
        name = self.admin.read("purchase.order", [("id", "=", order)], ["name"])[0]["name"]
        ((uuid,),) = self.sql(
            "SELECT uuid FROM hc_message WHERE subject = %s AND direction = 'out'", name
        )
        return uuid

    def sql(self, query, *values):
        return self.hospital.machine.sql(query, *values)

    def state(self, uuid):
        return self.sql("SELECT state, error_code FROM hc_message WHERE uuid = %s", uuid)[0]

    def wait(self, what, within=WITHIN, *, nudge=False):
        deadline = time.monotonic() + within
        while not what():
            assert time.monotonic() < deadline, "it does not come about"
            if nudge:
                self.hospital.machine.nudge()
            time.sleep(0.2)

    def wait_state(self, uuid, wanted, **options):
        self.wait(lambda: self.state(uuid)[0] == wanted, **options)

    def kill_cron(self):
        """``kill -9`` of the cron process and its workers."""
        machine = self.hospital.machine
        pids = [pid for pid in serve.processes(machine.conf) if "--no-http" in serve.arguments(pid)]
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", ",".join(map(str, pids))],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        victims = sorted({*pids, *map(int, listed)})
        assert victims
        machine.kill_these(victims)


@pytest.fixture(scope="module")
def partner(hospital):
    return Partner(hospital)


def test_an_order_is_delivered_signed(partner):
    with Receiver() as receiver:
        partner.lead_to(receiver)
        uuid = partner.order()
        partner.wait_state(uuid, "done")
    (request,) = receiver.of_key(uuid)
    event = Webhook(SECRET).verify(request.body, request.headers)
    assert (event["id"], event["type"]) == (uuid, ORDERED)
    assert event["data"]["lines"][0]["quantity"] == "3"


def test_killed_while_sending_and_repeated(partner):
    """The receiver takes a number once only: it is sent again, with the same number."""
    with Receiver(hang) as receiver:
        partner.lead_to(receiver, "repeat")
        uuid = partner.order()
        partner.wait(lambda: receiver.of_key(uuid))
        assert partner.sql("SELECT count(*) FROM hc_delivery")[0][0] == 1
        partner.kill_cron()
        receiver.now_answer(answer(202))
        receiver.let_go()
        partner.wait_state(uuid, "done", nudge=True)
    first, *others = receiver.of_key(uuid)
    assert others
    assert {one.body for one in others} == {first.body}
    assert partner.sql("SELECT count(*) FROM hc_delivery")[0][0] == 0


def test_killed_while_sending_and_a_person_decides(partner):
    """Nobody knows whether it arrived: it is not sent again before somebody says so."""
    with Receiver(hang) as receiver:
        partner.lead_to(receiver, "person")
        uuid = partner.order()
        partner.wait(lambda: receiver.of_key(uuid))
        partner.kill_cron()
        receiver.now_answer(answer(202))
        receiver.let_go()
        partner.wait_state(uuid, "unknown", nudge=True)
        assert partner.state(uuid)[1] == "delivery_interrupted"
        other = partner.order()
        partner.wait_state(other, "done", nudge=True)
        assert len(receiver.of_key(uuid)) == 1
        admin = partner.admin
        message = admin.read("hc.message", [("uuid", "=", uuid)], ["issue_id"])[0]
        assert message["issue_id"]
        admin.call("hc.message", "action_arrived", [message["id"]])
        assert partner.state(uuid)[0] == "done"
        time.sleep(1)
        assert len(receiver.of_key(uuid)) == 1
    trail = partner.sql(
        "SELECT details FROM hc_audit.event WHERE object = %s AND action = 'message.settled'", uuid
    )
    assert [one[0]["choice"] for one in trail] == ["arrived"]


def test_nothing_of_an_order_is_in_the_log(partner):
    before = len(partner.hospital.machine.log.read_text(errors="replace"))
    with Receiver() as receiver:
        partner.lead_to(receiver)
        partner.wait_state(partner.order(), "done", nudge=True)
    body = json.loads(receiver.requests[-1].body)
    log = partner.hospital.machine.log.read_text(errors="replace")[before:]
    assert SECRET not in log
    assert body["data"]["lines"][0]["item"]["value"] not in log
