# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessDenied, UserError

PASSWORDS = frozenset({"password", "new_password"})


class ResUsers(models.Model):
    """The user of an external system is an identity for rights, never a way in.

    Each door of Odoo is closed twice: no secret can be set, and none would be believed.
    """

    _inherit = "res.users"

    is_hc_system = fields.Boolean(
        string="External system",
        readonly=True,
        copy=False,
        help="Belongs to a system of the integration layer. It owns what the system's "
        "messages create, and it can never log in.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(vals.get("is_hc_system") for vals in vals_list):
            raise UserError(self.env._("A system's user is made by the system itself."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and "is_hc_system" in vals:
            raise UserError(self.env._("Whether a user belongs to a system cannot be changed."))
        if any(vals.get(name) for name in PASSWORDS):
            self._check_no_hc_system()
        return super().write(vals)

    def _check_no_hc_system(self):
        if self._sudo_hc_systems():
            raise UserError(self.env._("The user of an external system has no password."))

    def _sudo_hc_systems(self):
        """Whoever asks, the answer must not depend on what they may read of users."""
        return self.sudo().filtered("is_hc_system")

    def _set_encrypted_password(self, uid, pw):
        self.browse(uid)._check_no_hc_system()
        return super()._set_encrypted_password(uid, pw)

    def _check_credentials(self, credential, env):
        self._refuse_hc_system(self.env.uid)
        return super()._check_credentials(credential, env)

    def _login(self, credential, user_agent_env):
        auth_info = super()._login(credential, user_agent_env)
        self._refuse_hc_system(auth_info["uid"])
        return auth_info

    @api.model
    def _check_uid_passwd(self, uid, passwd):
        self._refuse_hc_system(uid)
        return super()._check_uid_passwd(uid, passwd)

    def _compute_session_token(self, sid):
        """Odoo remembers a token by its session alone, whosever it was: asked before that."""
        return False if self._sudo_hc_systems() else super()._compute_session_token(sid)

    def _session_token_get_values(self):
        """A session of a system's user is never valid, whoever opened it."""
        return False if self._sudo_hc_systems() else super()._session_token_get_values()

    def _refuse_hc_system(self, uid):
        if self.browse(uid)._sudo_hc_systems():
            raise AccessDenied
