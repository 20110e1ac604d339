# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import new_test_user

from .common import EngineCase

BASE = "healthcare_integration_base"
CONTACT = "test.contact.v1"


class PolicyCase(EngineCase):
    """A channel with a policy in draft, and the people who write and approve it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        officer = f"{BASE}.group_privacy_officer"
        manager = f"{BASE}.group_integration_manager"
        cls.manager = new_test_user(cls.env, "hc.policy.manager", manager)
        cls.officer = new_test_user(cls.env, "hc.policy.officer", officer)
        cls.second = new_test_user(cls.env, "hc.policy.second", officer)
        cls.viewer = new_test_user(cls.env, "hc.policy.viewer", f"{BASE}.group_integration_viewer")
        cls.env.company.country_id = cls.env.ref("base.at")
        cls.contact = cls.env["hc.message.type"].create(
            {
                "code": "test.contact",
                "contract_module": BASE,
                "contract_path": "tests/contracts/test.contact.v1.json",
                "handler": "hc.message.handler",
            }
        )
        cls.system = cls.make_system("policy-tests")
        cls.channel = cls.make_channel(cls.system, cls.contact)
        cls.policy = (
            cls.env["hc.field.policy"]
            .with_user(cls.manager)
            .create({"channel_id": cls.channel.id, "reason": "Less is enough"})
        )

    def line(self, pointer, policy=None):
        lines = (policy or self.policy).line_ids
        return lines.filtered(lambda line: line.pointer == pointer)

    def give(self, pointer, rule, reason="Not needed", policy=None):
        self.line(pointer, policy).write({"own_rule": rule, "reason": reason})

    def approve(self, policy=None):
        policy = policy or self.policy
        policy.with_user(self.manager).action_submit()
        policy.with_user(self.officer).action_approve()

    def contact_event(self, **data):
        return self.event({"facility": "F", **data}, CONTACT, id="e-1")
