"""Small records of alerts: everything that choosing needs, nothing else, and no shape that could break it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.alerts import AlertKind, CodeAlert, SecretAlert
from server.errors import UnexpectedAnswer
from server.github.alert_records import AlertPage, PageReader, Repository, Shared, code_alert, distinct, secret_alert
from tests.github.paged import Item, born, code_item, seconds, secret_item


def code(item: object, repository: Repository | None = None) -> CodeAlert | None:
    return code_alert(item, repository, Shared())


def read(**changes: Any) -> CodeAlert:
    made = code({**code_item(3), **changes})
    assert made is not None
    return made


def rule(**parts: Any) -> Item:
    return {"rule": parts}


def instance(**parts: Any) -> Item:
    return {"rule": {"id": "x"}, "most_recent_instance": parts}


def test_a_code_alert_is_read() -> None:
    assert read(assignees=[{"login": "mona-lisa", "id": 1}, {"login": "hubot"}]) == CodeAlert(
        repository_id=7,
        alert_number=3,
        repository="repo-7",
        severity="high",
        rule="js/xss",
        cwes=(79,),
        tool="CodeQL",
        language="javascript-typescript",
        path="src/3.ts",
        created_at=seconds(3),
        assignees=("mona-lisa", "hubot"),
    )


def test_a_secret_alert_is_read() -> None:
    assert secret_alert(secret_item(3), None, Shared()) == SecretAlert(
        repository_id=7,
        alert_number=3,
        repository="repo-7",
        secret_type="adafruit_io_key",
        validity="active",
        publicly_leaked=True,
        created_at=seconds(3),
    )


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        (rule(security_severity_level="CRITICAL", severity="error"), "severity", "critical"),
        (rule(security_severity_level=None, severity="warning"), "severity", "warning"),
        (rule(severity="note"), "severity", "note"),
        (rule(severity="none"), "severity", "none"),
        (rule(severity="apocalyptic"), "severity", "none"),
        (rule(severity=None), "severity", "none"),
        (rule(severity=["high"]), "severity", "none"),
        (rule(id=None), "rule", ""),
        (rule(id=7), "rule", ""),
        (rule(id="x", tags=None), "cwes", ()),
        (rule(id="x", tags="external/cwe/cwe-079"), "cwes", ()),
        (rule(id="x", tags=[None, 3, "external/cwe/cwe-089", "external/cwe/cwe-020"]), "cwes", (20, 89)),
        ({"rule": None}, "rule", ""),
        ({"tool": None}, "tool", ""),
        ({"tool": {"name": "Semgrep"}}, "tool", "Semgrep"),
        (instance(category="/language:python", location=None), "language", "python"),
        (instance(category=None, location={"path": "a/b.go"}), "language", "go"),
        (instance(category=5, location={"path": 5}), "language", ""),
        ({"most_recent_instance": None}, "path", ""),
        ({"assignees": None}, "assignees", ()),
        ({"assignees": [None, {}, {"login": None}, {"login": "hubot"}]}, "assignees", ("hubot",)),
        ({"repository": {"id": 7, "full_name": "octo-org/web"}}, "repository", "web"),
        ({"repository": {"id": 7, "name": "web", "full_name": None}}, "repository", "web"),
        ({"repository": {"id": 7}}, "repository", ""),
        ({"created_at": "1970-01-01T01:00:00+00:30"}, "created_at", 1800),
        ({"created_at": "0001-01-01T00:00:00+23:59"}, "created_at", -62_135_683_140),
    ],
)
def test_what_may_be_missing_or_odd_is_survived(changes: Item, name: str, value: object) -> None:
    assert getattr(read(**changes), name) == value


@pytest.mark.parametrize(
    "changes",
    [
        {"number": None},
        {"number": 0},
        {"number": True},
        {"number": "3"},
        {"number": 3.0},
        {"number": 2**63},
        {"repository": None},
        {"repository": {"name": "web"}},
        {"repository": {"id": "7", "name": "web"}},
        {"created_at": None},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-20"},
        {"created_at": 1},
    ],
)
@pytest.mark.parametrize("kind", ["code", "secret"])
def test_an_alert_without_what_it_cannot_be_without_is_counted_as_unreadable(kind: AlertKind, changes: Item) -> None:
    item = {**(code_item(3) if kind == "code" else secret_item(3)), **changes}
    assert PageReader(kind)([item]) == AlertPage((), 1, 1)


@pytest.mark.parametrize(("validity", "read_as"), [(None, "unknown"), ("inactive", "inactive"), (3, "unknown")])
def test_a_secrets_validity_may_be_missing(validity: object, read_as: str) -> None:
    made = secret_alert(secret_item(3, validity=validity, publicly_leaked=None), None, Shared())
    assert made is not None
    assert (made.validity, made.publicly_leaked) == (read_as, False)


def test_the_secret_is_not_taken() -> None:
    made = secret_alert(secret_item(3, secret="canary"), None, Shared())
    assert "canary" not in repr(made)


def test_in_a_repositorys_list_the_repository_is_the_one_that_was_asked() -> None:
    item = code_item(3)
    del item["repository"]
    made = code(item, Repository(11, "web"))
    assert made is not None
    assert (made.repository_id, made.repository) == (11, "web")


@pytest.mark.parametrize(
    ("state", "kept"), [("open", 1), (None, 1), ("dismissed", 0), ("fixed", 0), ("resolved", 0), (["open"], 0)]
)
def test_only_open_alerts_are_kept_whatever_github_was_asked(state: object, kept: int) -> None:
    page = PageReader("code")([code_item(3, state=state)])
    assert (len(page), page.size, page.unreadable) == (kept, 1, 0)


@pytest.mark.parametrize("content", [None, {}, "[]", {"message": "Not Found"}])
def test_a_page_that_is_no_list_is_unexpected(content: object) -> None:
    with pytest.raises(UnexpectedAnswer, match="something other than a list of objects"):
        PageReader("secret")(content)


def test_items_that_are_no_objects_are_unreadable() -> None:
    assert PageReader("code")([None, 3, [], "x", code_item(1)]).unreadable == 4


def test_texts_that_come_again_are_one_object() -> None:
    shared = Shared()
    first, second = (code_alert(code_item(number), None, shared) for number in (5, 10))
    assert first is not None
    assert second is not None
    for name in ("repository", "severity", "rule", "tool", "path", "cwes", "language"):
        assert getattr(first, name) is getattr(second, name), name


def test_what_is_shared_is_bounded() -> None:
    shared = Shared(most=2)
    texts = [shared.text("".join(("a", str(number)))) for number in range(5)]
    assert texts == ["a0", "a1", "a2", "a3", "a4"]
    assert len(shared._texts) <= 2


def test_an_alert_that_comes_twice_is_counted_once() -> None:
    alerts = [made for number in (1, 2, 1) for home in (7, 8) if (made := code(code_item(number, home)))]
    assert [(alert.alert_number, alert.repository_id) for alert in distinct(alerts)] == [(1, 7), (1, 8), (2, 7), (2, 8)]


def test_readers_of_the_same_list_are_equal_and_others_are_not() -> None:
    readers = {PageReader("code"), PageReader("code"), PageReader("secret"), PageReader("code", Repository(7, "web"))}
    assert len(readers) == 3


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)
_FIELDS = ["number", "created_at", "state", "rule", "tool", "most_recent_instance", "assignees", "repository"]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON), st.sampled_from([None, Repository(7, "web")]))
def test_no_shape_raises(changes: Item, repository: Repository | None) -> None:
    item = {**code_item(3), **changes}
    for reader in (PageReader("code", repository), PageReader("secret", repository)):
        page = reader([item, changes])
        assert page.size == 2


def test_the_moment_of_creation_is_in_seconds() -> None:
    assert born(0).endswith("Z")
    assert read(created_at="1970-01-02T00:00:00Z").created_at == 86_400
