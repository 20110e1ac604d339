# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re
import secrets

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import ormcache

from .wire_config import SystemConfig

CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
INTERNAL = "odoo"
SEGMENTS = [("clinical", "Clinical-adjacent"), ("enterprise", "Enterprise")]


class HcSystem(models.Model):
    """An external system: who sends or receives, on whose terms, with which rights."""

    _name = "hc.system"
    _description = "External System"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "mail.thread"]
    _asks_reason = True
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(
        required=True,
        copy=False,
        tracking=True,
        help="Short name in addresses and reports: lower case letters, digits and hyphens.",
    )
    kind = fields.Selection(
        [
            ("ehr", "Electronic health record"),
            ("lis", "Laboratory"),
            ("ris", "Radiology"),
            ("cabinet", "Dispensing cabinet"),
            ("scheduling", "Scheduling"),
            ("payer", "Payer"),
            ("bank", "Bank"),
            ("cmms", "Maintenance management"),
            ("supplier", "Supplier"),
            ("3pl", "Logistics provider"),
            ("biomed", "Medical devices"),
            ("other", "Other"),
        ],
        default="other",
        required=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Company of what the system's messages create, unless their site names another.",
    )
    segment = fields.Selection(
        SEGMENTS,
        default="enterprise",
        required=True,
        help="Traffic of the two segments is never drained together.",
    )
    environment = fields.Selection(
        [("production", "Production"), ("test", "Test")],
        default="test",
        required=True,
        tracking=True,
        help="A production system refuses messages that are marked as test or training.",
    )
    region = fields.Char(help="Where the system and its data are kept.")
    owner_id = fields.Many2one("res.users", domain="[('share', '=', False)]")
    third_party_terms = fields.Html(
        string="Third-party terms",
        help="What the contract with the provider says about the data, its use and its location.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Runs as",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        help="The system's own user. It owns what messages create and cannot log in.",
    )
    channel_ids = fields.One2many("hc.channel", "system_id", string="Channels")
    credential_ids = fields.One2many(
        "hc.credential",
        "system_id",
        string="Credentials",
        groups="healthcare_integration_base.group_integration_manager",
    )
    site_ids = fields.One2many("hc.site", "system_id", string="Sites")
    active = fields.Boolean(default=True)
    is_internal = fields.Boolean(
        string="Odoo itself",
        readonly=True,
        copy=False,
        help="Stands for what staff enter in Odoo. It is made when it is first needed, and "
        "nobody can send in its name.",
    )
    channel_count = fields.Integer(compute="_compute_counts")
    site_count = fields.Integer(compute="_compute_counts")
    credential_count = fields.Integer(
        compute="_compute_credential_count",
        groups="healthcare_integration_base.group_integration_manager",
    )
    identifier_count = fields.Integer(compute="_compute_counts")
    today_count = fields.Integer(string="Today", compute="_compute_traffic")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_traffic")
    review_count = fields.Integer(string="Review", compute="_compute_traffic")
    dead_count = fields.Integer(string="Dead", compute="_compute_traffic")
    health = fields.Selection(
        [("ok", "Running"), ("attention", "Needs attention"), ("failing", "Failing")],
        compute="_compute_health",
    )

    _code_uniq = models.UniqueIndex("(code)", "A system with this code exists already.")

    _internal_uniq = models.UniqueIndex(
        "(company_id) WHERE is_internal", "The company has its own system already."
    )

    @api.constrains("code")
    def _check_code(self):
        if not all(CODE.fullmatch(system.code) for system in self):
            raise ValidationError(
                self.env._("A code is made of lower case letters, digits and hyphens.")
            )

    @api.depends("credential_ids")
    def _compute_credential_count(self):
        self._assign_counts("credential_count", "hc.credential", [])

    @api.depends("channel_ids", "site_ids")
    def _compute_counts(self):
        for name, model in (
            ("channel_count", "hc.channel"),
            ("site_count", "hc.site"),
            ("identifier_count", "hc.identifier"),
        ):
            self._assign_counts(name, model, [])

    def _compute_traffic(self):
        midnight = fields.Datetime.now().replace(hour=0, minute=0, second=0)
        for name, domain in (
            ("today_count", [("create_date", ">=", midnight)]),
            ("waiting_count", [("state", "in", ("received", "queued", "retry"))]),
            ("review_count", [("state", "=", "review")]),
            ("dead_count", [("state", "=", "dead")]),
        ):
            self._assign_counts(name, "hc.message", domain)

    def _assign_counts(self, name, model, domain):
        groups = self.env[model]._read_group(
            [("system_id", "in", self.ids), *domain], ["system_id"], ["__count"]
        )
        counts = {system.id: count for system, count in groups}
        for system in self:
            system[name] = counts.get(system.id, 0)

    @api.depends("review_count", "dead_count")
    def _compute_health(self):
        for system in self:
            failing, attention = system.dead_count, system.review_count
            system.health = "failing" if failing else "attention" if attention else "ok"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_internal_forged(vals)
        systems = super().create(vals_list)
        for system in systems.filtered(lambda system: not system.user_id):
            system._sudo_create_user()
        return systems

    def write(self, vals):
        self._check_internal_forged(vals)
        result = super().write(vals)
        if vals.keys() & {"name", "company_id", "active"}:
            self._sudo_sync_users()
        return result

    def _governed_system(self):
        return self

    def _check_internal_forged(self, vals):
        if not self.env.su and vals.get("is_internal"):
            raise AccessError(self.env._("Which system is Odoo itself is not for you to say."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env["hc.message"].search_count([("system_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("A system that sent messages is archived, not deleted."))

    def unlink(self):
        users = self.user_id
        result = super().unlink()
        users._sudo_hc_systems().active = False
        return result

    def copy_data(self, default=None):
        data = super().copy_data(default)
        for system, vals in zip(self, data, strict=True):
            vals.setdefault("code", f"{system.code}-copy")
            vals["name"] = self.env._("%s (copy)", system.name)
        return data

    def _sudo_create_user(self):
        """An integration manager makes systems, but has no right to make users."""
        self.ensure_one()
        users = self.env["res.users"].sudo().with_context(no_reset_password=True)
        self.sudo().user_id = users.create(
            {
                "name": self.name,
                # Never one that a former installation of the addon has left archived.
                "login": f"hc-system-{self.code}-{secrets.token_hex(4)}",
                "is_hc_system": True,
                "company_id": self.company_id.id,
                "company_ids": [Command.set(self.company_id.ids)],
                "group_ids": [
                    Command.set(self.env.ref("healthcare_integration_base.group_system_user").ids)
                ],
            }
        )

    def _sudo_sync_users(self):
        """The system's user works in the companies of its sites, no others; the manager
        who changes a site has no right on users."""
        for system in self.sudo().with_context(active_test=False):
            companies = system.company_id | system.site_ids.company_id
            system.user_id.write(
                {
                    "name": system.name,
                    "active": system.active,
                    "company_ids": [Command.set(companies.ids)],
                    "company_id": system.company_id.id,
                }
            )

    @api.model
    def _sudo_internal(self, company):
        """The system "Odoo" of a company, made if there is none yet: who enters what happened
        in a ward has no right to make systems."""
        systems = self.sudo().with_context(active_test=False)
        found = systems.search([("is_internal", "=", True), ("company_id", "=", company.id)])
        if found:
            return found
        taken = systems.search_count([("code", "=", INTERNAL)], limit=1)
        return systems.create(
            {
                "name": "Odoo",
                "code": f"{INTERNAL}-{company.id}" if taken else INTERNAL,
                "kind": "other",
                "environment": "production",
                "company_id": company.id,
                "is_internal": True,
            }
        )

    def _sudo_grant_groups(self):
        """A system's user has what the handlers of its channels ask for, and no group of
        another handler; the integration manager who changes a channel has no right on
        users."""
        handlers = self.env["hc.message.handler"]
        ours = self.env.ref("healthcare_integration_base.group_system_user")
        granted_by_us = handlers._sudo_groups_of() - ours
        for system in self.sudo().exists():
            needed = handlers._sudo_groups_of(system.channel_ids.message_type_ids.mapped("handler"))
            held = system.user_id.group_ids
            changes = [Command.link(group.id) for group in needed - held]
            changes += [Command.unlink(group.id) for group in held & granted_by_us - needed]
            if changes:
                system.user_id.group_ids = changes

    @api.model
    @ormcache()
    def _wire_config(self):
        """Everything the web door needs to know: ``key_id -> CredentialConfig``."""
        return self._sudo_wire_config()

    def _sudo_wire_config(self):
        """The door asks before anybody is known; the value never leaves the server."""
        systems = self.sudo().search([])
        configs = {system.id: system._wire_system() for system in systems}
        credentials = self.env["hc.credential"].sudo()
        return {
            credential.key_id: credential._wire_credential(configs[credential.system_id.id])
            for credential in credentials.search(
                [("system_id", "in", systems.ids), ("is_issued", "=", True)]
            )
        }

    def _wire_system(self):
        facilities = self.site_ids.filtered(lambda site: not site.location_code)
        return SystemConfig(
            id=self.id,
            code=self.code,
            environment=self.environment,
            company_id=self.company_id.id,
            user_id=self.user_id.id,
            channels=tuple(channel._wire_channel() for channel in self.channel_ids),
            facilities={site.facility_code: site.company_id.id for site in facilities},
        )

    def action_open_channels(self):
        return self._open_records("action_hc_channel")

    def action_open_sites(self):
        return self._open_records("action_hc_site")

    def action_open_credentials(self):
        return self._open_records("action_hc_credential")

    def action_open_identifiers(self):
        return self._open_records("action_hc_identifier")

    def action_open_messages(self):
        return self._open_records("action_hc_message")

    def action_open_review(self):
        return self._open_records("action_hc_message", search_default_review=1)

    def action_open_dead(self):
        return self._open_records("action_hc_message", search_default_dead=1)

    def action_open_waiting(self):
        return self._open_records("action_hc_message", search_default_waiting=1)

    def action_open_today(self):
        return self._open_records("action_hc_message", search_default_today=1)

    def _open_records(self, action, **context):
        """The list of one system; what is seen there is decided by the user's rights."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                f"healthcare_integration_base.{action}"
            ),
            "domain": [("system_id", "=", self.id)],
            "context": {"default_system_id": self.id, **context},
        }
