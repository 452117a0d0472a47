"""Every tool, prompt and resource through a real process over stdio, GitHub behind a real socket, both eras."""

from __future__ import annotations

import pytest
from mcp_types import CallToolResult, PromptReference, TextContent, TextResourceContents

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
            assert [tool.name for tool in (await client.list_tools()).tools] == ["list_campaigns", "get_campaign"]
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
