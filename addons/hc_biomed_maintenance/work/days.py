# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How many alarms about patients a device raises on a day."""


class Days:
    """The counters that a batch touches."""

    def __init__(self, env, phases):
        self.env = env
        wanted = {(phase.equipment.id, phase.day) for phase in phases}
        counters = env["hc.device.alarm.day"]
        found = counters.search(
            [
                ("equipment_id", "in", [equipment for equipment, _day in wanted]),
                ("day", "in", [day for _equipment, day in wanted]),
            ]
        )
        self._days = {(one.equipment_id.id, one.day): one for one in found}
        missing = sorted(wanted - self._days.keys())
        made = counters.create(
            [
                {"equipment_id": equipment, "day": day, "company_id": env.company.id}
                for equipment, day in missing
            ]
        )
        self._days |= dict(zip(missing, made, strict=True))
        self._more = {}

    def add(self, equipment, day, more):
        """So many more of the device on that day; returns the counter."""
        counter = self._days[equipment.id, day]
        self._more[counter] = self._more.get(counter, 0) + more
        return counter

    def save(self):
        for counter, more in self._more.items():
            if more:
                counter.count += more
