# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg2

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

from ..engine.entry import entry
from ..engine.ledger import Group, Ledger
from ..engine.locks import lock_key, session_lock
from ..messaging import envelope, guard
from ..messaging.errors import MessageError
from ..messaging.ids import new_id
from .hc_lifecycle_mixin import APPROVED

SOURCE = "urn:hc:odoo"
MAKING = "hc.staff.entry"
LOCK_SECONDS = 5
BUSY = (
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.UniqueViolation,
)


class HcStaffEntry(models.AbstractModel):
    """What staff enter in Odoo, as events of the system "Odoo" like those of any other.

    A screen checks the rights of its domain and calls :meth:`_post`. What it enters goes
    through contract, ledger, lane and handler; the trail names the person who entered it.

    What is acknowledged is on disk before: all of this has transactions of its own. The
    present one does not see what they have made.
    """

    _name = "hc.staff.entry"
    _description = "What Staff Enter"

    @api.model
    def _channel(self, code, event_type, name):
        """Have the company's system "Odoo" take an event type, on a channel of this code.

        An existing channel is left as it is, paused or retired ones too, but takes the type
        afterwards.

        :param name: of the channel, when it has to be made
        :return: the code, for :meth:`_post`
        """
        channel = self._sudo_find(self.env, code)
        if event_type not in channel.message_type_ids.mapped("name"):
            with self._sudo_own_transaction() as env:
                self._sudo_make_once(env, code, event_type, name)
        return code

    @api.model
    def _post(self, channel_code, event_type, data, *, subject=None, event_id=None):
        """Enter one event.

        :param data: the event's data, as its contract describes them
        :param subject: of the event, an operational code; none if there is none
        :param event_id: number that the screen has given to this entry, so that what is sent
            twice (a second tap, a request that Odoo repeats) is entered once
        :return: uuid of the ``hc.message``
        :raise UserError: says what is wrong with it and what to do; nothing is kept then
        """
        try:
            event = self._event(event_type, data, subject, event_id)
            with self._sudo_own_transaction() as env:
                return self._sudo_keep(env, channel_code, event)
        except MessageError as error:
            raise UserError(self._sentence(error)) from None

    def _event(self, event_type, data, subject, event_id):
        """The canonical event, read from the JSON that another system would have sent."""
        body = {
            "specversion": "1.0",
            "id": event_id or new_id(),
            "source": SOURCE,
            "type": event_type,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
            **({"subject": subject} if subject else {}),
        }
        raw = json.dumps(body, default=str).encode()
        return envelope.parse_structured(guard.parse_json(raw), fallback_id=None)

    def _sudo_keep(self, env, channel_code, event):
        """Staff may enter what they cannot read in the ledger, which is the engine's."""
        channel = self._sudo_find(env, channel_code)
        if channel.state == "paused" and not channel.is_held:
            raise MessageError("paused")
        is_open = channel.state in APPROVED or channel.is_held
        if not (is_open and channel.active and channel.system_id.active):
            raise MessageError("type_not_accepted")
        system = channel.system_id._wire_system()
        config = next(one for one in system.channels if one.id == channel.id)
        group = Group([entry(config, event, env["hc.keyring"]._ring())])
        Ledger(env, system, actor=self.env.uid).store([group])
        if isinstance(group.result, MessageError):
            raise group.result
        return group.result[0].uuid

    def _sudo_find(self, env, code):
        """Who works in a ward has no right on the catalog."""
        return (
            env["hc.channel"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("system_id.is_internal", "=", True),
                    ("system_id.company_id", "=", self.env.company.id),
                    ("code", "=", code),
                ]
            )
        )

    def _sudo_make_once(self, env, *channel):
        """Whoever comes first makes it, the others wait for that; see :meth:`_sudo_find`."""
        with session_lock(env.cr, lock_key(MAKING), wait_seconds=LOCK_SECONDS) as held:
            if not held:
                raise self._busy()
            self._sudo_limit_waiting(env.cr)
            self._sudo_make(env, *channel)
            env.flush_all()
            env.cr.commit()  # pylint: disable=invalid-commit

    def _sudo_make(self, env, code, event_type, name):
        """See :meth:`_sudo_find`. Nobody else sends on this channel, so nobody approves it."""
        message_type = env["hc.message.type"].sudo()._named(event_type)
        if not message_type:
            raise UserError(self.env._("Nothing takes %s. Install the addon for it.", event_type))
        channel = self._sudo_find(env, code)
        if channel:
            channel.message_type_ids |= message_type
            return
        system = env["hc.system"]._sudo_internal(env["res.company"].browse(self.env.company.id))
        env["hc.channel"].sudo().create(
            {
                "name": name,
                "code": code,
                "system_id": system.id,
                "format": "cloudevents",
                "sync_mode": "real_time",
                "message_type_ids": message_type.ids,
                "state": "active",
            }
        )

    @contextmanager
    def _sudo_own_transaction(self):
        """An environment of the engine, committed at the end: its cursor commits, which the
        user's transaction must not."""
        self.env.flush_all()
        try:
            with self.env.registry.cursor() as cr:
                self._sudo_limit_waiting(cr)
                env = api.Environment(cr, SUPERUSER_ID, {})
                yield env
                env.flush_all()
        except BUSY:
            raise self._busy() from None

    def _sudo_limit_waiting(self, cr):
        """What the user's own transaction holds would be waited for without end."""
        cr.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])

    def _busy(self):
        return UserError(
            self.env._("Somebody else is entering the same at this moment. Try again.")
        )

    def _sentence(self, error):
        """Title and action of an error, and the fields of the contract that are wrong; never
        a value."""
        lines = [error.spec.title, error.spec.action]
        lines += [f"{field.pointer or '/'}: {field.rule}" for field in error.errors]
        return "\n".join(lines)
