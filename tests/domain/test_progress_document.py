"""What docs/progress.md says is held against the code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.domain import forecast, measures, pace
from server.domain.campaign_report import FEW_POINTS, FEW_REPOSITORIES, MOST_POINTS, MOST_REPOSITORIES, ROW_NAME_LIMIT
from server.domain.reports import CampaignProgress, Status
from server.domain.snapshots import Snapshot
from server.domain.standing import WORST_FIRST
from server.domain.tracked_alerts import READING_SECONDS
from tests.domain.progress_samples import campaign, campaign_progress

DOCUMENT = (Path(__file__).parents[2] / "docs" / "progress.md").read_text()
PROSE = " ".join(DOCUMENT.split())
SINCE = datetime(2026, 11, 27, 9, tzinfo=UTC)
END = datetime(2027, 1, 8, 23, 59, 59, tzinfo=UTC)


def section(title: str) -> str:
    return DOCUMENT.split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    "sentence",
    [
        f"the {FEW_REPOSITORIES} repositories with most left by name (on a page {MOST_REPOSITORIES})",
        f"up to {READING_SECONDS} seconds later than the snapshot",
        f"at most {FEW_POINTS} points (on a page {MOST_POINTS})",
        f"by over {100 * measures.MOST_UNSEEN:g} of 100 closed ones",
        f"by over {100 * measures.MOST_MORE:g} of 100 alerts",
        f"at least {24 * pace.LEAST_TIME:g} hour is reckoned",
        f"that of {pace.LONG_WINDOW} days, or as long as that is not known that of {pace.SHORT_WINDOW} days",
        f"half of {pace.SHORT_WINDOW} days is needed, so {pace.SHORT_WINDOW * pace.KNOWN_PART} days of history",
        f"the pace and {forecast.SURE} standard errors more or less",
        f"more than {forecast.HORIZON_DAYS} days away is not told",
        f"Names are cut to {ROW_NAME_LIMIT} characters",
    ],
)
def test_every_constant_is_the_codes(sentence: str) -> None:
    assert sentence in PROSE


def test_half_of_a_window_is_half() -> None:
    assert pace.KNOWN_PART == 1 / 2
    assert "at least half of the time is known" in PROSE


def test_every_field_that_is_a_number_of_ours_is_defined() -> None:
    named = set(re.findall(r"`(\w+)`", section("The numbers")))
    plain = {"campaign_number", "name", "org", "state", "status", "reason", "ends_at", "url"}
    assert named == set(CampaignProgress.model_fields) - plain


def test_every_status_is_defined_and_they_are_told_in_the_order_of_the_report() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section("The status"), re.MULTILINE)
    assert set(rows) == set(WORST_FIRST) == set(Status.__args__)  # type: ignore[attr-defined]  # a Literal's
    order = section("The status").split("the worst comes first:")[1].split(". A row")[0]
    assert tuple(re.findall(r"`(\w+)`", order)) == WORST_FIRST


def test_the_example_is_what_the_code_says() -> None:
    found = campaign_progress(
        campaign(61, 213, in_progress=32, created_at=SINCE, published_at=SINCE, ends_at=END),
        [Snapshot(SINCE, 213, 0, 0, END, "open"), Snapshot(SINCE + timedelta(days=7), 188, 0, 25, END, "open")],
        datetime(2026, 12, 14, 9, tzinfo=UTC),
    )
    told = found.model_dump(mode="json")
    told |= told["forecast"] | {"left": found.open_count + found.in_progress_count}
    rows = re.findall(r"^\| `?(\w+)`? \|.*\| (\S+) \|$", section("An example"), re.MULTILINE)
    values = {name: value for name, value in rows if name in told}
    assert len(values) == 10
    assert values == {name: str(told[name]) for name in values}
    assert f'Reason: "{found.reason}"' in DOCUMENT
