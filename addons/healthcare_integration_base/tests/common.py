# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The test kit: an engine that really runs, and the case that every handler must pass.

Cursors are Odoo's test cursors, so that commits and rollbacks of the engine are real
within the test and gone after it.
"""

import json
import uuid
from contextlib import contextmanager

from odoo.tests import TransactionCase

from ..engine.drain import Drain
from ..engine.entry import entry
from ..engine.ledger import Group, Ledger
from ..messaging import envelope, guard
from ..messaging.errors import MessageError

# Where a payload could have got to, beside the suite's own tables.
DOCUMENT_TABLES = (
    "account_move",
    "account_move_line",
    "bus_bus",
    "ir_attachment",
    "ir_logging",
    "mail_activity",
    "mail_followers",
    "mail_mail",
    "mail_message",
    "mail_tracking_value",
    "maintenance_equipment",
    "maintenance_request",
    "purchase_order",
    "purchase_order_line",
    "res_partner",
    "stock_lot",
    "stock_move",
    "stock_move_line",
    "stock_picking",
)


class EngineCase(TransactionCase):
    """Sends events into the ledger and drains them, without HTTP."""

    source = "urn:hc:test:sender"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lane = cls.env["hc.lane"].create(
            {"name": "Test", "code": f"test-{cls.__name__.lower()}"}
        )

    @classmethod
    def make_system(cls, code, **values):
        """A production system of the test's company, with its own user."""
        return cls.env["hc.system"].create(
            {
                "name": code,
                "code": code,
                "environment": "production",
                "company_id": cls.env.company.id,
                **values,
            }
        )

    @classmethod
    def make_noted(cls):
        """A message type for tests of the engine; its handler is the abstract one, patched."""
        return cls.env["hc.message.type"].create(
            {
                "code": "test.noted",
                "version": 1,
                "contract_module": "healthcare_integration_base",
                "contract_path": "tests/contracts/test.noted.v1.json",
                "handler": "hc.message.handler",
            }
        )

    @classmethod
    def make_channel(cls, system, message_types, **values):
        """An active channel of the test's lane that takes these types."""
        return cls.env["hc.channel"].create(
            {
                "name": f"Channel of {system.code}",
                "code": "tests",
                "system_id": system.id,
                "direction": "in",
                "format": "cloudevents",
                "message_type_ids": [(6, 0, message_types.ids)],
                "lane_id": cls.lane.id,
                "state": "active",
                **values,
            }
        )

    # ------------------------------------------------------------------ sending

    def event(self, data, event_type, **attributes):
        """A canonical event as the web door would read it from JSON."""
        body = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self.source,
            "type": event_type,
            "data": data,
            **attributes,
        }
        raw = json.dumps(body).encode()
        return envelope.parse_structured(guard.parse_json(raw), fallback_id=None)

    def send(self, channel, event):
        """Put an event into the ledger; its message.

        :raise MessageError: when it is refused; nothing is kept then.
        """
        group = self.group(channel, event)
        self.store(channel, group)
        if isinstance(group.result, MessageError):
            raise group.result
        return self.env["hc.message"].search([("uuid", "=", group.result[0].uuid)])

    def store(self, channel, *groups):
        """Have groups kept, in transactions of their own within the test."""
        system = self.wire_system(channel)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            Ledger(self.env(cr=cr), system).store(list(groups))
        self.env.invalidate_all()

    def group(self, channel, *events):
        """Events of one document, validated and minimized."""
        config = self.wire_channel(channel)
        ring = self.env["hc.keyring"]._ring()
        return Group([entry(config, event, ring) for event in events])

    def wire_system(self, channel):
        """The channel's system as the web door knows it."""
        self.env.flush_all()
        return channel.system_id.sudo()._wire_system()

    def wire_channel(self, channel):
        """The channel as the web door knows it."""
        system = self.wire_system(channel)
        return next(one for one in system.channels if one.id == channel.id)

    # ----------------------------------------------------------------- draining

    def drain(self, limit=1000):
        """Handle what is due in the test's lane, as the scheduled action would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            handled = Drain(self.env(cr=cr)["hc.lane"].browse(self.lane.id)).run(limit)
        self.env.invalidate_all()
        return handled

    def follow_up(self):
        """Do the follow-up work that handled messages have left."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            done = self.env(cr=cr)["hc.dirty.key"]._run_due()
        self.env.invalidate_all()
        return done

    def make_due(self, messages):
        """Let the time until the next attempt pass."""
        self.env.cr.execute(
            "UPDATE hc_message SET next_attempt_at = now() AT TIME ZONE 'UTC' - interval '1 hour'"
            " WHERE id = ANY(%s)",
            [messages.ids],
        )
        messages.invalidate_recordset()

    def spoil(self, message, payload):
        """Give a stored message a payload that no contract would have let in."""
        self.env.cr.execute(
            "UPDATE hc_message SET payload = %s WHERE id = %s", [json.dumps(payload), message.id]
        )
        message.invalidate_recordset()

    def rows_with(self, *values):
        """Tables of the suite and of the chatter that hold one of these texts."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE'"
            " AND (table_name LIKE 'hc\\_%%' OR table_name = ANY(%s))",
            [list(DOCUMENT_TABLES)],
        )
        found = []
        for (table,) in self.env.cr.fetchall():
            for value in values:
                self.env.cr.execute(
                    f'SELECT count(*) FROM "{table}" t WHERE strpos(t::text, %s) > 0', [value]
                )
                if self.env.cr.fetchone()[0]:
                    found.append((table, value))
        return found


class HandlerCase:
    """What every handler has to prove. Mix it into an :class:`EngineCase` and give it

    * ``channel``: an active channel that takes ``event_type``,
    * ``valid(number)``: data of an event that has its effect; another fact for each number,
    * ``needs_person()``: data of an event that is kept and has to wait for somebody,
    * ``broken()``: data that breaks the contract,
    * ``poison``: a payload on which the handler raises,
    * ``personal``: texts of persons that ``with_person(data)`` puts into data.
    """

    event_type = None
    channel = None
    poison = {"lines": "poison"}
    personal = ("CANARY-MRN-7731", "Canary Ophelia", "canary note 5519")

    def with_person(self, data):
        """Data with all that a sender may say about persons."""
        mrn, name, note = self.personal
        return {
            **data,
            "patient": {"mrn": mrn, "authority": "HOSP", "name": name, "birth_date": "1951-02-03"},
            "performer": name,
            "note": note,
        }

    def post(self, data, **attributes):
        return self.send(self.channel, self.event(data, self.event_type, **attributes))

    def effects(self, messages):
        return self.env["hc.effect"].search([("message_id", "in", messages.ids)])

    @contextmanager
    def no_payload_in_logs(self):
        with self.assertLogs("odoo", "DEBUG") as logs:
            yield
        text = "\n".join(logs.output)
        for value in self.personal:
            self.assertNotIn(value, text)

    def test_handler_effect(self):
        message = self.post(self.valid(1))
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertTrue(message.effect_ids)
        self.assertEqual(message.attempt_count, 1)
        self.assertEqual(message.attempt_ids.outcome, "done")

    def test_handler_redelivery(self):
        event = self.event(self.valid(1), self.event_type)
        first = self.send(self.channel, event)
        self.assertEqual(self.send(self.channel, event), first)
        self.drain()
        before = len(self.effects(first))
        self.assertEqual(self.send(self.channel, event), first)
        self.drain()
        self.assertEqual(len(self.effects(first)), before)

    def test_handler_same_fact_restated(self):
        first, second = self.post(self.valid(1)), self.post(self.valid(1))
        self.assertNotEqual(first, second)
        self.drain()
        self.assertEqual(first.state, "done", first.error_code)
        self.assertEqual(second.state, "duplicate")
        self.assertEqual(second.duplicate_of_id, first)
        self.assertFalse(second.effect_ids)

    def test_handler_unknown_fields(self):
        message = self.post({**self.valid(1), "unheard_of": {"deep": "unheard value"}})
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertNotIn("unheard", json.dumps(message.payload))
        self.assertGreaterEqual(message.dropped["*"], 1)

    def test_handler_rejection(self):
        before = self.env["hc.message"].search_count([])
        with self.assertRaises(MessageError) as caught:
            self.post(self.broken())
        self.assertEqual(caught.exception.code, "contract_invalid")
        self.assertTrue(caught.exception.errors)
        self.assertEqual(self.env["hc.message"].search_count([]), before)

    def test_handler_review(self):
        message = self.post(self.needs_person())
        self.drain()
        self.assertEqual(message.state, "review")
        self.assertFalse(message.effect_ids)
        self.assertTrue(message.issue_id)
        self.assertEqual(message.issue_id.state, "open")

    def test_handler_poison_in_batch(self):
        messages = [self.post(self.valid(number)) for number in range(1, 8)]
        self.spoil(messages[3], self.poison)
        self.drain()
        poisoned = messages.pop(3)
        self.assertEqual({message.state for message in messages}, {"done"})
        self.assertIn(poisoned.state, ("retry", "review", "dead"))
        self.assertFalse(poisoned.effect_ids)
        self.assertTrue(poisoned.error_code)

    def test_handler_keeps_persons_out(self):
        with self.no_payload_in_logs():
            messages = self.post(self.with_person(self.valid(1)))
            messages += self.post(self.with_person(self.needs_person()))
            spoiled = self.post(self.with_person(self.valid(2)))
            self.spoil(spoiled, self.poison)
            self.drain()
        self.assertEqual(messages.mapped("state"), ["done", "review"])
        self.assertFalse(self.rows_with(*self.personal))
