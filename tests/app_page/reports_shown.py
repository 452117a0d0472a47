"""Reports in the states that a page has to be able to draw."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from server.domain.reports import CampaignProgress, Forecast, ProgressReport, RepositoryProgress, Status

NOW = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
PUBLISHED = date(2026, 1, 12)
END = datetime(2026, 4, 5, 23, 59, 59, tzinfo=UTC)
PAGE = "https://github.com/orgs/acme/security/campaigns/3"

HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script><svg onload="window.hit=1">'
HOSTILE_STYLE = "</style><style>*{display:none}</style>{{given}} javascript:window.hit=1 \u202egnp.exe\u0000"
ARABIC = "تحديث المكتبات القديمة في acme-api قبل نهاية الربع (2026)"
HEBREW = "תיקון הזרקות SQL"
LONG = (
    "Remediate-every-critical-and-high-severity-cross-site-scripting-and-injection-alert-in-services-that-face-the-"
    "internet before the second quarter ends, including the ones that were taken over from the acquired companies"
)
LONG_REPOSITORY = "a_repository_named_at_length_without_a_break_" * 2


def campaign(**changed: Any) -> CampaignProgress:
    """A campaign at risk after 59 of its 83 days, with its history, changed as wanted."""
    known: dict[str, Any] = {
        "campaign_number": 3,
        "name": "SQL injection, spring",
        "state": "open",
        "status": "at_risk",
        "reason": "At the pace of the last 28 days it ends 9 days after its end date.",
        "open_count": 38,
        "in_progress_count": 7,
        "closed_count": 75,
        "remediation_rate": 0.625,
        "ends_at": END,
        "days_left": 24,
        "time_used": 0.711,
        "pace_needed": 1.88,
        "pace_7_days": 1.14,
        "pace_28_days": 1.36,
        "forecast": Forecast(expected=date(2026, 4, 14), earliest=date(2026, 4, 8), latest=date(2026, 4, 24)),
        "fixed": 60,
        "dismissed": 15,
        "reopened": 2,
        "left_by_severity": {"critical": 5, "high": 22, "medium": 18},
        "left_fixed_dismissed_by_repository": [
            RepositoryProgress("service-a", 17, 3, 1),
            RepositoryProgress("service-b", 11, 9, 3),
            RepositoryProgress("service-c", 9, 11, 1),
            RepositoryProgress("12 more", 8, 20, 3),
        ],
        "burndown": BURNDOWN,
        "burndown_from": PUBLISHED,
        "url": PAGE,
    }
    return CampaignProgress(**{**known, **changed})


BURNDOWN = [
    (0, 120), (3, 120), (7, 113), (10, 111), (14, 104), (17, 104), (21, 96), (24, 97), (28, 88), (31, 84),
    (35, 79), (38, 74), (42, 66), (45, 63), (49, 58), (52, 53), (56, 48), (59, 45),
]  # fmt: skip


def report(*campaigns: CampaignProgress, **changed: Any) -> ProgressReport:
    """A report about some campaigns."""
    summary = f"{len(campaigns)} open campaigns, the worst first." if len(campaigns) != 1 else "45 of 120 left."
    return ProgressReport(**{"summary": summary, "as_of": NOW, "campaigns": list(campaigns), **changed})


EMPTY = report(
    campaign(
        status="unknown",
        reason="Too little history: the first reading is of today.",
        burndown=[],
        burndown_from=None,
        forecast=None,
        pace_7_days=None,
        pace_28_days=None,
        left_fixed_dismissed_by_repository=None,
        fixed=None,
        dismissed=None,
        reopened=None,
        left_by_severity=None,
    )
)
ONE_POINT = report(
    campaign(
        status="unknown",
        reason="Too little history: the first reading is of today.",
        burndown=[(0, 120)],
        burndown_from=NOW.date(),
        forecast=None,
        pace_7_days=None,
        pace_28_days=None,
        open_count=113,
        closed_count=0,
        fixed=0,
        dismissed=0,
        reopened=0,
        remediation_rate=0.0,
        time_used=0.02,
    )
)
OVERDUE = report(
    campaign(
        status="overdue",
        reason="The end date has passed with alerts left.",
        ends_at=datetime(2026, 3, 1, tzinfo=UTC),
        days_left=-11,
        time_used=1.0,
        pace_needed=None,
        forecast=Forecast(expected=date(2026, 4, 14), earliest=date(2026, 4, 1)),
    )
)
DONE = report(
    campaign(
        status="done",
        reason="No alert is left.",
        open_count=0,
        in_progress_count=0,
        closed_count=120,
        forecast=None,
        remediation_rate=1.0,
        fixed=101,
        dismissed=19,
        burndown=[*BURNDOWN, (66, 12), (70, 0)],
        left_by_severity=None,
        pace_needed=None,
        state="closed",
        days_left=None,
    )
)
ON_TRACK = report(
    campaign(
        status="on_track",
        reason="At the pace held it ends 4 days early.",
        forecast=Forecast(expected=date(2026, 4, 1), earliest=date(2026, 3, 28), latest=date(2026, 4, 4)),
    )
)
LONG_NAMES = report(
    campaign(
        name=LONG,
        org="an-organization-with-a-name-of-39-letters-x",
        left_fixed_dismissed_by_repository=[
            *(RepositoryProgress(f"{LONG_REPOSITORY}{n}", 1000 + n, 12345, 7) for n in range(3)),
            RepositoryProgress("12 more", 8, 20, 3),
        ],
    )
)
RIGHT_TO_LEFT = report(
    campaign(
        name=ARABIC,
        campaign_number=1,
        left_fixed_dismissed_by_repository=[
            RepositoryProgress("واجهة", 4, 1, 0),
            RepositoryProgress("12 more", 8, 20, 3),
        ],
    ),
    campaign(name=HEBREW, campaign_number=2, status="on_track"),
)
THOUSAND_REPOSITORIES = report(
    campaign(
        left_fixed_dismissed_by_repository=[
            *(RepositoryProgress(f"service-{n:03}", 60 - n, n, 1) for n in range(10)),
            RepositoryProgress("990 more", 21400, 10300, 412),
        ],
        open_count=20000,
        in_progress_count=1955,
        closed_count=10712,
        remediation_rate=0.328,
        fixed=10300,
        dismissed=412,
        burndown=[(at, value * 200) for at, value in BURNDOWN],
    )
)
HOSTILE_NAMES = report(
    campaign(
        name=HOSTILE,
        org=HOSTILE,
        reason=HOSTILE,
        url="javascript:window.hit=1",
        left_by_severity={HOSTILE: 3},
        left_fixed_dismissed_by_repository=[
            RepositoryProgress(HOSTILE_STYLE, 4, 1, 0),
            RepositoryProgress("12 more", 8, 20, 3),
        ],
    ),
    campaign(name=HOSTILE_STYLE, campaign_number=4, url="https://user:word@evil.example/"),
    summary=HOSTILE,
    partial=[HOSTILE],
    notes=[HOSTILE_STYLE],
)


def _board() -> ProgressReport:
    statuses: list[Status] = [
        "overdue",
        "overdue",
        "at_risk",
        "at_risk",
        "at_risk",
        "unknown",
        "on_track",
        "on_track",
        "on_track",
        "done",
    ]
    days_left = [-3, -3, 12, 16, 20, 24, 28, 32, 36, 40]
    names = [
        "Secrets in history",
        "SQL injection",
        LONG,
        "Path traversal",
        HEBREW,
        "New rules",
        "XSS",
        "SSRF",
        "Log4j",
        "Old",
    ]
    rows = [
        CampaignProgress(
            campaign_number=number,
            name=name,
            org="acme" if number % 2 else "acme-labs",
            status=status,
            reason="Too little history: the first reading is of today." if status == "unknown" else None,
            open_count=0 if status == "done" else 90 - 8 * number,
            in_progress_count=0 if status == "done" else number,
            closed_count=12 * number,
            days_left=days,
            pace_needed=None if days < 0 else 2.5,
            pace_28_days=1.36,
            closed_since=number,
            forecast=None if status in ("unknown", "done") else Forecast(expected=date(2026, 4, 14)),
        )
        for number, (name, status, days) in enumerate(zip(names, statuses, days_left, strict=True), 1)
    ]
    return report(
        *rows,
        open_count=sum(row.open_count for row in rows),
        in_progress_count=sum(row.in_progress_count for row in rows),
        closed_count=sum(row.closed_count for row in rows),
        partial=["acme-labs: its alerts could not be read, so fixed and dismissed are not told apart there."],
        notes=["The trend of campaign 6 starts today."],
        since=NOW - timedelta(days=7),
        closed_since=55,
    )


TEN_CAMPAIGNS = _board()

FOUR_WHOLE = report(
    campaign(
        campaign_number=7,
        name="Secrets in history",
        status="overdue",
        reason="Ended 11 days ago with 45 of 120 left.",
        ends_at=datetime(2026, 3, 1, tzinfo=UTC),
        days_left=-11,
        time_used=1.0,
        pace_needed=None,
        left_fixed_dismissed_by_repository=[RepositoryProgress("vault", 45, 60, 15)],
        closed_since=9,
    ),
    campaign(closed_since=9),
    campaign(
        campaign_number=4,
        name=LONG[:49] + "…",
        status="unknown",
        reason="Needs 1.9 a day; there is no history yet.",
        burndown=[(0, 45)],
        burndown_from=NOW.date(),
        forecast=None,
        pace_7_days=None,
        pace_28_days=None,
        fixed=None,
        dismissed=None,
        reopened=None,
        left_by_severity=None,
        left_fixed_dismissed_by_repository=None,
    ),
    campaign(campaign_number=9, name="XSS", status="on_track", closed_since=12),
    open_count=152,
    in_progress_count=28,
    closed_count=300,
    closed_since=30,
    since=NOW - timedelta(days=7),
)
"""Several campaigns with everything known of each, as a file holds them."""
