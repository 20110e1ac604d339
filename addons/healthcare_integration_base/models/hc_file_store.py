# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import os
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..messaging.errors import MessageError
from ..messaging.files.folder import Folder
from ..messaging.files.sftp import (
    Login,
    Sftp,
    fingerprint,
    parse_host_keys,
    parse_private_key,
)
from ..messaging.keyring import SealError

VARIABLE = "HC_FILE_ROOTS"
# Names of columns, no secrets.
SECRETS = {"password": "password_sealed", "private_key": "private_key_sealed"}  # nosec B105


class HcFileStore(models.Model):
    """A place where files of partners lie: a folder of this machine, or of an SFTP server.

    Folders are below a root that the administrator of the machine has allowed. A server is
    known by its host key beforehand. Secrets are sealed and never shown again.
    """

    _name = "hc.file.store"
    _description = "File Store"
    _inherit = ["hc.governed.mixin", "mail.thread", "hc.sealed.mixin"]
    _asks_reason = True
    _order = "name, id"
    _sealed_columns = tuple(SECRETS.values())

    name = fields.Char(required=True, tracking=True)
    uuid = fields.Char(required=True, readonly=True, copy=False, default=lambda self: str(uuid4()))
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [("folder", "Folder of this machine"), ("sftp", "SFTP server")],
        required=True,
        default="sftp",
        tracking=True,
    )
    path = fields.Char(
        "Folder",
        tracking=True,
        help="Of this machine: absolute, below a root that HC_FILE_ROOTS allows. Of a server: "
        "from its root, or from where the user arrives.",
    )
    host = fields.Char(tracking=True)
    port = fields.Integer(default=22, tracking=True)
    login = fields.Char("User", tracking=True)
    host_keys = fields.Text(
        "Host keys",
        tracking=True,
        help="Public keys of the server as the partner has told them, one on each line: "
        "ssh-ed25519 AAAA… A server that shows another one is not talked to.",
    )
    fingerprints = fields.Text(compute="_compute_fingerprints")
    password = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_password",
        groups="healthcare_integration_base.group_integration_manager",
        help="Sealed when it is saved, and never shown again.",
    )
    private_key = fields.Text(
        compute="_compute_secret",
        inverse="_inverse_private_key",
        groups="healthcare_integration_base.group_integration_manager",
        help="In OpenSSH or PEM form, without a passphrase. Sealed when it is saved, and never "
        "shown again. Taken rather than the password.",
    )
    password_sealed = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    private_key_sealed = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    has_password = fields.Boolean("Password is kept", compute="_compute_has_secret")
    has_private_key = fields.Boolean("Private key is kept", compute="_compute_has_secret")
    timeout = fields.Integer("Timeout (s)", default=15, required=True)
    allow_private = fields.Boolean(
        "Private address",
        tracking=True,
        help="The server is in your own network. Without this only public addresses are "
        "connected to.",
    )
    problem = fields.Char(compute="_compute_problem")
    active = fields.Boolean(default=True)
    job_ids = fields.One2many("hc.sync.job", "store_id", string="Jobs")

    _timeout_sound = models.Constraint(
        "CHECK(timeout BETWEEN 1 AND 300)", "A timeout is between 1 and 300 seconds."
    )
    _port_sound = models.Constraint(
        "CHECK(port BETWEEN 1 AND 65535)", "A port is between 1 and 65535."
    )

    @api.depends("host_keys")
    def _compute_fingerprints(self):
        for store in self:
            try:
                keys = parse_host_keys(store.host_keys or "")
            except ValueError:
                keys = []
            store.fingerprints = "\n".join(f"{kind} {fingerprint(blob)}" for kind, blob in keys)

    @api.depends("kind", "path")
    def _compute_problem(self):
        """What the machine's administrator has to do; told, and refused when it is used."""
        for store in self:
            try:
                store._open()
                store.problem = False
            except MessageError as error:
                store.problem = store._sentence(error)

    def _compute_secret(self):
        """Nobody reads a secret; the fields are there to be written."""
        for store in self:
            store.password = store.private_key = False

    def _compute_has_secret(self):
        for store in self:
            kept = store._sudo_sealed()
            store.has_password = bool(kept["password"])
            store.has_private_key = bool(kept["private_key"])

    def _inverse_password(self):
        self._seal("password")

    def _inverse_private_key(self):
        for store in self.filtered("private_key"):
            try:
                parse_private_key(store.private_key)
            except ValueError:
                raise ValidationError(
                    self.env._("This is no private key, or it has a passphrase.")
                ) from None
        self._seal("private_key")

    def _seal(self, name):
        for store in self:
            secret = store[name]
            store._sudo_keep_secret(name, secret)
            store[name] = False

    def _sudo_keep_secret(self, name, secret):
        """The columns of a secret are closed to everybody, the manager included."""
        sealed = False
        if secret:
            sealed = self.env["hc.keyring"]._ring().seal(secret.encode(), self._aad(name))
        self.sudo().write({SECRETS[name]: sealed})

    def _sudo_sealed(self):
        """See :meth:`_sudo_keep_secret`."""
        return {name: self.sudo()[column] for name, column in SECRETS.items()}

    def _aad(self, name):
        """Binds a sealed secret to its record and field: moved elsewhere it does not open."""
        return f"hc.file.store/{self.uuid}/{name}"

    def _sealed_aad(self, column):
        return self._aad(next(name for name, own in SECRETS.items() if own == column))

    @api.constrains("kind", "path", "host", "login", "host_keys")
    def _check_reachable(self):
        """What can be told without going there."""
        for store in self:
            if store.kind == "sftp" and not (store.host and store.login):
                raise ValidationError(self.env._("An SFTP server has a host and a user."))
            if store.kind == "sftp":
                try:
                    parse_host_keys(store.host_keys or "")
                except ValueError:
                    raise ValidationError(
                        self.env._(
                            "Enter the host keys of the server, as the partner has told them:"
                            " one on each line, such as ssh-ed25519 AAAA…"
                        )
                    ) from None
            try:
                store._open()
            except MessageError as error:
                # Roots are the machine's configuration, which may come after the store.
                if error.code != "file_root_not_allowed":
                    raise ValidationError(store._sentence(error)) from None

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_forged(vals)
        moved = not self.env.su and vals.keys() & {"host", "port", "login", "kind"}
        given = vals.get("password") or vals.get("private_key")
        result = super().write(vals)
        if moved and not given:
            # Whoever may change where a store is must not get its secret sent there.
            for name in SECRETS:
                self._sudo_keep_secret_of_all(name)
        return result

    def _sudo_keep_secret_of_all(self, name):
        """See :meth:`_sudo_keep_secret`."""
        self.sudo().write({SECRETS[name]: False})

    def _check_forged(self, vals):
        if not self.env.su and vals.keys() & {"uuid", *SECRETS.values()}:
            raise AccessError(self.env._("Secrets are sealed by the server."))

    def copy_data(self, default=None):
        return [
            {**vals, "name": self.env._("%s (copy)", vals["name"])}
            for vals in super().copy_data(default)
        ]

    # ------------------------------------------------------------------- opening

    @api.model
    def _roots(self):
        """Folders of this machine below which stores may be: the administrator's decision,
        so it is in the environment and not in the database."""
        text = os.environ.get(VARIABLE, "")
        return [root.strip().rstrip("/") for root in text.split(",") if root.strip()]

    @api.model
    def _suggested_folder(self, name):
        """A folder below the first root, for demo data."""
        return f"{next(iter(self._roots()), '/srv/exchange')}/{name}"

    def _open(self):
        """The store's files: :class:`~..messaging.files.folder.Folder` or
        :class:`~..messaging.files.sftp.Sftp`; nothing is connected to yet.

        :raise MessageError: says why it cannot be
        """
        self.ensure_one()
        if self.kind == "folder":
            return Folder(self.path or "", self._roots())
        return Sftp(self._login(), self.path or "")

    def _login(self):
        return Login(
            host=self.host or "",
            port=self.port,
            user=self.login or "",
            host_keys=self.host_keys or "",
            timeout=self.timeout,
            allow_private=self.allow_private,
            **{name: self._unsealed(name) for name in SECRETS},
        )

    def _unsealed(self, name):
        sealed = self._sudo_sealed()[name]
        if not sealed:
            return ""
        try:
            return self.env["hc.keyring"]._ring().open(sealed, self._aad(name)).decode()
        except SealError:
            raise MessageError("not_configured") from None

    def _sentence(self, error):
        return f"{error.spec.title} {error.spec.action}"

    def action_test(self):
        """Button: whether the store can be reached and its folder be read."""
        self.ensure_one()
        self.check_access("write")
        try:
            with self._open().session() as files:
                count = len(files.listing("*"))
        except MessageError as error:
            raise UserError(self._sentence(error)) from None
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("The store answers"),
                "message": self.env._("%s files are in its folder.", count),
            },
        }
