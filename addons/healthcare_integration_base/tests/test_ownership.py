# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..engine import claim, run
from .test_engine import NOTED, EngineBehaviour

BASE = "healthcare_integration_base"


class OwnershipBehaviour(EngineBehaviour):
    """A handler of notes, which two systems send."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_system("owner-tests")
        cls.domain = cls.env["hc.data.domain"].create({"name": "Notes", "code": "note"})
        cls.site = cls.env["hc.site"].create(
            {"system_id": cls.system.id, "name": "North", "facility_code": "NORTH"}
        )
        cls.manager = new_test_user(cls.env, "hc.owner", f"{BASE}.group_integration_manager")
        cls.operator = new_test_user(cls.env, "hc.worker", f"{BASE}.group_integration_operator")

    def own(self, on_other="review", system=None, **values):
        """A row of the matrix, made as a manager makes it."""
        rows = self.env["hc.ownership"].with_user(self.manager)
        owner = system or self.env["hc.system"]
        return rows.create(
            {
                "domain_id": self.domain.id,
                "system_id": owner.id,
                "on_other": on_other,
                **values,
            }
        )


@tagged("post_install", "-at_install")
class TestOwnership(OwnershipBehaviour):
    """What becomes of updates that are not their sender's to make."""

    def outcome(self, **data):
        message = self.note(**data)
        self.drain()
        return message

    def test_without_a_row_everybody_may(self):
        self.assertEqual(self.outcome().state, "done")

    def test_the_owner_may(self):
        self.own("refuse", self.system)
        message = self.outcome()
        self.assertEqual((message.state, message.error_code), ("done", False))
        self.assertTrue(message.effect_ids)

    def test_refused_is_kept_and_told(self):
        self.own("refuse", self.other)
        message = self.outcome()
        self.assertEqual((message.state, message.error_code), ("rejected", "not_owner"))
        self.assertTrue(message.done_at)
        self.assertFalse(message.effect_ids or self.handled)
        self.assertEqual(message.issue_id.error_code, "not_owner")
        self.assertEqual(message.attempt_ids.outcome, "rejected")
        status = self.env["hc.message"]._status(message.uuid, self.system.id)
        self.assertEqual((status["state"], status["error_code"]), ("rejected", "not_owner"))
        trail = self.env["hc.audit.event"].search([("object", "=", message.uuid)])
        self.assertIn(("rejected", "not_owner"), [(one.outcome, one.code) for one in trail])

    def test_ignored_is_kept_without_effect(self):
        self.own("ignore", self.other)
        message = self.outcome()
        self.assertEqual((message.state, message.error_code), ("done", "not_owner"))
        self.assertFalse(message.effect_ids or message.issue_id or self.handled)

    def test_review_goes_on_when_the_matrix_is_corrected(self):
        row = self.own("review", self.other)
        message = self.outcome()
        self.assertEqual((message.state, message.error_code), ("review", "not_owner"))
        self.assertEqual(message.issue_id.fix_kind, "ownership")
        action = message.issue_id.with_user(self.operator).action_fix()
        self.assertEqual(action["res_model"], "hc.ownership")
        self.assertEqual(self.env["hc.ownership"].search(action["domain"]), row)
        row.with_user(self.manager).system_id = self.system
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(message.issue_id.state or "resolved", "resolved")

    def test_review_goes_on_when_the_row_goes(self):
        row = self.own("review", self.other)
        message = self.outcome()
        row.with_user(self.manager).unlink()
        self.drain()
        self.assertEqual(message.state, "done")

    def test_one_update_is_accepted(self):
        self.own("review", self.other)
        message, second = self.note(1), self.note(2)
        self.drain()
        for refused in (message.with_user(self.operator), message.with_user(self.system.user_id)):
            with self.assertRaises(AccessError):
                refused.action_accept_update()
        asked = message.with_user(self.manager).action_accept_update()
        wizard = self.env["hc.message.decide"].with_user(self.manager)
        wizard = wizard.with_context(**asked["context"]).create({"reason": " "})
        with self.assertRaises(UserError):
            wizard.action_apply()
        wizard.reason = "Agreed with the store"
        wizard.action_apply()
        self.drain()
        self.assertEqual((message.state, second.state), ("done", "review"))
        decided = message.decision_ids
        self.assertEqual((decided.action, decided.reason), ("accepted", "Agreed with the store"))
        with self.assertRaises(UserError):
            message.with_user(self.manager).action_accept_update()

    def test_the_row_of_a_site_holds_before_the_general_one(self):
        self.own("refuse", self.other)
        self.own("refuse", self.system, site_id=self.site.id)
        self.assertEqual(self.outcome(facility="NORTH").state, "done")
        self.assertEqual(self.outcome(facility="SOUTH").state, "rejected")

    def test_the_row_of_another_company_does_not_hold(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["hc.ownership"].create(
            {
                "domain_id": self.domain.id,
                "system_id": self.other.id,
                "on_other": "refuse",
                "company_id": company.id,
            }
        )
        self.assertEqual(self.outcome().state, "done")

    def test_odoo_is_the_owner(self):
        self.own("refuse")
        self.assertEqual(self.outcome().state, "rejected")
        self.system.is_internal = True
        self.assertEqual(self.outcome().state, "done")

    def test_a_batch_is_judged_one_by_one(self):
        self.own("refuse", self.other, site_id=self.site.id)
        messages = [self.note(facility=name) for name in ("NORTH", "SOUTH", "NORTH", "EAST")]
        self.drain()
        states = [message.state for message in messages]
        self.assertEqual(states, ["rejected", "done", "rejected", "done"])
        self.assertEqual(len(self.handled), 1)

    def test_a_plan_says_it_beforehand(self):
        self.own("refuse", self.other)
        message = self.note()
        items = self._items(message)
        self.assertEqual(run.plan(self.env, items), [[{"refused": "not_owner"}]])

    def _items(self, message):
        self.env.flush_all()
        return run.items_of(self.env, claim.take(self.env.cr, message.ids), "arrival")

    def test_rows_that_cannot_hold(self):
        self.own("refuse", self.other)
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017 (unique index)
            self.own("ignore", self.system)
        with self.assertRaises(ValidationError):
            self.own("ignore", self.system, field_name="value")
        with self.assertRaises(AccessError):
            self.env["hc.ownership"].with_user(self.operator).create(
                {"domain_id": self.domain.id, "on_other": "ignore"}
            )

    def test_the_type_says_its_domain(self):
        self.assertEqual(self.noted.data_domain, "note")
        self.assertEqual(self.env["hc.message.type"]._data_domain(NOTED), ("note", ("number",)))
        self.assertIn(NOTED, self.domain.type_names)
