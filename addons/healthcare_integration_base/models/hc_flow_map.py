# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

DAYS = 7


class HcFlowMap(models.AbstractModel):
    """The catalog as a picture: systems, their channels, and the documents they end in."""

    _name = "hc.flow.map"
    _description = "Flow Map"

    @api.model
    def read_map(self):
        """What the picture is drawn from, as far as the user may see it.

        :return: ``systems`` and ``channels`` with their states and counts, ``documents``
            (models of Odoo, by name), ``flows`` (channel, document, effects of seven days).
        """
        if not self.env.user.has_group("healthcare_integration_base.group_integration_viewer"):
            raise AccessError(self.env._("You may not see the integration catalog."))
        channels = self.env["hc.channel"].search([("state", "!=", "retired")])
        flows = self._flows(channels)
        return {
            "days": DAYS,
            "systems": [self._system(system) for system in channels.system_id.sorted("name")],
            "channels": [self._channel(one) for one in channels.sorted(self._place)],
            "documents": self._documents({model for _channel, model in flows}),
            "flows": [
                {"channel": channel, "document": model, "count": count}
                for (channel, model), count in flows.items()
            ],
        }

    @staticmethod
    def _place(channel):
        """Beside their systems, so that lines cross little."""
        return (channel.system_id.name or "", channel.direction, channel.name or "")

    @staticmethod
    def _system(system):
        kinds = dict(system._fields["kind"]._description_selection(system.env))
        return {
            "id": system.id,
            "name": system.name,
            "kind": kinds[system.kind],
            "segment": system.segment,
            "is_test": system.environment == "test",
            "health": system.health,
        }

    @staticmethod
    def _channel(channel):
        states = dict(channel._fields["state"]._description_selection(channel.env))
        return {
            "id": channel.id,
            "name": channel.name,
            "system": channel.system_id.id,
            "direction": channel.direction,
            "state": channel.state,
            "state_name": states[channel.state],
            "types": channel.message_type_ids.mapped("name"),
            "today": channel.today_count,
            "review": channel.review_count,
            "dead": channel.dead_count,
        }

    def _flows(self, channels):
        """How many effects each channel had of late, by the model of their documents."""
        self.env["hc.effect"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT m.channel_id, e.res_model, count(*) FROM hc_effect e"
                " JOIN hc_message m ON m.id = e.message_id"
                " WHERE m.channel_id = ANY(%s) AND e.company_id = ANY(%s)"
                " AND e.create_date > now() AT TIME ZONE 'UTC' - %s * interval '1 day'"
                " GROUP BY 1, 2 ORDER BY 1, 2",
                channels.ids,
                self.env.companies.ids,
                DAYS,
            )
        )
        return {(channel, model): count for channel, model, count in self.env.cr.fetchall()}

    def _documents(self, found):
        names = {model: self.env["ir.model"]._get(model).name or model for model in found}
        return [{"model": model, "name": names[model]} for model in sorted(names, key=names.get)]
