# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..messaging import signature
from ..messaging.address import UrlError, parse_url
from ..messaging.breaker import State
from ..messaging.pem import PemError, check_certificates, check_key

# Names of columns, no secrets.
SEALED = {"secret": "secret_sealed", "client_key": "client_key_sealed"}  # nosec B105
ENGINE_FIELDS = frozenset({"breaker_state", "breaker_failures", "breaker_trips", "breaker_until"})


class HcEndpoint(models.Model):
    """Where a system is reached, and how we prove to it who we are.

    Secrets are kept sealed with a key from outside the database. What is entered into
    ``secret`` or ``client_key`` is sealed at once and never shown again.
    """

    _name = "hc.endpoint"
    _description = "Endpoint"
    _inherit = ["hc.governed.mixin", "mail.thread", "hc.sealed.mixin"]
    _asks_reason = True
    _order = "system_id, name, id"
    _sealed_columns = tuple(SEALED.values())

    name = fields.Char(required=True, tracking=True)
    system_id = fields.Many2one("hc.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    url = fields.Char("URL", required=True, tracking=True)
    method = fields.Selection(
        [("POST", "POST"), ("PUT", "PUT")], required=True, default="POST", tracking=True
    )
    status_url = fields.Char(
        "Status URL",
        tracking=True,
        help="Where the receiver tells whether it has a message: {key} stands for the "
        "message's idempotency key. 2xx: it has it; 404 or 410: it does not.",
    )
    auth = fields.Selection(
        [
            ("signature", "Signature (Standard Webhooks)"),
            ("bearer", "Bearer token"),
            ("none", "None, or a client certificate"),
        ],
        string="Proof",
        required=True,
        default="signature",
        tracking=True,
    )
    key_id = fields.Char(
        "Key ID", help="Sent along as hc-key-id, where the receiver knows several secrets."
    )
    secret = fields.Char(
        compute="_compute_hidden",
        inverse="_inverse_secret",
        help="Signature: whsec_ and 24 to 64 bytes in base64. It is sealed when it is saved and "
        "never shown again.",
    )
    secret_sealed = fields.Char(copy=False, prefetch=False, groups=fields.NO_ACCESS)
    has_secret = fields.Boolean("Secret is set", compute="_compute_has", compute_sudo=True)
    connect_timeout = fields.Integer("Connect within (s)", required=True, default=5)
    read_timeout = fields.Integer(
        "Answer within (s)",
        required=True,
        default=15,
        help="The longest silence of the receiver.",
    )
    total_timeout = fields.Integer(
        "Whole try within (s)",
        required=True,
        default=30,
        help="However busy the receiver looks: a try ends after this time.",
    )
    max_parallel = fields.Integer(
        "At the same time",
        required=True,
        default=1,
        help="How many messages are on their way at once. Messages of one ordering key are "
        "sent one after the other in any case.",
    )
    allow_private = fields.Boolean(
        "Allow private addresses",
        tracking=True,
        help="The receiver is in the hospital's own network or on this machine. Otherwise "
        "only public addresses are connected to.",
    )
    allow_insecure = fields.Boolean(
        "Allow http://",
        tracking=True,
        help="Everybody on the way can read and change what is sent.",
    )
    conflict_is_delivered = fields.Boolean(
        "409 means delivered",
        tracking=True,
        help="The receiver answers 409 Conflict to an idempotency key that it has already.",
    )
    ca_bundle = fields.Text(
        "Trusted certificates", help="PEM. Empty: the public certificate authorities."
    )
    client_certificate = fields.Text(help="PEM, with the chain, where the receiver asks for one.")
    client_key = fields.Text(
        compute="_compute_hidden",
        inverse="_inverse_client_key",
        help="PEM, without a password. It is sealed when it is saved and never shown again.",
    )
    client_key_sealed = fields.Char(copy=False, prefetch=False, groups=fields.NO_ACCESS)
    has_client_key = fields.Boolean("Key is set", compute="_compute_has", compute_sudo=True)
    channel_ids = fields.One2many("hc.channel", "endpoint_id", string="Channels")
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    unknown_count = fields.Integer("Unknown outcome", compute="_compute_counts")
    active = fields.Boolean(default=True, tracking=True)

    breaker_state = fields.Selection(
        [(State.CLOSED, "Sending"), (State.OPEN, "Interrupted"), (State.HALF_OPEN, "Probing")],
        string="Breaker",
        required=True,
        readonly=True,
        default=State.CLOSED,
        copy=False,
        help="After so many failures in a row nothing is sent for a while; then one message "
        "probes whether the receiver works again.",
    )
    breaker_failures = fields.Integer("Failures in a row", readonly=True, copy=False)
    breaker_trips = fields.Integer("Openings in a row", readonly=True, copy=False)
    breaker_until = fields.Datetime("Next probe", readonly=True, copy=False)
    breaker_threshold = fields.Integer("Interrupt after failures", required=True, default=5)
    breaker_base_seconds = fields.Integer("First pause (s)", required=True, default=30)
    breaker_cap_seconds = fields.Integer("Longest pause (s)", required=True, default=900)

    _timeouts_sound = models.Constraint(
        "CHECK(connect_timeout BETWEEN 1 AND 60 AND read_timeout BETWEEN 1 AND 300"
        " AND total_timeout BETWEEN 1 AND 300)",
        "A connection takes 1 to 60 seconds, an answer and a whole try 1 to 300.",
    )
    _parallel_sound = models.Constraint(
        "CHECK(max_parallel BETWEEN 1 AND 8)", "Between 1 and 8 messages are sent at once."
    )
    _breaker_sound = models.Constraint(
        "CHECK(breaker_threshold BETWEEN 1 AND 100 AND breaker_base_seconds >= 1"
        " AND breaker_cap_seconds BETWEEN breaker_base_seconds AND 86400)",
        "A breaker opens after 1 to 100 failures, and its longest pause is not below the first.",
    )

    def _compute_hidden(self):
        """What was sealed is not shown; the fields only take."""
        self.secret = self.client_key = False

    @api.depends("secret_sealed", "client_key_sealed")
    def _compute_has(self):
        for endpoint in self:
            endpoint.has_secret = bool(endpoint.secret_sealed)
            endpoint.has_client_key = bool(endpoint.client_key_sealed)

    def _compute_counts(self):
        for endpoint in self:
            domain = [("channel_id", "in", endpoint.channel_ids.ids), ("direction", "=", "out")]
            messages = self.env["hc.message"]
            waiting = [*domain, ("state", "in", ("queued", "retry"))]
            endpoint.waiting_count = messages.search_count(waiting)
            endpoint.unknown_count = messages.search_count([*domain, ("state", "=", "unknown")])

    def _inverse_secret(self):
        for endpoint in self.filtered("secret"):
            secret = endpoint.secret.strip()
            if endpoint.auth == "signature":
                endpoint._check_signing(secret)
            elif not (secret.isascii() and secret.isprintable() and " " not in secret):
                raise ValidationError(self.env._("A bearer token has no spaces and no accents."))
            endpoint._sudo_seal("secret", secret)
        self._forget_entered("secret")

    def _inverse_client_key(self):
        for endpoint in self.filtered("client_key"):
            try:
                check_key(endpoint.client_key)
            except PemError as error:
                raise ValidationError(str(error)) from None
            endpoint._sudo_seal("client_key", endpoint.client_key)
        self._forget_entered("client_key")

    def _forget_entered(self, name):
        """Who has entered it does not get it back either."""
        self.invalidate_recordset([name], flush=False)

    def _check_signing(self, secret):
        try:
            signature.parse_secret(secret)
        except ValueError:
            raise ValidationError(
                self.env._("A signing secret is whsec_ and 24 to 64 bytes in base64.")
            ) from None

    def _sudo_seal(self, name, value):
        """The columns of a secret are closed to everybody, the manager included."""
        sealed = self.env["hc.keyring"]._ring().seal(value.encode(), self._aad(name))
        self.sudo().write({SEALED[name]: sealed})
        self.env["hc.audit.event"]._append([self._audit("endpoint.secret_set", field=name)])

    def _ungoverned_fields(self):
        breaker = {"breaker_state", "breaker_failures", "breaker_trips", "breaker_until"}
        return super()._ungoverned_fields() | breaker

    def _aad(self, name):
        """Binds a sealed value to its record and field: moved elsewhere it does not open."""
        return f"hc.endpoint/{self.id}/{name}"

    def _sealed_aad(self, column):
        return self._aad(next(name for name, own in SEALED.items() if own == column))

    def _sudo_unseal(self, name):
        """The secret in the clear, for the engine that sends; see :meth:`_sudo_seal`.

        :raise messaging.keyring.SealError: when it was sealed with another key
        """
        sealed = self.sudo()[SEALED[name]]
        return (
            self.env["hc.keyring"]._ring().open(sealed, self._aad(name)).decode() if sealed else ""
        )

    def _audit(self, action, **details):
        return {
            "action": action,
            "outcome": "done",
            "object": f"{self._name},{self.id}",
            "system_id": self.system_id.id,
            "company_id": self.company_id.id,
            **details,
        }

    @api.constrains("url", "status_url", "allow_insecure")
    def _check_url(self):
        for endpoint in self:
            shown = (endpoint.status_url or "").replace("{key}", "key")
            for url in filter(None, (endpoint.url, shown)):
                try:
                    parse_url(url, allow_insecure=endpoint.allow_insecure)
                except UrlError as error:
                    raise ValidationError(str(error)) from None

    @api.constrains("ca_bundle", "client_certificate")
    def _check_certificates(self):
        for endpoint in self:
            for pem in filter(None, (endpoint.ca_bundle, endpoint.client_certificate)):
                try:
                    check_certificates(pem)
                except PemError as error:
                    raise ValidationError(str(error)) from None

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_forged(vals)
        return super().write(vals)

    def _check_forged(self, vals):
        if not self.env.su and vals.keys() & (ENGINE_FIELDS | set(SEALED.values())):
            raise UserError(self.env._("The engine alone keeps the breaker and what is sealed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if (
            self.env["hc.channel"]
            .with_context(active_test=False)
            .search_count([("endpoint_id", "in", self.ids)], limit=1)
        ):
            raise UserError(self.env._("An endpoint of a channel is archived, not deleted."))

    # -------------------------------------------------------------------- buttons

    def action_open_waiting(self):
        """Button: what is to be sent."""
        return self._open_messages("waiting")

    def action_open_unknown(self):
        """Button: what may have arrived or not."""
        return self._open_messages("unknown")

    def _open_messages(self, search_filter):
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_message"
            ),
            "domain": [("channel_id", "in", self.channel_ids.ids), ("direction", "=", "out")],
            "context": {f"search_default_{search_filter}": 1},
        }

    def action_close_breaker(self):
        """Button: send again at once."""
        self.check_access("read")
        if not self.env.user.has_group("healthcare_integration_base.group_integration_operator"):
            raise AccessError(self.env._("Only integration operators may do this."))
        self._sudo_close_breaker()

    def _sudo_close_breaker(self):
        """The breaker is the engine's; people come here through the button."""
        self.sudo().write(
            {
                "breaker_state": State.CLOSED,
                "breaker_failures": 0,
                "breaker_trips": 0,
                "breaker_until": False,
            }
        )
        self.env["hc.audit.event"]._append(
            [endpoint._audit("endpoint.breaker_closed") for endpoint in self]
        )
        lanes = self.channel_ids.lane_id
        self.env.cr.postcommit.add(lanes.with_env(self.env(su=True))._wake)
