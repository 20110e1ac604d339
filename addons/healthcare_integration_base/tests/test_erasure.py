# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..engine import erase
from .retention_case import NOTED, RetentionCase

MRN = "CANARY-MRN-7731"


@tagged("post_install", "-at_install")
class TestErasure(RetentionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ring = cls.env["hc.keyring"]._ring()
        cls.pseudonym = ring.pseudonym("patient", MRN, "HOSP")
        cls.stranger = ring.pseudonym("patient", "MRN-2", "HOSP")

    def about(self, pseudonym, state="done", **attributes):
        message = self.note(state=state, days=1, **attributes)
        self.spoil(message, {"patient": {"mrn": pseudonym}, "lines": [1]})
        return message

    def request(self, user=None, **vals):
        """What the wizard does, by the entrance that the web client takes."""
        vals = {"number": MRN, "authority": "HOSP", "reason": "Asked for.", **vals}
        wizard = self.env["hc.erasure.request"].with_user(user or self.manager).create(vals)
        action = wizard.action_search()
        return self.env["hc.erasure"].with_user(self.manager).browse(action["res_id"])

    def work(self, erasure, steps=50):
        """The scheduled action, until it rests."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            one = self.env(cr=cr)["hc.erasure"].browse(erasure.id)
            while one.state in ("searching", "erasing"):
                one._step()
                steps -= 1
                self.assertGreater(steps, 0, "the erasure does not end")
        self.env.invalidate_all()

    def test_one_person_goes(self):
        mine = self.about(self.pseudonym) + self.about(self.pseudonym, state="cancelled")
        other = self.about(self.stranger)
        keys = mine.read(["idempotency_key", "payload_digest", "business_key", "state"])
        erasure = self.request()
        self.work(erasure)
        self.assertEqual(erasure.state, "found")
        self.assertEqual(erasure.message_ids, mine)
        self.assertEqual(erasure.line_ids.mapped("found_count")[:1], [2])
        self.assert_kept(*mine)
        erasure.action_erase()
        self.work(erasure)
        self.assertEqual(erasure.state, "done")
        self.assert_pruned(*mine)
        self.assert_kept(other)
        self.assertEqual(set(mine.mapped("prune_reason")), {"erasure"})
        self.assertEqual(keys, mine.read(list(keys[0])[1:]))
        self.assertEqual(erasure.line_ids.mapped("erased_count")[:1], [2])
        self.assertFalse(self.rows_with(self.pseudonym, MRN))

    def test_the_trail_is_kept_without_the_person(self):
        self.about(self.pseudonym)
        erasure = self.request()
        self.work(erasure)
        erasure.action_erase()
        self.work(erasure)
        events = self.env["hc.audit.event"].search([("object", "=", f"hc.erasure,{erasure.id}")])
        self.assertEqual(
            set(events.mapped("action")),
            {"erasure.requested", "erasure.confirmed", "erasure.done"},
        )
        self.assertEqual(set(events.mapped("digest")), {erasure.subject_digest})
        self.assertEqual(events.user_id, self.manager)
        self.env.cr.execute("SELECT e::text FROM hc_audit.event e WHERE object LIKE 'hc.erasure,%'")
        told = " ".join(row[0] for row in self.env.cr.fetchall())
        self.assertNotIn(self.pseudonym, told)
        self.assertNotIn(MRN, told)
        self.assertEqual(erasure.subject_digest, self.env["hc.erasure"]._digest(self.pseudonym))

    def test_the_number_is_not_stored(self):
        with self.assertLogs("odoo", "DEBUG") as logs:
            wizard = self.env["hc.erasure.request"].with_user(self.manager).create({})
            wizard.write({"number": MRN, "authority": "HOSP", "reason": "Asked for."})
            self.env.flush_all()
        self.assertEqual(wizard.pseudonym, self.pseudonym)
        self.assertFalse(self.rows_with(MRN))
        self.assertNotIn(MRN, "\n".join(logs.output))

    def test_unfinished_messages_stand_against_it(self):
        waiting = self.about(self.pseudonym, state="review")
        done = self.about(self.pseudonym)
        erasure = self.request()
        self.work(erasure)
        self.assertEqual(erasure.state, "blocked")
        self.assertIn("not finished: 1", erasure.blocked_by)
        with self.assertRaises(UserError):
            erasure.action_erase()
        self.assert_kept(waiting, done)
        self.put(waiting, "cancelled", 0)
        erasure.action_check()
        self.work(erasure)
        self.assertEqual(erasure.state, "found")

    def test_a_hold_stands_against_it(self):
        held = self.about(self.pseudonym)
        values = {"name": "Claim", "reason": "Why."}
        hold = self.env["hc.legal.hold"].create({**values, "channel_id": self.channel.id})
        erasure = self.request()
        self.work(erasure)
        self.assertEqual(erasure.state, "blocked")
        hold._sudo_release()
        erasure.action_check()
        self.work(erasure)
        # Set between the look and the deed.
        self.env["hc.legal.hold"].create({**values, "pseudonym": self.pseudonym})
        erasure.action_erase()
        self.work(erasure)
        self.assertEqual(erasure.state, "blocked")
        self.assert_kept(held)

    def test_what_comes_between_is_found(self):
        self.about(self.pseudonym)
        erasure = self.request()
        self.work(erasure)
        late = self.about(self.pseudonym)
        erasure.action_erase()
        self.work(erasure)
        self.assert_pruned(late)

    def test_other_companies_are_others(self):
        message = self.about(self.pseudonym)
        company = self.env["res.company"].create({"name": "Another controller"})
        self.env.cr.execute(
            "UPDATE hc_message SET company_id = %s WHERE id = %s", [company.id, message.id]
        )
        erasure = self.request()
        self.work(erasure)
        self.assertFalse(erasure.message_ids)

    def test_many_pages(self):
        messages = self.env["hc.message"].union(*[self.about(self.pseudonym) for _n in range(7)])
        erasure = self.request()
        erasure.sudo().write({"state": "searching", "searched_until": 0})
        after, pages = 0, 0
        while (after := erase.search_page(self.env, erasure.sudo(), after, limit=2)) is not None:
            pages += 1
        self.assertGreaterEqual(pages, 4)
        erasure.invalidate_recordset()
        self.assertEqual(erasure.message_ids, messages)

    def test_a_surrogate_of_the_person_goes(self):
        surrogate = self.env["hc.keyring"]._ring().surrogate(MRN)
        message = self.about(self.pseudonym)
        self.env.cr.execute(
            "UPDATE hc_message SET message_identifier = %s, correlation_identifier = %s"
            " WHERE id = %s",
            [surrogate, surrogate, message.id],
        )
        erasure = self.request()
        self.work(erasure)
        erasure.action_erase()
        self.work(erasure)
        self.assertFalse(self.rows_with(surrogate))

    def test_the_same_event_again(self):
        plain = self.env["hc.keyring"]._ring().pseudonym("patient", MRN)
        event = self.event({"facility": "F", "value": 1, "patient": {"mrn": MRN}}, NOTED)
        message = self.send(self.channel, event)
        self.drain()
        self.put(message, "done", 0)
        erasure = self.request(authority=False)
        self.work(erasure)
        self.assertEqual(erasure.message_ids, message)
        erasure.action_erase()
        self.work(erasure)
        self.assertEqual(self.send(self.channel, event), message)
        self.assertFalse(message.payload)
        self.assertFalse(self.rows_with(plain))

    def test_nothing_is_kept_of_what_was_cancelled(self):
        message = self.about(self.pseudonym)
        erasure = self.request()
        self.work(erasure)
        erasure.action_cancel()
        self.assertFalse(erasure.sudo().pseudonyms)
        self.assertFalse(erasure.message_ids)
        self.assert_kept(message)

    def test_bad_requests(self):
        for vals in ({"number": False}, {"number": False, "pseudonym": "Ophelia"}):
            with self.subTest(vals), self.assertRaises(UserError):
                self.request(**vals)
        with self.assertRaises(UserError):
            self.request(reason=" ")

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.request(self.operator)
        erasure = self.request()
        with self.assertRaises(AccessError):
            erasure.with_user(self.operator).action_erase()
        with self.assertRaises(AccessError):
            erasure.write({"state": "done"})
        with self.assertRaises(AccessError):
            erasure.unlink()
