"""A small disk of its own, to be filled to its last byte."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hcdev import common
from hcdev.common import SetupError, run

MEGABYTE = 1 << 20


class SmallDisk:
    """An ext4 file system in a file."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.image = folder / "small.img"
        self.place = folder / "small"
        self.size = megabytes * MEGABYTE
        self.ballast = self.place / "ballast"

    def mount(self, owner: str) -> Path:
        """Make and mount it; a folder in it that belongs to ``owner``."""
        if not common.is_root():
            raise SetupError("a full disk is made by mounting a small one, which needs root")
        self.place.mkdir(parents=True, exist_ok=True)
        with self.image.open("wb") as file:
            file.truncate(self.size)
        run(["mkfs.ext4", "-q", "-F", "-m", "0", self.image], "making a small disk")
        run(["mount", "-o", "loop", self.image, self.place], "mounting a small disk")
        inside = self.place / "inside"
        inside.mkdir(mode=0o700)
        shutil.chown(self.place, owner)
        shutil.chown(inside, owner)
        return inside

    def unmount(self) -> None:
        """Take it away."""
        with contextlib.suppress(SetupError):
            run(["umount", self.place], "unmounting the small disk")
        self.image.unlink(missing_ok=True)

    def fill(self) -> int:
        """Leave no byte; how many it took."""
        block = b"\0" * MEGABYTE
        with self.ballast.open("ab", buffering=0) as file:
            while block:
                try:
                    file.write(block)
                    os.fsync(file.fileno())
                except OSError:
                    block = block[: len(block) // 2]
            return file.tell()

    def free(self) -> None:
        """Give back what the ballast took."""
        self.ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder: Path, owner: str, megabytes: int) -> Iterator[tuple[SmallDisk, Path]]:
    """A mounted small disk and the folder in it."""
    disk = SmallDisk(folder, megabytes)
    disk.unmount()
    inside = disk.mount(owner)
    try:
        yield disk, inside
    finally:
        disk.unmount()


def move(folder: Path, place: Path) -> None:
    """Have a folder somewhere else, with a link where it was."""
    run(["cp", "-a", f"{folder}/.", place], f"copying {folder.name}")
    folder.rename(folder.with_name(f"{folder.name}.before"))
    folder.symlink_to(place)


def move_back(folder: Path, place: Path) -> None:
    """Undo :func:`move`, with what the folder holds now."""
    folder.unlink()
    shutil.rmtree(folder.with_name(f"{folder.name}.before"))
    run(["cp", "-a", place, folder], f"copying {folder.name}")
