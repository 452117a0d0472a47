"""The alert filter: which open alerts are meant, in criteria that a person can say.

Every criterion must hold, a template's too; of the items of one criterion, one is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from math import floor
from typing import Annotated, Any, TypeVar

from pydantic import (
    MISSING,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from server.domain import alert_criteria as criteria
from server.domain.alert_matching import (
    Criterion,
    Filtered,
    criterion,
    keep,
    matcher,
    newest_of_age,
    oldest_of_age,
    one_form,
)
from server.domain.alert_templates import TEMPLATES
from server.domain.alerts import SEVERITIES, AlertQuery, AnyAlert, CodeAlert, SecretAlert
from server.domain.explain import listed, unknown_argument

_Value = TypeVar("_Value")

MOST_SINGLE_REPOSITORIES = 10
"""Up to so many repositories are read one by one; for more of them the organization's list is read."""
_USUAL_SPAN = 730
"""Days over which the open alerts of an organization are taken to be spread, to choose from which end to read."""
_ASKED_SEVERITIES = tuple(severity for severity in SEVERITIES if severity != "none")
_NO_AGE = ("min_age_days", 0)
"""Every alert is so old."""
_CODE_ONLY = ("template", "severities", "cwes", "rules", "tool", "languages", "paths", "assignees")
SECRET_ONLY = ("providers", "secret_types", "validity", "publicly_leaked")
"""Criteria that only secret scanning alerts have."""


class _NullUnsaid:
    """Publishes `X or null` as X: null is taken for left out, and nobody needs to be told."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        published = handler(schema)
        return next(option for option in published["anyOf"] if option != {"type": "null"})


class AlertFilter(BaseModel):
    """Criteria for open alerts. All are optional, and null is the same as left out.

    They are applied in the order of these fields. Upper and lower case are the same everywhere.

    Attributes:
        kind: code or secret scanning alerts; each kind has criteria of its own.
        template: the name of one of `alert_templates.TEMPLATES`.
        severities: as in `CodeAlert.severity`.
        cwes: numbers.
        rules: ids of rules, or patterns of them with `*`, as `repositories`, `exclude_repositories` and `paths` are.
        tool: the tool's whole name.
        languages: keys of `languages.LANGUAGES`.
        repositories: names without the organization.
        paths: files, or folders with all that is below them.
        assignees: logins, or `none` or `*` alone.
        providers: GitHub applies this one alone: an alert does not tell its provider.
        min_age_days: an alert of exactly so many days is old enough.
        max_age_days: an alert of exactly so many days is young enough.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: criteria.Kind = "code"
    template: Annotated[criteria.Template | None, _NullUnsaid] = None
    severities: criteria.Severities = Field(default_factory=list)
    cwes: criteria.Cwes = Field(default_factory=list)
    rules: criteria.Rules = Field(default_factory=list)
    tool: Annotated[criteria.Tool | None, _NullUnsaid] = None
    languages: criteria.Languages = Field(default_factory=list)
    repositories: criteria.Repositories = Field(default_factory=list)
    exclude_repositories: criteria.Repositories = Field(default_factory=list)
    paths: criteria.Paths = Field(default_factory=list)
    assignees: criteria.Assignees = Field(default_factory=list)
    providers: criteria.Providers = Field(default_factory=list)
    secret_types: criteria.SecretTypes = Field(default_factory=list)
    validity: criteria.Validity = Field(default_factory=list)
    publicly_leaked: Annotated[criteria.PubliclyLeaked | None, _NullUnsaid] = None
    min_age_days: Annotated[criteria.Days | None, _NullUnsaid] = None
    max_age_days: Annotated[criteria.Days | None, _NullUnsaid] = None

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if unknown := [unknown_argument(str(name), cls.model_fields) for name in given if name not in cls.model_fields]:
            raise ValueError(listed(unknown).removesuffix("."))
        left_out = {field for field in cls.model_fields if given.get(field, MISSING) in (None, MISSING)}
        return {field: value for field, value in given.items() if field not in left_out}

    @field_validator(*_CODE_ONLY, mode="before")
    @classmethod
    def _of_code_alerts(cls, value: _Value, info: ValidationInfo) -> _Value:
        if info.data.get("kind") == "secret":
            raise ValueError('is a criterion for code scanning alerts; leave it out, or leave out kind "secret"')
        return value

    @field_validator(*SECRET_ONLY, mode="before")
    @classmethod
    def _of_secret_alerts(cls, value: _Value, info: ValidationInfo) -> _Value:
        if info.data.get("kind") == "code":
            raise ValueError('is a criterion for secret scanning alerts; leave it out, or give kind "secret"')
        return value

    @field_validator("severities")  # not CWEs: an alert can have several, so no two of them exclude each other
    @classmethod
    def _within_template(cls, value: list[Any], info: ValidationInfo) -> list[Any]:
        name = info.data.get("template")
        allowed = _of_template(name, "severities")
        if allowed and not set(allowed) & set(value):
            raise ValueError(
                f"has nothing in common with the template {name}, and both must hold; "
                f"leave one out, or give some of the template's: {', '.join(allowed)}"
            )
        return value

    @field_validator("exclude_repositories")
    @classmethod
    def _leaving_some(cls, value: list[str], info: ValidationInfo) -> list[str]:
        excluded, included = matcher(value), info.data.get("repositories", [])
        if excluded(""):
            raise ValueError("leaves no repository; say which ones to leave out")
        forms = {one_form(pattern) for pattern in included}
        if any(one_form(pattern) in forms for pattern in value):
            raise ValueError("names what `repositories` names too; take it out of one of them")
        if included and all(excluded(pattern) for pattern in included):  # `*` in `pattern` is then any character too
            raise ValueError("leaves none of `repositories`; take out what covers them")
        return value

    @field_validator("max_age_days")
    @classmethod
    def _not_before_min_age(cls, value: int, info: ValidationInfo) -> int:
        least = info.data.get("min_age_days")
        if least is not None and value < least:
            raise ValueError(f"is less than `min_age_days`, so no alert can be both; give {least} or more")
        return value

    def query(self, now: datetime) -> AlertQuery:
        """Return what GitHub is asked for: no less than `select` would keep."""
        oldest_first, stop = self._order(floor(now.timestamp()))
        return AlertQuery(
            kind=self.kind,
            repositories=self._single_repositories(),
            passes=self._code_passes() if self.kind == "code" else (self._secret_pass(),),
            oldest_first=oldest_first,
            stop=stop,
        )

    def select(self, alerts: Iterable[AnyAlert], now: datetime) -> Filtered:
        """Return the alerts that meet every criterion; also those GitHub applied, since what it answers may hold more.

        Alerts of the other kind are passed over. Age is in whole days of 24 hours; the future counts as no age.
        """
        kind = CodeAlert if self.kind == "code" else SecretAlert
        return keep([alert for alert in alerts if isinstance(alert, kind)], self._criteria(floor(now.timestamp())))

    def canonical(self) -> dict[str, object]:
        """Return the criteria in a form in which filters that mean the same are equal. A filter can be made of it."""
        told = {field: _one_form(value) for field, value in self._given().items() if (field, value) != _NO_AGE}
        return ({} if self.kind == "code" else {"kind": self.kind}) | told

    def _given(self) -> dict[str, Any]:
        fields = {field: getattr(self, field) for field in type(self).model_fields if field != "kind"}
        return {field: value for field, value in fields.items() if value not in (None, [])}

    def _criteria(self, now: int) -> Iterator[Criterion]:
        for field in ("severities", "cwes"):
            if (allowed := _of_template(self.template, field)) and (found := criterion(field, allowed, now)):
                yield found._replace(name="template")
        for field, value in self._given().items():
            if found := criterion(field, value, now):
                yield found

    def _code_passes(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        sets = [allowed for allowed in (_of_template(self.template, "severities"), self.severities) if allowed]
        wanted = [severity for severity in _ASKED_SEVERITIES if sets and all(severity in allowed for allowed in sets)]
        # Several are not asked for: GitHub's documents leave open whether all of them must be assigned or one.
        assigned = _joined("assignees", self.assignees) if len({*map(str.lower, self.assignees)}) == 1 else ()
        # With none of them left out, one reading without the parameter does what seven would.
        if wanted == list(_ASKED_SEVERITIES):
            wanted = []
        return tuple((("severity", severity), *assigned) for severity in wanted) or (assigned,)

    def _secret_pass(self) -> tuple[tuple[str, str], ...]:
        return (
            *_joined("providers", self.providers),
            *_joined("secret_type", self.secret_types),
            *_joined("validity", self.validity),
            *((("is_publicly_leaked", "true"),) if self.publicly_leaked else ()),  # false is GitHub's word for either
        )

    def _single_repositories(self) -> tuple[str, ...]:
        excluded = matcher(self.exclude_repositories)
        names = {name.casefold(): name for name in self.repositories if not excluded(name)}
        if len(names) > MOST_SINGLE_REPOSITORIES or any("*" in name for name in self.repositories):
            return ()
        return tuple(names[folded] for folded in sorted(names))

    def _order(self, now: int) -> tuple[bool, int | None]:
        """Return whether the oldest come first, and where to stop; between two ages, the way that reads less."""
        least, most = self.min_age_days, self.max_age_days
        if most is not None and (not least or least + most < _USUAL_SPAN):
            return False, oldest_of_age(most, now)
        return (True, newest_of_age(least, now)) if least else (False, None)


def _of_template(name: str | None, field: str) -> Sequence[Any]:
    found: Sequence[Any] = getattr(TEMPLATES[name], field) if name else ()
    return found


def _one_form(value: Any) -> object:
    if isinstance(value, list):
        return sorted({one_form(item) if isinstance(item, str) else item for item in value})
    return value.casefold() if isinstance(value, str) else value


def _joined(parameter: str, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return ((parameter, ",".join(sorted({value.lower() for value in values}))),) if values else ()
