# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
from collections import Counter
from dataclasses import replace

from odoo import api, models
from odoo.exceptions import AccessError

from ..messaging import sample
from ..messaging.errors import MessageError
from ..messaging.preview import preview

_logger = logging.getLogger(__name__)
MANAGER = "healthcare_integration_base.group_integration_manager"
OFFICER = "healthcare_integration_base.group_privacy_officer"


class HcMinimizationPreview(models.AbstractModel):
    """What would be kept of a sample. The sample lives in memory only: it is in no record, not
    even a transient one, and comes by a route of its own, because Odoo can be told to log the
    arguments of methods that are called over RPC.
    """

    _name = "hc.minimization.preview"
    _description = "Preview of Minimization"

    def _check_right(self):
        """Managers and privacy officers."""
        user = self.env.user
        if not (self.env.su or user.has_group(MANAGER) or user.has_group(OFFICER)):
            raise AccessError(
                self.env._("Samples are tried by integration managers and privacy officers.")
            )

    @api.model
    def _preview(self, channel, policy, text):
        """Minimize a sample under a channel's rules, or those of a version of its policy.

        :return: dict: ``events`` and what was ``unread``, or ``error`` with code, sentences and
            the rules that are broken, never a value
        """
        self._check_right()
        channel.check_access("read")
        policy.check_access("read")
        try:
            result = self._sudo_result(channel, policy, text)
        except MessageError as error:
            result = {"error": self._told(error)}
        except Exception as error:  # its text may hold what was pasted
            _logger.error("The preview failed: %s", type(error).__name__)
            result = {"error": self._told(MessageError("internal_error"))}
        self._trail(channel, policy, result)
        return result

    def _sudo_result(self, channel, policy, text):
        """The rules are read as the web door reads them, whoever asks; rights were checked."""
        channel = channel.sudo()
        config = channel._wire_channel()
        if policy:
            plain = channel.message_type_ids._wire_types()
            config = replace(config, types=channel._under_policy(plain, policy.sudo()))
        ring = self.env["hc.keyring"]._ring()
        found = [
            preview(event, config.types[event.type][1], ring, config.mapping)
            for event in sample.events(text, config.format, config.types, config.options)
        ]
        return {
            "events": [self._event(one) for one in found],
            "unread": self._unread(text, config.format, found),
        }

    def _unread(self, text, kind, found):
        """What of a message of a standard no event has."""
        if kind == "cloudevents":
            return []
        read = {row.raw for one in found for row in (*one.attributes, *one.values)}
        return [{"path": path, "raw": raw} for path, raw in sample.unread(text, kind, read)]

    def _event(self, found):
        return {
            "type": found.prepared.type,
            "ignored": found.prepared.ignored,
            "attributes": [self._row(one) for one in found.attributes],
            "values": [self._row(one) for one in found.values],
        }

    def _row(self, one):
        return {
            "path": one.path,
            "raw": one.raw,
            "kept": one.kept,
            "rule": one.rule,
            "name": self._names()[one.rule],
            "why": self._reasons()[one.rule],
        }

    def _names(self):
        """What was done, in a word."""
        return {
            "keep": self.env._("Kept"),
            "form": self.env._("One form"),
            "default": self.env._("Default"),
            "last4": self.env._("Last four"),
            "year": self.env._("Year"),
            "pseudonymize": self.env._("Pseudonym"),
            "mask": self.env._("Masked"),
            "surrogate": self.env._("Surrogate"),
            "drop": self.env._("Dropped"),
            "unnamed": self.env._("Dropped"),
            "condition": self.env._("Dropped"),
            "no_phone": self.env._("Dropped"),
        }

    def _reasons(self):
        """And why, in a sentence."""
        return {
            "keep": "",
            "form": self.env._("Kept in the one form that such values have."),
            "default": self.env._("Stands for what is missing."),
            "last4": self.env._("The last four letters or digits are kept, of at least eight."),
            "year": self.env._("The year is kept."),
            "pseudonymize": self.env._("The same value has the same pseudonym in its domain."),
            "mask": self.env._("Only that there was a value is kept."),
            "surrogate": self.env._("It names a person of the same message."),
            "drop": self.env._("By the rule of the field; counted under its name."),
            "unnamed": self.env._("The contract does not name it; counted as *."),
            "condition": self.env._("Kept beside other values of its neighbour only."),
            "no_phone": self.env._("It is no telephone number that can be dialled."),
        }

    def _told(self, error):
        """Code and sentences, and fields of the contract."""
        return {
            "code": error.code,
            "title": error.spec.title,
            "action": error.spec.action,
            "fields": [{"pointer": one.pointer or "/", "rule": one.rule} for one in error.errors],
        }

    def _trail(self, channel, policy, result):
        """That somebody tried, and how much; nothing of it."""
        rules = Counter(
            one["rule"] for event in result.get("events", ()) for one in event["values"]
        )
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "minimization.previewed",
                    "outcome": "refused" if "error" in result else "shown",
                    "object": f"hc.channel,{channel.id}",
                    "system_id": channel.system_id.id,
                    "company_id": channel.company_id.id,
                    "code": result.get("error", {}).get("code"),
                    "policy": policy.version or channel.policy_version,
                    "events": len(result.get("events", ())),
                    "values": dict(rules),
                    "unread": len(result.get("unread", ())),
                }
            ]
        )
