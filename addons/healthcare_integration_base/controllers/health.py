# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.http import Controller, request

from . import answers
from .door import door


class Health(Controller):
    """Readiness. Without a database it is ``hc_gate`` that answers, with 503."""

    @door("/hc/health", methods=["GET"])
    def health(self):
        request.env.cr.execute("SELECT 1")
        return answers.json_answer({"status": "ok", "database": "ok"})
