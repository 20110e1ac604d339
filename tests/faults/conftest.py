"""A started server, to be struck; a table of what was counted at the end.

``HC_FAULTS=short`` runs what is not marked ``long``, each with fewer repetitions.
"""

import os
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
for folder in (REPO / "tests", REPO / "scripts"):
    sys.path.insert(0, str(folder))
# Requests to our own server go to no proxy.
os.environ["NO_PROXY"] = "*"

from hcdev.common import WORK  # noqa: E402
from support import hospital as hospitals  # noqa: E402
from support import invariants  # noqa: E402
from support.faulty import Faulty  # noqa: E402
from support.figures import Figures  # noqa: E402

SHORT = os.environ.get("HC_FAULTS") == "short"
NAME = "faults_short" if SHORT else "faults"
CALLS = WORK / NAME / "calls"
FOUND = Figures()
# A worker with nothing to do sleeps up to 69 seconds before it is heard of again.
OPTIONS = {"limit_time_real_cron": 80}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in the whole run (make faults)")


def pytest_collection_modifyitems(config, items):
    """The shorter cut leaves out what takes minutes."""
    if SHORT:
        left = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter):
    if FOUND.lines:
        terminalreporter.section("figures")
        for line in FOUND.table():
            terminalreporter.line(line)
        FOUND.write(WORK / "faults.json")


@pytest.fixture(scope="session")
def short():
    """Whether this is the shorter cut."""
    return SHORT


@pytest.fixture(scope="session")
def figures():
    """Where a test leaves what it has counted."""
    return FOUND


@pytest.fixture(scope="session")
def struck():
    """Odoo as in production, with demo data, on a PostgreSQL of its own that is durable."""
    CALLS.parent.mkdir(parents=True, exist_ok=True)
    CALLS.unlink(missing_ok=True)
    started = hospitals.build(
        NAME,
        install=["hc_fault_handlers"],
        addons=[Path(__file__).parent / "addons"],
        options=OPTIONS,
        variables={"HC_FAULT_CALLS": str(CALLS)},
    )
    for setting, value in DURABLE.items():
        assert started.machine.sql(f"SHOW {setting}")[0][0] == value
    yield started
    hospitals.tear_down(started)


@pytest.fixture
def hospital(struck):
    """The server, with nothing left to be done before and nothing left behind after."""
    struck.machine.wait_ready()
    struck.drained(300, nudge=True)
    yield struck
    struck.drained(300, nudge=True)
    invariants.nothing_in_hand(struck)
    invariants.nothing_locked(struck)


@pytest.fixture
def faulty(hospital):
    """A system whose messages say how their handler ends."""
    return Faulty(hospital, CALLS)
