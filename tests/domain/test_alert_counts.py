from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.alert_counts import count
from server.domain.alerts import SEVERITIES, AnyAlert, CodeAlert
from tests.domain.alert_samples import ALERTS, CODE, DAY, NOW, SECRET
from tests.domain.samples import NOON


def code(number: int, **fields: Any) -> list[AnyAlert]:
    return [CODE._replace(alert_number=position, **fields) for position in range(number)]


def told(alerts: list[AnyAlert], top: int = 5) -> dict[str, Any]:
    return count(alerts, NOON, top=top).model_dump(exclude_none=True)


@given(ALERTS, st.integers(1, 6))
def test_the_counts_of_each_kind_add_up_to_the_total(alerts: list[AnyAlert], top: int) -> None:
    counts = told(alerts, top)
    assert counts["total"] == len(alerts)
    by: dict[str, Mapping[str, int]] = {key: value for key, value in counts.items() if key.startswith("by_")}
    for key, found in by.items():
        assert all(number > 0 for number in found.values())
        if key == "by_cwe":
            assert sum(found.values()) == sum(len(alert.cwes) for alert in alerts if isinstance(alert, CodeAlert))
        else:
            assert sum(found.values()) == len(alerts)
        if key not in ("by_severity", "by_validity", "by_age"):
            first = [number for name, number in found.items() if not name.endswith(" more")]
            assert first == sorted(first, reverse=True)
            assert len(first) <= top


def test_code_scanning_alerts_are_counted_by_what_a_campaign_is_made_by() -> None:
    alerts = [
        *code(2),
        *code(3, repository_id=2, repository="api", severity="note", rule="py/a", cwes=(79,), created_at=NOW),
        *code(1, repository_id=3, repository="web", severity="high", rule="", cwes=(), created_at=NOW - 400 * DAY),
    ]
    assert told(alerts) == {
        "total": 6,
        "repositories": 3,
        "by_severity": {"critical": 2, "high": 1, "note": 3},
        "by_cwe": {"CWE-79": 5, "CWE-116": 2},
        "by_rule": {"py/a": 3, "js/xss": 2, "(no rule id)": 1},
        "by_repository": {"api": 3, "payments-web": 2, "web": 1},
        "by_age": {"0-30": 3, "91-180": 2, "366+": 1},
    }


def test_secrets_are_counted_by_type_validity_and_whether_they_leaked() -> None:
    alerts = [SECRET, SECRET._replace(alert_number=2, validity="unknown", publicly_leaked=False, secret_type="")]
    assert told([*alerts]) == {
        "total": 2,
        "repositories": 1,
        "by_type": {"(no type)": 1, "adafruit_io_key": 1},
        "by_validity": {"active": 1, "unknown": 1},
        "publicly_leaked": 1,
        "by_repository": {"payments-web": 2},
        "by_age": {"91-180": 2},
    }


def test_of_nothing_there_is_nothing_to_count() -> None:
    assert told([]) == {"total": 0, "repositories": 0}


def test_the_first_are_named_and_the_others_summed() -> None:
    alerts = [alert for number, rule in enumerate("dcbaefg", 1) for alert in code(number, rule=rule)]
    assert told(alerts, top=3)["by_rule"] == {"g": 7, "f": 6, "e": 5, "4 more": 10}
    assert list(told([*code(2, rule="b"), *code(2, rule="a")])["by_rule"]) == ["a", "b"]  # ties by name


def test_a_rule_called_as_the_others_are_keeps_the_sum_right() -> None:
    alerts = [*code(3, rule="2 more"), *code(1, rule="a"), *code(1, rule="b")]
    assert told(alerts, top=1)["by_rule"] == {"2 more": 5}


def test_severities_come_the_worst_first_and_none_is_summed_away() -> None:
    alerts = [alert for severity in reversed(SEVERITIES) for alert in code(1, severity=severity)]
    assert list(told([*alerts, *code(1, severity="odd")], top=1)["by_severity"]) == [*SEVERITIES, "odd"]


@pytest.mark.parametrize(
    ("days", "band"),
    [
        *((days, "0-30") for days in (-5, 0, 30)),
        *((days, "31-90") for days in (31, 90)),
        *((days, "91-180") for days in (91, 180)),
        *((days, "181-365") for days in (181, 365)),
        *((days, "366+") for days in (366, 9999)),
    ],
)
def test_an_age_falls_into_one_band(days: int, band: str) -> None:
    assert told(code(1, created_at=NOW - days * DAY))["by_age"] == {band: 1}
    assert told(code(1, created_at=NOW - (days + 1) * DAY + 1))["by_age"] == {band: 1}  # its last second


def test_bands_come_the_youngest_first() -> None:
    alerts = [alert for days in (999, 200, 100, 50, 1) for alert in code(days, created_at=NOW - days * DAY)]
    assert list(told(alerts)["by_age"]) == ["0-30", "31-90", "91-180", "181-365", "366+"]


def test_names_that_others_wrote_are_cleaned_and_those_that_become_equal_are_summed() -> None:
    alerts = [*code(2, rule="a\u202eb"), *code(1, rule="ab"), *code(1, rule="\u200b"), *code(1, rule="x" * 300)]
    assert told(alerts)["by_rule"] == {"ab": 3, "(no rule id)": 1, "x" * 59 + "…": 1}
    assert list(told(code(1, repository="a\nb"))["by_repository"]) == ["a b"]
