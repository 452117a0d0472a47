"""Logging: to stderr or a file, never to stdout, which belongs to the protocol."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

from server.call_context import current_http_request, current_jsonrpc_id
from server.errors import ConfigurationError, GitHubError

LogFormat = Literal["text", "json"]

# These tell more about requests than a log should hold, headers included, when turned up.
_KEPT_QUIET = ("httpx", "httpcore", "mcp", "hpack", "sse_starlette", "urllib3", "opentelemetry")
# Their warnings are all of what a client sent with a message for its trace, and repeat it at whatever length.
_ONLY_ERRORS = ("opentelemetry.baggage.propagation", "opentelemetry.trace.span")
_CALLED = "security_campaigns_mcp"


class _OneLine(logging.Formatter):
    """Keeps every record on one line, so that no text of others can fake a second one.

    What is logged for a request over HTTP ends in this server's id for it.
    """

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if (request := current_http_request()) is not None:
            text += f" [request {request.id}]"
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


class _JsonLine(logging.Formatter):
    """Makes every record one JSON object of printable ASCII, so that no text of others can fake or break a line.

    Its fields are time (UTC), level, logger and message, and where they are known request_id (this server's for the
    request over HTTP), caller (the name of who signed in), jsonrpc_id (the client's for the MCP message),
    github_request_id, trace_id, span_id and exception (with its traceback).
    """

    def format(self, record: logging.LogRecord) -> str:
        request = current_http_request()
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "request_id": request and request.id,
            "caller": request and request.caller,
            "jsonrpc_id": current_jsonrpc_id(),
            "github_request_id": _github_request_id(record),
            **_span_under_way(),
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
        }
        known = {field: _whole(value) for field, value in told.items() if value}
        return json.dumps(known)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a mistake in the call must not cost the line
        return str(record.msg)


def _whole(text: str) -> str:
    """Return a text without halves of characters, which JSON could hold but most readers refuse."""
    return text.encode("utf-8", "backslashreplace").decode()


def _github_request_id(record: logging.LogRecord) -> str | None:
    given = getattr(record, "github_request_id", None)
    if isinstance(given, str):
        return given
    return next((error.request_id for error in _errors(record) if isinstance(error, GitHubError)), None)


def _errors(record: logging.LogRecord) -> Iterator[object]:
    arguments = record.args or ()
    yield from arguments.values() if isinstance(arguments, Mapping) else arguments
    error = record.exc_info[1] if record.exc_info else None
    while error is not None:
        yield error
        error = error.__cause__


def _span_under_way() -> dict[str, str]:
    if "opentelemetry.trace" not in sys.modules:  # nothing can have begun one
        return {}
    from opentelemetry import trace  # noqa: PLC0415 - a plain start must not pay for it

    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(span.trace_id), "span_id": trace.format_span_id(span.span_id)}


def _make_private(file: Path) -> None:
    """Make the file, or close an existing one to others. What is no file, such as a folder, stays as it is."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if stat.S_ISREG(os.fstat(opened).st_mode):
            file.chmod(0o600)
    finally:
        os.close(opened)


def configure_logging(level: str, file: Path | None, form: LogFormat = "text") -> None:
    """Send this process's log to stderr or to a file that only its owner can read.

    Must run before the SDK's server is made, since that configures logging when nobody has. With the form `json`,
    Python's warnings and an exception that ends the process become lines of the log too.

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
    if form == "json":
        handler.setFormatter(_JsonLine())
        logging.captureWarnings(True)
        sys.excepthook = _log_the_end
    else:
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _KEPT_QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _ONLY_ERRORS:
        logging.getLogger(name).setLevel(logging.ERROR)


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(_CALLED).critical("The process ends, since this server failed.", exc_info=(kind, error, trace))


def announce(line: str, level: int = logging.INFO) -> None:
    """Tell whoever started the process something on stderr, whatever --log-level says.

    It is plain text, unless the log on stderr is JSON: then it is a line of that.
    """
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler and isinstance(handler.formatter, _JsonLine):
            handler.handle(logging.LogRecord(_CALLED, level, __file__, 0, line, None, None))
            return
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - for the person who starts it
