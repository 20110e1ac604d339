# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcTokenUse(models.Model):
    """Access tokens that are good for one request and had theirs; written by the door.

    An ordinary table, not an unlogged one: that would be empty after a crash, and every token
    that had not expired would be good once more.
    """

    _name = "hc.token.use"
    _description = "Used Access Token"
    _log_access = False
    _order = "id desc"
    _rec_name = "jti_digest"

    issuer_id = fields.Many2one("hc.token.issuer", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="issuer_id.company_id")
    jti_digest = fields.Char("Token", required=True, readonly=True, help="SHA-256 of its jti.")
    expires_at = fields.Datetime("Expires", required=True, readonly=True, index=True)

    _used_uniq = models.UniqueIndex("(issuer_id, jti_digest)")

    @api.model
    def _sudo_forget_expired(self):
        """What has expired is refused for that; clocks may differ by a minute. Nobody but the
        server writes here."""
        self.env.cr.execute(
            "DELETE FROM hc_token_use"
            " WHERE expires_at < (now() AT TIME ZONE 'UTC') - interval '5 minutes'"
        )
