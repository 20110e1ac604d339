# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
import logging
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache
from odoo.tools.misc import file_path

from ..messaging.contract import Contract
from . import contract_table

_logger = logging.getLogger(__name__)
USED_BY = ("hc.message", "hc.channel.mapping.line", "hc.field.policy.line", "hc.sync.job")


class HcMessageType(models.Model):
    """A kind of event: its contract, which is a file, and its handler, which is a class."""

    _name = "hc.message.type"
    _description = "Message Type"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin"]
    _asks_reason = True
    _order = "code, version desc"

    code = fields.Char(required=True, help="What has happened, e.g. supply.consumed.")
    version = fields.Integer(default=1, required=True)
    name = fields.Char(compute="_compute_name", store=True, index=True)
    description = fields.Text(translate=True)
    contract_module = fields.Char(string="Addon", required=True)
    contract_path = fields.Char(
        string="Contract file",
        compute="_compute_contract_path",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    handler = fields.Char(
        help="Technical name of the model that handles the messages. Empty: outbound only."
    )
    active = fields.Boolean(default=True)
    channel_ids = fields.Many2many("hc.channel", string="Channels")
    field_table = fields.Html(compute="_compute_field_table", string="Fields", sanitize=False)

    _code_uniq = models.UniqueIndex("(code, version)", "This version exists already.")

    @api.depends("code", "version")
    def _compute_name(self):
        for one in self:
            one.name = f"{one.code}.v{one.version}"

    @api.depends("code", "version")
    def _compute_contract_path(self):
        for one in self:
            one.contract_path = one.contract_path or f"contracts/{one.code}.v{one.version}.json"

    @api.constrains("contract_module", "contract_path")
    def _check_contract(self):
        for one in self:
            try:
                one._contract()
            except (OSError, ValueError) as error:
                raise ValidationError(
                    self.env._(
                        "The contract of %(name)s cannot be used: %(reason)s",
                        name=one.name,
                        reason=error,
                    )
                ) from error

    @api.constrains("handler")
    def _check_handler(self):
        for one in self.filtered("handler"):
            if one._handler_model() is None:
                raise ValidationError(self.env._("There is no handler %s.", one.handler))

    @api.model_create_multi
    def create(self, vals_list):
        types = super().create(vals_list)
        types.channel_ids.system_id._sudo_grant_groups()
        return types

    def write(self, vals):
        systems = self.channel_ids.system_id
        result = super().write(vals)
        if vals.keys() & {"handler", "channel_ids"}:
            (systems | self.channel_ids.system_id)._sudo_grant_groups()
        return result

    @api.ondelete(at_uninstall=True)
    def _unlink_except_used(self):
        """Also when their addon goes: what the ledger keeps and what people have set up must
        say what it is, and the addon finds its types again when it comes back."""
        used = [("message_type_id", "in", self.ids)]
        for name in USED_BY:
            if self.env[name].with_context(active_test=False).search_count(used, limit=1):
                raise UserError(
                    self.env._("A message type that is in use is archived, not deleted.")
                )

    def _governed_contract(self):
        return self.name

    def _handler_model(self):
        """The handler's empty recordset, or nothing when its addon is gone."""
        self.ensure_one()
        model = self.env.get(self.handler) if self.handler else None
        is_handler = model is not None and hasattr(model, "_handle") and hasattr(model, "_plan")
        return model if is_handler else None

    @api.model
    def _named(self, name):
        """The message type of a full name such as ``supply.consumed.v1``."""
        return self.browse(self._id_named(name))

    @api.model
    @ormcache("name")
    def _id_named(self, name):
        return self.with_context(active_test=False).search([("name", "=", name)], limit=1).id

    def _contract(self):
        """The compiled contract: :class:`messaging.contract.Contract`."""
        self.ensure_one()
        path = Path(file_path(f"{self.contract_module}/{self.contract_path}", (".json",)))
        return _load(path, path.stat().st_mtime_ns)

    def _wire_types(self):
        """Name -> (id, contract); one whose addon is gone closes no other."""
        types = {}
        for one in self:
            try:
                types[one.name] = (one.id, one._contract())
            except (OSError, ValueError) as error:
                _logger.error("No contract for %s: %s", one.name, type(error).__name__)
        return types

    @api.depends("contract_module", "contract_path")
    def _compute_field_table(self):
        for one in self:
            try:
                rows = contract_table.rows(one._contract().schema)
            except (OSError, ValueError):
                rows = []
            one.field_table = self._as_table(rows)

    def _as_table(self, rows):
        head = Markup("").join(
            Markup("<th>%s</th>") % title
            for title in (
                self.env._("Field"),
                self.env._("Type"),
                self.env._("Required"),
                self.env._("Class"),
                self.env._("What is kept"),
            )
        )
        body = Markup("").join(self._table_row(row) for row in rows)
        return Markup(
            '<div class="table-responsive"><table class="table table-sm o_hc_contract">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (head, body)

    def _table_row(self, row):
        kept = {
            "keep": self.env._("Kept"),
            "drop": self.env._("Nothing"),
            "pseudonymize": self.env._("A pseudonym"),
            "mask": self.env._("Masked"),
            "year": self.env._("The year"),
            "last4": self.env._("The last four characters"),
        }
        color = {"operational": "info", "personal": "warning", "clinical": "danger"}
        return Markup(
            '<tr><td><code class="text-body">%s</code><div class="text-muted small">%s</div></td>'
            '<td>%s</td><td>%s</td><td><span class="badge text-bg-%s">%s</span></td>'
            "<td>%s</td></tr>"
        ) % (
            row.path,
            row.description,
            row.type,
            self.env._("Yes") if row.required else "",
            color.get(row.field_class, "danger"),
            row.field_class,
            kept.get(row.keep, row.keep),
        )


@lru_cache(maxsize=512)
def _load(path: Path, modified: int) -> Contract:
    """Compiled once per file and process; ``modified`` makes a changed file another one."""
    return Contract(json.loads(path.read_text("utf-8")))
