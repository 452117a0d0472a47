from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.dates import parse_end, parse_since, spoken, wire

SENTENCES = ("give a date such as", "the time has no zone", "the year must be", "is not a day of the calendar")
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 30), timezones=ZONES)


@given(st.dates())
def test_a_date_means_the_last_second_of_that_day_in_utc(day: date) -> None:
    assert parse_end(day.isoformat()) == datetime.combine(day, time(23, 59, 59), UTC)


def refusal(value: object) -> str | None:
    """What is wrong with a value; None when it was read, which is then in UTC."""
    try:
        assert parse_end(value).tzinfo is UTC
    except ValueError as problem:
        return str(problem)
    return None


@given(MOMENTS)
def test_a_time_with_a_zone_is_the_same_moment_in_utc_without_fractions(moment: datetime) -> None:
    read = parse_end(moment.isoformat())
    assert read.tzinfo is UTC
    assert timedelta() <= moment - read < timedelta(seconds=1)
    assert read.microsecond == 0


@given(MOMENTS)
def test_what_is_written_is_read_back_the_same(moment: datetime) -> None:
    written = wire(moment)
    assert parse_end(written) == moment.replace(microsecond=0)
    assert wire(parse_end(written)) == written
    assert len(written) == len("2027-01-08T23:59:59Z")


@given(st.text(max_size=40) | st.integers() | st.none() | st.booleans() | st.lists(st.text()) | st.binary(max_size=20))
def test_anything_else_is_refused_with_a_sentence_or_read_as_utc(value: object) -> None:
    assert (refusal(value) or SENTENCES[0]).startswith(SENTENCES)


@given(st.from_regex(r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?)?", fullmatch=True))
def test_what_looks_like_a_time_never_crashes_the_reader(text: str) -> None:
    assert (refusal(text) or SENTENCES[0]).startswith(SENTENCES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-08T17:00:00Z", "2027-01-08T17:00:00Z"),
        ("2027-01-08t17:00:00z", "2027-01-08T17:00:00Z"),
        ("2027-01-08 17:00:00Z", "2027-01-08T17:00:00Z"),
        ("2027-01-08T17:00:00-00:00", "2027-01-08T17:00:00Z"),
        ("2027-01-08T17:00:00+05:30", "2027-01-08T11:30:00Z"),
        ("2027-01-08T17:00:00.999999999Z", "2027-01-08T17:00:00Z"),
        ("2028-02-29", "2028-02-29T23:59:59Z"),
        ("0999-01-08", "0999-01-08T23:59:59Z"),
    ],
)
def test_the_forms_of_rfc_3339_are_understood(text: str, expected: str) -> None:
    assert wire(parse_end(text)) == expected


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:30:00-01:00"])
def test_a_moment_outside_the_calendar_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the year must be between 1 and 9999"):
        parse_end(text)


def test_a_moment_is_spoken_of_in_utc() -> None:
    assert spoken(parse_end("2027-01-08T17:00:30+05:30")) == "2027-01-08 11:30 UTC"


@given(st.dates())
def test_what_begins_on_a_date_begins_with_that_day_in_utc(day: date) -> None:
    assert parse_since(day.isoformat()) == datetime.combine(day, time(), UTC)


@given(MOMENTS)
def test_a_beginning_with_a_time_is_read_as_an_end_is(moment: datetime) -> None:
    assert parse_since(moment.isoformat()) == parse_end(moment.isoformat())


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("last week", r"give a date such as 2027-01-08 \(the beginning of that day, UTC\) or a time with a zone"),
        (20270108, "give a date such as"),
        ("2027-01-08T17:00:00", "the time has no zone"),
        ("2027-02-30", "is not a day of the calendar"),
        ("0001-01-01T00:00:00+01:00", "the year must be between 1 and 9999"),
    ],
)
def test_a_beginning_that_cannot_be_read_is_refused_with_a_sentence(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_since(value)
