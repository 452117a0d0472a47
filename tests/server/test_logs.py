"""Every line of the log is a record, whatever others write into it."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.errors import NotFound
from server.logs import announce, configure_logging
from server.sandbox.options import ADMIN_TOKEN
from tests.harness import ORG
from tests.http.service import connected_by_hand, get, make_token, post, request_of, send, service_process
from tests.processes import loopback_github
from tests.server.collector import watched_spans
from tests.server.test_cli import run

NASTY = 'x\n{"level": "error", "message": "fake"}\r\x1b[31m\x7f\x00\x85\u2028\u2029\u202e\ud800é'
CONTROL = re.compile(r"[^ -~]")

Logged = Callable[[], list[dict[str, Any]]]


def configured(level: str) -> Logged:
    """Log as JSON; returns the lines so far, each of which must be an object of printable ASCII."""
    configure_logging(level, None, "json")
    [handler] = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)
    return lambda: parsed(written.getvalue())


@pytest.fixture
def logged() -> Logged:
    return configured("debug")


def parsed(text: str) -> list[dict[str, Any]]:
    lines = text.removesuffix("\n").split("\n")
    for line in lines:
        assert not CONTROL.search(line), line
    return [json.loads(line) for line in lines]


def test_a_record_is_an_object_with_time_level_logger_and_message(logged: Logged) -> None:
    logging.getLogger("server.test").warning("%d of %s", 3, "ten")
    [line] = logged()
    moment = datetime.fromisoformat(line.pop("time"))
    assert moment.tzinfo is not None
    assert line == {"level": "warning", "logger": "server.test", "message": "3 of ten"}


def test_what_others_wrote_stays_within_its_line_and_can_be_read_again(logged: Logged) -> None:
    logging.getLogger(NASTY).error("%s", NASTY)
    [line] = logged()
    assert line["message"] == line["logger"] == NASTY.replace("\ud800", "\\ud800")
    assert line["level"] == "error"


def test_a_traceback_is_part_of_its_line(logged: Logged) -> None:
    try:
        raise ValueError(NASTY)
    except ValueError:
        logging.getLogger("server.test").exception("It crashed")
    [line] = logged()
    assert line["message"] == "It crashed"
    assert "Traceback" in line["exception"]


def test_a_record_whose_arguments_do_not_fit_is_logged_without_them(logged: Logged) -> None:
    ours = logging.getLogger().handlers[0]  # beside pytest's, which would raise
    for message, arguments in (("%d campaigns", (NASTY,)), ("%s and %s", ("one",))):
        ours.handle(logging.LogRecord("server.test", logging.ERROR, __file__, 1, message, arguments, None))
    assert [line["message"] for line in logged()] == ["%d campaigns", "%s and %s"]


@pytest.mark.parametrize("how", ["argument", "cause", "extra"])
def test_githubs_request_id_is_told_where_it_is_known(logged: Logged, how: str) -> None:
    log, failure = logging.getLogger("server.test"), NotFound("It is gone.", status=404, request_id="AB12:34")
    if how == "argument":
        log.info("%s: %s", "get_campaign", failure)
    elif how == "extra":
        log.info("again", extra={"github_request_id": "AB12:34"})
    else:
        try:
            raise ValueError from failure
        except ValueError:
            log.exception("It crashed")
    [line] = logged()
    assert line["github_request_id"] == "AB12:34"


def test_the_span_under_way_is_told(logged: Logged) -> None:
    from opentelemetry import trace  # noqa: PLC0415 - only this test needs it

    with watched_spans(), trace.get_tracer("test").start_as_current_span("test") as span:
        logging.getLogger("server.test").info("within")
        known = span.get_span_context()
    [line] = logged()
    assert (int(line["trace_id"], 16), int(line["span_id"], 16)) == (known.trace_id, known.span_id)


def test_warnings_and_the_end_by_an_exception_are_lines_too(logged: Logged) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)  # catch_warnings put Python's own back
        logging.captureWarnings(True)
        warnings.warn("worn\nout", UserWarning, stacklevel=1)
    try:
        raise RuntimeError("over\nand out")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    worn, end = logged()
    assert "worn\nout" in worn["message"]
    assert (end["level"], "over\nand out" in end["exception"]) == ("critical", True)


def test_what_is_announced_is_a_line_of_json_whatever_the_level_is() -> None:
    logged = configured("error")
    announce("Serving\nMCP.")
    [line] = logged()
    assert (line["message"], line["level"]) == ("Serving\nMCP.", "info")


def test_what_is_announced_is_text_when_the_log_is_elsewhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    configure_logging("error", tmp_path / "log", "json")
    announce("Serving MCP.")
    logging.getLogger().handlers[0].close()
    assert capsys.readouterr().err == "Serving MCP.\n"


def test_a_wrong_setting_is_a_line_of_json_too() -> None:
    done = run("--sandbox", "--org", "octo-org", "--allow-org", "another", "--log-format", "json")
    [line] = parsed(done.stderr)
    assert done.returncode == 2
    assert (line["level"], "--allow-org" in line["message"]) == ("error", True)


def test_in_lines_of_text_a_request_is_found_by_its_id_too(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store.sqlite3"))
    with service_process("--sandbox", "--org", ORG, *store) as service:
        headers = connected_by_hand(service.url, "2025-11-25")
        call = request_of("2025-11-25", "tools/call", name="get_campaign", arguments={"campaign_number": 4711})
        named = post(service.url, call, headers).headers["x-request-id"]
        service.stop()
        assert service.ended() == 0
    ours = [line for line in service.said if line.endswith(f" [request {named}]\n")]
    assert [line.split()[3] for line in ours][-2:] == ["server.protocol:", "server.http.access_log:"]


def test_every_line_of_a_service_parses_and_calls_are_told_apart(era: str, tmp_path: Path) -> None:
    """A path, a tool's name and arguments of others that look like lines of the log."""
    token = make_token(tmp_path / "tokens")
    with (
        loopback_github() as github,
        service_process(
            *("--org", ORG, "--tokens", str(tmp_path / "tokens"), "--store", str(tmp_path / "store.sqlite3")),
            *("--log-format", "json", "--log-level", "debug"),
            GITHUB_API_URL=github.url,
            GITHUB_TOKEN=ADMIN_TOKEN,
        ) as service,
    ):
        headers = connected_by_hand(service.url, era, token)
        call = request_of(era, "tools/call", name="get_campaign", arguments={"campaign_number": 4711})
        answered = post(service.url, {**call, "id": "my\nown" + "n" * 5000}, headers)
        post(service.url, request_of(era, "tools/call", name="get_campaign", arguments={"x\n{}": NASTY[:40]}), headers)
        get(f"{service.url.removesuffix('/mcp')}/nowhere%0a%7b%22level%22:%22error%22%7d%e2%80%a8%1b")
        send("POST", service.url, headers, content=NASTY.encode("utf-8", "replace"))
        service.stop()
        assert service.ended() == 0
    lines = parsed("".join(service.said))
    assert any(line["message"].startswith("Serving MCP on") for line in lines)
    refused = [line for line in lines if line["logger"] == "server.protocol" and "4711" in line["message"]]
    assert [line["jsonrpc_id"] for line in refused] == ["my\nown" + "n" * 94]
    assert refused[0]["github_request_id"] in refused[0]["message"]
    [sent] = [line for line in lines if line["logger"] == "server.github.client" and "4711: HTTP" in line["message"]]
    assert (sent["jsonrpc_id"], sent["github_request_id"]) == (
        refused[0]["jsonrpc_id"],
        refused[0]["github_request_id"],
    )
    ours = [line for line in lines if line.get("request_id") == answered.headers["x-request-id"]]
    assert (refused[0] in ours, sent in ours) == (True, True)
    [access] = [line for line in ours if line["logger"] == "server.http.access_log"]
    assert access["message"].startswith("POST /mcp: HTTP 200 in ")
    assert access["message"].endswith(" ms, by 'anna'")
    assert {line["caller"] for line in ours if "caller" in line} == {"anna"}
    served = [line["request_id"] for line in lines if line["logger"] == "server.http.access_log"]
    assert len(set(served)) == len(served) > 3
    assert any("/nowhere\n" in line["message"] and "jsonrpc_id" not in line for line in lines)
    assert token not in "".join(service.said)
    assert ADMIN_TOKEN not in "".join(service.said)
