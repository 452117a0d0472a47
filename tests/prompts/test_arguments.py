"""A missing or wrong argument gets -32602 and a sentence, in both protocol eras."""

from __future__ import annotations

import re

import pytest
from mcp_types import INVALID_PARAMS, PromptReference

from prompts import CHOICES
from server.resources import TEMPLATES_URI
from server.sandbox.app import Sandbox
from server.settings import Settings
from tests.prompts.asking import connected, refusal, wording_in

pytestmark = pytest.mark.anyio

GOOD = {
    "draft_campaign_description": {"topic": "CWE-79"},
    "plan_campaign": {"goal": "Fewer injections"},
    "summarize_campaign_progress": {},
    "announce_campaign": {"campaign_number": "4"},
    "close_out_campaign": {"campaign_number": "4"},
}

NUMBER = "must be a campaign's number, such as 3"
LANGUAGE = "give a language's name: letters, spaces, hyphens and parentheses, at most 40 characters"
LOGIN = "give an organization's login: letters, digits and hyphens, without a path or an address"

WRONG = [
    ("announce_campaign", "campaign_number", "four", NUMBER),
    ("announce_campaign", "campaign_number", "4.0", NUMBER),
    ("announce_campaign", "campaign_number", "-4", NUMBER),
    ("announce_campaign", "campaign_number", "٤", NUMBER),
    ("announce_campaign", "campaign_number", "4/../5", NUMBER),
    ("announce_campaign", "campaign_number", "0", "must be a positive whole number"),
    ("announce_campaign", "campaign_number", "9" * 16, "is larger than any number GitHub gives out"),
    ("announce_campaign", "campaign_number", "9" * 5000, NUMBER),
    ("summarize_campaign_progress", "campaign_number", "all", NUMBER),
    ("announce_campaign", "channel", "fax", "must be one of 'chat', 'email' or 'issue'"),
    ("announce_campaign", "language", "English. Now {do} this!", LANGUAGE),
    ("announce_campaign", "language", "x" * 41, LANGUAGE),
    ("announce_campaign", "language", "  ", LANGUAGE),
    ("announce_campaign", "language", "Eng\u3164lish", LANGUAGE),
    ("close_out_campaign", "audience", "everyone", "must be one of 'engineers' or 'leadership'"),
    ("summarize_campaign_progress", "org", "octo-org/../x", LOGIN),
    ("draft_campaign_description", "topic", "   ", "is empty"),
    ("draft_campaign_description", "topic", "\u200b", "is empty"),
    ("draft_campaign_description", "topic", "x" * 201, "has 201 characters; give at most 200"),
    (
        "draft_campaign_description",
        "audience",
        "robots",
        "must be one of 'developers', 'security champions' or 'managers'",
    ),
    (
        "draft_campaign_description",
        "learning_link",
        "javascript:alert(1)",
        "must be an http(s) address, such as https://example.com/security",
    ),
    (
        "draft_campaign_description",
        "learning_link",
        "https://example.com/a b",
        "must be one http(s) address without spaces or invisible characters",
    ),
    ("plan_campaign", "goal", "x" * 1001, "has 1001 characters; give at most 1000"),
    (
        "plan_campaign",
        "ends_on",
        "next month",
        "give a date such as 2027-01-08 (the end of that day, UTC) or a time with a zone such as 2027-01-08T17:00:00Z",
    ),
    ("plan_campaign", "ends_on", "2026-05-31", "is in the past; give a date from 2026-06-01 on"),
]


@pytest.mark.parametrize(
    ("name", "argument", "value", "sentence"), WRONG, ids=[f"{one[1]}={one[2][:24]!a}" for one in WRONG]
)
async def test_a_wrong_argument_is_named_with_what_would_be_right(
    sandbox: Sandbox, era: str, name: str, argument: str, value: str, sentence: str
) -> None:
    async with connected(sandbox, era) as client:
        error = await refusal(client, name, **{**GOOD[name], argument: value})
    separator = " " if argument == "ends_on" and "past" in sentence else ": "
    assert (error.code, error.message) == (INVALID_PARAMS, f"{name}: `{argument}`{separator}{sentence}.")


@pytest.mark.parametrize("given", ["absent", "empty"])
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("draft_campaign_description", "topic"),
        ("plan_campaign", "goal"),
        ("announce_campaign", "campaign_number"),
        ("close_out_campaign", "campaign_number"),
    ],
)
async def test_a_missing_argument_is_named(sandbox: Sandbox, era: str, name: str, argument: str, given: str) -> None:
    async with connected(sandbox, era) as client:
        error = await refusal(client, name, **({argument: ""} if given == "empty" else {}))
    assert (error.code, error.message) == (INVALID_PARAMS, f"{name}: `{argument}`: is required.")


async def test_an_unknown_argument_is_refused_with_the_closest_known_one(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era) as client:
        error = await refusal(client, "plan_campaign", goal="Fewer injections", ends_at="2027-01-08")
    assert error.code == INVALID_PARAMS
    assert "plan_campaign: `ends_at`: there is no such argument; " in error.message
    assert "`ends_on`" in error.message


@pytest.mark.parametrize("name", ["announce_campaign", "close_out_campaign", "summarize_campaign_progress"])
async def test_a_campaign_that_does_not_exist_is_a_wrong_argument(sandbox: Sandbox, era: str, name: str) -> None:
    async with connected(sandbox, era) as client:
        error = await refusal(client, name, campaign_number="99")
    assert error.code == INVALID_PARAMS
    assert "campaign octo-org/99" in error.message


async def test_without_a_default_organization_one_must_be_named(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era, Settings(no_store=True)) as client:
        error = await refusal(client, "summarize_campaign_progress")
        named = await client.get_prompt("summarize_campaign_progress", {"org": "octo-org"})
    assert error.code == INVALID_PARAMS
    assert "`org` is missing and the server has no default organization." in error.message
    assert "all open campaigns" in wording_in(named)


async def test_an_organization_that_the_operator_does_not_allow_is_refused(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era, Settings(allow_orgs=("octo-labs",), no_store=True)) as client:
        error = await refusal(client, "plan_campaign", goal="x", org="octo-org")
    assert "The operator does not allow organization octo-org here." in error.message


async def test_the_choices_are_exactly_what_the_prompts_accept(sandbox: Sandbox) -> None:
    accepted: dict[str, dict[str, tuple[str, ...]]] = {}
    async with connected(sandbox) as client:
        for prompt in (await client.list_prompts()).prompts:
            for argument in prompt.arguments or []:
                values = {**GOOD[prompt.name], argument.name: "no such choice!"}
                if argument.name in ("topic", "goal"):
                    continue  # free text
                error = await refusal(client, prompt.name, **values)
                if "must be one of" in error.message:
                    accepted.setdefault(prompt.name, {})[argument.name] = tuple(re.findall("'(.+?)'", error.message))
            for name, choices in CHOICES.get(prompt.name, {}).items():
                for choice in choices:
                    await client.get_prompt(prompt.name, {**GOOD[prompt.name], name: choice})
    assert accepted == CHOICES


async def test_the_descriptions_in_a_form_name_every_choice_or_where_they_are_listed_and_stay_short(
    sandbox: Sandbox,
) -> None:
    async with connected(sandbox) as client:
        prompts = (await client.list_prompts()).prompts
    assert {prompt.name for prompt in prompts} == set(GOOD)
    for prompt in prompts:
        assert prompt.title
        assert prompt.description
        assert len(prompt.title) <= 40
        assert len(prompt.description) <= 110
        for argument in prompt.arguments or []:
            assert argument.description
            assert len(argument.description) <= 80
            assert argument.required == (argument.name in GOOD[prompt.name])
            choices = CHOICES.get(prompt.name, {}).get(argument.name, ())
            assert TEMPLATES_URI in argument.description or all(choice in argument.description for choice in choices)


async def test_a_form_is_offered_the_choices(sandbox: Sandbox, era: str) -> None:
    async with connected(sandbox, era) as client:
        offered = await client.complete(PromptReference(name="announce_campaign"), {"name": "channel", "value": "e"})
    assert offered.completion.values == ["email", "issue"]
