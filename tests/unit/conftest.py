# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The odoo-free core is imported as the package ``messaging``."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "addons" / "healthcare_integration_base"))
sys.path.append(str(ROOT / "tests"))
sys.path.append(str(ROOT / "scripts"))
sys.path.append(str(ROOT / "addons" / "healthcare_integration_base" / "tests"))

settings.register_profile("unit", max_examples=60, deadline=None, derandomize=True, database=None)
settings.load_profile("unit")


@pytest.fixture(scope="session", autouse=True)
def load_registry():
    """No database: takes the place of pytest-odoo's fixture where that is installed."""


@pytest.fixture(scope="module", autouse=True)
def enable_odoo_test_flag():
    """As above."""


@pytest.fixture(scope="session")
def contracts_folder() -> Path:
    return ROOT / "addons" / "hc_inventory_sync" / "contracts"
