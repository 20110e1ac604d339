# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sending what is due in an outbound lane."""


class Dispatch:
    """One run over an outbound lane."""

    def __init__(self, lane):
        self.lane = lane

    def run(self, limit=None):
        """Send what is due."""
        return 0
