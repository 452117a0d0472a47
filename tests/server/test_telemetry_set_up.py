"""The standard OTEL_* variables decide whether anything is traced, and where it goes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from server.telemetry import exporters_wanted, traced
from server.version import server_version
from tests.http.service import client_of, service_process
from tests.processes import environment
from tests.server.collector import collector
from tests.server.test_cli import INITIALIZE, run

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
CALL = '{"jsonrpc":"2.0","id":"second","method":"tools/call","params":{"name":"list_campaigns","arguments":{}}}\n'
READY = '{"jsonrpc":"2.0","method":"notifications/initialized"}\n'


def talked(messages: str, answers: int, *arguments: str, **env: str) -> tuple[list[Any], list[Any]]:
    """Send messages over stdio, wait for so many answers, and end; returns what was on stdout and on stderr."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "security_campaigns_mcp", "--sandbox", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment(**env)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(messages)
        process.stdin.flush()
        lines = [process.stdout.readline() for _ in range(answers)]
        rest, said = process.communicate(timeout=60)  # which closes stdin: that ends a call under way
    return [json.loads(line) for line in [*lines, *rest.splitlines()]], [json.loads(line) for line in said.splitlines()]


@pytest.mark.anyio
async def test_a_service_sends_its_last_spans_before_it_ends(era: str, tmp_path: Path) -> None:
    with (
        collector() as collected,
        service_process(
            *("--sandbox", "--org", "octo-org", "--store", str(tmp_path / "store.sqlite3")),
            OTEL_EXPORTER_OTLP_ENDPOINT=collected.url,
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
            OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20made-up",
        ) as service,
    ):
        async with client_of(service.url, era) as client:
            assert not (await client.call_tool("list_campaigns", {})).is_error
        service.stop()
        assert service.ended() == 0, service.said
    [call] = [span for span in collected.spans() if span.name == "tools/call list_campaigns"]
    requests = [span for span in collected.spans() if span.parent_span_id == call.span_id]
    assert [(span.name, span.trace_id) for span in requests] == [("GET /orgs/{org}/campaigns", call.trace_id)]
    assert (call.kind, requests[0].kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    assert collected.authorizations == {"Bearer made-up"}
    resource = collected.resource()
    assert resource["service.name"] == "security-campaigns-mcp"
    assert resource["service.version"] == server_version()
    assert resource["deployment.environment.name"] == "test"


@pytest.mark.anyio
async def test_a_collector_that_is_away_costs_no_call_and_no_clean_end(tmp_path: Path) -> None:
    with service_process(
        *("--sandbox", "--org", "octo-org", "--store", str(tmp_path / "store.sqlite3")),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    ) as service:
        async with client_of(service.url) as client:
            assert not (await client.call_tool("list_campaigns", {})).is_error
        service.stop()
        assert service.ended() == 0, service.said


def test_over_stdio_the_console_is_stderr_with_a_line_for_each_span() -> None:
    answers, spans = talked(INITIALIZE + READY + CALL, 2, "--org", "octo-org", OTEL_TRACES_EXPORTER="console")
    assert [answer["id"] for answer in answers] == [1, "second"]
    names = [span["name"] for span in spans]
    assert "GET /orgs/{org}/campaigns" in names
    assert names.index("GET /orgs/{org}/campaigns") < names.index("tools/call list_campaigns")


@pytest.mark.anyio
async def test_the_console_of_a_service_is_stderr_too(tmp_path: Path) -> None:
    with service_process(
        *("--sandbox", "--org", "octo-org", "--store", str(tmp_path / "store.sqlite3"), "--log-format", "json"),
        OTEL_TRACES_EXPORTER="console",
    ) as service:
        async with client_of(service.url) as client:
            await client.call_tool("list_campaigns", {})
        service.stop()
        assert service.ended() == 0
    lines = [json.loads(line) for line in service.said]
    assert "GET /orgs/{org}/campaigns" in [line.get("name") for line in lines]


def test_what_a_client_makes_up_does_not_make_a_span_long() -> None:
    """Its own id for a call, the name of a tool that does not exist, and a method that does not."""
    call = {"jsonrpc": "2.0", "id": "i" * 5000, "method": "tools/call", "params": {"name": "t" * 5000}}
    strange = {"jsonrpc": "2.0", "id": 3, "method": "m" * 5000, "params": {}}
    messages = "".join(json.dumps(message) + "\n" for message in (call, strange))
    _, spans = talked(INITIALIZE + READY + messages, 3, OTEL_TRACES_EXPORTER="console")
    assert {f"tools/call {'t' * 89}", "m" * 100} <= {span["name"] for span in spans}
    said = json.dumps(spans)
    assert "iii" in said
    assert max(len(word) for word in said.split('"')) < 1000


def test_without_a_variable_nothing_of_the_sdk_is_imported() -> None:
    looked = run("version", PYTHONPROFILEIMPORTTIME="1").stderr
    assert "opentelemetry" not in looked
    done = run("--sandbox", stdin=INITIALIZE, PYTHONPROFILEIMPORTTIME="1")
    assert "server.telemetry" in done.stderr
    assert "opentelemetry.sdk" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, ()),
        ({"OTEL_SERVICE_NAME": "campaigns"}, ()),
        ({ENDPOINT: "http://collector:4318"}, ("otlp",)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, ("otlp",)),
        ({ENDPOINT: ""}, ()),
        ({ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "TRUE"}, ()),
        ({ENDPOINT: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, ()),
        ({ENDPOINT: "http://collector:4318", "OTEL_TRACES_EXPORTER": "console"}, ("console",)),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ("console", "otlp")),
        ({ENDPOINT: "http://collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ("otlp",)),
    ],
)
def test_the_standard_variables_say_where_traces_go(
    variables: dict[str, str], wanted: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    assert exporters_wanted(variables) == wanted
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("variables", "wanted", "named"),
    [
        ({ENDPOINT: "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, (), "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp,console", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
            ("console",),
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        ),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, (), "OTEL_TRACES_EXPORTER"),
    ],
)
def test_what_cannot_be_done_is_told(
    variables: dict[str, str], wanted: tuple[str, ...], named: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert exporters_wanted(variables) == wanted
    [message] = caplog.messages
    assert named in message


def test_without_the_extra_there_are_no_traces_and_the_log_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with traced({ENDPOINT: "http://collector:4318"}):
        [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "security-campaigns-mcp[otel]" in record.message


def test_without_the_extra_a_plain_start_warns_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    caplog.set_level(logging.WARNING)
    with traced({ENDPOINT: "http://collector:4318"}, missing=logging.INFO):
        assert caplog.records == []


@pytest.mark.parametrize("variable", ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"])
def test_a_variable_that_opentelemetry_cannot_read_is_an_error(variable: str) -> None:
    done = run("--sandbox", OTEL_TRACES_EXPORTER="otlp", **{variable: "-4711"})
    assert done.returncode == 2
    assert "OpenTelemetry cannot read one of the OTEL_* variables" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("headers", ["hunter2", "authorization=Basic hunter2", "a=b,=hunter2"])
def test_headers_for_the_collector_that_cannot_be_read_are_not_repeated(headers: str) -> None:
    done = run("--sandbox", OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_HEADERS=headers)
    assert done.returncode == 2
    assert "OTEL_EXPORTER_OTLP_HEADERS holds something other than headers" in done.stderr
    assert "hunter2" not in done.stderr
