# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.tools import SQL

BILLING_USER = "hc_billing_bridge.group_billing_user"
IN_USE = {
    "patient": (
        "SELECT 1 FROM res_partner r WHERE r.hc_patient_ref = p",
        "SELECT 1 FROM hc_appointment a WHERE a.patient_ref = p",
        "SELECT 1 FROM hc_charge_gap g WHERE g.patient_ref = p",
    ),
    "encounter": (
        "SELECT 1 FROM hc_charge c WHERE c.encounter = p",
        "SELECT 1 FROM hc_message m WHERE m.payload ->> 'encounter' = p",
    ),
}
"""What is known by pseudonyms of a domain. Messages that are not handled yet are among it."""


class HcPseudonymFinderBilling(models.AbstractModel):
    """Patients and visits in accounts, charges and appointments."""

    _name = "hc.pseudonym.finder.billing"
    _inherit = "hc.pseudonym.finder"
    _description = "Finding Billing Records by Pseudonym"

    @api.model
    def _domains(self):
        return frozenset(IN_USE)

    @api.model
    def _in_use(self, domain, pseudonyms):
        if domain not in IN_USE or not pseudonyms:
            return set()
        found = SQL(" OR ").join(SQL("EXISTS (%s)", SQL(one)) for one in IN_USE[domain])
        rows = self.env.execute_query(
            SQL("SELECT p FROM unnest(%s::text[]) AS p WHERE %s", list(pseudonyms), found)
        )
        return {row[0] for row in rows}

    @api.model
    def _count_version(self, domain, version):
        pattern = f"hcp{version}\\_%"
        if domain == "patient":
            label, column, table = self.env._("Patient accounts"), "hc_patient_ref", "res_partner"
        elif domain == "encounter":
            label, column, table = self.env._("Visits with charges"), "encounter", "hc_charge"
        else:
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT count(DISTINCT r.%(column)s) FROM %(table)s r
                    WHERE r.%(column)s LIKE %(pattern)s AND NOT EXISTS (
                          SELECT 1 FROM hc_pseudonym_alias a WHERE a.known_as = r.%(column)s)""",
                column=SQL.identifier(column),
                table=SQL.identifier(table),
                pattern=pattern,
            )
        )
        return [(label, rows[0][0])]

    @api.model
    def _places(self):
        if not self.env.user.has_group(BILLING_USER):
            return []
        return [
            ("charges", self.env._("Charges")),
            ("appointments", self.env._("Appointments")),
            ("accounts", self.env._("Patient accounts")),
        ]

    @api.model
    def _open(self, key, pseudonyms):
        name, field = {
            "charges": ("action_hc_charge", "patient_id.hc_patient_ref"),
            "appointments": ("action_hc_appointment", "patient_ref"),
            "accounts": ("action_hc_patient_account", "hc_patient_ref"),
        }[key]
        action = self.env["ir.actions.act_window"]._for_xml_id(f"hc_billing_bridge.{name}")
        domain = [(field, "in", sorted(pseudonyms))]
        found = {
            "name": self.env._("%s of one patient", action["name"]),
            "domain": domain,
            "context": {},
        }
        return {**action, **found}, self.env[action["res_model"]].search_count(domain)
