# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import ChainMap
from decimal import Decimal

from odoo import models

from ..inventory.aggregate import Shelf
from ..supply.posting import Posting
from ..supply.reader import Reader


class HcHandlerSupply(models.AbstractModel):
    """What the use of stock and its return have in common.

    A message is posted whole or waits whole. Lines that state a fact which had its effect
    already have no second one.
    """

    _name = "hc.handler.supply"
    _inherit = "hc.message.handler"
    _description = "Stock Used or Put Back"

    _writer = "stock"
    _groups = ("stock.group_stock_user",)
    _tolerates = {
        "/cost_center": ("drop",),
        "/lines/lot": ("drop",),
        "/lines/serial": ("pseudonymize", "drop"),
        "/lines/expiry": ("drop",),
    }
    _posting = "use"
    _reader = Reader

    def _handle(self, items):
        drafts = [draft for draft in self._drafts(items) if self._is_clear(draft)]
        lines = [line for draft in drafts for line in draft.lines(self._returning)]
        self._complete_lots(drafts)
        moves = self._post(lines, items[0])
        for draft in drafts:
            self._record(draft, moves)

    def _plan(self, items):
        return [self._plan_of(draft) for draft in self._drafts(items)]

    @property
    def _returning(self):
        return self._posting == "return"

    # ----------------------------------------------------------------- judging

    def _drafts(self, items):
        """Read the items and judge them in their order, each knowing those before it."""
        reader = self._reader(self.env, items)
        drafts = [reader.draft_of(item) for item in items]
        stated = self._stated(drafts)
        shelf = self._shelf(drafts)
        for draft in drafts:
            if draft.problems or draft.other_company or self._is_restated(draft, stated):
                continue
            if not draft.objections:
                self._check_stock(draft, shelf)
            if not draft.objections:
                self._accept(draft, stated, shelf)
        return drafts

    def _stated(self, drafts):
        keys = {entry.business_key for draft in drafts for entry in draft.entries}
        return self.env["hc.effect"]._known(keys) if keys else {}

    def _is_restated(self, draft, stated):
        """Drop lines that had their effect; says whether nothing is left or all must wait.

        A line number that one message repeats is judged like one that two messages share.
        """
        known = ChainMap({}, stated)
        fresh, earlier = [], None
        for entry in draft.entries:
            fact = known.get(entry.business_key)
            if fact is None:
                known[entry.business_key] = (draft.item.message_id, entry.digest)
                fresh.append(entry)
            elif fact[1] != entry.digest:
                draft.problem("business_key_conflict")
                return True
            else:
                earlier = fact[0]
        draft.entries = fresh
        if not fresh:
            draft.item.duplicate(earlier)
        return not fresh

    def _accept(self, draft, stated, shelf):
        for entry in draft.entries:
            stated[entry.business_key] = (draft.item.message_id, entry.digest)
        shelf.take(draft.lines(self._returning))

    # ------------------------------------------------------------------- stock

    def _shelf(self, drafts):
        entries = [entry for draft in drafts for entry in draft.entries]
        products = {entry.product for entry in entries if entry.product.is_storable}
        wards = {draft.ward for draft in drafts if draft.entries}
        if self._returning or not products:
            return Shelf({})
        groups = self.env["stock.quant"]._read_group(
            [
                ("product_id", "in", [product.id for product in products]),
                ("location_id", "in", [ward.id for ward in wards]),
            ],
            ["product_id", "lot_id", "location_id"],
            ["quantity:sum"],
        )
        return Shelf(
            {
                (product.id, lot.id or None, location.id): Decimal(str(round(quantity, 6)))
                for product, lot, location, quantity in groups
            }
        )

    def _check_stock(self, draft, shelf):
        """Below zero the channel decides: post what is a fact and raise it, or hold it."""
        if self._returning:
            return
        stored = {entry.product.id for entry in draft.entries if entry.product.is_storable}
        codes = {entry.product.id: entry.code for entry in draft.entries}
        lines = [line for line in draft.lines(False) if line.product in stored]
        for line in shelf.short(lines):
            tell = draft.objection if draft.item.channel.negative_stock == "hold" else draft.warning
            tell("stock_negative", subject=f"{draft.site.display_name}: {codes[line.product]}")

    # ----------------------------------------------------------------- outcome

    def _is_clear(self, draft):
        """Tell the item what stands against it; says whether nothing does."""
        return draft.item.state != "duplicate" and draft.tell()

    def _complete_lots(self, drafts):
        """A lot that has no expiry date yet takes the one on the package."""
        for draft in drafts:
            for entry in draft.entries:
                lot = entry.lot
                if entry.expiry and not lot.expiration_date and entry.product.use_expiration_date:
                    lot.expiration_date = entry.expiry.at

    def _post(self, lines, first):
        origin = self.env["hc.system"].browse(first.system_id).code
        return Posting(self.env, self._posting, origin).post(lines) if lines else {}

    def _record(self, draft, moves):
        item = draft.item
        for entry in draft.entries:
            move = moves[item.message_id, entry.name]
            item.effect(f"line:{entry.name}", "stock.move", move, entry.business_key, entry.digest)
            if entry.product.is_storable:
                item.dirty(
                    "replenish",
                    {"location": draft.ward.id, "product": entry.product.id, "move": move},
                )
        draft.warn()

    # -------------------------------------------------------------------- plan

    def _plan_of(self, draft):
        """Codes and names of Odoo's own records; nothing that the sender wrote."""
        if draft.item.state == "duplicate":
            return [{"duplicate": True}]
        if draft.against:
            return [{"review": problem.code} for problem in draft.against]
        if draft.other_company:
            return [{"company": draft.other_company}]
        return [self._plan_line(draft, entry) for entry in draft.entries]

    def _plan_line(self, draft, entry):
        ends = [draft.ward.display_name, draft.place.display_name]
        if self._returning:
            ends.reverse()
        return {
            "effect": "stock.move",
            "line": entry.name,
            "product": entry.product.display_name,
            "quantity": str(entry.quantity),
            "uom": entry.product.uom_id.name,
            "lot": entry.lot.name or None,
            "from": ends[0],
            "to": ends[1],
            "date": draft.when.at.isoformat() + "Z",
            "cost_center": draft.analytic.name or None,
            "warnings": [warning.code for warning in draft.warnings],
        }
