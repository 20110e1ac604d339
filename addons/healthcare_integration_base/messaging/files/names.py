# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Names of files: plain, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from ..errors import MessageError

PART = ".part"
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file as a listing has it.

    :param size: bytes
    :param modified: aware, to the second
    """

    name: str
    size: int
    modified: datetime


def is_plain(name: str) -> bool:
    """A name without a path, a control character or a leading dot."""
    return (
        0 < len(name) <= MAX_NAME
        and name.isprintable()
        and not name.startswith(".")
        and not set(name) & {"/", "\\", ":"}
    )


def check(name: str) -> str:
    """The name.

    :raise MessageError: ``file_name_refused``
    """
    if not is_plain(name):
        raise MessageError("file_name_refused")
    return name


def parts(path: str) -> tuple[str, ...]:
    """The folders of a path, none of which leads up or is hidden.

    :raise MessageError: ``file_name_refused``
    """
    return tuple(check(part) for part in path.split("/") if part)


def chosen(found: list[FileInfo], pattern: str) -> list[FileInfo]:
    """Files that match, the oldest first; none that is still being written or is hidden."""
    fit = [
        one
        for one in found
        if is_plain(one.name) and not one.name.endswith(PART) and fnmatchcase(one.name, pattern)
    ]
    return sorted(fit, key=lambda one: (one.modified, one.name))
