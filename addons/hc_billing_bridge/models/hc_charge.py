# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

BILLING_USER = "hc_billing_bridge.group_billing_user"
BY_PERSON = frozenset(
    {"payer_id", "price_unit", "reversed_charge_id", "analytic_account_id", "currency_id"}
)
"""What a person may correct of a charge that is held."""


class HcCharge(models.Model):
    """A service that was charged, or the credit of one, as a clinical system has told it.

    A charge is captured, becomes ready when product, payer and price are known, and is
    invoiced by the follow-up step; or it is on hold with a reason, for a person. Amounts
    are without taxes; those of credits are negative.
    """

    _name = "hc.charge"
    _description = "Charge"
    _order = "occurred_at desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        "Number",
        required=True,
        readonly=True,
        help="The sending system's number of the charge, else the id of its event.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one("hc.system", required=True, readonly=True, index=True)
    site_id = fields.Many2one("hc.site", "Facility", readonly=True, ondelete="restrict")
    location = fields.Char("Ward", readonly=True, help="The code as the sender writes it.")
    message_id = fields.Many2one(
        "hc.message", required=True, readonly=True, index=True, ondelete="restrict"
    )
    channel_id = fields.Many2one("hc.channel", readonly=True)
    business_key = fields.Char(readonly=True)
    service_line = fields.Char(
        "Line", readonly=True, help="The line of a message that tells the services of a visit."
    )
    encounter = fields.Char(
        "Visit", readonly=True, help="Pseudonym of the visit; its charges share an invoice."
    )
    patient_id = fields.Many2one(
        "res.partner",
        "Patient account",
        readonly=True,
        index="btree_not_null",
        domain="[('hc_is_patient_account', '=', True)]",
    )
    payer_id = fields.Many2one("res.partner", index="btree_not_null", help="Who is billed.")
    product_id = fields.Many2one("product.product", "Service", required=True, readonly=True)
    service_code = fields.Char(readonly=True, help="Code of the service, as sent.")
    quantity = fields.Float(
        digits=(18, 6), min_display_digits="Product Unit", readonly=True, required=True
    )
    uom_id = fields.Many2one("uom.uom", "Unit", readonly=True, required=True)
    action = fields.Selection(
        [("charge", "Charge"), ("credit", "Credit")], required=True, readonly=True
    )
    reverses = fields.Char(readonly=True, help="Number of the charge that this credit names.")
    reversed_charge_id = fields.Many2one(
        "hc.charge",
        "Credit of",
        index="btree_not_null",
        check_company=True,
        domain="[('action', '=', 'charge'), ('company_id', '=', company_id)]",
    )
    reversal_ids = fields.One2many("hc.charge", "reversed_charge_id", "Credits", readonly=True)
    similar_charge_id = fields.Many2one("hc.charge", "Similar to", readonly=True)
    occurred_at = fields.Datetime("Time of service", required=True, readonly=True)
    service_day = fields.Date("Day", required=True, readonly=True, help="At the site.")
    price_unit = fields.Float("Unit price", min_display_digits="Product Price", digits=(18, 6))
    amount = fields.Monetary(readonly=True, help="Without taxes. Negative in credits.")
    amount_stated = fields.Boolean(
        "Amount told by the sender", readonly=True, help="Else it follows from a price."
    )
    currency_id = fields.Many2one("res.currency", required=True)
    price_source = fields.Selection(
        [
            ("event_amount", "Amount of the message"),
            ("event_price", "Price of the message"),
            ("pricelist", "Price list of the payer"),
            ("product", "Product"),
            ("charge", "The charge credited"),
            ("person", "Entered"),
        ],
        readonly=True,
    )
    credited_quantity = fields.Float(
        digits=(18, 6), min_display_digits="Product Unit", readonly=True, copy=False
    )
    credited_amount = fields.Monetary("Credited", readonly=True, copy=False)
    cost_center = fields.Char(readonly=True, help="The code as the sender writes it.")
    analytic_account_id = fields.Many2one("account.analytic.account", check_company=True)
    state = fields.Selection(
        [
            ("captured", "Captured"),
            ("ready", "Ready"),
            ("on_hold", "On hold"),
            ("invoiced", "Invoiced"),
            ("cancelled", "Cancelled"),
        ],
        default="captured",
        required=True,
        readonly=True,
        index=True,
        group_expand=True,
    )
    hold_reason = fields.Selection(
        [
            ("similar_charge", "Like another charge"),
            ("no_price", "No price"),
            ("no_payer", "Nobody to bill"),
            ("split_coverage", "Shared by several payers"),
            ("waiting_for_charge", "Its charge is not there yet"),
            ("credit_exceeds_charge", "More than its charge has left"),
            ("credit_currency", "Another currency than its charge"),
            ("line_removed", "Its invoice line was removed"),
        ],
        readonly=True,
    )
    move_line_id = fields.Many2one(
        "account.move.line", "Invoice line", readonly=True, copy=False, index="btree_not_null"
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    decision_note = fields.Char("Reason of the decision", readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True, copy=False)
    decided_at = fields.Datetime("Decided at", readonly=True, copy=False)

    _number_uniq = models.UniqueIndex(
        "(site_id, name, action) WHERE site_id IS NOT NULL",
        "This charge is there already.",
    )
    _number_system_uniq = models.UniqueIndex(
        "(system_id, name, action) WHERE site_id IS NULL", "This charge is there already."
    )
    _business_key_uniq = models.UniqueIndex("(business_key)")
    _quantity_positive = models.Constraint("CHECK(quantity > 0)", "A quantity is positive.")
    _reason_held = models.Constraint(
        "CHECK((state = 'on_hold') = (hold_reason IS NOT NULL))",
        "A charge on hold has a reason, others have none.",
    )
    _ready_idx = models.Index("(company_id, payer_id, encounter) WHERE state = 'ready'")
    # Which visit it was is asked where a key of pseudonyms was replaced.
    _encounter_idx = models.Index("(encounter) WHERE encounter IS NOT NULL")
    _similar_idx = models.Index("(site_id, service_day, product_id)")
    _waiting_idx = models.Index("(system_id, reverses) WHERE hold_reason = 'waiting_for_charge'")

    @api.depends("name", "product_id")
    def _compute_display_name(self):
        for charge in self:
            charge.display_name = f"{charge.name} {charge.product_id.name or ''}".rstrip()

    # ------------------------------------------------------------------- rights

    def write(self, vals):
        """Persons correct what is held; all else is the doing of messages and buttons."""
        if not (self.env.su or self.env.user.is_hc_system):
            foreign = vals.keys() - self._fields_by_person()
            if foreign or any(charge.state != "on_hold" for charge in self):
                raise UserError(self.env._("Only a charge that is on hold can be corrected."))
        return super().write(vals)

    def _fields_by_person(self):
        """Fields that people may write; other models of billing add theirs."""
        return BY_PERSON

    def _check_may_decide(self):
        self.check_access("write")
        if not self.env.user.has_group(BILLING_USER):
            raise AccessError(self.env._("Only billing users decide about charges."))
