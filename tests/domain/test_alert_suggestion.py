from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.alert_filter import AlertFilter
from server.domain.alert_suggestion import Suggestion, suggest
from server.domain.alerts import AnyAlert, CodeAlert
from tests.domain.alert_samples import ALERTS, CODE, CRITERIA, DAY, NOW, SECRET
from tests.domain.samples import NOON


def code(number: int, **fields: Any) -> list[AnyAlert]:
    return [CODE._replace(alert_number=position, **fields) for position in range(number)]


@given(ALERTS, st.integers(1, 30))
def test_what_is_suggested_leaves_exactly_so_many_and_they_fit(alerts: list[AnyAlert], limit: int) -> None:
    found = suggest(alerts, NOON, limit)
    if len(alerts) <= limit:
        assert found is None
    elif found is not None:
        kind = "code" if isinstance(alerts[0], CodeAlert) else "secret"
        left = AlertFilter.model_validate({"kind": kind, **found.add}).select(alerts, NOON).alerts
        assert len(left) == found.alerts
        assert 0 < found.alerts <= limit
        assert len(found.add) == 1


@given(ALERTS, CRITERIA, st.integers(1, 5))
def test_what_is_suggested_fits_the_filter_that_was_given(
    alerts: list[AnyAlert], criteria: dict[str, Any], limit: int
) -> None:
    chosen = AlertFilter.model_validate(criteria)
    selected = chosen.select(alerts, NOON).alerts
    found = suggest(selected, NOON, limit, given=chosen)
    if found is None:
        return
    narrower = AlertFilter.model_validate({**chosen.model_dump(exclude_defaults=True), **found.add})
    assert len(narrower.select(alerts, NOON).alerts) == found.alerts  # of all alerts, not only of the selected


def by_repository(*sizes: int, **fields: Any) -> list[AnyAlert]:
    plain = {"created_at": NOW, "rule": "js/xss", "cwes": (), "severity": "high", **fields}
    return [
        alert
        for place, size in enumerate(sizes)
        for alert in code(size, **{**plain, "repository_id": place, "repository": f"r{place}"})
    ]


@pytest.mark.parametrize(
    ("alerts", "add", "left"),
    [
        ([*code(4), *code(4, severity="high"), *code(4, severity="low")], {"severities": ["critical", "high"]}, 8),
        ([*code(5), *code(9, severity="low", created_at=NOW)], {"severities": ["critical"]}, 5),
        # One that leaves all critical alerts is preferred to one that leaves more alerts.
        ([*code(4, created_at=NOW), *code(10, severity="low")], {"severities": ["critical"]}, 4),
        # When there are too many critical ones, what leaves most of them.
        ([*code(9), *code(5, created_at=NOW), *code(4, severity="low", created_at=NOW)], {"min_age_days": 90}, 9),
        ([*by_repository(8, 4, severity="critical"), *code(9, severity="low")], {"repositories": ["r0"]}, 8),
        # A rule that is merely frequent does not count against one that is severe.
        (
            [
                *by_repository(3, 3, 3, 3, severity="critical", cwes=(89,)),
                *by_repository(4, severity="critical", rule="go/ssrf", cwes=(918,)),
                *by_repository(10, severity="note", rule="lint"),
            ],
            {"cwes": ["918"]},
            4,
        ),
        # Of equals the first: age, CWE, rule, repository, language, tool.
        ([*code(9, created_at=NOW - 800 * DAY), *code(9)], {"min_age_days": 180}, 9),
        ([*code(9, created_at=NOW - 800 * DAY), *code(9, created_at=NOW - 700 * DAY)], {"min_age_days": 730}, 9),
        ([*by_repository(7, cwes=(89,)), *by_repository(8, rule="a")], {"rules": ["a"]}, 8),
        ([*by_repository(7, cwes=(20, 89)), *by_repository(7, rule="a")], {"cwes": ["20"]}, 7),
        (by_repository(6, 9, 6), {"repositories": ["r1"]}, 9),
        ([*by_repository(6, language="python"), *by_repository(12)], {"languages": ["python"]}, 6),
        ([*by_repository(6, tool="Semgrep"), *by_repository(12)], {"tool": "Semgrep"}, 6),
        (by_repository(30), None, None),
        (by_repository(10), None, None),
        # What a filter could not name, or would take for a pattern, is not suggested.
        ([*by_repository(9, rule="js/*"), *by_repository(12)], None, None),
        ([*by_repository(9, rule="r" * 201), *by_repository(9, rule="")], None, None),
        ([*by_repository(9, rule=" a "), *by_repository(12)], None, None),
        ([*by_repository(12, severity="none"), *by_repository(11, severity="none")], None, None),
        # Upper and lower case are one to a filter.
        ([*by_repository(9, rule="A"), *by_repository(9, rule="a")], None, None),
    ],
)
def test_the_criterion_that_leaves_the_most_urgent_alerts_is_suggested(
    alerts: list[AnyAlert], add: dict[str, Any] | None, left: int | None
) -> None:
    found = suggest(alerts, NOON, 10)
    assert found == (Suggestion(add=add, alerts=left) if add is not None and left is not None else None)


def secrets(number: int, **fields: Any) -> list[AnyAlert]:
    plain = {"created_at": NOW, "publicly_leaked": False, "validity": "unknown", **fields}
    return [SECRET._replace(alert_number=position, **plain) for position in range(number)]


@pytest.mark.parametrize(
    ("alerts", "add", "left"),
    [
        ([*secrets(5, validity="active"), *secrets(9)], {"validity": ["active"]}, 5),
        ([*secrets(5), *secrets(9, validity="inactive")], {"validity": ["unknown"]}, 5),
        ([*secrets(9, secret_type="a"), *secrets(11)], {"secret_types": ["a"]}, 9),
        ([*secrets(9, publicly_leaked=True), *secrets(11)], {"publicly_leaked": True}, 9),
        ([*secrets(9, created_at=NOW - 90 * DAY), *secrets(11)], {"min_age_days": 90}, 9),
    ],
)
def test_for_secrets_validity_is_what_severity_is_for_code(
    alerts: list[AnyAlert], add: dict[str, Any], left: int
) -> None:
    assert suggest(alerts, NOON, 10) == Suggestion(add=add, alerts=left)


def test_a_cwe_that_the_filter_did_not_have_is_not_suggested() -> None:
    alerts = [*by_repository(9, cwes=(79, 116)), *by_repository(9, cwes=(79,))]
    assert suggest(alerts, NOON, 10) == Suggestion(add={"cwes": ["116"]}, alerts=9)
    assert suggest(alerts, NOON, 10, given=AlertFilter(cwes=[79])) is None  # alerts with 116 alone would come in
    within = AlertFilter(template="cross-site-scripting")  # which holds together with the suggested one
    assert suggest(alerts, NOON, 10, given=within) == Suggestion(add={"cwes": ["116"]}, alerts=9)
