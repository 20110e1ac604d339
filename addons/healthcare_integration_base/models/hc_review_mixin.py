# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

AHEAD = timedelta(days=14)
"""How long before its day a review is put on the list of who answers for it."""


class HcReviewMixin(models.AbstractModel):
    """An entry of the catalog that somebody looks at again from time to time."""

    _name = "hc.review.mixin"
    _description = "Reviewed from Time to Time"
    _inherit = ["mail.activity.mixin"]

    reviewed_on = fields.Date(
        string="Last reviewed", readonly=True, copy=False, tracking=True, index=True
    )
    reviewed_by_id = fields.Many2one(
        "res.users", string="Reviewed by", readonly=True, copy=False, tracking=True
    )
    review_months = fields.Integer(
        string="Review every (months)", default=12, help="0: it is not reviewed."
    )
    review_due_on = fields.Date(
        string="Next review",
        compute="_compute_review_due_on",
        store=True,
        index=True,
        help="Counted from the last review, else from the day on which it was entered.",
    )
    is_review_due = fields.Boolean(
        string="Review is due", compute="_compute_is_review_due", search="_search_is_review_due"
    )

    @api.depends("reviewed_on", "review_months", "create_date")
    def _compute_review_due_on(self):
        for record in self:
            since = record.reviewed_on or (record.create_date or fields.Datetime.now()).date()
            months = relativedelta(months=record.review_months)
            record.review_due_on = since + months if record.review_months > 0 else False

    @api.depends("review_due_on")
    def _compute_is_review_due(self):
        today = fields.Date.context_today(self)
        for record in self:
            record.is_review_due = bool(record.review_due_on) and record.review_due_on <= today

    def _search_is_review_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        due = Domain("review_due_on", "!=", False) & Domain("review_due_on", "<=", today)
        return Domain.OR(due if one else ~due for one in value)

    def _wire_silent_fields(self):
        """The door does not look at reviews."""
        return super()._wire_silent_fields() | {
            "reviewed_on",
            "reviewed_by_id",
            "review_months",
            "review_due_on",
        }

    def action_mark_reviewed(self):
        """Button: looked at today, and all of it still holds."""
        self.check_access("write")
        self.write({"reviewed_on": fields.Date.context_today(self), "reviewed_by_id": self.env.uid})
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "catalog.reviewed",
                    "outcome": "done",
                    "object": f"{record._name},{record.id}",
                    "company_id": record.company_id.id,
                }
                for record in self
            ]
        )
        self.activity_feedback([self._review_activity()], feedback=self.env._("Reviewed"))

    @api.model
    def _review_activity(self):
        return "healthcare_integration_base.activity_review"

    def _review_responsible(self):
        """Who is reminded; nobody where nobody answers for it."""
        return self.owner_id

    @api.model
    def _reviewable(self):
        """What of these is still in use."""
        return Domain.TRUE

    @api.model
    def _cron_remind(self):
        """Put what is due for review soon on the list of who answers for it, once."""
        soon = fields.Date.context_today(self) + AHEAD
        for record in self.search(self._reviewable() & Domain("review_due_on", "<=", soon)):
            user = record._review_responsible()
            if user and not record.activity_search([self._review_activity()]):
                record.activity_schedule(
                    self._review_activity(),
                    date_deadline=record.review_due_on,
                    summary=self.env._("Review the entry of the catalog"),
                    user_id=user.id,
                )
