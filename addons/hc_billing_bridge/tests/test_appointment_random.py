# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import random

from .appointment_common import CHANGED, AppointmentCase

EVENTS, APPOINTMENTS, PARTS = 1000, 90, 7
FINAL = ("pending", "waitlist", "booked", "arrived", "fulfilled", "noshow", "cancelled")
SERVICES = ("SCAN", "VISIT", "FREE", "UNMAPPED")


class TestAppointmentRandom(AppointmentCase):
    """Random events in random order against a model that knows nothing of the handler."""

    def test_thousand_events_end_as_they_should(self):
        rng = random.Random(20261124)
        facts = [self._fact(rng) for _number in range(EVENTS)]
        self._deliver(facts, rng)
        messages = self.env["hc.message"].search([("channel_id", "=", self.channel.id)])
        self.assertEqual(set(messages.mapped("state")), {"done", "duplicate", "superseded"})
        expected = self._expected(facts)
        found = self.env["hc.appointment"].search([("system_id", "=", self.system.id)])
        self.assertEqual(len(found), len(expected))
        for one in found:
            self.assertEqual(self._seen(one), expected[one.name], one.name)
        applied = self.env["hc.effect"].search([("business_key", "!=", False)])
        mine = applied.filtered(lambda effect: effect.message_id in messages)
        self.assertEqual(len(mine), len(found), "each appointment is made once")

    def _fact(self, rng):
        """What one event states; some leave fields out, some share a moment."""
        fact = {
            "number": f"R-{rng.randrange(APPOINTMENTS)}",
            "at": self.ago(minutes=rng.randrange(5000)),
            "state": rng.choice(FINAL),
            "services": tuple(sorted(rng.sample(SERVICES, rng.randrange(3)))),
        }
        if rng.random() < 0.7:
            fact["start"] = self.ago(hours=rng.randrange(500))
        if rng.random() < 0.4:
            fact["patient"] = f"P-{rng.randrange(9)}"
        return fact

    def _deliver(self, facts, rng):
        """In random order, some twice, handled in parts."""
        events = [self._event(fact) for fact in facts]
        arriving = events + rng.sample(events, 100)
        order = list(range(len(arriving)))
        rng.shuffle(order)
        self.arrivals = {}
        size = len(order) // PARTS + 1
        for start in range(0, len(order), size):
            part = [arriving[index] for index in order[start : start + size]]
            self.store(self.channel, *[self.group(self.channel, event) for event in part])
            for event in part:
                self.arrivals.setdefault(event.id, len(self.arrivals))
            self.drain(limit=5000)

    def _event(self, fact):
        data = {
            "appointment": fact["number"],
            "facility": "MAIN",
            "status": fact["state"],
            "services": [{"value": code} for code in fact["services"]],
        }
        if "start" in fact:
            data["start"] = fact["start"].isoformat() + "Z"
        if "patient" in fact:
            data["patient"] = {"mrn": fact["patient"], "authority": "HOSP"}
        event = self.event(data, CHANGED, time=fact["at"].isoformat() + "Z")
        fact["event"] = event.id
        return event

    def _expected(self, facts):
        """Of each field the last statement by time, then finality, then arrival."""
        ring = self.env["hc.keyring"]._ring()
        by_time = sorted(
            facts,
            key=lambda fact: (fact["at"], FINAL.index(fact["state"]), self.arrivals[fact["event"]]),
        )
        expected = {}
        for fact in by_time:
            one = expected.setdefault(fact["number"], {"start": None, "patient": None})
            one["state"], one["services"] = fact["state"], fact["services"]
            one["start"] = fact.get("start", one["start"])
            if "patient" in fact:
                one["patient"] = ring.pseudonym("patient", fact["patient"], "HOSP")
        return expected

    @staticmethod
    def _seen(one):
        return {
            "state": one.state,
            "services": tuple(sorted(one.service_ids.mapped("value"))),
            "start": one.start or None,
            "patient": one.patient_ref or None,
        }
