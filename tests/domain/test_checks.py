from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.domain import checks
from server.domain.models import AlertPairs
from server.domain.text import hidden_characters
from server.signin.scopes import SCOPES
from server.signin.static_tokens import PREFIX, new_token

ANY_TEXT = st.text(st.characters(), max_size=300)
POSITIVE = st.integers(1, 2**53 - 1)
TOKEN = "ghs_" + "A1b2" * 9
JWT = jwt.encode({"sub": "anna", "scope": "campaigns:write"}, "k" * 32, "HS256")
OF_THIS_SERVICE = f"{PREFIX}Wu-gZHVk_utwxodm9Z75dQSM5YdSKL5wp1ewxj7qH1s"
OF_AN_INSTALLATION = f"ghs_12345_{JWT}"
PAIRS = st.builds(
    lambda numbers: [
        AlertPairs(repository_id=repository, alert_numbers=sorted(found)) for repository, found in numbers.items()
    ],
    st.dictionaries(POSITIVE, st.sets(POSITIVE, min_size=1, max_size=20), min_size=1, max_size=20),
)


@given(ANY_TEXT)
def test_an_organization_that_passes_is_one_harmless_segment_of_a_path(value: str) -> None:
    try:
        assert checks.check_org(value) == value
    except ValueError:
        return
    assert value.isascii()
    assert value.replace("-", "").replace("_", "").isalnum()
    assert len(value) <= 39


@given(st.text("aZ09-", min_size=1, max_size=39).filter(lambda login: login[0] != "-"))
def test_every_login_github_gives_out_passes(value: str) -> None:
    assert checks.check_org(value) == value
    assert checks.check_managers([value]) == [value]


@given(st.integers())
def test_a_number_passes_exactly_when_github_could_have_given_it_out(value: int) -> None:
    if 1 <= value < 2**53:
        assert checks.check_number(value) == value
    else:
        with pytest.raises(ValueError, match="positive whole number" if value < 1 else "larger than any number GitHub"):
            checks.check_number(value)


@given(POSITIVE)
def test_a_number_that_came_as_text_is_read(value: int) -> None:
    assert checks.read_number(str(value)) == value
    assert checks.read_number(f" 0{value % 1000 + 1} ") == value % 1000 + 1


@pytest.mark.parametrize("text", ["", "five", "+5", "-5", "\u0665", "1e3", "0x5", "5.0", "5 6", "5" * 17, "0", 5, None])
def test_what_only_resembles_a_number_is_none(text: object) -> None:
    with pytest.raises(ValueError, match="must be a"):
        checks.read_number(text)


@given(ANY_TEXT)
def test_a_name_passes_exactly_when_it_is_one_visible_line_of_fifty(value: str) -> None:
    fits = bool(value.strip()) and len(value) <= 50 and not hidden_characters(value)
    try:
        assert checks.check_name(value) == value
    except ValueError:
        assert not fits
    else:
        assert fits


@given(ANY_TEXT)
def test_a_description_may_also_have_line_breaks(value: str) -> None:
    fits = bool(value.strip()) and len(value) <= 255 and not hidden_characters(value, allowed="\n")
    try:
        assert checks.check_description(value) == value
    except ValueError:
        assert not fits
    else:
        assert fits


@given(ANY_TEXT | st.from_regex(r"https?://[\x21-\x7e]{0,40}", fullmatch=True))
def test_a_contact_link_that_passes_is_a_plain_http_address(value: str) -> None:
    try:
        assert checks.check_contact_link(value) == value
    except ValueError:
        return
    url = urlsplit(value)
    assert url.scheme in ("http", "https")
    assert url.hostname
    assert "@" not in url.netloc
    assert hidden_characters(value) == []
    assert not any(character.isspace() for character in value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com",
        "http://localhost:8080/x",
        "HTTPS://EXAMPLE.COM",
        "https://[::1]/x",
        "https://münchen.example/ä?q=a@b#c",
        "https://example.com/@team",
    ],
)
def test_ordinary_addresses_pass(value: str) -> None:
    assert checks.check_contact_link(value) == value


@given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True), max_size=14))
def test_managers_pass_when_there_are_at_most_ten_each_once(values: list[str]) -> None:
    fits = len(values) <= 10 and len(set(values)) == len(values)
    for check in (checks.check_managers, checks.check_team_managers):
        try:
            assert check(values) == values
        except ValueError:
            assert not fits
        else:
            assert fits


def test_a_login_may_have_an_underscore_and_a_slug_a_dot() -> None:
    assert checks.check_managers(["mona_octo"]) == ["mona_octo"]
    assert checks.check_team_managers(["_team.one"]) == ["_team.one"]


@given(PAIRS)
def test_alerts_that_differ_pass_and_are_counted(pairs: list[AlertPairs]) -> None:
    assert checks.check_alerts(pairs) is pairs
    assert checks.count_alerts(pairs) == sum(len(pair.alert_numbers) for pair in pairs)


@given(PAIRS, st.data())
def test_an_alert_or_repository_named_twice_is_refused(pairs: list[AlertPairs], data: st.DataObject) -> None:
    pair = data.draw(st.sampled_from(pairs))
    again = AlertPairs(repository_id=pair.repository_id, alert_numbers=[pair.alert_numbers[0]] * 2)
    with pytest.raises(ValueError, match=f"names repository {pair.repository_id} twice"):
        checks.check_alerts([*pairs, again])
    assume(len(pairs) > 1)
    others = [other for other in pairs if other is not pair]
    with pytest.raises(ValueError, match=f"names alert {pair.alert_numbers[0]} of repository"):
        checks.check_alerts([*others, again])


def test_a_thousand_alerts_pass_and_one_more_does_not() -> None:
    def pairs(count: int) -> list[AlertPairs]:
        half = count // 2
        return [
            AlertPairs(repository_id=1, alert_numbers=list(range(1, half + 1))),
            AlertPairs(repository_id=2, alert_numbers=list(range(1, count - half + 1))),
        ]

    checks.check_alerts(pairs(1000))
    with pytest.raises(ValueError, match="holds 1001 alerts; a campaign takes at most 1000, so split them"):
        checks.check_alerts(pairs(1001))


@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        f"see {TOKEN}!",
        [TOKEN],
        {"a": [{"b": TOKEN}]},
        {TOKEN: 1},
        "github_pat_" + "a" * 22 + "_" + "b" * 59,
        f"use {OF_THIS_SERVICE} ok",
        f"Bearer {JWT}",
        f"https://x.example/?access_token={JWT}&x=1",
        OF_AN_INSTALLATION,
    ],
)
def test_a_token_is_found_at_any_depth(value: Any) -> None:
    assert checks.holds_token(value)


@pytest.mark.parametrize("token", [TOKEN, OF_THIS_SERVICE, JWT, OF_AN_INSTALLATION])
def test_a_token_is_taken_out_whole_and_what_is_around_it_stays(token: str) -> None:
    assert checks.without_tokens([f"use {token}. Or ({token})"]) == ["use [a token]. Or ([a token])"]


def test_the_token_that_the_command_makes_is_known_as_one(tmp_path: Path) -> None:
    token = new_token(tmp_path / "tokens", "anna", SCOPES, None, datetime.now(UTC) + timedelta(days=1))
    assert checks.holds_token(f"use {token} ok")


@pytest.mark.parametrize(
    "value",
    [
        *("", "ghp_", "about ghp_tokens", 7, None, True, [1], {"a": None}, "ghx_" + "a" * 36),
        "the tokens of this service begin with scmcp_, those of GitHub with ghs_ ...............................",
        "KeyJournalEntries.deserializeObject.withEverything",
        "www.eyjafjallajokull.example.com/reports/eyJ.and.so.on",
        "Rotate JWTs (eyJ...) that https://login.example.com/oauth2/v2.0/token issued in v1.2.3-rc.4",
    ],
)
def test_what_is_no_token_is_not_taken_for_one(value: Any) -> None:
    assert not checks.holds_token(value)


def test_a_value_nested_very_deeply_is_looked_through_all_the_same() -> None:
    value: Any = TOKEN
    for _ in range(5000):
        value = [value]
    assert checks.holds_token(value)
