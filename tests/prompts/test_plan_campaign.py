"""Choosing alerts in a plan: what the person gave is checked as a filter is and becomes the first criteria."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
from mcp_types import INVALID_PARAMS, GetPromptResult

from server.domain.alert_templates import TEMPLATES, TemplateName
from tests.harness import Case, connected
from tests.prompts.asking import refusal, wording_in

pytestmark = pytest.mark.anyio

SECRET = "ghp_" + "r" * 36
NAME = "must be a repository's name: letters, digits, `-`, `_` and `.`, and `*` for any characters"


async def plan(case: Case, **arguments: str) -> GetPromptResult:
    return await case.client.get_prompt("plan_campaign", {"goal": "Fewer injections", **arguments})


def first_criteria(result: GetPromptResult) -> Any:
    (given,) = re.findall(r"Begin with what the person gave: (\{.*?\})\. ", wording_in(result))
    return json.loads(given)


@pytest.mark.parametrize("template", TEMPLATES)
async def test_the_template_is_what_the_search_begins_with(era: str, template: str) -> None:
    async with connected(era) as case:
        assert first_criteria(await plan(case, template=template)) == {"template": template}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("web", ["web"]),
        ("payments-*,web", ["payments-*", "web"]),
        ("payments-* web", ["payments-*", "web"]),
        (" Payments-*,  web,\n.github , ", ["Payments-*", "web", ".github"]),
        ("*", ["*"]),
        (" ".join(f"{number:0100}" for number in range(50)), [f"{number:0100}" for number in range(50)]),
    ],
)
async def test_repositories_are_separated_by_commas_or_spaces(era: str, typed: str, names: list[str]) -> None:
    async with connected(era) as case:
        assert first_criteria(await plan(case, repositories=typed)) == {"repositories": names}


async def test_find_alerts_and_create_campaign_take_the_first_criteria_as_they_are(era: str) -> None:
    async with connected(era) as case:
        criteria = first_criteria(await plan(case, template="all-critical", repositories="payments-*, *-web"))
        assert criteria == {"template": "all-critical", "repositories": ["payments-*", "*-web"]}
        found = await case.done("find_alerts", **criteria)
        shown = await case.done(
            "create_campaign",
            name="Critical first",
            description="Fix them",
            ends_at="2099-01-08",
            managers=["mona-lisa"],
            filter=criteria,
            dry_run=True,
        )
    assert 0 < found["counts"]["total"] == shown["selection"]["alerts"]
    assert case.writes == []


@pytest.mark.parametrize("given", [{}, {"template": "", "repositories": ""}], ids=["absent", "empty"])
async def test_without_criteria_they_are_made_of_the_goal(era: str, given: dict[str, str]) -> None:
    async with connected(era) as case:
        wording = wording_in(await plan(case, **given))
    assert "Make criteria of the goal: a `template` if one fits" in wording
    assert "{" not in wording


WRONG = [
    ("template", "sqlx", f"`template`: must be one of {', '.join(map(repr, get_args(TemplateName)[:-1]))} or "),
    ("template", "Injection", "`template`: must be one of 'cross-site-scripting', "),
    ("template", SECRET, "`template`: contains what looks like a GitHub token; take it out."),
    ("repositories", " , ", "`repositories`: is empty; leave it out."),
    ("repositories", "web, octo-org/api", "`repositories[1]`: must be a repository's name only, without the "),
    ("repositories", "we\u202eb", f"`repositories[0]`: {NAME}."),
    ("repositories", "web\x1fapi", f"`repositories[0]`: {NAME}."),
    ("repositories", "web\x00", f"`repositories[0]`: {NAME}."),
    ("repositories", "web\u2028api", f"`repositories[0]`: {NAME}."),
    ("repositories", "web;api", f"`repositories[0]`: {NAME}."),
    ("repositories", '["web"]', f"`repositories[0]`: {NAME}."),
    ("repositories", '{"a":1}', f"`repositories[0]`: {NAME}."),
    ("repositories", "..", f"`repositories[0]`: {NAME}."),
    ("repositories", "x" * 10_000, f"`repositories[0]`: {NAME}."),
    ("repositories", "x " * 5_000, "`repositories`: has 5000 items; give at most 50, with `*` where one can stand "),
    ("repositories", f"web, {SECRET}", "`repositories`: contains what looks like a GitHub token; take it out."),
]


@pytest.mark.parametrize(("argument", "value", "says"), WRONG, ids=[f"{one[0]}={one[1][:20]!a}" for one in WRONG])
async def test_what_no_filter_takes_is_refused_in_the_filters_words_before_github_is_asked(
    era: str, argument: str, value: str, says: str
) -> None:
    async with connected(era) as case:
        error = await refusal(case.client, "plan_campaign", goal="Fewer injections", **{argument: value})
    assert error.code == INVALID_PARAMS
    assert error.message.startswith(f"plan_campaign: {says}")
    assert len(error.message) < 400
    assert value.strip(" ,") == "" or value not in error.message
    assert case.sent == []


async def test_a_value_that_is_taught_is_one_that_the_tool_takes() -> None:
    async with connected() as case:
        wording = wording_in(await plan(case))
        tools = {tool.name: tool.input_schema["properties"] for tool in (await case.client.list_tools()).tools}
    taught = dict(re.findall(r"`(\w+)` \"(\w+)\"", wording))
    assert taught.keys() == {"if_too_many"}
    assert all(value in tools["create_campaign"][argument]["enum"] for argument, value in taught.items())


async def test_the_plan_never_asks_for_numbers_of_alerts_or_repositories() -> None:
    async with connected() as case:
        wording = wording_in(await plan(case, template="xxe"))
    assert not re.search("alert_number|repository_id|`alerts`", wording)
