# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo import SUPERUSER_ID
from odoo.http import Controller, Response, request, route

OPTIONS = {
    "type": "http",
    "auth": "none",
    "methods": ["POST"],
    "csrf": False,
    "save_session": False,
}


class Bench(Controller):
    @route("/hc_bench/bare", readonly=True, **OPTIONS)
    def bare(self):
        """Reads the body and returns JSON: what any controller costs."""
        event = json.loads(request.httprequest.get_data())
        return answer({"id": event["id"]})

    @route("/hc_bench/orm", readonly=False, **OPTIONS)
    def orm(self):
        """The same, and one record."""
        event = json.loads(request.httprequest.get_data())
        values = {"name": event["id"], "source": event["source"], "payload": event["data"]}
        message = request.env(user=SUPERUSER_ID)["hc.bench.message"].create(values)
        return answer({"id": message.id})


def answer(data):
    return Response(json.dumps(data), status=202, content_type="application/json")
