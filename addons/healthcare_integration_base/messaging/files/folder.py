# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A folder on this machine, below a root that the administrator has allowed.

Every step of the path is opened relative to the one before and never through a link, so
that nobody who may write there leads the server out of it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ..errors import MessageError
from . import names
from .names import PART, FileInfo

_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_CODES = {
    errno.ENOENT: "file_missing",
    errno.ENOTDIR: "file_name_refused",
    errno.ELOOP: "file_name_refused",
    errno.EISDIR: "file_name_refused",
    errno.ENXIO: "file_name_refused",
    errno.EACCES: "store_denied",
    errno.EPERM: "store_denied",
    errno.EROFS: "store_denied",
}


class Folder:
    """:param path: absolute; at or below one of ``roots``

    :raise MessageError: ``file_root_not_allowed``, ``file_name_refused``
    """

    def __init__(self, path: str, roots: Iterable[str]) -> None:
        asked = Path(path)
        root = next((one for one in map(Path, roots) if one in (asked, *asked.parents)), None)
        if root is None or not root.is_absolute() or root == Path("/"):
            raise MessageError("file_root_not_allowed")
        self._root = root
        self._steps = names.parts(asked.relative_to(root).as_posix() if asked != root else "")

    @contextmanager
    def session(self) -> Iterator[Folder]:
        """Nothing is to be opened here; a server's folder has a connection."""
        with _told():
            yield self

    def listing(self, pattern: str) -> list[FileInfo]:
        """Plain files that match, the oldest first."""
        with self._opened() as folder:
            with os.scandir(folder) as entries:
                found = [_info(one) for one in entries if one.is_file(follow_symlinks=False)]
        return names.chosen(found, pattern)

    def info(self, name: str, sub: str = "") -> FileInfo | None:
        """The file, if it is there."""
        try:
            with self._opened(sub) as folder:
                told = os.stat(names.check(name), dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(told.st_mode):
            raise MessageError("file_name_refused")
        return FileInfo(name, told.st_size, _moment(told.st_mtime))

    def fetch(self, name: str, most: int, sub: str = "") -> bytes:
        """All of a file.

        :param most: bytes
        :raise MessageError: ``file_too_large``, ``file_changed``, ``file_missing``
        """
        with self._opened(sub) as folder:
            with os.fdopen(os.open(names.check(name), _READ, dir_fd=folder), "rb") as file:
                before = os.fstat(file.fileno())
                if not stat.S_ISREG(before.st_mode):
                    raise MessageError("file_name_refused")
                raw = file.read(most + 1)
                after = os.fstat(file.fileno())
        if len(raw) > most:
            raise MessageError("file_too_large")
        if (after.st_size, after.st_mtime_ns) != (len(raw), before.st_mtime_ns):
            raise MessageError("file_changed")
        return raw

    def put(self, name: str, raw: bytes) -> None:
        """A file that is there as a whole or not at all."""
        part = names.check(name) + PART
        with self._opened() as folder:
            with os.fdopen(os.open(part, _WRITE, 0o640, dir_fd=folder), "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)

    def move(self, name: str, sub: str, new_name: str) -> None:
        """Into a folder beside it, which is made."""
        with self._opened() as folder:
            with suppress(FileExistsError):
                os.mkdir(names.check(sub), 0o750, dir_fd=folder)
            with self._opened(sub) as target:
                os.rename(
                    names.check(name),
                    names.check(new_name),
                    src_dir_fd=folder,
                    dst_dir_fd=target,
                )
                os.fsync(target)
            os.fsync(folder)

    def delete(self, name: str) -> None:
        """Away with it."""
        with self._opened() as folder:
            os.unlink(names.check(name), dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def _opened(self, sub: str = "") -> Iterator[int]:
        descriptor = os.open(self._root, _STEP & ~os.O_NOFOLLOW)
        try:
            for step in (*self._steps, *names.parts(sub)):
                below = os.open(step, _STEP, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _told() -> Iterator[None]:
    """What the system says, as a code; its own sentence holds names."""
    try:
        yield
    except OSError as error:
        raise MessageError(_CODES.get(error.errno or 0, "store_unreachable")) from None


def _info(entry: os.DirEntry[str]) -> FileInfo:
    told = entry.stat(follow_symlinks=False)
    return FileInfo(entry.name, told.st_size, _moment(told.st_mtime))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
