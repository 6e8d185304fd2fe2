"""`AtomicFile`: a file that stands under its name when it is complete, and not before."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["AtomicFile", "naming", "put_in_place", "refuse_what_is_there"]

BUFFER = 256 * 1024


class AtomicFile:
    """Writes beside the target under a hidden name, and moves that into place at the end.

    Without `force` a file that is there is never touched: it is looked for at the start, to
    spend nothing in vain, and the move at the end fails if one has appeared meanwhile. With
    `force` it is replaced in one step, and its permissions are kept.
    """

    __slots__ = ("_file", "_force", "_named", "_target")

    def __init__(self, target: Path, *, force: bool = False) -> None:
        self._named = target
        # The file a link points to is meant, not the link.
        self._target = Path(os.path.realpath(target))
        self._force = force
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Create the temporary file.

        Raises:
            FileExistsError: The target exists, and is not to be replaced.
            OSError: The target is a folder, or its folder cannot be written.
        """
        target = self._target
        with naming(self._named):
            refuse_what_is_there(target, force=self._force)
            # Not tempfile: its files are for their owner alone, whatever the umask says.
            part = target.with_name(f".{target.name[:40]}.part-{secrets.token_hex(4)}")
            self._file = part.open("xb", buffering=BUFFER)

    def write(self, data: bytes) -> None:
        """Write some bytes."""
        with naming(self._named):
            self._opened().write(data)

    def restart(self) -> None:
        """Drop what was written so far."""
        with naming(self._named):
            self._opened().seek(0)
            self._opened().truncate()

    def commit(self) -> None:
        """Bring all to the disk and move it into place.

        Raises:
            FileExistsError: Somebody else has made the target meanwhile.
            OSError: The disk is full, or the move failed.
        """
        file = self._opened()
        part = Path(file.name)
        with naming(self._named):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            put_in_place(part, self._target, force=self._force)
        self._file = None

    def discard(self) -> None:
        """Remove the temporary file."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                Path(file.name).unlink()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("the file is not open")
        return self._file


@contextmanager
def naming(target: Path) -> Generator[None]:
    """Let an OSError tell of the target: a temporary name means nothing to a reader."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(target), None
        raise


def refuse_what_is_there(target: Path, *, force: bool) -> None:
    """Find out early that a file cannot be put into its place.

    Raises:
        FileExistsError: The target exists, and is not to be replaced.
        IsADirectoryError: It is a folder.
    """
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not force and target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def put_in_place(part: Path, target: Path, *, force: bool) -> None:
    """Move a file that is complete to its name, for good.

    Args:
        part: The file, in the folder of its target.
        target: Its name from now on.
        force: Whether it replaces what is there, in one step; the permissions are kept.

    Raises:
        FileExistsError: Without `force`, somebody else has made the target meanwhile.
        OSError: The move failed.
    """
    if force:
        with suppress(FileNotFoundError):
            shutil.copymode(target, part)
        part.replace(target)
    else:
        _move_to_free_name(part, target)
    _sync_folder(target.parent)


def _move_to_free_name(part: Path, target: Path) -> None:
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here: take the name first, which only one can, then move over it.
        target.touch(exist_ok=False)
        try:
            part.replace(target)
        except OSError:
            target.unlink()
            raise
    else:
        part.unlink()


def _sync_folder(folder: Path) -> None:
    # The new name survives a power cut then; not every system can do it.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
