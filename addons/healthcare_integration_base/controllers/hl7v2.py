# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.http import Controller

from . import documents, hl7_answers
from .door import authenticate, body, door


class Hl7v2(Controller):
    """``/hc/v1/hl7v2``: HL7 v2 over HTTP; the channels are found by MSH-3, 4 and 9."""

    @door("/hc/v1/hl7v2", methods=["POST"], render=hl7_answers.refusal)
    def post(self):
        raw = body()
        return documents.take_hl7(authenticate(raw), raw)
