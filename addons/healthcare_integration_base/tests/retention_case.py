# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import new_test_user
from odoo.tools import SQL

from ..engine import prune
from .common import EngineCase

BASE = "healthcare_integration_base"
NOTED = "test.noted.v1"
CONTENT = ("payload", "dropped", "error_detail")


class RetentionCase(EngineCase):
    """A channel whose content is kept for 100 days, and people of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.system = cls.make_system("retention")
        cls.channel = cls.make_channel(cls.system, cls.noted)
        cls.other = cls.make_channel(cls.system, cls.noted, code="other")
        # The channels of demo data or of other tests are none of this test's business.
        cls.env["hc.retention.rule"].search([]).unlink()
        cls.rule = cls.env["hc.retention.rule"].create(
            {"state": "done", "days": 100, "channel_id": cls.channel.id}
        )
        cls.manager = new_test_user(cls.env, "keeper", f"{BASE}.group_integration_manager")
        cls.second = new_test_user(cls.env, "keeper2", f"{BASE}.group_integration_manager")
        cls.operator = new_test_user(cls.env, "worker", f"{BASE}.group_integration_operator")

    def note(self, channel=None, state="done", days=200, **attributes):
        """A message that ended some days ago, in a state."""
        data = {"facility": "F", "value": 1, "unheard_of": 1}
        message = self.send(channel or self.channel, self.event(data, NOTED, **attributes))
        self.put(message, state, days)
        return message

    def put(self, message, state, days):
        self.env.cr.execute(
            SQL(
                "UPDATE hc_message SET state = %s, create_date = create_date - %s * interval"
                " '1 day', done_at = create_date - %s * interval '1 day' WHERE id = %s",
                state,
                days,
                days,
                message.id,
            )
        )
        message.invalidate_recordset()

    def run_now(self, limit=prune.PAGE, slots=1000):
        """A whole run; the cron's commits are the test cursor's."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            runs = self.env(cr=cr)["hc.retention.run"]
            run = runs._sudo_start(user=False)
            while not run._work(-1, limit):
                slots -= 1
                self.assertGreater(slots, 0, "the run does not end")
            run_id = run.id
        self.env.invalidate_all()
        return self.env["hc.retention.run"].browse(run_id)

    def assert_kept(self, *messages):
        for message in messages:
            self.assertTrue(message.payload, message.state)
            self.assertFalse(message.payload_pruned_at)

    def assert_pruned(self, *messages):
        for message in messages:
            self.assertTrue(message.payload_pruned_at, message.state)
            self.assertEqual([message[name] or False for name in CONTENT], [False] * 3)

    def issue(self, message, **values):
        issue = self.env["hc.issue"].create(
            {
                "fingerprint": message.uuid,
                "system_id": self.system.id,
                "error_code": "unexpected",
                **values,
            }
        )
        self.env.cr.execute(
            "UPDATE hc_message SET issue_id = %s WHERE id = %s", [issue.id, message.id]
        )
        return issue
