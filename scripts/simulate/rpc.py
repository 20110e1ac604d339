"""Odoo's own interface, as a person who is in charge uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests

TIMEOUT = 120


class Refused(Exception):
    """Odoo said no; the text is Odoo's."""


class Odoo:
    """A logged-in user."""

    def __init__(self, base_url: str, database: str, login: str, password: str) -> None:
        self._base_url = base_url
        self.http = requests.Session()
        self.http.trust_env = False
        found = self._ask(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        if not found or not found.get("uid"):
            raise Refused(f"{login} cannot log in to {database}")
        self.uid = int(found["uid"])

    def _ask(self, path: str, params: dict[str, Any]) -> Any:
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self.http.post(self._base_url + path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        document = answer.json()
        if "error" in document:
            data = document["error"].get("data", {})
            raise Refused(str(data.get("message") or document["error"].get("message"))[:500])
        return document.get("result")

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of a model."""
        return self._ask(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def read(
        self, model: str, domain: Iterable[Any], fields: Iterable[str], **options: Any
    ) -> list[dict[str, Any]]:
        """Records that match, as dictionaries."""
        found: list[dict[str, Any]] = self.call(
            model, "search_read", list(domain), fields=list(fields), **options
        )
        return found

    def create(self, model: str, values: dict[str, Any]) -> int:
        """One new record."""
        made = self.call(model, "create", [values])
        return int(made[0] if isinstance(made, list) else made)

    def write(self, model: str, ids: Iterable[int], values: dict[str, Any]) -> None:
        """Change records."""
        self.call(model, "write", list(ids), values)

    def count(self, model: str, domain: Iterable[Any]) -> int:
        """How many records match."""
        return int(self.call(model, "search_count", list(domain)))
