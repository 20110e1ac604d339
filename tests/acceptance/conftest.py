"""One started server for all tests of this folder."""

import os
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
for folder in (REPO / "tests", REPO / "scripts"):
    sys.path.insert(0, str(folder))
# The odoo-free core, as the package "messaging".
sys.path.append(str(REPO / "addons/healthcare_integration_base"))
# Requests to our own server go to no proxy.
os.environ["NO_PROXY"] = "*"

from support import bare as bares  # noqa: E402
from support import hospital as hospitals  # noqa: E402


@pytest.fixture(scope="session")
def hospital():
    """Odoo as in production, with demo data, on a PostgreSQL of its own."""
    # What goes wrong is logged to the database as well, so that its table can be looked through.
    started = hospitals.build(options={"log_db": "hc_tests", "log_db_level": "warning"})
    yield started
    hospitals.tear_down(started)


@pytest.fixture(scope="session")
def bare():
    """Empty databases on a PostgreSQL of their own."""
    with bares.running() as made:
        yield made


@pytest.fixture
def sender(hospital):
    """The native system."""
    return hospital.sender()
