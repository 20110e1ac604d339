# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What was stated before, by this batch or earlier ones."""

from collections import ChainMap
from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.healthcare_integration_base.messaging.retention import STAND_IN


@dataclass(frozen=True, slots=True)
class Fact:
    """A charge as it was stated; ``amount`` and ``currency`` only where they were told."""

    message: int
    digest: str
    amount: object = None
    currency: int | None = None
    channel: int | None = None
    encounter: str | None = None
    patient: str | None = None

    def contradicts(self, other):
        """Whether two statements of one number cannot both hold.

        Formats name visits and patients their own ways, so these are compared within one
        channel only; and the day may differ, it is often that of the sending.
        """
        if self.digest != other.digest:
            return True
        if None not in (self.amount, other.amount) and (
            (self.amount, self.currency) != (other.amount, other.currency)
        ):
            return True
        return self.channel == other.channel and any(
            mine and yours and mine != yours
            for mine, yours in (
                (self.encounter, other.encounter),
                (self.patient, other.patient),
            )
        )


def fact_of(draft, entry):
    """An entry of the batch as a fact."""
    return Fact(
        draft.item.message_id,
        entry.digest,
        entry.amount,
        None if entry.amount is None else entry.currency.id,
        draft.item.channel.id,
        draft.encounter,
        draft.patient,
    )


class Facts:
    """Facts by business key, and by content for those without a number of their own."""

    def __init__(self, env, drafts):
        self.env = env
        entries = [entry for draft in drafts for entry in draft.entries]
        self._stated = self._by_key({entry.business_key for entry in entries})
        self._stated |= self._by_content([e.content for e in entries if e.content])

    def judge(self, draft):
        """Drop entries that were stated before; a contradiction is a problem.

        A line number that one message repeats is judged like one that two messages share.
        """
        known = ChainMap({}, self._stated)
        fresh, earlier = [], None
        for entry in draft.entries:
            fact = known.get(entry.business_key) or known.get(entry.content)
            mine = fact_of(draft, entry)
            if fact is None:
                known[entry.business_key] = mine
                fresh.append(entry)
            elif fact.contradicts(mine):
                draft.problem("business_key_conflict", subject=entry.code)
                return
            else:
                earlier = fact.message
        draft.entries = fresh
        draft.repeats = None if fresh else earlier

    def accept(self, draft):
        """The entries are going to be charges: later messages of the batch repeat them."""
        for entry in draft.entries:
            fact = fact_of(draft, entry)
            self._stated[entry.business_key] = fact
            if entry.content:
                self._stated[entry.content] = fact

    # ------------------------------------------------------------------ earlier

    def _by_key(self, keys):
        known = self.env["hc.effect"]._known(keys) if keys else {}
        charges = self.env["hc.charge"].search([("business_key", "in", list(known))])
        by_key = {charge.business_key: charge for charge in charges}
        return {
            key: self._fact(by_key.get(key), message, digest)
            for key, (message, digest) in known.items()
        }

    def _fact(self, charge, message, digest):
        """The charge may be out of sight; message and digest then have to do."""
        if charge is None:
            return Fact(message, digest)
        return Fact(
            message,
            digest,
            abs(Decimal(str(charge.amount))).normalize() if charge.amount_stated else None,
            charge.currency_id.id if charge.amount_stated else None,
            charge.channel_id.id,
            _said(charge.encounter),
            _said(charge.patient_id.hc_patient_ref),
        )

    def _by_content(self, contents):
        """Lines of visits that other events have told."""
        if not contents:
            return {}
        sites, encounters, lines, _products, _quantities, times = zip(*contents, strict=True)
        charges = self.env["hc.charge"].search(
            [
                ("site_id", "in", list(set(sites))),
                ("encounter", "in", list(set(encounters))),
                ("service_line", "in", list(set(lines))),
                ("occurred_at", "in", list(set(times))),
            ]
        )
        digests = self.env["hc.effect"]._known(charges.mapped("business_key"))
        return {
            charge._content(): self._fact(charge, *digests[charge.business_key])
            for charge in charges
            if charge.business_key in digests
        }


def _said(pseudonym):
    """Where a person was erased nothing is known any more that another one could contradict."""
    return None if not pseudonym or pseudonym.startswith(STAND_IN) else pseudonym
