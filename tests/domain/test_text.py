from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.text import clean, hidden_characters, quote

ANY_TEXT = st.text(st.characters(), max_size=300)  # lone surrogates too: JSON can carry them
HIDDEN = [
    "\u200b",
    "\u2060",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\x00",
    "\x1b",
    "\x7f",
    "\u00ad",
    "\U000e0041",
    "\U000e0100",
]
BLANKS = [
    "\u034f",
    "\u115f",
    "\u17b4",
    "\u180b",
    "\u2800",
    "\u3164",
    "\uffa0",
    "\ue000",
    "\ud800",
    "\U0010ffff",
    "\ufdd0",
    "\uffff",
    "\U000e0fff",
]


@given(ANY_TEXT, st.integers(1, 300), st.sampled_from(["", "\n"]))
def test_cleaning_twice_is_cleaning_once(text: str, limit: int, allowed: str) -> None:
    once = clean(text, limit, allowed=allowed)
    assert clean(once, limit, allowed=allowed) == once


@given(ANY_TEXT, st.integers(1, 300), st.sampled_from(["", "\n"]))
def test_cleaned_text_is_bounded_and_hides_nothing(text: str, limit: int, allowed: str) -> None:
    shown = clean(text, limit, allowed=allowed)
    assert len(shown) <= limit
    assert hidden_characters(shown, allowed=allowed) == []
    assert shown == shown.strip()
    shown.encode()  # no half characters are left


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=40))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    if not hidden_characters(text):
        assert clean(text, 40) == text


@given(ANY_TEXT)
def test_quoted_text_is_one_json_string_and_cannot_end_its_quote(text: str) -> None:
    quoted = quote(text)
    assert json.loads(quoted) == clean(text, 100)
    value, end = json.JSONDecoder().raw_decode(quoted + '" and more')
    assert (value, end) == (clean(text, 100), len(quoted))
    assert "\n" not in quoted


@pytest.mark.parametrize("character", HIDDEN + BLANKS)
def test_every_kind_of_invisible_character_is_found_and_removed(character: str) -> None:
    assert clean(f"a{character}b", 10) == "ab"
    (name,) = hidden_characters(f"a{character}b{character}")
    assert name.startswith(f"U+{ord(character):04X}")


def test_a_hidden_character_is_named_with_its_unicode_name_once() -> None:
    assert hidden_characters("\u202ea\u200b\u202e\x07") == [
        "U+202E RIGHT-TO-LEFT OVERRIDE",
        "U+200B ZERO WIDTH SPACE",
        "U+0007",
    ]


@pytest.mark.parametrize("breaking", ["\n", "\r", "\t", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_words_on_two_lines_do_not_run_together(breaking: str) -> None:
    assert clean(f"one{breaking}two", 10) == "one two"


def test_a_line_break_stays_where_it_is_allowed() -> None:
    assert clean("one\r\ntwo", 10, allowed="\n") == "one \ntwo"


@pytest.mark.parametrize("text", ["❤️", "☎︎", "naïve", "日本語", "👍🏽", "עברית", "é", "\u0378"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert clean(text, 20) == text
    assert hidden_characters(text) == []


def test_text_that_is_too_long_ends_in_an_ellipsis_within_the_limit() -> None:
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"
    assert quote("x" * 101).count("x") == 99


@given(st.characters())
def test_no_control_format_or_private_character_survives(character: str) -> None:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") and character not in "\t\n\v\f\r\x85":
        assert clean(f"a{character}b", 10) == "ab"
