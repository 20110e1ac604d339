# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a check says: one line of the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PAGE = "set-up-check"
"""The page of the runbook that is opened where a finding names no other."""


class Status(StrEnum):
    """How bad it is; in this order on the page."""

    ERROR = "error"
    """Events are lost, delayed or forged, or secrets are told."""
    WARNING = "warning"
    """It holds, but not as well as it could; or it will not hold for long."""
    UNKNOWN = "unknown"
    """It could not be found out."""
    OK = "ok"


ORDER = tuple(Status)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found.

    :ivar check: name of what was looked at, stable over versions
    :ivar area: heading it stands under
    :ivar seen: sentence about what is the case; no secret and no value of a message
    :ivar fix: what the administrator does about it; empty when all is well
    :ivar page: page of the runbook about it
    """

    check: str
    area: str
    status: Status
    seen: str
    fix: str = ""
    page: str = PAGE

    def __post_init__(self) -> None:
        if self.status is not Status.OK and not self.fix:
            raise ValueError(f"{self.check} says what is wrong and not what to do")


@dataclass(frozen=True, slots=True)
class About:
    """Makes the findings of one check."""

    check: str
    area: str
    page: str = PAGE

    def ok(self, seen: str) -> Finding:
        return Finding(self.check, self.area, Status.OK, seen, "", self.page)

    def warning(self, seen: str, fix: str) -> Finding:
        return Finding(self.check, self.area, Status.WARNING, seen, fix, self.page)

    def error(self, seen: str, fix: str) -> Finding:
        return Finding(self.check, self.area, Status.ERROR, seen, fix, self.page)

    def unknown(self, seen: str, fix: str) -> Finding:
        return Finding(self.check, self.area, Status.UNKNOWN, seen, fix, self.page)


def worst(findings: Iterable[Finding]) -> Status:
    """The status that stands for all of them."""
    return min((one.status for one in findings), key=ORDER.index, default=Status.OK)
