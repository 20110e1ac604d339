# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What invoice lines say: the service, its day and its number; nothing of a person."""

from odoo.tools import format_date

from odoo.addons.healthcare_integration_base.messaging.retention import short_of


class Labels:
    """Texts of services are looked up once for each language."""

    def __init__(self):
        self._services = {}

    def of(self, charge, is_whole):
        """Label of the line of a charge.

        :param is_whole: whether quantity and unit of the line are those of the charge.
        """
        head = self._service(charge.product_id, charge.payer_id.lang)
        if not is_whole:
            head = f"{head} ({charge.quantity:g} {charge.uom_id.name})"
        if charge.action == "credit":
            head = charge.env._("Credit: %s", head)
        day = format_date(charge.env, charge.service_day, lang_code=charge.payer_id.lang)
        # What is made of the id of an event says nothing to the payer.
        return f"{head}\n{day}" if "#" in charge.name else f"{head}\n{day} · {charge.name}"

    def _service(self, product, lang):
        key = (product.id, lang)
        if key not in self._services:
            spoken = product.with_context(lang=lang) if lang else product
            self._services[key] = spoken.get_product_multiline_description_sale()
        return self._services[key]

    def origin(self, charge):
        """The visit as its payer is told it: the beginning of its pseudonym."""
        if charge.encounter:
            return charge.env._("Visit %s", short_of(charge.encounter))
        return charge.patient_id.name or False
