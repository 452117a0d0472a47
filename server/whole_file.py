"""A file that is put in its place whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_OWNER_ONLY = 0o600  # as mkstemp makes it


@contextmanager
def placed_whole(file: Path, mode: int = _OWNER_ONLY) -> Iterator[BinaryIO]:
    """Put a file in its place, with this mode, whose bytes the block writes.

    A link at its place is replaced, not followed; who minds looks before.

    Raises:
        OSError: it cannot be written. Then, and when the block fails, nothing is left behind and what was there before
            is there still.
    """
    made: Path | None = None
    try:
        opened, name = tempfile.mkstemp(prefix=f".{file.name[:50]}.", dir=file.absolute().parent)
        made = Path(name)
        with os.fdopen(opened, "wb") as whole:
            yield whole
            whole.flush()
            os.fsync(whole.fileno())
        if mode != _OWNER_ONLY:
            made.chmod(mode)
        made.replace(file)
        made = None
    finally:
        if made is not None:
            made.unlink(missing_ok=True)
