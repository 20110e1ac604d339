# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..messaging.audit_actions import ACTIONS, FAILED, FAMILIES, OUTCOMES, WAITING
from .audit_phrases import sentence

REFERENCE = r"^[a-z][a-z0-9_.]*,[0-9]{1,9}$"
UUID_OF = {"hc.message": ("message", "content"), "hc.sync.run": ("sync",)}


class HcAuditEvent(models.Model):
    """What people see of the trail: names instead of codes, a sentence, the way to the record.

    Auditors and integration managers read it; nobody writes it, and only auditors take it
    out (:mod:`wizards.hc_audit_export`).
    """

    _inherit = "hc.audit.event"

    recorded_at = fields.Datetime("When")
    user_id = fields.Many2one("res.users", "Who")
    action = fields.Selection([(code, one.label) for code, one in ACTIONS.items()])
    family = fields.Selection(list(FAMILIES.items()), "Area", readonly=True)
    outcome = fields.Selection(list(OUTCOMES.items()))
    result = fields.Selection(
        [("ok", "As intended"), ("attention", "Needs attention"), ("failed", "Failed or refused")],
        readonly=True,
    )
    code = fields.Char("Error code")
    reason = fields.Char("Why")
    res_model = fields.Selection(
        selection="_selection_res_model", string="Kind of record", readonly=True
    )
    res_id = fields.Integer("Number of the record", readonly=True)
    object_name = fields.Char("What", compute="_compute_object_name")
    sentence = fields.Char(compute="_compute_sentence")
    change_text = fields.Text("What changed", compute="_compute_change_text")

    def _view_columns(self):
        reference = SQL("e.object ~ %s", REFERENCE)
        uuids = SQL(" ").join(
            SQL("WHEN split_part(e.action, '.', 1) = ANY(%s) THEN %s", list(areas), model)
            for model, areas in UUID_OF.items()
        )
        return {
            **super()._view_columns(),
            "family": SQL("split_part(e.action, '.', 1)"),
            "result": SQL(
                "CASE WHEN e.outcome = ANY(%s) THEN 'failed'"
                " WHEN e.outcome = ANY(%s) THEN 'attention' ELSE 'ok' END",
                list(FAILED),
                list(WAITING),
            ),
            "res_model": SQL(
                "CASE WHEN %s THEN split_part(e.object, ',', 1) %s"
                " WHEN e.action = 'data.exported' THEN e.object END",
                reference,
                uuids,
            ),
            "res_id": SQL("CASE WHEN %s THEN split_part(e.object, ',', 2)::int END", reference),
        }

    @api.model
    def _selection_res_model(self):
        ours = (name for name in self.env.registry if name.startswith("hc."))
        names = [*ours, "res.users"]
        return [
            (name, self.env[name]._description) for name in names if not self.env[name]._abstract
        ]

    @api.depends("object", "res_model", "res_id")
    def _compute_object_name(self):
        for event in self:
            record = event._record()
            event.object_name = record.display_name if record else event.object

    @api.depends("action", "user_id", "object", "reason", "system_id")
    def _compute_sentence(self):
        labels = dict(self._fields["action"]._description_selection(self.env))
        for event in self:
            event.sentence = sentence(event, labels.get(event.action, event.action))

    @api.depends("details")
    def _compute_change_text(self):
        for event in self:
            event.change_text = "\n".join(event._change_lines())

    def _change_lines(self):
        """A line for each field that changed, as its model names it."""
        details = self.details or {}
        yield from details.get("roles") or []
        values = details.get("values") or {}
        model = self.env.get(self.res_model) if self.res_model else None
        for name in details.get("fields") or []:
            field = model._fields.get(name) if model is not None else None
            label = field._description_string(self.env) if field else name
            if name in values:
                before, after = (_as_text(one) for one in values[name])
                yield self.env._(
                    "%(field)s: %(before)s → %(after)s", field=label, before=before, after=after
                )
            else:
                yield self.env._("%(field)s: changed, the value is not kept here", field=label)

    def _record(self):
        """What it happened to, if it is there and the user may see it; none otherwise."""
        self.ensure_one()
        if not self.res_model or self.res_model not in self.env:
            return None
        model = self.env[self.res_model]
        if self.res_id:
            record = model.browse(self.res_id).exists()
        else:
            record = self._by_uuid(model) if self.res_model in UUID_OF else None
        return record if record and record.has_access("read") else None

    def _by_uuid(self, model):
        return model.search([("uuid", "=", self.object)], limit=1) if self.object else model

    def action_open_record(self):
        """Button: what it happened to."""
        self.ensure_one()
        self.check_access("read")
        record = self._record()
        if not record:
            raise UserError(
                self.env._("It is not there any more, or it is not yours to see: %s.", self.object)
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }


def _as_text(value):
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "∅"
    return "∅" if value is None or value is False else str(value)
