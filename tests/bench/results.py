"""What was measured: printed as it comes, written for others to read."""

from __future__ import annotations

import json
from pathlib import Path

GOALS: dict[str, tuple[str, float]] = {
    "accept_one": (">=", 0.5),
    "accept_one_orm": (">", 1.0),
    "audit": (">=", 0.95),
    "accept_batch": (">=", 15.0),
    "consumption": (">=", 6.0),
    "consumption_backlog": (">=", 10.0),
    "charges": (">=", 10.0),
    "alarms": (">=", 10.0),
    "latency_p95": ("<", 1.0),
    "replenishment": ("<", 1.0),
    "memory": ("<", 1.05),
    "ledger": ("<", 1.0),
    # The peer keeps nothing: a message that is on disk may cost five times as much.
    "mllp": (">=", 0.2),
    "mllp_pipelined": (">=", 0.2),
}


class Results:
    """Figures by name."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, float | str]] = {}

    def add(self, name: str, ours: float, peer: float, unit: str) -> None:
        """Keep and tell one comparison."""
        ratio = ours / peer if peer else 0.0
        figures = {"ours": round(ours, 3), "peer": round(peer, 3), "ratio": round(ratio, 3)}
        self.found[name] = {**figures, "unit": unit}
        sign, goal = GOALS[name]
        reached = "reached" if holds(ratio, sign, goal) else "MISSED"
        told = f"ours {ours:10.2f}  peer {peer:10.2f}  ratio {ratio:7.2f}"
        print(f"{name:<20} {told}  (goal {sign} {goal:g}: {reached})  {unit}", flush=True)

    def write(self, path: Path) -> None:
        """The file that the issue asks for."""
        path.write_text(json.dumps(self.found, indent=2) + "\n")


def holds(ratio: float, sign: str, goal: float) -> bool:
    """Whether a ratio is as wanted."""
    return {">=": ratio >= goal, ">": ratio > goal, "<": ratio < goal}[sign]
