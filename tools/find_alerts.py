"""find_alerts: counts the alerts that meet a filter, so that a campaign can be made of them without a number typed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from mcp_types import CallToolResult
from pydantic import MISSING, BaseModel, Field, ValidationError

from server.context import AppContext, CallContext, app_of
from server.domain.alert_counts import AlertCounts, count
from server.domain.alert_filter import AlertFilter
from server.domain.alert_selection import by_urgency
from server.domain.alert_suggestion import Suggestion, suggest
from server.domain.alerts import AlertKind, AnyAlert, CodeAlert
from server.domain.explain import explain
from server.domain.models import ALERTS_LIMIT
from server.domain.text import alert_count, clean, counted, repository_count
from server.errors import InvalidInput
from tools.answers import answered
from tools.choosing import Found, find
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
    next_page: int | None = Field(default=None, description="To give as detail")
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
    fits = _fits(found, wanted, counts.total)
    return AlertFindings(
        summary=_summary(found, wanted, counts),
        counts=counts,
        fits_one_campaign=fits,
        # From a partial reading it would be worked out from counts that are too small.
        suggestion=suggest(found.alerts, now, ALERTS_LIMIT, given=wanted) if fits is False and not found.gaps else None,
        alerts=[_row(alert, now) for alert in by_urgency(found.alerts)[:_SAMPLE]] or None,
    )


def _fits(found: Found, wanted: AlertFilter, total: int) -> bool | None:
    """Tell whether one campaign can hold them; None when that is not known or there can be no such campaign."""
    if wanted.kind == "secret" or not total:
        return None
    if total > ALERTS_LIMIT:
        return False
    return None if found.gaps else True


def _summary(found: Found, wanted: AlertFilter, counts: AlertCounts) -> str:
    if not counts.total:
        return (
            f"Partial, see `partial`: no alert in what could be read. {found.emptied}".strip()
            if found.gaps
            else (f"No alert. {found.emptied}")
        )
    there_are = f"{alert_count(counts.total)} in {repository_count(counts.repositories)}"
    there_are = f"Partial, see `partial`: at least {there_are}." if found.gaps else f"{there_are}."
    if wanted.kind == "secret":
        return f"{there_are} GitHub's API does not define campaigns of secret scanning alerts."
    verdicts = {
        True: " Fits one campaign.",
        False: f" More than the {ALERTS_LIMIT} that one campaign takes.",
        None: "",
    }
    return there_are + verdicts[_fits(found, wanted, counts.total)]


def _page_of(found: Found, page: int, now: datetime) -> AlertFindings:
    first = (page - 1) * _PAGE
    rows = [_row(alert, now) for alert in by_urgency(found.alerts)[first : first + _PAGE]]
    total = len(found.alerts)
    at_least = "at least " if found.gaps else ""
    pages = f"{'is' if total <= _PAGE else 'are'} {counted(-(-total // _PAGE), 'page')}"
    if rows:
        summary = f"Alerts {first + 1} to {first + len(rows)} of {at_least}{total}, the most urgent first."
    else:
        summary = f"Past the last page: there {pages}." if total else f"No alert. {found.emptied}"
    return AlertFindings(
        summary=summary, alerts=rows or None, next_page=page + 1 if first + len(rows) < total and rows else None
    )


def _row(alert: AnyAlert, now: datetime) -> AlertRow:
    age = max(0, int(now.timestamp()) - alert.created_at) // 86_400
    if isinstance(alert, CodeAlert):
        return AlertRow(
            repository=clean(alert.repository, _LONGEST_TEXT),
            alert_number=alert.alert_number,
            severity=alert.severity,
            rule=clean(alert.rule, _LONGEST_TEXT) or None,
            path=clean(alert.path, _LONGEST_TEXT) or None,
            age_days=age,
        )
    return AlertRow(
        repository=clean(alert.repository, _LONGEST_TEXT),
        alert_number=alert.alert_number,
        secret_type=clean(alert.secret_type, _LONGEST_TEXT),
        validity=alert.validity,
        publicly_leaked=alert.publicly_leaked or None,
        age_days=age,
    )


def _page_address(app: AppContext, org: str, kind: AlertKind) -> str:
    room = "code-scanning" if kind == "code" else "secret-scanning"
    return f"{app.settings.web_url}/{org}/{{repository}}/security/{room}/{{alert_number}}"
