# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Log lines that strangers can cause are few, whatever they do."""

import time

QUIET_SECONDS = 60


class QuietLog:
    """Tells a thing at once, and then how often it happened, once a minute.

    :param prefix: of every line; names nothing of what was sent
    """

    def __init__(self, logger, prefix):
        self._logger = logger
        self._prefix = prefix
        self._told = {}
        self._silent = {}

    def warning(self, kind, text):
        """Log, or only count.

        :param kind: what is counted together
        """
        now = time.monotonic()
        if now - self._told.get(kind, -QUIET_SECONDS) < QUIET_SECONDS:
            self._silent[kind] = self._silent.get(kind, 0) + 1
            return
        self._told[kind] = now
        more = self._silent.pop(kind, 0)
        also = f" ({more} more since the last line)" if more else ""
        self._logger.warning("%s: %s%s", self._prefix, text, also)
