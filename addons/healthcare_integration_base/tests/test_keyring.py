# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import os
import stat
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

LOGGER = "odoo.addons.healthcare_integration_base.models.hc_keyring"
BLANK = {"HC_MASTER_KEY": "", "HC_MASTER_KEY_FILE": ""}


@tagged("post_install", "-at_install")
class TestKeyring(TransactionCase):
    def setUp(self):
        super().setUp()
        self.keyring = self.env["hc.keyring"]
        self.keyring._forget()
        self.addCleanup(self.keyring._forget)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def with_environment(self, **variables):
        return patch.dict(os.environ, {**BLANK, **variables})

    def test_environment_comes_first(self):
        key = base64.b64encode(b"k" * 32).decode()
        with self.with_environment(HC_MASTER_KEY=key):
            ring = self.keyring._ring()
            self.assertIs(self.keyring._ring(), ring)
            sealed = ring.seal(b"x", "a")
        self.keyring._forget()
        other = base64.b64encode(b"o" * 32).decode()
        with self.with_environment(HC_MASTER_KEY=other), self.assertRaises(ValueError):
            self.keyring._ring().open(sealed, "a")

    def test_option_of_the_configuration(self):
        path = self.folder / "key"
        path.write_bytes(base64.b64encode(b"f" * 32))
        with self.with_environment(), self.in_config(hc_master_key_file=str(path)):
            self.assertTrue(self.keyring._ring())
        self.assertEqual([one.name for one in self.folder.iterdir()], ["key"])

    def test_file_is_made_once(self):
        with self.with_environment(), self.in_config(data_dir=str(self.folder)):
            with self.assertLogs(LOGGER, "WARNING") as logs:
                sealed = self.keyring._ring().seal(b"x", "a")
            self.keyring._forget()
            self.assertEqual(self.keyring._ring().open(sealed, "a"), b"x")
        (path,) = (self.folder / "healthcare_integration").iterdir()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertNotIn(path.read_text(), "".join(logs.output))

    def test_unusable_key_is_a_clear_error(self):
        with self.with_environment(HC_MASTER_KEY="short"), self.assertRaises(UserError) as caught:
            self.keyring._ring()
        self.assertNotIn("short", str(caught.exception))

    def in_config(self, **options):
        return patch.dict(config.options.maps[0], options)
