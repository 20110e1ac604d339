# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import uuid
from unittest.mock import patch

from odoo.tests import tagged

from ..engine.outbound.dispatch import Dispatch
from .outbound_common import Reaching
from .receiver import Receiver
from .test_door import NOTED, DoorCase


@tagged("post_install", "-at_install")
class TestEcho(Reaching, DoorCase):
    """A system that sends back what it is told, over HTTP in both directions.

    The handler tells every note on to the same system: without recognition each note would go
    round for ever.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out_lane = cls.env["hc.lane"].create(
            {"name": "Echo", "code": "echo-out", "direction": "out"}
        )
        cls.endpoint = cls.make_endpoint(cls.system, auth="none", secret=False)
        cls.out = cls.make_channel(
            cls.system,
            cls.noted,
            code="out",
            direction="out",
            lane_id=cls.out_lane.id,
            endpoint_id=cls.endpoint.id,
        )
        cls.partner = cls.env["res.partner"].create({"name": "Effect"})

    def setUp(self):
        super().setUp()

        def handle(_handler, items):
            for item in items:
                item.effect("note", "res.partner", self.partner.id)
                item.reply(NOTED, {**item.data, "facility": "NORTH"})

        patcher = patch.object(type(self.env["hc.message.handler"]), "_handle", handle)
        patcher.start()
        self.addCleanup(patcher.stop)

    def tell(self, value, number="7", **attributes):
        """Odoo tells the system about a note, which really gets it.

        :return: what arrived there
        """
        data = {"facility": "NORTH", "number": number, "value": value}
        self.env["hc.outbox"]._send(NOTED, data, company=self.env.company, **attributes)
        return self.deliver()[-1]

    def deliver(self):
        self.env.flush_all()
        with Receiver() as receiver:
            self.endpoint.url = receiver.url()
            self.env.flush_all()
            with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                Dispatch(self.env(cr=cr)["hc.lane"].browse(self.out_lane.id)).run(50)
        self.env.invalidate_all()
        return [json.loads(one.body) for one in receiver.requests]

    def say(self, data, **attributes):
        """The system says something; the message as it was handled."""
        event = {**self.body(), "data": data, **attributes}
        answer = self.call(self.path, event)
        self.assertEqual(answer.status_code, 202, answer.text)
        self.env.invalidate_all()
        self.drain()
        found = self.env["hc.message"].search([("uuid", "=", answer.json()["message_id"])])
        self.assertTrue(found)
        return found

    def sent(self):
        return self.env["hc.message"].search_count(
            [("system_id", "=", self.system.id), ("direction", "=", "out")]
        )

    def assert_echo(self, message):
        self.assertEqual((message.state, message.error_code), ("done", "echo"))
        self.assertFalse(message.effect_ids)

    def test_what_comes_back_goes_nowhere(self):
        arrived = self.tell(5)
        before = self.sent()
        same = dict(reversed(arrived["data"].items()))
        self.assert_echo(self.say(same))
        self.assert_echo(
            self.say({"value": 5.0, "number": "7", "facility": "NORTH", "unheard_of": 1})
        )
        self.assertEqual(self.sent(), before)
        self.assertFalse(self.deliver())

    def test_a_change_goes_through_and_its_return_does_not(self):
        self.tell(5)
        self.assert_echo(self.say({"facility": "NORTH", "number": "7", "value": 5}))
        changed = self.say({"facility": "NORTH", "number": "7", "value": 6})
        self.assertEqual((changed.state, changed.error_code), ("done", False))
        self.assertTrue(changed.effect_ids)
        (told,) = self.deliver()
        self.assertEqual(told["causationid"], changed.uuid)
        self.assert_echo(self.say(told["data"]))
        self.assertFalse(self.deliver())

    def test_back_to_what_was_told_is_a_change(self):
        self.tell(5)
        data = {"facility": "SOUTH", "number": "7", "value": 6}
        with patch.object(type(self.env["hc.outbox"]), "_sudo_remember", lambda *_args: None):
            self.assertTrue(self.say(data).effect_ids)
        self.assertTrue(self.say({"facility": "NORTH", "number": "7", "value": 5}).effect_ids)

    def test_our_own_event_comes_back(self):
        """By its id, whatever has been made of its content."""
        arrived = self.tell(5)
        self.assert_echo(
            self.say({**arrived["data"], "value": 9}, id=arrived["id"], source=arrived["source"])
        )

    def test_what_the_receiver_adds(self):
        arrived = self.tell(5)
        added = {**arrived["data"], "thread": "theirs"}
        self.assert_echo(self.say(added, causationid=arrived["id"]))
        self.assertTrue(self.say(added, causationid=str(uuid.uuid4())).effect_ids)

    def test_an_answer_that_changes_something_is_none(self):
        arrived = self.tell(5)
        answer = {**arrived["data"], "value": 8}
        self.assertTrue(self.say(answer, causationid=arrived["id"]).effect_ids)

    def test_another_record_and_another_time_are_none(self):
        arrived = self.tell(5)
        self.assertTrue(self.say({**arrived["data"], "number": "8"}).effect_ids)
        self.env.cr.execute("UPDATE hc_exchange SET told_at = told_at - interval '2 days'")
        self.assertTrue(self.say(arrived["data"]).effect_ids)

    def test_what_another_system_was_told_is_none(self):
        other = self.make_system("echo-other")
        channel = self.make_channel(other, self.noted, code="other-in")
        arrived = self.tell(5)
        message = self.send(channel, self.event(arrived["data"], NOTED))
        self.drain()
        self.assertTrue(message.effect_ids)

    def test_digests_only_are_kept(self):
        self.tell(5, number="NOTE-CANARY")
        self.env.cr.execute("SELECT count(*), max(e::text) FROM hc_exchange e")
        count, row = self.env.cr.fetchone()
        self.assertEqual(count, 1)
        self.assertNotIn("CANARY", row)
        self.env["hc.exchange"]._gc_old()
        self.assertEqual(self.env["hc.exchange"].search_count([]), 1)
        self.env.cr.execute("UPDATE hc_exchange SET told_at = told_at - interval '40 days'")
        self.env.invalidate_all()
        self.env["hc.exchange"]._gc_old()
        self.assertFalse(self.env["hc.exchange"].search_count([]))
