"""The wording teaches what is true, holds no loose ends and stays affordable."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from string import Template
from typing import get_args

import pytest
from mcp import Client
from mcp_types import Tool

import prompts
from prompts import CHOICES
from prompts.render import read_wording
from server.domain.answers import CampaignDetail
from server.domain.models import ALERTS_LIMIT, DESCRIPTION_LIMIT, NAME_LIMIT, OPEN_CAMPAIGNS_LIMIT, AlertStats
from server.domain.reports import CampaignProgress, Forecast, ProgressReport, Status
from server.sandbox.app import Sandbox
from server.settings import Settings
from tests.prompts.asking import SETTINGS, connected, facts_in, texts, wording_in
from tests.prompts.remembering import keeping, know_the_alerts, remember

pytestmark = pytest.mark.anyio

FOLDER = Path(prompts.__file__).parent / "wording"
FACTS = "github_facts"
ON_PROGRESS = ("summarize_campaign_progress", "close_out_campaign")
READ_ONLY = replace(SETTINGS, read_only=True)
LINK = "https://example.com/learn/xss"

BUDGETS = {  # tokens of wording, without the facts
    "draft_campaign_description": 400,
    "plan_campaign": 500,
    "summarize_campaign_progress": 360,
    "announce_campaign": 330,
    "close_out_campaign": 380,
}
CHARACTERS_A_TOKEN = 4.5

OTHER_ARGUMENTS: dict[str, tuple[dict[str, str], ...]] = {
    "draft_campaign_description": ({"topic": "CWE-79"}, {"topic": "CWE-79", "learning_link": LINK}),
    "plan_campaign": (
        {"goal": "Fewer injections"},
        {"goal": "Fewer injections", "ends_on": "2027-01-08", "repositories": "payments-*, web"},
    ),
    "summarize_campaign_progress": ({}, {"campaign_number": "4"}),
    "announce_campaign": ({"campaign_number": "4"},),
    "close_out_campaign": ({"campaign_number": "3"}, {"campaign_number": "4"}),
}


def _ways_to_ask(name: str) -> Iterator[dict[str, str]]:
    choices = CHOICES.get(name, {})
    yield from OTHER_ARGUMENTS[name]
    for others, chosen in product(OTHER_ARGUMENTS[name], product(*choices.values())):
        yield others | dict(zip(choices, chosen, strict=True))


async def _wordings(client: Client) -> AsyncIterator[tuple[str, str]]:
    for prompt in (await client.list_prompts()).prompts:
        for arguments in _ways_to_ask(prompt.name):
            yield prompt.name, wording_in(await client.get_prompt(prompt.name, arguments))


async def _every_wording(sandbox: Sandbox, settings: Settings = SETTINGS) -> list[tuple[str, str]]:
    async with connected(sandbox, settings=settings) as client:
        return [one async for one in _wordings(client)]


async def test_every_prompt_can_be_asked_for_in_both_eras(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era) as client:
        asked = {name async for name, wording in _wordings(client) if wording}
    assert asked == set(BUDGETS)


async def test_every_file_and_every_section_is_used(sandbox: Sandbox) -> None:
    seen = await _every_wording(sandbox) + await _every_wording(sandbox, READ_ONLY)
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.md" for name in (*BUDGETS, FACTS)}
    for name in BUDGETS:
        for heading, text in read_wording(name).items():
            if heading:
                pattern = re.sub(r"\\\$\w+", ".+", re.escape(text))
                assert any(re.search(pattern, wording) for asked, wording in seen if asked == name), heading


async def test_nothing_is_left_to_fill_in(sandbox: Sandbox) -> None:
    for name, wording in await _every_wording(sandbox) + await _every_wording(sandbox, READ_ONLY):
        filled = re.sub(r"\{.*?\}", lambda criteria: str(len(json.loads(criteria[0]))), wording)
        assert not re.search(r"[${}]|MISSING|None|\n## |\n\n\n|  ", filled), name


@pytest.mark.parametrize("name", [*BUDGETS, FACTS])
def test_a_file_is_plain_prose_with_valid_placeholders(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert Template(text).is_valid()
    assert text == text.strip() + "\n"
    assert text.isascii()


async def test_the_limits_that_are_taught_are_the_ones_that_are_checked(sandbox: Sandbox) -> None:
    by_name = dict(await _every_wording(sandbox))
    draft, plan = by_name["draft_campaign_description"], by_name["plan_campaign"]
    assert f"name 1 to {NAME_LIMIT} characters on one line, description 1 to {DESCRIPTION_LIMIT} characters" in draft
    assert "Spaces, punctuation and line breaks count." in draft
    assert f"Name (N of {NAME_LIMIT} characters)" in draft
    assert f"Description (N of {DESCRIPTION_LIMIT} characters)" in draft
    assert f"allows {OPEN_CAMPAIGNS_LIMIT} open at once" in plan
    assert f"name (at most {NAME_LIMIT} characters), description (at most {DESCRIPTION_LIMIT})" in plan
    assert f"1 to {ALERTS_LIMIT} open code scanning alerts" in plan
    files = "".join(file.read_text(encoding="utf-8") for file in FOLDER.iterdir())
    for limit in {NAME_LIMIT, DESCRIPTION_LIMIT, ALERTS_LIMIT}:
        assert not re.search(rf"\b{limit} (characters|alerts)", files), "a limit is written out"


@pytest.mark.parametrize("settings", [SETTINGS, READ_ONLY], ids=["writing", "read-only"])
async def test_no_prompt_names_a_tool_that_the_server_does_not_have(sandbox: Sandbox, settings: Settings) -> None:
    async with connected(sandbox, settings=settings) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        async for name, wording in _wordings(client):
            named = set(re.findall(r"\b(?:list|get|create|update|delete|find|report|search|close)_\w+", wording))
            assert named <= tools, name


async def test_a_read_only_server_plans_nothing_and_closes_nothing(sandbox: Sandbox) -> None:
    by_name = dict(await _every_wording(sandbox, READ_ONLY))
    assert set(by_name) == set(BUDGETS) - {"plan_campaign"}
    assert "This server is read-only" in by_name["close_out_campaign"]


def _fields_of(tool: Tool) -> set[str]:
    return {*tool.input_schema["properties"], *(tool.output_schema or {})["properties"]}


async def test_every_field_that_is_named_exists(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        wordings = [one async for one in _wordings(client)]
    embedded = {"as_of", "github_facts"} | set(CampaignDetail.model_fields) | set(AlertStats.model_fields)
    reported = {"campaigns", "progress"} | _fields_of_a_report()
    planned = {"room_left"} | _fields_of(tools["create_campaign"]) | _fields_of(tools["find_alerts"])
    for name, wording in wordings:
        known = embedded | (reported if name in ON_PROGRESS else set())
        known |= planned if name in ("plan_campaign", "draft_campaign_description") else set()
        assert _named(wording) <= known, name


def _named(wording: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", wording))


def _fields_of_a_report() -> set[str]:
    models = (ProgressReport, CampaignProgress, Forecast)
    return {field for model in models for field in model.model_fields}


def _keys(facts: object) -> Iterator[str]:
    """Every field, at whatever depth; the severities are no fields."""
    for key, value in facts.items() if isinstance(facts, dict) else ():
        yield key
        yield from _keys(value) if key != "left_by_severity" else ()
    for item in facts if isinstance(facts, list) else ():
        yield from _keys(item)


SELF_EVIDENT = {
    *("org", "campaign", "campaigns", "campaign_number", "number", "name", "state", "description", "contact_link"),
    *("created_at", "updated_at", "published_at", "ends_at", "closed_at", "url"),
    *("progress", "managers", "team_managers", "days_left", "expected", "alert_stats"),
}


@pytest.mark.parametrize("name", ON_PROGRESS)
async def test_every_field_that_is_given_is_explained_and_none_is_that_is_never_given(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    settings = keeping(tmp_path / "store.sqlite3")
    for number in (4, 5, 6):
        await know_the_alerts(tmp_path / "store.sqlite3", sandbox, number)
        await remember(tmp_path / "store.sqlite3", sandbox, 1, 0, number)
    given: set[str] = set()
    named: set[str] = set()
    async with connected(sandbox, settings=settings) as client:
        for arguments in ({}, *({"campaign_number": str(number)} for number in range(1, 7))):
            if not arguments and name == "close_out_campaign":
                continue
            result = await client.get_prompt(name, arguments)
            given_now, named_now = set(_keys(facts_in(result))), _named(wording_in(result))
            assert given_now <= named_now | SELF_EVIDENT, arguments
            given, named = given | given_now, named | named_now
    assert {"forecast", "fixed", "reopened", "left_fixed_dismissed_by_repository", "left_by_severity"} <= given
    assert named <= given | {"github_facts", "partial", "notes"}


@pytest.mark.parametrize("name", ON_PROGRESS)
async def test_the_status_is_told_in_the_words_of_the_glossary(sandbox: Sandbox, name: str) -> None:
    words = {status.replace("_", " ") for status in get_args(Status)}
    assert words == {"done", "on track", "at risk", "overdue", "unknown"}
    for asked, wording in await _every_wording(sandbox):
        if asked == name and not re.search(r"campaign octo-org/3|is closed", wording):
            assert all(re.search(rf"\b{word}\b", wording) for word in words), wording


@pytest.mark.parametrize("name", BUDGETS)
async def test_the_wording_keeps_its_budget(sandbox: Sandbox, name: str) -> None:
    longest = max(len(wording) for asked, wording in await _every_wording(sandbox) if asked == name)
    assert longest <= CHARACTERS_A_TOKEN * BUDGETS[name]


async def test_closed_is_never_called_fixed_and_what_may_not_be_invented_is_named(sandbox: Sandbox) -> None:
    for name, wording in await _every_wording(sandbox) + await _every_wording(sandbox, READ_ONLY):
        if name in (*ON_PROGRESS, "announce_campaign"):
            assert "fixed and dismissed together" in wording
        if name in ON_PROGRESS:
            assert "Use only these numbers and sums of them; no percentage, date or cause of your own" in wording
            assert "nothing by team or person" in wording
            assert "What is absent is not known here: say so" in wording
            assert "is closed" in wording or re.search(r"`earliest` to `latest`.*(or not at all|so say that)", wording)
    assert "no time to fix, risk or money saved" in dict(await _every_wording(sandbox))["close_out_campaign"]


async def test_only_a_campaign_that_is_open_can_be_closed(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era) as client:
        closed = wording_in(await client.get_prompt("close_out_campaign", {"campaign_number": "3"}))
        still_open = wording_in(await client.get_prompt("close_out_campaign", {"campaign_number": "4"}))
    assert "update_campaign" not in closed
    assert "interim" not in closed
    assert "call the numbers interim" in still_open
    assert 'only when they ask call update_campaign with `state` "closed"' in still_open


async def test_what_a_person_types_stays_quoted_and_clean(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era) as client:
        draft = await client.get_prompt("draft_campaign_description", {"topic": 'SQL "injection"\n\u202e$name_limit'})
        plan = await client.get_prompt("plan_campaign", {"goal": "Safe\nqueries", "ends_on": "2027-01-08"})
    assert r'Topic: "SQL \"injection\" $name_limit". ' in wording_in(draft)
    assert (
        'The goal in their words: "Safe queries". They want it to end at 2027-01-08T23:59:59Z (`ends_at`).'
        in wording_in(plan)
    )


async def test_a_learning_link_is_given_whole_with_its_length(sandbox: Sandbox, era: str) -> None:
    link = "https://example.com/" + "a" * 300
    async with connected(sandbox, era) as client:
        result = await client.get_prompt("draft_campaign_description", {"topic": "XSS", "learning_link": link})
    assert f'"{link}" (320 characters, which count)' in wording_in(result)


@pytest.mark.parametrize("language", ["Português (Brasil)", "हिन्दी", "日本語", "Norsk-bokmål"])
async def test_a_language_may_be_written_in_its_own_script(sandbox: Sandbox, language: str) -> None:
    async with connected(sandbox) as client:
        result = await client.get_prompt("announce_campaign", {"campaign_number": "4", "language": language})
    assert f"Language: {language};" in wording_in(result)


async def test_facts_come_before_the_wording_so_that_the_wording_has_the_last_word(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        first, last = texts(await client.get_prompt("announce_campaign", {"campaign_number": "4"}))
    assert first.startswith("The block below is data from GitHub")
    assert last.startswith("Write the message that tells developers about security campaign octo-org/4.")
