from __future__ import annotations

import pytest

from server.domain.campaign_report import alone
from server.domain.snapshots import Snapshot
from server.domain.tracked_alerts import each_once, left_by_severity, outcomes, reopened
from tests.domain.progress_samples import alert, alerts_closed, at, campaign_progress, counted, seconds, snapshot


def test_an_alert_that_comes_twice_is_counted_once() -> None:
    assert each_once([alert(2), alert(1), alert(2, 3)]) == (alert(1), alert(2))
    assert len(each_once([alert(1), alert(1, repository_id=2)])) == 2


def test_fixed_and_dismissed_are_told_apart() -> None:
    alerts = [alert(1, 1), alert(2, 2), alert(3, 3, state="dismissed"), alert(4)]
    assert outcomes(alerts) == (2, 1)
    assert outcomes(alerts, seconds(1)) == (1, 1)  # later than that
    assert outcomes([alert(1, 1, closed_at=None)], 0) == (0, 0)


def test_severities_are_of_what_is_left_the_worst_first() -> None:
    severities = ["low", "critical", "low", "odd", ""]
    alerts = [alert(number, severity=severity) for number, severity in enumerate(severities)]
    assert list(left_by_severity([*alerts, alert(9, 1, severity="high")]).items()) == [
        ("critical", 1),
        ("low", 2),
        ("odd", 1),
    ]


def test_the_four_repositories_with_most_left_are_named_and_the_others_summed() -> None:
    alerts = [
        alert(number, repository_id=place, repository=f"r{place}") for place in range(8) for number in range(place + 1)
    ]
    alerts += [alert(90, 1, repository_id=0, repository="r0"), alert(91, 1, repository_id=1, state="dismissed")]
    told = campaign_progress(counted(alerts), [], at(3), alerts=alerts, describe=alone)
    assert told.left_fixed_dismissed_by_repository == [
        ("r7", 8, 0, 0),
        ("r6", 7, 0, 0),
        ("r5", 6, 0, 0),
        ("r4", 5, 0, 0),
        ("4 more", 10, 1, 1),
    ]


def test_a_page_names_twenty_repositories() -> None:
    alerts = [alert(1, repository_id=place, repository=f"r{place:02}") for place in range(23)]
    told = campaign_progress(counted(alerts), [], at(3), alerts=alerts).left_fixed_dismissed_by_repository or []
    assert [each.repository for each in told] == [*(f"r{place:02}" for place in range(20)), "3 more"]


def test_a_name_that_others_wrote_is_cleaned_and_cut() -> None:
    alerts = [alert(1, repository="a\u202eb" + "x" * 100), alert(2, repository_id=2, repository="\u200b")]
    told = campaign_progress(counted(alerts), [], at(3), alerts=alerts).left_fixed_dismissed_by_repository or []
    assert [each.repository for each in told] == ["(no name)", "ab" + "x" * 57 + "…"]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([], None),
        ([snapshot(5, 2, total=9)], None),  # another number of alerts, so it tells nothing of these
        ([snapshot(50, 4, total=4)], None),  # later than now
        ([snapshot(5, 2, total=4)], 0),
        ([snapshot(5, 3, total=4)], 1),  # three were closed then, of which two still are
        ([snapshot(5, 3, total=4), snapshot(2, 4, total=4)], 3),  # the first was not closed before the third day
        ([snapshot(1.9996, 1, total=4)], 0),  # half a minute before its alert: GitHub was still counting
        ([snapshot(5, 0, total=4)], 0),
    ],
)
def test_what_was_counted_as_closed_and_is_not_came_back(history: list[Snapshot], found: int | None) -> None:
    assert reopened(each_once(alerts_closed([2, 4], 2)), history, at(10)) == found


def test_known_alerts_make_up_for_a_missing_history_only_when_they_are_all() -> None:
    alerts = alerts_closed([2, 4], 2)
    assert campaign_progress(counted(alerts), [], at(10), alerts=alerts).pace_7_days == 0.14
    part = campaign_progress(counted(alerts), [], at(10), alerts=alerts[:-1])
    assert (part.pace_7_days, part.fixed, part.burndown) == (None, 2, [(0, 2)])


def test_without_alerts_nothing_is_said_of_them() -> None:
    told = campaign_progress(counted(alerts_closed([2], 1)), [snapshot(1, 0, total=2)], at(10), alerts=[])
    assert (
        told.fixed,
        told.dismissed,
        told.reopened,
        told.left_fixed_dismissed_by_repository,
        told.left_by_severity,
    ) == (None,) * 5
