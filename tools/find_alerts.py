"""find_alerts: counts the alerts that meet a filter, so that a campaign can be made of them without a number typed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from mcp_types import CallToolResult
from pydantic import MISSING, BaseModel, Field, ValidationError

from server.context import AppContext, CallContext, app_of
from server.domain.alert_counts import AlertCounts, Suggestion, count, suggest
from server.domain.alert_filter import AlertFilter
from server.domain.alert_selection import by_urgency
from server.domain.alerts import AlertKind, AnyAlert, CodeAlert
from server.domain.explain import explain
from server.domain.models import ALERTS_LIMIT
from server.domain.text import clean
from server.errors import InvalidInput
from tools.answers import answered
from tools.choosing import Found, alert_count, find, repository_count
from tools.parameters import (
    Assignees,
    Cwes,
    Detail,
    ExcludeRepositories,
    Kind,
    Languages,
    MaxAgeDays,
    MinAgeDays,
    Org,
    Paths,
    Providers,
    PubliclyLeaked,
    Repositories,
    Rules,
    SecretTypes,
    Severities,
    Template,
    Tool,
    Validity,
)

_SAMPLE = 3
_PAGE = 25
_LONGEST_TEXT = 100


class AlertRow(BaseModel):
    """One alert. Code scanning alerts have a rule, secret scanning alerts a secret type; a sample has its address."""

    repository: str
    alert_number: int
    severity: str | None = None
    rule: str | None = None
    path: str | None = None
    secret_type: str | None = None
    validity: str | None = None
    publicly_leaked: bool | None = None
    age_days: int
    url: str | None = None


class AlertFindings(BaseModel):
    """The alerts that meet the criteria: counts and a sample, or with `detail` a page of them."""

    summary: str
    partial: list[str] | None = Field(default=None, description="What is missing from the counts, and why")
    notes: list[str] | None = None
    counts: AlertCounts | None = None
    fits_one_campaign: bool | None = None
    suggestion: Suggestion | None = Field(default=None, description="The criterion to add so that it fits")
    alerts: list[AlertRow] | None = Field(default=None, description="A sample, the most urgent; with detail a page")
    next_page: int | None = None
    url: str | None = Field(default=None, description="An alert's page on GitHub, with its fields in braces")


async def find_alerts(
    ctx: CallContext,
    org: Org = MISSING,
    kind: Kind = "code",
    template: Template = MISSING,
    severities: Severities = MISSING,
    cwes: Cwes = MISSING,
    rules: Rules = MISSING,
    tool: Tool = MISSING,
    repositories: Repositories = MISSING,
    exclude_repositories: ExcludeRepositories = MISSING,
    languages: Languages = MISSING,
    paths: Paths = MISSING,
    min_age_days: MinAgeDays = MISSING,
    max_age_days: MaxAgeDays = MISSING,
    assignees: Assignees = MISSING,
    providers: Providers = MISSING,
    secret_types: SecretTypes = MISSING,
    validity: Validity = MISSING,
    publicly_leaked: PubliclyLeaked = MISSING,
    detail: Detail = MISSING,
) -> Annotated[CallToolResult, AlertFindings]:
    """Count open alerts that meet all criteria; create_campaign takes the same as filter."""
    app = app_of(ctx)
    org = app.policy.org(org)
    wanted = _filter(
        kind=kind,
        template=template,
        severities=severities,
        cwes=cwes,
        rules=rules,
        tool=tool,
        repositories=repositories,
        exclude_repositories=exclude_repositories,
        languages=languages,
        paths=paths,
        min_age_days=min_age_days,
        max_age_days=max_age_days,
        assignees=assignees,
        providers=providers,
        secret_types=secret_types,
        validity=validity,
        publicly_leaked=publicly_leaked,
    )
    found = await find(ctx, org, wanted)
    shown = _counted(found, wanted, app.now()) if detail is MISSING else _page_of(found, detail, app.now())
    shown.partial = list(found.gaps) or None
    shown.notes = list(found.notes) or None
    address = _page_address(app, org, kind)
    if detail is MISSING:
        for row in shown.alerts or []:
            row.url = address.format(**row.model_dump())
    else:
        shown.url = address if shown.alerts else None
    return answered(shown)


def _filter(**criteria: Any) -> AlertFilter:
    try:
        return AlertFilter(**{name: value for name, value in criteria.items() if value is not MISSING})
    except ValidationError as problem:
        raise InvalidInput(explain(problem)) from None


def _counted(found: Found, wanted: AlertFilter, now: datetime) -> AlertFindings:
    counts = count(found.alerts, now)
    fits = counts.total <= ALERTS_LIMIT
    verdict = "Fits one campaign." if fits else f"More than the {ALERTS_LIMIT} that one campaign takes."
    if not counts.total:
        verdict = found.emptied
    return AlertFindings(
        summary=f"{_how_many(found, counts)} {verdict}",
        counts=counts,
        fits_one_campaign=fits if counts.total else None,
        suggestion=None if fits else suggest(found.alerts, now, ALERTS_LIMIT, given=wanted),
        alerts=[_row(alert, now) for alert in by_urgency(found.alerts)[:_SAMPLE]] or None,
    )


def _how_many(found: Found, counts: AlertCounts) -> str:
    """Say how many there are, and that it is only at least as many when something could not be read."""
    text = f"{alert_count(counts.total)} in {repository_count(counts.repositories)}" if counts.total else "No alert"
    return f"Partial: at least {text}, see `partial`." if found.gaps else f"{text}."


def _page_of(found: Found, page: int, now: datetime) -> AlertFindings:
    first = (page - 1) * _PAGE
    rows = [_row(alert, now) for alert in by_urgency(found.alerts)[first : first + _PAGE]]
    total = len(found.alerts)
    at_least = "at least " if found.gaps else ""
    if rows:
        summary = f"Alerts {first + 1} to {first + len(rows)} of {at_least}{total}, the most urgent first."
    else:
        summary = f"Page {page} is past the last one." if total else f"No alert. {found.emptied}"
    return AlertFindings(
        summary=summary, alerts=rows or None, next_page=page + 1 if first + len(rows) < total and rows else None
    )


def _row(alert: AnyAlert, now: datetime) -> AlertRow:
    age = max(0, int(now.timestamp()) - alert.created_at) // 86_400
    if isinstance(alert, CodeAlert):
        return AlertRow(
            repository=alert.repository,
            alert_number=alert.alert_number,
            severity=alert.severity,
            rule=clean(alert.rule, _LONGEST_TEXT) or None,
            path=clean(alert.path, _LONGEST_TEXT) or None,
            age_days=age,
        )
    return AlertRow(
        repository=alert.repository,
        alert_number=alert.alert_number,
        secret_type=clean(alert.secret_type, _LONGEST_TEXT),
        validity=alert.validity,
        publicly_leaked=alert.publicly_leaked or None,
        age_days=age,
    )


def _page_address(app: AppContext, org: str, kind: AlertKind) -> str:
    room = "code-scanning" if kind == "code" else "secret-scanning"
    return f"{app.settings.web_url}/{org}/{{repository}}/security/{room}/{{alert_number}}"
