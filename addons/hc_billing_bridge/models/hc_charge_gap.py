# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..appointments.linking import link
from ..appointments.patients import short

BILLING_USER = "hc_billing_bridge.group_billing_user"
BY_PERSON = frozenset({"user_id"})
CHUNK = 500
AGAIN = [
    "|",
    "&",
    ("appointment_id.state", "=", "fulfilled"),
    ("appointment_id.is_charged", "=", False),
    "&",
    "&",
    ("charge_id.state", "!=", "cancelled"),
    ("charge_id.product_id.product_tmpl_id.hc_needs_appointment", "=", True),
    "|",
    ("charge_id.appointment_id", "=", False),
    ("charge_id.appointment_id.state", "!=", "fulfilled"),
]
"""What makes a resolved entry worth a second look."""


class HcChargeGap(models.Model):
    """What was done and not charged, or charged and not done: one entry for each document.

    Entries come and go by themselves with what they tell. A person can say why nothing is
    due, or link what belongs together.
    """

    _name = "hc.charge.gap"
    _description = "Charge Worklist Entry"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "due_at, id"

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    reason = fields.Selection(
        [
            ("no_charge", "Fulfilled, not charged"),
            ("no_appointment", "Charged without appointment"),
            ("not_fulfilled", "Charged, appointment not fulfilled"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("open", "Open"), ("dismissed", "Nothing Due"), ("resolved", "Resolved")],
        default="open",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Owner", domain="[('share', '=', False)]", tracking=True, index=True
    )
    appointment_id = fields.Many2one(
        "hc.appointment", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    charge_id = fields.Many2one(
        "hc.charge", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    site_id = fields.Many2one("hc.site", readonly=True)
    services = fields.Char(readonly=True, help="What was done, or what was charged.")
    patient_ref = fields.Char(string="Patient pseudonym", readonly=True, index="btree_not_null")
    patient_label = fields.Char(string="Patient", compute="_compute_patient_label")
    due_at = fields.Datetime(string="Time of service", required=True, readonly=True)
    age_days = fields.Integer(string="Days", compute="_compute_age_days")
    note = fields.Char(string="Why nothing is due", readonly=True, tracking=True)
    closed_by_id = fields.Many2one("res.users", string="Closed by", readonly=True)
    closed_at = fields.Datetime(string="Closed", readonly=True)

    _appointment_uniq = models.UniqueIndex("(appointment_id) WHERE appointment_id IS NOT NULL")
    _charge_uniq = models.UniqueIndex("(charge_id) WHERE charge_id IS NOT NULL")
    _one_document = models.Constraint(
        "CHECK((appointment_id IS NULL) <> (charge_id IS NULL))",
        "An entry is about an appointment or about a charge.",
    )

    @api.depends("appointment_id", "charge_id")
    def _compute_name(self):
        for gap in self:
            gap.name = gap.appointment_id.display_name or gap.charge_id.display_name

    @api.depends("patient_ref")
    def _compute_patient_label(self):
        for gap in self:
            gap.patient_label = short(self.env, gap.patient_ref)

    @api.depends("due_at", "closed_at")
    def _compute_age_days(self):
        now = fields.Datetime.now()
        for gap in self:
            gap.age_days = ((gap.closed_at or now) - gap.due_at).days if gap.due_at else 0

    def write(self, vals):
        """People take entries and close them by the buttons; the rest follows."""
        mail = {name for name in vals if name.startswith(("message_", "activity_"))}
        if not self.env.su and vals.keys() - BY_PERSON - mail:
            raise AccessError(self.env._("An entry is changed by its buttons."))
        return super().write(vals)

    # ----------------------------------------------------------------- buttons

    def action_assign_me(self):
        """Button: take it."""
        self._check_may_decide()
        self.write({"user_id": self.env.uid})

    def action_dismiss(self):
        """Button: say why nothing is due."""
        return self._open_wizard("dismiss", self.env._("Nothing is due"))

    def action_link(self):
        """Button: choose the charge or the appointment that belongs to it."""
        self.ensure_one()
        is_charge = bool(self.charge_id)
        title = self.env._("Link appointment") if is_charge else self.env._("Link charge")
        return self._open_wizard("link", title)

    def action_reopen(self):
        """Button: something is due after all."""
        self._check_may_decide()
        self._sudo_change(
            {"state": "open", "note": False, "closed_by_id": False, "closed_at": False}
        )
        self._settle()

    def action_open_document(self):
        """Button: the appointment or the charge; its own rights decide whether it opens."""
        self.ensure_one()
        self.check_access("read")
        document = self._document()
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "view_mode": "form",
        }

    def _open_wizard(self, decision, title):
        self._check_may_decide()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "hc.charge.gap.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_gap_ids": self.ids, "default_decision": decision},
        }

    def _check_may_decide(self):
        self.check_access("write")
        if not self.env.user.has_group(BILLING_USER):
            raise AccessError(self.env._("Only billing users decide about charges."))
        if any(gap.state == "resolved" for gap in self):
            raise UserError(self.env._("This entry has resolved itself."))

    # ---------------------------------------------------------------- deciding

    def _dismiss(self, note):
        """Nothing is due, for the reason that a person gives."""
        self._check_may_decide()
        self._sudo_change({"state": "dismissed", "note": note, **self._closed_by_me()})

    def _link(self, charge, appointment):
        """These two belong together, says a person."""
        self._check_may_decide()
        charge.check_access("read")
        appointment.check_access("read")
        self._sudo_link(charge, appointment)

    def _sudo_link(self, charge, appointment):
        """Billing users cannot write charges that are not on hold, nor appointments."""
        charge.sudo().write({"appointment_id": appointment.id, "appointment_by_hand": True})
        gaps = self | self.search(
            ["|", ("charge_id", "=", charge.id), ("appointment_id", "=", appointment.id)]
        )
        gaps._settle()

    def _closed_by_me(self):
        return {"closed_by_id": self.env.uid, "closed_at": fields.Datetime.now()}

    def _sudo_change(self, vals):
        """The state follows from what happens and from buttons; users cannot write it."""
        closes = vals.get("state") in ("dismissed", "resolved")
        self.sudo().write(vals)
        if closes:
            self.sudo().activity_ids.unlink()

    # ---------------------------------------------------------------- keeping up

    def _document(self):
        self.ensure_one()
        return self.appointment_id or self.charge_id

    def _settle(self):
        """Close what is no longer so, and open again what is so once more."""
        for gap in self.sudo().filtered(lambda gap: gap.state != "dismissed"):
            reason = gap._document()._gap_reason()
            if reason and (gap.state != "open" or gap.reason != reason):
                gap._sudo_change({"state": "open", "reason": reason, "closed_at": False})
            elif not reason and gap.state == "open":
                gap._sudo_change({"state": "resolved", "closed_at": fields.Datetime.now()})

    @api.model
    def _settle_patients(self, patients):
        """As :meth:`_settle`, for all entries about these pseudonyms."""
        self.search(
            [
                ("company_id", "=", self.env.company.id),
                ("patient_ref", "in", list(patients)),
                ("state", "!=", "dismissed"),
            ]
        )._settle()

    @api.model
    def _cron_refresh(self):
        """Entry of the scheduled action: what has become due since, in all companies."""
        for company in self.env["res.company"].search([]):
            self.with_company(company)._refresh()
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _refresh(self):
        """Bring the worklist of the present company up to date."""
        company = self.env.company
        limit = fields.Datetime.now() - timedelta(hours=company.hc_charge_due_hours)
        mine = [("company_id", "=", company.id)]
        self._match_again(self.search([*mine, ("state", "=", "open")]).mapped("patient_ref"))
        self.search([*mine, ("state", "=", "open")])._settle()
        self.search([*mine, ("state", "=", "resolved"), *AGAIN])._settle()
        self._enter(self._due_appointments(company, limit))
        self._enter(self._due_charges(company, limit))

    @api.model
    def _match_again(self, patients):
        """What did not fit may do so since: a code was mapped, a product changed."""
        known = sorted({patient for patient in patients if patient})
        for start in range(0, len(known), CHUNK):
            link(self.env, known[start : start + CHUNK])

    @api.model
    def _due_appointments(self, company, limit):
        return self.env["hc.appointment"].search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "fulfilled"),
                ("is_charged", "=", False),
                ("completed_at", "<=", limit),
                ("gap_ids", "=", False),
            ]
        )

    @api.model
    def _due_charges(self, company, limit):
        charges = self.env["hc.charge"].search(
            [
                ("company_id", "=", company.id),
                ("action", "=", "charge"),
                ("state", "!=", "cancelled"),
                ("product_id.product_tmpl_id.hc_needs_appointment", "=", True),
                ("occurred_at", "<=", limit),
                ("gap_ids", "=", False),
                "|",
                ("appointment_id", "=", False),
                ("appointment_id.state", "!=", "fulfilled"),
            ]
        )
        return charges.filtered(lambda charge: charge._gap_reason())

    @api.model
    def _enter(self, documents):
        """One entry for each document, in parts; entries that come by themselves need no
        word in the chatter about that."""
        gaps = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        owner = self.env.company.hc_charge_owner_id
        for start in range(0, len(documents), CHUNK):
            part = documents[start : start + CHUNK]
            services = part._gap_services()
            gaps.create([{**self._vals_of(one, services), "user_id": owner.id} for one in part])

    @api.model
    def _vals_of(self, document, services):
        return {
            "company_id": document.company_id.id,
            "reason": document._gap_reason(),
            "site_id": document.site_id.id,
            "services": services[document.id],
            **document._gap_vals(),
        }
