# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError


class HcWardSetup(models.TransientModel):
    """Makes the locations, routes and sites of one facility (ADR 0005).

    It can be run again: what is there stays, what is missing is added.
    """

    _name = "hc.ward.setup"
    _description = "Ward Set-up"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    system_id = fields.Many2one(
        "hc.system", help="Whose facility and location codes these are. Empty: no sites are made."
    )
    facility_name = fields.Char("Facility", required=True)
    facility_code = fields.Char(required=True)
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        check_company=True,
        help="The central store. Empty: a new warehouse is made.",
    )
    account_id = fields.Many2one(
        "account.account",
        "Expense account",
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        default=lambda self: self._default_account(),
        check_company=True,
        help="Used stock is booked to it under perpetual valuation.",
    )
    supply_user_id = fields.Many2one(
        "res.users", "Supply officer", domain="[('share', '=', False)]"
    )
    horizon_days = fields.Integer(
        "Replenishment horizon (days)",
        default=7,
        help="How far ahead replenishment looks. Lots that expire within it do not count as "
        "stock; Odoo's default of 365 days would hide most of a hospital's.",
    )
    line_ids = fields.One2many("hc.ward.setup.line", "setup_id", "Wards")
    product_ids = fields.Many2many(
        "product.product", string="Items", domain="[('is_storable', '=', True)]"
    )
    par_minimum = fields.Float("Minimum in each ward", digits="Product Unit")
    par_maximum = fields.Float("Fill up to", digits="Product Unit")

    @api.model
    def _default_account(self):
        """The company's own expense account, for those who may see accounts."""
        accounts = self.env["account.account"]
        if not accounts.has_access("read"):
            return accounts
        return self.env.company.expense_account_id

    @api.constrains("horizon_days")
    def _check_horizon(self):
        if any(setup.horizon_days < 0 for setup in self):
            raise UserError(self.env._("The horizon is a number of days, 0 or more."))

    def action_set_up(self):
        """Button: make what is missing, and show the sites."""
        self.ensure_one()
        self.check_access("write")
        self._set_up()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sites"),
            "res_model": "hc.site" if self.system_id else "stock.location",
            "view_mode": "list,form",
            "domain": [("warehouse_id", "=", self.warehouse_id.id)],
        }

    def _set_up(self):
        """Make everything; :return: the stock locations of the wards, in order."""
        self = self.with_company(self.company_id)
        self.warehouse_id = self.warehouse_id or self._make_warehouse()
        self.warehouse_id.hc_supply_user_id = (
            self.supply_user_id or self.warehouse_id.hc_supply_user_id
        )
        self.warehouse_id._hc_set_up(self.account_id)
        self._sudo_set_horizon()
        facility = self._site({"location_code": False}, {"name": self.facility_name})
        wards = self.env["stock.location"]
        for line in self.line_ids:
            ward = self.warehouse_id._hc_add_ward(line.name)
            self._add_site(facility, line, ward)
            self._add_orderpoints(ward)
            wards += ward
        return wards

    def _make_warehouse(self):
        return self.env["stock.warehouse"].create(
            {
                "name": self.facility_name,
                "code": self.facility_code[:5],
                "company_id": self.company_id.id,
            }
        )

    def _sudo_set_horizon(self):
        """One number of the company, that who sets up the wards has to decide on."""
        self.company_id.sudo().horizon_days = self.horizon_days

    def _add_site(self, facility, line, ward):
        values = {"name": line.name, "location_id": ward.id}
        if line.cost_center:
            center = self._cost_center(line)
            values["consumption_location_id"] = center.location_id.id
            values["analytic_account_id"] = center.analytic_account_id.id
        elif line.analytic_account_id:
            values["analytic_account_id"] = line.analytic_account_id.id
        if facility:
            self._site({"location_code": line.code}, values)

    def _site(self, key, values):
        if not self.system_id:
            return self.env["hc.site"]
        key = {"system_id": self.system_id.id, "facility_code": self.facility_code, **key}
        found = self.env["hc.site"].search([(name, "=", value) for name, value in key.items()])
        values = {"warehouse_id": self.warehouse_id.id, **values}
        if found:
            found.write(values)
            return found
        return self.env["hc.site"].create(
            {
                **key,
                "company_id": self.company_id.id,
                **values,
            }
        )

    def _cost_center(self, line):
        """The cost center of a ward with a place of use of its own."""
        centers = self.env["hc.cost.center"]
        key = {"code": line.cost_center, "company_id": self.company_id.id}
        found = centers.search([(name, "=", value) for name, value in key.items()])
        return found or centers.create(
            {
                **key,
                "name": line.name,
                "analytic_account_id": line.analytic_account_id.id,
                "location_id": self.warehouse_id._hc_place_of_use(
                    self.env._("Used by %s", line.cost_center), self.account_id
                ).id,
            }
        )

    def _add_orderpoints(self, ward):
        """Par levels of the chosen items, where the ward has none."""
        orderpoints = self.env["stock.warehouse.orderpoint"]
        known = orderpoints.search([("location_id", "=", ward.id)]).product_id
        orderpoints.create(
            [
                {
                    "product_id": product.id,
                    "location_id": ward.id,
                    "warehouse_id": self.warehouse_id.id,
                    "company_id": self.company_id.id,
                    "trigger": "auto",
                    "product_min_qty": self.par_minimum,
                    "product_max_qty": max(self.par_minimum, self.par_maximum),
                }
                for product in self.product_ids - known
            ]
        )
