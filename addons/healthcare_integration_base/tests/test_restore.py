# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .retention_case import NOTED, RetentionCase
from .test_access import HOST_KEY


@tagged("post_install", "-at_install")
class TestRestore(RetentionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moment = fields.Datetime.now() - timedelta(hours=2)

    def restore(self, user=None, **vals):
        values = {
            "incident": "INC-7",
            "reason": "The disk was lost.",
            "restored_to": self.moment,
            **vals,
        }
        return self.env["hc.restore"].with_user(user or self.manager).create(values)

    def begin(self, restore):
        """Half an hour ago: messages of a test are as old as its transaction."""
        restore.action_start()
        restore.sudo().started_at = fields.Datetime.now() - timedelta(minutes=30)

    def lines(self, restore, channel):
        return restore.line_ids.filtered(lambda line: line.channel_id == channel)

    def outbound(self, state, hours):
        message = self.note(state="received", days=0)
        self.env.cr.execute(
            "UPDATE hc_message SET direction = 'out', state = %s,"
            " create_date = create_date - %s * interval '1 hour' WHERE id = %s",
            [state, hours, message.id],
        )
        message.invalidate_recordset()
        return message

    def test_who_is_asked_and_from_when(self):
        known = self.note(days=1, id="evt-last")
        restore = self.restore(margin_minutes=30)
        restore.action_start()
        line = self.lines(restore, self.channel)
        self.assertEqual(line.last_identifier, "evt-last")
        self.assertEqual(line.last_at, known.create_date)
        self.assertEqual(restore.resend_from, self.moment - timedelta(minutes=30))
        for text in ("INC-7", str(restore.resend_from), self.channel.address, "evt-last"):
            self.assertIn(text, line.letter)
        self.assertFalse(self.lines(restore, self.other).last_identifier)

    def test_what_may_have_been_sent(self):
        queued, retry = self.outbound("queued", 3), self.outbound("retry", 3)
        done, later = self.outbound("done", 3), self.outbound("queued", 1)
        inbound = self.note(state="retry", days=1)
        restore = self.restore()
        restore.action_start()
        states = [one.state for one in (queued, retry, done, later, inbound)]
        self.assertEqual(states, ["unknown", "unknown", "done", "queued", "retry"])
        self.assertEqual(restore.unknown_count, 2)
        self.assertEqual(queued.error_code, "restored_meanwhile")
        self.assertEqual((queued + retry).issue_id.error_code, "restored_meanwhile")
        events = self.env["hc.audit.event"].search([("object", "=", queued.uuid)])
        self.assertIn("message.unknown", events.mapped("action"))

    def test_receivers_that_take_it_once_get_it_again(self):
        queued = self.outbound("queued", 3)
        self.channel.on_unknown = "repeat"
        restore = self.restore()
        restore.action_start()
        self.assertEqual((queued.state, restore.unknown_count), ("queued", 0))

    def test_what_is_queued_again_has_its_number(self):
        """A reply that left and was lost with its cause is the same one to its receiver."""
        lane = self.env["hc.lane"].search(
            [("direction", "=", "out"), ("segment", "=", self.system.segment)], limit=1
        )
        values = {"direction": "out", "code": "replies", "lane_id": lane.id}
        self.make_channel(self.system, self.noted, **values)

        def queue(key):
            data = {"facility": "F", "value": 1}
            company = self.env.company
            return self.env["hc.outbox"]._send(NOTED, data, company=company, key=key)

        first = queue("reply-1")
        self.assertEqual(queue("reply-1"), [])
        self.env.cr.execute("DELETE FROM hc_message WHERE uuid = %s", first)
        self.assertEqual(queue("reply-1"), first)
        self.assertNotEqual(queue("reply-2"), first)

    def test_progress(self):
        restore = self.restore()
        self.begin(restore)
        started = restore.started_at
        lost = started - timedelta(hours=1)
        for number, moment in enumerate((lost, started + timedelta(minutes=10), None)):
            attributes = {"time": f"{moment.isoformat()}Z"} if moment else {}
            data = {"facility": "F", "value": number}
            self.send(self.channel, self.event(data, NOTED, **attributes))
        line = self.lines(restore, self.channel)
        self.assertEqual((line.anew_count, line.since_count), (1, 3))
        self.assertEqual(line.latest_at, lost)
        self.assertEqual(restore.anew_count, 1)
        domain = restore.action_open_anew()["domain"]
        self.assertEqual(len(self.env["hc.message"].search(domain)), 1)

    def test_known_events_are_known(self):
        event = self.event({"facility": "F", "value": 1}, NOTED)
        message = self.send(self.channel, event)
        restore = self.restore()
        self.begin(restore)
        self.assertEqual(self.send(self.channel, event), message)
        self.assertEqual(self.lines(restore, self.channel).since_count, 1)

    def test_intake_is_paused_and_opened(self):
        self.other.action_pause()
        restore = self.restore()
        restore.action_start()
        restore.action_pause_intake()
        self.assertEqual(self.channel.state, "paused")
        self.assertTrue(restore.is_intake_paused)
        with self.assertRaises(UserError):
            self.close(restore)
        restore.action_resume_intake()
        self.assertEqual(self.channel.state, "active")
        self.assertEqual(self.other.state, "paused", "it was paused by somebody else")
        self.close(restore)

    def close(self, restore):
        restore.line_ids.with_user(self.operator).action_asked()
        restore.action_close()

    def test_it_is_closed_with_a_report(self):
        restore = self.restore()
        restore.action_start()
        with self.assertRaises(UserError):  # nobody was asked
            restore.action_close()
        self.close(restore)
        self.assertEqual(restore.state, "closed")
        self.assertIn(f"{self.channel.name}: asked", restore.report)
        self.assertEqual(self.lines(restore, self.channel).asked_by_id, self.operator)
        events = self.env["hc.audit.event"].search([("object", "=", f"hc.restore,{restore.id}")])
        self.assertLessEqual(
            {"restore.started", "restore.asked", "restore.closed"}, set(events.mapped("action"))
        )

    def job(self, code, **values):
        """A job that pulls files for a channel of its own."""
        channel = self.make_channel(self.system, self.noted, code=code, sync_mode="scheduled_batch")
        store = self.env["hc.file.store"].create(
            {"name": code, "host": "sftp.example", "login": "us", "host_keys": HOST_KEY}
        )
        column = Command.create({"name": "value", "pointer": "/value"})
        return self.env["hc.sync.job"].create(
            {
                "name": code,
                "channel_id": channel.id,
                "store_id": store.id,
                "message_type_id": self.noted.id,
                "column_ids": [column],
                **values,
            }
        )

    def test_sources_are_rewound(self):
        kept, moved = self.job("kept", after_success="keep"), self.job("moved")
        restore = self.restore()
        restore.action_start()
        line = self.lines(restore, kept.channel_id)
        self.assertTrue(line.rewound and line.asked_at)
        line = self.lines(restore, moved.channel_id)
        self.assertIn(str(restore.resend_from), line.rewound)
        self.assertFalse(line.asked_at, "somebody has to put the files back")

    def test_it_is_not_bent(self):
        restore = self.restore()
        for vals in ({"state": "closed"}, {"started_at": self.moment}, {"report": "fine"}):
            with self.subTest(vals), self.assertRaises(AccessError):
                restore.write(vals)
        restore.action_start()
        with self.assertRaises(UserError):
            restore.restored_to = self.moment - timedelta(days=1)
        with self.assertRaises(UserError):
            restore.unlink()
        with self.assertRaises(AccessError):
            restore.line_ids.with_user(self.operator).write({"asked_at": self.moment})
        with self.assertRaises(ValidationError):
            self.restore(restored_to=fields.Datetime.now() + timedelta(hours=1))

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.restore(self.operator)
        restore = self.restore()
        self.assertTrue(restore.with_user(self.operator).read(["incident"]))
        for name in ("action_start", "action_cancel"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(restore.with_user(self.operator), name)()
        restore.action_start()
        for name in ("action_pause_intake", "action_close"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(restore.with_user(self.operator), name)()
