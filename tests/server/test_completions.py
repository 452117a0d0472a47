"""Completions: what is typed may be part of a number or a name, what is offered can be used as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from mcp_types import Completion, PromptReference, ResourceTemplateReference

import prompts
from server.domain.alert_templates import TEMPLATES
from server.sandbox.app import Sandbox
from server.sandbox.options import FINE_GRAINED_TOKEN, NO_SCOPE_TOKEN
from tests.harness import ORG, Case, Sent, connected
from tests.tools.expected import frozen

pytestmark = pytest.mark.anyio

CAMPAIGN = ResourceTemplateReference(type="ref/resource", uri="campaigns://{org}/{campaign_number}")
CAMPAIGNS = ResourceTemplateReference(type="ref/resource", uri="campaigns://{org}")
ANNOUNCE = PromptReference(type="ref/prompt", name="announce_campaign")
DRAFT = PromptReference(type="ref/prompt", name="draft_campaign_description")
PLAN = PromptReference(type="ref/prompt", name="plan_campaign")


async def offered(
    case: Case,
    argument: str,
    typed: str,
    ref: ResourceTemplateReference | PromptReference = CAMPAIGN,
    **chosen: str,
) -> Completion:
    return (await case.client.complete(ref, {"name": argument, "value": typed}, chosen or None)).completion


def crowd() -> Sandbox:
    """A world with three hundred campaigns."""
    sandbox = frozen(limits=False)
    campaigns = sandbox.state.organization(ORG).campaigns
    for number in range(7, 301):
        campaigns[number] = replace(campaigns[1], number=number, name=f"Round {number}")
    return sandbox


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ["octo-org", "octo-labs"]),
        ("octo", ["octo-org", "octo-labs"]),
        ("LABS", ["octo-labs"]),
        ("org", ["octo-org"]),
        ("nothing", []),
    ],
)
async def test_organizations_of_the_account_are_offered_the_default_first(
    era: str, typed: str, expected: list[str]
) -> None:
    async with connected(era) as case:
        found = await offered(case, "org", typed, CAMPAIGNS)
    assert (found.values, found.total, found.has_more) == (expected, len(expected), False)


async def test_organizations_are_offered_for_prompts_too() -> None:
    async with connected(org=None) as case:
        assert sorted((await offered(case, "org", "octo-", ANNOUNCE)).values) == ["octo-labs", "octo-org"]


async def test_when_the_operator_allows_some_only_those_are_offered_and_github_is_not_asked(era: str) -> None:
    async with connected(era, allow_orgs=(ORG, "elsewhere")) as case:
        assert (await offered(case, "org", "")).values == [ORG, "elsewhere"]
    assert case.sent == []


@pytest.mark.parametrize("token", [FINE_GRAINED_TOKEN, NO_SCOPE_TOKEN])
async def test_a_token_that_may_not_list_organizations_still_gets_the_default(token: str) -> None:
    async with connected(token=token) as case:
        assert (await offered(case, "org", "")).values == [ORG]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ["6", "5", "4", "3", "2", "1"]),
        ("5", ["5"]),
        ("injection", ["4", "2"]),
        ("CROSS-SITE", ["5"]),
        (" log ", ["4", "3"]),
        ("zzz", []),
    ],
)
@pytest.mark.parametrize("ref", [CAMPAIGN, ANNOUNCE])
async def test_campaigns_are_found_by_number_or_name_and_offered_as_numbers(
    era: str, ref: ResourceTemplateReference | PromptReference, typed: str, expected: list[str]
) -> None:
    async with connected(era) as case:
        assert (await offered(case, "campaign_number", typed, ref)).values == expected


async def test_a_number_matches_from_its_beginning() -> None:
    sandbox = frozen(limits=False)
    campaigns = sandbox.state.organization(ORG).campaigns
    campaigns |= {number: replace(campaigns[1], number=number) for number in (12, 21, 123)}
    async with connected(sandbox=sandbox) as case:
        assert sorted((await offered(case, "campaign_number", "12")).values) == ["12", "123"]


async def test_an_older_campaign_is_found_by_its_number(era: str) -> None:
    sandbox = crowd()
    campaigns = sandbox.state.organization(ORG).campaigns
    async with connected(era, sandbox=sandbox) as case:
        newest = {campaign["number"] for campaign in (await case.done("list_campaigns", per_page=100))["campaigns"]}
        # no newer one may begin with the same digits or have them in its name
        older = next(n for n in campaigns if n not in newest and not any(str(n) in f"{m} Round {m}" for m in newest))
        assert (await offered(case, "campaign_number", str(older))).values == [str(older)]
        assert (await offered(case, "campaign_number", "99999")).values == []
        assert (await offered(case, "campaign_number", "\u0665")).values == []


async def test_the_organization_chosen_before_is_the_one_asked(era: str) -> None:
    async with connected(era) as case:
        assert (await offered(case, "campaign_number", "", org="octo-labs")).values == []
        assert (await offered(case, "campaign_number", "", org="")).values != []
    assert [sent.path for sent in case.sent] == ["/orgs/octo-labs/campaigns", "/orgs/octo-org/campaigns"]


async def test_never_more_than_a_hundred_are_offered(era: str) -> None:
    async with connected(era, sandbox=crowd()) as case:
        found = await offered(case, "campaign_number", "")
    assert len(found.values) == 100
    assert all(value.isdigit() for value in found.values)


async def test_of_many_organizations_the_first_hundred_are_offered_and_the_rest_counted(era: str) -> None:
    many = tuple(f"org-{number}" for number in range(250))
    async with connected(era, org=None, allow_orgs=many) as case:
        found = await offered(case, "org", "")
        narrowed = await offered(case, "org", "g-24")
    assert (found.values, found.total, found.has_more) == (list(many[:100]), 250, True)
    assert (len(narrowed.values), narrowed.total, narrowed.has_more) == (11, 11, False)


@pytest.mark.parametrize(
    "response",
    [httpx.Response(503, json={}), httpx.Response(401, json={}), httpx.Response(200, text="<html>"), None],
)
@pytest.mark.parametrize("argument", ["org", "campaign_number"])
async def test_when_github_does_not_help_nothing_is_offered_and_nothing_breaks(
    era: str, argument: str, response: httpx.Response | None
) -> None:
    async def hook(sent: Sent) -> httpx.Response | None:
        if response is None:
            raise httpx.ConnectError("no route")
        return response

    async with connected(era, patience=0) as case:
        case.recorder.hook = hook
        found = await offered(case, argument, "")
        assert (found.values, found.total, found.has_more) == ([], 0, False)
        case.recorder.hook = None
        assert (await offered(case, argument, "")).values


@pytest.mark.parametrize("org", ["../x", "a b", "octo-labs"])
async def test_an_organization_that_cannot_be_or_may_not_be_asked_offers_nothing(era: str, org: str) -> None:
    async with connected(era, allow_orgs=(ORG,)) as case:
        assert (await offered(case, "campaign_number", "", org=org)).values == []
    assert case.sent == []


async def test_without_any_organization_nothing_is_offered() -> None:
    async with connected(org=None) as case:
        assert (await offered(case, "campaign_number", "")).values == []
    assert case.sent == []


async def test_the_closed_choices_of_every_prompt_are_offered_in_order(era: str) -> None:
    async with connected(era) as case:
        listed = (await case.client.list_prompts()).prompts
        assert {prompt.name for prompt in listed} >= set(prompts.CHOICES)
        for name, arguments in prompts.CHOICES.items():
            ref = PromptReference(type="ref/prompt", name=name)
            for argument, choices in arguments.items():
                assert (await offered(case, argument, "", ref)).values == list(choices)
    assert case.sent == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("path", ["path-traversal"]),
        ("injection", ["sql-injection", "command-injection", "log-injection"]),
        ("XSS", ["cross-site-scripting"]),
        ("Cross site", ["cross-site-scripting"]),
        ("request forgery", ["ssrf"]),
        ("External Entities", ["xxe"]),
        ("top", ["cwe-top-25", "kev-top-10", "owasp-top-10"]),
        ("cwe", ["cwe-top-25", "kev-top-10"]),
        ("2025", ["cwe-top-25", "kev-top-10", "owasp-top-10"]),
        ("x", ["xxe", "cross-site-scripting", "kev-top-10"]),
        ("se", ["unsafe-deserialization", "hard-coded-credentials", "ssrf", "kev-top-10"]),
        ("zzz", []),
    ],
)
async def test_alert_templates_are_found_by_their_names_and_by_what_they_are_called(
    era: str, typed: str, expected: list[str]
) -> None:
    async with connected(era) as case:
        found = await offered(case, "template", typed, PLAN)
    assert (found.values, found.total, found.has_more) == (expected, len(expected), False)
    assert case.sent == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", [template.title for template in TEMPLATES.values()]),
        ("xss", ["Cross-site scripting"]),
        ("ssrf", ["Server-side request forgery"]),
        ("injection", ["SQL injection", "Command injection", "Log injection"]),
        ("logging of passwords", []),
    ],
)
async def test_the_titles_of_the_alert_templates_are_offered_as_topics_and_can_be_taken(
    era: str, typed: str, expected: list[str]
) -> None:
    async with connected(era) as case:
        values = (await offered(case, "topic", typed, DRAFT)).values
        assert values == expected
        for topic in values:
            await case.client.get_prompt(DRAFT.name, {"topic": topic})
    assert case.sent == []


async def test_what_begins_with_the_typed_comes_before_what_contains_it() -> None:
    async with connected(allow_orgs=("big-octo", "octo-org", "OCTO-labs")) as case:
        assert (await offered(case, "org", "octo")).values == ["octo-org", "OCTO-labs", "big-octo"]


@pytest.mark.parametrize(
    ("ref", "argument"),
    [
        (ANNOUNCE, "language"),
        (PromptReference(type="ref/prompt", name="no_such_prompt"), "audience"),
        (CAMPAIGN, "audience"),
        (CAMPAIGN, "topic"),
        (CAMPAIGN, "template"),
        (PLAN, "goal"),
        (PLAN, "repositories"),
    ],
)
async def test_free_text_has_no_completions(
    era: str, ref: ResourceTemplateReference | PromptReference, argument: str
) -> None:
    async with connected(era) as case:
        assert (await offered(case, argument, "e", ref)).values == []
    assert case.sent == []


async def test_with_more_campaigns_than_were_looked_at_no_total_is_claimed_and_an_older_number_is_found() -> None:
    sandbox = frozen(limits=False)
    campaigns = sandbox.state.organization(ORG).campaigns
    newer = timedelta(days=1)
    campaigns |= {
        number: replace(campaigns[1], number=number, name="New", created_at=campaigns[1].created_at + newer * number)
        for number in range(1000, 1200)
    }
    async with connected(sandbox=sandbox) as case:
        found = await offered(case, "campaign_number", "new")
        assert len(found.values) == 97  # of the newest hundred, three have another name
        assert (found.total, found.has_more) == (None, True)
        assert (await offered(case, "campaign_number", "2")).values == ["2"]
        assert (await offered(case, "campaign_number", "999999")).values == []
