"""The tools' parameters: types, checks and descriptions, each written once.

Descriptions are sent with every request of every user, so they say only what the name and the type do not. Limits are
checked here and not repeated as schema keywords, except where a model needs them to write a good value.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import MISSING, AfterValidator, BeforeValidator, Field, WithJsonSchema

from server.domain import alert_criteria as criteria
from server.domain.alert_filter import SECRET_ONLY, AlertFilter
from server.domain.alert_selection import TooMany
from server.domain.checks import (
    check_alerts,
    check_contact_link,
    check_description,
    check_managers,
    check_name,
    check_number,
    check_org,
    check_team_managers,
)
from server.domain.dates import parse_end, parse_since
from server.domain.models import ALERTS_LIMIT, DESCRIPTION_LIMIT, NAME_LIMIT, AlertPairs, CampaignState
from server.domain.reports import LAST_REPORT

_StrictInt = Annotated[int, Field(strict=True)]
_CheckedOrg = Annotated[str, AfterValidator(check_org)]
_Managers = Annotated[list[str], AfterValidator(check_managers)]
_TeamManagers = Annotated[list[str], AfterValidator(check_team_managers)]
_Alerts = Annotated[list[AlertPairs], AfterValidator(check_alerts)]
_Number = Annotated[_StrictInt, AfterValidator(check_number)]
_SinceWhen = Annotated[
    datetime | Literal["last_report"],
    BeforeValidator(lambda given: given if given == LAST_REPORT else parse_since(given)),
    WithJsonSchema({"type": "string"}),
]
_Link = Annotated[str, AfterValidator(check_contact_link)]

Org = Annotated[_CheckedOrg | MISSING, Field(description="Organization login; default: the server's")]
OneCampaign = Annotated[_Number | MISSING, Field(description="Default: all open ones")]
CampaignNumber = Annotated[_Number, Field(description="As in list_campaigns")]
PageNumber = Annotated[_Number, Field(description="From 1; see next_page")]
Name = Annotated[
    str,
    AfterValidator(check_name),
    WithJsonSchema({"type": "string", "description": f"At most {NAME_LIMIT} characters"}),
]
Description = Annotated[
    str,
    AfterValidator(check_description),
    WithJsonSchema({"type": "string", "description": f"At most {DESCRIPTION_LIMIT} characters"}),
]
EndsAt = Annotated[
    datetime,
    BeforeValidator(parse_end),
    WithJsonSchema({"type": "string", "description": "Date (its end, UTC) or RFC 3339 time with zone"}),
]
Managers = Annotated[_Managers | MISSING, Field(description="User logins")]
TeamManagers = Annotated[_TeamManagers | MISSING, Field(description="Team slugs")]
NewManagers = Annotated[_Managers | MISSING, Field(description="User logins; replaces all")]
NewTeamManagers = Annotated[_TeamManagers | MISSING, Field(description="Team slugs; replaces all")]
ContactLink = Annotated[_Link | MISSING, Field(description="http(s) address for questions")]
NewContactLink = Annotated[_Link | MISSING | None, Field(description="null removes it")]
Alerts = Annotated[_Alerts | MISSING, Field(description="By number; prefer filter")]
GenerateIssues = Annotated[bool, Field(strict=True, description="Open an issue in every repository")]
Since = Annotated[_SinceWhen | MISSING, Field(description="Tell changes since this date, or last_report")]
State = Annotated[CampaignState | MISSING, Field(description="Default: both")]
NewState = Annotated[CampaignState | MISSING, Field(description="closed ends it, open reopens it")]
Sort = Annotated[Literal["created", "updated", "ends_at", "published"], Field(description="Order by")]
Direction = Annotated[Literal["asc", "desc"], Field(description="desc: newest or latest first")]
DryRun = Annotated[bool, Field(strict=True, description="Change nothing, show what would be sent and asked")]
Preview = Annotated[str | MISSING, Field(description="Digest from dry_run: refuse if the result would differ")]


def check_per_page(value: int) -> int:
    """Accept GitHub's page sizes."""
    if not 1 <= value <= 100:
        raise ValueError("must be from 1 to 100")
    return value


PerPage = Annotated[_StrictInt, AfterValidator(check_per_page), Field(description="At most 100")]


def _by_name() -> dict[str, Any]:
    """Return the schema of a filter of code scanning alerts with names and types only: find_alerts says the rest."""

    def bare(hint: Any) -> dict[str, Any]:
        while get_origin(hint) in (Annotated, Union):  # such as `int or null`
            hint = get_args(hint)[0]
        if get_origin(hint) is list:
            return {"type": "array", "items": {"type": "string"}}
        return {"type": {bool: "boolean", int: "integer"}.get(hint, "string")}

    fields = AlertFilter.model_fields.items()  # out of the schema it would take longer, and everybody waits for it
    return {name: bare(field.annotation) for name, field in fields if name not in ("kind", *SECRET_ONLY)}


# find_alerts' own: a parameter for each criterion of a filter.
Kind = Annotated[criteria.Kind, Field(description="Kind of scanning")]
Template = Annotated[criteria.Template | MISSING, Field(description="Named filter")]
Severities = Annotated[criteria.Severities | MISSING, Field(description="Any of these")]
Cwes = Annotated[criteria.Cwes | MISSING, Field(description="Such as 79")]
Rules = Annotated[criteria.Rules | MISSING, Field(description="Ids, may hold *")]
Tool = Annotated[criteria.Tool | MISSING, Field(description="Such as CodeQL")]
Repositories = Annotated[criteria.Repositories | MISSING, Field(description="Names, may hold *")]
ExcludeRepositories = Annotated[criteria.Repositories | MISSING, Field(description="Names, may hold *")]
Languages = Annotated[criteria.Languages | MISSING, Field(description="Such as java")]
Paths = Annotated[criteria.Paths | MISSING, Field(description="Files or folders, may hold *")]
MinAgeDays = Annotated[criteria.Days | MISSING, Field(description="At least this old")]
MaxAgeDays = Annotated[criteria.Days | MISSING, Field(description="At most this old")]
Assignees = Annotated[criteria.Assignees | MISSING, Field(description='Logins, "none" or "*"')]
Providers = Annotated[criteria.Providers | MISSING, Field(description="Of secrets")]
SecretTypes = Annotated[criteria.SecretTypes | MISSING, Field(description="GitHub's identifiers")]
Validity = Annotated[criteria.Validity | MISSING, Field(description="Of secrets")]
PubliclyLeaked = Annotated[criteria.PubliclyLeaked | MISSING, Field(description="Of secrets")]
Detail = Annotated[_Number | MISSING, Field(description="List them instead: page number")]
Filter = Annotated[
    AlertFilter | MISSING,
    WithJsonSchema({"type": "object", "description": "Criteria as in find_alerts", "properties": _by_name()}),
]
IfTooMany = Annotated[TooMany, Field(description=f"Over {ALERTS_LIMIT}: refuse, or take the most severe, then oldest")]
