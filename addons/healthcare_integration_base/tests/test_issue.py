# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from ..engine.item import Fix
from .common import EngineCase

BASE = "healthcare_integration_base"
VENDOR = Fix("identifier", "vendor", "local", "4711")


@tagged("post_install", "-at_install")
class TestIssue(EngineCase):
    """However many messages fail for one reason: one issue, one owner, one activity."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "hc.operator", f"{BASE}.group_integration_operator")
        cls.viewer = new_test_user(cls.env, "hc.viewer", f"{BASE}.group_integration_viewer")
        cls.type = cls.env["hc.message.type"].create(
            {
                "code": "test.noted",
                "version": 7,
                "contract_module": BASE,
                "contract_path": "tests/contracts/test.noted.v1.json",
            }
        )
        cls.system = cls.make_system("issue-system")
        cls.channel = cls.make_channel(cls.system, cls.type, owner_id=cls.operator.id)
        cls.partner = cls.env["res.partner"].create({"name": "Vendor"})

    def messages(self, count, state="review"):
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO hc_message (uuid, create_date, direction, format, system_id, channel_id,"
            " lane_id, message_type_id, company_id, message_identifier, source, idempotency_key,"
            " payload_digest, shard, weak_key, state, attempt_count, kill_count, next_attempt_at)"
            " SELECT gen_random_uuid(), now(), 'in', 'cloudevents', %s, %s, %s, %s, %s, 'e' || n,"
            " 'urn:x', gen_random_uuid(), 'd', 0, false, %s, 1, 0, now()"
            " FROM generate_series(1, %s) n RETURNING id",
            [
                self.system.id,
                self.channel.id,
                self.channel.lane_id.id,
                self.type.id,
                self.env.company.id,
                state,
                count,
            ],
        )
        return self.env["hc.message"].browse([row[0] for row in self.env.cr.fetchall()])

    def occurrences(self, messages, code="unmapped_item", subject="local|4711", fix=VENDOR):
        return [
            {
                "message_id": message.id,
                "waiting": message.state in ("review", "dead"),
                "system_id": self.system.id,
                "channel_id": self.channel.id,
                "company_id": self.env.company.id,
                "error_code": code,
                "subject": subject,
                "fix": fix,
            }
            for message in messages
        ]

    def report(self, messages, **values):
        self.env["hc.issue"]._report(self.occurrences(messages, **values))
        return messages.issue_id

    def identifier(self, user=None, **values):
        return (
            self.env["hc.identifier"]
            .with_user(user or self.operator)
            .create(
                {
                    "system_id": self.system.id,
                    "namespace": "vendor",
                    "code_system": "local",
                    "value": "4711",
                    "res_id": self.partner.id,
                    **values,
                }
            )
        )

    # ------------------------------------------------------------------ reporting

    def test_many_failures_are_one_issue(self):
        issue = self.report(self.messages(500))
        self.assertEqual(len(issue), 1)
        self.assertEqual((issue.message_count, issue.waiting_count), (500, 500))
        self.assertEqual((issue.state, issue.user_id), ("assigned", self.operator))
        self.assertEqual(len(issue.activity_ids), 1)
        self.assertEqual(issue.activity_ids.user_id, self.operator)
        self.assertFalse(issue.message_ids, "no chatter")

    def test_few_queries(self):
        self.report(self.messages(1))
        messages = self.messages(500)
        occurrences = self.occurrences(messages)
        self.env.flush_all()
        with self.assertQueryCount(6):
            self.env["hc.issue"]._report(occurrences)

    def test_counted_up_without_another_activity(self):
        first = self.report(self.messages(2))
        second = self.report(self.messages(3))
        self.assertEqual(first, second)
        self.assertEqual(second.message_count, 5)
        self.assertEqual(len(second.activity_ids), 1)

    def test_other_subject_is_another_issue(self):
        first = self.report(self.messages(1))
        other = Fix("identifier", "vendor", "local", "4712")
        self.assertNotEqual(first, self.report(self.messages(1), subject="local|4712", fix=other))

    def test_missing_mapping_is_one_issue_in_all_channels(self):
        first = self.report(self.messages(1))
        self.channel = self.make_channel(self.system, self.type, code="second")
        self.assertEqual(first, self.report(self.messages(1)))
        plain = self.report(self.messages(1), code="unexpected", subject=None, fix=None)
        self.channel = self.make_channel(self.system, self.type, code="third")
        self.assertNotEqual(
            plain, self.report(self.messages(1), code="unexpected", subject=None, fix=None)
        )

    def test_without_owner_it_is_open(self):
        self.channel.owner_id = False
        issue = self.report(self.messages(1))
        self.assertEqual(issue.state, "open")
        self.assertFalse(issue.activity_ids)
        issue.with_user(self.operator).action_assign_me()
        self.assertEqual((issue.state, issue.user_id), ("assigned", self.operator))

    def test_comes_back(self):
        issue = self.report(self.messages(1))
        issue._resume()
        self.assertEqual(issue.state, "resolved")
        self.assertFalse(issue.activity_ids)
        again = self.report(self.messages(2))
        self.assertEqual(again, issue)
        self.assertEqual((issue.state, issue.reopened_count), ("assigned", 1))
        self.assertEqual(issue.message_count, 3)

    def test_message_shows_what_holds_it_up(self):
        message = self.messages(1)
        waits = self.occurrences(message)
        warns = [
            {**one, "waiting": False, "fix": None, "error_code": "stock_negative"}
            for one in self.occurrences(message)
        ]
        self.env["hc.issue"]._report(warns + waits)
        self.assertEqual(message.issue_id.error_code, "unmapped_item")

    # ------------------------------------------------------------------ resolving

    def test_identifier_resumes(self):
        messages = self.messages(3)
        issue = self.report(messages)
        done = self.messages(1, "done")
        self.report(done)
        self.identifier()
        self.assertEqual(issue.state, "resolved")
        self.assertEqual(set(messages.mapped("state")), {"received"})
        self.assertEqual(done.state, "done")

    def test_other_identifiers_do_not_resume(self):
        messages = self.messages(1)
        issue = self.report(messages)
        self.identifier(value="4712")
        self.identifier(code_system="gtin")
        self.identifier(namespace="payer")
        self.identifier(active=False)
        self.assertEqual((issue.state, messages.state), ("assigned", "review"))
        other = self.env["res.company"].create({"name": "Other"})
        self.identifier(user=self.env.user, value="4711", active=True, code_system="hibc")
        self.env["hc.issue"]._fixed(
            "identifier",
            system=self.system.id,
            namespace="vendor",
            code_system="local",
            value="4711",
            company=other.id,
        )
        self.assertEqual(issue.state, "assigned")

    def test_activated_identifier_resumes(self):
        identifier = self.identifier(active=False)
        issue = self.report(self.messages(1))
        identifier.active = True
        self.assertEqual(issue.state, "resolved")

    def test_site_resumes(self):
        facility = Fix("site", facility="NORTH")
        ward = Fix("site", facility="NORTH", value="ICU")
        first = self.report(
            self.messages(1), code="unknown_facility", subject="NORTH", fix=facility
        )
        second = self.report(
            self.messages(1), code="unknown_location", subject="NORTH/ICU", fix=ward
        )
        sites = self.env["hc.site"].with_user(self.operator)
        values = {"name": "North", "system_id": self.system.id, "facility_code": "NORTH"}
        sites.create(values)
        self.assertEqual((first.state, second.state), ("resolved", "assigned"))
        sites.create({**values, "location_code": "ICU"})
        self.assertEqual(second.state, "resolved")

    def test_channel_default_resumes(self):
        issue = self.report(
            self.messages(1), code="incomplete", subject="/facility", fix=Fix("channel")
        )
        self.channel.description = "unrelated"
        self.assertEqual(issue.state, "assigned")
        self.channel.max_age_days = 30
        self.assertEqual(issue.state, "resolved")

    def test_retry_resumes_the_dead_too(self):
        messages = self.messages(2, "dead")
        issue = self.report(messages, code="unexpected", subject=None, fix=None)
        with self.assertRaises(AccessError):
            issue.with_user(self.viewer).action_retry()
        issue.with_user(self.operator).action_retry()
        self.assertEqual(set(messages.mapped("state")), {"received"})

    # -------------------------------------------------------------------- screens

    def test_fix_opens_the_form_filled_in(self):
        issue = self.report(self.messages(1)).with_user(self.operator)
        action = issue.action_fix()
        self.assertEqual(action["res_model"], "hc.identifier")
        self.assertFalse(action["res_id"])
        self.assertEqual(action["context"]["default_value"], "4711")
        identifier = self.identifier(active=False)
        self.assertEqual(issue.action_fix()["res_id"], identifier.id)
        with self.assertRaises(AccessError):
            issue.with_user(self.viewer).action_fix()

    def test_fix_of_each_kind(self):
        site = self.report(
            self.messages(1),
            code="unknown_location",
            subject="N/ICU",
            fix=Fix("site", facility="N", value="ICU"),
        )
        context = site.action_fix()["context"]
        self.assertEqual(context["default_facility_code"], "N")
        self.assertEqual(context["default_location_code"], "ICU")
        channel = self.report(self.messages(1), code="incomplete", subject="x", fix=Fix("channel"))
        self.assertEqual(channel.action_fix()["res_id"], self.channel.id)
        plain = self.report(self.messages(1), code="unexpected", subject=None, fix=None)
        self.assertEqual(plain.action_fix()["res_model"], "hc.message")

    def test_sentence(self):
        issue = self.report(self.messages(1))
        self.assertEqual(issue.name, "An item code has no product: local 4711")
        self.assertTrue(issue.advice)

    def test_users_write_the_assignee_only(self):
        issue = self.report(self.messages(1)).with_user(self.operator)
        for values in ({"state": "resolved"}, {"subject": "x"}, {"message_count": 0}):
            with self.subTest(values), self.assertRaises(AccessError):
                issue.write(values)
        issue.user_id = False
        self.assertEqual(issue.state, "open")
        with self.assertRaises(AccessError):
            issue.create({"system_id": self.system.id, "error_code": "x", "fingerprint": "x"})

    # -------------------------------------------------------------------- mapping

    def test_resolve_many_in_one_query(self):
        self.identifier()
        self.identifier(value="4712", code_system="gtin")
        model = self.env["hc.identifier"].with_user(self.system.user_id)
        pairs = [("local", "4711"), ("gtin", "4712"), ("gtin", "4711"), ("local", "none")]
        model._resolve_many(self.system, "vendor", pairs)
        self.env.invalidate_all()
        with self.assertQueryCount(2):  # the rows, and what the rule needs of the user
            found = model._resolve_many(self.system, "vendor", pairs)
        self.assertEqual(
            found, {("local", "4711"): self.partner.id, ("gtin", "4712"): self.partner.id}
        )

    def test_identifier_of_another_company_is_not_taken(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.identifier(user=self.env.user, company_id=other.id)
        self.assertFalse(
            self.env["hc.identifier"]._resolve_many(self.system, "vendor", [("local", "4711")])
        )

    def test_identifier_needs_a_record(self):
        gone = self.env["res.partner"].create({"name": "Gone"})
        gone_id = gone.id
        gone.unlink()
        with self.assertRaises(ValidationError):
            self.identifier(res_id=gone_id)

    def test_site_resolution_crosses_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        site = self.env["hc.site"].create(
            {
                "name": "South",
                "system_id": self.system.id,
                "facility_code": "SOUTH",
                "company_id": other.id,
            }
        )
        ward = self.env["hc.site"].create(
            {
                "name": "ICU",
                "system_id": self.system.id,
                "facility_code": "SOUTH",
                "location_code": "ICU",
            }
        )
        self.assertEqual((ward.parent_id, ward.company_id), (site, other))
        as_system = (
            self.env["hc.site"]
            .with_user(self.system.user_id)
            .with_context(allowed_company_ids=self.env.company.ids)
        )
        found = as_system._resolve(self.system, "SOUTH", "ICU")
        self.assertEqual((found.id, found.company_id.id), (ward.id, other.id))
        self.assertFalse(as_system._resolve(self.system, "SOUTH", "ED"))
