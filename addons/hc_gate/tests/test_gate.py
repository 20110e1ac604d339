# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import contextlib
import threading
from unittest.mock import patch

import psycopg2

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..controllers.revive import nothing_done, revive

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = ("/hc", "/hc/", "/hc/v1/channels/any/messages", "/hc/fhir/R4/SupplyDelivery")
REVIVE = "odoo.addons.hc_gate.controllers.revive"
SECRET = "Maria Muster 1970-01-01"


def raise_(error):
    """An instance for each request: Odoo keeps the answer on it."""
    raise error(SECRET)


@tagged("post_install", "-at_install")
class TestGate(HttpCase):
    def ask(self, path, method, **headers):
        body = SECRET.encode() if method in {"POST", "PUT", "PATCH"} else None
        headers = {"Content-Type": "application/json", **headers}
        return self.opener.request(
            method,
            self.base_url() + path,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=30,
        )

    def check_problem(self, answer, status, code):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json()["code"], code)
        self.assertEqual(answer.json()["status"], status)
        self.assertNotIn("<", answer.text)
        self.assertNotIn("Muster", answer.text)
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_without_database_every_method_and_path_is_a_503_problem(self):
        for path in PATHS:
            for method in METHODS:
                with self.subTest(path=path, method=method):
                    answer = self.ask(path, method, **{"X-Odoo-Database": "no_such_database"})
                    self.check_problem(answer, 503, "database_unavailable")
                    self.assertGreater(int(answer.headers["Retry-After"]), 0)

    def test_without_database_head_has_no_body(self):
        answer = self.ask("/hc/health", "HEAD", **{"X-Odoo-Database": "no_such_database"})
        self.assertEqual(answer.status_code, 503)
        self.assertFalse(answer.content)

    def test_with_database_an_unknown_path_is_a_404_problem(self):
        for path in ("/hc", "/hc/nowhere", "/hc/v1/nowhere/at/all"):
            for method in METHODS:
                with self.subTest(path=path, method=method):
                    self.check_problem(self.ask(path, method), 404, "not_found")

    def test_errors_before_a_route_is_found(self):
        """A dead connection of the pool, say, which Odoo itself answers in HTML."""
        cases = (
            (psycopg2.InterfaceError, 503, "database_unavailable"),
            (psycopg2.OperationalError, 503, "database_unavailable"),
            (KeyError, 500, "internal_error"),
        )
        for error, status, code in cases:
            failing = patch.object(
                type(self.env["ir.http"]), "_match", side_effect=lambda path, e=error: raise_(e)
            )
            with self.subTest(error=error), failing, mute_logger("odoo.http", REVIVE):
                self.check_problem(self.ask("/hc/health", "POST"), status, code)
                answer = self.ask("/web/health", "GET")
                self.assertNotEqual(answer.headers["Content-Type"], "application/problem+json")

    def test_a_request_that_met_a_dead_connection_is_served_again(self):
        """Nothing had been done for it: machines and people get their answer all the same."""
        match = type(self.env["ir.http"])._match
        for path in ("/web/health", "/hc/nowhere"):
            errors = [psycopg2.OperationalError(SECRET), psycopg2.DatabaseError(SECRET)]

            def failing_twice(asked, errors=errors):
                if errors:
                    raise errors.pop()
                return match(asked)

            patched = patch.object(type(self.env["ir.http"]), "_match", side_effect=failing_twice)
            with self.subTest(path), patched, mute_logger("odoo.http", REVIVE):
                answer = self.ask(path, "GET")
            self.assertFalse(errors)
            self.assertEqual(answer.status_code, 200 if path == "/web/health" else 404)

    def test_work_that_has_begun_is_not_done_twice(self):
        error = psycopg2.DatabaseError(SECRET)

        def retrying():
            raise error

        with contextlib.suppress(psycopg2.DatabaseError):
            retrying()
        self.assertFalse(nothing_done(error))
        with contextlib.suppress(psycopg2.DatabaseError):
            raise error.with_traceback(None)
        self.assertTrue(nothing_done(error))

    def test_revive(self):
        self.assertTrue(revive(self.env.cr.dbname))
        with mute_logger("odoo.sql_db"):
            self.assertFalse(revive("no_such_database"))

    def test_other_paths_are_not_ours(self):
        self.assertEqual(self.ask("/web/health", "GET").status_code, 200)
        answer = self.ask("/hcx", "GET")
        self.assertNotEqual(answer.headers["Content-Type"], "application/problem+json")

    def test_routes_of_other_addons_are_not_shadowed(self):
        # The router reads the database's name off the thread, as a request sets it.
        self.enterContext(
            patch.object(threading.current_thread(), "dbname", self.env.cr.dbname, create=True)
        )
        router = self.env["ir.http"].routing_map().bind("localhost")
        rules = [rule for rule in router.map.iter_rules() if rule.rule.startswith("/hc/")]
        self.assertTrue(rules)
        for rule in rules:
            if rule.endpoint.routing["routes"][0] == "/hc":
                continue
            url = "".join("1" if dynamic else part for dynamic, part in rule._trace).lstrip("|")
            for method in rule.methods or {"GET"}:
                with self.subTest(rule=rule.rule, method=method):
                    found, _arguments = router.match(url, method=method, return_rule=True)
                    self.assertIs(found, rule)
