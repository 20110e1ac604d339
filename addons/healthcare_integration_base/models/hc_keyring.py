# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import logging
import os
import secrets
from pathlib import Path

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..messaging.keyring import KeyRing, load_master, load_previous

_logger = logging.getLogger(__name__)
VARIABLES = ("HC_MASTER_KEY", "HC_MASTER_KEY_FILE")
OPTION = "hc_master_key_file"
PREVIOUS = ("HC_MASTER_KEY_PREVIOUS", "HC_MASTER_KEY_PREVIOUS_FILE")
PREVIOUS_OPTION = "hc_master_key_previous_file"
_rings: dict[str, KeyRing] = {}


class HcKeyring(models.AbstractModel):
    """Where this database's keys come from; never from the database.

    The environment comes first, then ``hc_master_key_file`` in Odoo's configuration, then
    a file in Odoo's data directory that is made once. Former keys, which only open what they
    have sealed, come from the same places by the names in ``PREVIOUS``. Read once per process.
    """

    _name = "hc.keyring"
    _description = "Keys of the Integration Layer"

    @api.model
    def _ring(self):
        name = self.env.cr.dbname
        if name not in _rings:
            _rings[name] = KeyRing(self._load_master(), self._load_previous())
        return _rings[name]

    @api.model
    def _forget(self):
        """Have the key read anew, after it was replaced."""
        _rings.pop(self.env.cr.dbname, None)

    def _load_master(self):
        try:
            return load_master(self._key_environment())
        except (OSError, ValueError) as error:
            raise UserError(
                self.env._(
                    "The master key of the integration layer cannot be read (%s). See "
                    "HC_MASTER_KEY_FILE in the documentation.",
                    type(error).__name__,
                )
            ) from error

    def _load_previous(self):
        given = {name: os.environ[name] for name in PREVIOUS if os.environ.get(name)}
        if not given and config.get(PREVIOUS_OPTION):
            given = {"HC_MASTER_KEY_PREVIOUS_FILE": config[PREVIOUS_OPTION]}
        try:
            return load_previous(given)
        except ValueError as error:
            raise UserError(
                self.env._(
                    "A former master key of the integration layer cannot be read. See "
                    "HC_MASTER_KEY_PREVIOUS in the documentation."
                )
            ) from error

    def _key_environment(self):
        given = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
        return given or {"HC_MASTER_KEY_FILE": config.get(OPTION) or str(self._key_file())}

    def _key_file(self):
        path = Path(config["data_dir"], "healthcare_integration", f"{self.env.cr.dbname}.key")
        if not path.exists():
            self._make_key_file(path)
        return path

    def _make_key_file(self, path):
        """Two processes may come here at once: one makes the file, both read it."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)))
        try:
            os.link(draft, path)
        except FileExistsError:
            _logger.info("Another process made the master key of the integration layer.")
        else:
            _logger.warning(
                "Made a master key for the integration layer in Odoo's data directory"
                " (healthcare_integration/%s). Back it up apart from the database: without it"
                " the secrets of all systems have to be issued anew.",
                path.name,
            )
        finally:
            draft.unlink()
