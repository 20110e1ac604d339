# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What follows from a failed attempt, as a value.

The kind of an error decides (:data:`AFTER`). Only what may pass by itself is tried again: by
the channel's policy, or that of the error's code where it has one, and always within the
channel's horizon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, TypeAlias

from .errors import Kind, RetryRule


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits of a channel; the horizon counts from the first of the failures in a row."""

    max_attempts: int = 8
    base_seconds: int = 10
    cap_seconds: int = 3600
    horizon_seconds: int = 72 * 3600

    def under(self, rule: RetryRule | None) -> RetryPolicy:
        """This policy with what an error's own rule says instead; the horizon stays.

        >>> RetryPolicy().under(RetryRule(base_seconds=2)).base_seconds
        2
        """
        if rule is None:
            return self
        return replace(
            self,
            max_attempts=rule.max_attempts or self.max_attempts,
            base_seconds=rule.base_seconds or self.base_seconds,
            cap_seconds=rule.cap_seconds or self.cap_seconds,
        )


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again, not before so many seconds."""

    after_seconds: int


@dataclass(frozen=True, slots=True)
class Dead:
    """Nothing more is tried by itself."""


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody has to decide."""


Decision: TypeAlias = Retry | Dead | Review

AFTER: Mapping[Kind, Literal["retry", "review", "dead"]] = {
    Kind.TRANSIENT: "retry",
    Kind.PERMANENT: "review",
    Kind.PERSON: "review",
    Kind.UNKNOWN: "review",
    Kind.POISON: "dead",
}


def decide(
    kind: Kind,
    attempt: int,
    policy: RetryPolicy,
    rng: Callable[[], float],
    *,
    age_seconds: float = 0,
) -> Decision:
    """The decision after attempt number ``attempt`` (from 1, of failures in a row) failed.

    :param rng: gives a number in [0, 1), as ``random.random`` does
    :param age_seconds: since the first of these failures
    """
    after = AFTER[kind]
    if after == "dead":
        return Dead()
    if after == "review":
        return Review()
    left = policy.horizon_seconds - age_seconds
    if attempt >= policy.max_attempts or left < 1:
        return Dead()
    return Retry(min(_delay(attempt, policy, rng()), int(left)))


def _delay(attempt: int, policy: RetryPolicy, share: float) -> int:
    """Exponential backoff with full jitter, at least a second."""
    ceiling = min(policy.cap_seconds, policy.base_seconds << min(max(attempt - 1, 0), 31))
    return max(1, ceil(ceiling * share))
