# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import logging
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo import http
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models import hc_minimization_preview
from .policy_case import CONTACT, PolicyCase

CANARIES = (
    "Canary Ophelia",
    "CANARY-O-4711",
    "canary note 5519",
    "canary-member",
    "0699 1555 0199",
)
SAMPLE = {
    "facility": "F",
    "name": CANARIES[0],
    "order": CANARIES[1],
    "note": CANARIES[2],
    CANARIES[3]: CANARIES[2],
    "phone": CANARIES[4],
}


@tagged("post_install", "-at_install")
class TestMinimizationPreview(PolicyCase, HttpCase):
    def ask(self, login, sample, policy=None, channel=None, token=True):
        self.authenticate(login, login)
        form = {
            "channel": (channel or self.channel).id,
            "policy": policy.id if policy else "",
            "sample": sample if isinstance(sample, str) else json.dumps(sample),
        }
        if token:
            form["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open("/healthcare_integration/preview", data=form)

    def tables_with(self, *values):
        """All tables of the database, Odoo's as well, that hold one of these texts."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_user_tables ORDER BY 1"
        )
        found = []
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(
                f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text LIKE ANY(%s))",
                [[f"%{value}%" for value in values]],
            )
            found += [table] * self.env.cr.fetchone()[0]
        return found

    @contextmanager
    def logged_all(self):
        """What Odoo logs when it is told to log everything."""
        with ExitStack() as stack:
            for name, logger in [*logging.root.manager.loggerDict.items()]:
                if name.startswith("odoo.") and getattr(logger, "level", logging.NOTSET):
                    stack.enter_context(patch.object(logger, "level", logging.NOTSET))
            logging.getLogger("odoo").manager._clear_cache()
            stack.callback(logging.getLogger("odoo").manager._clear_cache)
            yield stack.enter_context(self.assertLogs("odoo", logging.DEBUG))

    def rows(self, answer):
        [event] = answer.json()["events"]
        return {row["path"]: (row["kept"], row["rule"]) for row in event["values"]}

    def test_what_came_and_what_is_kept(self):
        self.give("/name", "mask")
        plain = self.ask("hc.policy.officer", SAMPLE)
        self.assertEqual(plain.headers["Cache-Control"], "no-store")
        self.assertEqual(self.rows(plain)["/name"], (CANARIES[0], "keep"))
        draft = self.rows(self.ask("hc.policy.manager", SAMPLE, policy=self.policy))
        self.assertEqual(draft["/name"], ("***", "mask"))
        self.assertEqual(draft["/phone"], ("+4369915550199", "form"))
        self.assertEqual(draft["/note"], (None, "drop"))
        self.assertEqual(draft[f"/{CANARIES[3]}"], (None, "unnamed"))
        self.assertTrue(draft["/order"][0].startswith("hcp1_"))

    def test_nothing_of_a_sample_is_left(self):
        """Neither in a table nor in a log, whatever its level; the trail has numbers only."""
        texts = [json.dumps(SAMPLE), "{" + CANARIES[0], json.dumps({**SAMPLE, "facility": 5})]
        with self.logged_all() as logs:
            for text in texts:
                self.ask("hc.policy.officer", text)
            with patch.object(
                hc_minimization_preview, "preview", side_effect=ValueError(CANARIES[0])
            ):
                answer = self.ask("hc.policy.officer", SAMPLE)
        self.assertEqual(answer.json()["error"]["code"], "internal_error")
        written = "\n".join(logs.output)
        self.assertIn("ValueError", written)
        self.assertFalse([value for value in CANARIES if value in written])
        self.assertFalse(self.tables_with(*CANARIES))
        events = self.env["hc.audit.event"].search(
            [("action", "=", "minimization.previewed")], order="id", limit=4
        )
        self.assertEqual(
            events.mapped("code"), [False, "malformed_json", "contract_invalid", "internal_error"]
        )
        self.assertEqual(events.user_id, self.officer)
        self.assertEqual(events[0].details["values"]["unnamed"], 1)

    def test_rpc_would_have_left_it_in_the_log(self):
        """Why the sample comes by a route of its own, and that the test above can fail."""
        self.authenticate("hc.policy.officer", "hc.policy.officer")
        with self.logged_all() as logs:
            self.make_jsonrpc_request(
                "/web/dataset/call_kw/hc.channel/search_count",
                {
                    "model": "hc.channel",
                    "method": "search_count",
                    "args": [[("name", "=", CANARIES[0])]],
                    "kwargs": {},
                },
            )
        self.assertIn(CANARIES[0], "\n".join(logs.output))

    def test_errors_show_no_value(self):
        for sample, code in (
            ("{" + CANARIES[0], "malformed_json"),
            ({**SAMPLE, "facility": [CANARIES[0]]}, "contract_invalid"),
            (
                {"specversion": "1.0", "id": CANARIES[0], "source": "s", "data": {}},
                "envelope_invalid",
            ),
            (
                {"specversion": "1.0", "id": "1", "source": "s", "type": CANARIES[1], "data": {}},
                "type_not_accepted",
            ),
            ("x" * (256 * 1024 + 1), "too_large"),
        ):
            with self.subTest(code):
                answer = self.ask("hc.policy.officer", sample)
                self.assertEqual(answer.json()["error"]["code"], code)
                self.assertFalse([value for value in CANARIES if value in answer.text])

    @mute_logger("odoo.http")
    def test_who_may_try(self):
        self.assertEqual(self.ask("hc.policy.viewer", SAMPLE).status_code, 403)
        self.assertEqual(self.ask("hc.policy.officer", SAMPLE, token=False).status_code, 400)
        foreign = self.make_channel(self.make_system("elsewhere"), self.contact)
        other = self.ask("hc.policy.officer", SAMPLE, policy=self.policy, channel=foreign)
        self.assertEqual(other.status_code, 404)
        company = self.env["res.company"].create({"name": "Other hospital"})
        foreign.system_id.company_id = company
        self.env.flush_all()
        self.assertEqual(self.ask("hc.policy.officer", SAMPLE, channel=foreign).status_code, 403)
        with self.assertRaises(AccessError):
            self.channel.with_user(self.viewer).action_open_preview()
        action = self.policy.with_user(self.officer).action_open_preview()
        self.assertEqual(action["params"]["policy"], self.policy.id)

    def test_formats(self):
        self.channel.format = "hl7v2"
        answer = self.ask("hc.policy.officer", "PID|1")
        self.assertEqual(answer.json()["error"]["code"], "malformed_hl7")
        self.channel.format = "fhir"
        answer = self.ask("hc.policy.officer", {"resourceType": "Basic"})
        self.assertEqual(answer.json()["error"]["code"], "not_supported")
        self.channel.format = "cloudevents"
        event = {"specversion": "1.0", "id": "1", "source": "s", "type": CONTACT, "data": SAMPLE}
        self.assertEqual(len(self.ask("hc.policy.officer", [event] * 2).json()["events"]), 2)
