# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcSite(models.Model):
    _inherit = "hc.site"

    warehouse_id = fields.Many2one(
        "stock.warehouse",
        compute="_compute_warehouse_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Ward stock",
        domain="[('usage', '=', 'internal'), ('company_id', 'in', (False, company_id))]",
        help="Where the stock is taken from that is used here. On a facility: for messages "
        "that name no location.",
    )
    consumption_location_id = fields.Many2one(
        "stock.location",
        string="Place of use",
        domain="[('usage', 'in', ('production', 'inventory', 'customer')),"
        " ('company_id', 'in', (False, company_id))]",
        help="Where used stock goes to, unless the message names a cost center with a place "
        "of its own. Empty: that of the facility, then that of the warehouse.",
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        string="Analytic account",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Bears what is used here, unless the message names a cost center.",
    )

    @api.depends("location_id", "parent_id")
    def _compute_warehouse_id(self):
        """Follows the ward's stock, or the facility, where it is not set."""
        for site in self:
            found = site.location_id.warehouse_id or site.parent_id.warehouse_id
            site.warehouse_id = site.warehouse_id or found

    def _wire_silent_fields(self):
        names = {"warehouse_id", "location_id", "consumption_location_id", "analytic_account_id"}
        return super()._wire_silent_fields() | names

    # ------------------------------------------------- wards that people record for

    @api.model
    def _sudo_of_ward(self, ward):
        """The site of Odoo's own system for a ward, or an empty record; who records what
        was used has no right on sites."""
        sites = self.sudo().search([("location_id", "=", ward.id), ("location_code", "!=", False)])
        company = ward.warehouse_id.company_id
        return sites.filtered(
            lambda site: site.system_id.is_internal and site.company_id == company
        )[:1]

    @api.model
    def _sudo_make_for_ward(self, ward):
        """The site of Odoo's own system for a ward, made if there is none yet.

        Nobody enters codes for what Odoo knows itself: the facility is the warehouse, the
        location its record.
        """
        warehouse = ward.warehouse_id
        system = self.env["hc.system"]._sudo_internal(warehouse.company_id)
        key = {"system_id": system.id, "facility_code": warehouse.code}
        values = {"company_id": warehouse.company_id.id, "warehouse_id": warehouse.id}
        self._sudo_make({**key, "location_code": False}, {**values, "name": warehouse.name})
        site = self._sudo_make(
            {**key, "location_code": f"location-{ward.id}"},
            {**values, "name": ward.name, "location_id": ward.id},
        )
        site._fill_bearer()
        return site

    def _sudo_make(self, key, values):
        """See :meth:`_sudo_make_for_ward`."""
        sites = self.sudo()
        found = sites.search([(field, "=", value) for field, value in key.items()])
        return found or sites.create({**key, **values})

    def _fill_bearer(self):
        """Who bears the use is what other systems' sites of the same ward say, the first one
        that does; what is set here stays."""
        others = self.search([("location_id", "=", self.location_id.id), ("id", "!=", self.id)])
        for field in ("consumption_location_id", "analytic_account_id"):
            known = others.mapped(field) or others.parent_id.mapped(field)
            if not self[field] and known:
                self[field] = known[0]
