"""What the page and a host say to each other."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.dates import parse_since
from tests.app_page.apps_host import AppsHost, result
from tests.app_page.reports_shown import DONE, EMPTY, PAGE, TEN_CAMPAIGNS, campaign, report

AT_RISK = report(campaign())
WAITING = "Waiting for the report"


def test_the_page_introduces_itself_once_and_waits(apps: AppsHost) -> None:
    apps.open()
    apps.wait_for_host("initialized", 1)
    assert apps.host("seen")["app"] == {
        "info": {"name": "security-campaigns-progress", "version": "1"},
        "capabilities": {"availableDisplayModes": ["inline", "fullscreen"]},
    }
    assert apps.text().strip() == WAITING


def test_a_result_is_drawn_when_it_comes_after_the_handshake(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    assert apps.texts("h1") == ["SQL injection, spring"]
    assert WAITING not in apps.text()


def test_a_result_is_drawn_when_it_comes_before_the_handshake_is_over(apps: AppsHost) -> None:
    apps.open(hold=True)
    apps.host("input", {"org": "acme"})
    apps.host("result", result(AT_RISK))
    apps.wait_for_text("SQL injection, spring")
    assert apps.host("seen")["initialized"] == 0
    apps.host("release")
    apps.wait_for_host("initialized", 1)
    apps.wait("!document.getElementById('refresh').hidden")
    assert apps.texts("h1") == ["SQL injection, spring"]


def test_a_second_result_takes_the_place_of_the_first(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    apps.host("result", result(TEN_CAMPAIGNS))
    apps.wait_for_text("10 open campaigns")
    assert apps.texts("h1") == ["Campaign progress"]
    assert len(apps.texts("h2")) == 10


def test_the_same_result_twice_is_drawn_once(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    once = apps.tree()
    apps.host("result", result(AT_RISK))
    apps.host("context", {"theme": "dark"})
    apps.wait("document.documentElement.style.colorScheme === 'dark'")
    assert apps.tree() == once


def test_a_report_that_comes_only_as_text_is_drawn_too(apps: AppsHost) -> None:
    apps.open()
    apps.host("result", {"content": [{"type": "text", "text": AT_RISK.model_dump_json(exclude_none=True)}]})
    apps.wait_for_text("SQL injection, spring")
    assert apps.texts("h1") == ["SQL injection, spring"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"content": [{"type": "text", "text": "acme: not found."}], "isError": True}, "acme: not found."),
        ({"content": [{"type": "text", "text": "All is well."}]}, "All is well."),
        ({"content": [], "structuredContent": {"campaigns": "none"}}, "The result holds no report."),
        ({"content": [], "structuredContent": {"campaigns": [None]}}, "There is no report"),
    ],
)
def test_a_result_without_a_report_is_said(apps: AppsHost, sent: dict[str, Any], said: str) -> None:
    apps.open()
    apps.host("result", sent)
    apps.wait_for_text(said)
    assert "There is no report: " in apps.text()


def test_a_cancelled_call_is_said(apps: AppsHost) -> None:
    apps.open()
    apps.host("cancel")
    apps.wait_for_text("The report was cancelled")


def test_refresh_calls_the_tool_again_with_what_it_was_called_with(apps: AppsHost) -> None:
    apps.show(AT_RISK, {"org": "acme", "campaign_number": 3})
    apps.host("answer", result(DONE))
    apps.click("#refresh")
    apps.wait_for_text("Refreshed")
    assert apps.host("seen")["calls"] == [
        {"name": "report_progress", "arguments": {"org": "acme", "campaign_number": 3}}
    ]
    assert "None left of 120 alerts" in apps.text()


def test_refresh_asks_for_the_very_time_that_the_last_report_stood_for(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS, {"org": "acme", "since": "last_report"})
    apps.host("answer", result(TEN_CAMPAIGNS))
    apps.click("#refresh")
    asked = apps.wait_for_host("calls", 1)[0]["arguments"]
    assert asked == {"org": "acme", "since": "2026-03-05T14:05:00Z"}
    assert parse_since(asked["since"]) == TEN_CAMPAIGNS.since
    apps.wait_for_text("Refreshed")


def test_refresh_of_the_first_report_does_not_take_it_for_the_report_before(apps: AppsHost) -> None:
    apps.show(AT_RISK, {"org": "acme", "since": "last_report"})
    apps.host("answer", result(AT_RISK))
    apps.click("#refresh")
    assert apps.wait_for_host("calls", 1)[0]["arguments"] == {"org": "acme"}
    apps.wait_for_text("Refreshed")


def test_refresh_asks_for_the_date_that_was_asked_for(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS, {"org": "acme", "since": "2026-03-05"})
    apps.host("answer", result(TEN_CAMPAIGNS))
    apps.click("#refresh")
    assert apps.wait_for_host("calls", 1)[0]["arguments"] == {"org": "acme", "since": "2026-03-05"}
    apps.wait_for_text("Refreshed")


def test_refresh_calls_the_tool_by_the_name_the_host_knows_it_by(apps: AppsHost) -> None:
    tool = {"name": "github_report_progress", "inputSchema": {"type": "object"}}
    apps.show(AT_RISK, context={"toolInfo": {"tool": tool}})
    apps.host("answer", result(DONE))
    apps.click("#refresh")
    assert apps.wait_for_host("calls", 1)[0]["name"] == "github_report_progress"
    apps.wait_for_text("Refreshed")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"refused": "The person said no."}, "The person said no."),
        ({"content": [{"type": "text", "text": "GitHub is down."}], "isError": True}, "GitHub is down."),
    ],
)
def test_what_was_shown_stays_when_it_cannot_be_refreshed(apps: AppsHost, answer: dict[str, str], said: str) -> None:
    apps.show(AT_RISK)
    apps.host("answer", answer)
    apps.click("#refresh")
    apps.wait_for_text("Could not be refreshed: ")
    assert said in apps.text()
    assert apps.texts("h1") == ["SQL injection, spring"]


def test_refresh_is_not_asked_twice_while_the_answer_is_awaited(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    apps.click("#refresh")
    apps.click("#refresh")
    apps.wait_for_text("Refreshing")
    assert len(apps.wait_for_host("calls", 1)) == 1


@pytest.mark.parametrize(
    ("capabilities", "arguments"),
    [({"openLinks": {}}, {"org": "acme"}), ({"serverTools": {}}, None)],
    ids=["the host calls no tools", "the arguments are not known"],
)
def test_refresh_is_offered_only_where_it_can_work(
    apps: AppsHost, capabilities: dict[str, Any], arguments: dict[str, str] | None
) -> None:
    apps.open(capabilities=capabilities)
    apps.wait_for_host("initialized", 1)
    if arguments:
        apps.host("input", arguments)
    apps.host("result", result(AT_RISK))
    apps.wait_for_text("SQL injection, spring")
    assert apps.app("document.getElementById('refresh').hidden")


def test_what_was_opened_stays_open_and_focused_when_a_newer_report_comes(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    apps.app("document.getElementById('c-acme-3-details').focus()")
    apps.play("press", key="Enter")
    apps.host("result", result(TEN_CAMPAIGNS.model_copy(update={"summary": "Newer."})))
    apps.wait_for_text("Newer.")
    assert apps.app("document.activeElement.id") == "c-acme-3-details"
    assert apps.app("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert len(apps.texts(".facts")) == 1


def test_a_link_is_opened_by_the_host(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    apps.click("a")
    assert apps.wait_for_host("links", 1) == [PAGE]


def test_a_link_that_the_host_does_not_open_is_said(apps: AppsHost) -> None:
    apps.show(AT_RISK, refuse_links=True)
    apps.click("a")
    apps.wait_for_text(f"The host did not open {PAGE}")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:window.hit=1",
        "http://github.com/orgs/acme",
        "data:text/html,x",
        "https://user:word@evil.example/",
        "//evil.example",
        "",
        None,
    ],
)
def test_only_a_plain_https_address_becomes_a_link(apps: AppsHost, url: str | None) -> None:
    apps.show(report(campaign(url=url)))
    assert apps.texts("a") == []


def test_the_host_is_told_the_size_whenever_it_changes(apps: AppsHost) -> None:
    apps.show(AT_RISK, fit=True)
    apps.wait("window.innerHeight === Math.ceil(document.documentElement.getBoundingClientRect().height)")
    before = apps.host("seen")["sizes"][-1]
    assert before["width"] == 760
    apps.click("button[aria-expanded]")
    apps.wait(f"window.innerHeight > {before['height']}")
    after = apps.host("seen")["sizes"][-1]
    assert after["height"] > before["height"]
    apps.click("button[aria-expanded]")
    apps.wait(f"window.innerHeight === {before['height']}")


def test_no_more_width_is_asked_for_than_the_host_has(apps: AppsHost) -> None:
    apps.open(context={"containerDimensions": {"maxWidth": 500, "maxHeight": 900}})
    assert apps.wait_for_host("sizes", 1)[0]["width"] == 500


def test_the_page_lets_itself_be_taken_down_and_refuses_what_it_does_not_know(apps: AppsHost) -> None:
    apps.show(EMPTY)
    assert apps.host("tearDown") == {}
    assert apps.host("unknownRequest")["error"] == {"code": -32601, "message": "Method not found"}


def test_a_page_that_holds_its_report_needs_no_host(apps: AppsHost) -> None:
    apps.open_alone(AT_RISK)
    apps.wait_for_text("SQL injection, spring")
    assert apps.app("document.getElementById('refresh').hidden")
    assert apps.app("document.querySelector('a').href") == PAGE
    assert apps.texts("#told") == [""]
    assert "service-a" in apps.text()


def test_messages_that_do_not_come_from_the_host_are_ignored(apps: AppsHost) -> None:
    apps.open()
    apps.wait_for_host("initialized", 1)
    apps.app(
        "new Promise((done) => { addEventListener('message', () => done(null), { once: true });"
        " postMessage({ jsonrpc: '2.0', method: 'ui/notifications/tool-cancelled', params: {} }, '*') })"
    )
    assert apps.text().strip() == WAITING
