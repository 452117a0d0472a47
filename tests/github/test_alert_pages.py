"""How a list of alerts is read: in parallel within bounds, no further than wanted, and at once stopped."""

from __future__ import annotations

import anyio
import httpx
import pytest

from server.domain.alerts import AlertQuery
from server.github import alert_pages, alert_sentences, failures
from tests.github.paged import (
    CODE,
    SECRET_ALERTS,
    Asked,
    Item,
    Paged,
    code_item,
    items,
    make_alerts,
    numbers_of,
    seconds,
)
from tests.github.scripted import Waits, told

pytestmark = pytest.mark.anyio
ALL = AlertQuery("code")


class Gate:
    """Holds every request until it is opened, and tells when so many are waiting."""

    def __init__(self, full_at: int) -> None:
        self.full = anyio.Event()
        self.open = anyio.Event()
        self.waiting = 0
        self._full_at = full_at

    async def __call__(self, asked: Asked) -> httpx.Response | None:
        if asked.page > 1:
            self.waiting += 1
            if self.waiting >= self._full_at:
                self.full.set()
            await self.open.wait()
        return None


async def test_a_list_is_read_whole_with_the_last_page_early_and_both_ends_seen_again(waits: Waits) -> None:
    paged = Paged(items(range(1, 451)))
    with anyio.fail_after(5):
        reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert numbers_of(reading.alerts) == list(range(1, 451))
    assert (reading.gaps, reading.notes, reading.requests) == ((), (), 7)
    assert paged.pages == [1, 5, 2, 3, 4, 1, 5]
    assert paged.statuses == [200] * 5 + [304] * 2
    assert paged.asked[0].line == f"{CODE}?state=open&sort=created&direction=desc&per_page=100&page=1"
    assert {asked.path for asked in paged.asked} == {CODE}


@pytest.mark.parametrize("count", [0, 1, 99, 100])
async def test_a_list_of_one_page_takes_one_request(waits: Waits, count: int) -> None:
    paged = Paged(items(range(count)[1:]) + items([count] if count else []))
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert len(reading.alerts) == count
    assert (reading.gaps, reading.requests, paged.pages) == ((), 1, [1])


async def test_the_order_is_githubs(waits: Waits) -> None:
    paged = Paged(items(range(1, 251)))
    alerts = make_alerts(paged, waits)
    newest = await alerts.read("octo-org", ALL)
    assert [alert.alert_number for alert in newest.alerts] == list(range(250, 0, -1))
    oldest = await alerts.read("octo-org", AlertQuery("code", oldest_first=True))
    assert [alert.alert_number for alert in oldest.alerts] == list(range(1, 251))
    assert paged.asked[-1].query["direction"] == "asc"


@pytest.mark.parametrize("at_once", [1, 4, 7])
async def test_no_more_requests_are_under_way_than_set(waits: Waits, at_once: int) -> None:
    paged = Paged(items(range(1, 2001)))
    paged.before = gate = Gate(at_once)
    alerts = make_alerts(paged, waits, at_once=at_once)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(alerts.read, "octo-org", ALL)
            await gate.full.wait()
            await anyio.wait_all_tasks_blocked()
            assert gate.waiting == paged.under_way == at_once
            gate.open.set()
    assert paged.most_under_way == at_once


async def test_several_readings_and_passes_share_the_bound(waits: Waits) -> None:
    paged = Paged([code_item(n) for n in range(1, 901)])
    paged.before = gate = Gate(4)
    passes = ((("severity", "high"),), (("tool_name", "CodeQL"),))
    alerts = make_alerts(paged, waits)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(alerts.read, "octo-org", AlertQuery("code", passes=passes))
            await gate.full.wait()
            await anyio.wait_all_tasks_blocked()
            assert paged.under_way == 4
            gate.open.set()
    assert paged.most_under_way == 4


async def test_cancelling_cuts_what_is_under_way_and_starts_nothing_more(waits: Waits) -> None:
    paged = Paged(items(range(1, 2001)))
    paged.before = gate = Gate(4)
    told_pages: list[int] = []

    async def progress(done: int, total: int | None) -> None:
        told_pages.append(done)

    async def read() -> None:
        with scope:
            await make_alerts(paged, waits).read("octo-org", ALL, progress=progress)

    scope = anyio.CancelScope()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await gate.full.wait()
            scope.cancel()
    assert scope.cancelled_caught
    assert paged.under_way == 0
    assert len(paged.asked) == 5
    assert told_pages == [1]


async def test_a_cancellation_while_progress_is_told_is_the_end(waits: Waits) -> None:
    paged = Paged(items(range(1, 2001)))
    told_pages: list[int] = []

    async def progress(done: int, total: int | None) -> None:
        told_pages.append(done)
        if done == 3:
            asked.append(len(paged.asked))
            scope.cancel()

    asked: list[int] = []
    with anyio.fail_after(5), anyio.CancelScope() as scope:
        await make_alerts(paged, waits).read("octo-org", ALL, progress=progress)
    assert scope.cancelled_caught
    assert told_pages == [1, 2, 3]
    assert len(paged.asked) == asked[0]


async def test_progress_is_told_after_every_page_and_never_goes_back(waits: Waits) -> None:
    seen: list[tuple[int, int | None]] = []

    async def progress(done: int, total: int | None) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append((done, total))

    await make_alerts(Paged(items(range(1, 901))), waits).read("octo-org", ALL, progress=progress)
    assert [done for done, _ in seen] == list(range(1, 12))
    totals = [total or 0 for _, total in seen]
    assert totals[0] == 9
    assert totals == sorted(totals)
    assert seen[-1] == (11, 11)


async def test_progress_is_told_one_after_the_other_however_slow_the_listener(waits: Waits) -> None:
    listening = 0
    seen: list[int] = []

    async def progress(done: int, total: int | None) -> None:
        nonlocal listening
        listening += 1
        assert listening == 1
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        seen.append(done)
        listening -= 1

    await make_alerts(Paged(items(range(1, 901))), waits).read("octo-org", ALL, progress=progress)
    assert seen == list(range(1, 12))


async def test_a_page_that_came_with_the_cancellation_is_not_told(waits: Waits) -> None:
    paged = Paged(items(range(1, 51)))
    told_pages: list[int] = []

    async def before(asked: Asked) -> httpx.Response | None:
        scope.cancel()
        return None

    async def progress(done: int, total: int | None) -> None:
        told_pages.append(done)

    paged.before = before
    with anyio.fail_after(5), anyio.CancelScope() as scope:
        await make_alerts(paged, waits).read("octo-org", ALL, progress=progress)
    assert told_pages == []
    assert len(paged.asked) == 1


async def test_what_only_the_memory_had_wrong_is_no_movement(waits: Waits) -> None:
    paged = Paged(items(range(1, 301)))
    alerts = make_alerts(paged, waits)
    query = AlertQuery("code", oldest_first=True)
    await alerts.read("octo-org", query)
    paged.lists[CODE] = items(range(1, 311))
    reading = await alerts.read("octo-org", query)
    assert (len(reading.alerts), reading.requests) == (310, 4 + 1 + 2)


async def test_the_total_is_told_when_every_list_is_known(waits: Waits) -> None:
    seen: list[int | None] = []

    async def progress(done: int, total: int | None) -> None:
        seen.append(total)

    passes = ((("severity", "high"),), (("severity", "low"),))
    paged = Paged(items(range(1, 301)))
    await make_alerts(paged, waits, at_once=1).read("octo-org", AlertQuery("code", passes=passes), progress=progress)
    assert seen == [None, 4, 4, 4, 6, 6]


@pytest.mark.parametrize("oldest_first", [True, False])
async def test_no_page_is_started_beyond_what_is_wanted(waits: Waits, oldest_first: bool) -> None:
    paged = Paged(items(range(1, 2001)))
    stop = seconds(250 if oldest_first else 1751)
    query = AlertQuery("code", oldest_first=oldest_first, stop=stop)
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, 251) if oldest_first else range(1751, 2001))
    assert paged.pages == [1, 20, 2, 3, 4, 1, 20]
    assert (reading.gaps, reading.notes) == ((), ())


async def test_with_several_under_way_only_those_begun_go_on_beyond_what_is_wanted(waits: Waits) -> None:
    paged = Paged(items(range(1, 2001)))
    query = AlertQuery("code", oldest_first=True, stop=seconds(250))
    reading = await make_alerts(paged, waits, at_once=4).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, 251))
    assert max(page for page in paged.pages if page < 20) <= 4 + 4


async def test_when_nothing_on_the_first_page_is_wanted_it_is_the_only_one(waits: Waits) -> None:
    paged = Paged(items(range(1, 2001)))
    reading = await make_alerts(paged, waits).read("octo-org", AlertQuery("code", oldest_first=True, stop=seconds(0)))
    assert (reading.alerts, paged.pages, reading.gaps) == ([], [1], ())
    assert reading.beyond


class Strays(Paged):
    """Its list is ordered but for some alerts, which are at a place each."""

    def __init__(self, count: int, places: dict[int, int]) -> None:
        super().__init__(items(range(1, count + 1)))
        self._places = places

    def _listed(self, path: str, asked: Asked) -> list[Item]:
        listed = super()._listed(path, asked)
        for number, place in self._places.items():
            stray = next(item for item in listed if item["number"] == number)
            listed.remove(stray)
            listed.insert(place, stray)
        return listed


@pytest.mark.parametrize("cursors", [False, True])
@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("places", [{990: 199}, {990: 150}, {990: 200}, {990: 0}, {990: 199, 5: 820}], ids=str)
async def test_an_alert_out_of_order_ends_no_reading_early(
    waits: Waits, places: dict[int, int], at_once: int, cursors: bool
) -> None:
    paged = Strays(1000, places)
    paged.cursors = cursors
    query = AlertQuery("code", oldest_first=True, stop=seconds(450))
    reading = await make_alerts(paged, waits, at_once=at_once).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, 451))
    assert len(paged.asked) >= 10
    assert (reading.gaps, reading.notes) == ((), ())


async def test_a_last_page_that_is_out_of_order_is_evidence_too(waits: Waits) -> None:
    paged = Strays(1000, {5: 700, 6: 950})
    query = AlertQuery("code", oldest_first=True, stop=seconds(450))
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, 451))


@pytest.mark.parametrize("cursors", [False, True])
async def test_where_a_whole_page_is_out_of_order_the_list_is_read_to_its_end(waits: Waits, cursors: bool) -> None:
    paged = Strays(1000, dict.fromkeys(range(901, 1001), 200))
    paged.cursors = cursors
    query = AlertQuery("code", oldest_first=True, stop=seconds(450))
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, 451))
    assert (reading.gaps, reading.notes) == ((), ())


async def test_what_only_moved_is_no_disorder(waits: Waits) -> None:
    """Many open at once between two pages of the newest; read again they are in order, and the rest stays unread."""
    paged = Paged(items(range(1, 2001)))

    async def before(asked: Asked) -> httpx.Response | None:
        if len(asked.paged.asked) == 4:
            asked.paged.open(*range(2001, 2011))
        return None

    paged.before = before
    query = AlertQuery("code", stop=seconds(1551))
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1551, 2011))
    assert set(paged.pages) == {1, 2, 3, 4, 5, 6, 20}
    assert reading.gaps == ()


@pytest.mark.parametrize(("stop", "beyond"), [(9, True), (10, False), (11, False), (None, False)])
async def test_it_is_told_whether_there_is_anything_beyond(waits: Waits, stop: int | None, beyond: bool) -> None:
    query = AlertQuery("code", oldest_first=True, stop=seconds(stop) if stop else None)
    reading = await make_alerts(Paged(items(range(1, 11))), waits).read("octo-org", query)
    assert reading.beyond == beyond


async def test_cursors_are_followed_one_after_the_other(waits: Waits) -> None:
    paged = Paged(items(range(1, 451)))
    paged.cursors = True
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert numbers_of(reading.alerts) == list(range(1, 451))
    assert paged.most_under_way == 1
    assert [asked.query.get("after") for asked in paged.asked] == [None, "100", "200", "300", "400"]
    assert {asked.path for asked in paged.asked[1:]} == {"/organizations/1/code-scanning/alerts"}
    assert reading.gaps == ()


async def test_cursors_are_not_followed_beyond_what_is_wanted(waits: Waits) -> None:
    paged = Paged(items(range(1, 2001)))
    paged.cursors = True
    query = AlertQuery("code", oldest_first=True, stop=seconds(150))
    reading = await make_alerts(paged, waits).read("octo-org", query)
    assert (numbers_of(reading.alerts), len(paged.asked), reading.gaps) == (list(range(1, 151)), 3, ())


@pytest.mark.parametrize("cursors", [False, True])
async def test_a_list_that_is_too_long_is_cut_and_that_is_said(
    waits: Waits, cursors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_pages, "MOST_PAGES", 3)
    monkeypatch.setattr(alert_sentences, "MOST_PAGES", 3)
    paged = Paged(items(range(1, 451)))
    paged.cursors = cursors
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert numbers_of(reading.alerts) == list(range(151, 451))
    assert max(paged.pages) <= 3
    of = "" if cursors else " of 5"
    assert reading.gaps == (
        f"Only the first 3 pages{of} were read, since one reading takes no more; narrow the filter.",
    )


@pytest.mark.parametrize("cursors", [False, True])
async def test_a_second_look_at_an_unchanged_list_reads_and_costs_nothing(
    waits: Waits, cursors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged = Paged(items(range(1, 451)))
    paged.cursors = cursors
    alerts = make_alerts(paged, waits)
    first = await alerts.read("octo-org", ALL)
    paged.forget()

    def parsed(_: bytes) -> object:
        raise AssertionError("a page was parsed")

    monkeypatch.setattr(failures, "parsed", parsed)
    second = await alerts.read("octo-org", ALL)
    assert set(paged.statuses) == {304}
    assert second.alerts == first.alerts
    assert second.alerts[0] is first.alerts[0]
    assert (second.gaps, second.notes) == ((), ())


@pytest.mark.parametrize("cursors", [False, True])
@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("before", [100, 250, 300])
@pytest.mark.parametrize("change", [-101, -1, 0, 1, 100, 250])
async def test_a_second_look_sees_what_changed_since(
    waits: Waits, cursors: bool, oldest_first: bool, before: int, change: int
) -> None:
    """A 304 tells no Link: a last page that was full may have a successor by now, and a later one may be gone."""
    paged = Paged(items(range(1, before + 1)))
    paged.cursors = cursors
    alerts = make_alerts(paged, waits)
    query = AlertQuery("code", oldest_first=oldest_first)
    await alerts.read("octo-org", query)
    paged.lists[CODE] = items(range(1, before + change + 1))
    reading = await alerts.read("octo-org", query)
    assert numbers_of(reading.alerts) == list(range(1, before + change + 1))
    assert (reading.gaps, reading.notes) == ((), ())


async def test_without_etags_everything_is_read_anew_and_still_right(waits: Waits) -> None:
    paged = Paged(items(range(1, 451)))
    paged.etags = False
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert numbers_of(reading.alerts) == list(range(1, 451))
    assert (reading.gaps, reading.notes, reading.requests) == ((), (), 7)


async def test_each_pass_is_a_list_of_its_own_and_no_alert_counts_twice(waits: Waits) -> None:
    low = {"id": "x", "security_severity_level": "low"}
    paged = Paged([*items(range(1, 151)), *(code_item(n, rule=low) for n in range(151, 201))])
    passes = ((("severity", "high"),), (("severity", "low"),), (("tool_name", "CodeQL"),))
    reading = await make_alerts(paged, waits).read("octo-org", AlertQuery("code", passes=passes))
    assert numbers_of(reading.alerts) == list(range(1, 201))
    asked = {(one.query.get("severity"), one.query.get("tool_name"), one.page) for one in paged.asked}
    assert asked == {
        ("high", None, 1),
        ("high", None, 2),
        ("low", None, 1),
        (None, "CodeQL", 1),
        (None, "CodeQL", 2),
    }


async def test_a_pass_cannot_change_what_is_always_asked(waits: Waits) -> None:
    paged = Paged(items([1]))
    paged.lists[SECRET_ALERTS] = [code_item(1)]
    passes = ((("hide_secret", "false"), ("state", "resolved"), ("validity", "active")),)
    await make_alerts(paged, waits).read("octo-org", AlertQuery("secret", passes=passes))
    assert paged.asked[0].query == {
        "hide_secret": "true",
        "state": "open",
        "validity": "active",
        "sort": "created",
        "direction": "desc",
        "per_page": "100",
        "page": "1",
    }


async def test_a_202_without_a_body_is_no_page(waits: Waits) -> None:
    paged = Paged(items(range(1, 301)))

    async def before(asked: Asked) -> httpx.Response | None:
        return told(202) if asked.page == 2 else None

    paged.before = before
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert reading.gaps[0].startswith("Only 2 of 3 pages of alerts were read. GitHub answered something other")
