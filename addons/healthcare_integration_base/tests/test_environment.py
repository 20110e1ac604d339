# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..messaging.errors import MessageError
from ..models.hc_system_environment import NEUTRALIZED, PARAMETER
from .outbound_common import OutboundCase
from .receiver import Receiver
from .test_engine import NOTED


@tagged("post_install", "-at_install")
class TestEnvironment(OutboundCase):
    """Production and test are never mixed, in either direction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tester = cls.make_system("environment-test", environment="test")
        cls.test_channel = cls.make_channel(cls.tester, cls.noted)
        cls.real = cls.make_channel(cls.partner_system, cls.noted, code="in")

    def database_is(self, what):
        self.env["ir.config_parameter"].set_param(PARAMETER, what)

    def note(self, channel, **attributes):
        data = {"facility": "F", "value": 1}
        return self.send(channel, self.event(data, NOTED, **attributes))

    def refused(self, channel, **attributes):
        before = self.env["hc.message"].search_count([])
        with self.assertRaises(MessageError) as caught:
            self.note(channel, **attributes)
        self.assertEqual(self.env["hc.message"].search_count([]), before)
        return caught.exception

    def test_not_said_both_are_served(self):
        self.assertTrue(self.note(self.real) and self.note(self.test_channel))

    def test_a_production_database(self):
        self.database_is("production")
        error = self.refused(self.test_channel)
        self.assertEqual((error.code, error.spec.status), ("environment_mismatch", 403))
        self.assertTrue(self.note(self.real))

    def test_a_test_database(self):
        self.database_is("test")
        self.assertEqual(self.refused(self.real).code, "environment_mismatch")
        self.assertTrue(self.note(self.test_channel))

    def test_a_neutralized_copy_is_a_test_database(self):
        self.database_is("production")
        self.env["ir.config_parameter"].set_param(NEUTRALIZED, "true")
        self.assertEqual(self.refused(self.real).code, "environment_mismatch")
        self.assertTrue(self.note(self.test_channel))

    def test_what_waits_becomes_no_document(self):
        message = self.note(self.test_channel)
        self.database_is("production")
        self.drain()
        self.assertEqual((message.state, message.error_code), ("review", "environment_mismatch"))
        self.assertFalse(message.effect_ids)

    def test_odoo_itself_is_at_home_everywhere(self):
        system = self.env["hc.system"]._sudo_internal(self.env.company)
        self.database_is("test")
        self.assertFalse(system._is_foreign())

    def test_marked_tests_are_refused_by_production(self):
        for said in ("test", "training"):
            error = self.refused(self.real, environment=said)
            self.assertEqual(error.code, "processing_id_mismatch")
        self.assertTrue(self.note(self.real, environment="production"))
        self.assertTrue(self.note(self.test_channel, environment="test"))

    def test_nothing_is_sent_to_the_other_environment(self):
        message = self.queue()
        self.database_is("test")
        with Receiver() as receiver:
            self.lead_to(receiver)
            self.dispatch()
            with self.assertRaises(UserError):
                self.endpoint.action_test()
            self.assertFalse(receiver.requests)
            self.assertEqual(message.state, "review")
            self.assertEqual(message.error_code, "environment_mismatch")
            self.database_is("production")
            message._sudo_resume()
            self.dispatch()
            self.assertEqual(len(receiver.of_key(message.uuid)), 1)

    def test_the_environment_stays_while_messages_wait(self):
        message = self.note(self.test_channel)
        with self.assertRaises(UserError):
            self.tester.environment = "production"
        message._give_up("cancelled", "Moved")
        self.tester.environment = "production"
        self.assertEqual(self.tester.environment, "production")

    def test_a_job_of_the_other_environment_does_not_begin(self):
        channel = self.make_channel(
            self.tester, self.noted, code="files", sync_mode="scheduled_batch"
        )
        with Receiver() as receiver:
            endpoint = self.make_endpoint(self.tester, auth="none", secret=False)
            endpoint.url = receiver.url()
            job = self.env["hc.sync.job"].create(
                {
                    "name": "Pages",
                    "channel_id": channel.id,
                    "transport": "http",
                    "endpoint_id": endpoint.id,
                    "message_type_id": self.noted.id,
                    "file_format": "json",
                    "identity": "fields",
                    "identity_fields": "/number",
                    "schedule": "manual",
                }
            )
            run = self.env["hc.sync.run"].create({"job_id": job.id})
            self.database_is("production")
            self.env.flush_all()
            with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                self.env(cr=cr)["hc.sync.job"]._sync()
            self.env.invalidate_all()
            self.assertFalse(receiver.requests)
        self.assertEqual((run.state, run.error_code), ("failed", "environment_mismatch"))
