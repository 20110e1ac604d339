# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Random alarms against a model that knows nothing of the addon's code."""

import random
from collections import defaultdict
from datetime import timedelta

from .common import ALARMED, BiomedCase

DEVICES, ALARMS, ROUNDS = 200, 5000, 4
CODES = ("BATT", "LEAK", "DOOR")
SEED = 20261124


class Expected:
    """Requests as the issue describes them: (device, code) → episodes, each with what it
    was told of; written down from facts, without any order of arrival."""

    def __init__(self):
        self.closings = defaultdict(list)
        self.facts = defaultdict(set)

    def tell(self, device, code, number, phase, at):
        self.facts[device, code, number].add((phase, at))

    def close(self, device, code, at):
        self.closings[device, code].append(at)

    def requests(self):
        """(device, code) → sorted list of (count, first, last)."""
        episodes = defaultdict(lambda: defaultdict(list))
        for (device, code, _number), facts in self.facts.items():
            first = min(at for _phase, at in facts)
            closings = sorted(self.closings[device, code])
            episode = sum(closed < first for closed in closings)
            episodes[device, code][episode].append(facts)
        return {
            key: sorted(self._request(alarms) for alarms in found.values())
            for key, found in episodes.items()
        }

    @staticmethod
    def _request(alarms):
        starts = [len({at for phase, at in facts if phase == "start"}) for facts in alarms]
        times = [at for facts in alarms for _phase, at in facts]
        return sum(max(1, count) for count in starts), min(times), max(times)


class TestRandomAlarms(BiomedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        devices = cls.env["maintenance.equipment"].create(
            [
                {
                    "name": f"Device {number}",
                    "company_id": cls.company.id,
                    "hc_criticality": ("life_support", "high", "medium", "low")[number % 4],
                }
                for number in range(DEVICES)
            ]
        )
        cls.env["hc.identifier"].create(
            [
                {
                    "system_id": cls.system.id,
                    "namespace": "equipment",
                    "code_system": "local",
                    "value": f"D{number}",
                    "res_id": device.id,
                }
                for number, device in enumerate(devices)
            ]
        )
        cls.devices = devices

    def test_requests_equal_the_model(self):
        rng, expected = random.Random(SEED), Expected()
        start = self.now - timedelta(hours=ROUNDS)
        late = []
        for number in range(ROUNDS):
            begin = start + timedelta(hours=number)
            events = self._round(rng, expected, number, begin, ALARMS // ROUNDS) + late
            # Some come after the hour's repairs, to requests that are closed by then.
            late = events[: ALARMS // ROUNDS // 20] if number < ROUNDS - 1 else []
            events = events[len(late) :]
            groups = [self.group(self.channel, event) for event in events]
            self.store(self.channel, *groups)
            while self.drain():
                pass
            if number < ROUNDS - 1:
                self._close(rng, expected, begin + timedelta(minutes=58))
        self._compare(expected)
        states = self.env["hc.message"]._read_group(
            [("channel_id", "=", self.channel.id)], ["state"], ["__count"]
        )
        self.assertLessEqual({state for state, _count in states}, {"done", "duplicate"})

    def _round(self, rng, expected, number, begin, count):
        """Events of one hour: storms, flapping, missing ends, doubles, all shuffled."""
        facts = []
        while len(facts) < count:
            device, code = rng.randrange(DEVICES), rng.choice(CODES)
            shape = rng.choice(("single", "single", "storm", "flap", "open", "orphan"))
            facts += self._shape(rng, shape, f"R{number}-{len(facts)}", device, code, begin)
        facts = facts[:count]
        for fact in facts:
            expected.tell(*fact)
        doubled = [*facts, *rng.sample(facts, len(facts) // 10)]
        rng.shuffle(doubled)
        return [self._event(rng, *fact) for fact in doubled]

    @staticmethod
    def _shape(rng, shape, name, device, code, begin):
        def at():
            return begin + timedelta(seconds=rng.randrange(3300))

        if shape == "storm":
            return [(device, code, f"{name}-{n}", "start", at()) for n in range(30)]
        if shape == "flap":
            return [(device, code, name, rng.choice(("start", "end")), at()) for _n in range(12)]
        phases = {"single": ("start", "update", "end"), "open": ("start",), "orphan": ("end",)}
        return [(device, code, name, phase, at()) for phase in phases[shape]]

    def _event(self, rng, device, code, number, phase, at):
        data = self.alarm(number, f"D{device}", phase=phase, code=code, priority="high")
        return self.event({**data, "occurred_at": at.isoformat() + "Z"}, ALARMED)

    def _close(self, rng, expected, at):
        """A third of the open requests is repaired at the end of the hour."""
        by_id = {device.id: number for number, device in enumerate(self.devices)}
        requests = self.requests().filtered(lambda one: not one.hc_closed_at)
        done = self.env["maintenance.stage"].search([("done", "=", True)], limit=1)
        chosen = requests.browse(sorted(rng.sample(requests.ids, len(requests) // 3)))
        chosen.write({"stage_id": done.id})
        chosen.write({"hc_closed_at": at})
        for request in chosen:
            expected.close(by_id[request.equipment_id.id], request.hc_cause, at)

    def _compare(self, expected):
        by_id = {device.id: number for number, device in enumerate(self.devices)}
        found = defaultdict(list)
        for one in self.requests():
            key = by_id[one.equipment_id.id], one.hc_cause
            found[key].append((one.hc_alarm_count, one.hc_first_alarm_at, one.hc_last_alarm_at))
        wanted = expected.requests()
        self.assertGreater(len(wanted), 300)
        self.assertGreater(max(map(len, wanted.values())), 1)
        self.assertEqual({key: sorted(rows) for key, rows in found.items()}, wanted)
