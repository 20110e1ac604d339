# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Drafts become charges: accounts, prices, what is like another, one create for all."""

from decimal import Decimal

from ..billing.similar import Seen, Sight
from .pricing import Pricing


class Capture:
    """Creates the charges of the clear drafts of one batch.

    :param env: of the system's own user, in the company of the batch.
    """

    def __init__(self, env, system_id):
        self.env = env
        self.system_id = system_id
        self.pricing = Pricing(env)

    def post(self, drafts):
        """Charges by (message id, role), judged and matched."""
        self._open_accounts(drafts)
        self.pricing.prepare(drafts)
        pairs = [(draft, entry) for draft in drafts for entry in draft.entries]
        values = [self._values(draft, entry) for draft, entry in pairs]
        likes = self._hold_similar(pairs, values)
        charges = self.env["hc.charge"].create(values)
        for position, like in likes:
            charges[position].similar_charge_id = charges[-like - 1].id if like < 0 else like
        return {
            (draft.item.message_id, entry.role): charge
            for (draft, entry), charge in zip(pairs, charges, strict=True)
        }

    def _open_accounts(self, drafts):
        wanted = {draft.patient for draft in drafts if draft.patient}
        accounts = self.env["res.partner"]._sudo_patient_accounts(sorted(wanted)) if wanted else {}
        for draft in drafts:
            draft.account = accounts.get(draft.patient)

    # ------------------------------------------------------------------- values

    def _values(self, draft, entry):
        return {
            "name": entry.number,
            "company_id": self.env.company.id,
            "system_id": self.system_id,
            "site_id": draft.site.id,
            "location": draft.item.data.get("location"),
            "message_id": draft.item.message_id,
            "channel_id": draft.item.channel.id,
            "business_key": entry.business_key,
            "service_line": entry.line,
            "encounter": draft.encounter,
            "patient_id": draft.account,
            "payer_id": draft.billed,
            "product_id": entry.product.id,
            "service_code": entry.code,
            "quantity": float(entry.quantity),
            "uom_id": entry.unit.id,
            "action": entry.action,
            "reverses": entry.reverses,
            "occurred_at": draft.when.at,
            "service_day": draft.when.day,
            "cost_center": entry.cost_center,
            "analytic_account_id": entry.analytic,
            **self._priced(draft, entry),
        }

    def _priced(self, draft, entry):
        """A credit is worth what its charge was, unless it says how much it is."""
        if entry.action == "credit":
            return self._credited(entry)
        found, currency = self.pricing.of(draft, entry)
        reason = self._reason(draft, found)
        return {
            "amount": float(found.amount) if found else 0.0,
            "price_unit": float(found.unit) if found else 0.0,
            "price_source": found.source if found else None,
            "amount_stated": entry.amount is not None,
            "currency_id": currency.id,
            "state": "on_hold" if reason else "ready",
            "hold_reason": reason,
        }

    def _credited(self, entry):
        amount = entry.amount
        if amount is None and entry.unit_price is not None:
            amount = entry.currency.round(float(entry.unit_price * entry.quantity))
        return {
            "amount": -float(amount or 0),
            "amount_stated": amount is not None,
            "currency_id": (entry.currency or self.env.company.currency_id).id,
            "state": "on_hold",
            "hold_reason": "waiting_for_charge",
        }

    @staticmethod
    def _reason(draft, found):
        if draft.is_split:
            return "split_coverage"
        if not draft.billed:
            return "no_payer"
        return None if found else "no_price"

    # ------------------------------------------------------------------ similar

    def _hold_similar(self, pairs, values):
        """Hold what is like another charge.

        :return: pairs of position and the other: its id, or below zero its position
        """
        seen, likes = self._seen(pairs), []
        for position, ((draft, entry), vals) in enumerate(zip(pairs, values, strict=True)):
            if entry.action == "credit":
                continue
            sight = _sight(draft, entry)
            like = seen.like(sight, draft.item.message_id)
            seen.add(sight, -position - 1, draft.item.message_id)
            if like is not None:
                likes.append((position, like))
                if vals["state"] == "ready":
                    vals.update(state="on_hold", hold_reason="similar_charge")
        return likes

    def _seen(self, pairs):
        """Charges of these days that could be like one of the batch."""
        seen = Seen()
        drafts = [draft for draft, entry in pairs if entry.action == "charge"]
        encounters = {draft.encounter for draft in drafts} - {None}
        accounts = {draft.account for draft in drafts} - {None}
        if not (encounters or accounts):
            return seen
        charges = self.env["hc.charge"].search_fetch(
            [
                ("action", "=", "charge"),
                ("state", "!=", "cancelled"),
                ("system_id", "=", self.system_id),
                ("service_day", "in", list({draft.when.day for draft in drafts})),
                ("product_id", "in", list({entry.product.id for _draft, entry in pairs})),
                "|",
                ("encounter", "in", list(encounters)),
                ("patient_id", "in", list(accounts)),
            ],
            [
                *("site_id", "product_id", "quantity", "uom_id", "service_day", "encounter"),
                *("patient_id", "message_id"),
            ],
            order="id",
        )
        for charge in charges:
            seen.add(sight_of(charge), charge.id, charge.message_id.id)
        return seen


def _sight(draft, entry):
    return Sight(
        draft.site.id or None,
        entry.product.id,
        entry.quantity,
        entry.unit.id,
        draft.when.day,
        draft.encounter,
        draft.account,
    )


def sight_of(charge):
    """A charge of the database, as it is compared."""
    return Sight(
        charge.site_id.id or None,
        charge.product_id.id,
        Decimal(str(charge.quantity)),
        charge.uom_id.id,
        charge.service_day,
        charge.encounter or None,
        charge.patient_id.id or None,
    )
