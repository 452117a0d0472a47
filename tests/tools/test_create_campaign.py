"""create_campaign: what is looked at first, what is published, and what is said about it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from server.sandbox.app import Sandbox
from server.sandbox.world import Repository
from tests.harness import ORG, Sent, accept, connected, open_pairs
from tests.tools.expected import NOON, OPEN, PAGE, assert_text_says_the_same, campaign_in, detail, frozen

pytestmark = pytest.mark.anyio

LIST = f"/orgs/{ORG}/campaigns"
LOOKS = [Sent("GET", "/user"), Sent("GET", LIST, OPEN)]
UNSEEN = "The alerts were not looked up; GitHub decides which of them it takes."
TEXTS = {"name": "Stop XSS", "description": "Encode what you print.", "ends_at": "2099-01-08"}


def arguments(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return {**TEXTS, "alerts": open_pairs(sandbox), **more}


def posted(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    alerts = {"code_scanning_alerts": open_pairs(sandbox)}
    return {**TEXTS, "ends_at": "2099-01-08T23:59:59Z", **alerts, **more}


def alert_count(sandbox: Sandbox) -> int:
    return sum(len(pair["alert_numbers"]) for pair in open_pairs(sandbox))


async def test_a_campaign_is_published_after_a_look_at_the_open_ones(era: str) -> None:
    sandbox = frozen()
    body = posted(sandbox)
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("create_campaign", **arguments(sandbox))
    assert case.sent == [*LOOKS, Sent("GET", LIST, OPEN), Sent("POST", LIST, {}, body)]
    assert result.structured_content == {
        "summary": f"Published {alert_count(sandbox)} alerts in 2 repositories as campaign 7: {PAGE}/7",
        "campaign": detail(sandbox, 7),
    }
    assert_text_says_the_same(result)
    assert campaign_in(sandbox, 7).name == "Stop XSS"


async def test_every_field_is_sent_as_github_names_it(era: str) -> None:
    sandbox = frozen()
    body = posted(
        sandbox,
        ends_at="2098-12-31T16:00:00Z",
        managers=["mona-lisa", "sofia-lindqvist"],
        team_managers=["appsec"],
        contact_link="https://example.com/security?team=a#b",
        generate_issues=True,
    )
    async with connected(era, sandbox=sandbox, person=accept(go_ahead=True)) as case:
        published = await case.done(
            "create_campaign",
            **arguments(
                sandbox,
                org=ORG,
                ends_at="2098-12-31T17:00:00+01:00",
                managers=["mona-lisa", "sofia-lindqvist"],
                team_managers=["appsec"],
                contact_link="https://example.com/security?team=a#b",
                generate_issues=True,
                dry_run=False,
            ),
        )
    assert case.writes == [Sent("POST", LIST, {}, body)]
    assert published["campaign"] == detail(sandbox, 7)
    assert published["campaign"]["managers"] == ["mona-lisa", "sofia-lindqvist"]
    assert published["campaign"]["team_managers"] == ["appsec"]
    assert sorted(campaign_in(sandbox, 7).issues) == sorted(pair["repository_id"] for pair in open_pairs(sandbox))
    assert len(case.asked) == 1


async def test_a_dry_run_publishes_nothing_and_shows_the_exact_request(era: str) -> None:
    sandbox = frozen()
    body = posted(sandbox, generate_issues=True)
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("create_campaign", **arguments(sandbox, generate_issues=True, dry_run=True))
    count = alert_count(sandbox)
    structure = dict(result.structured_content or {})
    preview = structure.pop("preview")
    assert structure == {
        "notes": [UNSEEN, "This client cannot ask a person, so publishing would be refused."],
        "summary": f'Would publish "Stop XSS" (8 of 50 characters) in octo-org with {count} alerts in 2 repositories, '
        "ending 2099-01-08 23:59 UTC, managed by nobody, acting as octo-bot. Would open 2 issues. 3 of 10 campaigns "
        'are open: "Path traversal", "Cross-site scripting in payments", "Log injection". Nothing was published.',
        "request": {"method": "POST", "path": LIST, "body": body},
        "would_ask": f'octo-bot will publish campaign "Stop XSS" in octo-org with {count} alerts in 2 repositories, '
        "ending 2099-01-08, managed by nobody, and open 2 issues, one in each repository. Go on?",
    }
    assert len(preview) == 16
    assert case.sent == LOOKS
    assert_text_says_the_same(result)


async def test_what_the_preview_showed_is_what_is_sent(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox, person=accept(go_ahead=True)) as case:
        asked = arguments(sandbox, managers=["mona-lisa"], generate_issues=True)
        shown = await case.done("create_campaign", **asked, dry_run=True)
        await case.done("create_campaign", **asked, preview=shown["preview"])
    assert [(sent.method, sent.path, sent.body) for sent in case.writes] == [tuple(shown["request"].values())]
    assert case.asked == [shown["would_ask"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Stop XSS now"},
        {"ends_at": "2099-01-09"},
        {"managers": ["mona-lisa"]},
        {"contact_link": "https://example.com"},
        {"generate_issues": True},
    ],
)
async def test_a_preview_of_something_else_is_refused(changed: dict[str, Any]) -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox, person=accept(go_ahead=True)) as case:
        shown = await case.done("create_campaign", **arguments(sandbox), dry_run=True)
        text = await case.refused("create_campaign", **arguments(sandbox, **changed), preview=shown["preview"])
    assert text.startswith("The preview does not fit this call:")
    assert text.endswith("Nothing was published.")
    assert case.writes == []


async def test_one_alert_is_spoken_of_as_one() -> None:
    sandbox = frozen()
    one = [
        {"repository_id": pair["repository_id"], "alert_numbers": pair["alert_numbers"][:1]}
        for pair in open_pairs(sandbox, 1)
    ]
    async with connected(sandbox=sandbox) as case:
        shown = await case.done(
            "create_campaign", **TEXTS, alerts=one, managers=["mona-lisa"], generate_issues=True, dry_run=True
        )
    assert "with 1 alert in 1 repository, ending" in shown["summary"]
    assert "Would open 1 issue." in shown["summary"]


async def test_null_for_what_is_optional_counts_as_left_out(era: str) -> None:
    sandbox = frozen()
    optional = ("org", "managers", "team_managers", "contact_link", "generate_issues", "dry_run", "preview")
    body = posted(sandbox)
    async with connected(era, sandbox=sandbox) as case:
        await case.done("create_campaign", **arguments(sandbox), **dict.fromkeys(optional))
    assert case.writes == [Sent("POST", LIST, {}, body)]


async def test_text_that_happens_to_be_json_stays_text(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        await case.done("create_campaign", **arguments(sandbox, name="[1]", description='{"a":1}'))
        await case.done("create_campaign", **arguments(sandbox, name="null", description="12"))
    assert [(sent.body["name"], sent.body["description"]) for sent in case.writes] == [
        ("[1]", '{"a":1}'),
        ("null", "12"),
    ]


async def test_lists_that_a_host_sends_as_json_text_are_understood() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        await case.done("create_campaign", **arguments(sandbox, managers='["mona-lisa"]'))
    assert case.writes[0].body["managers"] == ["mona-lisa"]


def fill(sandbox: Sandbox, open_campaigns: int) -> None:
    """Copy the newest campaign until so many are open."""
    campaigns = sandbox.state.organization(ORG).campaigns
    for number in range(7, 7 + open_campaigns - 3):
        campaigns[number] = replace(campaigns[6], number=number, name=f"Copy {number}")


@pytest.mark.parametrize("dry_run", [True, False])
async def test_with_ten_open_campaigns_an_eleventh_is_refused_naming_them(dry_run: bool) -> None:
    sandbox = frozen()
    fill(sandbox, 10)
    async with connected(sandbox=sandbox) as case:
        text = await case.refused("create_campaign", **arguments(sandbox), dry_run=dry_run)
    named = ", ".join(f'{number} "Copy {number}"' for number in range(13, 6, -1))
    assert text == (
        f"octo-org has 10 open campaigns, and GitHub allows 10: {named}, "
        '6 "Path traversal", 5 "Cross-site scripting in payments", 4 "Log injection". Close one first. '
        "Nothing was published."
    )
    assert case.sent == LOOKS


async def test_the_tenth_campaign_is_published() -> None:
    sandbox = frozen()
    fill(sandbox, 9)
    sandbox.state.organization(ORG).last_campaign_number = 12
    async with connected(sandbox=sandbox) as case:
        shown = await case.done("create_campaign", **arguments(sandbox), dry_run=True)
        published = await case.done("create_campaign", **arguments(sandbox))
    assert "9 of 10 campaigns are open: " in shown["summary"]
    assert published["campaign"]["number"] == 13


@pytest.mark.parametrize("name", ["Stop XSS", " Stop XSS "])
async def test_the_same_name_and_end_date_are_refused_as_published_already(era: str, name: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        await case.done("create_campaign", **arguments(sandbox))
        text = await case.refused("create_campaign", **arguments(sandbox, name=name))
    assert text == (
        "Campaign octo-org/7 with this name and end date is open already, published 2026-06-01 12:00 UTC. An earlier "
        "call may have published it. Use that one, or choose another name or end date. Nothing was published."
    )
    assert len(case.writes) == 1


async def test_the_same_name_with_another_end_date_is_another_campaign() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        await case.done("create_campaign", **arguments(sandbox))
        await case.done("create_campaign", **arguments(sandbox, ends_at="2099-01-09"))
    assert len(case.writes) == 2


async def test_the_same_name_and_end_date_of_a_closed_campaign_do_not_matter() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        await case.done("create_campaign", **arguments(sandbox))
        campaign_in(sandbox, 7).state = "closed"
        await case.done("create_campaign", **arguments(sandbox))
    assert len(case.writes) == 2


async def test_alerts_that_closed_meanwhile_are_noted(era: str) -> None:
    sandbox = frozen()
    asked = arguments(sandbox)
    sent = alert_count(sandbox)
    first = asked["alerts"][0]
    sandbox.state.close_alert(first["repository_id"], first["alert_numbers"][0])
    async with connected(era, sandbox=sandbox) as case:
        published = await case.done("create_campaign", **asked)
    assert published["summary"] == (
        f"Published {sent} alerts in 2 repositories as campaign 7: {PAGE}/7 "
        f"(GitHub counts {sent - 1} alerts; {sent} were sent)"
    )


async def test_a_campaign_that_github_trims_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.sandbox.campaigns.MOST_ALERTS", 10)
    sandbox = frozen(over_size="trim")
    async with connected(sandbox=sandbox) as case:
        published = await case.done("create_campaign", **arguments(sandbox))
    assert sum(published["campaign"]["alert_stats"].values()) == 10
    sent = alert_count(sandbox)
    assert published["summary"].endswith(f"/7 (GitHub counts 10 alerts; {sent} were sent)")


async def test_a_campaign_that_is_too_large_for_github_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.sandbox.campaigns.MOST_ALERTS", 10)
    sandbox = frozen(over_size="refuse")
    async with connected(sandbox=sandbox) as case:
        text = await case.refused("create_campaign", **arguments(sandbox))
    assert "A campaign can have at most 10 alerts" in text
    assert text.endswith("Nothing was published.")
    assert 7 not in sandbox.state.organization(ORG).campaigns


async def test_what_github_made_otherwise_is_noted(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        inner = case.recorder._inner

        class Rewords(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                answer = await inner.handle_async_request(request)
                if request.method != "POST":
                    return answer
                return httpx.Response(200, json={**json.loads(await answer.aread()), "managers": [], "name": "Other"})

        case.recorder._inner = Rewords()
        published = await case.done("create_campaign", **arguments(sandbox, managers=["mona-lisa"]))
    assert published["notes"] == ["GitHub answers with another name, managers than was sent."]
    assert published["campaign"]["name"] == "Other"


async def test_an_answer_without_counts_gets_no_note_about_them() -> None:
    sandbox = frozen(shape="examples")
    async with connected(sandbox=sandbox) as case:
        published = await case.done("create_campaign", **arguments(sandbox, contact_link="https://example.com"))
    assert "notes" not in published
    assert "contact_link" not in published["campaign"]


async def test_more_than_a_hundred_repositories_get_a_warning() -> None:
    sandbox = frozen()
    organization = sandbox.state.organization(ORG)
    model = organization.repositories[41001]
    alert = next(alert for alert in organization.alerts.values() if alert.state == "open")
    for number in range(50001, 50102):
        copied: Repository = replace(model, id=number, name=f"copy-{number}")
        organization.repositories[number] = copied
        sandbox.state.add_alerts([replace(alert, repository_id=number, number=1)])
    pairs = [{"repository_id": number, "alert_numbers": [1]} for number in range(50001, 50102)]
    async with connected(sandbox=sandbox) as case:
        many = await case.done("create_campaign", **TEXTS, alerts=pairs, dry_run=True)
        hundred = await case.done("create_campaign", **TEXTS, alerts=pairs[:100], dry_run=True)
    assert many["notes"] == [UNSEEN, "More than 100 repositories: GitHub may not take all of them."]
    assert hundred["notes"] == [UNSEEN]


async def test_an_end_that_is_past_only_in_githubs_time_is_refused_with_the_truth_about_what_was_sent() -> None:
    # This machine's clock says that the end lies ahead; the Date header of GitHub's answers says otherwise.
    later = NOON.replace(year=2099)
    sandbox = frozen()
    pairs = open_pairs(sandbox)
    sandbox.state._clock = lambda: later
    async with connected(sandbox=sandbox) as case:
        text = await case.refused("create_campaign", **TEXTS, alerts=pairs)
    assert text == (
        "`ends_at` 2099-01-08T23:59:59Z is in the past; give a date from 2099-06-01 on. Nothing was published."
    )
    assert case.sent == LOOKS


async def test_an_end_that_passes_while_a_person_thinks_is_refused(era: str) -> None:
    moment = [NOON.replace(year=2099)]
    sandbox = frozen()
    sandbox.state._clock = lambda: moment[0]
    person = accept(go_ahead=True)

    def wait() -> None:
        moment[0] += timedelta(days=2)

    person.meanwhile = wait
    async with connected(era, sandbox=sandbox, person=person) as case:
        text = await case.refused("create_campaign", **arguments(sandbox, ends_at="2099-06-02", generate_issues=True))
    assert "`ends_at` 2099-06-02T23:59:59Z is in the past; give a date from 2099-06-03 on." in text
    assert case.writes == []
