"""Who gets in over the wire, what the others are told, and what a caller may then do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.shared.auth import ProtectedResourceMetadata
from mcp_types import ResourceTemplateReference

from server.http.settings import ServeSettings
from server.sandbox.options import ADMIN_TOKEN
from tests.harness import ORG, accept, text_of
from tests.http.service import (
    READ,
    WRITE,
    Replica,
    answer_in,
    client_of,
    connected_by_hand,
    get,
    headers_of,
    make_token,
    post,
    replica,
    request_of,
    send,
    service_process,
)
from tests.signin.local_issuer import LocalIssuer, local_issuer, new_key

pytestmark = pytest.mark.anyio

PUBLIC = "https://campaigns.example.com/mcp"
METADATA = "https://campaigns.example.com/.well-known/oauth-protected-resource/mcp"


@dataclass
class Team:
    """A replica that takes an issuer's tokens and static ones, of which `file` holds the hashes."""

    replica: Replica
    issuer: LocalIssuer
    file: Path

    @property
    def url(self) -> str:
        return self.replica.url

    def token(self, **changed: Any) -> str:
        return self.issuer.token(**changed)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    file = tmp_path / "tokens"
    make_token(file, "first")
    with local_issuer() as issuer:
        serve = ServeSettings(public_url=PUBLIC, issuer=issuer.url, org_claim=None, tokens=file)
        with replica(serve) as running:
            yield Team(running, issuer, file)


def challenge(header: str) -> dict[str, str]:
    """Return the parameters of a Bearer challenge."""
    assert header.startswith("Bearer ")
    return dict(re.findall(r'(\w+)="([^"]*)"', header))


async def test_a_good_token_of_the_issuer_gets_in(era: str, team: Team) -> None:
    async with client_of(team.url, era, team.token()) as client:
        answer = await client.call_tool("get_campaign", {"campaign_number": 3})
    assert not answer.is_error, text_of(answer)


async def test_a_static_token_gets_in(era: str, team: Team) -> None:
    async with client_of(team.url, era, make_token(team.file, "bert")) as client:
        assert len((await client.list_tools()).tools) == 7


async def test_who_brings_no_token_is_told_where_to_get_one(era: str, team: Team) -> None:
    for headers in (headers_of(era), headers_of(era, authorization="Basic YTpi"), headers_of(era, cookie="token=x")):
        refused = post(team.url, request_of(era, "tools/list"), headers)
        assert refused.status_code == 401
        assert challenge(refused.headers["www-authenticate"]) == {
            "realm": "security-campaigns-mcp",
            "scope": f"{READ} {WRITE}",
            "resource_metadata": METADATA,
        }
        assert team.issuer.url in refused.json()["error_description"]


async def test_a_token_in_the_address_does_not_count(era: str, team: Team) -> None:
    url = f"{team.url}?access_token={team.token()}"
    assert post(url, request_of(era, "tools/list"), headers_of(era)).status_code == 401


@pytest.mark.parametrize("path", ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"])
async def test_the_metadata_names_the_issuer_and_the_scopes(team: Team, path: str) -> None:
    told = get(team.replica.origin + path).json()
    assert told == {
        "resource": PUBLIC,
        "authorization_servers": [team.issuer.url],
        "scopes_supported": [READ, WRITE],
        "bearer_methods_supported": ["header"],
        "resource_name": "GitHub security campaigns",
    }
    ProtectedResourceMetadata.model_validate(told)


async def test_a_browser_may_ask_first_before_it_reads_the_metadata(team: Team) -> None:
    asked = {
        "origin": "https://assistant.example.com",
        "access-control-request-method": "GET",
        "access-control-request-headers": "mcp-protocol-version",
    }
    allowed = send("OPTIONS", f"{team.replica.origin}/.well-known/oauth-protected-resource/mcp", asked)
    assert allowed.status_code == 204
    assert (allowed.headers["access-control-allow-origin"], allowed.headers["access-control-allow-headers"]) == (
        "*",
        "*",
    )


async def test_every_method_on_mcp_needs_a_token(team: Team) -> None:
    for method in ("GET", "DELETE", "POST", "PUT", "HEAD", "OPTIONS"):
        assert send(method, team.url).status_code == 401, method


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "wrong issuer": ({"iss": "https://evil.example.com"}, "is not from"),
    "wrong audience": ({"aud": "https://other.example.com/mcp"}, "is not for this server"),
    "for GitHub": ({"aud": "https://api.github.com"}, "is not for this server"),
    "expired": ({"exp": 1_000_000_000}, "has expired"),
    "not valid yet": ({"nbf": 4_000_000_000}, "is not valid yet"),
    "unknown key": ({"key": new_key("elsewhere")}, "does not publish"),
    "wrong key": ({"key": new_key("first")}, "signature is wrong"),
    "another kind": ({"headers": {"typ": "logout+jwt"}}, "not an access token"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_token_is_refused_and_the_reason_told(era: str, team: Team, case: str) -> None:
    changed, said = BAD[case]
    refused = post(team.url, request_of(era, "tools/list"), headers_of(era, team.token(**changed)))
    assert refused.status_code == 401
    told = challenge(refused.headers["www-authenticate"])
    assert (told["error"], told["resource_metadata"]) == ("invalid_token", METADATA)
    assert said in told["error_description"]
    assert said in refused.json()["error_description"]
    assert team.replica.sent == []


async def test_unsigned_unknown_and_doubled_tokens_are_refused(era: str, team: Team) -> None:
    good = team.token()
    unsigned = "eyJhbGciOiJub25lIn0." + good.split(".")[1] + "."
    for token in (unsigned, "scmcp_unknown", "x", "x" * 20_000, good + " more"):
        assert post(team.url, request_of(era, "tools/list"), headers_of(era, token)).status_code == 401
    twice = [*headers_of(era, good).items(), ("authorization", f"Bearer {good}")]
    assert send("POST", team.url, twice, json=request_of(era, "tools/list")).status_code == 401


async def test_a_token_that_expires_during_a_session_ends_it(team: Team) -> None:
    headers = connected_by_hand(team.url, "2025-11-25", team.token())
    headers["authorization"] = f"Bearer {team.token(exp=1_000_000_000)}"
    assert post(team.url, request_of("2025-11-25", "tools/list"), headers).status_code == 401


async def test_who_may_not_even_read_is_told_which_scope_is_missing(era: str, team: Team) -> None:
    refused = post(team.url, request_of(era, "tools/list"), headers_of(era, team.token(scope="openid")))
    told = challenge(refused.headers["www-authenticate"])
    assert (refused.status_code, told["error"], told["scope"]) == (403, "insufficient_scope", READ)


async def test_who_may_only_read_sees_no_tool_that_writes(era: str, team: Team) -> None:
    async with client_of(team.url, era, team.token(scope=READ)) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
    assert tools == {"list_campaigns", "get_campaign", "find_alerts", "report_progress"}
    assert "plan_campaign" not in prompts
    async with client_of(team.url, era, team.token()) as client:
        assert tools < {tool.name for tool in (await client.list_tools()).tools}
        assert "plan_campaign" in {prompt.name for prompt in (await client.list_prompts()).prompts}


@pytest.mark.parametrize("tool", ["create_campaign", "update_campaign", "delete_campaign"])
async def test_a_write_without_the_scope_is_403_and_names_the_scope(era: str, team: Team, tool: str) -> None:
    headers = connected_by_hand(team.url, era, team.token(scope=READ))
    call = request_of(era, "tools/call", name=tool, arguments={"campaign_number": 3})
    refused = post(team.url, call, headers)
    told = challenge(refused.headers["www-authenticate"])
    assert (refused.status_code, told["error"]) == (403, "insufficient_scope")
    assert told["scope"].split() == [READ, WRITE]
    assert told["resource_metadata"] == METADATA
    assert f"{tool} needs the scope {WRITE}" in told["error_description"]
    assert team.replica.sent == []


async def test_stepping_up_within_a_session_is_enough(era: str, team: Team) -> None:
    headers = connected_by_hand(team.url, era, team.token(scope=READ))
    call = request_of(
        era, "tools/call", name="update_campaign", arguments={"campaign_number": 4, "name": "New", "dry_run": True}
    )
    assert post(team.url, call, headers).status_code == 403
    answered = post(team.url, call, headers | {"authorization": f"Bearer {team.token()}"})
    assert "Would change name" in str(answer_in(answered)["result"])


async def test_a_hidden_tool_smuggled_past_the_door_is_unknown(team: Team) -> None:
    """The body says `tools/call` twice over; parsers may differ in which they take, and neither may write."""
    headers = connected_by_hand(team.url, "2025-11-25", team.token(scope=READ))
    batch = [request_of("2025-11-25", "tools/call", name="delete_campaign", arguments={"campaign_number": 3})]
    answered = post(team.url, batch, headers)
    assert answered.status_code >= 400 or "Unknown tool" in answered.text
    assert team.replica.sent == []


async def test_a_read_only_service_asks_nobody_for_more_scopes(era: str, tmp_path: Path) -> None:
    token = make_token(tmp_path / "tokens", "anna", READ)
    with replica(ServeSettings(tokens=tmp_path / "tokens"), read_only=True) as running:
        assert challenge(get(running.url).headers["www-authenticate"])["scope"] == READ
        async with client_of(running.url, era, token) as client:
            answer = await client.call_tool("delete_campaign", {"campaign_number": 3})
    assert text_of(answer) == "Unknown tool: delete_campaign"


async def test_without_an_issuer_no_metadata_is_told(tmp_path: Path) -> None:
    make_token(tmp_path / "tokens")
    with replica(ServeSettings(tokens=tmp_path / "tokens")) as running:
        assert get(f"{running.origin}/.well-known/oauth-protected-resource/mcp").status_code == 404
        told = challenge(get(running.url).headers["www-authenticate"])
    assert "resource_metadata" not in told


async def test_a_caller_names_only_organizations_of_the_token(era: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    inside = make_token(tokens, "anna", orgs=[ORG.upper()])
    outside = make_token(tokens, "bert", orgs=["octo-labs"])
    nowhere = make_token(tokens, "cleo", orgs=[])
    with replica(ServeSettings(tokens=tokens)) as running:
        async with client_of(running.url, era, inside) as client:
            assert not (await client.call_tool("list_campaigns", {})).is_error
            assert (await client.call_tool("list_campaigns", {"org": "octo-labs"})).is_error
        asked = len(running.sent)
        async with client_of(running.url, era, outside) as client:
            default = text_of(await client.call_tool("list_campaigns", {}))
            named = text_of(await client.call_tool("delete_campaign", {"org": ORG, "campaign_number": 3}))
        async with client_of(running.url, era, nowhere) as client:
            nothing = text_of(await client.call_tool("list_campaigns", {"org": ORG}))
        assert len(running.sent) == asked
    assert default == (
        f"The caller's sign-in does not allow organization {ORG}, the server's default. Allowed: octo-labs."
    )
    assert named == (
        f"The caller's sign-in does not allow organization {ORG}. Allowed: octo-labs. Campaign 3 was not deleted."
    )
    assert nothing.endswith("Allowed: none.")


async def test_the_operators_bound_and_the_callers_hold_together(era: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    token = make_token(tokens, "anna", orgs=["octo-labs", "elsewhere"])
    with replica(ServeSettings(tokens=tokens), allow_orgs=(ORG, "octo-labs")) as running:
        async with client_of(running.url, era, token) as client:
            for org in (ORG, "elsewhere"):
                answer = text_of(await client.call_tool("list_campaigns", {"org": org}))
                assert answer.endswith("Allowed: octo-labs.")
            offered = await client.complete(
                ResourceTemplateReference(uri="campaigns://{org}"), {"name": "org", "value": ""}
            )
    assert offered.completion.values == ["octo-labs"]
    assert running.sent == []


async def test_github_only_ever_sees_the_servers_own_token(
    era: str, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    inner = team.replica.recorder.handle_async_request

    async def watched(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return await inner(request)

    monkeypatch.setattr(team.replica.recorder, "handle_async_request", watched)
    for token in (team.token(), make_token(team.file, "bert")):
        async with client_of(team.url, era, token) as client:
            assert not (await client.call_tool("list_campaigns", {})).is_error
    assert set(seen) == {f"Bearer {ADMIN_TOKEN}"}


async def test_no_token_and_no_query_is_ever_logged(tmp_path: Path) -> None:
    token = make_token(tmp_path / "tokens")
    tokens = (token, "scmcp_unknown-and-secret", "eyJhbGciOiJub25lIn0.e30.")
    with service_process(
        *("--sandbox", "--org", ORG, "--log-level", "debug", "--tokens", str(tmp_path / "tokens")),
        *("--store", str(tmp_path / "store.sqlite3")),
    ) as process:
        for era in ("2026-07-28", "2025-11-25"):
            async with client_of(process.url, era, token, accept(campaign=f"{ORG}/3")) as client:
                await client.call_tool("delete_campaign", {"campaign_number": 3})
            for other in tokens:
                post(f"{process.url}?secret=in-the-query", request_of(era, "tools/list"), headers_of(era, other))
        process.stop()
        assert process.ended() == 0
    logged = "".join(process.said)
    assert "POST /mcp: HTTP 401" in logged
    assert "in-the-query" not in logged
    for secret in tokens:
        assert secret not in logged
        assert secret.removeprefix("scmcp_") not in logged


async def test_when_the_issuer_cannot_be_asked_nobody_is_refused_for_good(era: str, team: Team) -> None:
    team.issuer.down = True
    refused = post(team.url, request_of(era, "tools/list"), headers_of(era, team.token()))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert team.issuer.url not in refused.text


async def test_a_file_of_tokens_that_breaks_is_a_503_that_tells_strangers_nothing(era: str, team: Team) -> None:
    token = make_token(team.file, "bert")
    with team.file.open("a") as opened:
        opened.write("nonsense\n")
    refused = post(team.url, request_of(era, "tools/list"), headers_of(era, token))
    assert refused.status_code == 503
    assert str(team.file) not in refused.text
