"""Alerts and filters: one of each by hand, and strategies for any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from server.domain.alert_filter import AlertFilter
from server.domain.alerts import SEVERITIES, AnyAlert, CodeAlert, SecretAlert
from tests.domain.samples import NOON

DAY = 86_400
NOW = int(NOON.timestamp())

CODE = CodeAlert(
    repository_id=1,
    alert_number=1,
    repository="payments-web",
    severity="critical",
    rule="js/xss",
    cwes=(79, 116),
    tool="CodeQL",
    language="javascript-typescript",
    path="src/legacy/a.js",
    created_at=NOW - 100 * DAY,
    assignees=("mona",),
)
SECRET = SecretAlert(
    repository_id=1,
    alert_number=1,
    repository="payments-web",
    secret_type="adafruit_io_key",
    validity="active",
    publicly_leaked=True,
    created_at=NOW - 100 * DAY,
)

REPOSITORIES = {1: "payments-web", 2: "payments-api", 3: "Search", 4: "docs.site"}
RULES = ("js/xss", "JS/XSS", "js/sql-injection", "py/log*", "", " spaced ", "a\u200bb", "r" * 201)
PATHS = ("src/legacy/a.js", "src/legacyish.js", "Src/Legacy", "b.py", "")
_AGES = st.integers(-3 * DAY, 2000 * DAY) | st.sampled_from([30 * DAY, 31 * DAY, 90 * DAY, 90 * DAY + 1, 91 * DAY])
_REPOSITORY_IDS = st.sampled_from(sorted(REPOSITORIES))


@st.composite
def code_alerts(draw: st.DrawFn) -> CodeAlert:
    repository_id = draw(_REPOSITORY_IDS)
    return CodeAlert(
        repository_id=repository_id,
        alert_number=draw(st.integers(1, 10**6)),
        repository=REPOSITORIES[repository_id],
        severity=draw(st.sampled_from(SEVERITIES)),
        rule=draw(st.sampled_from(RULES)),
        cwes=draw(st.sampled_from([(), (79,), (79, 116), (89,), (20, 79, 89)])),
        tool=draw(st.sampled_from(["CodeQL", "codeql", "Semgrep", ""])),
        language=draw(st.sampled_from(["python", "javascript-typescript", ""])),
        path=draw(st.sampled_from(PATHS)),
        created_at=NOW - draw(_AGES),
        assignees=draw(st.sampled_from([(), ("mona",), ("Mona", "hubot")])),
    )


@st.composite
def secret_alerts(draw: st.DrawFn) -> SecretAlert:
    repository_id = draw(_REPOSITORY_IDS)
    return SecretAlert(
        repository_id=repository_id,
        alert_number=draw(st.integers(1, 10**6)),
        repository=REPOSITORIES[repository_id],
        secret_type=draw(st.sampled_from(["adafruit_io_key", "aws_access_key_id", "password", ""])),
        validity=draw(st.sampled_from(["active", "inactive", "unknown"])),
        publicly_leaked=draw(st.booleans()),
        created_at=NOW - draw(_AGES),
    )


def _same(alert: AnyAlert) -> tuple[int, int]:
    return alert.repository_id, alert.alert_number


ALERTS: st.SearchStrategy[list[AnyAlert]] = st.one_of(
    st.lists(code_alerts(), max_size=40, unique_by=_same), st.lists(secret_alerts(), max_size=40, unique_by=_same)
)


def _some(*values: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3)


_EITHER: dict[str, st.SearchStrategy[Any]] = {
    "repositories": _some("payments-*", "search", "Payments-Web", "*.site", "*"),
    "exclude_repositories": _some("payments-api", "*arc*", "docs.site"),
    "min_age_days": st.sampled_from([0, 1, 30, 90, 91]),
    "max_age_days": st.sampled_from([0, 30, 90, 800, 1500]),
}
_CODE = _EITHER | {
    "template": st.sampled_from(["cross-site-scripting", "all-critical"]),
    "severities": _some("critical", "HIGH", "medium", "low", "error", "warning", "note"),
    "cwes": _some(79, "CWE-089", "cwe-116", "20"),
    "rules": _some("js/*", "JS/xss", "*sql*", "**"),
    "tool": st.sampled_from(["codeql", "SEMGREP"]),
    "languages": _some("py", "JavaScript", "python"),
    "paths": _some("src/legacy", "*.JS", "b.py", "/src/"),
    "assignees": _some("mona", "Hubot") | st.sampled_from([["none"], ["*"]]),
}
_SECRET = _EITHER | {
    "kind": st.just("secret"),
    "providers": _some("adafruit", "amazon_aws"),
    "secret_types": _some("adafruit_io_key", "PASSWORD"),
    "validity": _some("active", "inactive", "unknown"),
    "publicly_leaked": st.booleans(),
}


def _accepted(given: dict[str, Any]) -> bool:
    try:
        AlertFilter.model_validate(given)
    except ValidationError:
        return False  # a contradiction, such as two ages
    return True


CODE_CRITERIA = st.fixed_dictionaries({}, optional=_CODE).filter(_accepted)
SECRET_CRITERIA = st.fixed_dictionaries({"kind": _SECRET.pop("kind")}, optional=_SECRET).filter(_accepted)
CRITERIA = CODE_CRITERIA | SECRET_CRITERIA
"""The arguments of any filter that is accepted."""
