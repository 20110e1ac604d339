# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How long the content of a message is kept, and what stands for a person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PRUNABLE = ("done", "duplicate", "superseded", "rejected", "cancelled")
"""States in which a message needs its content no more. What is undelivered, of unknown
outcome, in review or dead is not among them: somebody or something still has to act on it."""

OPEN = ("received", "queued", "retry", "unknown", "review", "dead")
"""States in which a message may still be handled or sent, and needs its content for it."""

PSEUDONYM = re.compile(r"hcp[1-9][0-9]{0,8}_[a-z2-7]{32}")
STAND_IN = "hcx1_"


@dataclass(frozen=True, slots=True)
class Rule:
    """Days that the content of messages is kept; without a channel or company for all."""

    state: str
    days: int
    channel: int | None = None
    company: int | None = None


def days_of(rules: Iterable[Rule], state: str, channel: int, company: int | None) -> int:
    """Days for one channel and state: its own rule, else its company's, else the general one.

    :return: 0 keeps for ever, and so does the absence of a rule.

    >>> general = Rule("done", 365)
    >>> days_of([general, Rule("done", 30, channel=7)], "done", 7, 1)
    30
    >>> days_of([general, Rule("done", 0, company=1)], "done", 7, 1)
    0
    >>> days_of([general], "cancelled", 7, 1)
    0
    """
    found = {
        (rule.channel is not None, rule.company is not None): rule.days
        for rule in rules
        if rule.state == state
        and rule.channel in (None, channel)
        and (rule.channel == channel or rule.company in (None, company))
    }
    return found[max(found)] if found else 0


def is_pseudonym(text: str) -> bool:
    """Whether it has the form of a pseudonym of this suite.

    The number says which version of the domain's key it was made with.

    >>> is_pseudonym("hcp1_" + "a" * 32), is_pseudonym("hcp12_" + "a" * 32)
    (True, True)
    >>> is_pseudonym("MRN-4711"), is_pseudonym("hcp0_" + "a" * 32)
    (False, False)
    """
    return bool(PSEUDONYM.fullmatch(text))


def short_of(pseudonym: str, length: int = 8) -> str:
    """The beginning of what tells pseudonyms apart, as people are shown it.

    >>> short_of("hcp2_abcdefghijkl"), short_of("abc")
    ('abcdefgh', 'abc')
    """
    return _PREFIX.sub("", pseudonym, count=1)[:length]


_PREFIX = re.compile(r"^hcp[0-9]+_")
