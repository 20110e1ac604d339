# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..charging.capture import Capture
from ..charging.facts import Facts
from ..charging.reader import Reader


class HcHandlerCharge(models.AbstractModel):
    """What single charges and the services of a visit have in common.

    A message becomes charges as a whole or waits as a whole. What states a fact that had
    its effect already has no second one. One batch of a company at a time: a credit and
    its charge that come in two batches at once would not see each other.
    """

    _name = "hc.handler.charge"
    _inherit = "hc.message.handler"
    _description = "Charges"

    _writer = "billing"
    _groups = ("hc_billing_bridge.group_billing_system",)
    # Visits and patients are told apart by them: masked, all of them would be one.
    _tolerates = {
        "/encounter": ("drop",),
        "/patient/mrn": ("drop",),
        "/cost_center": ("drop",),
        "/services/cost_center": ("drop",),
    }
    _reader = Reader

    def _handle(self, items):
        drafts = self._drafts(items)
        clear = [draft for draft in drafts if self._is_clear(draft)]
        if not clear:
            return
        made = Capture(self.env, items[0].system_id).post(clear)
        charges = self.env["hc.charge"].union(*made.values())
        served = charges._match_arrived()
        (served - charges)._end_issues_of_credits()
        for draft in clear:
            self._record(draft, made)
        for key in (charges | served)._invoice_keys():
            clear[0].item.dirty("invoice", key)

    def _plan(self, items):
        drafts = self._drafts(items)
        return [self._plan_of(draft) for draft in drafts]

    # ----------------------------------------------------------------- judging

    def _drafts(self, items):
        """Read the items and judge them in their order, each knowing those before it."""
        reader = self._reader(self.env, items)
        drafts = [reader.draft_of(item) for item in items]
        facts = Facts(self.env, drafts)
        for draft in drafts:
            if draft.problems or draft.other_company:
                continue
            facts.judge(draft)
            if not (draft.problems or draft.objections or draft.repeats):
                facts.accept(draft)
        return drafts

    def _is_clear(self, draft):
        """Tell the item what stands against it; says whether nothing does."""
        if draft.repeats:
            draft.item.duplicate(draft.repeats)
            return False
        return draft.tell()

    # ----------------------------------------------------------------- outcome

    def _record(self, draft, made):
        item = draft.item
        for entry in draft.entries:
            charge = made[item.message_id, entry.role]
            item.effect(entry.role, "hc.charge", charge.id, entry.business_key, entry.digest)
            code, fix = charge._hold_issue()
            if code:
                item.warn(code, fix=fix)
        draft.warn()

    def _plan_of(self, draft):
        """Codes and names of Odoo's own records; nothing that the sender wrote."""
        if draft.other_company:
            return [{"company": draft.other_company}]
        if draft.repeats:
            return [{"duplicate": True}]
        if draft.against:
            return [{"review": problem.code} for problem in draft.against]
        return [self._plan_entry(draft, entry) for entry in draft.entries]

    def _plan_entry(self, draft, entry):
        payer = self.env["res.partner"].browse(draft.payer or ())
        return {
            "effect": "hc.charge",
            "action": entry.action,
            "product": entry.product.display_name,
            "quantity": str(entry.quantity),
            "uom": entry.unit.name,
            "payer": payer.display_name or None,
            "date": draft.when.at.isoformat() + "Z",
            "warnings": [warning.code for warning in draft.warnings],
        }
