# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.tools import SQL

from .hc_pseudonym_finder import PATIENT

OPERATOR = "healthcare_integration_base.group_integration_operator"
VERSION_LIMIT = 100_000


class HcPseudonymFinderLedger(models.AbstractModel):
    """Patients in the ledger, and in legal holds."""

    _name = "hc.pseudonym.finder.ledger"
    _inherit = "hc.pseudonym.finder"
    _description = "Finding Messages by Pseudonym"

    @api.model
    def _domains(self):
        return frozenset({PATIENT})

    @api.model
    def _in_use(self, domain, pseudonyms):
        if domain != PATIENT or not pseudonyms:
            return set()
        rows = self.env.execute_query(
            SQL(
                """SELECT p FROM unnest(%s::text[]) AS p
                    WHERE EXISTS (SELECT 1 FROM hc_message m
                                   WHERE m.payload #>> '{patient,mrn}' = p)
                       OR EXISTS (SELECT 1 FROM hc_legal_hold h
                                   WHERE h.pseudonym = p AND h.state = 'active')""",
                list(pseudonyms),
            )
        )
        return {row[0] for row in rows}

    @api.model
    def _count_version(self, domain, version):
        if domain != PATIENT:
            return []
        rows = self.env.execute_query(
            SQL(
                r"""SELECT count(*) FROM (
                      SELECT DISTINCT m.payload #>> '{patient,mrn}' AS p FROM hc_message m
                       WHERE m.payload #>> '{patient,mrn}' LIKE %s
                       LIMIT %s) found
                     WHERE NOT EXISTS (SELECT 1 FROM hc_pseudonym_alias a WHERE a.known_as = p)""",
                rf"hcp{version}\_%",
                VERSION_LIMIT,
            )
        )
        return [(self.env._("Patients in messages"), rows[0][0])]

    @api.model
    def _places(self):
        if not self.env.user.has_group(OPERATOR):
            return []
        return [("ledger", self.env._("Messages"))]

    @api.model
    def _open(self, key, pseudonyms):
        domain = [("patient_ref", "in", sorted(pseudonyms))]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_hc_message"
        )
        name = self.env._("Messages of one patient")
        count = self.env["hc.message"].search_count(domain)
        return {**action, "name": name, "domain": domain, "context": {}}, count
