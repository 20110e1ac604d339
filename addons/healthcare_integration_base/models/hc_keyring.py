# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import logging
import os
import secrets
from pathlib import Path

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import config, ormcache

from ..messaging.keyring import (
    KeyRing,
    KeyState,
    MasterKeyError,
    load_master,
    load_previous,
)

_logger = logging.getLogger(__name__)
VARIABLES = ("HC_MASTER_KEY", "HC_MASTER_KEY_FILE")
OPTION = "hc_master_key_file"
FOUNDING = "healthcare_integration.founding_key"
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
        """The keys, as the database says today which versions of them there are.

        :raise UserError: a key cannot be read, or one that is needed is not named
        """
        name, state = self.env.cr.dbname, self._key_state()
        ring = _rings.get(name)
        if ring is None or (ring.state is not state and ring.state != state):
            ring = _rings[name] = self._made(state)
        return ring

    def _made(self, state):
        master, *previous = self._masters()
        try:
            return KeyRing(master, previous, state)
        except MasterKeyError as error:
            raise UserError(
                self.env._(
                    "%s Name it with the former master keys, or see the documentation on what"
                    " to do when it is lost.",
                    error,
                )
            ) from None

    def _masters(self):
        """The present master key, then the former ones, the newest first."""
        return [self._load_master(), *self._load_previous()]

    @api.model
    @ormcache()
    def _key_state(self):
        """Which versions of keys there are: :class:`messaging.keyring.KeyState`."""
        return self._sudo_key_state()

    def _sudo_key_state(self):
        """Asked before anybody is known; none of it is secret."""
        finders = self.env["hc.pseudonym.finder"]._finders()
        return KeyState(
            founding=self.env["ir.config_parameter"].sudo().get_param(FOUNDING) or "",
            versions=self.env["hc.pseudonym.key"].sudo()._versions(),
            linked=frozenset().union(*(finder._domains() for finder in finders)),
        )

    @api.model
    def _sudo_remember_founding(self):
        """Write down which master key digests and first pseudonyms are made with, before a
        further one counts: from now on nothing works without it."""
        parameters = self.env["ir.config_parameter"].sudo()
        if not parameters.get_param(FOUNDING):
            parameters.set_param(FOUNDING, self._ring().founding_id)
            self.env["hc.pseudonym.key"]._forget_wire_config()

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
