# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import config, mute_logger

from ..engine.slots import slot
from .common import EngineCase
from .test_access import BASE, AccessCase

LINKS = ("hc.system", "hc.channel", "hc.lane", "hc.message")
UNBOUND = frozenset({"hc.message.type", "hc.data.domain"})
"""Models of which every segment has the same records."""


class SegmentCase(AccessCase):
    """The world of the tests of access: one system, of the enterprise segment, with a record
    of each model."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.config.settings"].create({"hc_segments_apart": True})
        cls.roles = ("integration_manager", "privacy_officer", "auditor")
        cls.clinical = cls.person("clinical")
        cls.enterprise = cls.person("enterprise")

    @classmethod
    def person(cls, *segments):
        groups = [f"{BASE}.group_{role}" for role in cls.roles]
        groups += [f"{BASE}.group_segment_{segment}" for segment in segments]
        login = f"hc.{'.'.join(segments) or 'none'}"
        user = new_test_user(cls.env, login, ",".join(groups))
        user.group_ids += cls.groups_of_people()
        return user

    @classmethod
    def groups_of_people(cls):
        """Groups of domain addons that read our models, without what they add to a segment."""
        names = [name for name in cls.registry if name.startswith("hc.")]
        granted = cls.env["ir.model.access"].search(
            [("model_id.model", "in", names), ("perm_read", "=", True)]
        )
        technical = cls.env["res.groups"].search([("name", "ilike", "(technical)")])
        return granted.group_id - technical


@tagged("post_install", "-at_install")
class TestSegments(SegmentCase):
    """Who sees one segment sees nothing of the other, in any model."""

    def bound(self):
        """Models that lead to what has a segment."""
        for name in self.our_models():
            model = self.env[name]
            if model._abstract or model._transient or name in UNBOUND:
                continue
            fields = model._fields.values()
            if name in LINKS or any(
                field.type == "many2one" and field.comodel_name in LINKS for field in fields
            ):
                yield name

    def seen(self, user, name):
        model = self.env[name].with_user(user).with_context(active_test=False)
        return model.search([]) if model.has_access("read") else model.browse()

    def of(self, segment, name):
        """Records that lead to a system or lane of a segment, read past all rules."""
        records = self.env[name].sudo().with_context(active_test=False).search([])
        return records.filtered(lambda one: self._segment(one) == segment)

    def _segment(self, record):
        if "segment" in record._fields:
            return record.segment
        for path in ("system_id", "channel_id.system_id", "message_id.system_id", "lane_id"):
            found = record
            for step in path.split("."):
                found = found[step] if step in found._fields else None
                if not found:
                    break
            if found:
                return found.segment
        return self._segment_of_owner(record)

    def _segment_of_owner(self, record):
        for name in ("mapping_id", "job_id", "run_id", "port_id", "line_id", "replay_id"):
            if name in record._fields and record[name]:
                return self._segment(record[name])
        return None

    def test_every_model_has_a_rule(self):
        rules = self.env["ir.rule"].search([("domain_force", "ilike", "_hc_segment_")])
        ruled = set(rules.mapped("model_id.model"))
        self.assertFalse(set(self.bound()) - ruled, "models without a rule of segments")
        for rule in rules:
            with self.subTest(rule.name):
                self.assertTrue(rule["global"], "a rule of a group would widen, not narrow")

    def test_nothing_of_the_other_segment_is_seen(self):
        tried = 0
        for name in self.bound():
            there = self.of("enterprise", name)
            if not there:
                continue
            with self.subTest(name):
                self.assertFalse(self.seen(self.clinical, name) & there)
                can_read = self.env[name].with_user(self.enterprise).has_access("read")
                self.assertTrue(not can_read or self.seen(self.enterprise, name) & there)
                tried += 1
            with self.subTest(name), mute_logger("odoo.addons.base.models.ir_rule"):
                with self.assertRaises(AccessError):
                    there[:1].with_user(self.clinical).read(["id", "display_name"])
        self.assertGreaterEqual(tried, 20)

    def test_own_segment_is_seen(self):
        system = self.make_system("clinical-one", segment="clinical")
        self.assertIn(system, self.seen(self.clinical, "hc.system"))
        self.assertNotIn(system, self.seen(self.enterprise, "hc.system"))

    def test_buttons_of_the_other_segment_are_refused(self):
        for name, method in (
            ("hc.message", "action_retry"),
            ("hc.message", "action_cancel"),
            ("hc.issue", "action_retry"),
            ("hc.channel", "action_retire"),
            ("hc.sync.job", "action_run_now"),
            ("hc.endpoint", "action_test"),
            ("hc.credential", "action_issue"),
        ):
            with self.subTest(f"{name}.{method}"), mute_logger("odoo.addons.base.models.ir_rule"):
                self.assertIs(self.refused(self.clinical, name, method), True)

    def test_nothing_is_made_in_the_other_segment(self):
        systems = self.env["hc.system"].with_user(self.clinical)
        made = systems.create({"name": "Ward", "code": "ward-system", "segment": "clinical"})
        self.assertTrue(made)
        with self.assertRaises(AccessError):
            systems.create({"name": "Bank", "code": "bank-system", "segment": "enterprise"})

    def test_who_has_no_segment_sees_none(self):
        nobody = self.person()
        self.assertFalse(self.seen(nobody, "hc.message") or self.seen(nobody, "hc.system"))

    def test_counters_count_what_is_seen(self):
        count = self.env["hc.message"].with_user(self.clinical).search_count([])
        self.assertEqual(count, 0)
        self.assertGreater(self.env["hc.message"].with_user(self.enterprise).search_count([]), 0)

    def test_a_system_sees_its_own_all_the_same(self):
        user = self.system.user_id
        self.assertEqual(self.seen(user, "hc.system"), self.system)

    def test_companies_hold_beside_segments(self):
        company = self.env["res.company"].create({"name": "Other hospital"})
        self.enterprise.write({"company_ids": [Command.set(company.ids)], "company_id": company.id})
        self.assertFalse(self.seen(self.enterprise, "hc.message"))


@tagged("post_install", "-at_install")
class TestSegmentSetting(SegmentCase):
    """The switch changes nothing for who is there, and new users begin with none."""

    switches = 0

    def switch(self, apart):
        administrator = new_test_user(
            self.env, f"hc.admin.{apart}.{self.switches}", "base.group_system"
        )
        self.switches += 1
        settings = self.env["res.config.settings"].with_user(administrator)
        self.assertEqual(settings.create({}).hc_segments_apart, not apart)
        settings.create({"hc_segments_apart": apart}).execute()

    def has(self, user):
        self.env.invalidate_all()
        return {
            name
            for name in ("clinical", "enterprise")
            if user.has_group(f"{BASE}.group_segment_{name}")
        }

    def test_the_switch(self):
        self.switch(False)
        old = new_test_user(self.env, "hc.old", f"{BASE}.group_integration_viewer")
        self.assertEqual(self.has(old), {"clinical", "enterprise"})
        self.switch(True)
        self.assertEqual(self.has(old), {"clinical", "enterprise"})
        new = new_test_user(self.env, "hc.new", f"{BASE}.group_integration_viewer")
        self.assertFalse(self.has(new))
        old.group_ids -= self.env.ref(f"{BASE}.group_segment_enterprise")
        self.assertEqual(self.has(old), {"clinical"})
        self.assertNotIn(self.system, self.seen_by(old))
        self.switch(False)
        self.assertEqual(self.has(new), {"clinical", "enterprise"})
        self.assertIn(self.system, self.seen_by(old))
        trail = self.env["hc.audit.event"].search([("action", "=", "segments.apart")])
        self.assertIn("on", trail.mapped("outcome"))

    def seen_by(self, user):
        return self.env["hc.system"].with_user(user).search([])


@tagged("post_install", "-at_install")
class TestSegmentLanes(EngineCase):
    """What waits in one segment does not hold up the other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.busy = cls.make_channel(cls.make_system("busy"), cls.noted)
        cls.clinical_lane = cls.env["hc.lane"].create(
            {"name": "Ward", "code": "ward-lane", "segment": "clinical"}
        )
        cls.ward = cls.make_channel(
            cls.make_system("ward", segment="clinical"), cls.noted, lane_id=cls.clinical_lane.id
        )
        cls.partner = cls.env["res.partner"].create({"name": "Effect"})

    def setUp(self):
        super().setUp()

        def handle(_handler, items):
            for item in items:
                item.effect("note", "res.partner", self.partner.id)

        patcher = patch.object(type(self.env["hc.message.handler"]), "_handle", handle)
        patcher.start()
        self.addCleanup(patcher.stop)

    def note(self, channel, count=1):
        data = {"facility": "F", "value": 1}
        events = [self.event(data, "test.noted.v1") for _number in range(count)]
        groups = [self.group(channel, event) for event in events]
        self.store(channel, *groups)
        uuids = [group.result[0].uuid for group in groups]
        return self.env["hc.message"].search([("uuid", "in", uuids)])

    def cron(self, lane):
        """What the scheduled action of a lane does."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["hc.lane"].browse(lane.id)._drain_in_turn()
        self.env.invalidate_all()

    def test_a_message_is_handled_while_many_wait_in_the_other_segment(self):
        waiting, urgent = self.note(self.busy, 400), self.note(self.ward)
        self.cron(self.clinical_lane)
        self.assertEqual(urgent.state, "done")
        self.assertEqual(set(waiting.mapped("state")), {"received"})

    def test_a_segment_never_has_all_workers(self):
        waiting, urgent = self.note(self.busy), self.note(self.ward)
        with (
            patch.dict(config.options, {"max_cron_threads": 3}),
            self.registry.cursor() as one,
            self.registry.cursor() as two,
            slot(one, "enterprise") as first,
            slot(two, "enterprise") as second,
        ):
            self.assertTrue(first and second)
            self.assertFalse(self.slot_left("enterprise"))
            self.assertTrue(self.slot_left("clinical"))
        self.assertTrue(self.slot_left("enterprise"))
        self.cron(self.lane)
        self.cron(self.clinical_lane)
        self.assertEqual((waiting + urgent).mapped("state"), ["done", "done"])

    def slot_left(self, segment):
        with self.registry.cursor() as cr, slot(cr, segment) as had:
            return had
