# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from ..messaging.ownership import Action, Row


class HcOwnership(models.Model):
    """One row of the ownership matrix: who is the master of which data, where, and what
    becomes of what others say about them. Data without a row take updates from everybody."""

    _name = "hc.ownership"
    _description = "Ownership of Data"
    _inherit = ["hc.governed.mixin"]
    _order = "domain_id, field_name nulls first, company_id nulls first, site_id nulls first, id"
    _rec_name = "domain_id"

    domain_id = fields.Many2one(
        "hc.data.domain", string="Data", required=True, index=True, ondelete="restrict"
    )
    field_name = fields.Char(
        string="Field",
        help="Name of the field in the messages, such as name. Empty: all fields.",
    )
    system_id = fields.Many2one(
        "hc.system",
        string="Authoritative system",
        index=True,
        ondelete="restrict",
        help="Its updates hold. Empty: Odoo itself; all other systems are not the owner.",
    )
    owner_name = fields.Char(string="Owner", compute="_compute_owner_name", store=True)
    on_other = fields.Selection(
        [
            (Action.REFUSE.value, "Refused, and the sender is told"),
            (Action.IGNORE.value, "Kept without effect"),
            (Action.REVIEW.value, "Kept for a person to decide"),
        ],
        string="Updates of others are",
        required=True,
        default=Action.REVIEW.value,
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        index=True,
        ondelete="cascade",
        help="Empty: all companies.",
    )
    site_id = fields.Many2one(
        "hc.site",
        index="btree_not_null",
        domain="[('location_code', '=', False)]",
        ondelete="cascade",
        help="Only for messages about this facility of their sender.",
    )
    note = fields.Text(help="Why it is so, and who has agreed to it.")
    active = fields.Boolean(default=True)

    _row_uniq = models.UniqueIndex(
        "(domain_id, COALESCE(field_name, ''), COALESCE(company_id, 0), COALESCE(site_id, 0))"
        " WHERE active",
        "There is a row for these data and this place already.",
    )

    @api.depends("system_id.name")
    def _compute_owner_name(self):
        for row in self:
            row.owner_name = row.system_id.name or "Odoo"

    @api.depends("site_id")
    def _compute_company_id(self):
        for row in self:
            row.company_id = row.site_id.company_id or row.company_id

    @api.depends("domain_id.name", "field_name", "owner_name")
    def _compute_display_name(self):
        for row in self:
            what = " / ".join(filter(None, (row.domain_id.name, row.field_name)))
            row.display_name = f"{what}: {row.owner_name}"

    @api.constrains("domain_id", "field_name")
    def _check_field(self):
        for row in self.filtered("field_name"):
            known = self.env["hc.message.type"]._ownable_fields(row.domain_id.code)
            if row.field_name not in known:
                raise ValidationError(
                    self.env._(
                        "%(field)s cannot have an owner of its own. Fields of %(domain)s that can: "
                        "%(known)s",
                        field=row.field_name,
                        domain=row.domain_id.name,
                        known=", ".join(known) or self.env._("none"),
                    )
                )

    @api.constrains("site_id", "company_id")
    def _check_site(self):
        for row in self.filtered("site_id"):
            if row.site_id.company_id != row.company_id:
                raise ValidationError(self.env._("The site belongs to another company."))
            if row.site_id.location_code:
                raise ValidationError(self.env._("A row is about a facility, not a location."))

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows._changed(rows.domain_id)
        return rows

    def write(self, vals):
        domains = self.domain_id
        result = super().write(vals)
        self._changed(domains | self.domain_id)
        return result

    def unlink(self):
        domains = self.domain_id
        result = super().unlink()
        self._changed(domains)
        return result

    def _changed(self, domains):
        """The matrix is cached, in every process; what waits for its owner is judged anew."""
        self.env.flush_all()
        self.env.registry.clear_cache()
        self.env.cr.postcommit.add(self.env.registry.clear_cache)
        self.env["hc.issue"]._fixed_many(
            "ownership", [{"namespace": domain.code} for domain in domains]
        )

    @api.model
    @ormcache()
    def _rows(self):
        """The matrix: domain code -> rows."""
        return self._sudo_rows()

    def _sudo_rows(self):
        """Judged in the name of systems, which do not see it."""
        found = {}
        for row in self.sudo().search([]):
            found.setdefault(row.domain_id.code, []).append(row._row())
        return {code: tuple(rows) for code, rows in found.items()}

    def _row(self):
        owner = None if self.system_id.is_internal else self.system_id.id or None
        return Row(
            owner=owner,
            action=Action(self.on_other),
            company=self.company_id.id or None,
            site=self.site_id.id or None,
            field=self.field_name or None,
        )
