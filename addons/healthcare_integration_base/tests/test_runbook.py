# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..messaging.errors import all_specs
from .test_recovery import RecoveryCase


@tagged("post_install", "-at_install")
class TestRunbook(HttpCase, RecoveryCase):
    """Each error has a page that opens, without a network and without a login."""

    def test_every_error_has_a_page_that_opens(self):
        pages = {}
        for spec in all_specs():
            with self.subTest(spec.code):
                url = self.env["hc.runbook"]._url(spec.code)
                self.assertTrue(url)
                pages.setdefault(url, []).append(spec)
        self.assertGreater(len(pages), 15)
        for url, specs in pages.items():
            with self.subTest(url):
                answer = self.url_open(url)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("text/html", answer.headers["Content-Type"])
                self.assertNotRegex(answer.text, r"(src|srcset)=|<link|<script|url\(")
                for spec in specs:
                    if not spec.status:
                        self.assertIn(f"<code>{spec.code}</code>", answer.text)

    def test_from_message_and_issue(self):
        message = self.notes(1)
        for record in (message.with_user(self.viewer), message.issue_id.with_user(self.viewer)):
            action = record.action_open_runbook()
            self.assertEqual(action["type"], "ir.actions.act_url")
            self.assertTrue(action["url"].endswith("/static/runbook/unmapped-code.html"))
        self.map_vendor()
        self.drain()
        with self.assertRaises(UserError):
            message.action_open_runbook()
