from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.alert_selection import TooManyAlerts, by_urgency, choose
from server.domain.alerts import SEVERITIES, VALIDITIES, AlertKind, AnyAlert, SecretAlert, urgency
from server.domain.checks import check_alerts
from server.domain.models import AlertPairs
from tests.domain.alert_samples import ALERTS, CODE, DAY, NOW, SECRET


def kind_of(alerts: list[AnyAlert]) -> AlertKind:
    return "secret" if alerts and isinstance(alerts[0], SecretAlert) else "code"


def code(*pairs: tuple[int, int], **fields: Any) -> list[AnyAlert]:
    return [CODE._replace(repository_id=repository, alert_number=number, **fields) for repository, number in pairs]


def test_the_pairs_are_ascending_and_each_repository_is_named_once() -> None:
    selection = choose("code", code((7, 10), (2, 5), (7, 9), (2, 30)))
    assert selection.pairs() == [
        AlertPairs(repository_id=2, alert_numbers=[5, 30]),
        AlertPairs(repository_id=7, alert_numbers=[9, 10]),
    ]
    assert selection.left_out == {}


@given(ALERTS.filter(bool), st.randoms())
def test_the_order_in_which_alerts_come_does_not_matter(alerts: list[AnyAlert], random: Any) -> None:
    selection = choose(kind_of(alerts), alerts)
    shuffled = [*alerts]
    random.shuffle(shuffled)
    assert choose(kind_of(alerts), shuffled) == selection
    assert check_alerts(selection.pairs())
    halves = [choose(kind_of(alerts), each, len(alerts) // 2, most_severe_first=True) for each in (alerts, shuffled)]
    assert halves[0] == halves[1]


def test_an_alert_that_comes_twice_is_chosen_once_and_as_it_came_first() -> None:
    selection = choose("code", [*code((1, 1)), *code((1, 1), severity="low")], 1)
    assert selection.alerts == tuple(code((1, 1)))


def test_of_nothing_nothing_is_chosen() -> None:
    selection = choose("code", [])
    assert (selection.pairs(), selection.by_severity) == ([], {})


def test_a_thousand_fit_and_one_more_is_refused_with_the_numbers() -> None:
    pairs = [(1, number) for number in range(1, 1002)]
    assert len(choose("code", code(*pairs[:1000])).alerts) == 1000
    with pytest.raises(TooManyAlerts) as refused:
        choose("code", code(*pairs))
    assert (refused.value.total, refused.value.limit) == (1001, 1000)


def test_when_asked_the_most_severe_are_chosen_and_of_equals_the_oldest() -> None:
    alerts = [
        *code((1, 1), severity="low", created_at=0),
        *code((1, 2), severity="critical", created_at=NOW),
        *code((1, 3), severity="high", created_at=NOW),
        *code((1, 4), severity="high", created_at=NOW - DAY),
        *code((2, 1), (1, 5), severity="error", created_at=0),
    ]
    order = [(1, 2), (1, 4), (1, 3), (1, 1), (1, 5), (2, 1)]
    for limit in range(7):
        selection = choose("code", alerts, limit, most_severe_first=True)
        assert [alert[:2] for alert in selection.alerts] == sorted(order[:limit])
        assert sum(selection.left_out.values()) == len(order) - limit
    assert [alert[:2] for alert in by_urgency(alerts)] == order


def test_of_secrets_active_ones_are_chosen_first_then_the_leaked_then_the_oldest() -> None:
    ways = [("active", True), ("active", False), ("unknown", True), ("unknown", False), ("inactive", True)]
    secrets: list[AnyAlert] = [
        SECRET._replace(alert_number=2 * place + later, validity=validity, publicly_leaked=leaked, created_at=later)
        for place, (validity, leaked) in enumerate(ways)
        for later in (0, 1)
    ]
    for limit in range(1, 11):
        chosen = choose("secret", reversed(secrets), limit, most_severe_first=True)
        assert [alert.alert_number for alert in chosen.alerts] == list(range(limit))


def test_a_value_github_adds_later_comes_last_and_breaks_nothing() -> None:
    secrets = [SECRET._replace(validity="odd"), SECRET._replace(alert_number=2, validity="inactive")]
    assert choose("secret", secrets, 1, most_severe_first=True).alerts == (secrets[1],)
    alerts = [*code((1, 1), severity="odd"), *code((1, 2), severity="none")]
    assert choose("code", alerts, 1, most_severe_first=True).alerts == (alerts[1],)


@given(ALERTS, st.integers(0, 40))
def test_nothing_left_out_is_more_severe_than_what_is_kept(alerts: list[AnyAlert], limit: int) -> None:
    selection = choose(kind_of(alerts), alerts, limit, most_severe_first=True)
    assert len(selection.alerts) == min(limit, len(alerts))
    assert sum(selection.left_out.values()) == len(alerts) - len(selection.alerts)
    ranked = SEVERITIES if kind_of(alerts) == "code" else VALIDITIES
    left = [ranked.index(name) for name in selection.left_out]
    assert left == sorted(left)
    assert not selection.alerts or not left or max(map(urgency, selection.alerts)) <= min(left)


def test_what_is_chosen_and_what_is_left_out_are_counted_by_severity_and_repository() -> None:
    alerts = [*code((1, 1), (1, 2)), *code((2, 1), (2, 2), (2, 3), severity="low", repository="api")]
    selection = choose("code", alerts, 3, most_severe_first=True)
    assert selection.by_severity == {"critical": 2, "low": 1}
    assert selection.by_repository == {"payments-web": 2, "api": 1}
    assert selection.left_out == {"low": 2}
