# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

PAGE = 100
MESSAGES = 200
TOLD_BY_LEDGER = ("message.received", "message.queued", "message.handled", "message.sent")
TONES = {
    "done": "ok",
    "retry": "attention",
    "review": "attention",
    "unknown": "attention",
    "dead": "failed",
    "rejected": "failed",
}


class HcAuditEvent(models.Model):
    """The trail as a story: of one correlation, one person or one record.

    A correlation is told with what the ledger knows beside: message, tries, documents and
    replies. Whoever may not see those sees the events alone.
    """

    _inherit = "hc.audit.event"

    def action_open_correlation(self):
        """Button: all that belongs to the same transaction."""
        return self._open_timeline("correlation", self.correlation)

    def action_open_user(self):
        """Button: what the same person did."""
        return self._open_timeline("user", str(self.user_id.id or ""))

    def action_open_object(self):
        """Button: what happened to the same record."""
        return self._open_timeline("record", self.object)

    def _open_timeline(self, by, key):
        self.ensure_one()
        self.check_access("read")
        if not key:
            raise UserError(self.env._("The event does not say that."))
        return {
            "type": "ir.actions.client",
            "tag": "hc_audit_timeline",
            "name": self.env._("Timeline"),
            "params": {"by": by, "key": key},
        }

    @api.model
    def timeline(self, by, key, before=0):
        """What the timeline shows.

        :param by: ``correlation``, ``user`` or ``record``
        :param key: which one
        :param before: number of the event before which a page of a person or record ends
        :return: dict of title, entries and whether there are older ones
        """
        self.check_access("read")
        if by == "correlation":
            return self._story(str(key))
        domain = {
            "user": lambda: Domain("user_id", "=", int(key)),
            "record": lambda: Domain("object", "=", str(key)),
        }
        if by not in domain or not isinstance(before, int):
            raise UserError(self.env._("There is no such timeline."))
        return self._pages(domain[by](), before)

    def _pages(self, domain, before):
        """Newest first, a page at a time."""
        if before:
            domain &= Domain("id", "<", before)
        found = self.search(domain, order="id desc", limit=PAGE + 1)
        page = found[:PAGE]
        return {
            "title": "",
            "entries": [event._entry() for event in page],
            "more": len(found) > PAGE and page[-1].id,
        }

    def _story(self, correlation):
        """Oldest first: what came, what became of it, who did something about it."""
        messages = self.env["hc.message"].search(
            [("correlation_identifier", "=", correlation)], order="id", limit=MESSAGES
        )
        wanted = Domain("correlation", "=", correlation)
        if messages:
            wanted |= Domain("object", "in", messages.mapped("uuid"))
            wanted &= Domain("action", "not in", TOLD_BY_LEDGER)
        events = self.search(wanted, order="id desc", limit=PAGE + 1)
        entries = [event._entry() for event in events[:PAGE]]
        entries += [self._message_entry(message) for message in messages]
        entries += [self._attempt_entry(one) for one in messages.attempt_ids[:MESSAGES]]
        entries += [self._effect_entry(effect) for effect in messages.effect_ids[:MESSAGES]]
        entries.sort(key=lambda entry: (entry["at"], entry["rank"]))
        return {"title": correlation, "entries": entries, "more": False}

    def _entry(self):
        return {
            "key": f"event-{self.id}",
            "kind": "event",
            "rank": 3,
            "at": _moment(self.recorded_at),
            "tone": self.result if self.result != "ok" else "neutral",
            "title": self.sentence,
            "text": self.change_text or "",
            "open": ["hc.audit.event", self.id],
        }

    def _message_entry(self, message):
        sent = message.direction == "out"
        names = {"type": message.message_type_id.name, "system": message.system_id.name}
        title = (
            self.env._("%(type)s for %(system)s", **names)
            if sent
            else self.env._("%(type)s from %(system)s", **names)
        )
        return {
            "key": f"message-{message.id}",
            "kind": "out" if sent else "message",
            "rank": 0,
            "at": _moment(message.create_date),
            "tone": TONES.get(message.state, "neutral"),
            "title": title,
            "text": f"{message.channel_id.name} · {_label(message, 'state')}",
            "open": ["hc.message", message.id],
        }

    def _attempt_entry(self, attempt):
        text = self.env._("took %s ms", attempt.duration_ms or 0)
        return {
            "key": f"attempt-{attempt.id}",
            "kind": "attempt",
            "rank": 1,
            "at": _moment(attempt.started_at),
            "tone": TONES.get(attempt.outcome, "neutral"),
            "title": self.env._("Try: %s", _label(attempt, "outcome")),
            "text": f"{attempt.error_code}, {text}" if attempt.error_code else text,
            "open": ["hc.message", attempt.message_id.id],
        }

    def _effect_entry(self, effect):
        return {
            "key": f"effect-{effect.id}",
            "kind": "effect",
            "rank": 2,
            "at": _moment(effect.create_date),
            "tone": "ok",
            "title": effect.record_name or effect.res_model,
            "text": effect.role,
            "open": ["hc.effect", effect.id],
        }


def _moment(value):
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else ""


def _label(record, name):
    return dict(record._fields[name]._description_selection(record.env)).get(record[name], "")
