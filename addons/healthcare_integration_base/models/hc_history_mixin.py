# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from lxml.builder import E

from odoo import api, models

READERS = (
    "healthcare_integration_base.group_auditor,"
    "healthcare_integration_base.group_integration_manager"
)


class HcHistoryMixin(models.AbstractModel):
    """Records of which the audit trail tells something, and the button that shows it.

    The button is put into every form of the model, so that no view has to name it.
    """

    _name = "hc.history.mixin"
    _description = "Has a History in the Audit Trail"

    _history_prefix = None
    """What stood before the number in trails of former versions, if not the model's name."""

    def _history_objects(self):
        """How the trail names these records; models that it names otherwise extend this."""
        former = self._history_prefix or self._name
        return [
            name
            for record in self
            for name in (f"{record._name},{record.id}", f"{former}/{record.id}")
        ]

    def action_open_history(self):
        """Button: what the audit trail says about the record."""
        self.ensure_one()
        self.env["hc.audit.event"].check_access("read")
        self.check_access("read")
        title = self.env._("History of %s", self.display_name)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_audit_event"
            ),
            "name": title,
            "display_name": title,
            "domain": [("object", "in", self._history_objects())],
            "context": {},
        }

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            self._add_history_button(arch)
        return arch, view

    def _add_history_button(self, arch):
        """At the end of the button box, which is made where the form has none."""
        sheet = arch.find(".//sheet")
        if sheet is None:
            return
        box = sheet.find("div[@name='button_box']")
        if box is None:
            box = E.div({"class": "oe_button_box"}, name="button_box")
            sheet.insert(0, box)
        box.append(
            E.button(
                {"class": "oe_stat_button"},
                name="action_open_history",
                type="object",
                icon="fa-history",
                string=self.env._("History"),
                invisible="not id",
                groups=READERS,
            )
        )
