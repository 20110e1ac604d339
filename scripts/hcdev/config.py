"""Odoo's configuration files, its environment and the key of the suite."""

from __future__ import annotations

import base64
import os
import secrets
import socket
from pathlib import Path

from . import common
from .common import ADDONS, LOGS, WORK, SetupError
from .odoo_root import OdooTree
from .postgres import Server

KEY_FILE = WORK / "secrets/hc_master.key"
SERVE_CONFIG = WORK / "odoo.conf"
TEST_CONFIG = WORK / "test.conf"
SERVE_LOG = LOGS / "odoo.log"
DEMO_DATABASE = "hc_demo"
EVENTED_OFFSET = 3
PROXY_OFFSET = 1


def port() -> int:
    """The HTTP port that the user chose."""
    text = os.environ.get("PORT", "").strip() or "8069"
    highest = 65535 - EVENTED_OFFSET
    if not text.isdigit() or not 0 < int(text) <= highest:
        raise SetupError(f"PORT is {text!r}, it must be a number from 1 to {highest}")
    return int(text)


def mllp_port() -> str:
    """The port for HL7 over MLLP that the user chose; empty: one that is free."""
    text = os.environ.get("MLLP_PORT", "").strip()
    if text and (not text.isdigit() or not 0 < int(text) <= 65535):
        raise SetupError(f"MLLP_PORT is {text!r}, it must be a number from 1 to 65535")
    return text


def with_proxy() -> bool:
    """Whether HAProxy is to stand in front of Odoo, as in production."""
    return os.environ.get("PROXY", "").strip() not in ("", "0")


def proxy_port() -> int:
    """The port of the proxy; Odoo keeps its own."""
    return port() + PROXY_OFFSET


def interface() -> str:
    """The address that Odoo listens on; a proxy or a developer reaches it here."""
    return os.environ.get("HTTP_INTERFACE", "").strip() or "127.0.0.1"


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def occupied(address: str, number: int) -> bool:
    """Whether somebody listens there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, number))
        except OSError:
            return True
    return False


def ensure_key() -> Path:
    """The suite's master key: 32 random bytes, base64, for its owner only."""
    KEY_FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not KEY_FILE.exists():
        write_private(KEY_FILE, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    return KEY_FILE


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def environment(server: Server) -> dict[str, str]:
    """What every Odoo process of ours is started with."""
    env = server.env()
    env["HC_MASTER_KEY_FILE"] = str(ensure_key())
    # Folders of partners lie below it.
    env["HC_FILE_ROOTS"] = str(WORK / "exchange")
    if with_proxy():
        env["HC_TRUSTED_PROXIES"] = "127.0.0.1"
    env.setdefault("PYTHONWARNINGS", "ignore::DeprecationWarning")
    env.pop("ODOO_RC", None)
    return env


def common_options(tree: OdooTree, server: Server, data: Path) -> dict[str, object]:
    """The options that serving and testing share."""
    own = [ADDONS] if next(ADDONS.glob("*/__manifest__.py"), None) else []
    loaded = ["base", "web"]
    if (ADDONS / "hc_gate/__manifest__.py").exists():
        loaded.append("hc_gate")
    options: dict[str, object] = {
        "addons_path": ",".join(str(path) for path in [*tree.addons, *own]),
        "data_dir": data,
        "list_db": False,
        "proxy_mode": False,
        "server_wide_modules": ",".join(loaded),
        "admin_passwd": common.digest([ensure_key().read_text(), "database manager"]),
    }
    named = {"db_host": server.host, "db_port": server.port, "db_user": server.user}
    return options | {name: value for name, value in named.items() if value}


def render(options: dict[str, object]) -> str:
    """An Odoo configuration file."""
    lines = [f"{name} = {value}" for name, value in options.items()]
    return "\n".join(["[options]", *lines, ""])


def write_test(tree: OdooTree, server: Server) -> Path:
    """The configuration for building databases and for pytest-odoo."""
    options = common_options(tree, server, WORK / "data") | {
        "http_interface": "127.0.0.1",
        "http_port": free_port(),
        "gevent_port": free_port(),
    }
    write_private(TEST_CONFIG, render(options))
    return TEST_CONFIG


def serve_options(tree: OdooTree, server: Server) -> dict[str, object]:
    """The configuration of the started server; odoo.conf.example explains each option."""
    return common_options(tree, server, WORK / "data") | {
        "db_name": DEMO_DATABASE,
        "proxy_mode": with_proxy(),
        "db_maxconn": 16,
        "db_maxconn_gevent": 8,
        "http_interface": interface(),
        "http_port": port(),
        "gevent_port": port() + EVENTED_OFFSET,
        "limit_time_cpu": 300,
        "limit_time_real": 300,
        "limit_time_real_cron": 900,
        "logfile": SERVE_LOG,
        "log_level": "info",
    }
