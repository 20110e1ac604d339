# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..work.devices import OWN
from ..work.staff import PROBLEMS, STAFF

CHANNEL = "device-reports"
TYPE = "device.alarmed.v1"


class HcDeviceReport(models.TransientModel):
    """Report a device that does not work: what a ward enters goes through the ledger, as an
    alarm of the system "Odoo"."""

    _name = "hc.device.report"
    _description = "Report a Device"

    number = fields.Char(default=lambda self: secrets.token_hex(8), readonly=True)
    scan = fields.Char("Scan or type the label")
    equipment_id = fields.Many2one(
        "maintenance.equipment",
        string="Device",
        domain="[('company_id', 'in', allowed_company_ids + [False])]",
    )
    place = fields.Char(related="equipment_id.hc_location", string="Usual place")
    hint = fields.Char(readonly=True)
    problem = fields.Selection(PROBLEMS, string="What is wrong?")
    urgency = fields.Selection(
        [
            ("high", "A patient needs it now"),
            ("medium", "Needed today"),
            ("low", "Can wait"),
        ],
        string="How urgent?",
        default="medium",
        required=True,
    )
    remark = fields.Char("In a few words", size=240)
    is_sent = fields.Boolean(readonly=True)

    @api.depends("equipment_id")
    def _compute_display_name(self):
        for report in self:
            report.display_name = report.equipment_id.display_name or self.env._("New report")

    @api.onchange("scan")
    def _onchange_scan(self):
        """A label that one device answers to chooses it."""
        if not self.scan:
            return
        found = self.env["maintenance.equipment"]._hc_scanned(self.scan)
        self.equipment_id = found if len(found) == 1 else False
        if len(found) > 1:
            self.hint = self.env._("Several devices have this label. Choose one below.")
        else:
            self.hint = False if found else self.env._("No device has this label. Choose it below.")

    def action_report(self):
        """Button: enter it. The same screen, tapped twice, enters it once."""
        self.ensure_one()
        self._check_may_report()
        if not self.equipment_id:
            raise UserError(self.env._("Choose the device."))
        if not self.problem:
            raise UserError(self.env._("Say what is wrong with it."))
        self.equipment_id.check_access("read")
        entry = self.env["hc.staff.entry"]
        channel = entry._channel(CHANNEL, TYPE, self.env._("Devices reported by staff"))
        entry._post(channel, TYPE, self._data(), event_id=f"report-{self.number}")
        self.is_sent = True
        return self._reopen(self)

    def action_another(self):
        """Button: an empty screen for the next device."""
        self._check_may_report()
        return self._reopen(self.create({}))

    def _check_may_report(self):
        if not self.env.user.has_group("hc_biomed_maintenance.group_biomed_reporter"):
            raise AccessError(self.env._("You may not report devices."))

    def _data(self):
        remark = " ".join((self.remark or "").split())
        return {
            "alarm": self.number,
            "equipment": {"system": OWN, "value": str(self.equipment_id.id)},
            "phase": "start",
            "priority": self.urgency,
            "kind": "technical",
            "code": f"{STAFF}{self.problem}",
            "occurred_at": fields.Datetime.to_string(self.create_date).replace(" ", "T") + "Z",
            **({"problem": remark} if remark else {}),
        }

    def _reopen(self, report):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Report a device"),
            "res_model": self._name,
            "res_id": report.id,
            "view_mode": "form",
            "target": "main",
        }
