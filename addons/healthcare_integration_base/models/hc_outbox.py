# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import UTC, datetime

from odoo import api, models

from ..engine import echo
from ..engine.outbound import outbox
from ..messaging.ids import new_id

LANES = "hc.outbox.lanes"


class HcOutbox(models.AbstractModel):
    """What leaves Odoo: rows of the ledger, written in the transaction of their cause.

    They exist exactly if the cause exists, and are sent after it is committed: neither a
    crash nor a rollback can tell a receiver what never happened, or keep from it what did.
    """

    _name = "hc.outbox"
    _description = "Outbox"

    @api.model
    def _send(
        self,
        type_name,
        data,
        *,
        company,
        key=None,
        business_key=None,
        cause=None,
        ordering_key=None,
        system=None,
        subject=None,
    ):
        """Queue a message for every outbound channel of the company that takes its type.

        Paused channels get theirs too: it is sent when they go on. What the contract does
        not name does not leave, and what it says of persons is applied.

        :param data: the event's data as a dict, or a function that makes it for a channel
            (none: nothing for this channel)
        :param key: names the event: the same key and channel is queued once, ever
        :param cause: ``hc.message`` that it answers or follows from
        :param ordering_key: messages of one key arrive in their order
        :param system: only channels of this ``hc.system``
        :return: uuids of the messages that are new
        :raise MessageError: ``contract_invalid``: the caller has not kept the contract
        """
        rows = self._sudo_rows(
            type_name, data, company, key, business_key, cause, ordering_key, system, subject
        )
        self.env.flush_all()
        new = outbox.keep(self.env.cr, self.env.uid, rows)
        if new:
            self._sudo_remember(type_name, [row for row in rows if row["uuid"] in new])
            self.env["hc.message"].invalidate_model(flush=False)
            self._wake_after_commit({row["lane_id"] for row in rows})
        return new

    @api.model
    def _takers(self, type_name, company, system=None):
        """The channels that get a message of this type."""
        return self._sudo_takers(type_name, company, system)

    def _sudo_takers(self, type_name, company, system):
        """Who confirms an order has no right on the catalog."""
        domain = [
            ("direction", "=", "out"),
            ("state", "in", ("active", "paused")),
            ("company_id", "=", company.id),
            ("system_id.active", "=", True),
            ("message_type_ids.name", "=", type_name),
        ]
        if system is not None:
            domain.append(("system_id", "=", system.id))
        return self.env["hc.channel"].sudo().search(domain)

    def _sudo_rows(
        self, type_name, data, company, key, business_key, cause, ordering_key, system, subject
    ):
        """See :meth:`_sudo_takers`; nobody has the right to write the ledger."""
        channels = self._sudo_takers(type_name, company, system)
        if not channels:
            return []
        message_type = self.env["hc.message.type"].sudo()._named(type_name)
        trace, moment = self._trace(cause), datetime.now(UTC)
        rows = []
        for channel in channels:
            made = data(channel) if callable(data) else data
            if made is None:
                continue
            event = outbox.event_of(type_name, made, key or new_id(), subject, moment)
            rows.append(
                outbox.row(
                    self.env(su=True),
                    channel,
                    message_type,
                    event,
                    company,
                    trace,
                    ordering_key,
                    business_key,
                )
            )
        return rows

    def _sudo_remember(self, type_name, rows):
        """What is told about a record is known when it comes back; the keys of the digests are
        nobody's to see."""
        domain, record = self.env["hc.message.type"].sudo()._data_domain(type_name)
        if domain:
            echo.tell(self.env(su=True), [(row, domain, record) for row in rows])

    def _trace(self, cause):
        cause = cause and cause.sudo()
        return {
            "correlation_identifier": (cause and cause.correlation_identifier) or new_id(),
            "causation_identifier": cause.uuid if cause else None,
            "traceparent": (cause and cause.traceparent) or None,
        }

    def _wake_after_commit(self, lane_ids):
        """Once for a transaction, however much it sends."""
        waiting = self.env.cr.postcommit.data.setdefault(LANES, set())
        if not waiting:
            self.env.cr.postcommit.add(self._wake_waiting)
        waiting |= lane_ids

    def _wake_waiting(self):
        lane_ids = self.env.cr.postcommit.data.pop(LANES, set())
        self.env["hc.lane"].browse(lane_ids)._wake()
