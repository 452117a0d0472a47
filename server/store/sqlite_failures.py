"""Whatever can go wrong with the SQLite file, as a sentence for its operator."""

from __future__ import annotations

import errno
import sqlite3

from server.store.failures import Explanation, explained_by_type
from server.store.migrations import NotAStore
from server.store.sqlite_file import ForeignLink, is_busy

ELSEWHERE = "name another file with --store, or run with --no-store."
_LOCKED = ("is locked by another program", "Try again; if it stays so, look for what keeps it open.")
_READ_ONLY = ("is read-only", f"Make the file and its folder writable, {ELSEWHERE}")
_FORBIDDEN = ("may not be read and written by this user", f"Change its permissions or its folder's, {ELSEWHERE}")
_FULL = ("cannot grow: there is no space left", f"Make room, {ELSEWHERE}")
_DAMAGED = (
    "is damaged or no store",
    f"Move it away, and a new one is begun that knows nothing of the past; or {ELSEWHERE}",
)
_NOT_OURS = ("belongs to another program", ELSEWHERE.capitalize())
_NO_FILE = ("is a folder or a device, not a file", ELSEWHERE.capitalize())
_NO_FOLDER = ("is not in a folder: something on its path is a file", ELSEWHERE.capitalize())
_LINK = ("is or lies behind a symbolic link that another user made", ELSEWHERE.capitalize())
_DISK = ("cannot be read or written: the disk reports an error", f"Look at the disk, {ELSEWHERE}")
_CLOSED = ("cannot be opened", f"See that it is a file which this user may read and write, {ELSEWHERE}")
_UNUSABLE = ("cannot be used", f"Move it away, {ELSEWHERE}")
_UNFIT = ("cannot keep what it was given, or holds what cannot be read", ELSEWHERE.capitalize())

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_IOERR: _DISK,
}
_BY_ERRNO = {
    errno.EROFS: _READ_ONLY,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EIO: _DISK,
}
_BY_TYPE: tuple[tuple[type[Exception], Explanation], ...] = (
    (ForeignLink, _LINK),
    (PermissionError, _FORBIDDEN),
    (IsADirectoryError, _NO_FILE),
    (NotADirectoryError, _NO_FOLDER),
    (NotAStore, _NOT_OURS),
    (ValueError, _UNFIT),
    (OverflowError, _UNFIT),
)


def explain(failure: Exception) -> Explanation:
    """Say what is wrong with the file, and what to do."""
    cause = getattr(failure, "orig", None) or failure
    if is_busy(cause):
        return _LOCKED
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)  # absent when Python itself complains
        return _UNUSABLE if code is None else _BY_SQLITE_CODE.get(code & 0xFF, _UNUSABLE)
    found = explained_by_type(cause, _BY_TYPE)
    if found is None and isinstance(cause, OSError):
        return _BY_ERRNO.get(cause.errno or 0, _CLOSED)
    return found or _UNUSABLE
