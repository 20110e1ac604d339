# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from ..biomed import udi

BIOMED = "hc_biomed_maintenance.group_biomed_user"
CRITICALITY = [
    ("life_support", "Life support"),
    ("high", "High"),
    ("medium", "Medium"),
    ("low", "Low"),
]


class MaintenanceEquipment(models.Model):
    _name = "maintenance.equipment"
    _inherit = ["maintenance.equipment", "hc.traced.mixin"]

    hc_criticality = fields.Selection(
        CRITICALITY,
        string="Criticality",
        default="medium",
        required=True,
        tracking=True,
        help="What is at stake when it fails. Deadlines follow from it.",
    )
    hc_manufacturer = fields.Char("Manufacturer")
    hc_udi = fields.Char(
        "UDI", copy=False, index="btree_not_null", help="The whole label, as it is scanned."
    )
    hc_udi_di = fields.Char(
        "UDI-DI",
        compute="_compute_hc_udi_di",
        store=True,
        readonly=False,
        index="btree_not_null",
        help="The part of the UDI that names the model.",
    )
    hc_site_id = fields.Many2one(
        "hc.site",
        string="Site",
        domain="[('company_id', '=?', company_id)]",
        ondelete="set null",
        index="btree_not_null",
    )
    hc_location = fields.Char("Place", help="Where it is kept, as the register says it.")
    hc_software = fields.Char("Software")
    hc_status = fields.Selection(
        [
            ("active", "In use"),
            ("inactive", "Out of use"),
            ("entered_in_error", "Entered in error"),
            ("unknown", "Unknown"),
        ],
        string="Status",
        default="active",
        required=True,
        tracking=True,
    )
    hc_told_at = fields.Datetime(
        "Last told",
        readonly=True,
        copy=False,
        help="Time of the newest message about it; older ones change nothing.",
    )
    hc_revision = fields.Integer("Revision", readonly=True, copy=False)
    hc_digest = fields.Char(readonly=True, copy=False)
    hc_alarm_ids = fields.One2many(
        "hc.device.alarm", "equipment_id", string="Alarms", groups=BIOMED
    )
    hc_alarm_count = fields.Integer(
        "Alarms of 30 days", compute="_compute_hc_alarm_count", groups=BIOMED
    )
    hc_patient_alarm_count = fields.Integer(
        "Patient alarms of 30 days",
        compute="_compute_hc_alarm_count",
        groups=BIOMED,
        help="Alarms about patients. They are counted; nothing else of them is kept.",
    )

    # Serial numbers are unique for a manufacturer's model, not in the world as Odoo has it.
    _serial_no = models.Constraint(
        "unique(serial_no, model, hc_manufacturer, company_id)",
        "Another equipment of this model has the serial number already.",
    )
    _hc_serial_idx = models.Index("(serial_no) WHERE serial_no IS NOT NULL")

    @api.depends("hc_udi")
    def _compute_hc_udi_di(self):
        for equipment in self:
            equipment.hc_udi_di = udi.parse(equipment.hc_udi or "").model or equipment.hc_udi_di

    def _compute_hc_alarm_count(self):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        alarms = self.env["hc.device.alarm"]._read_group(
            [("equipment_id", "in", self.ids), ("last_at", ">=", since)],
            ["equipment_id"],
            ["occurrences:sum"],
        )
        days = self.env["hc.device.alarm.day"]._read_group(
            [("equipment_id", "in", self.ids), ("day", ">=", since.date())],
            ["equipment_id"],
            ["count:sum"],
        )
        technical = {equipment.id: count for equipment, count in alarms}
        about_patients = {equipment.id: count for equipment, count in days}
        for equipment in self:
            equipment.hc_alarm_count = technical.get(equipment.id, 0)
            equipment.hc_patient_alarm_count = about_patients.get(equipment.id, 0)

    def _hc_traced(self):
        return self

    def action_hc_alarms(self):
        """Button: the alarms of this equipment."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "hc_biomed_maintenance.action_hc_device_alarm"
            ),
            "domain": [("equipment_id", "=", self.id)],
            "context": {},
        }

    @api.model
    def _hc_scanned(self, text):
        """Equipment that a scanned or typed text means: UDI, serial number or code."""
        text = (text or "").strip()
        if not text:
            return self.browse()
        label = udi.parse(text)
        domains = [[("hc_udi", "=", text)]]
        if label.serial:
            domains.append([("serial_no", "=", label.serial), ("hc_udi_di", "=", label.model)])
        domains.append([("serial_no", "=", text)])
        for domain in domains:
            found = self.search(domain, limit=2)
            if found:
                return found
        return self._hc_coded(text)

    @api.model
    def _hc_coded(self, text):
        """Equipment that some system knows by this code; staff need no right on codes."""
        codes = self._sudo_codes(text)
        return self.search([("id", "in", codes.mapped("res_id"))], limit=2)

    def _sudo_companies(self):
        """Records that exist, to be asked for their company: a system's user does not see
        those of another company, and its messages have to be handled there."""
        return self.sudo().exists()

    def _sudo_codes(self, text):
        """See :meth:`_hc_coded`; what is found is looked up with the user's own rights."""
        return (
            self.env["hc.identifier"]
            .sudo()
            .search([("namespace", "=", "equipment"), ("value", "=", text)], limit=10)
        )
