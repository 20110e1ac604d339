# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..messaging.policy_fields import policy_fields


class HcMessageType(models.Model):
    _inherit = "hc.message.type"

    def _policy_fields(self):
        """Pointer -> :class:`messaging.policy_fields.PolicyField`; empty where the contract's
        addon is gone."""
        if len(self) != 1:
            return {}
        try:
            return policy_fields(self._contract())
        except (OSError, ValueError):
            return {}

    def _tolerated(self):
        """Own rules that the type's handler can live with; None where nothing handles it."""
        handler = self._handler_model() if self else None
        return None if handler is None else handler._tolerates

    def _policy_rows(self):
        """What lines of a policy say of the contracts' fields.

        :return: ``{(message type's id, pointer): values}``
        """
        return {
            (one.id, field.pointer): {
                "message_type_id": one.id,
                "sequence": number,
                "pointer": field.pointer,
                "label": field.label,
                "field_class": field.field_class,
                "contract_rule": field.rule,
            }
            for one in self
            for number, field in enumerate(one._policy_fields().values())
        }
