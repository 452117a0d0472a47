"""The SQLite file: made so that only its owner can read it, and opened so that several processes can share it."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PRAGMAS: Mapping[str, int | str] = {
    "foreign_keys": "ON",
    # Each commit reaches the disk. NORMAL would survive the end of the process too, but not a power cut, after which
    # a campaign would be published and its alerts forgotten. Writes here are few, so it costs nothing that is felt.
    "synchronous": "FULL",
}
PATIENCE = 10.0
"""Seconds to wait for others at work. A transaction takes milliseconds; twenty busy processes take turns in one."""
# SQLite's own waiting asks less and less often, so that among many writers the one that waits longest comes last.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.01  # seconds
# Closing any descriptor of a file gives up all locks that this process has on it, also those of other connections. So
# nothing else may open the file while it is being made.
_making = threading.Lock()


class ForeignLink(OSError):
    """A symbolic link that neither this user nor the administrator made."""


def connect(path: Path, pragmas: Mapping[str, int | str] = PRAGMAS, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open the file at an absolute path, which is made when it is not there, its folder too.

    SQLite gives the files it puts beside it (-wal, -shm) the same permissions. Transactions are left to the caller.

    Raises:
        OSError, ValueError, sqlite3.Error: whatever stands in the way.
    """
    _make_folder(path.parent)
    _make_file(path)
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0)
    try:
        for name, setting in pragmas.items():
            _patiently(connection, f"PRAGMA {name} = {setting}", patience)
        if _patiently(connection, "PRAGMA journal_mode", patience).fetchone() != ("wal",):
            # Readers and a writer then work at once. Where that is impossible, as on some network file systems, SQLite
            # goes on without it.
            _patiently(connection, "PRAGMA journal_mode = WAL", patience).fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def begin(connection: sqlite3.Connection, kind: str, patience: float) -> None:
    """Begin a transaction, DEFERRED to read or IMMEDIATE to write, waiting in turn with others.

    Raises:
        sqlite3.Error: whatever stands in the way.
    """
    _patiently(connection, f"BEGIN {kind}", patience)
    if kind == "DEFERRED":
        _patiently(connection, "SELECT 1 FROM sqlite_master", patience).fetchone()  # it only begins with the first look
    connection.execute(
        f"PRAGMA busy_timeout = {round(1000 * patience)}"
    )  # for a commit where write-ahead is impossible


def _patiently(connection: sqlite3.Connection, statement: str, patience: float) -> sqlite3.Cursor:
    until = time.monotonic() + patience
    while True:
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as failure:
            if not is_busy(failure) or time.monotonic() > until:
                raise
        time.sleep(random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE))  # noqa: S311 - no secret


def _make_folder(folder: Path) -> None:
    for missing in reversed([each for each in (folder, *folder.parents) if not os.path.lexists(each)]):
        with suppress(FileExistsError):  # another process was faster
            missing.mkdir(mode=0o700)
    _refuse_foreign_link(folder)
    if not stat.S_ISDIR(folder.stat().st_mode):
        raise NotADirectoryError


def _make_file(path: Path) -> None:
    try:
        with _making:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        _refuse_foreign_link(path)
        if not stat.S_ISREG(path.stat().st_mode):
            raise IsADirectoryError from None
        _check_access(path)


def _check_access(path: Path) -> None:
    """Refuse before SQLite looks: it would leave files behind that are as inaccessible as this one is now."""
    effective = os.access in os.supports_effective_ids
    for each, needed in ((path.parent, os.W_OK | os.X_OK), (path, os.R_OK | os.W_OK)):
        if not os.access(each, needed, effective_ids=effective):
            raise PermissionError


def _refuse_foreign_link(path: Path) -> None:
    """Follow a link only where its maker could change what this user has anyway."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) and hasattr(os, "geteuid") and found.st_uid not in (0, os.geteuid()):
        raise ForeignLink


def is_busy(failure: BaseException | None) -> bool:
    """Tell whether SQLite refused only because somebody else is at work."""
    code = getattr(failure, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
