# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from functools import partial

from odoo import api, models

from ..engine.supply import look_again


class HcIssue(models.Model):
    """Both sides of a mapping that is supplied just while its message is handled; why both
    are needed stands in :mod:`..engine.supply`."""

    _inherit = "hc.issue"

    @api.model
    def _fixed_many(self, kind, keys_list):
        """Resume what waits now, and look again when the fix is committed."""
        result = super()._fixed_many(kind, keys_list)
        registry = self.env.registry
        if keys_list and registry.ready:
            self.env.cr.postcommit.add(partial(look_again, registry, kind, keys_list))
        return result

    @api.model
    def _supply_stamp(self, system_id, channel_id, fix):
        """What stands in the database for a fix, as a value that changes with it.

        Domain addons answer for their own records (kind ``record``).
        """
        makers = {
            "identifier": self._stamp_identifier,
            "site": self._stamp_site,
            "channel": self._stamp_channel,
            "ownership": self._stamp_ownership,
        }
        maker = makers.get(fix.kind)
        return maker(system_id, channel_id, fix) if maker else None

    def _stamp_identifier(self, system_id, _channel_id, fix):
        return self._stamp_of(
            "hc.identifier",
            [
                ("system_id", "=", system_id),
                ("namespace", "=", fix.namespace),
                ("code_system", "=", fix.code_system),
                ("value", "=", fix.value),
            ],
        )

    def _stamp_site(self, system_id, _channel_id, fix):
        return self._stamp_of(
            "hc.site",
            [
                ("system_id", "=", system_id),
                ("facility_code", "=", fix.facility),
                ("location_code", "in", [fix.value, False]),
            ],
        )

    def _stamp_channel(self, _system_id, channel_id, _fix):
        return self._stamp_of("hc.channel", [("id", "=", channel_id)])

    def _stamp_of(self, model, domain):
        records = self.env[model].search_fetch(domain, ["write_date"], order="id")
        return tuple((record.id, record.write_date) for record in records)
