# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re
from dataclasses import replace
from datetime import UTC

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..messaging.deprecation import Notice

VERSION = re.compile(r"(.+?)-v([0-9]+)")
AUTOMATIC = frozenset(models.MAGIC_COLUMNS)
LOCKED = frozenset({"format", "direction", "system_id", "code"})
"""What senders rely on: fixed once the channel has left review."""


class HcChannel(models.Model):
    """Versions of a channel, side by side, and what senders of an old one are told."""

    _inherit = "hc.channel"

    previous_id = fields.Many2one(
        "hc.channel",
        string="New version of",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    successor_id = fields.Many2one(
        "hc.channel",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="Takes its place. Senders are told its address once this channel is deprecated.",
    )
    changes_table = fields.Html("Changes", compute="_compute_changes_table", sanitize=False)

    def write(self, vals):
        locked = vals.keys() & LOCKED
        if locked and not self.env.su:
            self._check_unlocked(locked, vals)
        return super().write(vals)

    def _check_unlocked(self, names, vals):
        """Not a field that is written as it is."""
        for channel in self.filtered(lambda one: one.state not in ("draft", "in_review")):
            for name in names:
                now = channel[name].id if name == "system_id" else channel[name]
                if now != vals[name]:
                    raise UserError(
                        self.env._(
                            "Senders rely on %(field)s of a channel in use. Make a new version.",
                            field=self._fields[name]._description_string(self.env),
                        )
                    )

    def action_new_version(self):
        """Button: a draft copy that is to take this channel's place, with its mapping."""
        self.ensure_one()
        self.check_access("write")
        draft = self.copy({"code": self._next_code(), "name": self.name})
        draft._sudo_link_previous(self)
        active = self.mapping_ids.filtered(lambda one: one.state == "active")
        if active:
            active.copy({"channel_id": draft.id})
        draft._note_change("version", False, self.env._("Made of %s", self.code))
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def _next_code(self):
        """``supply-use`` → ``supply-use-v2`` → ``supply-use-v3``."""
        found = VERSION.fullmatch(self.code)
        base, number = (found[1], int(found[2])) if found else (self.code, 1)
        codes = self.with_context(active_test=False).search([("system_id", "=", self.system_id.id)])
        taken = set(codes.mapped("code"))
        while f"{base}-v{number + 1}" in taken:
            number += 1
        return f"{base}-v{number + 1}"

    def _sudo_link_previous(self, previous):
        """The links are closed to plain writes, so that nobody says what takes whose place."""
        self.sudo().previous_id = previous
        if not previous.successor_id:
            previous.sudo().successor_id = self

    # ------------------------------------------------------------------ the diff

    @api.depends(lambda self: self._compared_fields())
    def _compute_changes_table(self):
        for channel in self:
            channel.changes_table = channel._render_changes() if channel.previous_id else False

    @api.model
    def _compared_fields(self):
        """Settings that a copy takes along."""
        return [
            name
            for name, field in self._fields.items()
            if field.store and field.copy and field.type != "one2many" and name not in AUTOMATIC
        ]

    def _render_changes(self):
        rows = [
            {
                "title": self._fields[name]._description_string(self.env),
                "before": self.previous_id._shown(name),
                "after": self._shown(name),
            }
            for name in self._compared_fields()
            if self._has_field_access(self._fields[name], "read")
            and self.previous_id._shown(name) != self._shown(name)
        ]
        return self.env["ir.qweb"]._render(
            "healthcare_integration_base.channel_changes", {"rows": rows}
        )

    def _shown(self, name):
        """A setting as a person reads it."""
        field, value = self._fields[name], self[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        return "" if value in (False, None) else str(value)

    # ------------------------------------------------------------------ the wire

    def _wire_channel(self):
        config = super()._wire_channel()
        types = self.message_type_ids
        if self.state == "shadow":
            shadow = frozenset(config.types)
        else:
            shadow = types._wire_shadow()
        notices = {name: self._notices(types, name) for name in config.types}
        return replace(
            config,
            notices={name: told for name, told in notices.items() if told},
            shadow_types=shadow,
            paused_types=types._wire_paused(),
        )

    def _notices(self, types, name):
        """What a sender of a type is told: of the channel and of the type."""
        kind = types.filtered(lambda one: one.name == name)
        address = self.successor_id and self.successor_id.address
        contract = kind.successor_id and f"/hc/v1/contracts/{kind.successor_id.name}"
        found = [(self, address), (kind, contract)]
        return tuple(
            Notice(
                _utc(one.deprecated_at),
                (one.sunset_at and _utc(one.sunset_at)) or None,
                link or None,
            )
            for one, link in found
            if one.deprecated_at and one.state in ("deprecated", "paused")
        )


def _utc(moment):
    return moment.replace(tzinfo=UTC)
