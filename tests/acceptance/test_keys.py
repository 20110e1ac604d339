"""`odoo hc_keys`: the master key is replaced on a database whose servers are running."""

import base64
import re
import secrets
import subprocess

import pytest
from hcdev import config, venv
from simulate.client import Sender
from support import checks

OTHER = base64.b64encode(secrets.token_bytes(32)).decode()


def keys(hospital, verb, **variables):
    """One call; its exit code and what it prints."""
    machine = hospital.machine
    done = subprocess.run(
        [venv.ODOO, "hc_keys", verb],
        env=machine.environment() | {"ODOO_RC": str(machine.conf)} | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def present():
    """The key that the servers have."""
    return config.ensure_key().read_text().strip()


def counted(text):
    """``(done, total)`` of the line that sums up."""
    return tuple(map(int, re.search(r"^(\d+) of (\d+) under the present key", text, re.M).groups()))


def test_there_and_back(hospital, present):
    """Sealed anew under another key, which the servers do not have, and under theirs again."""
    shown = hospital.new_credential("signature")
    own = Sender(hospital.machine.base_url, shown["default_key_id"], shown["default_secret"], "")
    code, text = keys(hospital, "status")
    done, total = counted(text)
    assert (code, done) == (0, total) and total > 2
    forth = {"HC_MASTER_KEY": OTHER, "HC_MASTER_KEY_PREVIOUS": present}
    back = {"HC_MASTER_KEY": present, "HC_MASTER_KEY_PREVIOUS": OTHER}
    code, text = keys(hospital, "status", **forth)
    assert (code, counted(text)) == (1, (0, total))
    try:
        code, text = keys(hospital, "rotate", **forth)
        assert (code, counted(text)) == (0, (total, total)), text
        checks.problem(own.post(hospital.native, hospital.event()), 503, "not_configured")
    finally:
        code, text = keys(hospital, "rotate", **back)
    assert (code, counted(text)) == (0, (total, total)), text
    checks.accepted(own.post(hospital.native, hospital.event()))
    code, text = keys(hospital, "verify", **back)
    assert (code, counted(text)) == (0, (total, total))
    for secret in (present, OTHER, shown["default_secret"]):
        assert secret not in text


def test_a_new_key_is_one(hospital):
    code, text = keys(hospital, "new")
    assert code == 0 and len(base64.b64decode(text)) == 32
    assert keys(hospital, "new")[1] != text


def test_wrong_calls(hospital):
    assert keys(hospital, "everything")[0] == 2
