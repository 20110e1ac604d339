# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import logging
import os
from functools import partial

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import config

from ..engine import setup_catalog, setup_facts
from ..messaging.setup import CHECKS, Facts, worst
from ..messaging.setup.finding import ORDER, PAGE, About
from .hc_keyring import OPTION, VARIABLES

_logger = logging.getLogger(__name__)
READERS = (
    "healthcare_integration_base.group_integration_manager",
    "healthcare_integration_base.group_auditor",
)
RUNBOOK = "/healthcare_integration_base/static/runbook/{}.html"


class HcSetupCheck(models.AbstractModel):
    """Finds what an administrator got wrong, and says the fix.

    What is judged is in ``messaging/setup``, without Odoo. Another addon adds its own::

        class HcSetupCheck(models.AbstractModel):
            _inherit = "hc.setup.check"

            def _checks(self):
                return [*super()._checks(), self._check_my_partner]

    where a check is called without arguments and returns one finding, or several.
    """

    _name = "hc.setup.check"
    _description = "Set-up Check"

    def run(self):
        """Look at everything now.

        :return: ``checked_at`` (naive UTC), ``worst`` and ``findings``, the worst first: dicts
            of ``check``, ``area``, ``status`` (error, warning, unknown, ok), ``seen``, ``fix``
            and ``url``, the address of the page about it
        """
        if not self.env.user.has_groups(",".join(READERS)):
            raise AccessError(self.env._("The set-up is for integration managers and auditors."))
        findings = sorted(self._findings(), key=lambda one: ORDER.index(one.status))
        return {
            "checked_at": fields.Datetime.to_string(fields.Datetime.now()),
            "worst": str(worst(findings)),
            "findings": [self._line(one) for one in findings],
        }

    def _line(self, finding):
        return {
            "check": finding.check,
            "area": finding.area,
            "status": str(finding.status),
            "seen": finding.seen,
            "fix": finding.fix,
            "url": RUNBOOK.format(finding.page),
        }

    def _findings(self):
        for check in self._checks():
            yield from self._outcome(check)

    def _checks(self):
        """Callables that say what they find: a ``Finding``, or several.

        :return: list; to be extended
        """
        facts = self._facts()
        return [partial(check, facts) for check in CHECKS]

    def _outcome(self, check):
        """A check that fails is itself a finding, and keeps no other from being made."""
        try:
            with self.env.cr.savepoint():
                found = check()
                return [found] if hasattr(found, "status") else list(found)
        except Exception as error:
            name = getattr(getattr(check, "func", check), "__name__", "check")
            _logger.warning("The set-up check %s failed: %s", name, type(error).__name__)
            about = About(name, "Set-up check", PAGE)
            seen = f"The check itself failed ({type(error).__name__})."
            return [about.unknown(seen, "Odoo's log names it. Tell who maintains the addon.")]

    def _facts(self):
        """What the base's checks judge."""
        trail = self.env["hc.audit.event"]._schema_state()
        base_url = self.env["ir.config_parameter"].sudo().get_param("web.base.url") or ""
        return Facts(
            server=setup_facts.server_facts(),
            request=setup_facts.request_facts(base_url),
            key=self._key_facts(),
            postgres=setup_facts.postgres_facts(self.env.cr, "old_schema" in trail["weaker"]),
            clock=setup_facts.clock_facts(self.env.cr),
            catalog=setup_catalog.catalog_facts(self.env),
        )

    def _key_facts(self):
        ring = self.env["hc.keyring"]
        is_named = any(os.environ.get(name) for name in VARIABLES) or config.get(OPTION)
        given = ring._key_environment()
        try:
            ring._ring()
        except UserError:
            is_usable = False
        else:
            is_usable = True
        if VARIABLES[0] in given:
            return setup_facts.key_facts("variable", None, is_usable)
        origin = "file" if is_named else "made"
        return setup_facts.key_facts(origin, given[VARIABLES[1]], is_usable)
