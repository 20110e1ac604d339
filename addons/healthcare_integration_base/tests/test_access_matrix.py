# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from difflib import unified_diff

from odoo.tests import TransactionCase, tagged

from . import access_matrix
from .access_matrix import BASE, COLUMNS, make_user, our_models

CHANGES = ("write", "create", "unlink")
# What has no company, and why nobody sees another company's data by it.
NO_COMPANY = {
    "hc.audit.bundle": "a part of the one trail, for auditors; it holds no event in the clear",
    "hc.audit.checkpoint": "signed heads of the one trail of all companies",
    "hc.audit.log": "the one trail of all companies; its events have a rule",
    "hc.data.domain": "names of kinds of data; who owns them is told by rows with a rule",
    "hc.message.type": "the catalog of contracts, which all companies share",
    "hc.pseudonym.alias": "pairs of pseudonyms that nobody reads",
    "hc.pseudonym.key": "versions of the keys of all companies; the keys are not in it",
    "hc.retention.run": "counts of a run over all companies; its lines have a rule",
}


@tagged("post_install", "-at_install")
class TestAccessMatrix(TransactionCase):
    """Rights are what somebody has reviewed; `make access` writes the new text to review."""

    maxDiff = None

    def assert_reviewed(self, path, text):
        kept = path.read_text("utf-8") if path.exists() else ""
        changes = list(unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", n=0))
        self.assertFalse(changes, "run `make access` and review:\n" + "\n".join(changes[:40]))

    def test_matrix_is_the_one_that_was_reviewed(self):
        self.assert_reviewed(access_matrix.PAGE, access_matrix.matrix(self.env))

    def test_systems_may_touch_what_was_reviewed(self):
        for addon, text in access_matrix.system_rights(self.env).items():
            with self.subTest(addon):
                self.assert_reviewed(access_matrix.reviewed_file(addon), text)

    def test_auditors_change_nothing(self):
        """Of anything of ours, but the windows of their own in which they export the trail."""
        auditor = make_user(self.env, [COLUMNS["Auditor"]])
        may = [
            (name, operation)
            for name in set(our_models(self.env)) - {"hc.audit.bundle", "hc.audit.export"}
            for operation in CHANGES
            if self.env[name].with_user(auditor).has_access(operation)
        ]
        self.assertFalse(may)

    def test_auditors_and_officers_see_no_payload(self):
        message = self.env["hc.message"]
        for column in ("Viewer", "Privacy", "Auditor"):
            user = make_user(self.env, [COLUMNS[column]])
            fields = message.with_user(user).fields_get()
            with self.subTest(column):
                self.assertIn("state", fields)
                self.assertNotIn("payload", fields)

    def test_auditors_read_trail_and_configuration(self):
        auditor = make_user(self.env, [COLUMNS["Auditor"]])
        for name in ("audit.event", "message", "channel", "system", "credential", "legal.hold"):
            self.assertTrue(self.env[f"hc.{name}"].with_user(auditor).has_access("read"), name)

    def test_every_model_has_a_rule_of_companies(self):
        """Of companies; for windows that ask something, of whoever opened them."""
        ruled = set(self.env["ir.rule"].search([("global", "=", True)]).model_id.mapped("model"))
        models = set(our_models(self.env))
        without = models - ruled
        self.assertFalse(without - set(NO_COMPANY), "no company rule, and no reason for it")
        self.assertFalse(set(NO_COMPANY) - without, "has a rule, or is gone")

    def test_nobody_but_systems_has_the_systems_groups(self):
        group = self.env.ref(f"{BASE}.group_system_user")
        people = self.env["res.users"].search([("all_group_ids", "in", group.ids)])
        self.assertTrue(all(people.mapped("is_hc_system")))
