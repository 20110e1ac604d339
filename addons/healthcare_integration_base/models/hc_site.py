# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get


class HcSite(models.Model):
    """A facility, or a location of it, as one system names it.

    Domain addons add what it means for them: a warehouse, a stock location, an analytic
    account.
    """

    _name = "hc.site"
    _description = "Site"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin"]
    _order = "system_id, facility_code, location_code nulls first"

    name = fields.Char(required=True)
    system_id = fields.Many2one("hc.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        index=True,
        help="Company of what happens at this site.",
    )
    facility_code = fields.Char(
        string="Facility", required=True, help="The code as the system writes it."
    )
    location_code = fields.Char(
        string="Location", help="The code as the system writes it. Empty: the facility itself."
    )
    parent_id = fields.Many2one(
        "hc.site",
        string="Part of",
        compute="_compute_parent_id",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
    )
    child_ids = fields.One2many("hc.site", "parent_id", string="Locations")
    timezone = fields.Selection(
        _tz_get,
        required=True,
        default=lambda self: self.env.company.partner_id.tz or self.env.user.tz or "UTC",
        help="Times that come without an offset are in this zone.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(system_id, facility_code, COALESCE(location_code, ''))",
        "This system has a site with these codes already.",
    )

    @api.depends("parent_id", "system_id")
    def _compute_company_id(self):
        for site in self:
            origin = site.parent_id or site.system_id
            site.company_id = site.company_id or origin.company_id or self.env.company

    @api.depends("system_id", "facility_code", "location_code")
    def _compute_parent_id(self):
        for site in self:
            site.parent_id = site.location_code and self.search(
                [
                    ("system_id", "=", site.system_id.id),
                    ("facility_code", "=", site.facility_code),
                    ("location_code", "=", False),
                ],
                limit=1,
            )

    @api.depends("name", "facility_code", "location_code")
    def _compute_display_name(self):
        for site in self:
            code = "/".join(filter(None, (site.facility_code, site.location_code)))
            site.display_name = f"{site.name} ({code})" if site.name else code

    @api.constrains("parent_id", "company_id")
    def _check_parent_company(self):
        for site in self:
            if site.parent_id and site.parent_id.company_id != site.company_id:
                raise ValidationError(
                    self.env._("A location belongs to the company of its facility.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        sites = super().create([self._clean_codes(vals) for vals in vals_list])
        sites._adopt_locations()
        sites.system_id._sudo_sync_users()
        sites._resume_waiting()
        return sites

    def write(self, vals):
        result = super().write(self._clean_codes(vals))
        if "company_id" in vals and self.child_ids:
            self.child_ids.write({"company_id": vals["company_id"]})
        if vals.keys() & {"company_id", "system_id", "active"}:
            self.system_id._sudo_sync_users()
        self._resume_waiting()
        return result

    def unlink(self):
        systems = self.system_id
        result = super().unlink()
        systems._sudo_sync_users()
        return result

    def _clean_codes(self, vals):
        codes = {name: vals[name] for name in ("facility_code", "location_code") if name in vals}
        return {**vals, **{name: (code or "").strip() or False for name, code in codes.items()}}

    def _adopt_locations(self):
        """A facility that was entered after its locations becomes their parent."""
        facilities = self.filtered(lambda site: not site.location_code)
        orphans = self.search(
            [
                ("system_id", "in", facilities.system_id.ids),
                ("facility_code", "in", facilities.mapped("facility_code")),
                ("location_code", "!=", False),
                ("parent_id", "=", False),
            ]
        )
        orphans._compute_parent_id()

    def _resume_waiting(self):
        """What waited for these codes goes on by itself."""
        self.env["hc.issue"]._fixed_many(
            "site",
            [
                {
                    "system": site.system_id.id,
                    "facility": site.facility_code,
                    "value": site.location_code,
                }
                for site in self
                if site.active
            ],
        )

    @api.model
    def _resolve(self, system, facility, location=None):
        """The site with these codes of ``system``, or an empty record."""
        found = self._resolve_many(system, [(facility, location)])
        return found.get((facility, location), self.browse())

    @api.model
    def _resolve_many(self, system, pairs):
        """Sites of many (facility, location) in one query; those found only.

        The company does not matter here: it is the site that tells the company.
        """
        sites = self.search(
            [
                ("system_id", "=", system.id),
                ("facility_code", "in", list({facility for facility, _location in pairs})),
            ]
        )
        by_code = {(site.facility_code, site.location_code or None): site for site in sites}
        found = {pair: by_code.get((pair[0], pair[1] or None)) for pair in pairs}
        return {pair: site for pair, site in found.items() if site is not None}
