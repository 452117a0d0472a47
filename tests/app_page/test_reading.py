"""Whoever reads it, and whatever was written: keyboard, screen reader, colours, directions, hostile names."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.domain.reports import ProgressReport
from tests.app_page.apps_host import AppsHost
from tests.app_page.reports_shown import (
    ARABIC,
    HEBREW,
    HOSTILE,
    HOSTILE_NAMES,
    OVERDUE,
    RIGHT_TO_LEFT,
    TEN_CAMPAIGNS,
    campaign,
    report,
)

AT_RISK = report(campaign())
TEXTS = """
[...document.querySelectorAll("main *")].filter((element) =>
  element.checkVisibility() && !element.closest("title, desc") &&
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
.map((element) => {
  let ground = element;
  const of = (each) => getComputedStyle(each).backgroundColor;
  while (of(ground) === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const style = getComputedStyle(element);
  return [element.textContent, element instanceof SVGElement ? style.fill : style.color, of(ground)];
})
"""
MARKS = """
[["left", "stroke"], ["ideal", "stroke"], ["expected", "stroke"], ["end", "stroke"], ["point", "fill"],
 ["closed", "fill"], ["track", "stroke"], ["tick", "stroke"], ["status svg", "fill"]]
.map(([kind, paint]) => [kind, getComputedStyle(document.querySelector(`.${kind}`))[paint],
  getComputedStyle(document.body).backgroundColor])
"""


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours written as `rgb(r, g, b)`, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert parts, colour
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(part) / 255 for part in parts.groups())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _opened(apps: AppsHost) -> None:
    for state in ("expanded", "pressed"):
        apps.app(f"document.querySelectorAll('button[aria-{state}]').forEach((button) => button.click())")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shown", [AT_RISK, OVERDUE, TEN_CAMPAIGNS])
def test_every_text_stands_out_from_its_ground(apps: AppsHost, theme: str, shown: ProgressReport) -> None:
    apps.show(shown, context={"theme": theme})
    _opened(apps)
    texts = apps.app(TEXTS)
    assert len(texts) > 40
    assert [text for text in texts if _contrast(text[1], text[2]) < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_mark_of_a_picture_stands_out_from_its_ground(apps: AppsHost, theme: str) -> None:
    apps.show(AT_RISK, context={"theme": theme})
    assert [mark for mark in apps.app(MARKS) if _contrast(mark[1], mark[2]) < 3] == []


def test_the_theme_follows_the_host(apps: AppsHost) -> None:
    apps.show(AT_RISK, context={"theme": "dark"})
    ground = "getComputedStyle(document.body).backgroundColor"
    assert _luminance(apps.app(ground)) < 0.05
    apps.host("context", {"theme": "light"})
    apps.wait("document.documentElement.style.colorScheme === 'light'")
    assert _luminance(apps.app(ground)) > 0.9


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"--color-background-primary": "light-dark(#fdf6e3, #000)"}, "rgb(253, 246, 227)"),
        ({"--color-background-primary": "oklch(0.97 0.01 90)", "--color-text-primary": "#111"}, None),
        ({"--color-background-primary": "#777777"}, "rgb(255, 255, 255)"),
        ({"--color-background-primary": "transparent"}, "rgb(255, 255, 255)"),
        ({"--color-background-primary": "rgb(255 240 255 / 50%)"}, "rgb(255, 255, 255)"),
        ({"--color-background-primary": "url(https://evil.example/x)"}, "rgb(255, 255, 255)"),
        ({"--color-text-primary": "#eeeeee"}, "rgb(255, 255, 255)"),
    ],
)
def test_the_hosts_colours_are_taken_when_everything_stays_readable(
    apps: AppsHost, variables: dict[str, str], expected: str | None
) -> None:
    apps.show(AT_RISK, context={"theme": "light", "styles": {"variables": {**variables, "--font-sans": "monospace"}}})
    ground = apps.app("getComputedStyle(document.body).backgroundColor")
    assert ground == expected if expected else ground.startswith("oklch")
    assert apps.app("getComputedStyle(document.body).fontFamily") == "monospace"
    assert apps.app("getComputedStyle(document.querySelector('h1')).color") != "rgb(238, 238, 238)"


def test_tab_goes_through_one_campaign_from_top_to_bottom(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    assert apps.tab_stops() == ["Open on GitHub", "Show as table", "By repository", "Refresh"]


def test_tab_goes_through_a_board_from_top_to_bottom(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    assert apps.tab_stops() == ["Details"] * 10 + ["Show as table", "Refresh"]


def test_the_keyboard_opens_what_the_pointer_opens(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    apps.tab_stops(most=3)
    apps.play("press", key="Space")
    assert "service-a" in apps.text()
    assert apps.app("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_table_that_moves_sideways_is_reached_by_keyboard(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS, size=(320, 700))
    apps.app("document.querySelector('button[aria-pressed]').click()")
    assert apps.app("document.querySelector('.scroll').tabIndex") == 0
    assert apps.app("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(
    "line",
    [
        'heading "SQL injection, spring" [level=1]',
        'img "63 % closed"',
        'img "Burndown: alerts left over time"',
        'table "Alerts left over time"',
        'rowheader "12 Mar 2026"',
        'columnheader "Alerts left"',
        'button "Show as table"',
        'button "By repository" [expanded]',
        'table "Alerts by repository, most left first"',
        'link "Open on GitHub"',
        "\n  - status",
    ],
)
def test_a_screen_reader_is_told_what_there_is(apps: AppsHost, line: str) -> None:
    apps.show(AT_RISK)
    apps.click("button[aria-expanded]")
    assert line in apps.tree()


def test_every_heading_of_a_table_says_what_it_is_for(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    _opened(apps)
    scopes = apps.app(
        "[...document.querySelectorAll('th')].map((heading) => [heading.scope, heading.closest('thead')])"
    )
    assert {(scope, head is None) for scope, head in scopes} == {("col", False), ("row", True)}


def test_the_burndown_is_described_in_words(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    assert apps.texts(".chart desc") == [
        "From 120 left on 12 Jan 2026 to 45 on 12 Mar 2026. The ideal line reaches zero on the end date, 5 Apr 2026; "
        "it is at 35 on 12 Mar 2026. Expected to be done: 14 Apr 2026 (8 Apr 2026 to 24 Apr 2026)."
    ]


def test_each_details_button_is_told_apart_by_its_campaigns_name(apps: AppsHost) -> None:
    apps.show(RIGHT_TO_LEFT)
    assert f'button "Details {ARABIC}"' in apps.tree()
    assert f'button "Details {HEBREW}"' in apps.tree()


def test_every_identifier_is_there_once(apps: AppsHost) -> None:
    apps.show(TEN_CAMPAIGNS)
    _opened(apps)
    identifiers = apps.app("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(identifiers) == len(set(identifiers))


def test_names_keep_their_own_direction_and_leave_the_page_its_own(apps: AppsHost) -> None:
    apps.show(RIGHT_TO_LEFT)
    directions = apps.app(
        "[...document.querySelectorAll('h2 bdi, h2')].map((element) => getComputedStyle(element).direction)"
    )
    assert directions == ["ltr", "rtl", "ltr", "rtl"]
    edge = "(element) => Math.round(element.getBoundingClientRect().left)"
    assert len(set(apps.app(f"[...document.querySelectorAll('h2, .line')].map({edge})"))) == 1


def test_hostile_names_are_only_text(apps: AppsHost) -> None:
    apps.show(AT_RISK)
    kinds = "[...new Set([...document.querySelectorAll('main *')].map((element) => element.localName))].sort()"
    _opened(apps)
    usual = set(apps.app(kinds))
    apps.show(HOSTILE_NAMES)
    for _ in range(2):
        _opened(apps)
    assert set(apps.app(kinds)) - usual <= {"h2", "h3", "ol"}
    assert apps.texts("h2")[0] == HOSTILE
    assert apps.texts("a") == []
    attributes = apps.app("[...document.querySelectorAll('main *')].flatMap((element) => element.getAttributeNames())")
    assert not [attribute for attribute in attributes if attribute.startswith("on") or attribute == "style"]


def test_characters_that_turn_or_hide_text_are_dropped(apps: AppsHost) -> None:
    apps.show(HOSTILE_NAMES)
    for _ in range(2):
        _opened(apps)
    assert "gnp.exe" in apps.text()
    assert not re.search("[\u0000\u202e]", apps.app("document.body.textContent"))


@pytest.mark.parametrize(
    "structure",
    [
        {
            "open_count": "7",
            "closed_count": None,
            "burndown": "x",
            "forecast": {"expected": "soon"},
            "ends_at": "never",
        },
        {"name": {"a": 1}, "status": "__proto__", "org": ["x"], "burndown": [[0, 5], "x", [1]], "burndown_from": "?"},
        {"campaign_number": "3 onload=x", "url": {}, "left_by_severity": {"__proto__": 1}, "reason": 5},
    ],
)
def test_what_is_not_of_the_agreed_shape_does_no_harm(apps: AppsHost, structure: dict[str, Any]) -> None:
    apps.open()
    apps.host("result", {"content": [], "structuredContent": {"summary": "x", "campaigns": [structure]}})
    apps.wait_for_text("As of an unknown time")
    assert apps.app("document.querySelectorAll('h1').length") == 1
