"""Credentials of the demo systems: used again while they work, made anew when not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .client import Sender
from .rpc import Odoo

NAME = "Demo"
NOBODY = "00000000-0000-4000-8000-000000000000"
SOURCES = {"cabinet-7b": ["urn:hc:cabinet:7B"]}
System = dict[str, Any]


def ensure(odoo: Odoo, base_url: str, known: list[System]) -> list[System]:
    """One entry for each system with an active channel, with credentials that work."""
    before = {system["code"]: system for system in known}
    return [
        with_credentials(odoo, base_url, system, before.get(system["code"]))
        for system in catalog(odoo)
    ]


def catalog(odoo: Odoo) -> list[System]:
    """Systems and what they may send, as Odoo has them."""
    types = {row["id"]: row["name"] for row in odoo.read("hc.message.type", [], ["name"])}
    rows = odoo.read(
        "hc.channel",
        [("direction", "=", "in"), ("state", "=", "active")],
        ["code", "system_id", "message_type_ids", "format"],
        order="system_id, code",
    )
    codes = {row["id"]: row["code"] for row in odoo.read("hc.system", [], ["code"])}
    systems: dict[int, System] = {}
    for row in rows:
        identifier = row["system_id"][0]
        fresh: System = {"code": codes[identifier], "id": identifier, "channels": []}
        system = systems.setdefault(identifier, fresh)
        named = sorted(types[type_id] for type_id in row["message_type_ids"])
        channel = {"code": row["code"], "types": named, "format": row["format"], "id": row["id"]}
        system["channels"].append(channel)
    for system in systems.values():
        system["sources"] = SOURCES.get(system["code"], [f"urn:hc:{system['code']}"])
    return list(systems.values())


def with_credentials(odoo: Odoo, base_url: str, system: System, before: System | None) -> System:
    """The entry of one system; its old credentials where they are still good for it."""
    if before and same_channels(before, system) and works(base_url, before):
        kept = {name: before[name] for name in ("key_id", "secret", "bearer")}
    else:
        revoke(odoo, system)
        signature = issue(odoo, system, "signature")
        bearer = issue(odoo, system, "bearer")
        kept = {
            "key_id": signature["default_key_id"],
            "secret": signature["default_secret"],
            "bearer": bearer["default_bearer"],
        }
    return {"code": system["code"], **kept, **system}


def same_channels(before: System, system: System) -> bool:
    """Whether the credentials were bound to the channels of today."""
    ids = [{channel.get("id") for channel in one["channels"]} for one in (before, system)]
    return ids[0] == ids[1] and before.get("sources") == system["sources"]


def works(base_url: str, system: System) -> bool:
    """Whether the server knows both credentials: nobody's message is not found, not refused."""
    sender = Sender.of(base_url, system)
    answers = [sender.status(NOBODY, bearer=bearer).status_code for bearer in (False, True)]
    return answers == [404, 404]


def revoke(odoo: Odoo, system: System) -> None:
    """Credentials of former runs, which nobody has any more."""
    domain = [("system_id", "=", system["id"]), ("name", "=", NAME), ("state", "=", "active")]
    if old := [row["id"] for row in odoo.read("hc.credential", domain, ["id"])]:
        odoo.call("hc.credential", "action_revoke", old)


def issue(odoo: Odoo, system: System, kind: str) -> dict[str, str]:
    """A new credential, bound to the system's channels and sources; shown this once."""
    values = {
        "name": NAME,
        "system_id": system["id"],
        "kind": kind,
        "channel_ids": [(6, 0, [channel["id"] for channel in system["channels"]])],
        "allowed_sources": "\n".join(system["sources"]),
    }
    credential = odoo.create("hc.credential", values)
    shown: dict[str, str] = odoo.call("hc.credential", "action_issue", [credential])["context"]
    return shown


def load(path: Path) -> list[System]:
    """The systems of a former run; none where the file is missing or not ours."""
    try:
        systems: list[System] = json.loads(path.read_text())["systems"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return systems


def save(path: Path, document: dict[str, Any]) -> None:
    """Write the file, for its owner only from its first byte on."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
    draft.replace(path)
