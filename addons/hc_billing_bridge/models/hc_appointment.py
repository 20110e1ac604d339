# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..appointments.patients import short
from ..billing.matching import day_of

STATES = [
    ("pending", "Pending"),
    ("waitlist", "Waiting List"),
    ("booked", "Booked"),
    ("arrived", "Arrived"),
    ("fulfilled", "Fulfilled"),
    ("noshow", "No Show"),
    ("cancelled", "Cancelled"),
    ("entered_in_error", "Entered in Error"),
]
ALIVE = ("pending", "waitlist", "booked", "arrived", "fulfilled")


class HcAppointment(models.Model):
    """An appointment of a scheduling system, known by pseudonyms only.

    It is what its newest events say, in whatever order they came. People do not change it:
    the scheduling system is the system of record.
    """

    _name = "hc.appointment"
    _description = "Appointment"
    _inherit = ["hc.traced.mixin"]
    _order = "start desc, id desc"
    _rec_names_search = ("name",)

    name = fields.Char(string="Number", required=True, readonly=True)
    system_id = fields.Many2one(
        "hc.system", required=True, readonly=True, index=True, ondelete="restrict"
    )
    site_id = fields.Many2one("hc.site", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True, group_expand=True)
    start = fields.Datetime(readonly=True, index=True)
    end = fields.Datetime(readonly=True)
    service_ids = fields.Many2many(
        "hc.appointment.code",
        "hc_appointment_service_rel",
        "appointment_id",
        "code_id",
        string="Services",
        readonly=True,
        domain=[("kind", "=", "service")],
    )
    resource_ids = fields.Many2many(
        "hc.appointment.code",
        "hc_appointment_resource_rel",
        "appointment_id",
        "code_id",
        string="Resources",
        readonly=True,
        domain=[("kind", "=", "resource")],
        help="Rooms and equipment that it takes.",
    )
    product_ids = fields.Many2many(
        "product.product",
        compute="_compute_product_ids",
        string="Products",
        help="What the services are billed as, as far as their codes are mapped.",
    )
    patient_ref = fields.Char(
        string="Patient pseudonym",
        readonly=True,
        index="btree_not_null",
        help="A keyed pseudonym: the same person has the same one in charges.",
    )
    patient_id = fields.Many2one(
        "res.partner", string="Patient account", compute="_compute_patient_id"
    )
    patient_label = fields.Char(string="Patient", compute="_compute_patient_label")
    versions = fields.Json(readonly=True)
    state_at = fields.Datetime(
        string="Changed", readonly=True, help="When its present state was stated."
    )
    completed_at = fields.Datetime(
        compute="_compute_completed_at",
        store=True,
        precompute=True,
        help="When a charge became due: at its end, or earlier if it was fulfilled before.",
    )
    message_id = fields.Many2one(
        "hc.message", string="Last message", readonly=True, ondelete="set null"
    )
    charge_ids = fields.One2many("hc.charge", "appointment_id", string="Charges", readonly=True)
    charge_count = fields.Integer(compute="_compute_charge_count", compute_sudo=False)
    gap_ids = fields.One2many("hc.charge.gap", "appointment_id", readonly=True)
    is_charged = fields.Boolean(
        string="Charged", compute="_compute_is_charged", store=True, compute_sudo=True
    )

    _number_uniq = models.UniqueIndex("(site_id, name)", "This appointment exists already.")
    _uncharged_idx = models.Index(
        "(company_id, completed_at) WHERE state = 'fulfilled' AND is_charged IS NOT TRUE"
    )

    @api.depends("patient_ref")
    def _compute_patient_label(self):
        for one in self:
            one.patient_label = short(self.env, one.patient_ref)

    @api.depends("state", "state_at", "start", "end")
    def _compute_completed_at(self):
        for one in self:
            moments = [moment for moment in (one.end or one.start, one.state_at) if moment]
            fulfilled = one.state == "fulfilled" and moments
            one.completed_at = min(moments) if fulfilled else False

    @api.depends("charge_ids.state", "charge_ids.action", "charge_ids.credited_quantity")
    def _compute_is_charged(self):
        for one in self:
            one.is_charged = bool(one.charge_ids._still_charged())

    @api.depends("charge_ids")
    def _compute_charge_count(self):
        groups = self.env["hc.charge"]._read_group(
            [("appointment_id", "in", self.ids)], ["appointment_id"], ["__count"]
        )
        counts = {one.id: count for one, count in groups}
        for one in self:
            one.charge_count = counts.get(one.id, 0)

    @api.depends("patient_ref", "company_id")
    def _compute_patient_id(self):
        accounts = self.env["res.partner"].search(
            [("hc_patient_ref", "in", [ref for ref in self.mapped("patient_ref") if ref])]
        )
        by_ref = {(one.hc_patient_ref, one.company_id): one for one in accounts}
        for one in self:
            one.patient_id = by_ref.get((one.patient_ref, one.company_id), False)

    @api.depends("service_ids")
    def _compute_product_ids(self):
        mapped = self._products_by_code()
        for one in self:
            ids = [mapped.get(code.id) for code in one.service_ids]
            one.product_ids = self.env["product.product"].browse([found for found in ids if found])

    def _products_by_code(self):
        """Id of the product behind each service code of these appointments, where mapped."""
        products = {}
        for system, codes in self.service_ids.grouped("system_id").items():
            pairs = {(code.code_system, code.value): code.id for code in codes}
            found = self.env["hc.identifier"]._resolve_many(system, "service", pairs)
            products.update({pairs[pair]: product for pair, product in found.items()})
        existing = set(self.env["product.product"].browse(products.values()).exists().ids)
        return {code: product for code, product in products.items() if product in existing}

    def _day(self):
        """Begin and end, in UTC, of its day at its site; none while it has no time."""
        self.ensure_one()
        moment = self.start or self.completed_at
        zone = ZoneInfo(self.site_id.timezone or "UTC")
        return day_of(moment, zone) if moment else None

    def _gap_reason(self):
        """What the charge worklist has to say about this appointment, or nothing."""
        self.ensure_one()
        return "no_charge" if self.state == "fulfilled" and not self.is_charged else False

    def _gap_vals(self):
        """What an entry of the charge worklist shows of this appointment."""
        return {
            "appointment_id": self.id,
            "patient_ref": self.patient_ref,
            "due_at": self.completed_at,
        }

    def _gap_services(self):
        """By id the names of the products, and the codes of services that have none."""
        mapped = self._products_by_code()
        names = {one.id: one.name for one in self.env["product.product"].browse(mapped.values())}
        return {
            one.id: ", ".join(
                names[mapped[code.id]] if code.id in mapped else code.display_name
                for code in one.service_ids
            )
            for one in self
        }

    def _hc_traced(self):
        return self

    def action_open_charges(self):
        """Button: what was charged for it; the charges' own rights decide what is seen."""
        self.ensure_one()
        self.check_access("read")
        if not self.env["hc.charge"].has_access("read"):
            raise AccessError(self.env._("You may not see charges."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Charges"),
            "res_model": "hc.charge",
            "view_mode": "list,form",
            "domain": [("appointment_id", "=", self.id)],
            "context": {"create": False},
        }
