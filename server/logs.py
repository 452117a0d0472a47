"""Logging: to stderr or a file, never to stdout, which belongs to the protocol."""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path

from server.errors import ConfigurationError

# These tell more about requests than a log should hold, headers included, when turned up.
_KEPT_QUIET = ("httpx", "httpcore", "mcp", "hpack", "sse_starlette")


class _OneLine(logging.Formatter):
    """Keeps every record on one line, so that no text of others can fake a second one."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _make_private(file: Path) -> None:
    """Make the file, or close an existing one to others. What is no file, such as a folder, stays as it is."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if stat.S_ISREG(os.fstat(opened).st_mode):
            file.chmod(0o600)
    finally:
        os.close(opened)


def configure_logging(level: str, file: Path | None) -> None:
    """Send this process's log to stderr or to a file that only its owner can read.

    Must run before the SDK's server is made, since that configures logging when nobody has.

    Raises:
        ConfigurationError: when the file cannot be written.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        try:
            _make_private(file)
            handler = logging.FileHandler(file, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"--log-file {file} cannot be written: {error.strerror}.", "Choose another place."
            ) from None
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _KEPT_QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
