"""Octo-org's campaigns: three of the past with fixed dates, and three of now at different stages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from server.sandbox.seed_alerts import plant_alerts, rules_for, settle
from server.sandbox.seed_rules import CREDENTIALS, LOG4SHELL, SQL_INJECTION
from server.sandbox.world import Alert, Campaign, CampaignState, Organization, Rule


class _Past(NamedTuple):
    name: str
    description: str
    rules: tuple[Rule, ...]
    repository_ids: tuple[int, ...]
    begin: datetime
    end: datetime
    left_open: int


_PAST = (
    _Past(
        "Hard-coded credentials",
        "Move credentials out of the code and rotate every one that was ever committed.",
        CREDENTIALS,
        (41001, 41002, 41004),
        datetime(2023, 3, 1, 9, 0, tzinfo=UTC),
        datetime(2023, 5, 31, 17, 0, tzinfo=UTC),
        2,
    ),
    _Past(
        "SQL injection",
        "Use parameters in every query that carries user input. Ask AppSec when a query is built at run time.",
        SQL_INJECTION,
        (41001, 41003, 41005),
        datetime(2023, 9, 4, 9, 0, tzinfo=UTC),
        datetime(2023, 11, 30, 17, 0, tzinfo=UTC),
        0,
    ),
    _Past(
        "Log4Shell clean-up",
        "Replace the last copies of log4j-core before 2.17.1 and stop logging what users send us.",
        LOG4SHELL,
        (41003, 41005, 41012),
        datetime(2024, 1, 15, 9, 0, tzinfo=UTC),
        datetime(2024, 3, 14, 17, 0, tzinfo=UTC),
        1,
    ),
)
_ALERTS_EACH = 4


def seed_past_campaigns(organization: Organization) -> None:
    """Closed campaigns with alerts of their own, which have the lowest numbers of their repositories."""
    for past in _PAST:
        alerts: list[Alert] = []
        for repository_id in past.repository_ids:
            repository = organization.repositories[repository_id]
            first = 1 + sum(key.repository_id == repository_id for key in organization.alerts)
            newest = past.begin - timedelta(days=30)
            own = rules_for(repository.language)
            rules = tuple(rule for rule in past.rules if rule in own) or past.rules
            alerts += plant_alerts(repository, rules, _ALERTS_EACH, first=first, newest=newest)
        organization.alerts.update({alert.key: alert for alert in alerts})
        settled = alerts[: len(alerts) - past.left_open]
        for step, alert in enumerate(settled):
            moment = past.begin + (past.end - past.begin) * (step + 1) / (len(settled) + 1)
            settle(alert, moment, "dismissed" if step % 6 == 5 else "fixed")
        _add(organization, past.name, past.description, alerts, past.begin, past.end, "closed")


def seed_current_campaigns(organization: Organization, now: datetime) -> None:
    """One that is overdue by days, one nearly done, one just begun."""
    day = timedelta(days=1)
    _start(
        organization,
        "Log injection",
        "Strip line breaks from user input before it reaches a log. The logging guide has a helper for each language.",
        lambda alert: (alert.rule.id or "").endswith("/log-injection"),
        (now - 44 * day, now - 6 * day, now),
        done=0.5,
        team_managers=["appsec"],
    )
    payments = {41001, 41002, 41004}
    _start(
        organization,
        "Cross-site scripting in payments",
        "Escape what users typed before it reaches the page. Start with the card form; pair with AppSec on the rest.",
        lambda alert: alert.repository_id in payments and "external/cwe/cwe-079" in (alert.rule.tags or ()),
        (now - 26 * day, now + 9 * day, now),
        done=0.92,
        contact_link="https://github.com/orgs/octo-org/discussions/42",
    )
    _start(
        organization,
        "Path traversal",
        "Resolve and check every path that is built from user input before a file is opened.",
        lambda alert: (alert.rule.id or "").endswith("/path-injection"),
        (now - 2 * day, now + 58 * day, now),
        done=0.0,
    )


def _start(
    organization: Organization,
    name: str,
    description: str,
    wanted: Callable[[Alert], bool],
    times: tuple[datetime, datetime, datetime],
    *,
    done: float,
    team_managers: list[str] | None = None,
    contact_link: str | None = None,
) -> None:
    """An open campaign over the open alerts that are `wanted`, of which the share `done` was closed since it began."""
    begin, end, now = times
    chosen = [
        alert
        for alert in organization.alerts.values()
        if alert.state == "open" and alert.created_at < begin and wanted(alert)
    ]
    closed = chosen[: round(len(chosen) * done)]
    for step, alert in enumerate(closed):
        settle(alert, begin + (now - begin) * (step + 1) / (len(closed) + 1), "dismissed" if step % 9 == 4 else "fixed")
    campaign = _add(organization, name, description, chosen, begin, end, "open")
    campaign.team_managers = team_managers or []
    campaign.contact_link = contact_link


def _add(
    organization: Organization,
    name: str,
    description: str,
    alerts: list[Alert],
    begin: datetime,
    end: datetime,
    state: CampaignState,
) -> Campaign:
    organization.last_campaign_number += 1
    campaign = Campaign(
        number=organization.last_campaign_number,
        name=name,
        description=description,
        managers=["mona-lisa"],
        team_managers=[],
        created_at=begin,
        updated_at=begin if state == "open" else end,
        published_at=begin,
        ends_at=end,
        contact_link=None,
        alerts=tuple(alert.key for alert in alerts),
        state=state,
        closed_at=end if state == "closed" else None,
    )
    organization.campaigns[campaign.number] = campaign
    return campaign
