# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which rule decides what becomes of an alarm. Rules are data; nothing in them is run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

IGNORE, COUNT, REQUEST = "ignore", "count", "request"
CRITICALITIES = ("life_support", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule may look at."""

    code: str
    priority: str
    criticality: str
    category: int | None = None
    company: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that are empty hold for every alarm.

    :param code: with ``is_prefix`` the beginning of the code, else all of it
    :param id: of the record, which says what the request is like
    """

    id: int
    outcome: str
    code: str = ""
    is_prefix: bool = False
    priorities: frozenset[str] = frozenset()
    criticalities: frozenset[str] = frozenset()
    categories: frozenset[int] = frozenset()
    company: int | None = None

    def fits(self, case: Case) -> bool:
        """Whether all its conditions hold."""
        return (
            self._fits_code(case.code)
            and _among(case.priority, self.priorities)
            and _among(case.criticality, self.criticalities)
            and _among(case.category, self.categories)
            and self.company in (None, case.company)
        )

    def _fits_code(self, code: str) -> bool:
        if not self.code:
            return True
        return code.startswith(self.code) if self.is_prefix else code == self.code


def _among(value: object, allowed: frozenset[object]) -> bool:
    return not allowed or value in allowed


def decide(rules: Iterable[Rule], case: Case) -> Rule | None:
    """The first rule that fits; None when there is none, and a person is needed."""
    return next((rule for rule in rules if rule.fits(case)), None)
