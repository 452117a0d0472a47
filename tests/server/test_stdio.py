"""Every tool, prompt and resource through a real process over stdio, GitHub behind a real socket, both eras."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mcp_types import CallToolResult, PromptReference, TextContent, TextResourceContents

from server.sandbox.options import SandboxOptions
from tests.harness import Sent, accept, open_pairs, text_of
from tests.processes import loopback_github, served

pytestmark = pytest.mark.anyio


def structure(result: CallToolResult) -> dict[str, object]:
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return dict(result.structured_content)


async def test_a_campaign_lives_its_whole_life_over_stdio(era: str) -> None:
    person = accept(go_ahead=True)
    with loopback_github() as github:
        alerts = open_pairs(github.sandbox)
        async with served(github, era, person=person) as client:
            listed = structure(await client.call_tool("list_campaigns", {"state": "open", "per_page": 1}))
            assert (listed["has_more"], listed["next_page"]) == (True, 2)
            assert github.sent[-1].query == {
                "state": "open",
                "sort": "created",
                "direction": "desc",
                "page": "1",
                "per_page": "1",
            }

            body = {"name": "Stop XSS", "description": "Encode what you print.", "ends_at": "2099-01-08"}
            arguments = {**body, "alerts": alerts, "managers": ["mona-lisa"], "generate_issues": True}
            preview = structure(await client.call_tool("create_campaign", {**arguments, "dry_run": True}))
            assert github.writes == []
            created = structure(await client.call_tool("create_campaign", {**arguments, "preview": preview["preview"]}))
            assert github.writes == [
                Sent(
                    "POST",
                    "/orgs/octo-org/campaigns",
                    {},
                    {
                        **body,
                        "ends_at": "2099-01-08T23:59:59Z",
                        "managers": ["mona-lisa"],
                        "code_scanning_alerts": alerts,
                        "generate_issues": True,
                    },
                )
            ]
            assert preview["request"] == {
                "method": "POST",
                "path": "/orgs/octo-org/campaigns",
                "body": github.writes[0].body,
            }
            assert person.asked == [preview["would_ask"]]
            campaign = created["campaign"]
            assert isinstance(campaign, dict)
            number = campaign["number"]

            read = structure(await client.call_tool("get_campaign", {"campaign_number": number}))
            assert read["url"] == f"https://github.com/orgs/octo-org/security/campaigns/{number}"

            await client.call_tool("update_campaign", {"campaign_number": number, "ends_at": "2099-02-01"})
            structure(await client.call_tool("update_campaign", {"campaign_number": number, "state": "closed"}))
            path = f"/orgs/octo-org/campaigns/{number}"
            assert github.writes[1:] == [
                Sent("PATCH", path, {}, {"ends_at": "2099-02-01T23:59:59Z"}),
                Sent("PATCH", path, {}, {"state": "closed"}),
            ]
        person_who_types = accept(campaign=f"octo-org/{number}")
        async with served(github, era, person=person_who_types) as client:
            structure(await client.call_tool("delete_campaign", {"campaign_number": number}))
            assert github.writes[3:] == [Sent("DELETE", path)]
            gone = await client.call_tool("get_campaign", {"campaign_number": number})
            assert gone.is_error


async def test_a_client_that_cannot_ask_deletes_nothing(era: str) -> None:
    with loopback_github() as github:
        async with served(github, era) as client:
            result = await client.call_tool("delete_campaign", {"campaign_number": 3})
    assert result.is_error
    assert text_of(result).endswith("--confirm never. Campaign 3 was not deleted.")
    assert github.writes == []


async def test_without_confirmation_configured_nobody_is_asked(era: str) -> None:
    with loopback_github() as github:
        async with served(github, era, "--confirm", "never") as client:
            structure(await client.call_tool("delete_campaign", {"campaign_number": 3}))
    assert github.writes == [Sent("DELETE", "/orgs/octo-org/campaigns/3")]


async def test_read_only_hides_the_write_tools(era: str) -> None:
    with loopback_github() as github:
        async with served(github, era, "--read-only") as client:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == ["list_campaigns", "get_campaign", "find_alerts"]
            result = await client.call_tool("delete_campaign", {"campaign_number": 3})
    assert text_of(result) == "Unknown tool: delete_campaign"
    assert github.sent == []


async def test_prompts_resources_and_completions_work_over_stdio(era: str) -> None:
    with loopback_github() as github:
        async with served(github, era) as client:
            prompt = await client.get_prompt("announce_campaign", {"campaign_number": "5"})
            said = "".join(m.content.text for m in prompt.messages if isinstance(m.content, TextContent))
            assert "Cross-site scripting in payments" in said
            contents = (await client.read_resource("campaigns://octo-org/5")).contents[0]
            assert isinstance(contents, TextResourceContents)
            assert '"number":5' in contents.text
            offered = await client.complete(
                PromptReference(name="announce_campaign"), {"name": "campaign_number", "value": "payments"}
            )
            assert offered.completion.values == ["5"]


async def test_a_wrong_token_is_told_and_never_repeated(era: str) -> None:
    with loopback_github() as github:
        async with served(github, era, token="ghp_wrong0000000000000000000000000000000") as client:
            result = await client.call_tool("list_campaigns", {})
    assert result.is_error
    assert "GITHUB_TOKEN" in text_of(result)
    assert "ghp_wrong" not in text_of(result)


async def test_the_server_acts_as_a_github_app(era: str, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file = tmp_path / "app.pem"
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    person = accept(campaign="octo-org/3")
    options = SandboxOptions(app_id=4711, app_public_key=public.decode())
    with loopback_github(options) as github:
        credentials = ("--app-id", "4711", "--app-key-file", str(key_file))
        async with served(github, era, *credentials, person=person, token=None) as client:
            structure(await client.call_tool("delete_campaign", {"campaign_number": 3}))
    assert "[bot] will delete campaign octo-org/3" in person.asked[0]
    assert github.writes == [
        Sent("POST", "/app/installations/5520001/access_tokens"),
        Sent("DELETE", "/orgs/octo-org/campaigns/3"),
    ]


async def test_without_any_credential_the_tools_are_listed_and_a_call_says_how_to_get_one(
    era: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # nobody is signed in with the GitHub CLI there
    with loopback_github() as github:
        async with served(github, era, token=None) as client:
            assert len((await client.list_tools()).tools) == 6
            result = await client.call_tool("list_campaigns", {})
    assert result.is_error
    assert "GITHUB_TOKEN" in text_of(result)
    assert github.sent == []
