# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..messaging.mapping import Table


class HcChannelMapping(models.Model):
    """A version of how a channel reads its sender: fields of the contract <- places in the
    message, for a sender that fills its messages its own way.

    What is or was active is not edited: messages of the ledger name its version. A new
    version starts as a copy, and is activated by somebody else than its author.
    """

    _name = "hc.channel.mapping"
    _description = "Channel Mapping"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "mail.thread"]
    _order = "channel_id, version desc, id desc"

    channel_id = fields.Many2one("hc.channel", required=True, index=True, ondelete="cascade")
    system_id = fields.Many2one(related="channel_id.system_id", store=True, index=True)
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    format = fields.Selection(related="channel_id.format")
    message_type_ids = fields.Many2many(related="channel_id.message_type_ids")
    version = fields.Integer(readonly=True, copy=False, default=0)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    author_ids = fields.Many2many(
        "res.users", string="Authors", readonly=True, copy=False, help="All who have changed it."
    )
    activated_by_id = fields.Many2one(
        "res.users", string="Activated by", readonly=True, copy=False, tracking=True
    )
    activated_at = fields.Datetime(string="Activated", readonly=True, copy=False)
    retired_at = fields.Datetime(string="Retired", readonly=True, copy=False)
    reason = fields.Char(help="Why it is needed, for those who read it later.")
    line_ids = fields.One2many("hc.channel.mapping.line", "mapping_id", string="Fields", copy=True)
    line_count = fields.Integer(compute="_compute_line_count", string="Number of fields")

    _version_uniq = models.UniqueIndex(
        "(channel_id, version)", "This version of the channel's mapping exists already."
    )
    _one_active = models.UniqueIndex(
        "(channel_id) WHERE state = 'active'", "Another version of the mapping is active."
    )

    @api.depends("channel_id", "version")
    def _compute_display_name(self):
        for mapping in self:
            mapping.display_name = self.env._(
                "%(channel)s, version %(version)s",
                channel=mapping.channel_id.name or "",
                version=mapping.version,
            )

    @api.depends("line_ids")
    def _compute_line_count(self):
        for mapping in self:
            mapping.line_count = len(mapping.line_ids)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        mappings = super().create(self._numbered(vals_list))
        mappings._sudo_note_author()
        return mappings

    def write(self, vals):
        self._check_forged(vals)
        if vals.keys() & {"channel_id", "line_ids"}:
            self._check_part_changed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_draft()

    def _history_objects(self):
        lines = self.line_ids
        return (
            super()._history_objects()
            + lines._history_objects()
            + lines.value_ids._history_objects()
        )

    def _check_forged(self, vals):
        """The state changes by its steps only, so that nobody activates their own work."""
        steps = {"activated_by_id", "activated_at", "retired_at", "author_ids"}
        forged = vals.keys() & (steps | {"version"}) or vals.get("state", "draft") != "draft"
        if forged and not self.env.su:
            raise AccessError(self.env._("The state of a mapping changes by its buttons."))

    def _check_draft(self):
        if any(mapping.state != "draft" for mapping in self):
            raise UserError(
                self.env._(
                    "Messages were read by this version, so it stays as it is. "
                    "Make a new version and change that one."
                )
            )

    def _check_part_changed(self):
        """Lines are changed in drafts only, by authors."""
        if not self.env.su:
            self._check_draft()
            self._sudo_note_author()

    def _numbered(self, vals_list):
        """Versions of a channel count up, retired ones too."""
        channels = {vals.get("channel_id") for vals in vals_list}
        last = defaultdict(int)
        for channel, version in self.sudo()._read_group(
            [("channel_id", "in", list(channels))], ["channel_id"], ["version:max"]
        ):
            last[channel.id] = version
        numbered = []
        for vals in vals_list:
            last[vals.get("channel_id")] += 1
            numbered.append({**vals, "version": last[vals.get("channel_id")]})
        return numbered

    def action_new_version(self):
        """Button: a draft with the same lines."""
        self.ensure_one()
        self.check_access("write")
        draft = self.copy({"channel_id": self.channel_id.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_activate(self):
        """Button: read messages by this version from now on; the one before is retired."""
        self.ensure_one()
        self.check_access("write")
        self._check_draft()
        if not self.env.su and self.env.user in self.author_ids:
            raise UserError(
                self.env._("A mapping is activated by somebody else than who wrote it.")
            )
        if not self.line_ids:
            raise UserError(self.env._("The mapping has no field yet."))
        self.line_ids._check_rules()
        before = self.channel_id.mapping_ids.filtered(lambda one: one.state == "active")
        now = fields.Datetime.now()
        before._sudo_write({"state": "retired", "retired_at": now})
        before.flush_recordset()
        self._sudo_write({"state": "active", "activated_by_id": self.env.uid, "activated_at": now})
        self._trail("mapping.activated")

    def action_retire(self):
        """Button: read messages without a mapping from now on."""
        self.ensure_one()
        self.check_access("write")
        if self.state == "retired":
            raise UserError(self.env._("The mapping is retired already."))
        self._sudo_write({"state": "retired", "retired_at": fields.Datetime.now()})
        self._trail("mapping.retired")

    def _sudo_write(self, values):
        """Version and state are closed to plain writes, and open to the checked steps."""
        self.sudo().write(values)

    def _sudo_note_author(self):
        """Who has changed a draft does not activate it; see :meth:`_sudo_write`."""
        if not self.env.su:
            self.sudo().write({"author_ids": [Command.link(self.env.uid)]})

    def _trail(self, action):
        """Who changed how messages are read stands in the audit trail."""
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": mapping.state,
                    "object": f"{mapping._name},{mapping.id}",
                    "system_id": mapping.system_id.id,
                    "company_id": mapping.company_id.id,
                    "channel": mapping.channel_id.code,
                    "version": mapping.version,
                    "authors": mapping.sudo().author_ids.ids,
                }
                for mapping in self
            ]
        )

    def _wire_table(self):
        """The compiled table of an active version; none where there is none.

        A rule that no longer holds, after a change of the contract, takes no other down.
        """
        if not self:
            return None
        contracts = {
            name: contract
            for name, (_id, contract) in self.channel_id.message_type_ids._wire_types().items()
        }
        rules = [line._rule() for line in self.line_ids if line._holds(contracts)]
        return Table(self.version, self.channel_id.format, rules, contracts)
