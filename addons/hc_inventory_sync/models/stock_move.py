# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict

from odoo import Command, fields, models


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["stock.move", "hc.traced.mixin"]

    hc_posted = fields.Boolean(
        "Posted from messages",
        readonly=True,
        copy=False,
        help="States what a ward has used or put back; nothing was planned or reserved.",
    )
    hc_analytic_account_id = fields.Many2one(
        "account.analytic.account", "Cost center account", readonly=True, copy=False
    )
    hc_trigger_move_ids = fields.Many2many(
        "stock.move",
        "hc_replenishment_move_rel",
        "move_id",
        "trigger_move_id",
        string="Made necessary by",
        readonly=True,
        copy=False,
        help="Moves of use after which this replenishment was due.",
    )

    def _hc_traced(self):
        """A replenishment is traced to the use that made it due."""
        return self | self.hc_trigger_move_ids

    def _should_bypass_reservation(self, forced_location=False):
        """What is posted as a fact takes its stock at once.

        Asked about a certain location, the question is whose reservation has to yield.
        """
        if self.hc_posted and not forced_location:
            self.ensure_one()
            return True
        return super()._should_bypass_reservation(forced_location)

    def _skip_push(self):
        """Used stock goes nowhere from its place of use."""
        return self.hc_posted or super()._skip_push()

    def _prepare_merge_moves_distinct_fields(self):
        return [*super()._prepare_merge_moves_distinct_fields(), "hc_analytic_account_id"]

    # --------------------------------------------------------------- valuation

    def _create_account_move(self):
        """One entry for a batch, its lines added up by product, account and cost center."""
        posted = self.filtered("hc_posted")
        entry = super(StockMove, self - posted)._create_account_move()
        return entry | posted._sudo_create_batch_entry()

    def _sudo_create_batch_entry(self):
        """As in Odoo's own method: whoever moves stock need not have accounting rights."""
        valued = self.filtered(lambda move: move._should_create_account_move())
        lines = valued._batch_entry_lines()
        if not lines:
            return self.env["account.move"]
        entry = self.env["account.move"].sudo()
        entry = entry.create(
            {
                "journal_id": self.company_id.account_stock_journal_id.id,
                "ref": valued[:1].picking_id.origin,
                "date": self.env.context.get("force_period_date")
                or fields.Date.context_today(self),
                "line_ids": [Command.create(vals) for vals in lines],
            }
        )
        valued.account_move_id = entry.id
        entry._post()
        return entry

    def _batch_entry_lines(self):
        totals = defaultdict(lambda: [0.0, 0.0])
        names = {}
        for move in self:
            for vals in move._get_account_move_line_vals():
                analytic = tuple((vals.get("analytic_distribution") or {}).items())
                key = (vals["account_id"], vals["product_id"], analytic)
                totals[key][0] += vals["debit"]
                totals[key][1] += vals["credit"]
                names[key] = move.product_id.display_name
        round_amount = self.company_id.currency_id.round
        return [
            {
                "account_id": account,
                "product_id": product,
                "analytic_distribution": dict(analytic) or False,
                "name": names[account, product, analytic],
                "debit": round_amount(debit),
                "credit": round_amount(credit),
            }
            for (account, product, analytic), (debit, credit) in totals.items()
            if round_amount(debit) or round_amount(credit)
        ]

    def _get_account_move_line_vals(self):
        """The cost center stands on the side of the expense."""
        lines = super()._get_account_move_line_vals()
        if self.hc_analytic_account_id:
            stock = self.product_id._get_product_accounts()["stock_valuation"]
            for vals in lines:
                if vals["account_id"] != stock.id:
                    vals["analytic_distribution"] = {str(self.hc_analytic_account_id.id): 100}
        return lines

    def _get_analytic_distribution(self):
        """Without an entry of its own the move itself makes the analytic line."""
        if self.hc_analytic_account_id and not self._hc_has_entry():
            return {str(self.hc_analytic_account_id.id): 100}
        return super()._get_analytic_distribution()

    def _hc_has_entry(self):
        accounts = (self.location_dest_id | self.location_id).valuation_account_id
        product = self.product_id
        return bool(accounts) and product.is_storable and product.valuation == "real_time"
