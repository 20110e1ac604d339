# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..engine.outbound.acks import FINAL, KIND
from .hc_channel_outbound import ACK_TYPE

GOOD = ("done", "duplicate", "superseded")
KEPT = (
    "control_id",
    "trigger",
    "version",
    "processing_id",
    "sending_application",
    "sending_facility",
    "receiving_application",
    "receiving_facility",
)


class HcFollowupHl7Ack(models.AbstractModel):
    """Tells senders of HL7 v2 what became of their messages, where MSH-16 asks for it and the
    system has an outbound channel for it."""

    _name = "hc.followup.hl7.ack"
    _inherit = "hc.followup.handler"
    _description = "HL7 v2 Application Acknowledgements"

    _kind = KIND
    _chunk = 100

    def _process(self, keys):
        for key in keys:
            messages = self.env["hc.message"].search(
                [
                    ("correlation_identifier", "=", key["correlation"]),
                    ("system_id", "=", key["system"]),
                    ("direction", "=", "in"),
                    ("is_shadow", "=", False),  # what is only tried out says nothing
                ],
                order="id",
            )
            asked = messages.filtered("application_ack")
            if asked and all(message.state in FINAL for message in messages):
                self._tell(asked)

    def _tell(self, messages):
        first = messages[0]
        header = first.application_ack
        failed = messages.filtered(lambda message: message.state not in GOOD)
        if header["when"] not in ("AL", "ER" if failed else "SU"):
            return
        data = {name: header[name] for name in KEPT if header.get(name)}
        data["code"] = self._code(messages, failed)
        if failed:
            data["error_code"] = failed[0].error_code or failed[0].state
        self.env["hc.outbox"]._send(
            ACK_TYPE,
            data,
            company=first.system_id.company_id,
            system=first.system_id,
            cause=first,
            key=f"{ACK_TYPE}/{first.correlation_identifier}",
        )

    def _code(self, messages, failed):
        if not failed:
            return "AA"
        rejected = all(message.state == "rejected" for message in messages)
        return "AR" if rejected else "AE"
