# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcMasterKey(models.AbstractModel):
    """What cannot be made anew under another master key, and so needs its own (ADR 0024)."""

    _inherit = "hc.master.key"

    @api.model
    def _needed(self, ring):
        needed = super()._needed(ring)
        reasons = {ring.founding_id: [self.env._("digests, and the first pseudonyms")]}
        for domain, versions in sorted(ring.state.versions.items()):
            for version in versions:
                if version.master:
                    what = self.env._(
                        "pseudonyms of %(domain)s, version %(version)s",
                        domain=domain,
                        version=version.number,
                    )
                    reasons.setdefault(version.master, []).append(what)
        for key, told in reasons.items():
            if key != ring.sealing_id:
                needed[key] = ", ".join([*filter(None, [needed.get(key)]), *told])
        return needed

    @api.model
    def _rotate(self, tell=None):
        """The founding key is written down first: from now on another one counts as well."""
        with self.env.registry.cursor() as cr:
            self.env(cr=cr)["hc.keyring"]._sudo_remember_founding()
        return super()._rotate(tell)
