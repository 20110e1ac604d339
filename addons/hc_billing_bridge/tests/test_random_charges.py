# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""5,000 random charge events against a model that knows nothing of the code under test.

Duplicates, other formats, credits before their charges, reorderings, replays and postings
in between: every charge is billed once, every credit takes back just its share, and the
invoices make the charges to the cent.
"""

import json
import random
from collections import Counter
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo import fields

from odoo.addons.healthcare_integration_base.engine.ledger import Entry, Group
from odoo.addons.healthcare_integration_base.messaging import guard
from odoo.addons.healthcare_integration_base.messaging.intake import prepare
from odoo.addons.healthcare_integration_base.messaging.translate import fhir, hl7v2

from .common import CAPTURED, BillingCase

EVENTS = 5000
SEED = 20261122
CENT = Decimal("0.01")
SERVICES = {"XR": "80.00", "CBC": "12.50", "VISIT": "45.00"}


class Told:
    """One charge of the model and the credits of it; all that is expected."""

    def __init__(self, number, visit, service, quantity, amount):
        self.number, self.visit, self.service = number, visit, service
        self.quantity, self.amount = quantity, amount
        self.credits = []

    def pieces(self, index):
        """Quantity of the charge, or of one of its credits."""
        return self.quantity if index is None else self.credits[index]

    @property
    def worth(self):
        if self.amount is not None:
            return self.amount
        return (Decimal(SERVICES[self.service]) * self.quantity).quantize(CENT, ROUND_HALF_UP)

    def net(self):
        """What is billed in the end: nothing when all pieces were taken back."""
        left, money = self.quantity, self.worth
        for pieces in self.credits:
            if pieces == left:
                part = money
            else:
                part = (self.worth * pieces / self.quantity).quantize(CENT, ROUND_HALF_UP)
            left, money = left - pieces, money - part
        return money


class TestRandomCharges(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = random.Random(SEED)
        cls.lane.batch_limit = 1000
        cls.types = cls.env.ref("hc_billing_bridge.message_type_charge_captured_v1")
        cls.channel.default_site_id = cls.site
        channels = {"event": cls.channel}
        for name, kind in (("hl7", "hl7v2"), ("fhir", "fhir")):
            channels[name] = cls.make_channel(
                cls.system, cls.types, code=name, format=kind, default_site_id=cls.site.id
            )
        wired = {one.id: one for one in cls.system.sudo()._wire_system().channels}
        cls.configs = {name: wired[channel.id] for name, channel in channels.items()}
        cls.ring = cls.env["hc.keyring"]._ring()
        cls.today = fields.Datetime.now() - timedelta(days=1)

    # -------------------------------------------------------------------- model

    def _tell(self):
        """Charges with distinct services, quantities and visits, so that none is similar."""
        charges, used = [], set()
        while len(charges) < EVENTS // 2:
            number = len(charges)
            visit = self.random.randrange(EVENTS // 20)
            service = self.random.choice(list(SERVICES))
            quantity = self.random.randint(1, 60)
            if (visit, service, quantity) in used:
                continue
            used.add((visit, service, quantity))
            amount = None
            if self.random.random() < 0.5:
                amount = Decimal(self.random.randint(1, 99999)) / 100
            charge = Told(f"CH{number}", visit, service, quantity, amount)
            self._take_back(charge)
            charges.append(charge)
        return charges

    def _take_back(self, charge):
        """A third of the charges is credited in one to three parts, never too much."""
        left = charge.quantity
        for _part in range(self.random.choice((0, 0, 0, 0, 1, 1, 2, 3))):
            if left:
                pieces = self.random.randint(1, left)
                charge.credits.append(pieces)
                left -= pieces

    def _told(self, charges):
        """(format, events) pairs: all facts once in random order, credits of one charge in
        theirs; then repeated until there are as many as wanted."""
        facts = []
        for charge in charges:
            facts.append((self.random.random(), charge, None))
            places = sorted(self.random.random() for _pieces in charge.credits)
            facts += [(place, charge, index) for index, place in enumerate(places)]
        facts.sort(key=lambda fact: fact[0])
        while len(facts) < EVENTS:
            place, charge, index = self.random.choice(facts)
            # A repetition comes somewhere after its first telling.
            facts.append((self.random.uniform(place, 1.0), charge, index))
        facts.sort(key=lambda fact: fact[0])
        return self._in_formats(facts)

    def _in_formats(self, facts):
        """Each telling in some format; a third of the repetitions is sent unchanged."""
        told, result = {}, []
        for _place, charge, index in facts:
            earlier = told.get((charge.number, index))
            if earlier is None or self.random.random() > 0.33:
                told[charge.number, index] = earlier = self._event(charge, index)
            result.append(earlier)
        return result

    def _event(self, charge, index):
        """HL7 and FHIR take a charge back under its own number: as a whole, or once in
        part; further credits need a number of their own."""
        formats = ["event"]
        if index is None or len(charge.credits) == 1:
            formats += ["hl7"]
        if index is None or charge.credits == [charge.quantity]:
            formats += ["fhir"]
        name = self.random.choice(formats)
        return name, getattr(self, f"_as_{name}")(charge, index)

    # ------------------------------------------------------------------ formats

    def _when(self):
        return self.today - timedelta(seconds=self.random.randrange(3600))

    def _as_event(self, charge, index):
        alone = len(charge.credits) == 1
        data = self.charge(
            charge.number if index is None or alone else f"{charge.number}-C{index}",
            charge.service,
            charge.pieces(index),
            encounter=f"V{charge.visit}",
            patient={"mrn": f"P{charge.visit}"},
            coverage=None,
            occurred_at=self._when().isoformat() + "Z",
            action="charge" if index is None else "credit",
            reverses=None if index is None else charge.number,
        )
        if index is None and charge.amount is not None:
            data["amount"] = self.money(charge.amount)
        return [self.event(data, CAPTURED)]

    def _as_hl7(self, charge, index):
        when = self._when().strftime("%Y%m%d%H%M%S+0000")
        told = index is None and charge.amount is not None
        amount = f"{charge.amount}&{self.currency.name}" if told else ""
        kind, pieces = "CG" if index is None else "CR", charge.pieces(index)
        raw = "\r".join(
            (
                f"MSH|^~\\&|BILL|MAIN|ODOO|H|{when}||DFT^P03^DFT_P03|{self._id()}|P|2.5.1",
                f"EVN|P03|{when}",
                f"PID|1||P{charge.visit}",
                f"PV1|1|I|||||||||||||||||V{charge.visit}",
                f"FT1|1|{charge.number}||{when}|{when}|{kind}|{charge.service}|||{pieces}|{amount}",
                "",
            )
        )
        config = self.configs["hl7"]
        return hl7v2.events(hl7v2.parse(raw.encode(), None), config.types, config.options)

    def _as_fhir(self, charge, index):
        resource = {
            "resourceType": "ChargeItem",
            "id": f"ci-{self._id()}",
            "identifier": [{"value": charge.number}],
            "status": "billable" if index is None else "entered-in-error",
            "code": {"coding": [{"code": charge.service}]},
            "subject": {"reference": f"Patient/P{charge.visit}"},
            "context": {"reference": f"Encounter/V{charge.visit}"},
            "occurrenceDateTime": self._when().replace(microsecond=0).isoformat() + "Z",
            "quantity": {"value": charge.quantity},
        }
        if index is None and charge.amount is not None:
            money = {"value": float(charge.amount), "currency": self.currency.name}
            resource["priceOverride"] = money
        config = self.configs["fhir"]
        parsed = guard.parse_json(json.dumps(resource).encode())
        return fhir.events(parsed, config.types, config.options)

    def _id(self):
        return f"{self.random.getrandbits(64):x}"

    def _group(self, name, events):
        config = self.configs[name]
        return Group(
            [
                Entry(
                    config,
                    prepare(event, config.types[event.type][1], self.ring, channel_key=name),
                    config.format,
                )
                for event in events
            ]
        )

    # --------------------------------------------------------------------- test

    def test_random_charges(self):
        charges = self._tell()
        told = self._told(charges)
        self.assertEqual(len(told), EVENTS)
        for start in range(0, EVENTS, 1000):
            groups = [self._group(*one) for one in told[start : start + 1000]]
            self.store(self.channel, *groups)
            self.drain(EVENTS)
            # Autovacuum does not see what a test has not committed, and the planner
            # would take big tables for empty ones.
            self.env.cr.execute("ANALYZE hc_message, hc_effect, hc_charge, res_partner")
            self.follow_up()
            self.env.cr.execute("ANALYZE account_move, account_move_line, hc_charge")
            self._post_some()
        self._check_states()
        self._check_charges(charges)
        self._check_invoices(charges)

    def _post_some(self):
        """What is posted takes no more lines: later charges and credits go elsewhere."""
        drafts = self._invoices().filtered(lambda move: move.state == "draft")
        chosen = self.random.sample(drafts.ids, len(drafts) // 10)
        self.env["account.move"].browse(chosen).action_post()

    def _invoices(self):
        return self.env["account.move"].search([("hc_invoice_key", "!=", False)])

    def _mine(self):
        return self.env["hc.charge"].search([("system_id", "=", self.system.id)], order="id")

    def _check_states(self):
        messages = self.env["hc.message"].search([("system_id", "=", self.system.id)])
        self.assertLessEqual(set(messages.mapped("state")), {"done", "duplicate"})
        self.assertEqual(set(self._mine().mapped("state")), {"invoiced"})
        formats = Counter(message.channel_id.format for message in messages)
        self.assertGreater(min(formats.values()), EVENTS // 20)

    def _check_charges(self, charges):
        """Every charge once, its credits exact."""
        mine = self._mine()
        found = {one.name: one for one in mine if one.action == "charge"}
        self.assertEqual(len(mine) - len(found), sum(len(one.credits) for one in charges))
        self.assertEqual(set(found), {one.number for one in charges})
        for told in charges:
            charge = found[told.number]
            self.assertEqual(cents(charge.amount), told.worth)
            credited = sum((cents(one.amount) for one in charge.reversal_ids), Decimal())
            self.assertEqual(told.worth + credited, told.net(), told.number)
            for credit in charge.reversal_ids:
                line = credit.move_line_id
                self.assertEqual(line.hc_reversed_line_id, charge.move_line_id)

    def _check_invoices(self, charges):
        """What is on invoices less what is on credit notes, by visit and in all."""
        lines = self._mine().move_line_id
        self.assertEqual(len(lines), len(self._mine()))
        self.assertEqual(lines, self._invoices().invoice_line_ids & lines)
        total = Decimal()
        for move in self._invoices():
            sign = -1 if move.move_type == "out_refund" else 1
            total += sign * cents(move.amount_untaxed)
        self.assertEqual(total, sum((told.net() for told in charges), Decimal()))
        kinds = Counter(self._invoices().mapped("move_type"))
        self.assertGreater(kinds["out_refund"], 10)


def cents(value):
    """An amount of Odoo's as exact decimal."""
    return Decimal(str(round(value, 2))).quantize(CENT)
