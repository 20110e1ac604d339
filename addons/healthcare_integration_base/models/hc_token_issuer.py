# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..messaging import key_sets
from ..messaging.address import AddressPolicy, UrlError, parse_url
from ..messaging.http_client import Client, Limits
from ..messaging.key_sets import KeySetError
from ..messaging.pem import PemError, check_certificates, client_context
from ..messaging.tokens import Rules
from .wire_config import IssuerConfig

ALGORITHM_FIELDS = {
    "allow_rs256": "RS256",
    "allow_ps256": "PS256",
    "allow_es256": "ES256",
    "allow_eddsa": "EdDSA",
}
FETCHED = frozenset({"fetched_at", "fetch_problem", "refresh_wished_at"})


class HcTokenIssuer(models.Model):
    """An identity provider of the hospital whose access tokens (OAuth 2.0, RFC 9068) are taken.

    What is pinned here decides how a token is judged; nothing in a token does. Keys are
    entered, or fetched from one address by a scheduled action, never while a request waits.
    """

    _name = "hc.token.issuer"
    _description = "Identity Provider"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "hc.expiring.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Empty: the systems of all companies may be its clients.",
    )
    issuer = fields.Char(
        required=True, help="Exactly as the tokens have it in iss; no slash more or less."
    )
    audience = fields.Char(
        required=True,
        help="What the tokens must name in aud: this server as the provider knows it. A token "
        "for another server is good for nothing here.",
    )
    allow_rs256 = fields.Boolean("RS256", default=True)
    allow_ps256 = fields.Boolean("PS256")
    allow_es256 = fields.Boolean("ES256", default=True)
    allow_eddsa = fields.Boolean("EdDSA")
    takes_plain = fields.Boolean(
        "Type JWT is enough",
        help="RFC 9068 asks for the type at+jwt, which tells access tokens from others. Some "
        "providers, Keycloak among them, write JWT unless they are told otherwise.",
    )
    leeway_seconds = fields.Integer(
        "Clocks may differ by (s)", default=30, required=True, help="60 seconds at the most."
    )
    max_lifetime_seconds = fields.Integer(
        "Tokens live (s) at most",
        default=3600,
        required=True,
        help="A token that is good for longer is refused, however well it is signed.",
    )
    use_policy = fields.Selection(
        [("reuse", "Until it expires"), ("once", "For one request")],
        string="A token is good",
        default="reuse",
        required=True,
        help="For one request: the token's jti is kept until the token expires, and a second "
        "request with it is refused. The sender asks for a token each time.",
    )
    jwks = fields.Text(
        "Public keys (JWKS)",
        help="The provider's key set in JSON. Where an address is given it is filled from there.",
    )
    jwks_url = fields.Char(
        "Address of the keys",
        help="https only, and this one address: what a token says about keys is not looked at. "
        "Fetched each hour, and when a token names a key that is not known.",
    )
    allow_private = fields.Boolean(
        "Allow private addresses", help="The provider is in the hospital's own network."
    )
    ca_bundle = fields.Text(
        "Trusted certificates", help="PEM. Empty: the public certificate authorities."
    )
    key_names = fields.Char("Keys", compute="_compute_key_names")
    fetched_at = fields.Datetime("Keys fetched", readonly=True, copy=False)
    fetch_problem = fields.Char("Keys could not be fetched", readonly=True, copy=False)
    refresh_wished_at = fields.Datetime(readonly=True, copy=False)
    valid_until = fields.Date(
        "Agreement ends",
        help="When the agreement with the provider, or its own certificate, ends: somebody is "
        "reminded before. Tokens are taken as long as the record is not archived.",
    )
    owner_id = fields.Many2one("res.users", domain="[('share', '=', False)]")
    credential_ids = fields.One2many(
        "hc.credential",
        "issuer_id",
        string="Credentials",
        groups="healthcare_integration_base.group_integration_manager",
    )
    credential_count = fields.Integer(
        compute="_compute_credential_count",
        groups="healthcare_integration_base.group_integration_manager",
    )
    active = fields.Boolean(default=True)

    _issuer_uniq = models.UniqueIndex("(issuer)", "There is an identity provider of this issuer.")
    _limits = models.Constraint(
        "CHECK(leeway_seconds BETWEEN 0 AND 60 AND max_lifetime_seconds BETWEEN 30 AND 86400)",
        "Clocks differ by 0 to 60 seconds, and a token lives 30 seconds to one day.",
    )

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | {"fetched_at", "fetch_problem", "refresh_wished_at"}

    @api.depends("jwks", *ALGORITHM_FIELDS)
    def _compute_key_names(self):
        for issuer in self:
            try:
                found = issuer._keys()
            except KeySetError as error:
                issuer.key_names = str(error)
            else:
                named = (f"{kid or '—'} ({algorithm})" for kid, algorithm in found)
                issuer.key_names = ", ".join(named)

    @api.depends("credential_ids")
    def _compute_credential_count(self):
        for issuer in self:
            issuer.credential_count = len(issuer.credential_ids)

    def _algorithms(self):
        return [name for field, name in ALGORITHM_FIELDS.items() if self[field]]

    def _keys(self):
        """:raise KeySetError: also where there are none yet"""
        if not self.jwks:
            raise KeySetError(self.env._("There are no keys yet."))
        return key_sets.parse(self.jwks, self._algorithms())

    # --------------------------------------------------------------------- rules

    @api.constrains(*ALGORITHM_FIELDS)
    def _check_algorithms(self):
        if not all(issuer._algorithms() for issuer in self):
            raise ValidationError(self.env._("Allow one algorithm at least."))

    @api.constrains("issuer", "jwks_url")
    def _check_urls(self):
        for issuer in self:
            for url in filter(None, (issuer.issuer, issuer.jwks_url)):
                try:
                    parse_url(url)
                except UrlError as error:
                    raise ValidationError(str(error)) from None

    @api.constrains("jwks", "jwks_url", *ALGORITHM_FIELDS)
    def _check_keys(self):
        for issuer in self.filtered("jwks"):
            try:
                issuer._keys()
            except KeySetError as error:
                raise ValidationError(str(error)) from None

    @api.constrains("ca_bundle")
    def _check_ca_bundle(self):
        for issuer in self.filtered("ca_bundle"):
            try:
                check_certificates(issuer.ca_bundle)
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
        if not self.env.su and vals.keys() & FETCHED:
            raise UserError(self.env._("When keys were fetched, the server says."))

    def _wire_silent_fields(self):
        return FETCHED | {"name", "valid_until", "owner_id"}

    # ------------------------------------------------------------------ fetching

    def action_fetch_keys(self):
        """Button: fetch the keys now."""
        self.ensure_one()
        self.check_access("write")
        if not self.jwks_url:
            raise UserError(self.env._("Enter the address of the keys."))
        self._sudo_fetch()
        if self.fetch_problem:
            message, kind = self.fetch_problem, "warning"
        else:
            message, kind = self.key_names, "success"
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Keys of the provider"),
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _sudo_fetch(self):
        """Put the provider's present keys in place of ours; what goes wrong leaves the old ones.

        When and how it went is the server's to write, not the manager's who pressed the button.
        """
        self.ensure_one()
        record = self.sudo()
        values = {"fetch_problem": False}
        try:
            text = record._download()
            key_sets.parse(text, record._algorithms())
        except (KeySetError, PemError) as error:
            record.fetch_problem = str(error)
            return
        values["fetched_at"] = fields.Datetime.now()
        if text != record.jwks:
            values["jwks"] = text
        record.write(values)

    def _download(self):
        """:raise KeySetError: with a sentence that says what came instead"""
        client = Client(
            policy=AddressPolicy(self.allow_private),
            limits=Limits(connect=5, read=10, total=20),
            context=lambda: client_context(self.ca_bundle or ""),
        )
        done = client.exchange("GET", self.jwks_url, {"Accept": "application/json"})
        if done.failure:
            raise KeySetError(
                self.env._("The address of the keys cannot be read (%s).", done.failure.value)
            )
        if done.answer.status != 200 or done.answer.is_cut:
            raise KeySetError(
                self.env._("The address of the keys answers with %s.", done.answer.status)
            )
        try:
            return done.answer.body.decode()
        except UnicodeDecodeError:
            raise KeySetError(self.env._("The address of the keys answers no text.")) from None

    @api.model
    def _cron_refresh(self):
        """Scheduled action: fetch the keys of all providers that have an address, and forget
        tokens that have expired."""
        for issuer in self.search([("jwks_url", "!=", False)]):
            issuer._sudo_fetch()
            self.env.cr.commit()  # pylint: disable=invalid-commit
        self.env["hc.token.use"]._sudo_forget_expired()

    # ---------------------------------------------------------------- for others

    def _wire_issuer(self):
        """How the door judges its tokens; without keys, it refuses them all."""
        try:
            keys = self._keys()
        except KeySetError:
            keys = {}
        rules = Rules(
            issuer=self.issuer,
            audience=self.audience,
            keys=keys,
            leeway=self.leeway_seconds,
            max_lifetime=self.max_lifetime_seconds,
            takes_plain=self.takes_plain,
        )
        return IssuerConfig(self.id, rules, self.use_policy == "once")

    def _expiry_fields(self):
        return frozenset({"valid_until", "name", "active", "owner_id"})

    def _expiries(self):
        if not self.valid_until or not self.active:
            return []
        return [("issuer", self.name, fields.Datetime.to_datetime(self.valid_until), None)]

    def action_open_credentials(self):
        """Button: who is known by tokens of this provider."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "healthcare_integration_base.action_hc_credential"
            ),
            "domain": [("issuer_id", "=", self.id)],
            "context": {"default_kind": "oauth", "default_issuer_id": self.id},
        }
