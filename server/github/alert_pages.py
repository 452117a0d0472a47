"""One list of alerts, read page by page with several requests under way.

A list moves while it is read: an alert closes and all that follow come one place forward, one of them from a page not
read yet to one that was. So the last page is read early; when first and last page are still the same in the end,
nothing moved in between. Otherwise all pages are asked for again, which costs nothing where they are unchanged.

Where nothing beyond some moment is wanted, reading stops with the first page that is wholly beyond it, provided that
the list is in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise

from server.domain.alerts import AnyAlert
from server.github.alert_reading import Reading, together
from server.github.alert_records import AlertPage, PageReader, distinct
from server.github.client import Answer, GitHubClient
from server.github.pages import LARGEST_PAGE, no_list

MOST_PAGES = 1_100
"""Of one list: 110,000 alerts."""
_ROUNDS = 2
_NEVER = MOST_PAGES + 1


@dataclass(frozen=True)
class ListRequest:
    """What is asked of GitHub for one list.

    Attributes:
        path, org, about: as for `GitHubClient.request`.
        params: the query, without page and per_page.
        reader: makes the records.
        oldest_first: the order asked for, by creation.
        stop: nothing beyond this moment in this order is wanted (seconds since 1970).
    """

    path: str
    org: str
    about: str
    params: Mapping[str, str | int]
    reader: PageReader
    oldest_first: bool
    stop: int | None


class AlertList:
    """One list while it is read, and what came of it.

    Attributes:
        read_again: how many pages were other ones when they were read again.
        restless: it still moved when it had been read again.
        unchecked: whether it moved could not be seen any more.
    """

    def __init__(self, client: GitHubClient, request: ListRequest, reading: Reading) -> None:
        self.read_again = 0
        self.restless = False
        self.unchecked = False
        self._client = client
        self._request = request
        self._reading = reading
        self._pages: dict[int, AlertPage] = {}
        self._last: int | None = None  # as the Link header says; None with cursors, and before the first page
        self._sure = False  # whether that is from a header as new as the page
        self._beyond = _NEVER  # the first page with nothing that is wanted any more
        self._orderly = True  # whether nothing that is wanted can come behind that page
        self._moved = False
        self._repeats = 0
        self._missed = False  # a page did not come, since the reading had ended
        self._cut = False
        self._ended = False  # cursors only: no further page is to come
        reading.add(self)

    @property
    def planned(self) -> int | None:
        """The pages to be read, those read again counted each time; None where that is not known."""
        if self._last is None or (self._request.stop is not None and self._until > 1):
            return None
        return self._until + self._repeats

    @property
    def pages_read(self) -> int:
        """How many pages of those wanted are here."""
        return sum(number <= self._until for number in self._pages)

    @property
    def pages_in_all(self) -> int | None:
        """How many pages the list has, as far as GitHub told."""
        return self._last

    @property
    def whole(self) -> bool:
        """Whether every page came that is wanted, and not beyond the most that are read."""
        if self._last is None:
            return self._ended
        return all(number in self._pages for number in range(1, self._until + 1))

    @property
    def cut(self) -> bool:
        """Whether it has more pages than are ever read."""
        return self._cut or ((self._last or 0) > MOST_PAGES and self._beyond > MOST_PAGES)

    @property
    def unreadable(self) -> int:
        """How many alerts could not be read."""
        return sum(page.unreadable for page in self._wanted_pages())

    def alerts(self) -> Iterator[AnyAlert]:
        """Yield what is wanted, in GitHub's order; one that moved while it was read may come twice."""
        for alert in chain.from_iterable(page.alerts for page in self._wanted_pages()):
            if not self._is_beyond(alert):
                yield alert

    @property
    def beyond(self) -> bool:
        """Whether there are alerts beyond the moment at which to stop."""
        return any(self._is_beyond(alert) for page in self._pages.values() for alert in page.alerts)

    async def read(self) -> None:
        """Read the list, until it is whole or the reading has ended.

        Raises:
            GitHubError: it may not be read.
        """
        first = await self._read(1)
        if first is None:
            return
        if first.last_page is None and first.next_url is not None:
            await self._follow(first)
            return
        await self._read_wanted()
        if self._beyond != _NEVER and not self._stops():
            await self._read_wanted()

    @property
    def _until(self) -> int:
        """The last page that is wanted."""
        return min(self._last or len(self._pages), self._beyond, MOST_PAGES)

    def _wanted_pages(self) -> list[AlertPage]:
        return [self._pages[number] for number in sorted(self._pages) if number <= self._until]

    async def _follow(self, answer: Answer | None) -> None:
        """Go from page to page where only cursors lead: they hold still when alerts come and go."""
        number = 1
        while answer is not None and answer.next_url is not None and not self._stops():
            if number == MOST_PAGES:
                self._cut = True
                break
            number += 1
            answer = await self._read(number, answer.next_url)
        self._ended = answer is not None

    async def _read_wanted(self) -> None:
        await self._read_missing()
        if self._until > 1 and self.pages_read == self._until:
            await self._settle()

    async def _read_missing(self) -> None:
        """Read what was not read yet, the last page first and the others in order."""
        while not self._reading.ended:
            missing = [number for number in range(1, self._until + 1) if number not in self._pages]
            if not missing:
                return
            await self._read_all([missing[-1], *missing[:-1]])

    async def _settle(self) -> None:
        """See whether alerts moved from page to page meanwhile, and read again until they stand still."""
        if not self._odd():
            edge = max(self._pages)
            await self._read_all([1, edge], again=True)
        for _ in range(_ROUNDS):
            if not self._moved or self._reading.ended:
                break
            self._moved = False
            await self._read_all(range(1, self._until + 1), again=True)
            await self._read_missing()
        self.restless = self._moved
        self.unchecked = self._missed

    async def _read_all(self, numbers: Iterable[int], *, again: bool = False) -> None:
        """Read pages, as many at a time as there are turns; none beyond what turns out to be wanted."""
        ordered = list(numbers)
        self._repeats += len(ordered) * again
        waiting = iter(ordered)

        async def read_on() -> None:
            for number in waiting:
                if number <= self._until or (again and number in self._pages):
                    await self._read(number)

        async with together() as group:
            for _ in range(min(self._reading.at_once, len(ordered))):
                group.start_soon(read_on)

    async def _read(self, number: int, url: str | None = None) -> Answer | None:
        """Read one page and keep its records; None when the reading has ended."""
        answer = await self._reading.ask(partial(self._send, number, url))
        ends_full = answer is not None and answer.next_url is None and _page(answer).size >= LARGEST_PAGE
        if answer is not None and answer.unchanged and ends_full and number not in self._pages:
            # GitHub's 304 need not tell a Link, and behind a page that was full and the last there may be one by now.
            answer = await self._reading.ask(partial(self._send, number, url, afresh=True))
        if answer is None:
            self._missed = True
            return None
        self._take(number, answer)
        await self._reading.count_page()
        return answer

    async def _send(self, number: int, url: str | None, *, afresh: bool = False) -> Answer:
        asked = self._request
        if url is not None:
            answer = await self._client.follow(
                url, org=asked.org, about=asked.about, distill=asked.reader, afresh=afresh, bulk=True
            )
        else:
            answer = await self._client.request(
                "GET",
                asked.path,
                org=asked.org,
                params={**asked.params, "per_page": LARGEST_PAGE, "page": number},
                about=asked.about,
                distill=asked.reader,
                afresh=afresh,
                bulk=True,
            )
        _page(answer)
        return answer

    def _take(self, number: int, answer: Answer) -> None:
        page = _page(answer)
        before = self._pages.get(number)
        if before is not None and before != page:
            self._moved = True
            self.read_again += number <= self._until
        self._pages[number] = page
        if number == 1 and before is None:
            self._last, self._sure = self._last_by(number, answer), not answer.unchanged
        elif self._last is not None and not answer.unchanged:
            self._correct_last(self._last_by(number, answer))
        if self._request.stop is not None and self._orderly:
            self._beyond = min((one for one in self._pages if self._is_all_beyond(one)), default=_NEVER)

    def _last_by(self, number: int, answer: Answer) -> int | None:
        """Return the number of the last page as an answer tells it; None with cursors."""
        if answer.last_page is not None or answer.next_url is not None:
            return answer.last_page
        return number if _page(answer).size or number == 1 else number - 1

    def _correct_last(self, told: int | None) -> None:
        if told is None or told == self._last:
            return
        self._moved = self._moved or self._sure  # what was only remembered may have been wrong all along
        self._last, self._sure = told, True

    def _odd(self) -> bool:
        """Whether the pages do not fit together, as they do when alerts moved between them."""
        pages = self._wanted_pages()
        alerts = [alert for page in pages for alert in page.alerts]
        short = any(page.size < LARGEST_PAGE for page in pages[:-1])
        moments = [(page.alerts[0].created_at, page.alerts[-1].created_at) for page in pages if page.alerts]
        turned = any(
            (end > start) if self._request.oldest_first else (end < start) for (_, end), (start, _) in pairwise(moments)
        )
        self._moved = self._moved or short or turned or len(distinct(alerts)) < len(alerts)
        return self._moved

    def _stops(self) -> bool:
        """Whether a page ends what is wanted. Where alerts are not in order none does, then and from then on."""
        if self._beyond != _NEVER:
            edge = max(self._pages)
            read = [page for number, page in sorted(self._pages.items()) if number <= self._until or number == edge]
            moments = [alert.created_at for page in read for alert in page.alerts]
            self._orderly = moments == sorted(moments, reverse=not self._request.oldest_first)
            if not self._orderly:
                self._beyond = _NEVER
        return self._beyond != _NEVER

    def _is_all_beyond(self, number: int) -> bool:
        alerts = self._pages[number].alerts
        return bool(alerts) and all(self._is_beyond(alert) for alert in alerts)

    def _is_beyond(self, alert: AnyAlert) -> bool:
        stop = self._request.stop
        if stop is None:
            return False
        return alert.created_at > stop if self._request.oldest_first else alert.created_at < stop


def _page(answer: Answer) -> AlertPage:
    if not isinstance(answer.content, AlertPage):
        raise no_list("a page of alerts")
    return answer.content
