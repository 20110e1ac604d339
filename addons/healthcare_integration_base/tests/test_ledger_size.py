# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from lxml import etree

from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from . import ledger
from .common import EngineCase

BASE = "healthcare_integration_base"
COUNT = 100_000
SELECTIVE = 0.03
"""What matches less of the ledger than this is found by an index."""
VISITED = 0.1
"""Rows that may be looked at to find it: a page of the newest is also found from the end."""
COUNT_LIMIT = 10_001
ASKS_EACH = ("on_hold",)
"""A hold names messages by what is in them, so that each has to be asked."""
PAGE = 80


@tagged("post_install", "-at_install")
class TestLedgerSize(EngineCase, TransactionCase):
    """100,000 messages: what a person opens, filters and counts is found by indexes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        noted = cls.make_noted()
        kinds = noted + cls.env["hc.message.type"].create(
            [
                {
                    "code": f"test.large{number}",
                    "contract_module": BASE,
                    "contract_path": "tests/contracts/test.noted.v1.json",
                }
                for number in range(3)
            ]
        )
        channels = cls.env["hc.channel"]
        for number in range(5):
            system = cls.make_system(f"large-{number}")
            for part in range(4):
                kind = kinds[part if (number, part) == (4, 3) else part % 3]
                channels += cls.make_channel(system, kind, code=f"part-{part}")
        cls.channels = channels
        cls.issues = cls.make_issues(200)
        ledger.fill(cls.env, channels, cls.issues, COUNT)
        cls.operator = new_test_user(
            cls.env, "large.operator", f"{BASE}.group_integration_operator"
        )
        cls.known = cls.env["hc.message"].search(
            [
                ("source", "=", "urn:hc:large"),
                ("business_key", "!=", False),
                ("state", "=", "review"),
            ],
            limit=1,
        )

    @classmethod
    def make_issues(cls, number):
        return cls.env["hc.issue"].create(
            [
                {
                    "fingerprint": f"large-{one}",
                    "system_id": cls.channels[one % len(cls.channels)].system_id.id,
                    "channel_id": cls.channels[one % len(cls.channels)].id,
                    "company_id": cls.env.company.id,
                    "error_code": "unmapped_item",
                    "subject": f"local|{one}",
                    "state": "resolved" if one % 2 else "open",
                }
                for one in range(number)
            ]
        )

    # ------------------------------------------------------------------ helpers

    def model(self, name):
        return self.env[name].with_user(self.operator)

    def look(self, name, domain):
        """What the web client asks for to show a list: the page and the count."""
        model = self.model(name)
        arch = etree.fromstring(model.get_view(view_type="list")["arch"])
        shown = {
            one.get("name"): {} for one in arch.iterfind("field") if not one.get("column_invisible")
        }
        self.env.invalidate_all()
        model.web_search_read(domain, shown, limit=PAGE, count_limit=COUNT_LIMIT)

    def filters(self, name):
        """Name and domain of each filter and each search field of the search view."""
        view = self.model(name).get_view(view_type="search")
        arch = etree.fromstring(view["arch"])
        for node in arch.iter("filter"):
            if node.get("domain"):
                yield node.get("name"), self.read(node.get("domain"))
        for node in arch.iter("field"):
            if node.getparent().tag != "searchpanel":
                for value in self.values(name, node.get("name")):
                    yield f"{node.get('name')} {value}", self.search_for(name, node, value)

    def read(self, text, value=None):
        return safe_eval(text, {"uid": self.operator.id, "self": value})

    def values(self, name, field_name):
        """Something to look for: what is rare is what has to be found by an index."""
        if name == "hc.message" and self.env[name]._fields[field_name].type == "many2one":
            rare = {
                "system_id": self.channels[-1].system_id,
                "channel_id": self.channels[-1],
                "message_type_id": self.channels[-1].message_type_ids,
                "issue_id": self.issues[0],
            }
            yield rare.get(field_name, self.known[field_name]).id or 0
        else:
            known = self.known if name == "hc.message" else self.issues[:1]
            yield known[field_name] if isinstance(known[field_name], str) else known[field_name].id

    def search_for(self, name, node, value):
        """As the web client makes a domain of what is typed into a search field."""
        if node.get("filter_domain"):
            return self.read(node.get("filter_domain"), value)
        kind = self.env[name]._fields[node.get("name")].type
        default = "=" if kind in ("many2one", "selection", "integer") else "ilike"
        return [(node.get("name"), node.get("operator") or default, value)]

    def assert_found_by_index(self, name, domain, questions):
        """Not by reading the whole ledger, when little of it is asked for."""
        self.assertTrue(questions, name)
        matching = self.env["hc.message"].search_count(domain)
        if name in ASKS_EACH or matching > SELECTIVE * COUNT:
            return False
        for one in questions:
            self.assertFalse(one.scans_all, f"{name}: {one}")
            self.assertLess(one.visited, VISITED * COUNT, f"{name}: {one}")
        return True

    # -------------------------------------------------------------------- tests

    def test_ledger_list(self):
        with ledger.asked() as questions:
            self.look("hc.message", [])
        page = next(one for one in questions if "ORDER BY" in one.sql)
        self.assertLess(page.visited, 10 * PAGE, page)

    def test_ledger_filters(self):
        """Every filter and search field of the ledger, those of other addons too."""
        proved = set()
        for name, domain in self.filters("hc.message"):
            with self.subTest(name):
                with ledger.asked() as questions:
                    self.look("hc.message", domain)
                print(f"{name:45} {sum(one.ms for one in questions):8.1f} ms")
                if self.assert_found_by_index(name, domain, questions):
                    proved.add(name.partition(" ")[0])
        self.assertLessEqual(
            {"review", "dead", "weak", "message_identifier", "business_key", "system_id",
             "channel_id", "message_type_id", "error_code", "issue_id"},
            proved,
        )  # fmt: skip

    def test_review_list(self):
        for name, domain in [("all", []), *self.filters("hc.issue")]:
            with self.subTest(name), ledger.asked() as questions:
                self.look("hc.issue", domain)
                for one in questions:
                    self.assertFalse(one.scans_all, one)

    def test_counters(self):
        """What the cards of systems, channels, lanes and issues count."""
        for name, counters in (
            ("hc.system", ("today_count", "waiting_count", "review_count", "dead_count")),
            ("hc.channel", ("today_count", "review_count", "dead_count")),
            ("hc.lane", ("waiting_count",)),
            ("hc.issue", ("waiting_count",)),
        ):
            records = self.model(name).search([])
            for counter in counters:
                with self.subTest(f"{name} {counter}"), ledger.asked() as questions:
                    self.env.invalidate_all()
                    records.read([counter])
                    self.assertTrue(questions)
                    for one in questions:
                        self.assertFalse(one.scans_all, one)
                        self.assertLess(one.visited, VISITED * COUNT, one)

    def test_one_message(self):
        """Its form: attempts, effects, decisions, history."""
        message = self.known.with_user(self.operator)
        for table in ("hc_message", "hc_message_attempt", "hc_effect"):
            with self.subTest(table), ledger.asked(table) as questions:
                self.env.invalidate_all()
                message.read(["effect_ids", "attempt_ids", "history", "effect_count"])
                self.assertTrue(questions)
                for one in questions:
                    self.assertFalse(one.scans_all, one)
                    self.assertLess(one.visited, 100, one)

    def test_replay_count(self):
        """All that are in review: counted by an index. All there are: read once."""
        messages = self.model("hc.message")
        with ledger.asked() as questions:
            wizard = messages.env["hc.replay.prepare"]._open([("state", "=", "review")])
            found = messages.env["hc.replay.prepare"].browse(wizard["res_id"])
            self.assertEqual(found.ready_count + found.blocked_count, COUNT * 15 // 1000)
        for one in questions:
            self.assertFalse(one.scans_all, one)
        everything = messages.env["hc.replay.prepare"]._open([("source", "=", "urn:hc:large")])
        found = messages.env["hc.replay.prepare"].browse(everything["res_id"])
        self.assertEqual(found.total_count, COUNT)

    def test_replay_of_all(self):
        """A step of a replay of the whole ledger looks at its next lines, not at all."""
        messages = [("source", "=", "urn:hc:large")]
        replay = self.model("hc.replay")._sudo_prepare(messages, "Size", False, 50)
        self.env.cr.execute("ANALYZE hc_replay_line")
        replay._sudo_write({"state": "running"})
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            ledger.asked("hc_replay_line") as questions,
        ):
            self.assertTrue(self.env(cr=cr)["hc.replay"]._run_once())
        for one in questions:
            self.assertLess(one.visited, VISITED * COUNT, one)
