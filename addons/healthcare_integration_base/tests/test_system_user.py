# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessDenied, UserError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestSystemUser(TransactionCase):
    """The user of an external system has rights, and no way in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            "hc.manager",
            "healthcare_integration_base.group_integration_manager",
        )
        cls.system = (
            cls.env["hc.system"].with_user(cls.manager).create({"name": "Cabinet", "code": "cab"})
        )
        cls.user = cls.system.sudo().user_id

    def test_made_by_the_manager_with_least_rights(self):
        group = self.env.ref("healthcare_integration_base.group_system_user")
        self.assertTrue(self.user.is_hc_system)
        self.assertEqual(self.user.group_ids, group)
        self.assertEqual(self.user.company_ids, self.system.company_id)

    def test_no_password(self):
        for values in ({"password": "secret-123"}, {"new_password": "secret-123"}):
            with self.assertRaises(UserError):
                self.user.write(values)
        with self.assertRaises(UserError):
            self.user._set_encrypted_password(self.user.id, "$pbkdf2-sha512$x")

    def test_no_login_even_with_a_password(self):
        hashed = self.env["res.users"]._crypt_context().hash("secret-123")
        self.env.cr.execute(
            "UPDATE res_users SET password = %s WHERE id = %s", [hashed, self.user.id]
        )
        credential = {"type": "password", "login": self.user.login, "password": "secret-123"}
        with self.assertRaises(AccessDenied):
            self.env["res.users"]._login(credential, {"interactive": True})
        with self.assertRaises(AccessDenied):
            self.env["res.users"]._check_uid_passwd(self.user.id, "secret-123")

    def test_no_api_key(self):
        keys = self.env["res.users.apikeys"].with_user(self.user)
        with self.assertRaises(UserError):
            keys.sudo()._generate("rpc", "key", None)

    def test_api_key_is_not_believed(self):
        key = self.env["res.users.apikeys"].with_user(self.manager).sudo()
        token = key._generate("rpc", "key", None)
        self.assertEqual(key._check_credentials(scope="rpc", key=token), self.manager.id)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET user_id = %s WHERE user_id = %s",
            [self.user.id, self.manager.id],
        )
        self.assertFalse(key._check_credentials(scope="rpc", key=token))

    def test_no_session(self):
        self.assertFalse(self.user._compute_session_token("one"))
        self.assertTrue(self.manager._compute_session_token("two"))
        self.assertFalse(self.user._compute_session_token("two"), "what is remembered is another's")

    def test_mark_is_not_for_administrators(self):
        admin = self.env.ref("base.user_admin")
        with self.assertRaises(UserError):
            self.user.with_user(admin).write({"is_hc_system": False})
        with self.assertRaises(UserError):
            self.env["res.users"].with_user(admin).create(
                {"name": "x", "login": "x", "is_hc_system": True}
            )

    def test_works_in_the_companies_of_its_sites(self):
        other = self.env["res.company"].create({"name": "Other hospital"})
        self.manager.company_ids += other
        site = (
            self.env["hc.site"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.manager.company_ids.ids)
            .create(
                {
                    "name": "Other",
                    "system_id": self.system.id,
                    "facility_code": "OTHER",
                    "company_id": other.id,
                }
            )
        )
        self.assertEqual(self.user.company_ids, self.system.company_id | other)
        site.unlink()
        self.assertEqual(self.user.company_ids, self.system.company_id)

    def test_sees_its_own_system_only(self):
        stranger = self.env["hc.system"].create({"name": "Stranger", "code": "stranger"})
        for system in (self.system, stranger):
            self.env["hc.site"].create(
                {"name": "North", "system_id": system.id, "facility_code": "NORTH"}
            )
        as_system = self.env["hc.site"].with_user(self.user)
        self.assertEqual(as_system.search([]).system_id.ids, self.system.ids)
        self.assertFalse(as_system._resolve(stranger, "NORTH"))
        self.assertEqual(self.env["hc.system"].with_user(self.user).search([]).ids, self.system.ids)

    def test_rights_are_those_that_were_reviewed(self):
        access = self.env["ir.model.access"].search([("group_id", "=", self.user.group_ids.id)])
        ours = access.filtered(
            lambda one: one.get_external_id()[one.id].startswith("healthcare_integration_base.")
        )
        self.assertEqual(
            set(ours.model_id.mapped("model")),
            {
                "hc.system",
                "hc.site",
                "hc.identifier",
                "hc.message.type",
                "hc.channel",
                "hc.effect",
            },
        )
        self.assertFalse(any(one.perm_write or one.perm_create or one.perm_unlink for one in ours))

    def test_archived_with_its_system(self):
        self.system.sudo().active = False
        self.assertFalse(self.user.active)
