# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..engine import drain as draining
from .common import EngineCase
from .test_engine import NOTED, EngineBehaviour

KIND = "test.kind"


@tagged("post_install", "-at_install")
class TestFollowUpWake(EngineBehaviour):
    """When a drain has follow-up work done that its batches leave."""

    def wakes(self):
        """Messages handled before each wake."""
        self.behave(lambda item: item.dirty(KIND, {"n": 1}))
        self.lane.batch_limit = 1
        for value in range(3):
            self.send(self.channel, self.event({"facility": "F", "value": value}, NOTED))
        told = []
        dirty = type(self.env["hc.dirty.key"])
        with patch.object(dirty, "_wake", lambda _self: told.append(len(self.handled))):
            self.drain()
        return told

    def test_once_for_a_backlog(self):
        self.assertEqual(self.wakes(), [3], "after the last batch, not after each")

    def test_a_long_backlog_does_not_put_it_off(self):
        with patch.object(draining, "FOLLOW_UP_SECONDS", 0.0):
            self.assertEqual(self.wakes(), [1, 2, 3])

    def test_not_without_any(self):
        self.send(self.channel, self.event({"facility": "F", "value": 1}, NOTED))
        dirty = type(self.env["hc.dirty.key"])
        with patch.object(dirty, "_wake", lambda _self: self.fail("nothing to follow up")):
            self.assertEqual(self.drain(), 1)


@tagged("post_install", "-at_install")
class TestDirtyKey(EngineCase):
    """Follow-up work: once per key, in chunks, and what fails holds up nothing else."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute("DELETE FROM hc_dirty_key")
        self.chunks = []
        self.bad = None
        test = self

        def process(handler, keys):
            test.chunks.append(keys)
            test.assertEqual(handler.env.company, test.env.company)
            if any(key["n"] == test.bad for key in keys):
                raise ValueError("a secret of the payload")

        handler = self.env["hc.followup.handler"]
        find = lambda _self, kind: handler if kind == KIND else None  # noqa: E731
        for model, name, value in (
            (type(handler), "_process", process),
            (type(handler), "_chunk", 3),
            (type(self.env["hc.dirty.key"]), "_handler", find),
        ):
            patcher = patch.object(model, name, value)
            patcher.start()
            self.addCleanup(patcher.stop)

    def leave(self, *numbers, kind=KIND):
        for number in numbers:
            self.env.cr.execute(
                "INSERT INTO hc_dirty_key (kind, company_id, key, attempt_count, next_attempt_at)"
                " VALUES (%s, %s, %s, 0, now() AT TIME ZONE 'UTC')",
                [kind, self.env.company.id, json.dumps({"n": number})],
            )

    def left(self):
        return self.env["hc.dirty.key"].search([])

    def test_once_per_key_in_chunks(self):
        self.leave(1, 2, 1, 3, 4, 2)
        self.follow_up()
        self.assertEqual(self.chunks, [[{"n": 1}, {"n": 2}, {"n": 3}], [{"n": 4}]])
        self.assertFalse(self.left())

    def test_what_fails_is_postponed_alone(self):
        self.bad = 2
        self.leave(1, 2, 3)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING") as logs:
            self.follow_up()
        self.assertNotIn("secret", "\n".join(logs.output))
        left = self.left()
        self.assertEqual(left.key, {"n": 2})
        self.assertEqual((left.attempt_count, left.error_code), (1, "unexpected"))
        self.assertTrue(left.error_title)
        self.chunks.clear()
        self.follow_up()
        self.assertFalse(self.chunks, "not before its time")

    def test_operator_has_it_done_now(self):
        self.bad = 2
        self.leave(2)
        with self.assertLogs("odoo.addons.healthcare_integration_base", "WARNING"):
            self.follow_up()
        self.bad = None
        group = "healthcare_integration_base.group_integration_"
        viewer = new_test_user(self.env, "dirty-viewer", f"{group}viewer")
        operator = new_test_user(self.env, "dirty-operator", f"{group}operator")
        with self.assertRaises(AccessError):
            self.left().with_user(viewer).action_run_now()
        self.left().with_user(operator).action_run_now()
        self.follow_up()
        self.assertFalse(self.left())

    def test_work_of_an_addon_that_is_gone(self):
        self.leave(1, kind="no.such.kind")
        self.follow_up()
        self.assertFalse(self.left())
