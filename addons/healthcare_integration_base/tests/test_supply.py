# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from unittest.mock import patch

import psycopg2

from odoo.tests import TransactionCase, tagged

from ..engine import supply

KEYS = [{"namespace": "item", "code_system": "local", "value": "NONE-SUCH"}]


@tagged("post_install", "-at_install")
class TestSupply(TransactionCase):
    """The look after the commit of a mapping: its caller's work is done, whatever happens."""

    def look(self, losses):
        """:return: how often the issues were looked through, when the first were lost"""
        issues = type(self.env["hc.issue"])
        resume, tries = issues._resume_fixed, []

        def losing(records, kind, keys_list):
            tries.append(kind)
            if len(tries) <= losses:
                raise psycopg2.errors.SerializationFailure
            return resume(records, kind, keys_list)

        with (
            patch.object(issues, "_resume_fixed", losing),
            patch.object(supply.time, "sleep") as sleep,
        ):
            supply.look_again(self.env.registry, "identifier", KEYS)
        self.assertEqual(sleep.call_count, min(losses, supply.TRIES))
        return len(tries)

    def test_it_is_repeated_while_a_drain_writes_the_same(self):
        self.assertEqual(self.look(losses=0), 1)
        self.assertEqual(self.look(losses=3), 4)

    def test_it_never_fails_who_has_supplied_the_mapping(self):
        with self.assertLogs(supply._logger, "WARNING") as logged:
            self.assertEqual(self.look(losses=supply.TRIES), supply.TRIES)
        self.assertNotIn("NONE-SUCH", " ".join(logged.output))
