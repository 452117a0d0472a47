"""Lines of JSON for whoever collects them: appended to a file that only its owner can read, or written to stderr."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

STDERR: Literal["-"] = "-"
_NOT_WAITING = getattr(os, "O_NONBLOCK", 0)  # Windows has none, and no such pipes


def append(place: Path | Literal["-"], line: str) -> None:
    """Write a line, whole and at once. The file is opened anew for each, so that it may be moved away meanwhile.

    Args:
        place: the file, which is made if need be, or `-` for stderr.
        line: the text, with its line break.

    Raises:
        OSError: it could not be written, or not whole, or this is no file.
    """
    if place == STDERR:
        sys.stderr.write(line)
        sys.stderr.flush()
        return
    # Without O_NONBLOCK, opening a pipe that nobody reads would wait for a reader.
    opened = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NOT_WAITING, 0o600)
    try:
        mode = os.fstat(opened).st_mode
        if wrong := _no_file(mode):
            raise OSError(f"{place} {wrong}")
        if stat.S_IMODE(mode) & 0o077:
            with suppress(PermissionError):  # it is another's, who lets this account write to it
                os.fchmod(opened, 0o600)
        _write_whole(opened, line.encode())
    finally:
        os.close(opened)


def check_place(place: Path) -> None:
    """Refuse what no line could be appended to, before there is one. What is not there is made when there is.

    Raises:
        ValueError: with a sentence.
    """
    with suppress(OSError):  # that it cannot be looked at is told when it cannot be written
        if wrong := _no_file(place.stat().st_mode):
            raise ValueError(f"{wrong}; give the path of a plain file")


def _no_file(mode: int) -> str | None:
    if stat.S_ISREG(mode):
        return None
    return "is a folder" if stat.S_ISDIR(mode) else "is a pipe or a device"


def _write_whole(opened: int, line: bytes) -> None:
    """Append a line, or nothing: what follows a line that was cut would be glued to it."""
    written = 0
    try:
        while written < len(line):
            written += os.write(opened, line[written:])
    except OSError:
        end = os.lseek(opened, 0, os.SEEK_CUR)
        if written and os.fstat(opened).st_size == end:  # nobody else has appended since
            os.ftruncate(opened, end - written)
        raise
