"""Checks the bodies that create and change campaigns, in the two ways GitHub says 422.

A body that does not fit the OpenAPI schema gets "Invalid request." with the problems in the message; one that fits but
breaks a rule of the product gets "Validation Failed" with `errors`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from server.sandbox.answers import JsonObject, invalid_request, validation_failed
from server.sandbox.world import Organization

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)

Check = Callable[[object], str | None]


def _text(least: int, most: int) -> Check:
    def check(value: object) -> str | None:
        if not isinstance(value, str):
            return "is not a string"
        return None if least <= len(value) <= most else f"must have {least} to {most} characters, not {len(value)}"

    return check


def _names(value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return "is not an array of strings"
    return None if len(value) <= 10 else f"takes at most 10 items; {len(value)} were supplied"


def _date_time(value: object) -> str | None:
    return None if parse_time(value) else "is not a date-time"


def _uri(value: object) -> str | None:
    return None if value is None or isinstance(value, str) else "is not a string"


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "is not a boolean"


def _state(value: object) -> str | None:
    return None if isinstance(value, str) and value in {"open", "closed"} else "is not one of open, closed"


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _alert_items(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        return "is not an array with at least one item"
    for item in value:
        if not isinstance(item, dict) or set(item) != {"repository_id", "alert_numbers"}:
            return "takes items of repository_id and alert_numbers, nothing else"
        numbers = item["alert_numbers"]
        if not _is_integer(item["repository_id"]) or not isinstance(numbers, list) or not numbers:
            return "needs an integer repository_id and at least one of alert_numbers"
        if not all(_is_integer(number) for number in numbers):
            return "takes integers as alert_numbers"
    return None


_SHARED: Mapping[str, Check] = {
    "name": _text(1, 50),
    "description": _text(1, 255),
    "managers": _names,
    "team_managers": _names,
    "ends_at": _date_time,
    "contact_link": _uri,
}
CREATE_FIELDS: Mapping[str, Check] = {**_SHARED, "code_scanning_alerts": _alert_items, "generate_issues": _boolean}
SECRET_CREATE_FIELDS: Mapping[str, Check] = {
    **_SHARED,
    "secret_scanning_alerts": _alert_items,
    "generate_issues": _boolean,
}
UPDATE_FIELDS: Mapping[str, Check] = {**_SHARED, "state": _state}
# The schema's own `required` leaves the alerts out and asks for them, or for secret scanning alerts, in a `oneOf`;
# since it gives secret scanning alerts no property, nothing but these four can be satisfied.
CREATE_REQUIRED = ("name", "description", "ends_at", "code_scanning_alerts")
SECRET_CREATE_REQUIRED = ("name", "description", "ends_at", "secret_scanning_alerts")


def check_shape(body: JsonObject, fields: Mapping[str, Check], required: tuple[str, ...], docs: str) -> None:
    """Hold a body against the schema.

    Raises:
        Refused: 422 in the "Invalid request." form, with every problem.
    """
    problems = [f'"{name}" wasn\'t supplied.' for name in required if name not in body]
    for name, value in body.items():
        if name not in fields:
            problems.append(f'"{name}" is not a permitted key.')
        elif problem := fields[name](value):
            problems.append(f"For 'properties/{name}', the value {problem}.")
    if problems:
        raise invalid_request(problems, docs)


def parse_time(value: object) -> datetime | None:
    """An RFC 3339 time with its zone, or None for anything else."""
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def check_rules(body: JsonObject, organization: Organization, now: datetime, docs: str) -> None:
    """Hold a body that fits the schema against the rules that the schema cannot say.

    The end lies in the future; managers are owners or security managers, team managers are teams with that role; the
    contact link is an http or https address; issues are for code scanning alerts only (product documentation).

    Raises:
        Refused: 422 in the "Validation Failed" form.
    """
    ends_at = parse_time(body.get("ends_at"))
    if ends_at is not None and ends_at <= now:
        raise validation_failed("Campaign", "ends_at", "ends_at must be in the future", docs)
    for login in canonical_managers(body.get("managers", []), organization):
        if not organization.may_manage(login):
            message = f"managers must be organization owners or security managers: {login}"
            raise validation_failed("Campaign", "managers", message, docs)
    for slug in body.get("team_managers", []):
        team = organization.teams.get(slug.lower())
        if team is None or not team.security_manager:
            message = f"team_managers must have the security manager role: {slug}"
            raise validation_failed("Campaign", "team_managers", message, docs)
    if "secret_scanning_alerts" in body and body.get("generate_issues"):
        message = "campaigns of secret scanning alerts have no issues"
        raise validation_failed("Campaign", "generate_issues", message, docs)
    if not _is_web_address(body.get("contact_link")):
        raise validation_failed("Campaign", "contact_link", "contact_link must be an http or https URI", docs)


def canonical_managers(logins: list[str], organization: Organization) -> list[str]:
    """Logins as their owners write them, each once; an unknown one stays as it is."""
    known = {login.lower(): login for login in organization.members}
    return list(dict.fromkeys(known.get(login.lower(), login) for login in logins))


def _is_web_address(link: str | None) -> bool:
    if link is None:
        return True
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", link)
