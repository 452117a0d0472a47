"""The alerts of an organization that were closed since a moment, the ones that changed last first.

Source: GitHub REST reference, "Code scanning" and "Secret scanning": the lists can be ordered by `updated`, and to
close an alert is to update it. So reading ends with the first page on which nothing changed since the moment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple

from server.domain.alerts import AlertKind, ClosedAlert
from server.errors import GitHubError
from server.github.addresses import segment
from server.github.alert_reading import Reading, together
from server.github.alert_records import Shared, repository_of, seconds, whole_number
from server.github.alert_sentences import alerts_of
from server.github.client import Answer, GitHubClient
from server.github.pages import LARGEST_PAGE, no_list

MOST_PAGES = 100
"""Of one list: 10,000 alerts."""
_ROUNDS = 3

_ALWAYS: Mapping[str, str | int] = {"sort": "updated", "direction": "desc", "per_page": LARGEST_PAGE}
_PARAMS: dict[AlertKind, Mapping[str, str | int]] = {
    "code": {"state": "closed", **_ALWAYS},
    "secret": {"state": "resolved", "hide_secret": "true", **_ALWAYS},
}


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """What is kept of one page.

    Attributes:
        alerts: the closed ones that could be read.
        size: how many items the page had.
    """

    alerts: tuple[ClosedAlert, ...]
    size: int

    def __len__(self) -> int:
        """Return the number of records, as a cache counts them."""
        return len(self.alerts)

    def is_before(self, moment: float) -> bool:
        """Whether nothing on it changed since a moment (seconds since 1970), so that no later page matters."""
        return len(self) == self.size and all(
            alert.updated_at is not None and alert.updated_at < moment for alert in self.alerts
        )


@dataclass(frozen=True)
class ClosedPageReader:
    """Reads the pages of one kind of list; equal ones read alike."""

    kind: AlertKind
    shared: Shared = field(compare=False, repr=False)

    def __call__(self, content: object) -> ClosedPage:
        """Make the records of a page.

        Raises:
            UnexpectedAnswer: the page is no list.
        """
        if not isinstance(content, list):
            raise no_list(alerts_of(self.kind, "an organization"))
        read = (_closed_alert(item, self.kind, self.shared) for item in content)
        return ClosedPage(tuple(alert for alert in read if alert is not None), len(content))


@dataclass(frozen=True)
class ClosedQuery:
    """What was closed where, since when.

    Attributes:
        org: the organization.
        kind: code or secret scanning alerts.
        since: the moment, in seconds since 1970.
        secret_types: those that are asked for; without them GitHub leaves generic ones out.
    """

    org: str
    kind: AlertKind
    since: float
    secret_types: Collection[str] = ()


class ClosedReading(NamedTuple):
    """What was read.

    Attributes:
        alerts: by repository id and number; some that were closed earlier may be among them.
        since: it holds all that were closed since this moment (seconds since 1970), which is later than what was asked
            for when there were too many; None when that cannot be told.
    """

    alerts: Mapping[tuple[int, int], ClosedAlert]
    since: float | None


class ClosedList:
    """Reads what a query asks for."""

    def __init__(self, client: GitHubClient, reading: Reading, shared: Shared, query: ClosedQuery) -> None:
        self._client = client
        self._reading = reading
        self._query = query
        self._reader = ClosedPageReader(query.kind, shared)
        self._path = f"/orgs/{segment(query.org)}/{query.kind}-scanning/alerts"
        self._about = alerts_of(query.kind, query.org)
        types = {"secret_type": ",".join(sorted(query.secret_types))} if query.secret_types else {}
        self._params = {**_PARAMS[query.kind], **types}
        self._found: dict[tuple[int, int], ClosedAlert] = {}
        self._pages_read = 0
        self._oldest: int | None = None

    async def read(self) -> ClosedReading:
        """Read the list.

        Alerts that change meanwhile move to its beginning, and those that open again leave it, so that others slip
        onto a page that was read already. So several pages are read until two readings in a row are the same; the
        second costs nothing of the rate limit where nothing changed.

        Raises:
            GitHubError: they may not be read, or GitHub or the rate limit ended the reading early.
        """
        before: dict[tuple[int, int], ClosedAlert] | None = None
        ended = False
        for _ in range(_ROUNDS):
            self._found, self._pages_read, self._oldest = {}, 0, None
            first = await self._page(1)
            ended = self._ends(first)
            if first.last_page is None and first.next_url is not None:
                ended = await self._follow(first, ended=ended)
            elif not ended:
                ended = await self._read_on(first.last_page)
            if not ended or self._pages_read == 1 or self._found == before:
                break
            before = self._found
        return ClosedReading(self._found, self._query.since if ended else self._oldest)

    async def _read_on(self, last: int | None) -> bool:
        """Read from the second page on, as many at a time as there are turns; tell whether it came to an end."""
        number = 2
        while number <= MOST_PAGES:
            until = min(number + self._reading.at_once, max(last or 0, number) + 1, MOST_PAGES + 1)
            if any(self._ends(answer) for answer in await self._pages(range(number, until))):
                return True
            number = until
        return False

    async def _follow(self, answer: Answer, *, ended: bool) -> bool:
        """Go from page to page where only cursors lead; tell whether it came to an end."""
        for _ in range(MOST_PAGES - 1):
            if ended or answer.next_url is None:
                return True
            answer = await self._page(0, answer.next_url)
            ended = self._ends(answer)
        return ended or answer.next_url is None

    async def _pages(self, numbers: range) -> list[Answer]:
        found: dict[int, Answer] = {}

        async def read(number: int) -> None:
            found[number] = await self._page(number)

        async with together() as group:
            for number in numbers:
                group.start_soon(read, number)
        return [found[number] for number in numbers]

    async def _page(self, number: int, url: str | None = None) -> Answer:
        answer = await self._reading.ask(partial(self._send, number, url))
        if answer is None:
            raise self._reading.failure or GitHubError(f"Not all of {self._about} that were closed could be read.")
        return answer

    async def _send(self, number: int, url: str | None) -> Answer:
        org, about, distill = self._query.org, self._about, self._reader
        if url is not None:
            return await self._client.follow(url, org=org, about=about, distill=distill, bulk=True)
        params = {**self._params, "page": number}
        return await self._client.request(
            "GET", self._path, org=org, params=params, about=about, distill=distill, bulk=True
        )

    def _ends(self, answer: Answer) -> bool:
        """Take a page's alerts, and tell whether it is the last that is wanted.

        A 304 need not tell a Link, so behind a page that is full another is looked for.
        """
        page = answer.content
        if not isinstance(page, ClosedPage):
            raise no_list(self._about)
        self._pages_read += 1
        for alert in page.alerts:
            self._found.setdefault((alert.repository_id, alert.alert_number), alert)
            if alert.updated_at is not None:
                self._oldest = min(self._oldest or alert.updated_at, alert.updated_at)
        short = page.size < LARGEST_PAGE and answer.next_url is None
        return not page.size or short or page.is_before(self._query.since)


def _closed_alert(item: object, kind: AlertKind, shared: Shared) -> ClosedAlert | None:
    """Make the record of a closed alert; None when it is open, or number or repository is missing."""
    if not isinstance(item, dict):
        return None
    number, home = whole_number(item.get("number")), repository_of(item.get("repository"))
    outcome = _outcome(item, kind)
    if number is None or home is None or outcome is None:
        return None
    moments = (item.get(name) for name in ("fixed_at", "dismissed_at", "resolved_at"))
    closed_at = max((moment for told in moments if (moment := seconds(told)) is not None), default=None)
    return ClosedAlert(home.id, number, shared.text(home.name), outcome, closed_at, seconds(item.get("updated_at")))


def _outcome(item: Mapping[str, object], kind: AlertKind) -> Literal["fixed", "dismissed"] | None:
    state = item.get("state")
    if kind == "secret":
        if state != "resolved":
            return None
        return "fixed" if item.get("resolution") == "revoked" else "dismissed"
    return state if state in ("fixed", "dismissed") else None
