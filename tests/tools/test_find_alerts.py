"""find_alerts: counts of the alerts that meet a filter, worked out here from the sandbox's memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import httpx
import pytest

from server.sandbox.app import Sandbox
from server.sandbox.options import READ_ONLY_TOKEN
from server.sandbox.world import Alert
from tests.harness import ORG, Case, Sent, connected, text_of
from tests.tools.expected import NOON, assert_text_says_the_same, compact, frozen

pytestmark = pytest.mark.anyio

LIST = f"/orgs/{ORG}/code-scanning/alerts"
ALL_OPEN = {"state": "open", "sort": "created", "direction": "desc", "per_page": "100"}
ANSWER_BUDGET = 700 * 4.5
"""Characters of a typical answer; a token is about four and a half."""


def open_alerts(sandbox: Sandbox, meets: Callable[[Alert], bool] = lambda _: True) -> list[Alert]:
    return [alert for alert in sandbox.state.alerts(ORG) if alert.state == "open" and meets(alert)]


def name_of(sandbox: Sandbox, alert: Alert) -> str:
    return sandbox.state.organization(ORG).repositories[alert.repository_id].name


def severity(alert: Alert) -> str:
    given = alert.rule.security_severity_level or alert.rule.severity
    return given if given in ("critical", "high", "medium", "low", "error", "warning", "note") else "none"


def days_old(alert: Alert) -> int:
    return (NOON - alert.created_at).days


def has_cwe(alert: Alert, *numbers: int) -> bool:
    tags = " ".join(alert.rule.tags or ()).lower()
    return any(f"cwe-{number:03d}" in tags or f"cwe-{number}:" in tags for number in numbers)


def largest(names: Iterable[str], most: int = 5) -> dict[str, int]:
    ranked = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    first = dict(ranked[:most])
    return first | ({f"{len(ranked) - most} more": sum(n for _, n in ranked[most:])} if len(ranked) > most else {})


def pages(case: Case) -> list[str]:
    return [sent.query["page"] for sent in case.sent if sent.path == LIST]


async def test_all_open_alerts_are_counted_by_severity_rule_repository_and_age(era: str) -> None:
    sandbox = frozen()
    alerts = open_alerts(sandbox)
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("find_alerts")
    found = result.structured_content or {}
    counts = found["counts"]
    assert counts["total"] == len(alerts)
    assert counts["repositories"] == len({alert.repository_id for alert in alerts})
    assert counts["by_severity"] == dict(Counter(map(severity, alerts)))
    assert list(counts["by_severity"]) == ["critical", "high", "medium", "error", "warning", "note", "none"]
    assert counts["by_rule"] == largest(alert.rule.id or "(no rule id)" for alert in alerts)
    assert counts["by_repository"] == largest(name_of(sandbox, alert) for alert in alerts)
    assert sum(counts["by_age"].values()) == len(alerts)
    assert counts["by_age"]["0-30"] == sum(days_old(alert) <= 30 for alert in alerts)
    assert found["fits_one_campaign"] is True
    assert found["summary"] == f"{len(alerts)} alerts in {counts['repositories']} repositories. Fits one campaign."
    assert "partial" not in found
    assert "suggestion" not in found
    assert_text_says_the_same(result)
    assert [sent.method for sent in case.sent] == ["GET"] * len(case.sent)
    assert {sent.path for sent in case.sent} == {LIST}
    assert all(dict(sent.query) == {**ALL_OPEN, "page": sent.query["page"]} for sent in case.sent)
    assert sorted(pages(case)) == ["1", "1", "2", "3", "3"], "each page, and the first and last once more"


async def test_the_sample_is_the_most_severe_and_oldest_with_links_that_name_them() -> None:
    sandbox = frozen()
    expected = sorted(
        open_alerts(sandbox, lambda alert: severity(alert) == "critical"), key=lambda alert: alert.created_at
    )[:3]
    async with connected(sandbox=sandbox) as case:
        found = await case.done("find_alerts")
    assert [(row["repository"], row["alert_number"]) for row in found["alerts"]] == [
        (name_of(sandbox, alert), alert.number) for alert in expected
    ]
    for row, alert in zip(found["alerts"], expected, strict=True):
        assert row["url"] == (
            f"https://github.com/{ORG}/{row['repository']}/security/code-scanning/{row['alert_number']}"
        )
        assert row["age_days"] == days_old(alert)


CRITERIA: list[tuple[dict[str, Any], Callable[[Sandbox, Alert], bool]]] = [
    ({"severities": ["critical"]}, lambda _, alert: severity(alert) == "critical"),
    ({"severities": ["high", "note"]}, lambda _, alert: severity(alert) in ("high", "note")),
    ({"cwes": ["79"]}, lambda _, alert: has_cwe(alert, 79)),
    ({"cwes": [79]}, lambda _, alert: has_cwe(alert, 79)),
    ({"cwes": ["CWE-79", "cwe-089"]}, lambda _, alert: has_cwe(alert, 79, 89)),
    ({"rules": ["js/xss"]}, lambda _, alert: alert.rule.id == "js/xss"),
    ({"rules": ["java/*", "CVE-*"]}, lambda _, alert: (alert.rule.id or "").startswith(("java/", "CVE-"))),
    ({"tool": "codeql"}, lambda _, alert: alert.rule.tool.name == "CodeQL"),
    ({"repositories": ["payments-*"]}, lambda world, alert: name_of(world, alert).startswith("payments-")),
    ({"repositories": ["Payments-Web"]}, lambda world, alert: name_of(world, alert) == "payments-web"),
    (
        {"repositories": ["payments-*"], "exclude_repositories": ["*-api"]},
        lambda world, alert: name_of(world, alert) in ("payments-web", "payments-admin"),
    ),
    ({"exclude_repositories": ["payments-*"]}, lambda world, alert: "payments-" not in name_of(world, alert)),
    (
        {"languages": ["go"]},
        lambda _, alert: (
            (alert.rule.id or "").startswith("go/") or (alert.path.endswith(".go") and "/" not in (alert.rule.id or ""))
        ),
    ),
    ({"paths": ["src/*"]}, lambda _, alert: alert.path.startswith("src/")),
    ({"paths": ["app"]}, lambda _, alert: alert.path.startswith("app/")),
    ({"min_age_days": 90}, lambda _, alert: days_old(alert) >= 90),
    ({"max_age_days": 30}, lambda _, alert: days_old(alert) <= 30),
    ({"min_age_days": 31, "max_age_days": 90}, lambda _, alert: 31 <= days_old(alert) <= 90),
    ({"assignees": ["lena-fischer"]}, lambda _, alert: "lena-fischer" in alert.assignees),
    ({"assignees": ["none"]}, lambda _, alert: not alert.assignees),
    ({"assignees": ["*"]}, lambda _, alert: bool(alert.assignees)),
    ({"template": "sql-injection"}, lambda _, alert: has_cwe(alert, 89, 564)),
    (
        {"template": "all-critical", "tool": "CodeQL"},
        lambda _, alert: severity(alert) == "critical" and alert.rule.tool.name == "CodeQL",
    ),
    (
        {"template": "cross-site-scripting", "severities": ["high"], "min_age_days": 10},
        lambda _, alert: has_cwe(alert, 79, 80) and severity(alert) == "high" and days_old(alert) >= 10,
    ),
]


@pytest.mark.parametrize(("criteria", "meets"), CRITERIA, ids=[json.dumps(criteria) for criteria, _ in CRITERIA])
async def test_exactly_the_alerts_that_meet_a_criterion_are_found(
    criteria: dict[str, Any], meets: Callable[[Sandbox, Alert], bool]
) -> None:
    sandbox = frozen()
    expected = open_alerts(sandbox, lambda alert: meets(sandbox, alert))
    assert expected, "the sandbox has such alerts"
    async with connected(sandbox=sandbox) as case:
        found = await every_page(case, **criteria)
    assert sorted(found) == sorted((name_of(sandbox, alert), alert.number) for alert in expected)


async def every_page(case: Case, **criteria: Any) -> list[tuple[str, int]]:
    rows: list[tuple[str, int]] = []
    page: int | None = 1
    while page:
        answer = await case.done("find_alerts", **criteria, detail=page)
        rows += [(row["repository"], row["alert_number"]) for row in answer["alerts"]]
        page = answer.get("next_page")
    return rows


async def test_detail_lists_every_alert_once_a_page_at_a_time_the_most_severe_first(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        rows = await every_page(case)
        first = await case.done("find_alerts", detail=1)
        past = await case.done("find_alerts", detail=99)
    total = len(open_alerts(sandbox))
    assert len(rows) == len(set(rows)) == total
    assert first["summary"] == f"Alerts 1 to 25 of {total}, the most urgent first."
    assert len(first["alerts"]) == 25
    assert first["url"] == f"https://github.com/{ORG}/{{repository}}/security/code-scanning/{{alert_number}}"
    assert "counts" not in first
    assert past == {"summary": f"Past the last page: there are {-(-total // 25)} pages."}


async def test_one_severity_and_assignees_are_narrowed_by_github_itself() -> None:
    async with connected(sandbox=frozen()) as case:
        await case.done("find_alerts", severities=["critical"], assignees=["none"])
    assert {(sent.query["severity"], sent.query["assignees"]) for sent in case.sent} == {("critical", "none")}


async def test_old_alerts_are_read_from_the_oldest_on_and_no_further_than_wanted() -> None:
    sandbox = frozen(alerts=3000)
    async with connected(sandbox=sandbox, parallel_reads=1) as case:
        await case.done("find_alerts", min_age_days=1200)
    assert {sent.query["direction"] for sent in case.sent if sent.path == LIST} == {"asc"}
    assert len(set(pages(case))) < 15, "of thirty pages"


async def test_repositories_named_whole_are_read_one_by_one() -> None:
    async with connected(sandbox=frozen()) as case:
        await case.done("find_alerts", repositories=["payments-web", "search-api"])
    assert {sent.path for sent in case.sent} == {
        f"/repos/{ORG}/{name}{rest}"
        for name in ("payments-web", "search-api")
        for rest in ("", "/code-scanning/alerts")
    }


@pytest.mark.parametrize(
    ("criteria", "why"),
    [
        (
            {"tool": "nobody's"},
            '`tool` ruled out the last 267 alerts; there are CodeQL, house-lint, "Semgrep OSS",',
        ),
        ({"rules": ["js/xss"], "min_age_days": 5000}, "`min_age_days` ruled out the last alerts."),
        ({"severities": ["low"]}, "octo-org has open code scanning alerts, but none with severity low."),
        (
            {"assignees": ["tom-becker"], "severities": ["low", "note"]},
            "octo-org has open code scanning alerts, but none with severity low or note and assignees tom-becker.",
        ),
        (
            {"repositories": ["payments-web"], "severities": ["low"]},
            "There is no open code scanning alert in payments-web with severity low.",
        ),
        (
            {"kind": "secret", "providers": ["nobody"]},
            "octo-org has open secret scanning alerts, but none with providers nobody.",
        ),
    ],
)
async def test_a_filter_that_nothing_meets_says_which_criterion_removed_the_last(
    era: str, criteria: dict[str, Any], why: str
) -> None:
    async with connected(era, sandbox=frozen()) as case:
        found = await case.done("find_alerts", **criteria)
        listed = await case.done("find_alerts", **criteria, detail=1)
    assert why in found["summary"]
    assert found["summary"].startswith("No alert. ")
    assert why in listed["summary"]
    assert found["counts"]["total"] == 0
    assert "fits_one_campaign" not in found


async def test_an_organization_without_open_alerts_is_said_to_have_none() -> None:
    sandbox = frozen()
    for alert in open_alerts(sandbox):
        sandbox.state.close_alert(alert.repository_id, alert.number)
    async with connected(sandbox=sandbox) as case:
        found = await case.done("find_alerts", severities=["critical"])
    assert found["summary"] == "No alert. octo-org has no open code scanning alert that this token can see."


async def test_a_repository_that_is_not_there_is_named() -> None:
    async with connected(sandbox=frozen()) as case:
        text = await case.refused("find_alerts", repositories=["payment-web"])
    assert text.startswith("There is no repository octo-org/payment-web, or this token may not know of it.")


async def test_a_repository_whose_alerts_cannot_be_read_makes_the_answer_partial(era: str) -> None:
    sandbox = frozen()
    expected = open_alerts(sandbox, lambda alert: name_of(sandbox, alert) == "checkout")
    async with connected(era, sandbox=sandbox) as case:
        case.recorder.hook = forbidding(f"/repos/{ORG}/payments-web/code-scanning/alerts")
        found = await case.done("find_alerts", repositories=["payments-web", "checkout"])
    assert found["counts"]["total"] == len(expected)
    assert found["summary"] == f"Partial, see `partial`: at least {len(expected)} alerts in 1 repository."
    assert "fits_one_campaign" not in found
    assert len(found["partial"]) == 1
    assert "payments-web" in found["partial"][0]


def forbidding(path: str) -> Callable[[Sent], Any]:
    async def hook(sent: Sent) -> httpx.Response | None:
        return (
            httpx.Response(403, json={"message": "Resource not accessible by personal access token"})
            if (sent.path == path)
            else None
        )

    return hook


async def test_near_the_rate_limit_it_stops_and_says_how_much_was_read(era: str) -> None:
    async with connected(era, sandbox=frozen(alerts=3000, rate_limit=16), parallel_reads=1) as case:
        found = await case.done("find_alerts")
    async with connected(era, sandbox=frozen(alerts=3000, rate_limit=16), parallel_reads=1) as another:
        listed = await another.done("find_alerts", detail=1)
    read = found["counts"]["total"]
    assert 500 <= read <= 1500
    assert found["summary"].startswith(f"Partial, see `partial`: at least {read} alerts in ")
    assert found.get("fits_one_campaign") is (False if read > 1000 else None)
    assert "suggestion" not in found
    assert "requests" in " ".join(found["partial"])
    assert "at least" in listed["summary"]
    assert len(case.sent) < 30


async def test_nothing_is_published_from_a_partial_reading() -> None:
    sandbox = frozen(alerts=3000, rate_limit=16)
    async with connected(sandbox=sandbox, parallel_reads=1) as case:
        text = await case.refused(
            "create_campaign",
            name="Stop XSS",
            description="Encode.",
            ends_at="2099-01-08",
            filter={"cwes": ["79"]},
            dry_run=True,
        )
    assert text.startswith("Not every alert that may meet the filter could be read: ")
    assert text.endswith("Nothing was published.")
    assert case.writes == []


async def test_a_token_without_the_permission_is_told_which_one(era: str) -> None:
    async with connected(era, token="sandbox-token-no-scope") as case:
        text = await case.refused("find_alerts")
    assert "security_events" in text
    assert "campaign" not in text.replace("security-campaigns-mcp", "")


async def test_a_fine_grained_token_is_said_to_see_only_its_repositories() -> None:
    async with connected(token=READ_ONLY_TOKEN) as case:
        found = await case.done("find_alerts")
    assert found["notes"] == ["This token sees only the repositories it was given."]


async def test_an_organization_that_is_not_allowed_is_not_read() -> None:
    async with connected(allow_orgs=(ORG,)) as case:
        text = await case.refused("find_alerts", org="octo-labs")
    assert text.startswith("The operator does not allow organization octo-labs here.")
    assert case.sent == []


async def test_progress_reaches_the_client_page_by_page(era: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with connected(era, sandbox=frozen(alerts=1500)) as case:
        result = await case.client.call_tool("find_alerts", {}, progress_callback=hear)
    assert not result.is_error
    done = [progress for progress, _, _ in told]
    assert done == sorted(done)
    assert done[-1] >= 15
    assert {message for _, _, message in told} == {"pages of alerts read"}


async def test_cancelling_stops_the_reading_at_once(era: str) -> None:
    reading, stopped = anyio.Event(), anyio.Event()

    async def hold(sent: Sent) -> httpx.Response | None:
        if sent.path == LIST and sent.query["page"] == "2":
            reading.set()
            try:
                await anyio.sleep_forever()
            finally:
                stopped.set()
        return None

    async with connected(era, sandbox=frozen(alerts=3000), parallel_reads=1) as case:
        case.recorder.hook = hold
        async with anyio.create_task_group() as calls:
            calls.start_soon(case.call, "find_alerts")
            with anyio.fail_after(10):
                await reading.wait()
            calls.cancel_scope.cancel()
        with anyio.fail_after(10):
            await stopped.wait()
        await case.done("get_campaign", campaign_number=5)
        assert set(pages(case)) <= {"1", "2", "30"}
        case.recorder.hook = None
        found = await case.done("find_alerts")
    assert found["counts"]["total"] >= 3000


async def test_too_many_for_one_campaign_come_with_the_criterion_that_makes_them_fit(era: str) -> None:
    sandbox = frozen(alerts=3000)
    async with connected(era, sandbox=sandbox) as case:
        found = await case.done("find_alerts")
        suggestion = found["suggestion"]
        narrowed = await case.done("find_alerts", **suggestion["add"])
    assert found["fits_one_campaign"] is False
    assert "More than the 1000 that one campaign takes." in found["summary"]
    assert narrowed["counts"]["total"] == suggestion["alerts"] <= 1000
    assert narrowed["fits_one_campaign"] is True


async def test_an_answer_stays_small_however_large_the_organization(era: str) -> None:
    async with connected(era, sandbox=frozen(alerts=3000)) as case:
        result = await case.call("find_alerts")
        listed = await case.call("find_alerts", detail=1)
    assert len(text_of(result)) <= ANSWER_BUDGET
    assert len(compact(result.structured_content)) <= ANSWER_BUDGET
    assert len(text_of(listed)) <= 2.5 * ANSWER_BUDGET


async def test_what_others_wrote_comes_without_what_cannot_be_seen() -> None:
    sandbox = frozen()
    alert = open_alerts(sandbox)[0]
    alert.path = "src/\u202eevil\u200b.ts\n" + "x" * 500
    async with connected(sandbox=sandbox) as case:
        rows = await case.done("find_alerts", detail=1, paths=["src/*evil*"])
    assert rows["alerts"][0]["path"].startswith("src/evil.ts xxx")
    assert len(rows["alerts"][0]["path"]) == 100


async def test_secret_scanning_alerts_are_counted_without_their_secrets(era: str) -> None:
    sandbox = frozen()
    secrets = [alert for alert in sandbox.state.organization(ORG).secret_alerts.values() if alert.state == "open"]
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("find_alerts", kind="secret")
        listed = await case.call("find_alerts", kind="secret", detail=1)
    counts = (result.structured_content or {})["counts"]
    assert counts["total"] <= len(secrets)
    assert counts["publicly_leaked"] > 0
    assert sum(counts["by_validity"].values()) == counts["total"]
    assert "by_severity" not in counts
    assert all(sent.query["hide_secret"] == "true" for sent in case.sent)
    for alert in secrets:
        assert alert.secret not in text_of(result) + text_of(listed)


@pytest.mark.parametrize(
    "criteria",
    [
        {"providers": ["stripe"]},
        {"secret_types": ["stripe_api_key"]},
        {"validity": ["active"]},
        {"publicly_leaked": True},
        {"publicly_leaked": False},
        {"repositories": ["payments-web"]},
        {"min_age_days": 200},
    ],
)
async def test_secret_scanning_alerts_are_narrowed(criteria: dict[str, Any]) -> None:
    async with connected(sandbox=frozen()) as case:
        everything = await case.done("find_alerts", kind="secret")
        found = await case.done("find_alerts", kind="secret", **criteria)
    assert 0 < found["counts"]["total"] < everything["counts"]["total"]
