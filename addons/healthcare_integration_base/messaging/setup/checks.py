# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""All checks of the base, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable

from . import catalog, clock, keys, postgres, server, web
from .facts import Facts
from .finding import Finding

Check = Callable[[Facts], Finding]

CHECKS: tuple[Check, ...] = (
    *server.CHECKS,
    *web.CHECKS,
    *keys.CHECKS,
    *postgres.CHECKS,
    *clock.CHECKS,
    *catalog.CHECKS,
)
