"""Whatever can go wrong with a PostgreSQL database, as a sentence for its operator.

The server's and the driver's own sentences are never repeated: they hold values, and whatever was mistaken for a host.
"""

from __future__ import annotations

from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from server.store.failures import Explanation, explained_by_type
from server.store.migrations import NotAStore

ELSEWHERE = "name another database with --store, or run with --no-store."
_LOCKED = ("is in use by other processes for too long", "Try again; if it stays so, look for what keeps it busy.")
_TOO_SLOW = ("did not answer a query in time", "Try again; if it stays so, look at what the server is doing.")
_READ_ONLY = ("is read-only", f"Name the server that takes writes, {ELSEWHERE}")
_FORBIDDEN = (
    "may not be read and written by this user",
    f"Grant the user its tables, and CREATE in its schema to make them; or {ELSEWHERE}",
)
_FULL = ("cannot grow: there is no space left", f"Make room on the server, {ELSEWHERE}")
_DAMAGED = ("is damaged", f"Restore it from a backup, {ELSEWHERE}")
_NOT_OURS = ("belongs to another program", ELSEWHERE.capitalize())
_DISK = ("cannot be read or written: the server's disk reports an error", f"Look at the disk, {ELSEWHERE}")
_UNUSABLE = ("cannot be used", f"See the server's log, {ELSEWHERE}")
_UNFIT = ("cannot keep what it was given, or holds what cannot be read", ELSEWHERE.capitalize())
_BUSY = ("has no connection left", "Try again; if it stays so, allow more connections or run fewer processes.")
_STOPPING = ("is just starting or stopping", "Try again.")
_UNREACHABLE = (
    "cannot be reached",
    "See that the server runs there and lets this machine and user in; psql with the same address tells more.",
)
_NO_PASSWORD = (
    "wants a password, and none was given",
    "Give it in PGPASSWORD, a password file or a service file; never in the address.",
)
_WRONG_PASSWORD = (
    "does not accept this user with this password",
    "Mend the user in the address, or the password in PGPASSWORD, the password file or the service file.",
)
_NO_SUCH_DATABASE = ("does not exist", "Create the database, or mend its name in --store.")
_NO_SUCH_USER = ("does not know this user", "Create the user, or name another in the address.")
_NOT_FROM_HERE = ("does not let this user in from here", "Allow it in the server's pg_hba.conf.")
_NO_SERVICE = ("is not in the service file", "Mend the service's name in --store, or ~/.pg_service.conf.")
_NO_SUCH_HOST = ("is on a host that is not known", "Mend the host in --store.")
_NO_POSTGRESQL = (
    "is not where --store says: what answers there is no PostgreSQL server, but perhaps a proxy or a web server",
    "Mend the host and port in --store.",
)
_NOT_ENCRYPTED = ("cannot be reached in the encrypted way that was asked for", "Mend sslmode, or the certificates.")

# https://www.postgresql.org/docs/current/errcodes-appendix.html; two characters are a whole class.
_BY_SQLSTATE = {
    "08": _UNREACHABLE,
    "22": _UNFIT,
    "25006": _READ_ONLY,
    "25P03": _TOO_SLOW,
    "28": _WRONG_PASSWORD,
    "3D000": _NO_SUCH_DATABASE,
    "3F000": _FORBIDDEN,
    "40": _LOCKED,
    "42501": _FORBIDDEN,
    "53100": _FULL,
    "53300": _BUSY,
    "55P03": _LOCKED,
    "57014": _TOO_SLOW,
    "57P": _STOPPING,
    "58": _DISK,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
# A refused connection has no code, only libpq's words. In another language it is one that cannot be made.
_BY_WORDS = (
    ("no password supplied", _NO_PASSWORD),
    ("password authentication failed", _WRONG_PASSWORD),
    ("no pg_hba.conf entry", _NOT_FROM_HERE),
    ("authentication failed", _NOT_FROM_HERE),
    ("FATAL:  role ", _NO_SUCH_USER),
    ("FATAL:  database ", _NO_SUCH_DATABASE),
    ("FATAL:  permission denied for database", _FORBIDDEN),
    ("too many connections", _BUSY),
    ("too many clients", _BUSY),
    ("remaining connection slots", _BUSY),
    ("is starting up", _STOPPING),
    ("is shutting down", _STOPPING),
    ("session is read-only", _READ_ONLY),
    ("hot standby mode", _READ_ONLY),
    ("definition of service", _NO_SERVICE),
    ("failed to resolve host", _NO_SUCH_HOST),
    ("could not translate host name", _NO_SUCH_HOST),
    ("received invalid response to ", _NO_POSTGRESQL),
    ("expected authentication request from server", _NO_POSTGRESQL),
    ("SSL", _NOT_ENCRYPTED),
    ("certificate", _NOT_ENCRYPTED),
)
_BY_TYPE: tuple[tuple[type[Exception], Explanation], ...] = (
    (NoConnectionFree, _BUSY),
    (NotAStore, _NOT_OURS),
    (ValueError, _UNFIT),
    (OverflowError, _UNFIT),
    (OSError, _UNREACHABLE),
)


def explain(failure: Exception) -> Explanation:
    """Say what is wrong with the database or the way to it, and what to do."""
    cause = getattr(failure, "orig", None)
    if cause is None:
        return explained_by_type(failure, _BY_TYPE) or _UNUSABLE
    code = getattr(cause, "sqlstate", None)
    if code is None:
        return _without_a_code(failure, cause)
    known = (_BY_SQLSTATE[part] for part in (code, code[:3], code[:2]) if part in _BY_SQLSTATE)
    return next(known, _UNUSABLE)


def _without_a_code(failure: Exception, cause: BaseException) -> Explanation:
    if isinstance(failure, DataError):
        return _UNFIT
    if not isinstance(failure, OperationalError):
        return _UNUSABLE
    said = str(cause)
    return next((explanation for words, explanation in _BY_WORDS if words in said), _UNREACHABLE)
