# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import json
import time
import uuid
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from ..messaging import signature
from .common import EngineCase

NOTED = "test.noted.v1"


class DoorCase(EngineCase, HttpCase):
    """Speaks to the web door of a system with a signed and a bearer credential."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.noted = cls.make_noted()
        cls.system = cls.make_system("door-tests")
        cls.channel = cls.make_channel(cls.system, cls.noted)
        cls.signed = cls.env["hc.credential"].create(
            {
                "system_id": cls.system.id,
                "kind": "signature",
                "channel_ids": [(6, 0, cls.channel.ids)],
                "allowed_sources": cls.source,
            }
        )
        cls.bearer = cls.env["hc.credential"].create({"system_id": cls.system.id, "kind": "bearer"})
        cls.secret = cls.signed._issue().secret
        cls.token = cls.bearer._issue().bearer

    def body(self, value=1, **attributes):
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self.source,
            "type": NOTED,
            "data": {"facility": "F", "value": value},
            **attributes,
        }

    def call(self, path, raw=None, headers=(), media="application/cloudevents+json", method=None):
        """A request with the bearer credential, unless ``headers`` say otherwise."""
        raw = json.dumps(raw).encode() if isinstance(raw, (dict, list)) else raw
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": media, **dict(headers)}
        given = {name: value for name, value in given.items() if value is not None}
        return self.url_open(
            path, data=raw, headers=given, method=method or ("POST" if raw is not None else "GET")
        )

    def sign(self, raw, webhook_id=None, moment=None, secret=None):
        """Headers of a signed request."""
        webhook_id, moment = webhook_id or str(uuid.uuid4()), int(moment or time.time())
        return {
            "Authorization": None,
            "hc-key-id": self.signed.key_id,
            "webhook-id": webhook_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature.sign_webhook(
                secret or self.secret, webhook_id, moment, raw
            ),
        }

    path = "/hc/v1/channels/tests/messages"

    def refused(self, response, status, code):
        """Check a problem document."""
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"].split(";")[0], "application/problem+json")
        self.assertEqual(response.json()["code"], code)
        return response.json()


@tagged("post_install", "-at_install")
class TestDoor(DoorCase):
    def test_kept_once(self):
        event = self.body()
        first = self.call(self.path, event)
        self.assertEqual(first.status_code, 202, first.text)
        answer = first.json()
        self.assertEqual(answer["state"], "received")
        self.assertFalse(answer["duplicate"])
        again = self.call(self.path, event)
        self.assertEqual(again.status_code, 200)
        self.assertTrue(again.json()["duplicate"])
        self.assertEqual(again.json()["message_id"], answer["message_id"])
        self.assertNotIn("Set-Cookie", first.headers)

    def test_status_of_own_message(self):
        answer = self.call(self.path, self.body()).json()
        status = self.call(answer["status_url"])
        self.assertEqual(status.status_code, 200, status.text)
        self.assertEqual(status.json()["state"], "received")
        for name in (str(uuid.uuid4()), "%00", "1", "x%27--"):
            self.refused(self.call("/hc/v1/messages/" + name), 404, "not_found")

    def test_status_of_another_system(self):
        answer = self.call(self.path, self.body()).json()
        other = self.make_system("door-other")
        credential = self.env["hc.credential"].create({"system_id": other.id, "kind": "bearer"})
        token = credential._issue().bearer
        response = self.call(answer["status_url"], headers={"Authorization": f"Bearer {token}"})
        self.refused(response, 404, "not_found")

    def test_signed(self):
        raw = json.dumps(self.body()).encode()
        self.assertEqual(self.call(self.path, raw, self.sign(raw)).status_code, 202)

    def test_signature_refused(self):
        raw = json.dumps(self.body()).encode()
        cases = {
            "signature_invalid": self.sign(raw + b" "),
            "timestamp_stale": self.sign(raw, moment=time.time() - 400),
            "unauthenticated": {**self.sign(raw), "hc-key-id": "hck_nobody"},
        }
        for code, headers in cases.items():
            response = self.call(self.path, raw, headers)
            self.refused(response, 401, code)
            self.assertIn("WWW-Authenticate", response.headers)

    def test_malformed_signature_headers(self):
        raw = json.dumps(self.body()).encode()
        for name, value in (
            ("webhook-signature", "v1"),
            ("webhook-signature", "v1,é"),
            ("webhook-signature", ""),
            ("webhook-timestamp", "soon"),
            ("webhook-timestamp", "9" * 400),
            ("webhook-id", ""),
            ("Authorization", "Bearer"),
            ("Authorization", "Basic eDp5"),
            ("Authorization", "Bearer a.b"),
        ):
            headers = {**self.sign(raw), name: value.encode("latin-1")}
            self.assertEqual(self.call(self.path, raw, headers).status_code, 401, (name, value))

    def test_revoked_and_expired(self):
        self.signed.valid_until = "2020-01-01"
        self.signed.valid_from = False
        raw = json.dumps(self.body()).encode()
        self.refused(self.call(self.path, raw, self.sign(raw)), 401, "credential_expired")
        self.bearer._revoke()
        self.refused(self.call(self.path, raw), 401, "credential_revoked")

    def test_binary(self):
        event_id = str(uuid.uuid4())
        raw = json.dumps({"facility": "F", "value": 3}).encode()
        headers = {
            **self.sign(raw, event_id),
            "ce-specversion": "1.0",
            "ce-id": event_id,
            "ce-source": self.source,
            "ce-type": NOTED,
        }
        response = self.call(self.path, raw, headers, media="application/json")
        self.assertEqual(response.status_code, 202, response.text)
        for name, value in (("ce-id", "other"), ("ce-source", "urn:other"), ("ce-type", "x.v1")):
            response = self.call(self.path, raw, {**headers, name: value}, media="application/json")
            self.refused(response, 401, "binding_invalid")

    def test_batch(self):
        good, bad, unknown = self.body(), self.body(value=-1), self.body(type="other.v1")
        response = self.call(
            self.path + "/batch",
            [good, bad, good, unknown],
            media="application/cloudevents-batch+json",
        )
        self.assertEqual(response.status_code, 207, response.text)
        items = response.json()["items"]
        self.assertEqual([item["status"] for item in items], [202, 422, 200, 422])
        self.assertEqual(items[0]["message_id"], items[2]["message_id"])
        self.assertEqual(items[1]["error"]["errors"][0]["pointer"], "/value")

    def test_lines(self):
        raw = b"\n".join([json.dumps(self.body()).encode(), b"{not json", b""])
        response = self.call(self.path + "/batch", raw, media="application/x-ndjson")
        self.assertEqual([item["status"] for item in response.json()["items"]], [202, 400])

    def test_refusals(self):
        event = json.dumps(self.body()).encode()
        structured = "application/cloudevents+json"
        cases = (
            (400, "malformed_json", b"{", structured, {}),
            (400, "malformed_json", b'{"a":1,"a":2}', structured, {}),
            (400, "malformed_json", b'{"a":NaN}', structured, {}),
            (400, "malformed_json", b'{"a":"\\u0000"}', structured, {}),
            (400, "malformed_json", b'{"a":"\\ud800"}', structured, {}),
            (400, "nesting_too_deep", b"[" * 40000 + b"]" * 40000, structured, {}),
            (400, "encoding_invalid", b'{"a":"\xff"}', structured, {}),
            (415, "unsupported_media_type", event, "text/plain", {}),
            (415, "unsupported_media_type", event, "application/x-www-form-urlencoded", {}),
            (415, "content_encoding_refused", event, structured, {"Content-Encoding": "gzip"}),
            (413, "too_large", b" " * (1024 * 1024 + 1), structured, {}),
            (422, "envelope_invalid", b"{}", structured, {}),
            (422, "envelope_invalid", b"[]", structured, {}),
            (422, "envelope_invalid", b"7", structured, {}),
        )
        for status, code, raw, media, headers in cases:
            with self.subTest(code=code, raw=raw[:20]):
                self.refused(self.call(self.path, raw, headers, media), status, code)

    def test_chunked_and_too_large(self):
        chunks = (b" " * 65536 for _ in range(20))
        response = self.call(self.path, chunks)
        self.refused(response, 413, "too_large")

    def test_unknown_channel_and_states(self):
        self.refused(self.call("/hc/v1/channels/none/messages", self.body()), 404, "not_found")
        for state, status, code in (
            ("paused", 503, "paused"),
            ("draft", 404, "not_found"),
            ("retired", 404, "not_found"),
        ):
            self.channel._sudo_set_state({"state": state})
            response = self.call(self.path, self.body())
            self.refused(response, status, code)
            self.assertEqual("Retry-After" in response.headers, status == 503)

    def test_foreign_channel_is_forbidden(self):
        second = self.make_channel(self.system, self.noted, code="second")
        raw = json.dumps(self.body()).encode()
        path = f"/hc/v1/channels/{second.code}/messages"
        self.refused(self.call(path, raw, self.sign(raw)), 403, "forbidden")

    def test_refusals_leave_a_trace(self):
        """Of senders that are known, and of no others."""
        raw = json.dumps(self.body()).encode()
        self.call(self.path, b"{")
        self.call("/hc/v1/channels/none/messages", raw)
        self.call(self.path, raw, {"Authorization": "Bearer hck_none.aaaaaaaaaaaaaaaaaaaa"})
        self.call(
            self.path + "/batch",
            [self.body(-1), self.body(-1)],
            media="application/cloudevents-batch+json",
        )
        events = self.env["hc.audit.event"].search(
            [("action", "=", "message.refused"), ("system_id", "=", self.system.id)], order="id"
        )
        self.assertEqual(events.mapped("code"), ["malformed_json", "not_found", "contract_invalid"])
        self.assertEqual(events[-1].details, {"count": 2})

    def test_key_that_is_gone(self):
        raw = json.dumps(self.body()).encode()
        self.env.cr.execute("UPDATE hc_credential SET secret_sealed = 'x.y'")
        self.env.registry.clear_cache()
        with self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR"):
            response = self.call(self.path, raw, self.sign(raw))
        self.refused(response, 503, "not_configured")

    def test_method(self):
        response = self.call(self.path)
        self.refused(response, 405, "method_not_allowed")

    def test_no_value_in_answers(self):
        event = self.body(value="CANARY-VALUE", type=NOTED)
        response = self.call(self.path, event)
        self.refused(response, 422, "contract_invalid")
        self.assertNotIn("CANARY", response.text)

    def test_unforeseen_error_says_nothing(self):
        from ..controllers import intake

        with (
            patch.object(intake, "entry", side_effect=KeyError("CANARY-IN-ERROR")),
            self.assertLogs("odoo.addons.healthcare_integration_base", "ERROR") as logs,
        ):
            response = self.call(self.path, self.body())
        self.refused(response, 500, "internal_error")
        self.assertNotIn("CANARY", response.text + "\n".join(logs.output))

    def test_validate_keeps_nothing(self):
        before = self.env["hc.message"].search_count([])
        model = type(self.env["hc.message.handler"])
        planned = [[{"effect": "res.partner"}]]
        with patch.object(model, "_plan", lambda handler, items: planned):
            event = self.body()
            event["data"]["patient"] = {"mrn": "CANARY-MRN"}
            response = self.call("/hc/v1/channels/tests/validate", event)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["plan"], planned[0])
        self.assertEqual(response.json()["event"]["value"], "1")
        self.assertNotIn("CANARY", response.text)
        self.assertEqual(self.env["hc.message"].search_count([]), before)

    def test_contract(self):
        response = self.call(f"/hc/v1/contracts/{NOTED}")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["x-hc-type"], NOTED)
        for name in ("no.such.v1", "%00", "..%2f..%2fetc"):
            self.refused(self.call(f"/hc/v1/contracts/{name}"), 404, "not_found")

    def test_health(self):
        response = self.call("/hc/health", headers={"Authorization": None})
        self.assertEqual((response.status_code, response.json()["status"]), (200, "ok"))

    def test_session_of_an_admin_changes_nothing(self):
        self.authenticate("admin", "admin")
        raw = json.dumps(self.body()).encode()
        response = self.call(self.path, raw, {"Authorization": None})
        self.refused(response, 401, "unauthenticated")

    def test_personal_value_in_the_id(self):
        event = self.body(id="CANARY-MRN-1")
        event["data"]["patient"] = {"mrn": "CANARY-MRN-1"}
        answer = self.call(self.path, event)
        self.assertEqual(answer.status_code, 202, answer.text)
        self.assertFalse(self.rows_with("CANARY-MRN-1"))
        again = self.call(self.path, event)
        self.assertEqual(again.status_code, 200)

    def test_large_numbers(self):
        for value in (b"1e999999999", b"1" * 400, b"1e-400"):
            raw = json.dumps(self.body()).encode().replace(b'"value": 1', b'"value": ' + value)
            self.assertEqual(self.call(self.path, raw).status_code, 400)

    def test_basic_body_of_bytes(self):
        raw = base64.b64decode("AAECAwQ=")
        self.assertEqual(self.call(self.path, raw).status_code, 400)
