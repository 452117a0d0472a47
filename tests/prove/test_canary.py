"""Secrets stay where they belong: the proof's slice, and that its search finds what it looks for."""

from __future__ import annotations

import base64
import http.client
import json
import logging
import random
import subprocess
import sys

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from server.domain.checks import without_tokens
from server.github.failures import request_id
from tests.github.scripted import told
from tests.harness import MODES, connected
from tests.http.service import answer_in, connected_by_hand, get, post, replica, request_of
from tests.processes import environment
from tests.prove.canary import prove
from tests.prove.canary_places import in_headers, in_messages, without_echoes
from tests.prove.canary_secrets import Canary, made_up, search
from tests.prove.parts import SLICE, Findings
from tests.server.collector import watched_spans

pytestmark = pytest.mark.anyio

SECRET = made_up(random.Random(1))  # noqa: S311 - it guards nothing
CANARY = Canary("it", SECRET)


async def test_no_secret_leaves_a_process() -> None:
    findings = await prove(SLICE, lambda _: None)
    assert findings.faults == []
    rows = dict(findings.rows)
    assert int(str(rows["secrets"])) >= 10
    assert int(str(rows["places"])) >= 20
    assert int(str(rows["answers of GitHub with secrets of alerts"])) >= 8
    assert all(int(str(rows[f"messages with a token in them that were done, stdio, {each}"])) >= 20 for each in MODES)
    assert int(str(rows["messages with a token in them that were done, HTTP"])) >= 50
    assert findings.tried > 500_000
    modes = str(rows["files written, by mode"]).split(", ")
    assert all(mode.endswith(" 600") for mode in modes)
    assert {mode.split()[0] for mode in modes} >= {*("tokens", ".sqlite3", ".log", ".json", ".csv", ".html")}


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (SECRET.encode(), "as it is"),
        (f"x{SECRET[9:17]}x".encode(), "as it is"),
        (base64.b64encode(f"Bearer ghp_{SECRET}".encode()), "in base64"),
        (base64.b64encode(f"user:{SECRET}".encode()), "in base64"),
        (base64.b64encode(f"token {SECRET} and more".encode()), "in base64"),
        (SECRET.encode().hex().encode(), "in hexadecimal"),
    ],
)
async def test_the_search_finds_a_secret_in_every_form(content: bytes, form: str) -> None:
    [found] = search([CANARY], {"a log": b"before " + content + b" after"})
    assert found.startswith(f"it is in a log, {form}, after b'before ")


async def test_the_search_finds_nothing_where_nothing_is() -> None:
    other = made_up(random.Random(2), length=10_000).encode()  # noqa: S311 - likewise
    assert search([CANARY], {"a log": other, "another": SECRET[:7].encode()}) == []


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("5A4D:0001:B0C5:001EEF", "5A4D:0001:B0C5:001EEF"),
        (f"ghp_{SECRET}", None),
        ("0123456789abcdef" * 2, None),  # as tokens once looked
        ("Bearer", None),
        ("A:" * 60 + "A", None),
    ],
)
async def test_what_may_be_a_token_is_no_request_id(given: str, known: str | None) -> None:
    assert request_id(told(500, x_github_request_id=given).headers) == known


async def test_a_token_in_the_place_of_a_name_is_neither_repeated_nor_traced(era: str) -> None:
    token = f"ghp_{SECRET}"
    with watched_spans() as spans:
        async with connected(era) as case:
            assert await case.refused(token) == f'Unknown tool: "{without_tokens(token)}"'
            with pytest.raises(MCPError, match="Unknown prompt"):
                await case.client.get_prompt(token, {})
        seen = [span.to_json() for span in spans.kept if span.kind.name == "SERVER"]
    assert any(without_tokens(token) in each for each in seen)
    assert search([CANARY], {"spans": "".join(seen).encode()}) == []


async def test_a_token_in_the_place_of_a_method_or_an_id_is_neither_told_again_nor_traced(
    era: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = f"ghp_{SECRET}"
    asked = [("tools/list", token), (token, "mine"), (f"notifications/{token}", "mine too")]
    with watched_spans() as spans, caplog.at_level(logging.DEBUG), replica() as served:
        headers = connected_by_hand(served.url, era)
        told = [answer_in(post(served.url, {**request_of(era, method), "id": id_}, headers)) for method, id_ in asked]
        seen = [span.to_json() for span in spans.kept if span.kind.name == "SERVER"]
    assert [each["id"] for each in told] == [id_ for _, id_ in asked]
    assert told[0]["result"]["tools"]
    assert [each["error"]["data"] for each in told[1:]] == [without_tokens(method) for method, _ in asked[1:]]
    assert len([each for each in seen if without_tokens(token) in each]) == len(asked)
    said = "".join(record.getMessage() for record in caplog.records if record.name.startswith("server."))
    assert search([CANARY], {"spans": "".join(seen).encode(), "errors": str(told[1:]).encode()}) == []
    assert search([CANARY], {"the log": said.encode()}) == []


@pytest.mark.parametrize("prefix", ["ghp_", "github_pat_11ABCDE0_"])
async def test_a_token_wherever_the_protocol_takes_text_is_told_to_nobody(
    era: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = prefix + SECRET
    small = Canary("it in small letters", SECRET.lower())
    with (
        watched_spans() as spans,
        caplog.at_level(logging.DEBUG, "opentelemetry.baggage.propagation"),
        caplog.at_level(logging.DEBUG, "opentelemetry.trace.span"),
        replica() as served,
        httpx.Client(timeout=60) as sending,
    ):
        headers = connected_by_hand(served.url, era)
        for each in (*in_messages(era, token), *in_headers(era, token)):
            answer = post(served.url, each.body, {**headers, **each.headers}, sending)
            assert answer.status_code < 500, each
            left = {
                "its answer": f"{answer.headers}".encode() + without_echoes(answer.content, token),
                "a span": "".join(span.to_json() for span in spans.kept if span.kind.name != "CLIENT").encode(),
                "the log": "".join(_said(caplog)).encode(),
                "what GitHub is asked": str(served.sent).encode(),
            }
            assert search([CANARY, small], left) == [], each.where
        states = [str(span.context.trace_state) for span in spans.kept if span.context]
    assert any("value=[a token]" in state for state in states)
    assert any("[a token]" in line for line in _said(caplog))


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    ours = ("server.", "opentelemetry.")
    return [record.getMessage() for record in caplog.records if record.name.startswith(ours)]


async def test_a_token_for_the_protocols_version_is_refused_with_the_requests_id(era: str) -> None:
    token = f"ghp_{SECRET}"
    with replica() as served:
        headers = connected_by_hand(served.url, era)
        request = request_of(era, "tools/list")
        refused = post(served.url, request, {**headers, "mcp-protocol-version": token})
    assert refused.status_code == 400
    assert refused.json()["id"] == request["id"]
    assert refused.json()["error"]["message"].startswith("MCP-Protocol-Version holds what looks like a token")


def test_what_is_wrong_with_a_clients_trace_does_not_come_into_the_log() -> None:
    request = request_of("2026-07-28", "tools/list")
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    wrong = {"traceparent": traceparent, "tracestate": "neither=1,neither=2", "baggage": "neither nor" * 1_000}
    request["params"]["_meta"] |= wrong
    process = subprocess.run(
        [sys.executable, "-m", "security_campaigns_mcp", "--sandbox", "--log-level", "debug"],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=True,
    )
    assert '"tools":' in process.stdout
    assert "neither" not in process.stderr


async def test_the_log_of_requests_leaves_out_words_as_long_as_tokens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), replica() as served:
        method = http.client.HTTPConnection(served.origin.removeprefix("http://"))
        method.request(SECRET, "/mcp")
        assert method.getresponse().status == 405
        method.close()
        get(f"{served.origin}/{SECRET}/metadata")
        get(f"{served.origin}/short/one")
    lines = [record.getMessage() for record in caplog.records if record.name == "server.http.access_log"]
    assert any(line.startswith("… /mcp: HTTP 405") for line in lines)
    assert any(line.startswith("GET /…/metadata: HTTP 404") for line in lines)
    assert any(line.startswith("GET /short/one: HTTP 404") for line in lines)


@pytest.mark.parametrize(("ci", "faults"), [("true", ["a browser: it is missing"]), ("", [])])
def test_what_is_lacking_is_a_fault_in_ci_only(monkeypatch: pytest.MonkeyPatch, ci: str, faults: list[str]) -> None:
    monkeypatch.setenv("CI", ci)
    findings = Findings("a part")
    findings.lacks("a browser", "it is missing")
    assert findings.untried == ["a browser: it is missing"]
    assert findings.faults == faults
