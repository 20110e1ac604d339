# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models

from ..messaging.errors import spec


class HcSyncRunLine(models.Model):
    """A row of a file: staged with what the contract allows to keep, then what became of it.

    Written by the engine. What is not valid leaves its number and the rule that it breaks,
    and no value.
    """

    _name = "hc.sync.run.line"
    _description = "Row of a Scheduled File"
    _inherit = ["hc.content.mixin"]
    _order = "number, id"
    _log_access = False
    _rec_name = "number"

    run_id = fields.Many2one(
        "hc.sync.run", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    number = fields.Integer("Row", readonly=True, required=True)
    state = fields.Selection(
        [
            ("staged", "Read"),
            ("accepted", "Accepted"),
            ("duplicate", "Duplicate"),
            ("invalid", "Invalid"),
            ("conflict", "Conflict"),
            ("delivered", "Delivered"),
            ("unknown", "Unknown outcome"),
            ("cancelled", "Not applied"),
        ],
        readonly=True,
        required=True,
    )
    error_code = fields.Char("Error", readonly=True)
    error_title = fields.Char("Reason", compute="_compute_error_title")
    detail = fields.Char("Fields", readonly=True, help="Fields of the contract, and the rule.")
    staged = fields.Json(
        readonly=True,
        copy=False,
        groups="healthcare_integration_base.group_integration_operator",
    )
    message_id = fields.Many2one("hc.message", readonly=True, index="btree_not_null")
    message_state = fields.Selection(related="message_id.state", string="Message is")

    _number_uniq = models.UniqueIndex("(run_id, number)")
    _staged_idx = models.Index("(run_id, number) WHERE state = 'staged'")

    def _traced_fields(self):
        return frozenset({"staged"})

    def _content_event(self):
        return {
            "object": f"{self._name},{self.id}",
            "system_id": self.run_id.system_id.id,
            "company_id": self.company_id.id,
            "contract": self.run_id.job_id.message_type_id.name,
            "row": self.number,
        }

    def _compute_error_title(self):
        for line in self:
            line.error_title = spec(line.error_code).title if line.error_code else False
