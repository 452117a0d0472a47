"""A reading that GitHub or its rate limit ends early keeps what came and says plainly what is missing."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from server.domain.alerts import AlertQuery
from server.errors import NotFound, PermissionMissing, RateLimited, Unauthenticated, Unavailable, UnexpectedAnswer
from server.github import alert_pages
from tests.github.paged import Asked, Before, Paged, code_item, items, make_alerts, numbers_of
from tests.github.scripted import NOW, Waits, told

pytestmark = pytest.mark.anyio
ALL = AlertQuery("code")
IN_AN_HOUR = str(int((NOW + timedelta(minutes=40)).timestamp()))


def failing(page: int, answer: httpx.Response) -> Before:
    async def before(asked: Asked) -> httpx.Response | None:
        return (
            httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
            if asked.page == page
            else None
        )

    return before


def running_out(at: int, remaining: str, reset: str | None = IN_AN_HOUR) -> Before:
    """From some request on, little is left of the rate limit."""

    async def before(asked: Asked) -> httpx.Response | None:
        left = remaining if len(asked.paged.asked) >= at else "4000"
        asked.paged.headers = {"x-ratelimit-remaining": left, **({"x-ratelimit-reset": reset} if reset else {})}
        return None

    return before


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (told(502), "GitHub failed 4 times on the request for the code scanning alerts of octo-org."),
        (
            told(429, {}, retry_after="1800"),
            "GitHub's rate limit is reached. Requests are accepted again at 2026-11-20 11:12:00 UTC.",
        ),
        (
            told(200, {"message": "no list"}),
            "GitHub answered something other than a list of objects when asked for code scanning alerts.",
        ),
        (httpx.Response(200, content=b'[{"number": 1, '), "The answer from api.github.com is cut off or is not JSON."),
        (
            told(422, {"message": "Too deep"}),
            'GitHub did not accept the request for the code scanning alerts of octo-org. GitHub says: "Too deep".',
        ),
    ],
    ids=["5xx", "limited", "no list", "garbage", "refused"],
)
async def test_a_failure_on_a_later_page_keeps_what_was_read(waits: Waits, answer: httpx.Response, why: str) -> None:
    paged = Paged(items(range(1, 951)))
    paged.before = failing(4, answer)
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert numbers_of(reading.alerts) == [*range(1, 51), *range(651, 951)]
    assert reading.gaps == (f"Only 4 of 10 pages of alerts were read. {why}",)
    assert reading.notes == ()
    assert set(paged.pages) == {1, 10, 2, 3, 4}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(502), Unavailable),
        (told(429, {}, retry_after="1800"), RateLimited),
        (httpx.Response(200, content=b"<html>"), UnexpectedAnswer),
    ],
)
async def test_a_failure_on_the_first_page_is_an_error(
    waits: Waits, answer: httpx.Response, error: type[Exception]
) -> None:
    paged = Paged(items(range(1, 951)))
    paged.before = failing(1, answer)
    with pytest.raises(error):
        await make_alerts(paged, waits).read("octo-org", ALL)


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthenticated), (403, PermissionMissing), (404, PermissionMissing)]
)
@pytest.mark.parametrize("at_once", [1, 4])
async def test_a_refusal_on_a_later_page_is_an_error(
    waits: Waits, status: int, error: type[Exception], at_once: int
) -> None:
    paged = Paged(items(range(1, 951)))
    paged.others["/orgs/octo-org"] = told(200, {})
    paged.before = failing(4, told(status, {"message": "no"}))
    with pytest.raises(error):
        await make_alerts(paged, waits, at_once=at_once).read("octo-org", ALL)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_refusal_on_a_later_page_of_a_repository_is_an_error(waits: Waits, status: int) -> None:
    paged = Paged()
    paged.others["/repos/octo-org/web"] = told(200, {"id": 7, "full_name": "octo-org/web"})
    paged.lists["/repos/octo-org/web/code-scanning/alerts"] = items(range(1, 951))
    paged.before = failing(4, told(status, {"message": "no"}))
    with pytest.raises((PermissionMissing, NotFound)):
        await make_alerts(paged, waits).read("octo-org", AlertQuery("code", repositories=("web",)))


async def test_a_failure_in_a_list_that_is_too_long_is_told_too(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_pages, "MOST_PAGES", 5)
    paged = Paged(items(range(1, 951)))
    paged.before = failing(4, told(502))
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert [gap[:40] for gap in reading.gaps] == [
        "Only 4 of 10 pages of alerts were read. ",
        "Only the first 1,100 pages of 10 were re",
    ]


async def test_with_cursors_it_is_not_known_how_much_is_missing(waits: Waits) -> None:
    paged = Paged(items(range(1, 951)))
    paged.cursors = True

    async def before(asked: Asked) -> httpx.Response | None:
        return told(502) if asked.query.get("after") == "200" else None

    paged.before = before
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert numbers_of(reading.alerts) == list(range(751, 951))
    assert reading.gaps[0].startswith("Only 2 pages of alerts were read, not all. GitHub failed 4 times")


@pytest.mark.parametrize("remaining", ["200", "0"])
async def test_when_the_rate_limit_is_near_nothing_more_is_started(waits: Waits, remaining: str) -> None:
    paged = Paged(items(range(1, 1951)))
    paged.before = running_out(5, remaining)
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert len(paged.asked) == 5
    assert reading.gaps == (
        f"Only 450 of about 2,000 alerts were read, to spare the rate limit: {remaining} requests are left until it is "
        "reset at 2026-11-20 11:22:00 UTC.",
    )


@pytest.mark.parametrize("reset", [None, "soon", "0", "99999999999"])
async def test_an_odd_reset_is_not_repeated(waits: Waits, reset: str | None) -> None:
    paged = Paged(items(range(1, 951)))
    paged.before = running_out(2, "12", reset)
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert reading.gaps == ("Only 150 of about 1,000 alerts were read, to spare the rate limit: 12 requests are left.",)


@pytest.mark.parametrize("remaining", ["201", "", "many", "-3"])
async def test_enough_or_untold_is_no_limit(waits: Waits, remaining: str) -> None:
    paged = Paged(items(range(1, 951)))
    paged.before = running_out(1, remaining)
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert (len(reading.alerts), reading.gaps) == (950, ())


async def test_a_limit_that_is_near_on_the_only_page_hides_nothing(waits: Waits) -> None:
    paged = Paged(items(range(1, 51)))
    paged.before = running_out(1, "3")
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert (len(reading.alerts), reading.gaps, reading.notes) == (50, (), ())


async def test_when_only_the_last_look_falls_to_the_limit_that_is_a_note(waits: Waits) -> None:
    paged = Paged(items(range(1, 951)))
    paged.before = running_out(10, "200")
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert (len(reading.alerts), reading.gaps) == (950, ())
    assert reading.notes == ("It could not be checked any more whether alerts opened or closed while they were read.",)


async def test_movement_that_the_limit_leaves_unmended_is_a_gap(waits: Waits) -> None:
    paged = Paged(items(range(1, 951)))
    low = running_out(11, "200")

    async def before(asked: Asked) -> httpx.Response | None:
        if len(asked.paged.asked) == 11:
            asked.paged.close(945)
        return await low(asked)

    paged.before = before
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", ALL)
    assert reading.gaps == ("Alerts kept changing while they were read, so the counts may be off by a few.",)


async def test_repositories_that_were_not_reached_are_in_the_gap(waits: Waits) -> None:
    paged = Paged()
    for number, name in enumerate(("web", "api", "pay"), 7):
        paged.others[f"/repos/octo-org/{name}"] = told(200, {"id": number, "full_name": f"octo-org/{name}"})
        paged.lists[f"/repos/octo-org/{name}/code-scanning/alerts"] = items(range(1, 11))
    paged.before = running_out(4, "7")
    query = AlertQuery("code", repositories=("web", "api", "pay"))
    reading = await make_alerts(paged, waits, at_once=1).read("octo-org", query)
    assert len(reading.alerts) < 30
    assert reading.gaps[0].startswith(
        f"Only {len(reading.alerts)} alerts were read, not all, to spare the rate limit: 7 requests"
    )


@pytest.mark.parametrize(("odd", "says"), [(1, "1 alert could not be read."), (3, "3 alerts could not be read.")])
async def test_items_that_cannot_be_read_are_counted(waits: Waits, odd: int, says: str) -> None:
    paged = Paged([*items(range(1, 250)), *({**code_item(500 + n), "number": None} for n in range(odd))])
    reading = await make_alerts(paged, waits).read("octo-org", ALL)
    assert (len(reading.alerts), reading.gaps) == (249, (says,))
