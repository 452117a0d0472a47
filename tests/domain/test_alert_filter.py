from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import MISSING, ValidationError

from server.domain import alert_templates
from server.domain.alert_filter import AlertFilter
from server.domain.alert_matching import Criterion, keep
from server.domain.alert_templates import TEMPLATES, AlertTemplate
from server.domain.alerts import AlertQuery, AnyAlert
from server.domain.explain import explain
from tests.domain.alert_samples import ALERTS, CODE, CRITERIA, DAY, NOW, SECRET
from tests.domain.samples import NOON

TOKEN = "ghp_" + "s3cR" * 9


def kept(alert: AnyAlert, criteria: dict[str, Any]) -> bool:
    return AlertFilter.model_validate(criteria).select([alert], NOON).alerts == [alert]


@pytest.mark.parametrize(
    ("criteria", "meeting", "missing"),
    [
        ({"template": "all-critical"}, {"severity": "critical"}, {"severity": "high"}),
        ({"template": "cross-site-scripting"}, {"cwes": (20, 79)}, {"cwes": (89,)}),
        ({"severities": ["High", "low"]}, {"severity": "high"}, {"severity": "none"}),
        ({"cwes": [79, "cwe-089"]}, {"cwes": (20, 89)}, {"cwes": ()}),
        ({"rules": ["JS/XSS"]}, {"rule": "js/xss"}, {"rule": "js/xss-more"}),
        ({"rules": ["js/*"]}, {"rule": "js/"}, {"rule": "cs/js/"}),
        ({"rules": ["*x*x*"]}, {"rule": "xx"}, {"rule": "x"}),
        ({"rules": ["a*a"]}, {"rule": "aa"}, {"rule": "a"}),
        ({"rules": ["*ab*b"]}, {"rule": "abb"}, {"rule": "ab"}),
        ({"rules": ["a[bc]?"]}, {"rule": "A[BC]?"}, {"rule": "abc"}),
        ({"rules": ["a*b*c"]}, {"rule": "a-b-b-c"}, {"rule": "a-c-b"}),
        ({"tool": " codeql "}, {"tool": "CodeQL"}, {"tool": "CodeQL 2"}),
        ({"tool": "Code*"}, {"tool": "code*"}, {"tool": "CodeQL"}),
        ({"languages": ["py", "go"]}, {"language": "python"}, {"language": ""}),
        ({"repositories": ["payments-*", "docs"]}, {"repository": "Payments-X"}, {"repository": "docs-2"}),
        ({"exclude_repositories": ["payments-*"]}, {"repository": "payments"}, {"repository": "payments-web"}),
        ({"paths": ["src/legacy"]}, {"path": "SRC/legacy/a/b.py"}, {"path": "src/legacy.py"}),
        ({"paths": ["./src/a.py"]}, {"path": "src/a.py"}, {"path": "lib/src/a.py"}),
        ({"paths": ["/src/**/test_*.py"]}, {"path": "src/a/b/test_c.py"}, {"path": "src/a/c.py"}),
        ({"paths": ["src/*"]}, {"path": "src/a/b.py"}, {"path": ""}),
        ({"assignees": ["none"]}, {"assignees": ()}, {"assignees": ("mona",)}),
        ({"assignees": ["*"]}, {"assignees": ("mona",)}, {"assignees": ()}),
        ({"assignees": ["Mona", "x"]}, {"assignees": ("hubot", "mona")}, {"assignees": ("hubot",)}),
        ({"min_age_days": 90}, {"created_at": NOW - 90 * DAY}, {"created_at": NOW - 90 * DAY + 1}),
        ({"max_age_days": 30}, {"created_at": NOW - 31 * DAY + 1}, {"created_at": NOW - 31 * DAY}),
        ({"max_age_days": 0}, {"created_at": NOW + DAY}, {"created_at": NOW - DAY}),
        ({"min_age_days": 1}, {"created_at": NOW - DAY}, {"created_at": NOW + DAY}),
    ],
)
def test_each_criterion_keeps_what_meets_it_and_nothing_else(
    criteria: dict[str, Any], meeting: dict[str, Any], missing: dict[str, Any]
) -> None:
    assert kept(CODE._replace(**meeting), criteria)
    assert not kept(CODE._replace(**missing), criteria)


@pytest.mark.parametrize(
    ("criteria", "meeting", "missing"),
    [
        ({"secret_types": ["ADAFRUIT_io_key"]}, {}, {"secret_type": "adafruit_io"}),
        ({"validity": ["active", "unknown"]}, {"validity": "unknown"}, {"validity": "inactive"}),
        ({"publicly_leaked": True}, {}, {"publicly_leaked": False}),
        ({"publicly_leaked": False}, {"publicly_leaked": False}, {}),
        ({"repositories": ["payments-*"]}, {}, {"repository": "search"}),
        ({"min_age_days": 100}, {}, {"created_at": NOW}),
    ],
)
def test_secrets_have_criteria_of_their_own(
    criteria: dict[str, Any], meeting: dict[str, Any], missing: dict[str, Any]
) -> None:
    assert kept(SECRET._replace(**meeting), {"kind": "secret", **criteria})
    assert not kept(SECRET._replace(**missing), {"kind": "secret", **criteria})


def test_age_is_counted_in_whole_days_also_within_a_second() -> None:
    half_a_second_later = NOON + timedelta(microseconds=500_000)
    aged = AlertFilter(min_age_days=90)
    assert aged.select([CODE._replace(created_at=NOW - 90 * DAY)], half_a_second_later).alerts
    assert not aged.select([CODE._replace(created_at=NOW - 90 * DAY + 1)], half_a_second_later).alerts


def test_every_age_is_at_least_nothing_also_that_of_an_alert_from_the_future() -> None:
    assert kept(CODE._replace(created_at=NOW + 5), {"min_age_days": 0, "max_age_days": 0})


def test_alerts_of_the_other_kind_are_passed_over() -> None:
    assert AlertFilter().select([CODE, SECRET], NOON).alerts == [CODE]
    assert AlertFilter(kind="secret").select([CODE, SECRET], NOON).alerts == [SECRET]
    assert AlertFilter(kind="secret").select([CODE], NOON) == ([], None, 0)


def test_a_template_and_the_given_criteria_must_both_hold() -> None:
    criteria = {"template": "cross-site-scripting", "cwes": [79, 20], "severities": ["high"]}
    assert kept(CODE._replace(cwes=(79,), severity="high"), criteria)
    assert not kept(CODE._replace(cwes=(20,), severity="high"), criteria)  # the template alone does not hold
    assert not kept(CODE._replace(cwes=(80,), severity="high"), criteria)  # the given CWEs alone do not
    assert not kept(CODE._replace(cwes=(79,), severity="low"), criteria)


@pytest.mark.parametrize(
    ("criteria", "emptied_by", "before"),
    [
        ({"template": "sql-injection", "cwes": [89]}, "template", 3),
        ({"severities": ["high"], "rules": ["x"]}, "rules", 2),
        ({"severities": ["low"], "rules": ["x"]}, "severities", 3),
        ({"min_age_days": 100, "max_age_days": 100, "severities": ["critical"], "assignees": ["x"]}, "assignees", 1),
        ({"min_age_days": 101}, "min_age_days", 3),
        ({"max_age_days": 99, "exclude_repositories": ["search"]}, "max_age_days", 3),
        ({"exclude_repositories": ["payments-*"]}, "exclude_repositories", 3),
        ({"severities": ["high"]}, None, 0),
    ],
)
def test_when_nothing_is_left_the_criterion_that_removed_the_last_ones_is_named(
    criteria: dict[str, Any], emptied_by: str | None, before: int
) -> None:
    alerts = [CODE, CODE._replace(severity="high", rule="a"), CODE._replace(severity="high", rule="b")]
    filtered = AlertFilter.model_validate(criteria).select(alerts, NOON)
    assert (filtered.emptied_by, filtered.before) == (emptied_by, before)
    assert (filtered.alerts == []) == (emptied_by is not None)


def test_where_there_was_nothing_no_criterion_is_blamed() -> None:
    assert AlertFilter(severities=["low"]).select([], NOON) == ([], None, 0)


@given(ALERTS, CRITERIA)
def test_selecting_again_changes_nothing(alerts: list[AnyAlert], criteria: dict[str, Any]) -> None:
    chosen = AlertFilter.model_validate(criteria)
    once = chosen.select(alerts, NOON).alerts
    assert chosen.select(once, NOON).alerts == once
    assert [alert for alert in alerts if alert in once] == once


@given(ALERTS, CRITERIA, st.randoms())
def test_criteria_one_by_one_in_any_order_leave_the_same(
    alerts: list[AnyAlert], criteria: dict[str, Any], random: Any
) -> None:
    kind = {"kind": criteria.get("kind", "code")}
    one_by_one = [field for field in criteria if field != "kind"]
    random.shuffle(one_by_one)
    left = AlertFilter.model_validate(kind).select(alerts, NOON).alerts
    for field in one_by_one:
        left = AlertFilter.model_validate({**kind, field: criteria[field]}).select(left, NOON).alerts
    assert left == AlertFilter.model_validate(criteria).select(alerts, NOON).alerts


def rewritten(value: Any, random: Any) -> Any:
    """The same value as another person would write it."""
    if not isinstance(value, list):
        return value.upper() if value in ("codeql", "SEMGREP") else value
    items = [item.upper() if isinstance(item, str) and random.random() < 0.5 else item for item in value]
    items = [item.replace("*", "**") if isinstance(item, str) and len(item) > 1 else item for item in items]
    items = value if value in (["none"], ["*"]) else [*items, items[0]]
    random.shuffle(items)
    return items


@given(ALERTS, CRITERIA, st.randoms())
def test_filters_that_differ_in_order_case_and_repetition_only_are_one(
    alerts: list[AnyAlert], criteria: dict[str, Any], random: Any
) -> None:
    chosen = AlertFilter.model_validate(criteria)
    other = AlertFilter.model_validate({field: rewritten(value, random) for field, value in criteria.items()})
    assert other.canonical() == chosen.canonical()
    assert other.select(alerts, NOON) == chosen.select(alerts, NOON)
    assert other.query(NOON).passes == chosen.query(NOON).passes


@given(ALERTS, CRITERIA, CRITERIA)
def test_filters_with_one_canonical_form_select_the_same(
    alerts: list[AnyAlert], criteria: dict[str, Any], others: dict[str, Any]
) -> None:
    chosen, other = AlertFilter.model_validate(criteria), AlertFilter.model_validate(others)
    again = AlertFilter.model_validate(chosen.canonical())
    assert again.canonical() == chosen.canonical()
    assert again.select(alerts, NOON) == chosen.select(alerts, NOON)
    if other.canonical() == chosen.canonical():
        assert other.select(alerts, NOON).alerts == chosen.select(alerts, NOON).alerts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"kind": "secret"}),
        ({"min_age_days": 1}, {"max_age_days": 1}),
        ({"repositories": ["a"]}, {"exclude_repositories": ["a"]}),
        ({"tool": "a*"}, {"tool": "a**"}),
        ({"kind": "secret"}, {"kind": "secret", "publicly_leaked": False}),
        ({}, {"max_age_days": 0}),
        ({"paths": ["a"]}, {"paths": ["a*"]}),
    ],
)
def test_filters_that_mean_something_else_have_another_form(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert AlertFilter.model_validate(one).canonical() != AlertFilter.model_validate(other).canonical()


def test_what_is_left_out_is_not_part_of_the_form() -> None:
    nulls = dict.fromkeys(AlertFilter.model_fields)
    missing = dict.fromkeys(AlertFilter.model_fields, MISSING)
    for given_ in ({}, nulls, missing, {"min_age_days": 0}, {"kind": "code"}):
        assert AlertFilter.model_validate(given_).canonical() == {}


FULL: dict[str, Any] = {
    "template": "cross-site-scripting",
    "severities": ["high", "critical"],
    "cwes": [116, "cwe-079"],
    "rules": ["js/*", 'a" b'],
    "tool": "CodeQL",
    "languages": ["ts"],
    "repositories": ["payments-*"],
    "exclude_repositories": ["payments-old"],
    "paths": ["src/legacy/"],
    "assignees": ["mona", "hubot"],
    "min_age_days": 90,
    "max_age_days": 900,
}


def test_the_schema_is_plain_and_says_nothing_of_null() -> None:
    properties = AlertFilter.model_json_schema()["properties"]
    assert properties["cwes"] == {"items": {"type": "string"}, "title": "Cwes", "type": "array"}
    assert properties["min_age_days"]["type"] == "integer"
    assert properties["template"]["enum"] == list(TEMPLATES)
    assert not [name for name, schema in properties.items() if "anyOf" in schema]


@pytest.fixture
def a_template_for_severities(monkeypatch: pytest.MonkeyPatch) -> None:
    template = AlertTemplate("all-critical", "t", "p", severities=("high", "critical"))
    monkeypatch.setitem(alert_templates.TEMPLATES, "all-critical", template)


CODE_PASSES: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    ({}, ((),)),
    ({"severities": ["high", "critical", "high"]}, ((("severity", "critical"),), (("severity", "high"),))),
    ({"template": "all-critical"}, ((("severity", "critical"),), (("severity", "high"),))),
    ({"template": "all-critical", "severities": ["high", "low"]}, ((("severity", "high"),),)),
    ({"severities": ["critical", "high", "medium", "low", "error", "warning", "note"]}, ((),)),
    ({"assignees": ["none"]}, ((("assignees", "none"),),)),
    ({"assignees": ["*"], "severities": ["low"]}, ((("severity", "low"), ("assignees", "*")),)),
    ({"assignees": ["Mona"]}, ((("assignees", "mona"),),)),
    ({"assignees": ["Mona", "hubot"]}, ((),)),
    ({"tool": "CodeQL", "cwes": [79], "rules": ["a"], "paths": ["a"], "languages": ["go"]}, ((),)),
    ({"kind": "secret"}, ((),)),
    (
        {
            "kind": "secret",
            "providers": ["b", "A"],
            "secret_types": ["x", "y"],
            "validity": ["unknown", "active"],
            "publicly_leaked": True,
        },
        (
            (
                ("providers", "a,b"),
                ("secret_type", "x,y"),
                ("validity", "active,unknown"),
                ("is_publicly_leaked", "true"),
            ),
        ),
    ),
    ({"kind": "secret", "publicly_leaked": False}, ((),)),
]


@pytest.mark.usefixtures("a_template_for_severities")
@pytest.mark.parametrize(("criteria", "passes"), CODE_PASSES)
def test_github_is_asked_for_what_it_can_filter(criteria: dict[str, Any], passes: tuple[Any, ...]) -> None:
    query = AlertFilter.model_validate(criteria).query(NOON)
    assert query == AlertQuery(kind=criteria.get("kind", "code"), passes=passes)


@pytest.mark.parametrize(
    ("criteria", "repositories"),
    [
        ({"repositories": ["b", "A", "B"]}, ("A", "B")),
        ({"repositories": ["a", "b-1"], "exclude_repositories": ["b-*"]}, ("a",)),
        ({"repositories": ["a", "b*"]}, ()),
        ({"repositories": [f"r{number}" for number in range(10)]}, tuple(f"r{number}" for number in range(10))),
        ({"repositories": [f"r{number}" for number in range(11)]}, ()),
        ({"exclude_repositories": ["a"]}, ()),
        ({"kind": "secret", "repositories": ["a"]}, ("a",)),
    ],
)
def test_a_few_named_repositories_are_read_by_themselves(
    criteria: dict[str, Any], repositories: tuple[str, ...]
) -> None:
    assert AlertFilter.model_validate(criteria).query(NOON).repositories == repositories


@pytest.mark.parametrize(
    ("ages", "oldest_first", "stop"),
    [
        ({"min_age_days": 90}, True, NOW - 90 * DAY),
        ({"min_age_days": 0}, False, None),
        ({"max_age_days": 30}, False, NOW - 31 * DAY + 1),
        ({"min_age_days": 0, "max_age_days": 30}, False, NOW - 31 * DAY + 1),
        ({"min_age_days": 30, "max_age_days": 60}, False, NOW - 61 * DAY + 1),
        ({"min_age_days": 365, "max_age_days": 500}, True, NOW - 365 * DAY),
    ],
)
def test_reading_begins_at_the_end_that_is_wanted_and_stops_where_nothing_more_is(
    ages: dict[str, Any], oldest_first: bool, stop: int | None
) -> None:
    query = AlertFilter.model_validate(ages).query(NOON)
    assert (query.oldest_first, query.stop) == (oldest_first, stop)


def answered(query: AlertQuery, alerts: list[AnyAlert]) -> list[AnyAlert]:
    """What GitHub and the reader make of a query that must not lose anything."""
    repositories = {name.casefold() for name in query.repositories}
    found = []
    for alert in alerts:
        asked = any(all(_meets(alert, name, value) for name, value in parameters) for parameters in query.passes)
        if query.oldest_first:
            reached = query.stop is None or alert.created_at <= query.stop
        else:
            reached = query.stop is None or alert.created_at >= query.stop
        if asked and reached and (not repositories or alert.repository.casefold() in repositories):
            found.append(alert)
    return found


def _meets(alert: Any, parameter: str, value: str) -> bool:
    wanted = value.split(",")
    if parameter == "severity":
        return bool(alert.severity == value)
    if parameter == "assignees":
        logins = {login.lower() for login in alert.assignees}
        return not logins if value == "none" else bool(logins) if value == "*" else not logins.isdisjoint(wanted)
    if parameter == "is_publicly_leaked":
        return bool(alert.publicly_leaked)
    return (
        parameter == "providers" or getattr(alert, {"secret_type": "secret_type"}.get(parameter, parameter)) in wanted
    )


@given(ALERTS, CRITERIA)
def test_what_github_is_asked_for_holds_all_that_is_selected(alerts: list[AnyAlert], criteria: dict[str, Any]) -> None:
    chosen = AlertFilter.model_validate(criteria)
    of_kind = AlertFilter(kind=chosen.kind).select(alerts, NOON).alerts
    selected = chosen.select(answered(chosen.query(NOON), of_kind), NOON).alerts
    assert selected == chosen.select(alerts, NOON).alerts


def test_a_filter_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        AlertFilter().tool = "CodeQL"


@given(st.text("ab*", min_size=1, max_size=8), st.text("abA", max_size=8))
def test_a_star_stands_for_any_characters_and_for_none(pattern: str, rule: str) -> None:
    meant = re.compile(pattern.replace("*", ".*"), re.IGNORECASE)
    assert kept(CODE._replace(rule=rule), {"rules": [pattern]}) == bool(meant.fullmatch(rule))


def test_a_pattern_of_many_stars_is_matched_without_trying_every_way() -> None:
    rule = CODE._replace(rule="a" * 100_000)  # the ways outnumber the atoms of the world
    assert kept(rule, {"rules": ["*a" * 99 + "*"]})
    assert not kept(rule, {"rules": ["*a" * 99 + "*b", "*" * 100 + "b*"]})


def test_a_value_is_looked_at_once_however_many_alerts_have_it() -> None:
    looked: list[str] = []

    def holds(rule: str) -> bool:
        looked.append(rule)
        return True

    alerts = [CODE._replace(alert_number=number) for number in range(1, 100)]
    assert keep(alerts, [Criterion("rules", "rule", holds)]) == (alerts, None, 0)
    assert looked == ["js/xss"]


SIZES = "give at most 50, with `*` where one can stand for many"
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "both"}, "`kind`: must be one of 'code' or 'secret'"),
    ({"template": "xxs"}, "`template`: must be one of 'cross-site-scripting', "),
    ({"severities": []}, "`severities`: is empty; leave it out."),
    ({"severities": "high"}, "`severities`: must be a list."),
    ({"severities": ["high", "severe"]}, "`severities[1]`: must be one of 'critical', 'high', 'medium', 'low', "),
    ({"severities": ["none"]}, "`severities[0]`: must be one of 'critical', "),
    ({"cwes": ["XSS"]}, "`cwes[0]`: is not a CWE; give a number such as 79 or CWE-79."),
    ({"cwes": [0]}, "`cwes[0]`: is not a number that a CWE can have; they go from 1 to 9999."),
    ({"cwes": [79, None]}, "`cwes[1]`: cannot be null; leave it out instead."),
    ({"cwes": list(range(1, 52))}, f"`cwes`: has 51 items; {SIZES}."),
    ({"rules": ["js/*", " "]}, "`rules[1]`: is empty; leave it out."),
    ({"rules": ["r" * 201]}, "`rules[0]`: has 201 characters; give at most 200."),
    ({"rules": ["a\u200bb"]}, "`rules[0]`: contains invisible or control characters (U+200B ZERO WIDTH SPACE); remove"),
    ({"tool": ""}, "`tool`: is empty; leave it out."),
    ({"tool": ["CodeQL"]}, "`tool`: must be text."),
    ({"languages": ["cobol"]}, "`languages[0]`: is not a known language; known are actions, c-cpp, csharp,"),
    (
        {"repositories": ["acme/web"]},
        "`repositories[0]`: must be a repository's name only, without the organization and the slash.",
    ),
    ({"repositories": [".."]}, "`repositories[0]`: must be a repository's name: letters, digits, `-`, `_` and `.`,"),
    ({"repositories": ["a b"]}, "`repositories[0]`: must be a repository's name: letters,"),
    (
        {"repositories": ["web", "api-*"], "exclude_repositories": ["Web"]},
        "`exclude_repositories`: names what `repositories` names too; take it out of one of them.",
    ),
    (
        {"repositories": ["api-*"], "exclude_repositories": ["API-**"]},
        "`exclude_repositories`: names what `repositories` names too; take it out of one of them.",
    ),
    (
        {"repositories": ["api-1", "api-2*"], "exclude_repositories": ["api-*"]},
        "`exclude_repositories`: leaves none of `repositories`; take out what covers them.",
    ),
    ({"exclude_repositories": ["**"]}, "`exclude_repositories`: leaves no repository; say which ones to leave out."),
    ({"paths": ["/"]}, "`paths[0]`: is the whole repository; leave it out."),
    (
        {"assignees": ["none", "mona"]},
        '`assignees`: "none" must stand alone: give it ("none": nobody, "*": anybody) or logins.',
    ),
    ({"assignees": ["mona", "*"]}, '`assignees`: "*" must stand alone'),
    ({"assignees": ["mona", "@mona"]}, "`assignees`: item 2 is not a user's login, without @; or give"),
    ({"assignees": ["mona,hubot"]}, "`assignees`: item 1 is not a user's login, without @; or give"),
    ({"min_age_days": "90"}, "`min_age_days`: must be a whole number without quotes or fraction, such as 3."),
    ({"min_age_days": -1}, "`min_age_days`: must be a whole number of days from 0 to 36500."),
    ({"max_age_days": 36_501}, "`max_age_days`: must be a whole number of days from 0 to 36500."),
    (
        {"min_age_days": 90, "max_age_days": 30},
        "`max_age_days`: is less than `min_age_days`, so no alert can be both; give 90 or more.",
    ),
    (
        {"template": "all-critical", "severities": ["low"]},
        "`severities`: has nothing in common with the template all-critical, and both must hold; leave one out, "
        "or give some of the template's: critical.",
    ),
    *(
        (
            {"kind": "secret", field: FULL[field]},
            f'`{field}`: is a criterion for code scanning alerts; leave it out, or leave out kind "secret".',
        )
        for field in ("template", "severities", "cwes", "rules", "tool", "languages", "paths", "assignees")
    ),
    *(
        (
            {field: value},
            f'`{field}`: is a criterion for secret scanning alerts; leave it out, or give kind "secret".',
        )
        for field, value in (
            ("providers", ["adafruit"]),
            ("secret_types", ["adafruit_io_key"]),
            ("validity", ["active"]),
            ("publicly_leaked", False),
        )
    ),
    ({"kind": "secret", "validity": ["valid"]}, "`validity[0]`: must be one of 'active', 'inactive' or 'unknown'."),
    ({"kind": "secret", "providers": ["a,b"]}, "`providers[0]`: must be GitHub's identifier, such as"),
    ({"kind": "secret", "publicly_leaked": "yes"}, "`publicly_leaked`: must be true or false."),
    ({"severity": ["high"]}, "``: `severity`: there is no such argument; use `severities`."),
    ({"unknown": None}, "``: `unknown`: there is no such argument; known are "),
]


@pytest.mark.parametrize(("criteria", "sentence"), WRONG)
def test_a_wrong_filter_is_refused_with_what_would_work(criteria: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AlertFilter.model_validate(criteria)
    told = explain(refused.value)
    assert told.startswith(sentence)
    assert "; `" not in told  # one mistake, one sentence


def told_about(criteria: dict[str, Any]) -> str:
    try:
        AlertFilter.model_validate(criteria)
    except ValidationError as error:
        return explain(error)
    return ""


@pytest.mark.parametrize("field", [field for field in AlertFilter.model_fields if field not in ("rules", "tool")])
def test_a_secret_in_the_wrong_criterion_is_not_repeated(field: str) -> None:
    for kind in ("code", "secret"):
        for value in (f"{TOKEN}/", [f"{TOKEN}/\u202e"], [TOKEN, "none", "*/"], {TOKEN: 1}):
            assert TOKEN not in told_about({"kind": kind, field: value})


@pytest.mark.parametrize(
    "criteria",
    [
        {"cwes": list(range(1, 51))},
        {"rules": ["r" * 200]},
        {"min_age_days": 0, "max_age_days": 36_500},
        {"min_age_days": 36_500, "max_age_days": 36_500},
        {"assignees": ["copilot-swe-agent[bot]", "mona_octo"]},
        {"repositories": [".github", "-a_b.c"]},
    ],
)
def test_the_largest_and_the_strangest_that_are_right_pass(criteria: dict[str, Any]) -> None:
    assert AlertFilter.model_validate(criteria).canonical().keys() >= criteria.keys() - {"min_age_days"}


def test_what_is_no_object_is_refused_as_such() -> None:
    with pytest.raises(ValidationError) as refused:
        AlertFilter.model_validate(["high"])
    assert explain(refused.value).endswith("must be an object.")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("src/**/*.ts", "src/a.ts", True),
        ("src/**/*.ts", "src/x/y/a.ts", True),
        ("**/test/**", "test/a.py", True),
        ("**/test/**", "x/test/a.py", True),
        ("**/test/**", "latest/a.py", False),
        ("src/**/auth", "src/auth", True),
        ("src/**/auth", "src/x/auth/a.py", True),
        ("src/**/auth", "src/oauth", False),
        ("**/foo.py", "foo.py", True),
        ("**/foo.py", "xfoo.py", False),
        ("a***b", "axb", True),
        ("**/" * 20 + "x", "a/b/x", True),
    ],
)
def test_two_stars_and_a_slash_are_whole_folders_or_none(pattern: str, path: str, matches: bool) -> None:
    found = AlertFilter(paths=[pattern]).select([CODE._replace(path=path)], NOON)
    assert bool(found.alerts) == matches
