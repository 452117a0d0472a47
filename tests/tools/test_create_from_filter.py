"""create_campaign from a filter: exactly the alerts that were shown are published, and no number is ever typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from server.sandbox.app import Sandbox
from server.sandbox.options import SECURITY_MANAGER_TOKEN
from server.sandbox.world import Alert
from server.store.selections import LIFETIME, Selections
from tests.harness import ORG, Sent, accept, connected, decline, text_of
from tests.tools.expected import PAGE, compact, frozen, shown

pytestmark = pytest.mark.anyio

LIST = f"/orgs/{ORG}/campaigns"
ALERTS = f"/orgs/{ORG}/code-scanning/alerts"
FIELDS = {"name": "Stop XSS in payments", "description": "Encode what you print.", "ends_at": "2099-01-08"}
WANTED = {"template": "cross-site-scripting", "repositories": ["payments-*"]}
EVERYTHING = {"exclude_repositories": ["none-such"]}
LARGEST = {**FIELDS, "filter": EVERYTHING, "if_too_many": "most_severe_first"}
CREATE = {**FIELDS, "filter": WANTED}
SENT = {"name": FIELDS["name"], "description": FIELDS["description"], "ends_at": "2099-01-08T23:59:59Z"}


def matching(sandbox: Sandbox) -> list[Alert]:
    """The open alerts that WANTED means, from the sandbox's memory."""
    organization = sandbox.state.organization(ORG)
    return [
        alert
        for alert in organization.alerts.values()
        if alert.state == "open"
        and organization.repositories[alert.repository_id].name.startswith("payments-")
        and any(
            tag in ("external/cwe/cwe-079", "CWE-79: Improper Neutralization of Input") for tag in alert.rule.tags or ()
        )
    ]


def pairs(alerts: list[Alert]) -> list[dict[str, Any]]:
    found: dict[int, list[int]] = {}
    for alert in sorted(alerts, key=lambda alert: alert.key):
        found.setdefault(alert.repository_id, []).append(alert.number)
    return [{"repository_id": repository, "alert_numbers": numbers} for repository, numbers in found.items()]


def reads(sent: list[Sent]) -> int:
    return sum(one.path == ALERTS for one in sent)


async def test_the_preview_shows_counts_by_severity_and_repository_instead_of_numbers(era: str) -> None:
    sandbox = frozen()
    alerts = matching(sandbox)
    async with connected(era, sandbox=sandbox) as case:
        preview = await case.done("create_campaign", **CREATE, dry_run=True)
    selection = preview["selection"]
    assert selection["alerts"] == len(alerts) == 11
    assert selection["repositories"] == 3
    assert selection["by_severity"] == {"high": 1, "medium": 10}
    assert selection["by_repository"] == {"payments-api": 5, "payments-admin": 3, "payments-web": 3}
    assert (
        "with 11 alerts in 3 repositories (high 1, medium 10; payments-api 5, payments-admin 3, payments-web 3), ending"
    ) in preview["summary"]
    assert preview["request"]["body"]["code_scanning_alerts"] == "11 alerts in 3 repositories"
    assert "notes" not in preview
    assert case.writes == []


async def test_a_preview_of_a_thousand_alerts_is_as_small_as_one_of_ten() -> None:
    async with connected(sandbox=frozen(alerts=3000)) as case:
        result = await case.call(
            "create_campaign", **FIELDS, filter=EVERYTHING, if_too_many="most_severe_first", dry_run=True
        )
    assert (result.structured_content or {})["selection"]["alerts"] == 1000
    assert len(text_of(result)) < 2500
    assert len(compact(result.structured_content)) < 2500


async def test_exactly_what_the_preview_showed_is_published_though_another_alert_opened_since(era: str) -> None:
    sandbox = frozen()
    shown_alerts = matching(sandbox)
    async with connected(era, sandbox=sandbox) as case:
        preview = await case.done("create_campaign", **CREATE, dry_run=True)
        read = reads(case.sent)
        reopen(sandbox)
        assert len(matching(sandbox)) == len(shown_alerts) + 1
        done = await case.done("create_campaign", **CREATE, preview=preview["preview"])
    assert case.writes == [Sent("POST", LIST, {}, {**SENT, "code_scanning_alerts": pairs(shown_alerts)})]
    assert done["summary"] == f"Published 11 alerts in 3 repositories as campaign 7: {PAGE}/7"
    assert reads(case.sent) == read, "the alerts were not read again"


def reopen(sandbox: Sandbox) -> None:
    """Open one more alert that the filter means."""
    organization = sandbox.state.organization(ORG)
    closed = next(
        alert
        for alert in organization.alerts.values()
        if alert.state != "open"
        and organization.repositories[alert.repository_id].name.startswith("payments-")
        and "external/cwe/cwe-079" in (alert.rule.tags or ())
    )
    sandbox.state.reopen_alert(closed.repository_id, closed.number)


async def test_the_question_names_the_counts_and_is_asked_once(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox, person=accept(go_ahead=True)) as case:
        preview = await case.done("create_campaign", **CREATE, generate_issues=True, dry_run=True)
        await case.done("create_campaign", **CREATE, generate_issues=True, preview=preview["preview"])
    assert case.asked == [preview["would_ask"]]
    assert (
        "with 11 alerts in 3 repositories (high 1, medium 10; payments-api 5, payments-admin 3, payments-web 3)"
    ) in case.asked[0]
    assert "and open 3 issues, one in each repository" in case.asked[0]
    assert len(case.writes) == 1


async def test_an_alert_that_opens_while_the_person_thinks_is_not_published(era: str) -> None:
    sandbox = frozen()
    before = pairs(matching(sandbox))
    person = accept(go_ahead=True)
    person.meanwhile = lambda: reopen(sandbox)
    async with connected(era, sandbox=sandbox, person=person) as case:
        await case.done("create_campaign", **await shown(case, **CREATE, generate_issues=True))
    assert len(case.asked) == 1
    assert case.writes[0].body["code_scanning_alerts"] == before


async def test_a_no_publishes_nothing(era: str) -> None:
    async with connected(era, sandbox=frozen(), person=decline()) as case:
        text = await case.refused("create_campaign", **await shown(case, **CREATE, generate_issues=True))
    assert text == "Not confirmed (declined). Nothing was published."
    assert case.writes == []


async def test_alerts_that_closed_since_the_preview_are_githubs_to_drop_and_the_difference_is_said(era: str) -> None:
    sandbox = frozen()
    alerts = matching(sandbox)
    async with connected(era, sandbox=sandbox) as case:
        preview = await case.done("create_campaign", **CREATE, dry_run=True)
        sandbox.state.close_alert(*alerts[0].key)
        done = await case.done("create_campaign", **CREATE, preview=preview["preview"])
    assert case.writes[0].body["code_scanning_alerts"] == pairs(alerts)
    assert (
        done["summary"]
        == f"Published 11 alerts in 3 repositories as campaign 7: {PAGE}/7 (GitHub counts 10 alerts; 11 were sent)"
    )


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    passing = Clock()
    monkeypatch.setattr(Selections.__init__, "__defaults__", (passing, *(Selections.__init__.__defaults__ or ())[1:]))
    return passing


async def test_after_ten_minutes_the_filter_is_resolved_again_and_the_same_is_published(era: str, clock: Clock) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        preview = await case.done("create_campaign", **CREATE, dry_run=True)
        read = reads(case.sent)
        clock.seconds = LIFETIME + 1
        await case.done("create_campaign", **CREATE, preview=preview["preview"])
    assert reads(case.sent) > read
    assert case.writes[0].body["code_scanning_alerts"] == pairs(matching(sandbox))


async def test_after_ten_minutes_something_else_is_shown_and_not_published(era: str, clock: Clock) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        preview = await case.done("create_campaign", **CREATE, dry_run=True)
        clock.seconds = LIFETIME + 1
        sandbox.state.close_alert(*matching(sandbox)[0].key)
        text = await case.refused("create_campaign", **CREATE, preview=preview["preview"])
        again = await case.done("create_campaign", **CREATE, dry_run=True)
    assert text.startswith("The preview does not fit this call: ")
    assert 'Now it would publish "Stop XSS in payments"' in text
    assert "with 10 alerts in 3 repositories" in text
    assert text.endswith("Nothing was published.")
    assert again["preview"] not in text, "with it something could be published that nobody was shown"
    assert case.writes == []


@pytest.mark.parametrize(
    "other", [{"template": "sql-injection", "repositories": ["payments-*"]}, {"template": "cross-site-scripting"}]
)
async def test_a_preview_does_not_serve_another_filter(other: Mapping[str, Any]) -> None:
    async with connected(sandbox=frozen()) as case:
        preview = await case.done("create_campaign", **CREATE, dry_run=True)
        text = await case.refused("create_campaign", **FIELDS, filter=other, preview=preview["preview"])
    assert text.startswith("The preview does not fit this call: ")
    assert case.writes == []


async def test_the_same_criteria_in_other_words_are_the_same_filter() -> None:
    async with connected(sandbox=frozen()) as case:
        preview = await case.done("create_campaign", **FIELDS, filter={"cwes": ["CWE-79", "89"]}, dry_run=True)
        await case.done("create_campaign", **FIELDS, filter={"cwes": [89, "cwe-079"]}, preview=preview["preview"])
    assert len(case.writes) == 1


@pytest.mark.parametrize("issues", [True, False])
async def test_what_a_filter_yields_is_not_published_before_it_was_shown(era: str, issues: bool) -> None:
    async with connected(era, sandbox=frozen(), person=accept(go_ahead=True)) as case:
        await case.done("create_campaign", **CREATE, dry_run=True)
        sent = len(case.sent)
        text = await case.refused("create_campaign", **CREATE, generate_issues=issues)
        assert len(case.sent) == sent
    assert text.startswith("create_campaign: `preview` is missing, so nobody has seen what the filter yields.")
    assert case.asked == []


async def test_a_yes_does_not_count_for_alerts_that_nobody_was_shown(era: str, clock: Clock) -> None:
    """While the person thinks, the selection expires, and another one with the same counts takes its place."""
    sandbox = frozen()
    person = accept(go_ahead=True)
    one, other = [alert for alert in sandbox.state.alerts(ORG) if alert.rule.id == "java/xss"][:2]

    def meanwhile() -> None:
        clock.seconds += LIFETIME + 1
        sandbox.state.close_alert(*one.key)
        sandbox.state.reopen_alert(*other.key)

    sandbox.state.close_alert(*other.key)
    before = pairs(matching(sandbox))
    person.meanwhile = meanwhile
    async with connected(era, sandbox=sandbox, person=person) as case:
        result = await case.call("create_campaign", **await shown(case, **CREATE, generate_issues=True))
    for write in case.writes:
        assert write.body["code_scanning_alerts"] == before
    assert result.is_error == (not case.writes)


async def test_a_preview_that_one_account_saw_does_not_serve_another(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        asked = await shown(case, **CREATE)
    async with connected(era, sandbox=sandbox, token=SECURITY_MANAGER_TOKEN) as case:
        text = await case.refused("create_campaign", **asked)
    assert text.startswith("The preview does not fit this call: ")


async def test_a_second_preview_looks_afresh() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        first = await case.done("create_campaign", **CREATE, dry_run=True)
        sandbox.state.close_alert(*matching(sandbox)[0].key)
        second = await case.done("create_campaign", **CREATE, dry_run=True)
        await case.done("create_campaign", **CREATE, preview=second["preview"])
    assert (first["selection"]["alerts"], second["selection"]["alerts"]) == (11, 10)
    assert case.writes[0].body["code_scanning_alerts"] == pairs(matching(sandbox))


async def test_more_than_a_thousand_are_refused_with_what_would_make_them_fit(era: str) -> None:
    async with connected(era, sandbox=frozen(alerts=3000)) as case:
        text = await case.refused("create_campaign", **FIELDS, filter=EVERYTHING, dry_run=True)
        found = await case.done("find_alerts")
    total, suggestion = found["counts"]["total"], found["suggestion"]
    assert text.startswith(f"The filter yields {total} alerts, and a campaign takes 1000. With ")
    assert f"in it {suggestion['alerts']} are left." in text
    assert '`if_too_many` "most_severe_first"' in text
    assert text.endswith("Nothing was published.")
    assert case.writes == []


async def test_the_suggestion_can_be_published(era: str) -> None:
    async with connected(era, sandbox=frozen(alerts=3000)) as case:
        found = await case.done("find_alerts")
        done = await case.done("create_campaign", **await shown(case, **FIELDS, filter=found["suggestion"]["add"]))
    assert done["campaign"]["alert_stats"]["closed_count"] == 0
    assert (
        sum(len(pair["alert_numbers"]) for pair in case.writes[0].body["code_scanning_alerts"])
        == (found["suggestion"]["alerts"])
    )


async def test_on_request_the_most_severe_and_then_oldest_thousand_are_taken_and_the_rest_is_named(era: str) -> None:
    sandbox = frozen(alerts=3000)
    asked = {**FIELDS, "filter": {"tool": "CodeQL"}, "if_too_many": "most_severe_first"}
    async with connected(era, sandbox=sandbox) as case:
        preview = await case.done("create_campaign", **asked, dry_run=True)
        await case.done("create_campaign", **asked, preview=preview["preview"])
    ranks = {level: place for place, level in enumerate(("critical", "high", "medium", "low"))}
    alerts = [
        alert for alert in sandbox.state.alerts(ORG) if alert.state == "open" and alert.rule.tool.name == "CodeQL"
    ]
    alerts.sort(key=lambda alert: (ranks.get(alert.rule.security_severity_level or "", 9), alert.created_at, alert.key))
    assert case.writes[0].body["code_scanning_alerts"] == pairs(alerts[:1000])
    left_out = len(alerts) - 1000
    assert f"Left out, being over 1000: {left_out} alerts (" in preview["notes"][0]
    assert sum(preview["selection"]["left_out"].values()) == left_out


async def test_more_than_a_hundred_repositories_come_with_a_warning() -> None:
    async with connected(sandbox=frozen(alerts=3000, repositories=400)) as case:
        preview = await case.done(
            "create_campaign", **FIELDS, filter=EVERYTHING, if_too_many="most_severe_first", dry_run=True
        )
    assert preview["selection"]["repositories"] > 100
    assert "More than 100 repositories: GitHub may not take all of them." in preview["notes"]


async def test_a_filter_that_yields_nothing_publishes_nothing_and_says_why(era: str) -> None:
    async with connected(era, sandbox=frozen()) as case:
        text = await case.refused("create_campaign", **FIELDS, filter={"tool": "nobody's"}, dry_run=True)
    assert text.startswith("No open alert meets the filter: `tool` ruled out the last ")
    assert text.endswith("Nothing was published.")
    assert case.writes == []


@pytest.mark.parametrize(
    ("given", "wrong"), [({}, "are both missing"), ({"alerts": True, "filter": WANTED}, "are both given")]
)
async def test_alerts_and_filter_are_given_one_at_a_time(era: str, given: dict[str, Any], wrong: str) -> None:
    if "alerts" in given:
        given = given | {"alerts": [{"repository_id": 41001, "alert_numbers": [1]}]}
    async with connected(era) as case:
        text = await case.refused("create_campaign", **FIELDS, **given)
    assert text == (
        f"create_campaign: `filter` and `alerts` {wrong}; give one. find_alerts shows what a filter yields. "
        "Nothing was sent to GitHub."
    )
    assert case.sent == []


async def test_nulls_in_a_filter_count_as_left_out() -> None:
    async with connected(sandbox=frozen()) as case:
        preview = await case.done(
            "create_campaign",
            **FIELDS,
            filter={**WANTED, "cwes": None, "tool": None, "min_age_days": None},
            dry_run=True,
        )
    assert preview["selection"]["alerts"] == 11


SECRET = {**FIELDS, "filter": {"kind": "secret", "validity": ["active"]}}


async def test_a_campaign_of_secrets_is_the_operators_to_allow(era: str) -> None:
    async with connected(era, sandbox=frozen()) as case:
        text = await case.refused("create_campaign", **SECRET)
    assert text == (
        "GitHub's API names campaigns of secret scanning alerts but does not define them, so they are not published "
        f"here. Create it at {PAGE}, or let the operator start the server with --experimental-secret-campaigns. "
        "Nothing was published."
    )
    assert case.sent == []


async def test_an_allowed_campaign_of_secrets_says_that_it_is_unproven(era: str) -> None:
    sandbox = frozen(secret_campaigns=True)
    async with connected(era, sandbox=sandbox, experimental_secret_campaigns=True) as case:
        preview = await case.done("create_campaign", **SECRET, dry_run=True)
        done = await case.done("create_campaign", **SECRET, preview=preview["preview"])
    assert any(note.startswith("Unproven: ") for note in preview["notes"])
    body = case.writes[0].body
    assert set(body) == {"name", "description", "ends_at", "secret_scanning_alerts"}
    assert sum(len(pair["alert_numbers"]) for pair in body["secret_scanning_alerts"]) == preview["selection"]["alerts"]
    assert "by_severity" not in preview["selection"]
    assert done["campaign"]["number"] == 7


async def test_when_github_refuses_secrets_it_is_explained_with_the_page_where_a_person_can_go_on(era: str) -> None:
    async with connected(era, sandbox=frozen(), experimental_secret_campaigns=True) as case:
        text = await case.refused("create_campaign", **await shown(case, **SECRET))
    assert f"does not define them, and it refused this one. Create it at {PAGE}." in text
    assert "HTTP 422" in text
    assert text.endswith("Nothing was published.")
    assert len(case.writes) == 1


async def test_issues_for_secrets_are_refused_before_anything_is_sent() -> None:
    async with connected(experimental_secret_campaigns=True, person=accept(go_ahead=True)) as case:
        text = await case.refused("create_campaign", **SECRET, generate_issues=True)
    assert text.startswith("create_campaign: `generate_issues`: GitHub opens no issues for secret scanning alerts")
    assert case.sent == []
