# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The stages of `make test`: which are done beside each other, and that a fault of one is told."""

import threading
from pathlib import Path

import pytest
from hcdev import stages


@pytest.fixture
def context():
    return stages.Context(tree=None, server=None, conf=Path("none"))


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["lint"], [[["lint"]]]),
        (["odoo"], [[["odoo"]]]),
        (["acceptance"], [[["acceptance"]]]),
        (["unit", "acceptance"], [[["unit"]], [["acceptance"]]]),
        (["odoo", "acceptance"], [[["odoo"], ["acceptance"]]]),
        (["acceptance", "installs"], [[["installs"], ["acceptance"]]]),
        (
            stages.WHOLE,
            [[["lint"]], [["odoo", "installs"], ["unit", "acceptance"]], [["faults-short"]]],
        ),
    ],
)
def test_every_stage_once(names, groups):
    assert list(stages.together(names)) == groups
    done = [name for group in groups for track in group for name in track]
    assert sorted(done) == sorted(names)


def test_tracks_run_at_the_same_time(context, monkeypatch):
    """Each waits for the other: one after the other they would never end."""
    both = threading.Barrier(2)
    met = []

    def meet(_context):
        both.wait(timeout=30)
        met.append(threading.get_ident())

    monkeypatch.setitem(stages.STAGES, "odoo", meet)
    monkeypatch.setitem(stages.STAGES, "unit", meet)
    assert stages.perform(context, ["unit", "odoo"]) == 0
    assert len(set(met)) == 2


def test_a_fault_keeps_no_other_stage_from_being_done(context, monkeypatch, capsys):
    done = []

    def fail(_context):
        raise stages.SetupError("no browser")

    monkeypatch.setitem(stages.STAGES, "unit", fail)
    monkeypatch.setitem(stages.STAGES, "acceptance", lambda _context: done.append("acceptance"))
    monkeypatch.setitem(stages.STAGES, "odoo", lambda _context: done.append("odoo"))
    assert stages.perform(context, ["unit", "odoo", "acceptance"]) == 1
    assert sorted(done) == ["acceptance", "odoo"]
    told = capsys.readouterr().out
    assert "unit: FAILED, SetupError: no browser" in told
    assert "FAILED: unit" in told
