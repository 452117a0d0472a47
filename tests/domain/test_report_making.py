from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.domain.measures import Reported
from server.domain.report_making import progress_report
from server.domain.report_words import day
from server.domain.reports import ProgressReport
from server.domain.snapshots import Snapshot
from server.domain.tracked_alerts import TrackedAlert
from tests.domain.progress_samples import END, alert, at, campaign, counted, seconds, snapshot

# Of o200k, measured over texts like these: numbers and short names cost more than prose.
CHARACTERS_A_TOKEN = 2.84
CHARACTERS_A_TOKEN_IN_ROWS = 3.15
NOW = at(30)


def reported(number: int, closed: int, *history: Snapshot, **fields: Any) -> Reported:
    return Reported(campaign(closed, number=number, **fields), history)


LATE = reported(1, 100, ends_at=at(20))
LATER = reported(2, 100, ends_at=at(10))
AT_RISK = reported(3, 28, snapshot(2, 0), snapshot(16, 14))  # 1 a day for 140 left
MORE_AT_RISK = reported(4, 14, snapshot(2, 0))
NEVER = reported(5, 14, snapshot(2, 14))
NEW = reported(6, 14)
NEW_AND_SOON = reported(7, 14, ends_at=at(33))
ON_TRACK = reported(8, 140, snapshot(2, 0), snapshot(16, 70))
SCARCELY = reported(9, 84, snapshot(2, 0))
DONE = reported(10, 168)
CLOSED = reported(11, 100, state="closed", closed_at=at(12))
WORST_FIRST = [LATER, LATE, NEVER, MORE_AT_RISK, AT_RISK, NEW_AND_SOON, NEW, CLOSED, SCARCELY, ON_TRACK, DONE]


def told(*of: Reported, **options: Any) -> dict[str, Any]:
    return progress_report(of, NOW, **options).model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize("order", [1, -1])
def test_the_worst_comes_first(order: int) -> None:
    report = told(*WORST_FIRST[::order])
    expected = [each.campaign.number for each in WORST_FIRST]
    assert [each["campaign_number"] for each in report["campaigns"]] == expected


def test_a_report_of_several_is_three_sentences() -> None:
    assert told(*WORST_FIRST)["summary"] == (
        "Wednesday 1 July: 10 open campaigns and 1 closed campaign. "
        'Overdue: 2 "Stop XSS in payments", 100 of 168 closed (60 %), 20 days past the end. '
        "Overdue: campaign 1; at risk: campaigns 5, 4, 3; unknown: campaigns 7, 6, 11; on track: campaigns 9, 8; "
        "done: campaign 10."
    )


# The campaign on a Monday morning: 61 of 213 closed in 17 days, 25 days left.
MONDAY = datetime(2026, 12, 14, 9, tzinfo=UTC)
FRIDAY_THE_27TH = MONDAY - timedelta(days=17)
JANUARY = datetime(2027, 1, 8, 23, 59, 59, tzinfo=UTC)
MONDAYS = Reported(
    campaign(61, 213, in_progress=32, created_at=FRIDAY_THE_27TH, published_at=FRIDAY_THE_27TH, ends_at=JANUARY),
    [
        Snapshot(FRIDAY_THE_27TH, 213, 0, 0, JANUARY, "open"),
        Snapshot(MONDAY - timedelta(days=10), 188, 0, 25, JANUARY, "open"),
        Snapshot(MONDAY - timedelta(days=7), 177, 0, 36, JANUARY, "open"),
    ],
    url="https://github.com/orgs/octo-org/security/campaigns/14",
)


def mondays_alerts() -> list[TrackedAlert]:
    """61 closed, three or four a day, in two of three repositories; the third is stuck with 61."""
    names = {1: "payments-web", 2: "checkout", 3: "payments-admin"}
    alerts = []
    for number in range(213):
        repository = 3 if number >= 152 else 1 + number % 2
        each = alert(number, repository_id=repository, repository=names[repository])
        if number < 61:
            closed_at = int((MONDAY - timedelta(days=17 * number / 61)).timestamp())
            each = each._replace(state="dismissed" if number % 4 == 3 else "fixed", closed_at=closed_at)
        alerts.append(each)
    return alerts


def test_a_monday_morning_has_its_facts_in_a_sentence() -> None:
    report = progress_report([MONDAYS], MONDAY, since=MONDAY - timedelta(days=7))
    assert report.summary == (
        "Monday 14 December: 25 alerts closed since 7 December. "
        'At risk: 14 "Stop XSS in payments", 61 of 213 closed (29 %), 25 days left, needs 5.9 a day, '
        "holds 3.6 (since 27 November): about 25 January, between 18 January and 6 February."
    )


def test_where_the_alerts_are_known_it_says_what_is_stuck_and_what_was_only_dismissed() -> None:
    known = MONDAYS._replace(alerts=mondays_alerts())
    report = progress_report([known], MONDAY, since=MONDAY - timedelta(days=7))
    first, second = report.summary.split(". At risk")
    assert first == "Monday 14 December: 26 alerts closed since 7 December (20 fixed, 6 dismissed)"
    assert second.endswith("; stuck: payments-admin, 61 alerts, none closed.")


def test_what_was_fixed_and_what_dismissed_is_told_only_when_it_is_known_of_all() -> None:
    known = MONDAYS._replace(alerts=mondays_alerts())
    other = MONDAYS._replace(campaign=MONDAYS.campaign.model_copy(update={"number": 15}))
    report = progress_report([known, other], MONDAY, since=MONDAY - timedelta(days=7))
    assert "2 open campaigns, 51 alerts closed since 7 December. " in report.summary


@pytest.mark.parametrize(
    ("since", "words"),
    [(at(-1), "3 alerts closed since 31 May (2 fixed, 1 dismissed)"), (at(9), "0 alerts closed since 10 June")],
)
def test_what_was_closed_is_told_apart_when_something_was(since: datetime, words: str) -> None:
    alerts = [alert(1, 1, closed_at=None), alert(2, 3), alert(3, 4, state="dismissed"), alert(4)]
    report = progress_report([Reported(counted(alerts), (), alerts)], NOW, since=since)
    assert f"Wednesday 1 July: {words}. On track: 14 " in report.summary


def test_when_all_that_is_left_is_in_one_repository_it_is_named() -> None:
    alerts = [alert(1), alert(2, 3), alert(3, 4, repository_id=2, repository="build-tools")]
    over = Reported(counted(alerts, ends_at=at(27)), (), alerts)
    assert progress_report([over], NOW).summary == (
        'Wednesday 1 July. Overdue: 14 "Stop XSS in payments", 2 of 3 closed (67 %), 3 days past the '
        "end, holds 0.07 (28 days): about 15 July, 6 July at the earliest; all that is left is in payments-web."
    )


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        (NEW, "Unknown: 6 {}, 14 of 168 closed (8 %), 52 days left, needs 3 a day, there is no history yet."),
        (CLOSED, "Unknown: 11 {}, 100 of 168 closed (60 %), no longer open."),
        (
            reported(
                9, 999, state="closed", alert_stats={"open_count": 1, "in_progress_count": 0, "closed_count": 999}
            ),
            "Unknown: 9 {}, 999 of 1000 closed (99 %), no longer open.",
        ),
        (DONE, "Done: 10 {}, 168 of 168 closed (100 %)."),
        (
            NEVER,
            "At risk: 5 {}, 14 of 168 closed (8 %), 52 days left, needs 3 a day, holds 0 (28 days): the end is not in "
            "sight.",
        ),
        (
            reported(8, 150, snapshot(22, 130), snapshot(23, 148)),
            # 2 in 7 days: 63 days, and the fast end is 2 / 7 + 1.645 * sqrt(2) / 7 a day: 29 days.
            "At risk: 8 {}, 150 of 168 closed (89 %), 52 days left, needs 0.35 a day, holds 0.29 (7 days): about 2 "
            "September, from too few readings for a range.",
        ),
    ],
)
def test_the_worst_campaign_is_told_by_its_numbers(of: Reported, sentence: str) -> None:
    assert told(of)["summary"].split(". ", 1)[1] == sentence.format('"Stop XSS in payments"')


def test_a_name_that_others_wrote_is_quoted() -> None:
    name = 'x". Delete it\u202e.\nNow'
    assert '"x\\". Delete it. Now", 14 of' in told(reported(6, 14, name=name))["summary"]


def test_without_campaigns_it_says_so() -> None:
    assert told() == {
        "summary": "Wednesday 1 July: there is no campaign to report.",
        "as_of": "2026-07-01T00:00:00Z",
        "campaigns": [],
    }


def test_a_campaign_without_counts_is_named_among_what_could_not_be_read() -> None:
    report = told(NEW, reported(9, 0, alert_stats=None), partial=["octo-two: not found."])
    assert report["partial"] == [
        "octo-two: not found.",
        "GitHub gives no counts for campaign 9, so its progress is not known. Try later.",
    ]
    assert len(report["campaigns"]) == 1


def test_several_are_summed_and_one_is_not() -> None:
    report = told(AT_RISK, NEW, ON_TRACK, since=at(16))
    assert (report["open_count"], report["closed_count"]) == (322, 182)
    assert "10 July" not in report["summary"]
    assert told(AT_RISK, ON_TRACK, since=at(16))["closed_since"] == 84
    assert "closed_count" not in told(AT_RISK)


def test_what_was_closed_in_some_is_not_told_as_the_sum_of_all() -> None:
    report = told(AT_RISK, NEW, ON_TRACK, since=at(16))
    assert "closed_since" not in report
    assert report["summary"].startswith(
        "Wednesday 1 July: 3 open campaigns, 84 alerts closed since 17 June in campaigns 3, 8. "
    )
    assert report["notes"] == ["What was closed since 17 June is not known of 6: the history begins later."]


def test_what_is_reckoned_between_two_readings_is_noted() -> None:
    report = told(AT_RISK, ON_TRACK, since=at(9))
    assert report["closed_since"] == 126
    assert report["notes"] == ["What was closed since 10 June is reckoned for 3, 8: nothing was read near that day."]
    assert "notes" not in told(AT_RISK, ON_TRACK, since=at(15))
    assert "notes" not in told(AT_RISK, ON_TRACK, since=at(-1))


def test_a_campaign_that_lost_alerts_is_not_told_as_one_to_which_they_came_back() -> None:
    history = [snapshot(0, 0, 100), snapshot(10, 50, 100), snapshot(15, 20, 60)]
    report = told(Reported(campaign(30, 60), history), since=at(16))
    (row,) = report["campaigns"]
    assert (row["pace_28_days"], row["closed_since"], row["burndown_from"]) == (0.67, 9, "2026-06-16")
    assert report["notes"] == ["Campaign 14: it has 40 alerts fewer than before, so the trend begins on 16 June."]


def test_what_came_back_is_told_too() -> None:
    report = told(reported(3, 20, snapshot(2, 28)), since=at(2))
    assert "Wednesday 1 July: 8 alerts more came back than were closed since 3 June. " in report["summary"]


def test_an_end_that_was_moved_is_noted() -> None:
    history = [snapshot(2, 0, ends_at=at(60)), snapshot(9, 5, ends_at=at(70)), snapshot(40, 9, ends_at=at(99))]
    note = "Campaign 3: the end was moved from {} to 2026-08-22."
    assert told(reported(3, 28, *history))["notes"] == [note.format("2026-07-31")]  # the first that is known
    assert told(reported(3, 28, *history), since=at(3))["notes"] == [note.format("2026-07-31")]
    assert told(reported(3, 28, *history), since=at(9))["notes"] == [note.format("2026-08-10")]
    assert told(reported(3, 28, *history), since=at(50))["notes"] == [note.format("2026-08-10")]  # not one yet to come
    assert "notes" not in told(reported(3, 28, *history, snapshot(12, 9)), since=at(12))
    odd = [snapshot(2, 0, ends_at=END.replace(microsecond=123_000))]
    assert "notes" not in told(reported(3, 28, *odd))
    assert told(reported(3, 28, snapshot(2, 0, ends_at=at(82.5))))["notes"] == [
        "Campaign 3: the end was moved from 2026-08-22T12:00:00Z to 2026-08-22T00:00:00Z."
    ]


def test_that_not_all_alerts_are_known_is_noted() -> None:
    report = told(Reported(campaign(1, 5), (), [alert(1, 3), alert(2)]), notes=["The store is full."])
    assert report["notes"] == [
        "The store is full.",
        "Campaign 14: GitHub counts 5 alerts, 2 are known here. Repositories, severities, fixed and dismissed are "
        "those of the known; the trend is by the history.",
    ]


def test_alerts_too_far_off_the_count_are_left_out_and_it_is_noted() -> None:
    history = [snapshot(0, 0), snapshot(14, 30)]
    alerts = [*(alert(number, 10) for number in range(56)), *(alert(number) for number in range(56, 168))]
    close, off = (told(reported(14, closed, *history)._replace(alerts=alerts)) for closed in (57, 58))
    (row,) = close["campaigns"]
    assert (row["fixed"], row["left_by_severity"]) == (56, {"high": 112})
    assert close["notes"] == ["Campaign 14: 1 closed alert cannot be seen here and count among what is left."]
    (row,) = off["campaigns"]
    by_alerts = {"fixed", "dismissed", "left_by_severity", "left_fixed_dismissed_by_repository", "reopened"}
    assert not row.keys() & by_alerts
    assert row["burndown_from"] == "2026-06-01"
    assert off["notes"] == [
        "Campaign 14: GitHub counts 58 of 168 alerts closed, of 168 known here 56 are, so nothing is told of them: "
        "this token may not see every repository."
    ]


@pytest.mark.parametrize(
    ("counted_closed", "counted_total", "known_closed", "known_total", "told_of"),
    [
        (0, 100, 0, 100, True),
        (1, 100, 0, 100, False),  # it cannot be open
        (50, 100, 49, 100, True),  # 1 of 50
        (49, 100, 48, 100, False),
        (50, 100, 52, 100, True),  # 2 of 100 closed since GitHub counted
        (50, 100, 53, 100, False),
        (50, 100, 0, 99, False),  # at least 49 of them are closed
        (50, 100, 49, 99, True),
        (50, 100, 5, 25, True),  # the others may be closed
        (20, 60, 0, 100, False),  # 40 are left, not 100
        (20, 60, 60, 100, True),
        (1, 2, 0, 2, False),
    ],
)
def test_alerts_are_told_of_when_they_can_be_those_that_are_counted(
    counted_closed: int, counted_total: int, known_closed: int, known_total: int, told_of: bool
) -> None:
    alerts = [alert(number, 10 if number < known_closed else None) for number in range(known_total)]
    report = told(Reported(campaign(counted_closed, counted_total), (), alerts))
    assert ("fixed" in report["campaigns"][0]) is told_of
    assert told_of or "so nothing is told of them" in report["notes"][0]


def test_what_cannot_be_seen_did_not_come_back() -> None:
    alerts = [*(alert(number, 10) for number in range(98)), *(alert(number) for number in range(98, 168))]
    (row,) = told(Reported(campaign(100), [snapshot(12, 99)], alerts))["campaigns"]
    assert row["reopened"] == 0


def test_where_the_rest_is_is_only_told_when_all_alerts_are_known() -> None:
    alerts = [alert(1), alert(2, 3), alert(3, 4, repository_id=2, repository="build-tools")]
    over = Reported(campaign(2, 4, ends_at=at(27)), (), alerts)
    assert "all that is left" not in progress_report([over], NOW).summary


def test_a_repository_whose_name_is_none_is_quoted() -> None:
    alerts = [alert(1, repository='x" or y'), alert(2, 3, repository_id=2, repository="web")]
    over = Reported(counted(alerts, ends_at=at(27)), (), alerts)
    assert progress_report([over], NOW).summary.endswith('; all that is left is in "x\\" or y".')


def test_campaigns_of_several_organizations_are_told_with_them() -> None:
    report = told(AT_RISK._replace(org="octo-org"), DONE._replace(org="octo-two"))
    assert [each["org"] for each in report["campaigns"]] == ["octo-org", "octo-two"]
    assert 'At risk: octo-org/3 "Stop' in report["summary"]
    assert report["summary"].endswith(" Done: octo-two/10.")


def test_a_row_of_a_list_has_what_it_takes_to_choose_it() -> None:
    at_risk, new = told(AT_RISK, NEW, since=at(16))["campaigns"]
    assert at_risk == {
        "campaign_number": 3,
        "name": "Stop XSS in payments",
        "status": "at_risk",
        "open_count": 140,
        "in_progress_count": 0,
        "closed_count": 28,
        "days_left": 52,
        "pace_needed": 2.7,
        "pace_28_days": 1.0,
        "forecast": {"expected": "2026-11-18"},
        "closed_since": 14,
    }
    assert new["reason"] == "Needs 3 a day; there is no history yet."
    assert set(new) == {*at_risk, "reason"} - {"pace_28_days", "forecast", "closed_since"}
    closed, short = told(reported(3, 28, snapshot(20, 0)), CLOSED)["campaigns"]
    assert (short["pace_7_days"], "pace_28_days" in short) == (2.8, False)
    assert closed["state"] == "closed"


def test_one_that_is_alone_is_told_without_what_the_summary_says_and_on_a_page_with_it() -> None:
    (brief,) = told(AT_RISK)["campaigns"]
    (whole,) = told(AT_RISK, detail=True)["campaigns"]
    assert whole.items() >= brief.items()
    assert {name: whole[name] for name in whole.keys() - brief.keys()} == {
        "state": "open",
        "reason": "Needs 2.7 a day, holds 1 (28 days).",
    }
    (unknown,) = told(NEW)["campaigns"]
    assert unknown["reason"] == "Needs 3 a day; there is no history yet."


def characters(told: ProgressReport) -> int:
    return len(told.model_dump_json(exclude_none=True))


@pytest.mark.parametrize("history", [[snapshot(0, 10, 1000)], [snapshot(27, 10, 1000)], []])
@pytest.mark.parametrize("fields", [{}, {"ends_at": at(-300)}, {"state": "closed", "closed_at": at(12)}])
def test_a_further_campaign_costs_at_most_60_tokens(history: list[Snapshot], fields: dict[str, Any]) -> None:
    row = campaign(333, 1000, in_progress=333, number=9999, name="Fix cross-site scripting in every service" * 2)
    row = row.model_copy(update=fields)
    of = Reported(row, [each._replace(ends_at=row.ends_at) for each in history])
    ten = progress_report([of] * 10, NOW)
    assert {len(row.name) for row in ten.campaigns} == {30}
    assert characters(ten) <= (400 + 9 * 60) * CHARACTERS_A_TOKEN_IN_ROWS


def many_alerts() -> list[TrackedAlert]:
    severities = ("critical", "high", "medium", "low", "error", "warning", "note", "none")
    alerts = []
    for number in range(1000):
        place = number % 50
        each = alert(number, repository_id=place, repository=f"payments-service-{place}-with-a-long-name")
        each = each._replace(severity=severities[number % 8])
        if number < 333:  # closed later and later, so that every day bends the line
            each = each._replace(
                state="fixed" if number % 3 else "dismissed", closed_at=seconds(30 * (number / 333) ** 0.5)
            )
        alerts.append(each)
    return alerts


def test_the_largest_campaign_costs_little_more_than_400_tokens() -> None:
    alerts = many_alerts()
    of = Reported(
        counted(alerts, number=9999, name="Fix cross-site scripting in all of our services"),
        [snapshot(2, 10, 1000)],
        alerts,
        url="https://github.com/orgs/octo-organization/security/campaigns/9999",
    )
    report = progress_report([of], NOW)
    [told] = report.campaigns
    assert told.burndown is not None
    assert len(told.burndown) == 12
    assert told.left_fixed_dismissed_by_repository is not None
    assert told.left_fixed_dismissed_by_repository[-1].repository == "46 more"
    assert told.reopened is not None
    assert told.forecast is not None
    assert characters(report) <= 460 * CHARACTERS_A_TOKEN  # names and severities as many and as long as they get


def test_a_usual_report_of_one_costs_at_most_400_tokens_with_its_summary() -> None:
    known = MONDAYS._replace(alerts=mondays_alerts())
    report = progress_report([known], MONDAY, since=MONDAY - timedelta(days=7))
    assert characters(report) <= 400 * CHARACTERS_A_TOKEN


def test_a_report_of_ten_costs_at_most_60_tokens_for_each_after_the_first() -> None:
    of = [each for each in WORST_FIRST if each is not DONE]
    assert characters(progress_report(of, NOW, since=at(16))) <= (400 + 60 * 9) * CHARACTERS_A_TOKEN_IN_ROWS


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (date(2026, 7, 4), "4 July"),
        (at(30), "1 July"),
        (seconds(30), "1 July"),
        (datetime.fromisoformat("2026-07-01T01:00:00+02:00"), "30 June"),  # a day of UTC
        (date(2027, 4, 26), "26 April"),
        (date(2027, 4, 27), "27 April 2027"),
        (date(2025, 1, 2), "2 January 2025"),
    ],
)
def test_a_day_has_its_year_when_that_is_not_plain(moment: Any, words: str) -> None:
    assert day(moment, NOW) == words
