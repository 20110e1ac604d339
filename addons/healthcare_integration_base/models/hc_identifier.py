# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HcIdentifier(models.Model):
    """What an external system calls an Odoo record."""

    _name = "hc.identifier"
    _description = "Identifier"
    _inherit = ["hc.governed.mixin"]
    _order = "system_id, namespace, code_system, value"
    _rec_name = "value"
    _rec_names_search = ("value",)

    system_id = fields.Many2one("hc.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")
    namespace = fields.Selection(
        [
            ("item", "Item"),
            ("uom", "Unit of measure"),
            ("lot", "Lot or serial number"),
            ("vendor", "Vendor"),
            ("cost_center", "Cost center"),
            ("service", "Service"),
            ("payer", "Payer"),
            ("equipment", "Equipment"),
        ],
        string="Kind",
        required=True,
        index=True,
    )
    code_system = fields.Char(
        string="Code system",
        required=True,
        default="local",
        help="gtin, local, manufacturer, hibc, udi-di, ucum or a URI.",
    )
    value = fields.Char(string="Code", required=True)
    res_model = fields.Char(
        string="Model",
        compute="_compute_res_model",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    res_id = fields.Many2oneReference(
        string="Odoo record", model_field="res_model", required=True, index=True
    )
    record_name = fields.Char(string="Stands for", compute="_compute_record_name")
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(system_id, namespace, value, code_system)",
        "This code of the system is mapped already.",
    )
    _record_idx = models.Index("(res_model, res_id)")

    @api.model
    def _namespace_models(self):
        """Which model a kind of code stands for; domain addons add theirs."""
        return {"vendor": "res.partner", "payer": "res.partner"}

    @api.depends("namespace")
    def _compute_res_model(self):
        models_by_namespace = self._namespace_models()
        for identifier in self:
            found = models_by_namespace.get(identifier.namespace)
            identifier.res_model = found or identifier.res_model

    @api.onchange("namespace")
    def _onchange_namespace(self):
        self.res_id = False

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for identifier in self:
            record = identifier._record()
            readable = record is not None and record.exists().has_access("read")
            identifier.record_name = record.display_name if readable else False

    @api.depends("namespace", "code_system", "value")
    def _compute_display_name(self):
        for identifier in self:
            identifier.display_name = f"{identifier.code_system}|{identifier.value or ''}"

    @api.constrains("res_model", "res_id")
    def _check_record(self):
        for identifier in self:
            record = identifier._record()
            if record is None or not record.exists():
                raise ValidationError(
                    self.env._("Choose the record that the code %s stands for.", identifier.value)
                )

    def _record(self):
        self.ensure_one()
        if not self.res_id or self.res_model not in self.env:
            return None
        return self.env[self.res_model].browse(self.res_id)

    @api.model_create_multi
    def create(self, vals_list):
        identifiers = super().create([self._clean_codes(vals) for vals in vals_list])
        identifiers._resume_waiting()
        return identifiers

    def write(self, vals):
        result = super().write(self._clean_codes(vals))
        self._resume_waiting()
        return result

    def _clean_codes(self, vals):
        codes = {name: vals[name] for name in ("code_system", "value") if vals.get(name)}
        return {**vals, **{name: code.strip() for name, code in codes.items()}}

    def _resume_waiting(self):
        """What waited for these codes goes on by itself."""
        self.env["hc.issue"]._fixed_many(
            "identifier",
            [
                {
                    "system": identifier.system_id.id,
                    "namespace": identifier.namespace,
                    "code_system": identifier.code_system,
                    "value": identifier.value,
                    **({"company": company.id} if (company := identifier.company_id) else {}),
                }
                for identifier in self
                if identifier.active
            ],
        )

    @api.model
    def _resolve_many(self, system, namespace, pairs):
        """Ids of the records behind many (code system, value), in one query.

        :return: dict of the pairs that are mapped; whether the record still exists is the
            caller's to see when it reads it.
        """
        pairs = set(pairs)
        if not pairs:
            return {}
        identifiers = self.search_fetch(
            [
                ("system_id", "=", system.id),
                ("namespace", "=", namespace),
                ("code_system", "in", list({code_system for code_system, _value in pairs})),
                ("value", "in", list({value for _code_system, value in pairs})),
                ("company_id", "in", [False, self.env.company.id]),
            ],
            ["code_system", "value", "res_id"],
        )
        found = {(one.code_system, one.value): one.res_id for one in identifiers}
        return {pair: found[pair] for pair in pairs & found.keys()}

    def action_open_record(self):
        """Button: the Odoo record; its own rights decide whether it opens."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
