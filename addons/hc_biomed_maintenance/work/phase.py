# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One message about an alarm, as the batch has read it."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ..biomed.incident import START


@dataclass(slots=True)
class Phase:
    """A phase of an alarm.

    :param at: UTC, naive as Odoo keeps it
    :param day: the day at the site
    """

    item: Any
    equipment: Any
    number: str
    phase: str
    at: datetime
    day: date
    priority: str
    is_technical: bool
    code: str = ""
    location: str = ""
    problem: str = ""
    rule: Any = None

    @property
    def business_key(self):
        """The fact that is stated: this phase of this alarm at this time, as exactly as it is
        told: a contact that flutters does so several times a second."""
        told = self.item.data.get("occurred_at") or self.at.isoformat()
        parts = (self.equipment.id, self.number, self.code, self.phase, told)
        return "device.alarmed|" + "|".join(map(_escaped, parts))

    @property
    def count_key(self):
        """The fact that an alarm about a patient has occurred, whatever is told of it."""
        return self._count_key(self.day)

    @property
    def count_keys(self):
        """What would have counted it already: what goes on may have begun the day before."""
        days = [self.day]
        if self.phase != START:
            days.append(days[0] - timedelta(days=1))
        return {self._count_key(day) for day in days}

    def _count_key(self, day):
        parts = (self.equipment.id, day.isoformat(), self.number)
        return "device.alarmed.day|" + "|".join(map(_escaped, parts))

    @property
    def digest(self):
        content = repr((self.priority, self.is_technical))
        return hashlib.sha256(content.encode()).hexdigest()


def _escaped(part):
    return str(part).replace("\\", "\\\\").replace("|", "\\|")
