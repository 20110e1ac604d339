# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import replace

from odoo import api, fields, models
from odoo.tools import ormcache

from ..messaging.phone import Phones


class HcChannel(models.Model):
    """What of the contracts' fields a channel keeps (ADR 0022)."""

    _inherit = "hc.channel"

    policy_ids = fields.One2many("hc.field.policy", "channel_id", string="Field policies")
    policy_version = fields.Integer(
        string="Policy version",
        compute="_compute_policy_version",
        help="0: the rules of the contracts hold.",
    )

    @api.depends("policy_ids.state")
    def _compute_policy_version(self):
        for channel in self:
            channel.policy_version = channel._policy().version

    def _policy(self):
        """The version in force, if there is one."""
        return self.policy_ids.filtered(lambda one: one.state == "active")

    # --------------------------------------------------------------- contracts

    def _wire_channel(self):
        """Contracts are compiled with the policy once, so that it costs nothing per event."""
        config = super()._wire_channel()
        return replace(config, types=self._under_policy(config.types, self._policy()))

    def _under_policy(self, types, policy):
        """Contracts as the channel has them.

        :param types: ``name -> (message type's id, contract)``
        """
        if not policy and not any(contract.has_phones for _id, contract in types.values()):
            return types
        phones = self._phones()
        rules = {}
        for (kind, pointer), rule in policy._own_rules().items():
            rules.setdefault(kind, {})[pointer] = rule
        return {
            name: (kind, contract.under(rules.get(kind, {}), policy.version, phones))
            for name, (kind, contract) in types.items()
        }

    def _phones(self):
        """Numbers without a country code are dialled from the company of their facility, else
        of the channel's default site, else of the system."""
        company = self.default_site_id.company_id or self.system_id.company_id
        sites = self.system_id.site_ids.filtered(lambda site: not site.location_code)
        return Phones(
            company.country_id.code or "",
            {site.facility_code: site.company_id.country_id.code or "" for site in sites},
        )

    @ormcache("self.id", "message_type.id")
    def _contract_of(self, message_type):
        """The contract of a type as this channel has it; forgotten with the configuration of
        the web door."""
        types = {message_type.name: (message_type.id, message_type._contract())}
        [(_id, contract)] = self._under_policy(types, self._policy()).values()
        return contract

    # ------------------------------------------------------------------ screens

    def action_open_policies(self):
        """Button: versions of what this channel keeps."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_field_policy"
            ),
            "domain": [("channel_id", "=", self.id)],
            "context": {"default_channel_id": self.id},
        }

    def action_open_counts(self):
        """Button: what was not kept, day by day."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_field_count"
            ),
            "domain": [("channel_id", "=", self.id)],
            "context": {"search_default_lost": 1},
        }

    def action_open_preview(self):
        """Button: try a sample under the rules in force."""
        self.ensure_one()
        return self._preview_action(self.env["hc.field.policy"])

    def _preview_action(self, policy):
        self.env["hc.minimization.preview"]._check_right()
        self.check_access("read")
        name = policy.display_name if policy else self.display_name
        return {
            "type": "ir.actions.client",
            "tag": "hc_minimization_preview",
            "name": self.env._("Preview: %s", name),
            "params": {
                "channel": self.id,
                "channel_name": self.display_name,
                "policy": policy.id or False,
                "policy_name": policy.display_name if policy else False,
                "version": self.policy_version,
                "format": self.format,
                "format_name": dict(self._fields["format"]._description_selection(self.env))[
                    self.format
                ],
            },
        }
