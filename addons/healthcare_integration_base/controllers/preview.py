# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json

from odoo.http import Controller, request, route


class Preview(Controller):
    """The sample of a preview of minimization comes by a form and not by RPC: arguments of
    methods are logged where the log level is debug."""

    @route("/healthcare_integration/preview", type="http", auth="user", methods=["POST"])
    def preview(self, channel=None, policy=None, sample="", **_other):
        """Minimize a sample; see :meth:`hc.minimization.preview._preview`."""
        model = request.env["hc.minimization.preview"]
        model._check_right()
        channels, policies = request.env["hc.channel"], request.env["hc.field.policy"]
        found = channels.browse(_id(channel)).exists()
        version = policies.browse(_id(policy)).exists()
        if not found or (version and version.channel_id != found):
            raise request.not_found()
        result = model._preview(found, version, sample)
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        return request.make_response(json.dumps(result), headers)


def _id(text):
    return [int(text)] if isinstance(text, str) and text.isascii() and text.isdigit() else []
