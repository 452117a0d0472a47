"""Alerts close and open while their list is read: none is lost or counted twice, and what moved is said."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from server.domain.alerts import AlertQuery
from server.github import alert_pages
from server.github.alerts import AlertReading
from tests.github.paged import CODE, Asked, Before, Paged, code_item, items, make_alerts, numbers_of, seconds
from tests.github.scripted import Waits

pytestmark = pytest.mark.anyio
NEWEST_FIRST = AlertQuery("code")
OLDEST_FIRST = AlertQuery("code", oldest_first=True)
RESTLESS = "Alerts kept changing while they were read, so the counts may be off by a few."
COUNT = 75
Change = Callable[[Paged], None]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_pages, "LARGEST_PAGE", 10)


def at(moments: dict[int, Change]) -> Before:
    """Make changes just before the request with a number is answered, counted from 1."""

    async def before(asked: Asked) -> httpx.Response | None:
        if change := moments.get(len(asked.paged.asked)):
            change(asked.paged)
        return None

    return before


def always(change: Callable[[Paged, int], None]) -> Before:
    async def before(asked: Asked) -> httpx.Response | None:
        change(asked.paged, len(asked.paged.asked))
        return None

    return before


async def read(waits: Waits, query: AlertQuery, before: Before | None, at_once: int = 1) -> tuple[Paged, AlertReading]:
    paged = Paged(items(range(1, COUNT + 1)))
    paged.before = before
    return paged, await make_alerts(paged, waits, at_once=at_once).read("octo-org", query)


def closing(*numbers: int) -> Change:
    return lambda paged: paged.close(*numbers)


def opening(*numbers: int) -> Change:
    return lambda paged: paged.open(*numbers)


def closing_and_opening(closed: int, opened: int) -> Change:
    def change(paged: Paged) -> None:
        paged.close(closed)
        paged.open(opened)

    return change


@pytest.mark.parametrize("query", [NEWEST_FIRST, OLDEST_FIRST], ids=["newest", "oldest"])
@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("moment", [2, 4, 7, 9])
@pytest.mark.parametrize(
    "change",
    [
        closing(COUNT),
        closing(1),
        closing(37),
        closing(2, 43, 74),
        closing(*range(20, 33)),
        opening(COUNT + 1),
        opening(*range(COUNT + 1, COUNT + 12)),
        closing_and_opening(37, COUNT + 1),
        closing_and_opening(1, COUNT + 1),
    ],
    ids=["newest", "oldest", "middle", "three", "many", "opens", "many open", "middle and opens", "oldest and opens"],
)
async def test_whatever_moves_once_is_seen_and_mended(
    waits: Waits, query: AlertQuery, at_once: int, moment: int, change: Change
) -> None:
    paged, reading = await read(waits, query, at({moment: change}), at_once)
    truth = {item["number"] for item in paged.lists[CODE]}
    found = numbers_of(reading.alerts)
    assert len(found) == len(set(found))
    assert set(found) == truth
    assert reading.gaps == ()
    assert all(note.startswith("Alerts opened or closed while they were read;") for note in reading.notes)


async def test_a_close_between_two_pages_would_have_hidden_an_alert(waits: Waits) -> None:
    paged, reading = await read(waits, NEWEST_FIRST, at({5: closing(70)}))
    assert paged.pages == [1, 8, 2, 3, 4, 5, 6, 7, *range(1, 9), *range(1, 9)]
    assert paged.statuses == [200] * 8 + [200, 200, 200, 304, 304, 304, 304, 200] + [304] * 8
    assert numbers_of(reading.alerts) == [n for n in range(1, COUNT + 1) if n != 70]
    assert reading.notes == ("Alerts opened or closed while they were read; 4 pages were read again.",)


async def test_pages_that_are_not_in_order_are_looked_at_again(waits: Waits) -> None:
    paged = Paged(items(range(1, 41)))

    async def before(asked: Asked) -> httpx.Response | None:
        if asked.paged.pages != [1, 4, 2]:
            return None
        links = "<https://api.github.com/x?page=3>; rel=next, <https://api.github.com/x?page=4>; rel=last"
        return httpx.Response(200, json=items(range(50, 60)), headers={"link": links})

    paged.before = before
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", OLDEST_FIRST)
    assert numbers_of(reading.alerts) == list(range(1, 41))
    assert paged.pages == [1, 4, 2, 3, *range(1, 5), *range(1, 5)]
    assert reading.notes == ("Alerts opened or closed while they were read; 1 page was read again.",)


async def test_one_page_is_one_page(waits: Waits) -> None:
    _, reading = await read(waits, OLDEST_FIRST, at({9: closing(74)}))
    assert reading.notes == ("Alerts opened or closed while they were read; 1 page was read again.",)


async def test_what_keeps_moving_is_told(waits: Waits) -> None:
    _, reading = await read(waits, NEWEST_FIRST, always(lambda paged, moment: paged.open(COUNT + moment)))
    assert RESTLESS in reading.gaps
    found = numbers_of(reading.alerts)
    assert len(found) == len(set(found))
    assert set(found) >= set(range(1, COUNT + 1))


async def test_it_is_read_again_twice_at_most(waits: Waits) -> None:
    paged, _ = await read(waits, NEWEST_FIRST, always(lambda paged, moment: paged.close(COUNT + 1 - moment)))
    assert len(paged.asked) <= 8 + 2 + 2 * 8


async def test_an_alert_that_always_comes_twice_is_counted_once_and_is_no_movement(waits: Waits) -> None:
    paged = Paged([*items(range(1, 26)), code_item(10)])
    reading = await make_alerts(paged, waits).read("octo-org", OLDEST_FIRST)
    assert numbers_of(reading.alerts) == list(range(1, 26))
    assert (reading.gaps, reading.notes) == ((), ())


async def test_short_pages_in_the_middle_are_looked_at_again_and_taken(waits: Waits) -> None:
    paged = Paged(items(range(1, 31)))

    async def before(asked: Asked) -> httpx.Response | None:
        if asked.page != 2:
            return None
        return httpx.Response(200, json=items(range(11, 16)), headers={"link": LINK})

    LINK = "<https://api.github.com/x?page=3>; rel=next, <https://api.github.com/x?page=3>; rel=last"  # noqa: N806
    paged.before = before
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", OLDEST_FIRST)
    assert len(reading.alerts) == 25
    assert paged.pages == [1, 3, 2, 1, 2, 3]
    assert (reading.gaps, reading.notes) == ((), ())


@pytest.mark.parametrize(("oldest_first", "number", "again"), [(True, 15, "1 page was"), (False, 70, "2 pages were")])
async def test_movement_within_what_is_wanted_is_seen_though_the_reading_stops_early(
    waits: Waits, oldest_first: bool, number: int, again: str
) -> None:
    stop = seconds(35 if oldest_first else COUNT + 1 - 35)
    query = AlertQuery("code", oldest_first=oldest_first, stop=stop)
    _, reading = await read(waits, query, at({4: closing(number)}))
    wanted = {n for n in range(1, COUNT + 1) if (n <= 35 if oldest_first else n > COUNT - 35)} - {number}
    assert set(numbers_of(reading.alerts)) == wanted
    assert reading.gaps == ()
    assert reading.notes == (f"Alerts opened or closed while they were read; {again} read again.",)


async def test_movement_beyond_what_is_wanted_is_no_news(waits: Waits) -> None:
    query = AlertQuery("code", oldest_first=True, stop=seconds(25))
    _, reading = await read(waits, query, at({4: opening(COUNT + 1)}))
    assert numbers_of(reading.alerts) == list(range(1, 26))
    assert (reading.gaps, reading.notes) == ((), ())


async def test_when_the_wanted_part_grows_the_next_page_is_read_too(waits: Waits) -> None:
    paged = Paged([code_item(n) for n in range(1, COUNT + 1) if n % 10])
    query = AlertQuery("code", oldest_first=True, stop=seconds(23))
    opened = [n for n in range(1, 23) if n % 10 == 0]
    paged.before = at({4: opening(*opened)})
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, 24))
    assert reading.gaps == ()


async def test_an_alert_that_changed_but_stayed_is_taken_as_it_is_now(waits: Waits) -> None:
    def worse(paged: Paged) -> None:
        last = next(item for item in paged.lists[CODE] if item["number"] == 1)
        last["rule"] = {"id": "js/xss", "security_severity_level": "critical"}

    _, reading = await read(waits, NEWEST_FIRST, at({9: worse}))
    assert reading.alerts[-1].alert_number == 1
    assert getattr(reading.alerts[-1], "severity", "") == "critical"
