# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta
from ipaddress import ip_address

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..messaging import networks
from ..messaging.keyring import SealError
from ..messaging.mllp import DEFAULT_LIMIT
from ..mllp import tls
from ..mllp.port_config import PortConfig, TlsConfig

SILENT_AFTER = timedelta(seconds=90)
FIGURES = frozenset(
    {
        "server_state",
        "server_problem",
        "seen_at",
        "open_count",
        "connection_count",
        "refused_count",
        "message_count",
        "rejected_count",
        "last_connection_at",
        "last_message_at",
    }
)


class HcMllpPort(models.Model):
    """A TCP port on which ``odoo hc_mllp`` takes HL7 v2 messages of one system.

    Without mutual TLS only the addresses of the list may connect, and all that comes is the
    system's. With it, the client's certificate says whose messages come.
    """

    _name = "hc.mllp.port"
    _description = "MLLP Port"
    _inherit = ["hc.governed.mixin", "hc.sealed.mixin"]
    _asks_reason = True
    _order = "system_id, port, id"
    _sealed_columns = ("private_key_sealed",)

    name = fields.Char(required=True)
    system_id = fields.Many2one(
        "hc.system",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_internal', '=', False)]",
        help="Whose messages come here, and as whose user they are handled.",
    )
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    bind_address = fields.Char(
        string="Listens on",
        default="127.0.0.1",
        required=True,
        help="Address of the server's network card; 0.0.0.0 or :: for all of them.",
    )
    port = fields.Integer(default=2575, required=True, help="2575 is registered for HL7.")
    allowed_addresses = fields.Text(
        string="May connect from",
        help="One address or network (10.1.2.0/24) on a line. Without client certificates "
        "nobody else may connect, and the port cannot be enabled while the list is empty.",
    )
    state = fields.Selection(
        [("disabled", "Disabled"), ("enabled", "Enabled")],
        default="disabled",
        required=True,
        readonly=True,
        copy=False,
    )
    use_tls = fields.Boolean(string="TLS")
    certificate = fields.Text(
        string="Certificate (PEM)", help="The server's certificate and those between it and its CA."
    )
    private_key = fields.Text(
        string="New private key (PEM)",
        compute="_compute_private_key",
        inverse="_inverse_private_key",
        groups="healthcare_integration_base.group_integration_manager",
        help="Kept encrypted, and never shown again.",
    )
    private_key_sealed = fields.Char(copy=False, prefetch=False, groups=fields.NO_ACCESS)
    has_private_key = fields.Boolean(string="Private key is kept", readonly=True, copy=False)
    certificate_file = fields.Char(help="Path on the server, read anew when it changes.")
    private_key_file = fields.Char(help="Path on the server; readable by Odoo's user only.")
    client_ca = fields.Text(
        string="Client CA (PEM)",
        help="With it, clients need a certificate of this authority that is in the list below.",
    )
    client_ids = fields.One2many("hc.mllp.client", "port_id", string="Client certificates")
    max_connections = fields.Integer(string="Connections at most", default=250)
    max_bytes = fields.Integer(string="Bytes of a message at most", default=DEFAULT_LIMIT)
    idle_seconds = fields.Integer(
        string="Closed when idle for",
        default=3600,
        help="Seconds without a message. Senders connect again by themselves.",
    )
    block_seconds = fields.Integer(
        string="A message may take",
        default=60,
        help="Seconds from its first byte to its last; a connection that takes longer is closed.",
    )
    server_state = fields.Selection(
        [("listening", "Listening"), ("failed", "Failed")], readonly=True, copy=False
    )
    server_problem = fields.Char(string="Problem", readonly=True, copy=False)
    seen_at = fields.Datetime(string="Server seen", readonly=True, copy=False)
    status = fields.Selection(
        [
            ("disabled", "Disabled"),
            ("waiting", "No server"),
            ("listening", "Listening"),
            ("failed", "Failed"),
        ],
        compute="_compute_status",
    )
    open_count = fields.Integer(string="Open connections", readonly=True, copy=False)
    connection_count = fields.Integer(string="Connections", readonly=True, copy=False)
    refused_count = fields.Integer(string="Refused connections", readonly=True, copy=False)
    message_count = fields.Integer(string="Accepted messages", readonly=True, copy=False)
    rejected_count = fields.Integer(string="Refused messages", readonly=True, copy=False)
    last_connection_at = fields.Datetime(string="Last connection", readonly=True, copy=False)
    last_message_at = fields.Datetime(string="Last message", readonly=True, copy=False)

    _address_uniq = models.UniqueIndex(
        "(bind_address, port)", "Another record has this address and port already."
    )
    _port_range = models.Constraint(
        "CHECK(port BETWEEN 1 AND 65535)", "A port is a number from 1 to 65535."
    )
    _limits = models.Constraint(
        "CHECK(max_connections BETWEEN 1 AND 10000 AND max_bytes BETWEEN 1024 AND 2000000"
        " AND idle_seconds BETWEEN 5 AND 604800 AND block_seconds BETWEEN 1 AND 3600)",
        "Connections: 1 to 10,000. Bytes: 1,024 to 2,000,000. Idle: 5 seconds to 7 days. "
        "A message: 1 second to 1 hour.",
    )

    @api.depends("state", "server_state", "seen_at")
    def _compute_status(self):
        now = fields.Datetime.now()
        for port in self:
            if port.state != "enabled":
                port.status = "disabled"
            elif not port.seen_at or now - port.seen_at > SILENT_AFTER:
                port.status = "waiting"
            else:
                port.status = port.server_state or "waiting"

    def _compute_private_key(self):
        self.private_key = False

    def _inverse_private_key(self):
        for port in self.filtered("private_key"):
            port._sudo_keep_key(port.private_key)
        # Who has entered it does not get it back either.
        self.invalidate_recordset(["private_key"], flush=False)

    def _sudo_keep_key(self, text):
        """The column of a secret is closed to everybody, the manager included."""
        ring = self.env["hc.keyring"]._ring()
        sealed = ring.seal(text.encode(), self._key_aad())
        self.sudo().write({"private_key_sealed": sealed, "has_private_key": True})

    def _key_aad(self):
        return f"hc.mllp.port/{self.id}/private_key"

    def _sealed_aad(self, column):
        return self._key_aad()

    # -------------------------------------------------------------------- rules

    @api.constrains("bind_address")
    def _check_bind_address(self):
        for port in self:
            try:
                ip_address(port.bind_address)
            except ValueError:
                raise ValidationError(
                    self.env._("Listen on an address of this server, such as 127.0.0.1.")
                ) from None

    @api.constrains("allowed_addresses")
    def _check_allowed_addresses(self):
        for port in self:
            try:
                networks.parse(port.allowed_addresses or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._("The list of addresses is wrong: %s.", error)
                ) from None

    @api.constrains("system_id")
    def _check_system(self):
        if any(port.system_id.is_internal for port in self):
            raise ValidationError(self.env._("Nobody sends in Odoo's own name."))

    @api.constrains(
        "state",
        "allowed_addresses",
        "use_tls",
        "client_ca",
        "certificate",
        "certificate_file",
        "private_key_file",
        "private_key_sealed",
    )
    def _check_enabled(self):
        for port in self.filtered(lambda port: port.state == "enabled"):
            if problem := port._obstacle():
                raise ValidationError(problem)

    def _obstacle(self):
        """Why the port cannot be enabled; none where it can."""
        mutual = self.use_tls and self.client_ca
        if not mutual and not networks.parse(self.allowed_addresses or ""):
            return self.env._(
                "Say who may connect: without client certificates, a port whose list of "
                "addresses is empty would be open to nobody or to everybody."
            )
        if self.use_tls:
            return self._tls_obstacle()
        if self.client_ca:
            return self.env._("Client certificates need TLS.")
        return None

    def _tls_obstacle(self):
        kept = self.certificate and self.has_private_key
        named = self.certificate_file and self.private_key_file
        if not kept and not named:
            return self.env._("TLS needs a certificate and its private key, kept here or in files.")
        if kept:
            try:
                tls.context(self._sudo_tls())
            except (OSError, ValueError) as error:
                reason = tls.reason(error)
                return self.env._("Certificate and private key cannot be used: %s.", reason)
        return None

    # ------------------------------------------------------------------ changes

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_forged(vals)
        return super().write(vals)

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | FIGURES

    def _history_objects(self):
        return super()._history_objects() + self.client_ids._history_objects()

    def _check_forged(self, vals):
        """Figures and state of the server are its own."""
        if not self.env.su and vals.keys() & (FIGURES | {"has_private_key", "private_key_sealed"}):
            raise UserError(self.env._("What the server reports is not for you to write."))

    def action_enable(self):
        """Button: have the server listen, which it does within seconds."""
        self.check_access("write")
        self.write({"state": "enabled"})

    def action_disable(self):
        """Button: have the server close the port and its connections."""
        self.check_access("write")
        self.write({"state": "disabled"})

    def action_open_messages(self):
        """Button: what came from the port's system."""
        self.ensure_one()
        return self.system_id.action_open_messages()

    # ------------------------------------------------------------ for the server

    @api.model
    def _sudo_configs(self):
        """The enabled ports, for ``odoo hc_mllp``: a process without a user.

        :return: ``{id: PortConfig or the sentence why there is none}``
        """
        ports = self.sudo().search([("state", "=", "enabled"), ("system_id.active", "=", True)])
        return {port.id: port._config_or_problem() for port in ports}

    def _config_or_problem(self):
        try:
            return self._config()
        except (SealError, OSError, ValueError, UserError) as error:
            return tls.reason(error)

    def _config(self):
        clients = {one.fingerprint: (one.system_id or self.system_id).id for one in self.client_ids}
        return PortConfig(
            id=self.id,
            system_id=self.system_id.id,
            bind_address=self.bind_address,
            port=self.port,
            networks=networks.parse(self.allowed_addresses or ""),
            tls=self._sudo_tls() if self.use_tls else None,
            clients=clients,
            max_connections=self.max_connections,
            max_bytes=self.max_bytes,
            idle_seconds=self.idle_seconds,
            block_seconds=self.block_seconds,
        )

    def _sudo_tls(self):
        """With the key in the clear, in memory only: for the server, and for trying it when
        the port is enabled."""
        sealed, key = self.sudo().private_key_sealed, ""
        if sealed:
            key = self.env["hc.keyring"]._ring().open(sealed, self._key_aad()).decode()
        return TlsConfig(
            certificate=self.certificate or "",
            key=key,
            certificate_file=self.certificate_file or "",
            key_file=self.private_key_file or "",
            client_ca=self.client_ca or "",
        )

    @api.model
    def _sudo_report(self, figures):
        """Write down what the server counted: one statement for each port, without the ORM's
        trail of who changed what.

        :param figures: ``{id: Figures}``
        """
        for port_id, one in figures.items():
            self.env.cr.execute(
                REPORT,
                {
                    "id": port_id,
                    "state": one.state,
                    "problem": one.problem or None,
                    "open": one.open,
                    "connections": one.connections,
                    "refused": one.refused,
                    "messages": one.messages,
                    "rejected": one.rejected,
                },
            )


REPORT = """
UPDATE hc_mllp_port SET
    server_state = %(state)s,
    server_problem = %(problem)s,
    seen_at = now() AT TIME ZONE 'UTC',
    open_count = %(open)s,
    connection_count = coalesce(connection_count, 0) + %(connections)s,
    refused_count = coalesce(refused_count, 0) + %(refused)s,
    message_count = coalesce(message_count, 0) + %(messages)s,
    rejected_count = coalesce(rejected_count, 0) + %(rejected)s,
    last_connection_at = CASE WHEN %(connections)s > 0
        THEN now() AT TIME ZONE 'UTC' ELSE last_connection_at END,
    last_message_at = CASE WHEN %(messages)s > 0
        THEN now() AT TIME ZONE 'UTC' ELSE last_message_at END
WHERE id = %(id)s
"""
