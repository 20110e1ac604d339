# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import os

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..messaging.sealing.keys import FILE, FORMER_FILE, KeyFileError, from_files
from ..messaging.sealing.seeds import derived

OPTIONS = {FILE: "hc_audit_key_file", FORMER_FILE: "hc_audit_former_key_file"}


class HcKeyring(models.AbstractModel):
    """The key that signs checkpoints of the audit trail: a file of its own, which need not be
    where messages are received, else one derived from the master key (ADR 0027)."""

    _inherit = "hc.keyring"

    @api.model
    def _signing_keys(self):
        """The key that signs, and former ones that may vouch for it."""
        try:
            own, former = from_files(
                {
                    name: os.environ.get(name) or config.get(option) or ""
                    for name, option in OPTIONS.items()
                }
            )
        except KeyFileError as error:
            raise UserError(str(error)) from error
        keys = [derived(master) for master in (self._load_master(), *self._load_previous())]
        if own:
            return own, [*former, *keys]
        return keys[0], [*former, *keys[1:]]
