# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo.http import request

from odoo.addons.web.controllers.export import CSVExport

# What Odoo itself defuses are "=", "-" and "+"; spreadsheets take these for formulas as well.
BEGINNINGS = ("@", "\t", "\r", "\n")


class HarmlessCSVExport(CSVExport):
    """Lists of the suite hold texts of senders: none is a formula in a spreadsheet."""

    def from_data(self, fields, columns_headers, rows):
        model = json.loads(request.params["data"])["model"]
        if model.startswith("hc."):
            rows = [[harmless(cell) for cell in row] for row in rows]
        return super().from_data(fields, columns_headers, rows)


def harmless(cell):
    """A text that a spreadsheet shows and does not calculate."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(BEGINNINGS) else cell
