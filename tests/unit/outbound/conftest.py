# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The receiver that Odoo's tests use as well."""

import sys
from pathlib import Path

import pytest
import trustme

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "addons" / "healthcare_integration_base" / "tests"))


@pytest.fixture(scope="session")
def authority():
    """A certificate authority that nobody else trusts."""
    return trustme.CA()
