# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import csv
import io
import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers import last_use
from ..engine import throttled
from ..models.audit_phrases import PHRASES
from .test_door import NOTED, DoorCase
from .tour_case import TourCase

BASE = "healthcare_integration_base"


class TrailCase(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = {
            "auditor": f"{BASE}.group_auditor",
            "manager": f"{BASE}.group_integration_manager,base.group_allow_export",
            "operator": f"{BASE}.group_integration_operator,base.group_allow_export",
            "viewer": f"{BASE}.group_integration_viewer",
            "portal": "base.group_portal",
        }
        for role, names in groups.items():
            setattr(cls, role, new_test_user(cls.env, f"hc.trail.{role}", names))

    def setUp(self):
        super().setUp()
        last_use._seen.clear()
        throttled._told_at.clear()
        throttled._untold.clear()
        self.mark()

    def mark(self):
        """What is told from now on is looked at."""
        self.env.flush_all()
        self.last = self.env["hc.audit.event"].search([], order="id desc", limit=1).id

    def told(self, *domain):
        self.env.flush_all()
        events = self.env["hc.audit.event"]
        return events.search([("id", ">", self.last), *domain], order="id")

    def rpc(self, user, model, method, *args):
        return call_kw(self.env[model].with_user(user), method, list(args), {})


@tagged("post_install", "-at_install")
class TestCoverage(TrailCase):
    """What has to be in the trail is there: who, what, when, why, outcome, contract."""

    def test_roles(self):
        """Given to a person, taken, by way of a group, and with the person's end."""
        person = new_test_user(self.env, "hc.trail.new", "base.group_user")
        self.assertFalse(self.told(("family", "=", "access")), "no role of the suite")
        admin = self.env.ref("base.user_admin")
        viewer = self.env.ref(f"{BASE}.group_integration_viewer")
        club = self.env["res.groups"].create({"name": "Night shift"})
        steps = [
            (person, {"group_ids": [(4, viewer.id)]}, "granted"),
            (person, {"name": "Another name"}, None),
            (person, {"group_ids": [(3, viewer.id)]}, "revoked"),
            (club, {"user_ids": [(4, person.id)]}, None),
            (club, {"implied_ids": [(4, viewer.id)]}, "granted"),
            (club, {"user_ids": [(3, person.id)]}, "revoked"),
            (viewer, {"user_ids": [(4, person.id)]}, "granted"),
            (person, {"active": False}, "revoked"),
            (person, {"active": True}, "granted"),
        ]
        for records, values, step in steps:
            with self.subTest(values=values):
                self.mark()
                records.with_user(admin).write(values)
                events = self.told(("family", "=", "access"))
                expected = [(f"access.{step}", f"res.users,{person.id}")] if step else []
                self.assertEqual([(one.action, one.object) for one in events], expected)
                if step:
                    roles = events.details["roles"]
                    self.assertIn(f"{BASE}.group_integration_viewer", roles)
                    self.assertEqual(events.user_id, admin)
        self.assertIn("gave a role to Another name", events.with_user(self.auditor).sentence)

    def test_the_way_of_a_message(self):
        self.assertEqual(self.call(self.path, self.body()).status_code, 202)
        message = self.env["hc.message"].search([("channel_id", "=", self.channel.id)])
        self.drain()
        events = self.told(("object", "=", message.uuid))
        self.assertEqual(events.mapped("action"), ["message.received", "message.handled"])
        self.assertEqual(set(events.mapped("contract")), {NOTED})
        self.assertEqual(set(events.mapped("correlation")), {message.correlation_identifier})
        self.assertEqual(set(events.mapped("res_model")), {"hc.message"})

    def test_a_batch_names_its_contract_too(self):
        media = "application/cloudevents-batch+json"
        self.call(f"{self.path}/batch", [self.body(n) for n in range(3)], media=media)
        events = self.told(("action", "=", "message.received"))
        self.assertEqual(events.mapped("contract"), [NOTED] * 3)

    def test_a_login_once_in_an_hour(self):
        for _ in range(3):
            last_use._seen.clear()
            self.call(self.path, self.body())
        event = self.told(("action", "=", "credential.used"))
        self.assertEqual(event.object, f"hc.credential,{self.bearer.id}")
        self.assertEqual((event.system_id, event.user_id), (self.system, self.system.user_id))
        self.env.cr.execute(
            "UPDATE hc_credential SET last_used_at = now() - interval '2 h' WHERE id = %s",
            [self.bearer.id],
        )
        last_use._seen.clear()
        self.call(self.path, self.body())
        self.assertEqual(len(self.told(("action", "=", "credential.used"))), 2)

    def test_a_dry_run_leaves_one_event(self):
        handler = type(self.env["hc.message.handler"])
        with patch.object(handler, "_plan", lambda handler, items: [[]]):
            self.call("/hc/v1/channels/tests/validate", self.body())
        self.assertEqual(self.told().mapped("action"), ["message.validated"])

    def test_who_is_not_proven_is_counted(self):
        raw = json.dumps(self.body()).encode()
        for _ in range(4):
            self.call(self.path, raw, {"Authorization": "Bearer hck_none.aaaaaaaaaaaaaaaaaaaa"})
        wrong = f"{self.token[:-4]}aaaa"
        for _ in range(3):
            self.call(self.path, raw, {"Authorization": f"Bearer {wrong}"})
        unknown, known = self.told(("action", "=", "request.refused"))
        self.assertFalse(unknown.object or unknown.system_id or unknown.user_id)
        self.assertEqual(known.object, f"hc.credential,{self.bearer.id}")
        self.assertEqual((known.system_id, known.outcome), (self.system, "refused"))
        self.assertEqual(unknown.details["count"], 1)
        throttled._told_at.clear()
        self.call(self.path, raw, {"Authorization": "Bearer hck_none.aaaaaaaaaaaaaaaaaaaa"})
        self.assertEqual(self.told(("action", "=", "request.refused"))[-1].details["count"], 4)

    def read_message(self):
        message = self.send(self.channel, self.event({"facility": "F", "value": 1}, NOTED))
        self.mark()
        return message

    def test_reading_the_content(self):
        message = self.read_message()
        ways = (
            ("read", message.ids, ["payload"]),
            ("web_read", message.ids, {"payload": {}}),
            ("search_read", [("id", "in", message.ids)], ["payload"]),
            ("web_search_read", [("id", "in", message.ids)], {"payload": {}}),
        )
        for method, *args in ways:
            with self.subTest(method):
                self.mark()
                self.rpc(self.operator, "hc.message", method, *args)
                event = self.told()
                self.assertEqual((event.action, event.user_id), ("content.read", self.operator))
                self.assertEqual((event.object, event.contract), (message.uuid, NOTED))
                self.assertEqual(event.digest, message.payload_digest)
                self.assertEqual(event.details, {**event.details, "fields": ["payload"]})

    def test_exporting_the_content(self):
        message = self.read_message()
        found = self.rpc(self.operator, "hc.message", "export_data", message.ids, ["payload"])
        self.assertTrue(found["datas"])
        self.assertEqual(
            sorted(self.told().mapped("action")), ["content.exported", "data.exported"]
        )
        self.mark()
        effect = self.env["hc.effect"].create(
            {
                "message_id": message.id,
                "company_id": self.env.company.id,
                "role": "note",
                "res_model": "res.partner",
                "res_id": self.env.company.partner_id.id,
            }
        )
        self.rpc(self.operator, "hc.effect", "export_data", effect.ids, ["message_id/payload"])
        self.assertIn("content.exported", self.told().mapped("action"))

    def test_no_way_around(self):
        message = self.read_message()
        for spec in (([], ["payload"], []), ([], [], ["payload:array_agg"])):
            with self.subTest(spec), self.assertRaises(UserError):
                self.rpc(self.operator, "hc.message", "formatted_read_group", [], *spec[1:])
        [copied] = self.rpc(self.operator, "hc.message", "copy_data", message.ids)
        self.assertNotIn("payload", copied)
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.rpc(self.viewer, "hc.message", "read", message.ids, ["payload"])

    def test_reading_all_but_the_content(self):
        message = self.read_message()
        self.rpc(self.operator, "hc.message", "read", message.ids, ["state", "uuid"])
        self.rpc(self.viewer, "hc.message", "web_read", message.ids, {"state": {}})
        self.assertFalse(self.told())

    def test_exporting_a_list(self):
        self.rpc(self.manager, "hc.channel", "export_data", self.channel.ids, ["name", "code"])
        event = self.told()
        self.assertEqual((event.action, event.user_id), ("data.exported", self.manager))
        self.assertEqual(event.details, {"count": 1, "fields": ["name", "code"]})
        self.assertEqual((event.object, event.res_model), ("hc.channel", "hc.channel"))

    def test_the_form_of_a_message_on_a_cursor_that_only_reads(self):
        """Where Odoo reads from a replica, the trail is written all the same."""
        message = self.read_message()
        for name in ("read", "web_read", "search_read", "web_search_read"):
            self.assertIs(getattr(type(self.env["hc.message"]), name)._readonly, False)
        self.authenticate(self.operator.login, self.operator.login)
        answer = self.make_jsonrpc_request(
            "/web/dataset/call_kw/hc.message/web_read",
            {
                "model": "hc.message",
                "method": "web_read",
                "args": [message.ids, {"payload": {}}],
                "kwargs": {},
            },
        )
        self.assertTrue(answer[0]["payload"])
        self.assertEqual(self.told().mapped("action"), ["content.read"])


@tagged("post_install", "-at_install")
class TestReading(TrailCase):
    """What each role sees of the trail, and what it may take out of it."""

    def test_who_reads(self):
        self.channel.with_user(self.manager).max_age_days = 30
        for user in (self.auditor, self.manager):
            found = self.env["hc.audit.event"].with_user(user).search([("id", ">", self.last)])
            self.assertIn(self.manager.name, found[0].sentence)
            self.assertTrue(found[0].change_text)
        for user in (self.operator, self.viewer, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["hc.audit.event"].with_user(user).search([])
            with self.assertRaises(AccessError):
                self.env["hc.audit.event"].with_user(user).timeline("user", "1")
        for user in (self.auditor, self.manager):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                found.with_user(user).write({"action": "config.created"})

    def test_sentences(self):
        self.env["hc.audit.event"].with_user(self.manager)._append(
            [
                {
                    "action": "channel.paused",
                    "outcome": "hold",
                    "object": f"hc.channel,{self.channel.id}",
                    "system_id": self.system.id,
                    "reason": "The cabinet is moved",
                },
                {"action": "something.else", "object": "x", "outcome": "odd"},
            ]
        )
        paused, other = self.told().with_user(self.auditor)
        self.assertEqual(
            paused.sentence,
            f"{self.manager.name} paused the channel {self.channel.display_name},"
            " because “The cabinet is moved”",
        )
        self.assertEqual(other.sentence, f"{self.manager.name}: something.else, x")
        action = paused.action_open_record()
        self.assertEqual((action["res_model"], action["res_id"]), ("hc.channel", self.channel.id))
        with self.assertRaises(UserError):
            other.action_open_record()

    def test_every_phrase_can_be_said(self):
        self.env["hc.audit.event"]._append([{"action": one, "object": "x"} for one in PHRASES])
        said = self.told().mapped("sentence")
        self.assertEqual(len(said), len(PHRASES))
        self.assertFalse([one for one in said if "%(" in one or not one])

    def test_timeline_of_a_transaction(self):
        message = self.send(self.channel, self.event({"facility": "F", "value": 1}, NOTED))
        self.drain()
        events = self.env["hc.audit.event"].with_user(self.auditor)
        entries = events.timeline("correlation", message.correlation_identifier)["entries"]
        self.assertEqual([one["kind"] for one in entries][:2], ["message", "attempt"])
        self.assertEqual(entries, sorted(entries, key=lambda one: (one["at"], one["rank"])))
        page = events.timeline("record", message.uuid)
        self.assertEqual([one["kind"] for one in page["entries"]], ["event", "event"])
        for wrong in (("nothing", "1", 0), ("user", "1", "2")):
            with self.assertRaises(UserError):
                events.timeline(*wrong)

    def test_timeline_of_a_person_by_pages(self):
        events = self.env["hc.audit.event"].with_user(self.auditor)
        self.env["hc.audit.event"]._append(
            [{"action": "config.changed", "user_id": self.operator.id}] * 130
        )
        first = events.timeline("user", str(self.operator.id))
        self.assertEqual(len(first["entries"]), 100)
        rest = events.timeline("user", str(self.operator.id), first["more"])
        self.assertEqual((len(rest["entries"]), rest["more"]), (30, False))

    # ------------------------------------------------------------------- exports

    def export(self, user=None, **values):
        wizard = self.env["hc.audit.export"].with_user(user or self.auditor)
        return wizard.create({"reason": "Yearly audit", "date_from": False, **values})

    def download(self, export, user=None):
        user = user or self.auditor
        self.authenticate(user.login, user.login)
        return self.url_open(export.action_export()["url"])

    def test_export_is_the_auditors(self):
        for user in (self.manager, self.operator, self.viewer, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.export(user)
        export = self.export()
        url = export.action_export()["url"]
        for user in (self.manager, self.portal):
            self.authenticate(user.login, user.login)
            self.assertEqual(self.url_open(url).status_code, 404)
        self.assertFalse(self.told(("action", "=", "audit.exported")))
        with self.assertRaises(UserError):
            self.rpc(self.manager, "hc.audit.event", "export_data", [1], ["action"])

    def test_export_as_each_format(self):
        self.channel.with_user(self.manager).write(
            {"max_age_days": 30, "change_reason": "=cmd|' /C calc'!A0"}
        )
        for form in ("csv", "ndjson", "fhir_bundle", "fhir_ndjson"):
            with self.subTest(form):
                answer = self.download(self.export(file_format=form, family="config"))
                self.assertEqual(answer.status_code, 200)
                found = READERS[form](answer.content.decode("utf-8-sig"))
                self.assertEqual(
                    len(found), self.env["hc.audit.event"].search_count([("family", "=", "config")])
                )
        rows = READERS["csv"](self.download(self.export(family="config")).text)
        reasons = [row["reason"] for row in rows]
        self.assertIn("'=cmd|' /C calc'!A0", reasons)
        event = self.told(("action", "=", "audit.exported"))[-1]
        self.assertEqual((event.user_id, event.reason), (self.auditor, "Yearly audit"))
        self.assertEqual(event.details["count"], len(rows))

    def test_export_of_a_part(self):
        self.channel.with_user(self.manager).max_age_days = 30
        self.channel.max_age_days = 40
        found = self.download(self.export(file_format="ndjson", user_id=self.manager.id)).text
        lines = [json.loads(line) for line in found.splitlines()]
        self.assertEqual({line["user_id"] for line in lines}, {self.manager.id})
        self.assertEqual(lines[-1]["details"]["values"], {"max_age_days": [365, 30]})
        self.assertRegex(lines[-1]["recorded_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_without_a_reason_nothing_is_exported(self):
        with self.assertRaises(UserError):
            self.export(reason="  ").action_export()


READERS = {
    "csv": lambda text: list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))),
    "ndjson": lambda text: [json.loads(line) for line in text.splitlines()],
    "fhir_bundle": lambda text: json.loads(text)["entry"],
    "fhir_ndjson": lambda text: [json.loads(line) for line in text.splitlines()],
}


@tagged("post_install", "-at_install")
class TestTrailTours(TourCase, TrailCase):
    def test_an_auditor_at_work(self):
        self.channel.with_user(self.manager).write(
            {"max_age_days": 30, "change_reason": "Old orders"}
        )
        self.env["hc.audit.event"].flush_model()
        self.walk("hc_auditor_reads_the_trail", "integration-audit", self.auditor.login)

    def test_a_manager_sees_the_history(self):
        self.channel.with_user(self.manager).max_age_days = 30
        self.walk("hc_manager_opens_a_history", "integration-channels", self.manager.login)
