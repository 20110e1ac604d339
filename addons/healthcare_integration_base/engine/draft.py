# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A message on its way to become documents: what stands against it, gathered whole.

A handler reads all items of a batch into drafts before it writes anything: every gap of a
message is found at once, and a message has its effect whole or waits whole.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """See ``Item.review``."""

    code: str
    subject: str | None = None
    fix: object | None = None
    detail: str | None = None


@dataclass(slots=True)
class Draft:
    """What handlers of all domains know of a message; theirs add what they read.

    :param site: record of ``hc.site``; ``when`` a moment of :mod:`..messaging.when`.
    :param problems: with them it cannot be compared with what was stated before.
    :param objections: with them it is clear, but must not have its effect.
    :param other_company: id of the company that its site belongs to, where that is another.
    """

    item: object
    site: object = None
    when: object = None
    problems: list[Problem] = field(default_factory=list)
    objections: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    other_company: int | None = None

    def problem(self, code, **details):
        self.problems.append(Problem(code, **details))

    def objection(self, code, **details):
        self.objections.append(Problem(code, **details))

    def warning(self, code, **details):
        self.warnings.append(Problem(code, **details))

    @property
    def against(self):
        """What has to be cleared up first."""
        return self.problems or self.objections

    def tell(self):
        """Tell the item what stands against it; says whether nothing does."""
        if self.other_company:
            self.item.move_to_company(self.other_company)
            return False
        for one in self.against:
            self.item.review(one.code, subject=one.subject, fix=one.fix, detail=one.detail)
        return not self.against

    def warn(self):
        """Tell the item what somebody should know although it goes on."""
        for one in self.warnings:
            self.item.warn(one.code, subject=one.subject, fix=one.fix)
