# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..messaging import signature
from .wire_config import CredentialConfig, secret_aad

SOON = timedelta(days=30)
SECRET_KINDS = ("signature", "bearer")
SERVERS_OWN = frozenset(
    {"key_id", "secret_sealed", "bearer_hash", "is_issued", "last_used_at", "last_used_from"}
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret in the clear, in memory only."""

    key_id: str
    secret: str
    bearer: str


class HcCredential(models.Model):
    """One way in which a system proves itself.

    A signature secret is kept sealed with a key from outside the database, a bearer token
    only as a hash. Neither field can be read, searched or exported by anybody. Client
    certificates and clients of an identity provider have files of their own
    (``hc_credential_mtls``, ``hc_credential_token``).
    """

    _name = "hc.credential"
    _description = "Credential"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin", "hc.sealed.mixin"]
    _asks_reason = True
    _order = "system_id, state, id desc"
    _sealed_columns = ("secret_sealed",)

    name = fields.Char(required=True, default=lambda self: self.env._("Main key"))
    system_id = fields.Many2one("hc.system", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("signature", "Signed requests"),
            ("bearer", "Bearer token"),
            ("mtls", "Client certificate"),
            ("oauth", "Access token of an identity provider"),
        ],
        default="signature",
        required=True,
        help="Signed requests (Standard Webhooks) never carry the secret. A bearer token is "
        "for senders that cannot sign. A client certificate is checked by the proxy, and access "
        "tokens (OAuth 2.0) are issued by the hospital's own identity provider.",
    )
    key_id = fields.Char(
        string="Key ID", readonly=True, copy=False, default=lambda self: signature.new_key_id()
    )
    secret_sealed = fields.Char(copy=False, prefetch=False, groups=fields.NO_ACCESS)
    bearer_hash = fields.Char(copy=False, prefetch=False, groups=fields.NO_ACCESS)
    is_issued = fields.Boolean(
        string="Issued",
        readonly=True,
        copy=False,
        help="The secret was made and shown once, or the credential was put into use.",
    )
    valid_from = fields.Datetime(string="Valid from", default=fields.Datetime.now, copy=False)
    valid_until = fields.Datetime(
        string="Valid until", copy=False, help="Empty: until it is revoked."
    )
    state = fields.Selection(
        [("active", "Active"), ("revoked", "Revoked")],
        default="active",
        required=True,
        readonly=True,
        copy=False,
    )
    last_used_at = fields.Datetime(string="Last used", readonly=True, copy=False)
    channel_ids = fields.Many2many(
        "hc.channel",
        string="Only for channels",
        domain="[('system_id', '=', system_id)]",
        help="Empty: all channels of the system.",
    )
    allowed_sources = fields.Text(
        string="Allowed sources",
        help="One per line. Events in binary mode name their source in a header that the "
        "signature does not cover, so it must be one of these.",
    )
    status = fields.Selection(
        [
            ("pending", "Not issued"),
            ("active", "Active"),
            ("expiring", "Expires soon"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_status",
    )

    _key_id_uniq = models.UniqueIndex("(key_id)", "A key ID is used once only.")
    _validity = models.Constraint(
        "CHECK(valid_until IS NULL OR valid_from IS NULL OR valid_until > valid_from)",
        "A credential cannot end before it begins.",
    )

    @api.depends("state", "is_issued", "expires_at")
    def _compute_status(self):
        now = fields.Datetime.now()
        for credential in self:
            credential.status = credential._status_at(now)

    def _status_at(self, now):
        if self.state == "revoked":
            return "revoked"
        if not self.is_issued:
            return "pending"
        left = self.expires_at - now if self.expires_at else None
        if left is None or left > SOON:
            return "active"
        return "expiring" if left > timedelta() else "expired"

    def _ungoverned_fields(self):
        return super()._ungoverned_fields() | {"last_used_at", "last_used_from"}

    def _wire_silent_fields(self):
        return frozenset({"last_used_at", "last_used_from", "name", "overlap_days"})

    def _sealed_aad(self, column):
        return secret_aad(self.key_id)

    @api.constrains("system_id")
    def _check_system(self):
        if any(credential.system_id.is_internal for credential in self):
            raise ValidationError(
                self.env._("Nobody sends in Odoo's own name: its system has no credential.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_forged(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_forged(vals)
        return super().write(vals)

    def _check_forged(self, vals):
        """Nobody brings a key of their own, or revives one that was revoked."""
        revived = vals.get("state", "active") == "active" and "state" in vals and self.ids
        if not self.env.su and (vals.keys() & SERVERS_OWN or revived):
            raise UserError(self.env._("Keys are made by the server: issue, rotate or revoke."))

    def _issue(self):
        """Make the secret; the only moment at which it exists in the clear.

        :return: :class:`Issued`
        """
        self.ensure_one()
        self.check_access("write")
        if self.is_issued or self.state != "active":
            raise UserError(self.env._("This secret was issued already. Rotate it instead."))
        if self.kind not in SECRET_KINDS:
            raise UserError(self.env._("A credential of this kind has no secret of ours."))
        return self._sudo_store_secret()

    def _sudo_store_secret(self):
        """The columns of a secret are closed to everybody, the manager included."""
        record = self.sudo()
        if self.kind == "bearer":
            secret = signature.new_bearer_secret()
            record.write({"bearer_hash": signature.hash_bearer(secret), "is_issued": True})
            return Issued(self.key_id, "", f"{self.key_id}.{secret}")
        secret = signature.new_secret()
        sealed = self.env["hc.keyring"]._ring().seal(secret.encode(), secret_aad(self.key_id))
        record.write({"secret_sealed": sealed, "is_issued": True})
        return Issued(self.key_id, secret, "")

    def _rotate(self):
        """A new credential beside this one, which ends after the overlap.

        :return: the new record, not issued yet
        """
        self.ensure_one()
        end = fields.Datetime.now() + timedelta(days=self.overlap_days)
        new = self.copy({"channel_ids": [(6, 0, self.channel_ids.ids)]})
        self.valid_until = min(self.valid_until or end, end)
        return new

    def _revoke(self):
        self.write({"state": "revoked"})

    def _wire_credential(self, system):
        lines = (self.allowed_sources or "").splitlines()
        return CredentialConfig(
            id=self.id,
            key_id=self.key_id,
            kind=self.kind,
            secret_sealed=self.secret_sealed or "",
            bearer_hash=self.bearer_hash or "",
            valid_from=self.valid_from or None,
            valid_until=self.valid_until or None,
            revoked=self.state == "revoked",
            system=system,
            channel_ids=frozenset(self.channel_ids.ids) or None,
            allowed_sources=frozenset(line.strip() for line in lines if line.strip()),
        )

    def action_issue(self):
        """Button: make the secret and show it once; where there is none, put the credential
        into use."""
        if self.kind not in SECRET_KINDS:
            return self._put_into_use()
        return self.env["hc.credential.reveal"]._show(self._issue())

    def action_rotate(self):
        """Button: the next credential, shown once; this one stays good for the overlap."""
        self.check_access("write")
        if self.state != "active":
            raise UserError(self.env._("A revoked credential cannot be rotated."))
        if self.kind not in SECRET_KINDS:
            raise UserError(
                self.env._("There is no secret to rotate: renew the certificate, or the client.")
            )
        return self._rotate().action_issue()

    def _put_into_use(self):
        """From now on the door knows a credential that has no secret of ours."""
        self.ensure_one()
        self.check_access("write")
        if self.is_issued or self.state != "active":
            raise UserError(self.env._("The credential is in use already, or revoked."))
        if problem := self._obstacle():
            raise UserError(problem)
        self._sudo_mark_issued()

    def _sudo_mark_issued(self):
        """The mark is the server's own: nobody sets it without what belongs to it."""
        self.sudo().write({"is_issued": True})

    def _obstacle(self):
        """What is missing before it can be used; empty where nothing is."""
        return ""

    def action_revoke(self):
        """Button: from now on refused."""
        self.check_access("write")
        self._revoke()
