"""One campaign of 168 alerts and 82 days, read every Monday at midnight. Every number here was worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

TOTAL, DAYS = 168, 82
CLOSED = [0, 7, 21, 42, 63, 84, 77, 84, 98, 119, 147, 161, 164, 168]
"""By week."""
CAME_BACK = {6: 10}
"""By week: three were closed in the sixth, and the ten that had been closed first came back."""
DISMISSED = [0, 1, 3, 6, 9, 12, 11, 12, 14, 17, 21, 23, 23, 24]
"""Of the closed ones, by week: every seventh that is closed. One of the ten that came back had been."""
STRAIGHT_ON = {3, 4}
"""The weeks after which the alerts went on being closed as before, so that the line of Mondays has no bend there."""


class Week(NamedTuple):
    """What is told on a Monday."""

    number: int
    status: str
    needed: float | None
    short: float | None
    long: float | None
    expected: str | None
    reason: str | None

    @property
    def as_the_tool_tells_it(self) -> Week:
        """The reason is in the summary, and only of an unknown status in the campaign too."""
        return self if self.status == "unknown" else self._replace(reason=None)


WEEKS = [
    # 168 left in 82 days are 2.05 a day.
    Week(0, "unknown", 2.0, None, None, None, "Needs 2 a day; there is no history yet."),
    # 161 / 75 = 2.15. 7 in 7 days, 161 / 1 = 161 days from 8 June.
    Week(1, "at_risk", 2.1, 1.0, None, "2026-11-16", "Needs 2.1 a day, holds 1 (7 days)."),
    # 147 / 68 = 2.16. 14 in 7 days; 21 in 14, half of 28: 147 / 1.5 = 98 days from 15 June. Weeks of 1 and 2 a day
    # are 0.71 apart, over sqrt(2) 0.5: up to 1.5 + 1.645 * 0.5 = 2.3.
    Week(2, "at_risk", 2.2, 2.0, 1.5, "2026-09-21", "Needs 2.2 a day, holds 1.5 (since 1 June), which is close."),
    # 126 / 61 = 2.07. 42 in 21 days: 126 / 2 = 63 days from 22 June, two days late, the range of 1.3 to 2.7
    # (weeks of 1, 2 and 3 a day: 1 / sqrt(3) = 0.58, times 1.645) has the end in it.
    Week(3, "at_risk", 2.1, 3.0, 2.0, "2026-08-24", "Needs 2.1 a day, holds 2 (since 1 June), which is close."),
    # 105 / 54 = 1.94. 63 in 28 days: 105 / 2.25 = 46.7 days from 29 June. The slow end is 2.25 - 1.645 * 0.48.
    Week(4, "on_track", 1.9, 3.0, 2.2, "2026-08-14", "Needs 1.9 a day, holds 2.2 (28 days), which is close."),
    # 84 / 47 = 1.79. 77 in 28 days: 84 / 2.75 = 30.5 days from 6 July.
    # Chance is sqrt(77) / 28 = 0.313, the weeks 2, 3, 3, 3 only 0.25: 2.75 - 0.515 is still enough.
    Week(5, "on_track", 1.8, 3.0, 2.8, "2026-08-05", "Needs 1.8 a day, holds 2.8 (28 days)."),
    # 91 / 40 = 2.28. Seven more came back than were closed; 56 in 28 days: 91 / 2 = 45.5 days from 13 July.
    Week(6, "at_risk", 2.3, -1.0, 2.0, "2026-08-27", "Needs 2.3 a day, holds 2 (28 days), which is close."),
    # 84 / 33 = 2.55. 42 in 28 days: 84 / 1.5 = 56 days from 20 July. The weeks 3, 3, -1, 1: up to 3.1.
    Week(7, "at_risk", 2.5, 1.0, 1.5, "2026-09-14", "Needs 2.5 a day, holds 1.5 (28 days), which is close."),
    # 70 / 26 = 2.69. 35 in 28 days: 70 / 1.25 = 56 days from 27 July. The weeks 3, -1, 1, 2: 1.25 + 1.645 * 0.854.
    Week(8, "at_risk", 2.7, 2.0, 1.2, "2026-09-21", "Needs 2.7 a day, holds 1.2 (28 days)."),
    # 49 / 19 = 2.58. 35 in 28 days: 49 / 1.25 = 39.2 days from 3 August. The weeks -1, 1, 2, 3: up to 2.66.
    Week(9, "at_risk", 2.6, 3.0, 1.2, "2026-09-11", "Needs 2.6 a day, holds 1.2 (28 days), which is close."),
    # 21 / 12 = 1.75. 70 in 28 days: 21 / 2.5 = 8.4 days from 10 August. The weeks 1, 2, 3, 4: down to 1.44.
    Week(10, "on_track", 1.8, 4.0, 2.5, "2026-08-18", "Needs 1.8 a day, holds 2.5 (28 days), which is close."),
    # 7 / 5 = 1.4. 77 in 28 days: 7 / 2.75 = 2.5 days from 17 August. The weeks 2, 3, 4, 2: down to 1.96.
    Week(11, "on_track", 1.4, 2.0, 2.8, "2026-08-19", "Needs 1.4 a day, holds 2.8 (28 days)."),
    # The end was two days ago. 3 in 7 days, 66 in 28: 4 / 2.36 = 1.7 days from 24 August.
    Week(12, "overdue", None, 0.43, 2.4, "2026-08-25", "Ended 2 days ago with 4 of 168 left."),
    # 4 in 7 days, 49 in 28.
    Week(13, "done", None, 0.57, 1.8, None, "All 168 alerts are closed."),
]
WEEKS_BY_ALERTS = list(WEEKS)
"""The same where the alerts' own times decide. To these it looks as if the ten that came back, the 7 of the first week
and the first 3 of the second, had never been closed: the weeks closed 0, 11, 21, 21, 21, 3, 7, 14, 21, 28, 14, 3 and 4.
Until the sixth week the ten are not known to come back, and from the tenth on the 28 days begin after they did."""
WEEKS_BY_ALERTS[6:10] = [
    # 3 in 7 days. 21 + 21 + 21 + 3 = 66 in 28: 91 / 2.357 = 38.6 days from 13 July, two days before the end. Weeks of
    # 3, 3, 3 and 0.43 a day deviate by 1.286, over sqrt(4) 0.643, times 1.645 is 1.06: from 1.30 to 3.41.
    Week(6, "on_track", 2.3, 0.43, 2.4, "2026-08-20", "Needs 2.3 a day, holds 2.4 (28 days), which is close."),
    # 21 + 21 + 3 + 7 = 52 in 28: 84 / 1.857 = 45.2 days from 20 July. Weeks of 3, 3, 0.43 and 1: 1.340 / 2 * 1.645 is
    # 1.10, so up to 2.96, which is more than 2.55.
    Week(7, "at_risk", 2.5, 1.0, 1.9, "2026-09-03", "Needs 2.5 a day, holds 1.9 (28 days), which is close."),
    # 21 + 3 + 7 + 14 = 45 in 28: 70 / 1.607 = 43.6 days from 27 July. Weeks of 3, 0.43, 1 and 2: 1.133 / 2 * 1.645 is
    # 0.93, so up to 2.54, which is less than 2.69.
    Week(8, "at_risk", 2.7, 2.0, 1.6, "2026-09-08", "Needs 2.7 a day, holds 1.6 (28 days)."),
    # 3 + 7 + 14 + 21 = 45 in 28: 49 / 1.607 = 30.5 days from 3 August. Weeks of 0.43, 1, 2 and 3: up to 2.54, which is
    # less than 2.58.
    Week(9, "at_risk", 2.6, 3.0, 1.6, "2026-09-02", "Needs 2.6 a day, holds 1.6 (28 days)."),
]


def week_of(number: int, campaign: Mapping[str, Any]) -> Week:
    """Return what a campaign in a report says, as on the wire, whether nulls are in it or left out."""
    return Week(
        number,
        campaign["status"],
        campaign.get("pace_needed"),
        campaign.get("pace_7_days"),
        campaign.get("pace_28_days"),
        (campaign.get("forecast") or {}).get("expected"),
        campaign.get("reason"),
    )


def closings(week: int) -> list[float]:
    """When alerts were closed in a week, in days since the start: one at a time and evenly, the last at its end."""
    number = CLOSED[week] - CLOSED[week - 1] + CAME_BACK.get(week, 0) if week else 0
    return [7 * (week - 1) + 7 * (place + 1) / number for place in range(number)]
