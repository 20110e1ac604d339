# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import functools
import json

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import file_open

CODES = "static/runbook/codes.json"


class HcRunbook(models.AbstractModel):
    """The pages of the runbook, which the addons ship: they open without a network, and say
    what holds for the installed version. ``scripts/docs_runbook.py`` makes them of
    ``docs/runbook``."""

    _name = "hc.runbook"
    _description = "Runbook"

    @api.model
    def _url(self, code):
        """Address of the page about an error, or false."""
        return _pages(tuple(sorted(self.env.registry._init_modules))).get(code, False)

    @api.model
    def _open(self, code):
        """An action that shows the page about an error."""
        url = self._url(code or "")
        if not url:
            raise UserError(self.env._("The runbook has no page about this."))
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}


@functools.cache
def _pages(modules):
    """Addresses by error code; files of installed addons do not change while a server runs."""
    found = {}
    for module in modules:
        try:
            with file_open(f"{module}/{CODES}") as file:
                pages = json.load(file)
        except FileNotFoundError:
            continue
        for code, page in pages.items():
            found[code] = f"/{module}/static/runbook/{page}.html"
    return found
