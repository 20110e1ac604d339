"""What the fault tests have counted and measured, told as a table at their end."""

from __future__ import annotations

import json
import os
from pathlib import Path


class Figures:
    """Lines of a table: what was done to the server, what was counted, how much of it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def add(self, case: str, **values: float | int | str) -> None:
        """Keep figures of one case; underscores of their names are spaces."""
        for name, value in values.items():
            told = f"{value:.3f}" if isinstance(value, float) else str(value)
            self.lines.append((case, name.replace("_", " "), told))

    def table(self) -> list[str]:
        """The lines, in columns."""
        widths = [max((len(line[n]) for line in self.lines), default=0) for n in range(3)]
        rows, last = [], ""
        for case, name, value in self.lines:
            told = case if case != last else ""
            rows.append(f"{told:<{widths[0]}}  {name:<{widths[1]}}  {value:>{widths[2]}}")
            last = case
        return rows

    def write(self, path: Path) -> None:
        """The same for programs."""
        found: dict[str, dict[str, str]] = {}
        for case, name, value in self.lines:
            found.setdefault(case, {})[name] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found | {"machine": {"cores": os.cpu_count()}}, indent=2) + "\n")
