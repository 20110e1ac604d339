# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_master_key import SealedCase

# Parts of secrets, sealed or not, that must be in no answer.
TRACES = ("canary-", "hcs1.", "sha256:")


@tagged("post_install", "-at_install")
class TestSecretsHidden(SealedCase):
    """What was sealed comes back by no entrance, for no one: read, search, export, chatter,
    logs, the answer to who has just entered it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = [cls.env.ref("base.user_admin")]
        for name in ("manager", "viewer"):
            group = f"healthcare_integration_base.group_integration_{name}"
            cls.people.append(new_test_user(cls.env, f"hc.hidden.{name}", group))
        bearer = cls.env["hc.credential"].create({"system_id": cls.system.id, "kind": "bearer"})
        cls.token = bearer._issue().bearer.partition(".")[2]
        cls.env.flush_all()

    def places(self):
        """``(model, column)`` of what is sealed or hashed, with a value to look for."""
        found = [(p.model, p.column) for p in self.env["hc.master.key"]._places()]
        found.append(("hc.credential", "bearer_hash"))
        for name, column in found:
            records = self.env[name].sudo().with_context(active_test=False)
            if record := records.search([(column, "!=", False)], limit=1):
                yield record, column

    def assert_hidden(self, answer):
        text = repr(answer)
        for trace in (*TRACES, self.signing, self.token):
            self.assertNotIn(trace, text)

    def test_there_is_something_to_look_for(self):
        self.assertGreaterEqual(len(list(self.places())), 5)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule", "odoo.http")
    def test_columns(self):
        for record, column in self.places():
            for user in self.people:
                with self.subTest(f"{record._name}.{column} {user.login}"):
                    self._try_column(record.with_user(user), column)

    def _try_column(self, record, column):
        ids = record.ids
        for method, args, kwargs in (
            ("read", [ids, [column]], {}),
            ("web_read", [ids, {column: {}}], {}),
            ("search", [[(column, "!=", False)]], {}),
            ("search", [[(column, "like", "hcs1")]], {}),
            ("search_count", [[(column, "=like", "h%")]], {}),
            ("search_read", [[], [column]], {}),
            ("web_search_read", [[], {column: {}}], {}),
            ("formatted_read_group", [[], [column]], {}),
            ("search", [[]], {"order": column}),
            ("write", [ids, {column: "x"}], {}),
        ):
            with self.subTest(method), self.assertRaises(UserError):
                call_kw(record.browse(), method, args, kwargs)
        self.assert_hidden(self._answer(record, "export_data", ids, [column]))
        self.assertNotIn(column, self._answer(record, "fields_get"))

    def _answer(self, record, method, *args):
        try:
            return call_kw(record.browse(), method, list(args), {})
        except (AccessError, UserError):
            return {}

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_whole_records(self):
        for record in {record for record, _column in self.places()}:
            for user in self.people:
                seen = record.with_user(user)
                names = list(seen.fields_get())
                for answer in (
                    self._answer(seen, "read", seen.ids),
                    self._answer(seen, "web_read", seen.ids, {name: {} for name in names}),
                    self._answer(seen, "export_data", seen.ids, names),
                    self._answer(seen, "name_search"),
                    self._answer(seen, "copy_data", seen.ids),
                    self._answer(seen, "default_get", names),
                ):
                    self.assert_hidden(answer)

    def test_copies_have_none(self):
        for record, column in self.places():
            copied = record.copy({"port": 3999} if record._name == "hc.mllp.port" else None)
            self.assertFalse(copied.sudo()[column])

    def test_who_enters_it_does_not_get_it_back(self):
        manager = self.people[1]
        for record, values in (
            (self.endpoint, {"secret": "canary-again"}),
            (self.store, {"password": "canary-again"}),
            (self.port, {"private_key": "canary-again"}),
        ):
            with self.subTest(record._name):
                spec = {name: {} for name in values}
                answer = call_kw(
                    record.with_user(manager).browse(), "web_save", [record.ids, values, spec], {}
                )
                self.assert_hidden(answer)

    def test_nowhere_else_in_the_database(self):
        """Chatter, values that are tracked, logs in the database, the trail."""
        for record, values in (
            (self.endpoint, {"secret": "canary-again"}),
            (self.store, {"password": "canary-again", "port": 23}),
        ):
            record.write(values)
        self.env.flush_all()
        for table in ("mail_message", "mail_tracking_value", "ir_logging", "hc_audit_event"):
            self.env.cr.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%canary-%'")
            self.assertEqual(self.env.cr.fetchone(), (0,), table)

    def test_errors_and_logs_hold_none(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.getLogger("test").debug("one line")
            for record, values in (
                (self.endpoint, {"auth": "signature", "secret": "canary wrong"}),
                (self.endpoint, {"client_key": "canary-wrong"}),
                (self.store, {"private_key": "canary-wrong"}),
            ):
                with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                    record.write(values)
                self.assertNotIn("canary", str(caught.exception))
        ours = [line for line in logs.output if not line.startswith("DEBUG:odoo.sql_db")]
        self.assertNotIn("canary", "".join(ours))
