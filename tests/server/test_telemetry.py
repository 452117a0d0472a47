"""What an operator sees of a call: its span, and a span for each request to GitHub below it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from server.github.tracing import path_template
from server.sandbox.app import create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from tests.harness import ORG, Sent, connected, open_pairs
from tests.http.service import client_of, replica
from tests.server.collector import Spans, watched_spans

pytestmark = pytest.mark.anyio


@pytest.fixture
def spans() -> Iterator[Spans]:
    with watched_spans() as watched:
        yield watched


async def test_a_call_over_http_is_a_span_with_one_below_it_for_each_request_to_github(era: str, spans: Spans) -> None:
    with replica() as running:
        async with client_of(running.url, era) as client:
            await client.call_tool("list_campaigns", {"state": "open"})
        assert [sent.path for sent in running.sent] == [f"/orgs/{ORG}/campaigns"]
    call = spans.call("tools/call list_campaigns")
    assert call.status.status_code is not StatusCode.ERROR
    [request] = spans.below(call)
    assert (request.name, request.kind) == ("GET /orgs/{org}/campaigns", SpanKind.CLIENT)
    told = dict(request.attributes or {})
    [request_id] = told.pop("http.response.header.x-github-request-id")  # type: ignore[misc]  # a sequence, as the conventions say
    assert isinstance(request_id, str)
    assert told == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "api.github.com",
        "server.port": 443,
        "url.full": f"https://api.github.com/orgs/{ORG}/campaigns",
        "url.path": f"/orgs/{ORG}/campaigns",
        "url.template": "/orgs/{org}/campaigns",
    }


async def test_a_clients_own_trace_goes_on_in_the_servers(era: str, spans: Spans) -> None:
    with replica() as running:
        async with client_of(running.url, era) as client:
            await client.call_tool("list_campaigns", {})
    asked = [span for span in spans.kept if span.kind is SpanKind.CLIENT and "list_campaigns" in span.name]
    call = spans.call("tools/call list_campaigns")
    assert [span.context.span_id for span in asked if span.context] == [call.parent.span_id if call.parent else 0]


async def test_what_github_refuses_is_marked_in_the_request_and_in_the_call(era: str, spans: Spans) -> None:
    async with connected(era) as case:
        await case.refused("get_campaign", campaign_number=4711)
    call = spans.call("tools/call get_campaign")
    assert (call.status.status_code, (call.attributes or {})["error.type"]) == (StatusCode.ERROR, "tool_error")
    request = spans.below(call)[0]
    told = request.attributes or {}
    assert (request.status.status_code, told["error.type"]) == (StatusCode.ERROR, "404")
    assert told["http.response.status_code"] == 404
    assert request.name == "GET /orgs/{org}/campaigns/{campaign_number}"


async def test_a_repeated_request_has_a_span_for_each_try(era: str, spans: Spans) -> None:
    tries = 0

    async def hook(_: Sent) -> httpx.Response | None:
        nonlocal tries
        tries += 1
        if tries == 2:
            raise httpx.ConnectError("a text that may name others")
        return httpx.Response(502) if tries == 1 else None

    async with connected(era) as case:
        case.recorder.hook = hook
        await case.done("list_campaigns")
    told = [dict(span.attributes or {}) for span in spans.below(spans.call("tools/call list_campaigns"))]
    assert [attributes.get("http.request.resend_count") for attributes in told] == [None, 1, 2]
    assert [attributes.get("error.type") for attributes in told] == ["502", "ConnectError", None]
    assert "others" not in " ".join(span.to_json() for span in spans.kept)


async def test_spans_hold_no_token_and_no_query(era: str, spans: Spans) -> None:
    async with connected(era) as case:
        await case.done("list_campaigns", state="open", sort="ends_at")
        assert case.sent[-1].query["sort"] == "ends_at"
    [request] = spans.below(spans.call("tools/call list_campaigns"))
    text = request.to_json()
    assert f"/orgs/{ORG}/campaigns" in text
    assert not [word for word in (ADMIN_TOKEN, "?", "ends_at", "earer") if word in text]


async def test_the_names_of_spans_hold_no_name_and_no_number(era: str, spans: Spans) -> None:
    async with connected(era, sandbox=(world := create_sandbox(SandboxOptions()))) as case:
        await case.done("find_alerts", repositories=["payments-api"])
        await case.done(
            "create_campaign",
            name="Stop XSS",
            description="Encode.",
            ends_at="2099-01-08",
            dry_run=True,
            alerts=open_pairs(world),
            managers=["mona-lisa"],
            team_managers=["appsec"],
        )
        sent = {sent.path for sent in case.sent}
    named = {span.name for span in spans.kept if span.kind is SpanKind.CLIENT and "/" in span.name.split()[1]}
    requests = {name for name in named if name.split()[1].startswith("/")}
    assert len(sent) >= len(requests) > 4
    assert not [name for name in requests if any(word in name for word in (ORG, "payments", "mona", "appsec"))]
    assert not [name for name in requests if any(character.isdigit() for character in name)]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/user", "/user"),
        ("/user/memberships/orgs/octo-org", "/user/memberships/orgs/{org}"),
        ("/orgs/orgs/memberships/campaigns", "/orgs/{org}/memberships/{username}"),
        ("/orgs/o/campaigns/7", "/orgs/{org}/campaigns/{campaign_number}"),
        ("/orgs/o/organization-roles/3/teams", "/orgs/{org}/organization-roles/{role_id}/teams"),
        ("/repos/o/r/code-scanning/alerts", "/repos/{owner}/{repo}/code-scanning/alerts"),
        ("/organizations/1/code-scanning/alerts", "/organizations/{organization_id}/code-scanning/alerts"),
        ("/app/installations/5/access_tokens", "/app/installations/{installation_id}/access_tokens"),
    ],
)
def test_a_template_names_what_githubs_reference_names(path: str, template: str) -> None:
    assert path_template(path) == template
