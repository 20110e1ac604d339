# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from markupsafe import Markup

from odoo import fields, models

from ..messaging.contract_fields import UNNAMED
from .hc_field_policy_line import CLASSES, RULE_NAMES

COLOURS = {
    "operational": "info",
    "personal": "warning",
    "clinical": "danger",
    "secret": "danger",  # nosec B105: a colour
}
SPANS = (7, 30)


class HcChannel(models.Model):
    """What a channel keeps and what it did not keep, as a person reads it."""

    _inherit = "hc.channel"

    minimization_table = fields.Html(
        compute="_compute_minimization_table", string="Fields", sanitize=False
    )

    def _compute_minimization_table(self):
        for channel in self:
            own = channel._policy()._own_rules()
            sums = [self.env["hc.field.count"]._sums(channel, days) for days in SPANS]
            channel.minimization_table = Markup("").join(
                channel._type_table(kind, own, sums) for kind in channel.message_type_ids
            )

    def _type_table(self, kind, own, sums):
        head = (
            self.env._("Field"),
            self.env._("Class"),
            self.env._("Contract"),
            self.env._("Own rule"),
            self.env._("Not kept, 7 days"),
            self.env._("30 days"),
        )
        rows = [
            self._field_row(field, own.get((kind.id, field.pointer)), sums, kind)
            for field in kind._policy_fields().values()
        ]
        seen = [sum_.get((kind.id, UNNAMED), (0, 0))[0] for sum_ in sums]
        return Markup(
            '<h4 class="mt-3">%s <small class="text-muted">%s</small></h4>'
            '<div class="table-responsive"><table class="table table-sm o_hc_contract">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (
            kind.name,
            self.env._("%(week)s messages in 7 days, %(month)s in 30", week=seen[0], month=seen[1]),
            Markup("").join(
                Markup("<th%s>%s</th>") % (self._align(number), title)
                for number, title in enumerate(head)
            ),
            Markup("").join([*rows, self._other_row(sums, kind)]),
        )

    @staticmethod
    def _align(column):
        return Markup(' class="text-end"') if column > 3 else ""

    def _field_row(self, field, own, sums, kind):
        classes = dict(CLASSES)
        return Markup(
            '<tr><td><code class="text-body">%s</code><div class="text-muted small">%s</div></td>'
            '<td><span class="badge text-bg-%s">%s</span></td><td>%s</td><td>%s</td>%s</tr>'
        ) % (
            field.pointer,
            field.label,
            COLOURS.get(field.field_class, "danger"),
            classes.get(field.field_class, field.field_class),
            RULE_NAMES[field.rule],
            Markup("<strong>%s</strong>") % RULE_NAMES[own] if own else "",
            self._lost(field.pointer, sums, kind),
        )

    def _other_row(self, sums, kind):
        """Of what the contract does not name only the number is known."""
        return Markup(
            '<tr><td><code class="text-body">*</code><div class="text-muted small">%s</div></td>'
            "<td></td><td>%s</td><td></td>%s</tr>"
        ) % (
            self.env._("What the contract does not name"),
            RULE_NAMES["drop"],
            self._lost(UNNAMED, sums, kind),
        )

    @staticmethod
    def _lost(pointer, sums, kind):
        counts = (sum_.get((kind.id, pointer), (0, 0))[1] for sum_ in sums)
        return Markup("").join(
            Markup('<td class="text-end">%s</td>')
            % (count or Markup('<span class="text-muted">0</span>'))
            for count in counts
        )
