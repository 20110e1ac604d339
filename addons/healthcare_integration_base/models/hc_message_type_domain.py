# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.tools import ormcache


class HcMessageType(models.Model):
    """Which data a message type is about, as its contract says."""

    _inherit = "hc.message.type"

    data_domain = fields.Char(
        "Data domain", compute="_compute_data_domain", help="As the contract says."
    )

    @api.depends("contract_module", "contract_path")
    def _compute_data_domain(self):
        for one in self:
            one.data_domain = one._data_domain(one.name)[0]

    @api.model
    @ormcache("name")
    def _data_domain(self, name):
        """:return: the domain of a type, or none, and the members of its data that together
        name the record which a message is about"""
        message_type = self._named(name)
        try:
            contract = message_type._contract()
        except (OSError, ValueError):
            return None, ()
        return contract.data_domain, contract.record

    @api.model
    def _ownable_fields(self, domain):
        """Members of the data of a domain that can be left out of an update.

        :param domain: code of it
        """
        found = set()
        for one in self.sudo().with_context(active_test=False).search([]):
            handler = one._handler_model()
            if handler is not None and one._data_domain(one.name)[0] == domain:
                found.update(handler._owned_fields)
        return sorted(found)
