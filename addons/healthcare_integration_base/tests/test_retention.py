# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from psycopg2 import IntegrityError
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..engine import prune
from .retention_case import NOTED, RetentionCase


@tagged("post_install", "-at_install")
class TestRetention(RetentionCase):
    def test_old_content_goes_and_keys_stay(self):
        old, young = self.note(), self.note(days=99)
        before = old.read(["idempotency_key", "payload_digest", "uuid", "state", "done_at"])
        self.assertTrue(old.dropped)
        run = self.run_now()
        self.assert_pruned(old)
        self.assert_kept(young)
        self.assertEqual(old.prune_reason, "retention")
        self.assertEqual(before, old.read(list(before[0])[1:]))
        self.assertEqual((run.pruned_count, run.kept_count, run.state), (1, 0, "done"))
        self.assertEqual(run.line_ids.mapped("pruned_count"), [1])

    def test_nothing_of_the_undelivered_goes(self):
        states = ("received", "queued", "retry", "unknown", "review", "dead")
        kept = [self.note(state=state) for state in states]
        for state in ("duplicate", "superseded", "rejected", "cancelled"):
            self.env["hc.retention.rule"].create({"state": state, "days": 1})
        gone = [self.note(state=one) for one in ("duplicate", "superseded", "cancelled")]
        self.run_now()
        self.assert_kept(*kept)
        self.assert_pruned(*gone)

    def test_a_rule_for_the_undelivered_is_not_possible(self):
        for state in ("received", "queued", "retry", "unknown", "review", "dead"):
            with self.subTest(state), self.assertRaises(ValueError):
                self.env["hc.retention.rule"].create({"state": state, "days": 1})

    def test_without_a_rule_all_is_kept(self):
        other = self.note(self.other)
        self.run_now()
        self.assert_kept(other)

    def test_a_channel_goes_before_the_general_rule(self):
        self.env["hc.retention.rule"].create({"state": "done", "days": 10})
        mine, other = self.note(days=50), self.note(self.other, days=50)
        self.run_now()
        self.assert_kept(mine)
        self.assert_pruned(other)

    def test_zero_days_keep_for_ever(self):
        self.env["hc.retention.rule"].create({"state": "done", "days": 10})
        self.rule.days = 0
        mine = self.note(days=9000)
        self.run_now()
        self.assert_kept(mine)

    def test_open_issue(self):
        message = self.note()
        issue = self.issue(message)
        run = self.run_now()
        self.assert_kept(message)
        self.assertEqual(run.line_ids.issue_count, 1)
        issue.state = "resolved"
        self.run_now()
        self.assert_pruned(message)

    def test_something_of_the_correlation_is_unfinished(self):
        first = self.note(correlationid="case-1")
        second = self.note(correlationid="case-1", state="review")
        run = self.run_now()
        self.assert_kept(first, second)
        self.assertEqual(run.line_ids.needed_count, 1)
        self.put(second, "cancelled", 0)
        self.run_now()
        self.assert_pruned(first)

    def test_something_of_the_ordering_key_is_unfinished(self):
        first, second = self.note(), self.note(state="retry")
        self.env.cr.execute(
            "UPDATE hc_message SET ordering_key = 'k' WHERE id = ANY(%s)",
            [[first.id, second.id]],
        )
        self.run_now()
        self.assert_kept(first)

    def test_original_of_a_duplicate_in_review(self):
        first, second = self.note(), self.note(state="review")
        self.env.cr.execute(
            "UPDATE hc_message SET duplicate_of_id = %s WHERE id = %s", [first.id, second.id]
        )
        self.run_now()
        self.assert_kept(first)

    def test_personal_subject_goes(self):
        personal, plain = self.note(), self.note(subject="ICU-1")
        surrogate = self.env["hc.keyring"]._ring().surrogate("MRN-1")
        self.env.cr.execute(
            "UPDATE hc_message SET subject = %s WHERE id = %s", [surrogate, personal.id]
        )
        self.run_now()
        personal.invalidate_recordset()
        self.assertFalse(personal.subject)
        self.assertEqual(plain.subject, "ICU-1")

    # ------------------------------------------------------------------ how it goes

    def test_batches_resume_where_they_ended(self):
        messages = [self.note(days=200 + n) for n in range(7)]
        held = self.issue(messages[3])
        run = self.run_now(limit=2)
        self.assertEqual(run.line_ids.batch_count, 4)
        self.assert_kept(messages.pop(3))
        self.assert_pruned(*messages)
        self.assertTrue(held)

    def test_only_one_run_at_a_time(self):
        runs = self.env["hc.retention.run"]
        self.assertTrue(runs._sudo_start())
        self.assertFalse(runs._sudo_start())
        with self.assertRaises(UserError):
            self.rule.with_user(self.manager).action_run()

    def test_the_scheduled_action_runs_once_a_night(self):
        old = self.note()
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            runs = self.env(cr=cr)["hc.retention.run"]
            before = runs.search_count([])
            runs._cron_run()
            runs._cron_run()
            self.assertEqual(runs.search_count([]), before + 1)
        self.env.invalidate_all()
        self.assert_pruned(old)

    def test_a_run_is_in_the_trail(self):
        self.note()
        run = self.run_now()
        event = self.env["hc.audit.event"].search([("object", "=", f"hc.retention.run,{run.id}")])
        self.assertEqual(event.details["deleted"], 1)
        self.assertEqual(event.details["lines"][0]["channel"], self.channel.code)

    def test_the_index_finds_what_is_due(self):
        """However many have no content any more, and whatever else there is."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        before = fields.Datetime.now()
        query = prune._candidates(self.channel.id, "done", before, (before, 1), 10)
        self.env.cr.execute(SQL("EXPLAIN %s", query))
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("hc_message_prunable_idx", plan)
        self.assertNotIn("Sort", plan)

    # ------------------------------------------------------------------- afterwards

    def test_the_same_event_again(self):
        event = self.event({"facility": "F", "value": 1}, NOTED)
        message = self.send(self.channel, event)
        self.put(message, "done", 200)
        self.run_now()
        self.assert_pruned(message)
        self.assertEqual(self.send(self.channel, event), message)
        self.assertEqual(message.state, "done")

    def test_it_is_not_handled_without_content(self):
        message = self.note(state="cancelled")
        self.env["hc.retention.rule"].create({"state": "cancelled", "days": 1})
        self.run_now()
        with self.assertRaises(UserError):
            message._sudo_set_state("received", ("cancelled",), "message.resumed")
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.put(message, "received", 0)

    # --------------------------------------------------------------------- preview

    def test_preview(self):
        for days in (101, 150, 99):
            self.note(days=days)
        self.assertEqual(self.rule.due_text, "2 payloads")
        self.rule.days = 120
        self.assertEqual(self.rule.due_text, "1 payload")
        self.rule.days = 0
        self.assertEqual(self.rule.due_text, "Nothing: kept for ever")
        self.note(self.other, days=5)
        draft = self.env["hc.retention.rule"].new(
            {"state": "done", "days": 1, "channel_id": self.other.id}
        )
        self.assertEqual(draft.due_text, "1 payload")

    def test_preview_of_a_general_rule_leaves_channels_of_their_own_out(self):
        general = self.env["hc.retention.rule"].create({"state": "done", "days": 1})
        self.note(days=5)
        count = int(general.due_text.split()[0].replace(",", ""))
        self.note(self.other, days=5)
        general.invalidate_recordset()
        self.assertEqual(int(general.due_text.split()[0].replace(",", "")), count + 1)

    # ----------------------------------------------------------------------- rights

    def test_rights(self):
        self.assertTrue(self.rule.with_user(self.operator).read(["days"]))
        with self.assertRaises(AccessError):
            self.rule.with_user(self.operator).days = 1
        with self.assertRaises(AccessError):
            self.rule.with_user(self.operator).action_run()
        self.rule.with_user(self.manager).days = 50
        event = self.env["hc.audit.event"].search(
            [("object", "=", f"hc.retention.rule,{self.rule.id}")], order="id desc", limit=1
        )
        self.assertEqual((event.user_id, event.details["values"]["days"][1]), (self.manager, 50))
        self.rule.with_user(self.manager).action_run()
        run = self.env["hc.retention.run"].search([("state", "=", "running")])
        self.assertEqual(run.user_id, self.manager)
        with self.assertRaises(AccessError):
            run.with_user(self.manager).state = "done"

    def test_one_rule_each(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.rule.copy()
