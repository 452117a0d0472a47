"""Lines of JSON for whoever collects them: appended to a file that only its owner can read, or written to stderr."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Literal

STDERR: Literal["-"] = "-"


def append(place: Path | Literal["-"], line: str) -> None:
    """Write a line, whole and at once. The file is opened anew for each, so that it may be moved away meanwhile.

    Args:
        place: the file, which is made if need be, or `-` for stderr.
        line: the text, with its line break.

    Raises:
        OSError: it could not be written.
    """
    if place == STDERR:
        sys.stderr.write(line)
        sys.stderr.flush()
        return
    opened = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        state = os.fstat(opened)
        if stat.S_ISREG(state.st_mode) and stat.S_IMODE(state.st_mode) & 0o077:
            os.fchmod(opened, 0o600)
        os.write(opened, line.encode())
    finally:
        os.close(opened)
