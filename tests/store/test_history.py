"""How campaigns stood, and when somebody was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy

from server.domain.snapshots import Reading, Snapshot
from server.errors import StoreFailed
from server.store.store import Store
from tests.store.samples import AT, CREATED, ENDS, HOST, rows, snapshot, store_at

pytestmark = pytest.mark.anyio

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def noted(store: Store, *snapshots: Snapshot) -> list[bool]:
    return [await store.note("octo-org", 7, CREATED, each) for each in snapshots]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what any database is asked while a block runs."""
    executed: list[str] = []

    def collect(_: Any, __: Any, statement: str, *___: Any) -> None:
        executed.append(statement)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", collect)
    try:
        yield executed
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", collect)


async def test_what_was_noted_is_known_to_another_store_at_the_same_place(store: Store, place: Path | str) -> None:
    first, second = snapshot(), snapshot(AT + HOUR, open_count=29, closed_count=8, state="closed")
    assert await noted(store, first, second) == [True, True]
    assert await store_at(place).history("Octo-Org", 7, CREATED) == [first, second]


async def test_nothing_is_known_of_what_was_never_noted(store: Store) -> None:
    assert await store.history("octo-org", 7, CREATED) == []
    await noted(store, snapshot())
    assert await store.history("octo-org", 8, CREATED) == []
    assert await store.history("octo-labs", 7, CREATED) == []


async def test_another_campaign_under_the_same_number_has_its_own_history(store: Store) -> None:
    made_again = CREATED + timedelta(days=90)
    await noted(store, snapshot())
    assert await store.history("octo-org", 7, made_again) == []
    assert await store.note("octo-org", 7, made_again, snapshot())
    assert await store.history("octo-org", 7, CREATED) == [snapshot()]


async def test_the_same_organization_on_another_host_has_its_own_history(store: Store, place: Path | str) -> None:
    await noted(store, snapshot())
    assert await store_at(place, "api.octo.ghe.com").history("octo-org", 7, CREATED) == []
    assert await store_at(place, HOST.upper()).history("octo-org", 7, CREATED) == [snapshot()]


async def test_the_past_comes_oldest_first_however_it_was_noted(store: Store) -> None:
    late, early, middle = snapshot(AT + 9 * HOUR), snapshot(AT), snapshot(AT + 5 * HOUR)
    assert await noted(store, late, early, middle) == [True, True, True]
    assert await store.history("octo-org", 7, CREATED) == [early, middle, late]


async def test_the_past_since_a_moment_begins_with_it(store: Store) -> None:
    early, late = snapshot(AT), snapshot(AT + HOUR)
    await noted(store, early, late)
    assert await store.history("octo-org", 7, CREATED, since=AT) == [early, late]
    assert await store.history("octo-org", 7, CREATED, since=AT + timedelta(seconds=1)) == [late]
    in_another_zone = (AT + HOUR).astimezone(timezone(timedelta(hours=-7)))
    assert await store.history("octo-org", 7, CREATED, since=in_another_zone) == [late]
    assert await store.history("octo-org", 7, CREATED, since=AT + 2 * HOUR) == []


async def test_within_an_hour_the_same_reading_is_kept_once(store: Store, place: Path | str) -> None:
    readings = [snapshot(AT + minutes * MINUTE) for minutes in (0, 0, 1, 59, 60, 61)]
    assert await noted(store, *readings) == [True, False, False, False, True, False]
    assert rows(place, "SELECT count(*) FROM snapshots") == [(2,)]


async def test_what_was_noted_a_few_minutes_ago_is_not_looked_up_again(store: Store, place: Path | str) -> None:
    another, changed = store_at(place), snapshot(AT + MINUTE, open_count=29)
    assert await noted(store, snapshot()) == [True]
    assert await noted(another, changed) == [True]
    # Looked up, this would be another change back. That is given up for a few minutes, and no longer.
    assert await noted(store, snapshot(AT + 4 * MINUTE), snapshot(AT + 5 * MINUTE)) == [False, True]
    assert await store.history("octo-org", 7, CREATED) == [snapshot(), changed, snapshot(AT + 5 * MINUTE)]


async def test_a_new_hour_is_kept_although_the_last_was_noted_a_minute_ago(store: Store) -> None:
    late = snapshot(AT + 59 * MINUTE)
    assert await noted(store, late, late._replace(at=AT + HOUR)) == [True, True]


async def test_a_reading_of_which_another_replica_keeps_one_is_not_looked_up_either(
    store: Store, place: Path | str
) -> None:
    another = store_at(place)
    await noted(another, snapshot())
    assert await noted(store, snapshot(AT + MINUTE)) == [False]
    await noted(another, snapshot(AT + 2 * MINUTE, open_count=29))
    assert await noted(store, snapshot(AT + 3 * MINUTE)) == [False]


async def test_the_readings_of_a_page_are_kept_together(store: Store, place: Path | str) -> None:
    page = [Reading(number, CREATED, snapshot(closed_count=number)) for number in range(1, 31)]
    assert await store.note_all("octo-org", page[:20]) == 20
    assert await store.note_all("octo-org", page) == 10
    assert [(await store.history("octo-org", number, CREATED))[0].closed_count for number in (1, 20, 30)] == [1, 20, 30]
    assert await store_at(place).note_all("octo-org", page) == 0


async def test_when_a_page_cannot_be_kept_none_of_it_is_and_it_is_tried_again(store: Store) -> None:
    good, bad = Reading(7, CREATED, snapshot()), Reading(8, CREATED, snapshot(open_count=None))
    with pytest.raises(StoreFailed):
        await store.note_all("octo-org", [good, bad])
    assert await store.history("octo-org", 7, CREATED) == []
    assert await store.note_all("octo-org", [good]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"open_count": 29},
        {"in_progress_count": 6},
        {"closed_count": 8},
        {"ends_at": ENDS + timedelta(days=1)},
        {"state": "closed"},
    ],
)
async def test_what_changed_within_the_hour_is_kept_too(store: Store, change: dict[str, Any]) -> None:
    changed = snapshot(AT + MINUTE, **change)
    assert await noted(store, snapshot(), changed, changed._replace(at=AT + 2 * MINUTE)) == [True, True, False]
    assert await store.history("octo-org", 7, CREATED) == [snapshot(), changed]


async def test_of_two_readings_in_one_second_the_first_stays_and_the_next_second_tells(store: Store) -> None:
    changed = snapshot(open_count=29)
    later = changed._replace(at=AT + timedelta(seconds=1))
    assert await noted(store, snapshot(), changed, later) == [True, False, True]
    assert await store.history("octo-org", 7, CREATED) == [snapshot(), later]


async def test_moments_come_back_in_utc_without_fractions(store: Store) -> None:
    given = AT.replace(microsecond=999_999).astimezone(timezone(timedelta(hours=2)))
    made = CREATED.replace(microsecond=5)
    assert await store.note("octo-org", 7, made, snapshot(given, ends_at=ENDS.replace(microsecond=7)))
    [kept] = await store.history("octo-org", 7, CREATED)
    assert kept == snapshot()
    assert (kept.at.tzinfo, kept.ends_at.tzinfo) == (UTC, UTC)


async def test_many_calls_at_once_keep_one_reading_of_an_hour(store: Store, place: Path | str) -> None:
    another, kept = store_at(place), list[bool]()

    async def note(which: Store, second: int) -> None:
        kept.append(await which.note("octo-org", 7, CREATED, snapshot(AT + timedelta(seconds=second))))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(note, (store, another)[number % 2], number)
    assert sorted(kept) == [False] * 19 + [True]
    assert len(await store.history("octo-org", 7, CREATED)) == 1


async def test_when_an_organization_was_last_reported_on_is_known(store: Store, place: Path | str) -> None:
    assert await store.last_report("octo-org") is None
    await store.note_report("octo-org", AT)
    assert await store_at(place).last_report("Octo-Org") == AT
    await store.note_report("OCTO-ORG", AT + HOUR + timedelta(microseconds=7))
    assert await store.last_report("octo-org") == AT + HOUR
    assert await store.last_report("octo-labs") is None
    assert await store_at(place, "api.octo.ghe.com").last_report("octo-org") is None


async def test_a_report_that_is_noted_late_does_not_turn_time_back(store: Store) -> None:
    await store.note_report("octo-org", AT + HOUR)
    await store.note_report("octo-org", AT)
    assert await store.last_report("octo-org") == AT + HOUR


async def test_a_report_that_a_wrong_clock_put_into_the_future_is_replaced(store: Store) -> None:
    await store.note_report("octo-org", AT + timedelta(days=4000))
    await store.note_report("octo-org", AT)
    assert await store.last_report("octo-org") == AT


async def test_where_nothing_is_kept_there_is_no_past() -> None:
    store = store_at(None)
    assert await noted(store, snapshot()) == [False]
    await store.note_report("octo-org", AT)
    assert await store.history("octo-org", 7, CREATED) == []
    assert await store.last_report("octo-org") is None


async def test_noting_takes_as_few_statements_after_a_long_past_as_at_first(store: Store) -> None:
    took = []
    for number in range(41):
        with statements() as executed:
            assert await noted(store, snapshot(AT + number * HOUR)) == [True]
        took.append(len(executed))
    assert took[1:] == [took[1]] * 40
    assert took[1] <= 12


async def test_three_months_of_ten_campaigns_are_read_at_once(store: Store, place: Path | str) -> None:
    await noted(store, snapshot())
    values = ", ".join(
        f"('{HOST}', 'octo-org', {number}, 0, {3600 * hour}, {hour}, 0, 0, 0, 'open')"
        for number in range(10)
        for hour in range(24 * 90)
    )
    rows(place, f"INSERT INTO snapshots VALUES {values}")  # noqa: S608 - our own words
    found = await store.history("octo-org", 3, datetime(1970, 1, 1, tzinfo=UTC))
    assert [each.open_count for each in found] == list(range(24 * 90))
