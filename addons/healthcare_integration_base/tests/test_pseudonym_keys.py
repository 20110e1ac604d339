# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..engine import pseudonyms
from ..engine.sync import staging
from .retention_case import NOTED
from .test_engine import EngineBehaviour

BASE = "healthcare_integration_base"
MRN = "CANARY-MRN-7731"


class PseudonymCase(EngineBehaviour):
    """A channel whose messages are about patients, and those who decide about keys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = new_test_user(cls.env, "officer", f"{BASE}.group_privacy_officer")
        cls.operator = new_test_user(cls.env, "operator", f"{BASE}.group_integration_operator")
        cls.viewer = new_test_user(cls.env, "viewer", f"{BASE}.group_integration_viewer")
        cls.manager = new_test_user(cls.env, "manager", f"{BASE}.group_integration_manager")
        cls.keys = cls.env["hc.pseudonym.key"]

    def setUp(self):
        super().setUp()
        # The process remembers what is settled; a test's rows are gone with the test.
        pseudonyms.settled.forget(self.env.cr.dbname)
        self.seen = []
        self.behave(lambda item: self.seen.append((item.data.get("patient") or {}).get("mrn")))

    def key(self, state="current"):
        return self.keys.search([("domain", "=", "patient"), ("state", "=", state)], limit=1)

    def rotate(self, user=None, reason="Somebody has left"):
        """As the web client does."""
        wizard = self.env["hc.pseudonym.key.decide"].with_user(user or self.officer)
        wizard.create(
            {"key_id": self.key().id, "step": "rotate", "reason": reason}
        ).action_confirm()
        return self.key()

    def about(self, mrn=MRN, **data):
        message = self.note(patient={"mrn": mrn}, **data)
        return message.payload["patient"]["mrn"]

    def handled_as(self):
        """What the handler was given since the last look."""
        self.drain()
        seen, self.seen = self.seen, []
        self.behave(lambda item: self.seen.append((item.data.get("patient") or {}).get("mrn")))
        return seen

    def trail(self, action):
        return self.env["hc.audit.event"].search([("action", "=", action)], order="id desc")


@tagged("post_install", "-at_install")
class TestPseudonymKeys(PseudonymCase):
    def test_each_domain_has_a_key(self):
        key = self.key()
        self.assertEqual((key.version, key.master_ref), (1, False))

    def test_a_known_patient_stays_one(self):
        before = self.about()
        self.assertEqual(self.handled_as(), [before])
        self.assertEqual(self.rotate().version, 2)
        after, again = self.about(), self.about()
        self.assertEqual((before[:5], after[:5], again), ("hcp1_", "hcp2_", after))
        self.assertEqual(self.handled_as(), [before, before])
        # And once more: what is known as version 1 is found behind version 2.
        self.rotate()
        third = self.about()
        self.assertEqual(third[:5], "hcp3_")
        self.assertEqual(self.handled_as(), [before])

    def test_a_new_patient_is_known_by_the_new_key(self):
        self.rotate()
        new = self.about("MRN-NEW")
        self.assertEqual(new[:5], "hcp2_")
        self.assertEqual(self.handled_as(), [new])
        self.rotate()
        newer = self.about("MRN-NEW")
        self.assertEqual(newer[:5], "hcp3_")
        self.assertEqual(self.handled_as(), [new])
        old = self.env["hc.keyring"]._ring().pseudonyms("patient", "MRN-NEW")[-1]
        self.assertFalse(self.rows_with(old), "nothing leads from the old key to a new patient")

    def test_what_waits_since_before_is_the_same_patient(self):
        waiting = self.about()
        self.rotate()
        self.about()
        self.assertEqual(self.handled_as(), [waiting, waiting])

    def test_a_batch_costs_no_statement_for_each_event(self):
        def queries(count):
            groups = [
                self.group(
                    self.channel,
                    self.event(
                        {"facility": "F", "value": 1, "patient": {"mrn": f"M-{count}-{number}"}},
                        NOTED,
                    ),
                )
                for number in range(count)
            ]
            before = self.env.cr.sql_log_count
            self.store(self.channel, *groups)
            return self.env.cr.sql_log_count - before

        queries(1)  # what is read once
        untouched = queries(5)
        self.rotate()
        queries(1)
        few, many = queries(5), queries(50)
        self.assertLessEqual(many, few + 1, "a wake-up more, and none for each event")
        self.assertLessEqual(few, untouched + 8)

    def test_no_statement_where_no_key_was_replaced(self):
        with self.assertQueryCount(0):
            self.assertEqual(
                pseudonyms.resolve(self.env, [{"patient": {"mrn": "hcp1_" + "a" * 32}}]),
                [{"patient": {"mrn": "hcp1_" + "a" * 32}}],
            )

    def test_the_trail_says_who_and_why(self):
        self.rotate(reason="Backup lost")
        event = self.trail("pseudonym_key.rotated")[:1]
        self.assertEqual(event.user_id, self.officer)
        self.assertIn("Backup lost", json.dumps(event.read(), default=str))
        self.assertEqual(self.key().reason, "Backup lost")
        self.assertEqual(self.key().made_by_id, self.officer)

    def test_only_officers_decide(self):
        for user in (self.manager, self.operator, self.viewer):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.rotate(user)
            with self.assertRaises(AccessError):
                self.key().with_user(user).action_ask_rotate()
            with self.assertRaises(AccessError):
                self.key().with_user(user)._rotate("why")
        for values in ({"state": "removed"}, {"version": 7}, {"domain": "x"}):
            with self.subTest(values), self.assertRaises(AccessError):
                self.key().with_user(self.officer).write(values)
        with self.assertRaises(UserError):
            self.rotate(reason=" ")

    def test_removal_after_its_time(self):
        self.about()
        self.rotate()
        self.about("MRN-2")
        old = self.key("retained")
        with self.assertRaises(UserError):
            old.with_user(self.officer)._remove("Long ago")
        old.sudo().retained_at = fields.Datetime.now() - timedelta(days=31)
        wizard = self.env["hc.pseudonym.key.decide"].with_user(self.officer)
        wizard = wizard.create({"key_id": old.id, "step": "remove", "reason": "Long ago"})
        self.assertIn("Patients in messages: 1", wizard.lost)
        wizard.action_confirm()
        self.assertEqual(old.state, "removed")
        self.assertEqual(len(self.env["hc.keyring"]._ring().pseudonyms("patient", MRN)), 1)
        self.handled_as()
        begins_anew = self.about()
        self.assertEqual(self.handled_as(), [begins_anew])
        self.assertTrue(self.trail("pseudonym_key.removed"))

    def test_what_is_linked_outlives_the_removal(self):
        before = self.about()
        self.rotate()
        self.about()
        old = self.key("retained").sudo()
        old.retained_at = fields.Datetime.now() - timedelta(days=31)
        old.with_user(self.officer)._remove("Long ago")
        self.handled_as()
        self.about()
        self.assertEqual(self.handled_as(), [before])

    def test_a_hold_covers_what_comes_later(self):
        name = self.about()
        values = {"name": "Claim", "reason": "Why.", "pseudonym": name}
        self.env["hc.legal.hold"].create(values)
        self.rotate()
        message = self.note(patient={"mrn": MRN})
        other = self.note(patient={"mrn": "MRN-2"})
        self.assertEqual((message.is_on_hold, other.is_on_hold), (True, False))

    def test_a_hold_alone_makes_a_patient_known(self):
        name = self.env["hc.keyring"]._ring().pseudonym("patient", "MRN-HELD")
        values = {"name": "Claim", "reason": "Why.", "pseudonym": name}
        self.env["hc.legal.hold"].create(values)
        self.rotate()
        self.assertTrue(self.note(patient={"mrn": "MRN-HELD"}).is_on_hold)

    def test_erasure_takes_all_of_a_person(self):
        self.about()
        self.rotate()
        self.about()
        self.drain()
        wizard = self.env["hc.erasure.request"].with_user(self.manager)
        action = wizard.create({"number": MRN, "reason": "Asked for."}).action_search()
        erasure = self.env["hc.erasure"].sudo().browse(action["res_id"])
        self.run_erasure(erasure)
        self.assertEqual((erasure.state, erasure.blocked_by), ("found", False))
        self.assertEqual(erasure.found_count, 2)
        erasure.with_user(self.manager).action_erase()
        self.run_erasure(erasure)
        self.assertEqual(erasure.state, "done")
        names = self.env["hc.keyring"]._ring().pseudonyms("patient", MRN)
        self.assertFalse(self.rows_with(MRN, *names))
        # Whoever comes again is somebody new.
        pseudonyms.settled.forget(self.env.cr.dbname)
        self.handled_as()
        self.assertEqual([self.about()], self.handled_as())

    def run_erasure(self, erasure):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            one = self.env(cr=cr)["hc.erasure"].browse(erasure.id)
            for _step in range(20):
                if one.state in ("searching", "erasing"):
                    one._step()
        self.env.invalidate_all()

    def test_staged_rows_of_files_are_settled_as_well(self):
        """What a file's row was called before is known until the row is in the ledger."""
        before = self.about()
        self.rotate()
        config = self.wire_channel(self.channel)
        event = self.event({"facility": "F", "value": 1, "patient": {"mrn": MRN}}, NOTED)
        row = staging.row(1, event, config, self.env["hc.keyring"]._ring())
        packed = next(one for one in row if isinstance(one, dict))
        kept = staging.unpacked(json.loads(json.dumps(packed)), config)
        self.assertEqual(list(kept.prepared.former.values()), [["patient", before]])


@tagged("post_install", "-at_install")
class TestPatientSearch(PseudonymCase):
    def find(self, user=None, number=MRN, place="ledger"):
        search = self.env["hc.patient.search"].with_user(user or self.operator)
        return search.find(place, number)

    def found(self, action, user=None):
        return (
            self.env[action["res_model"]].with_user(user or self.operator).search(action["domain"])
        )

    def test_by_number_before_and_after_a_new_key(self):
        first = self.note(patient={"mrn": MRN})
        self.note(patient={"mrn": "MRN-2"})
        self.assertEqual(self.found(self.find()), first)
        self.rotate()
        self.assertEqual(self.found(self.find()), first)
        second = self.note(patient={"mrn": MRN})
        self.assertEqual(self.found(self.find()), first + second)
        self.assertFalse(self.found(self.find(number="MRN-NOBODY")))

    def test_the_number_is_in_no_table_and_no_log(self):
        self.note(patient={"mrn": MRN})
        with self.assertLogs("odoo", "DEBUG") as logs:
            action = self.find(number=f" {MRN} ")
            self.env.flush_all()
        self.assertNotIn(MRN, "\n".join(logs.output))
        self.assertNotIn(MRN, json.dumps(action, default=str))
        self.assertFalse(self.rows_with(MRN))

    def test_the_trail_has_a_digest_and_a_count(self):
        name = self.about()
        self.find()
        event = self.trail("patient.search")[:1]
        self.assertEqual((event.user_id, event.outcome), (self.operator, "found"))
        self.assertEqual(event.digest, self.env["hc.erasure"]._digest(name))
        told = json.dumps(event.read(), default=str)
        self.assertNotIn(name, told)
        self.assertIn('"count": 1', told.replace("\\", ""))
        self.rotate()
        self.find()
        self.assertEqual(self.trail("patient.search")[:1].digest, event.digest)

    def test_who_may_not_read_contents_finds_nobody(self):
        portal = new_test_user(self.env, "search.portal", "base.group_portal")
        auditor = new_test_user(self.env, "search.auditor", f"{BASE}.group_auditor")
        for user in (self.viewer, self.officer, auditor, portal, self.system.user_id):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.find(user)
                with self.assertRaises(AccessError):
                    self.env["hc.patient.search"].with_user(user).places()
        with self.assertRaises(AccessError):
            self.find(place="nowhere")
        for nothing in ("", "  ", None, 7, {"a": 1}, "x" * 200):
            with self.subTest(nothing), self.assertRaises(UserError):
                self.find(number=nothing)

    def test_other_companies_see_nothing(self):
        self.note(patient={"mrn": MRN})
        company = self.env["res.company"].create({"name": "Other hospital"})
        stranger = new_test_user(
            self.env,
            "elsewhere",
            f"{BASE}.group_integration_operator",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.found(self.find(stranger), stranger))
