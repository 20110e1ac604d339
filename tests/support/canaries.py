"""Search for people: nothing of theirs is in the database, a log or an answer."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator

from . import cluster as clusters
from .hospital import Hospital


def nowhere(hospital: Hospital, words: Iterable[str], answers: Iterable[str]) -> None:
    """None of the words is in a column of the database, a log of Odoo or PostgreSQL, an answer."""
    pattern = re.compile("|".join(map(searched, words)), re.IGNORECASE)
    for answer in answers:
        assert not pattern.search(answer)
    for place, text in logs(hospital):
        assert not pattern.search(text), f"a name of the samples is in {place}"
    found = [line for line in ours(hospital) if pattern.search(line)]
    assert not found, found[:3]


def searched(word: str) -> str:
    """A short one stands alone: within a digest four letters are chance."""
    own = re.escape(word)
    return own if len(word) > 8 else f"(?<![0-9A-Za-z]){own}(?![0-9A-Za-z])"


def logs(hospital: Hospital) -> Iterator[tuple[str, str]]:
    """Everything that the two programs and the supervisor wrote."""
    for path in [*hospital.machine.folder.glob("*.log*"), *hospital.machine.folder.glob("*.out*")]:
        yield path.name, path.read_text(errors="replace")
    yield "PostgreSQL's log", hospital.cluster.log.read_text(errors="replace")


def ours(hospital: Hospital) -> Iterator[str]:
    """Rows of a dump that a sender can have caused: those that the template does not have."""
    before = set(dump(hospital, template=True))
    return (line for line in dump(hospital) if line not in before)


def dump(hospital: Hospital, *, template: bool = False) -> list[str]:
    """The data of a database as text, a row per line."""
    machine = hospital.machine
    name = "hc_samples_template" if template else machine.database
    env = machine.server.env(superuser=True)
    if template:
        clusters.copy_template(machine.server, name)
    words = ["pg_dump", "--data-only", "--no-owner", "-d", name]
    text = subprocess.run(words, env=env, capture_output=True, check=True).stdout
    if template:
        subprocess.run(["dropdb", name], env=env, check=True)
    return text.decode(errors="replace").splitlines()
