# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .retention_case import RetentionCase


@tagged("post_install", "-at_install")
class TestLegalHold(RetentionCase):
    """What is held is kept, until another person says otherwise."""

    def hold(self, **scope):
        return (
            self.env["hc.legal.hold"]
            .with_user(self.manager)
            .create({"name": "Claim", "reason": "A supplier disputes it.", **scope})
        )

    def test_scopes(self):
        pseudonym = self.env["hc.keyring"]._ring().pseudonym("patient", "MRN-7")
        message = self.note(correlationid="case-7")
        self.spoil(message, {"patient": {"mrn": pseudonym}})
        other = self.env["hc.keyring"]._ring().pseudonym("patient", "MRN-8")
        created = message.create_date
        for scope, fits in (
            ({"system_id": self.system.id}, True),
            ({"channel_id": self.channel.id}, True),
            ({"channel_id": self.other.id}, False),
            ({"correlation": "case-7"}, True),
            ({"correlation": "case-8"}, False),
            ({"pseudonym": pseudonym}, True),
            ({"pseudonym": other}, False),
            ({"received_from": created, "received_until": created + timedelta(1)}, True),
            ({"received_from": created + timedelta(1)}, False),
            ({"channel_id": self.channel.id, "correlation": "case-8"}, False),
        ):
            with self.subTest(scope):
                hold = self.hold(**scope)
                message.invalidate_recordset()
                self.assertEqual(message.is_on_hold, fits)
                found = self.env["hc.message"].search([("is_on_hold", "=", True)])
                self.assertEqual(message in found, fits)
                hold._sudo_release()

    def test_held_until_another_manager_releases(self):
        message = self.note()
        hold = self.hold(system_id=self.system.id)
        run = self.run_now()
        self.assert_kept(message)
        self.assertEqual(run.line_ids.held_count, 1)
        with self.assertRaises(UserError):  # no reason
            hold.with_user(self.second).action_release()
        hold.with_user(self.second).release_reason = "Settled."
        with self.assertRaises(UserError):  # the same person
            hold.with_user(self.manager).action_release()
        with self.assertRaises(AccessError):
            hold.with_user(self.operator).action_release()
        hold.with_user(self.second).action_release()
        self.assertEqual((hold.state, hold.released_by_id), ("released", self.second))
        self.run_now()
        self.assert_pruned(message)
        events = self.env["hc.audit.event"].search([("object", "=", f"hc.legal.hold,{hold.id}")])
        self.assertLessEqual({"hold.placed", "hold.released"}, set(events.mapped("action")))

    def test_a_hold_is_not_bent(self):
        hold = self.hold(system_id=self.system.id)
        manager = hold.with_user(self.second)
        for vals in (
            {"state": "released"},
            {"placed_by_id": self.second.id},
            {"released_by_id": self.second.id},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                manager.write(vals)
        with self.assertRaises(UserError):
            manager.write({"system_id": False, "channel_id": self.other.id})
        with self.assertRaises(AccessError):
            manager.unlink()
        with self.assertRaises(UserError):
            hold.unlink()
        with self.assertRaises(AccessError):
            self.hold(system_id=self.system.id, state="released")

    def test_a_hold_names_something(self):
        with self.assertRaises(ValidationError):
            self.hold()
        with self.assertRaises(ValidationError):
            self.hold(pseudonym="Ophelia")
