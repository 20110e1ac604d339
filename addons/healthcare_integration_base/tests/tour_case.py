# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import unittest

from odoo.tests import HttpCase


class TourCase(HttpCase):
    """Tours in a browser; without one they fail, where Odoo would skip them in silence."""

    browser_size = "1440x900"

    def walk(self, tour, path, login):
        """Walk a tour as this user."""
        try:
            self.start_tour(f"/odoo/{path}", tour, login=login, timeout=120)
        except unittest.SkipTest as reason:
            self.fail(f"The tour {tour} was not walked: {reason}")
