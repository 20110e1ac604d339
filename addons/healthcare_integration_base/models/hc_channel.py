# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .hc_system import CODE
from .wire_config import ChannelConfig

FORMATS = [("cloudevents", "CloudEvents (JSON)"), ("hl7v2", "HL7 v2"), ("fhir", "FHIR R4")]
STEPS = {
    "submit": (("draft",), "in_review"),
    "activate": (("in_review",), "active"),
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "retire": (("draft", "in_review", "active", "paused"), "retired"),
}


class HcChannel(models.Model):
    """One entry of the integration catalog: what comes from whom, how, and who answers
    for it."""

    _name = "hc.channel"
    _description = "Channel"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "mail.thread"]
    _asks_reason = True
    _order = "system_id, name, id"

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(
        required=True,
        tracking=True,
        help="Part of the address: /hc/v1/channels/<code>/messages. Lower case letters, "
        "digits and hyphens.",
    )
    system_id = fields.Many2one("hc.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    direction = fields.Selection(
        [("in", "Inbound"), ("out", "Outbound")], default="in", required=True
    )
    message_type_ids = fields.Many2many("hc.message.type", string="Message types", tracking=True)
    format = fields.Selection(
        FORMATS,
        default="cloudevents",
        required=True,
        tracking=True,
    )
    sync_mode = fields.Selection(
        [
            ("real_time", "Real time"),
            ("near_real_time", "Near real time"),
            ("scheduled_batch", "Scheduled batch"),
        ],
        string="Sync mode",
        default="near_real_time",
        required=True,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("in_review", "In review"),
            ("active", "Active"),
            ("paused", "Paused"),
            ("retired", "Retired"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    submitted_by_id = fields.Many2one("res.users", string="Submitted by", readonly=True, copy=False)
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )
    lane_id = fields.Many2one(
        "hc.lane",
        compute="_compute_lane_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        ondelete="restrict",
        help="What drains the channel's messages.",
    )
    owner_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False)]",
        tracking=True,
        help="Is assigned what the channel's messages need a person for.",
    )
    data_owner_id = fields.Many2one(
        "res.users", string="Data owner", domain="[('share', '=', False)]"
    )
    system_of_record = fields.Char(
        string="System of record", help="Who is authoritative for these data."
    )
    latency_target = fields.Integer(string="Latency target (s)", default=60)
    expected_per_day = fields.Integer(string="Expected per day")
    fallback = fields.Text(help="What people do while the channel is down.")
    runbook_url = fields.Char(string="Runbook")
    description = fields.Text()
    default_site_id = fields.Many2one(
        "hc.site",
        string="Default site",
        domain="[('system_id', '=', system_id)]",
        ondelete="restrict",
        help="Taken where a message names no site, as standards allow.",
    )
    max_age_days = fields.Integer(
        string="Oldest date (days)",
        default=365,
        help="Messages about something older wait for a person. 0: no limit.",
    )
    hl7_sending_application = fields.Char(string="MSH-3", help="Empty: any.")
    hl7_sending_facility = fields.Char(string="MSH-4", help="Empty: any.")
    retry_max_attempts = fields.Integer(string="Attempts", default=8)
    retry_base_seconds = fields.Integer(string="First wait (s)", default=10)
    retry_cap_seconds = fields.Integer(string="Longest wait (s)", default=3600)
    active = fields.Boolean(default=True)
    mapping_ids = fields.One2many("hc.channel.mapping", "channel_id", string="Mappings")
    mapping_version = fields.Integer(
        string="Mapping version", compute="_compute_mapping_version", help="0: none is active."
    )
    today_count = fields.Integer(string="Today", compute="_compute_traffic")
    review_count = fields.Integer(string="Review", compute="_compute_traffic")
    dead_count = fields.Integer(string="Dead", compute="_compute_traffic")
    address = fields.Char(compute="_compute_address")

    _code_uniq = models.UniqueIndex(
        "(system_id, code)", "The system has a channel with this code already."
    )
    _retry_sound = models.Constraint(
        "CHECK(retry_max_attempts BETWEEN 1 AND 100 AND retry_base_seconds >= 1"
        " AND retry_cap_seconds >= retry_base_seconds)",
        "A retry policy has 1 to 100 attempts, and its longest wait is not below the first.",
    )
    _age_sound = models.Constraint("CHECK(max_age_days >= 0)", "Days cannot be negative.")

    @api.depends("system_id.segment")
    def _compute_lane_id(self):
        lanes = self.env["hc.lane"].search([])
        for channel in self:
            segment = channel.system_id.segment
            if channel.lane_id.segment != segment:
                channel.lane_id = lanes.filtered(lambda lane, s=segment: lane.segment == s)[:1]

    @api.depends("code", "format")
    def _compute_address(self):
        doors = {"hl7v2": "/hc/v1/hl7v2", "fhir": "/hc/fhir/R4"}
        for channel in self:
            own = f"/hc/v1/channels/{channel.code or ''}/messages"
            channel.address = doors.get(channel.format, own)

    @api.depends("mapping_ids.state")
    def _compute_mapping_version(self):
        for channel in self:
            active = channel.mapping_ids.filtered(lambda one: one.state == "active")
            channel.mapping_version = active.version

    def _compute_traffic(self):
        midnight = fields.Datetime.now().replace(hour=0, minute=0, second=0)
        for name, domain in (
            ("today_count", [("create_date", ">=", midnight)]),
            ("review_count", [("state", "=", "review")]),
            ("dead_count", [("state", "=", "dead")]),
        ):
            groups = self.env["hc.message"]._read_group(
                [("channel_id", "in", self.ids), *domain], ["channel_id"], ["__count"]
            )
            counts = {channel.id: count for channel, count in groups}
            for channel in self:
                channel[name] = counts.get(channel.id, 0)

    @api.constrains("code")
    def _check_code(self):
        if not all(CODE.fullmatch(channel.code) for channel in self):
            raise ValidationError(
                self.env._("A code is made of lower case letters, digits and hyphens.")
            )

    @api.constrains("lane_id", "system_id")
    def _check_segment(self):
        for channel in self:
            if channel.lane_id.segment != channel.system_id.segment:
                raise ValidationError(
                    self.env._("The lane of %s serves another segment.", channel.name)
                )

    @api.constrains("default_site_id", "system_id")
    def _check_default_site(self):
        for channel in self.filtered("default_site_id"):
            if channel.default_site_id.system_id != channel.system_id:
                raise ValidationError(self.env._("The default site belongs to another system."))

    @api.constrains("format")
    def _check_mapped_format(self):
        if any(channel.mapping_version for channel in self):
            raise ValidationError(
                self.env._("A mapping of the channel is active, and was written for its format.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_step_forged(vals)
        channels = super().create(vals_list)
        channels.system_id._sudo_grant_groups()
        return channels

    def write(self, vals):
        self._check_step_forged(vals)
        systems = self.system_id
        result = super().write(vals)
        if vals.keys() & {"message_type_ids", "system_id", "active"}:
            (systems | self.system_id)._sudo_grant_groups()
        if vals.keys() & self._default_fields():
            self.env["hc.issue"]._fixed_many(
                "channel", [{"channel": channel.id} for channel in self]
            )
        return result

    def unlink(self):
        systems = self.system_id
        result = super().unlink()
        systems._sudo_grant_groups()
        return result

    def copy_data(self, default=None):
        data = super().copy_data(default)
        for channel, vals in zip(self, data, strict=True):
            if vals["code"] == channel.code:
                vals["code"] = f"{channel.code}-copy"
        return data

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env["hc.message"].search_count([("channel_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("A channel that carried messages is retired, not deleted."))

    def _check_step_forged(self, vals):
        """The state changes by its steps only, so that nobody approves their own work."""
        forged = vals.keys() & {"submitted_by_id", "approved_by_id"}
        if not self.env.su and (forged or vals.get("state", "draft") != "draft"):
            raise AccessError(self.env._("The state of a channel changes by its buttons."))

    def _default_fields(self):
        """Fields that stand in for what a message leaves out: set, they may be a fix."""
        return frozenset({"default_site_id", "max_age_days"})

    def _wire_options(self):
        """What the translators are told; domain addons add their policies.

        :return: dict of strings
        """
        self.ensure_one()
        site = self.default_site_id or self.system_id.site_ids[:1]
        return {"timezone": site.timezone or "UTC"}

    def _wire_channel(self):
        self.ensure_one()
        return ChannelConfig(
            id=self.id,
            code=self.code,
            format=self.format,
            state=self.state,
            direction=self.direction,
            lane_id=self.lane_id.id,
            shard_count=self.lane_id.shard_count,
            types=self.message_type_ids._wire_types(),
            hl7_sending_application=self.hl7_sending_application or "",
            hl7_sending_facility=self.hl7_sending_facility or "",
            max_age_days=self.max_age_days,
            default_company_id=self.default_site_id.company_id.id or None,
            options=self._wire_options(),
            mapping=self.mapping_ids.filtered(lambda one: one.state == "active")._wire_table(),
            is_foreign=self.system_id._is_foreign(),
            takes_tests=self.system_id.environment != "production",
        )

    def action_submit(self):
        """Button: ready to be looked at by somebody else."""
        self._step("submit", submitted_by_id=self.env.uid)

    def action_activate(self):
        """Button: approve, by somebody else than who submitted it."""
        if not self.env.su and self.env.user in self.submitted_by_id:
            raise UserError(
                self.env._("A channel is approved by somebody else than who submitted it.")
            )
        self._check_complete()
        self._step("activate", approved_by_id=self.env.uid)

    def action_retire(self):
        """Button: accept nothing any more, for good."""
        self._step("retire")

    def action_open_messages(self):
        """Button: what came over this channel."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": [("channel_id", "=", self.id)],
            "context": {},
        }

    def action_open_mappings(self):
        """Button: how this channel's messages are read."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_channel_mapping"
            ),
            "domain": [("channel_id", "=", self.id)],
            "context": {"default_channel_id": self.id},
        }

    def _check_complete(self):
        for channel in self:
            if not channel.message_type_ids:
                raise UserError(self.env._("%s takes no message type yet.", channel.name))

    def _step(self, name, **values):
        self.check_access("write")
        before, after = STEPS[name]
        if any(channel.state not in before for channel in self):
            raise UserError(self.env._("The channel is not in the right state for this."))
        self._sudo_set_state({"state": after, **values})

    def _sudo_set_state(self, values):
        """The state is closed to plain writes, and open to the checked steps above."""
        self.sudo().write(values)
