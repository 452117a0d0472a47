"""The page as a file of several campaigns, each of which it holds whole."""

from __future__ import annotations

import pytest

from tests.app_page.apps_host import AppsHost
from tests.app_page.reports_shown import BURNDOWN, FOUR_WHOLE, HOSTILE_NAMES

SQL = "#c--3-details"


def test_a_file_shows_the_board_with_every_campaign_the_worst_first(apps: AppsHost) -> None:
    apps.open_alone(FOUR_WHOLE)
    assert apps.texts("h2") == [campaign.name for campaign in FOUR_WHOLE.campaigns]
    assert apps.texts(".board .status") == ["Overdue", "At risk", "Unknown", "On track"]
    assert apps.texts(".chart, .facts") == []


def test_choosing_a_campaign_of_a_file_shows_its_burndown_and_repositories_and_asks_nobody(apps: AppsHost) -> None:
    apps.open_alone(FOUR_WHOLE)
    apps.click(SQL)
    assert len(apps.texts(f"{SQL}-content figure tbody tr")) == len(BURNDOWN)
    assert apps.texts(f"{SQL}-content .details tbody th") == [
        "service-a",
        "service-b",
        "service-c",
        "12 more",
    ]
    assert "Expected to be done" in apps.text()
    assert apps.texts(".waiting") == []
    assert apps.app("document.querySelectorAll('.chart svg').length") == 1


def test_a_campaign_of_a_file_has_its_own_repositories_and_link(apps: AppsHost) -> None:
    apps.open_alone(FOUR_WHOLE)
    apps.click("#c--7-details")
    assert apps.texts(".details .details tbody th") == ["vault"]
    assert apps.app("[...document.querySelectorAll('a')].map((each) => each.href)") == [FOUR_WHOLE.campaigns[0].url]


def test_what_a_row_of_the_board_says_is_not_said_again_below_it(apps: AppsHost) -> None:
    apps.open_alone(FOUR_WHOLE)
    apps.click(SQL)
    assert apps.text().count("Ends 5 Apr 2026, 24 days left") == 3  # of the three that end then
    apps.click(SQL)
    assert apps.text().count("Ends 5 Apr 2026, 24 days left") == 3


def test_a_campaign_with_one_reading_says_so_and_has_no_repositories(apps: AppsHost) -> None:
    apps.open_alone(FOUR_WHOLE)
    apps.click("#c--4-details")
    assert "One reading so far, of 12 Mar 2026" in apps.text()
    assert apps.texts(".details .details") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_a_file_fits_its_window_and_follows_the_readers_theme(apps: AppsHost, theme: str, width: int) -> None:
    apps.open_alone(FOUR_WHOLE, size=(width, 800), theme=theme)
    apps.app("document.querySelectorAll('.board button').forEach((button) => button.click())")
    assert len(apps.texts(".chart svg")) == 4
    assert apps.app("document.documentElement.scrollWidth") <= width
    assert apps.app("document.querySelector('main').getBoundingClientRect().width") <= 1000
    dark = "rgb(21, 25, 31)"
    assert (apps.app("getComputedStyle(document.body).backgroundColor") == dark) is (theme == "dark")


def test_what_others_wrote_is_only_text_in_a_file_too(apps: AppsHost) -> None:
    apps.open_alone(HOSTILE_NAMES)
    apps.app("document.querySelectorAll('.board button').forEach((button) => button.click())")
    assert apps.texts("h2")[0] == HOSTILE_NAMES.campaigns[0].name
    assert apps.texts("a, img, main script, main iframe") == []
