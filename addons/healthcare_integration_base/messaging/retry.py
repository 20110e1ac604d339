# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What follows from a failed attempt, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from .errors import Kind


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    max_attempts: int = 8
    base_seconds: int = 10
    cap_seconds: int = 3600


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


def decide(kind: Kind, attempt: int, policy: RetryPolicy, rng: Callable[[], float]) -> Decision:
    """The decision after attempt number ``attempt`` (from 1) failed.

    :param rng: gives a number in [0, 1), as ``random.random`` does
    """
    if kind is Kind.POISON:
        return Dead()
    if kind is not Kind.TRANSIENT:
        return Review()
    if attempt >= policy.max_attempts:
        return Dead()
    return Retry(_delay(attempt, policy, rng()))


def _delay(attempt: int, policy: RetryPolicy, share: float) -> int:
    """Exponential backoff with full jitter, at least a second."""
    ceiling = min(policy.cap_seconds, policy.base_seconds << min(max(attempt - 1, 0), 31))
    return max(1, ceil(ceiling * share))
