"""A file with a report in it, which only its owner can read and which is there whole or not at all."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from server.errors import CampaignsError
from server.whole_file import placed_whole


class NotWritten(CampaignsError):
    """The file could not be written. What was there before is there still."""


def check_place(file: Path) -> None:
    """Refuse a place where no report can be written, before anything is read for it.

    Raises:
        NotWritten: it is a folder, a link, a device, or in no folder.
    """
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        if not file.absolute().parent.is_dir():
            raise NotWritten(f"--output {file} is in a folder that does not exist.", "Make the folder first.") from None
        return
    except OSError as error:
        raise _failed(file, error) from None
    if file.is_dir():
        raise NotWritten(f"--output {file} is a folder.", "Give the name of a file in it.")
    if not stat.S_ISREG(mode):  # /dev/stdout, put in its place by root, would be gone
        raise NotWritten(f"--output {file} is a link or a device.", "Give the name of a plain file.")


def write_whole(file: Path, text: str) -> None:
    """Put a file with this text in its place, with mode 0600.

    Raises:
        NotWritten: saying why; nothing is left behind.
    """
    with written_whole(file) as write:
        write(text)


@contextmanager
def written_whole(file: Path) -> Iterator[Callable[[str], None]]:
    """Put a file in its place, with mode 0600, whose text the block writes in parts.

    Raises:
        NotWritten: saying why. Then, and when the block fails, nothing is left behind.
    """
    check_place(file)
    try:
        with placed_whole(file) as whole:
            yield lambda text: _write(whole, text)
    except OSError as error:
        raise _failed(file, error) from None


def _write(whole: BinaryIO, text: str) -> None:
    whole.write(text.encode())


def _failed(file: Path, error: OSError) -> NotWritten:
    return NotWritten(f"--output {file} cannot be written: {error.strerror}.", "Choose another place.")
