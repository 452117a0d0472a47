"""The alerts of an organization or of some of its repositories, as small records: the open ones, or those closed.

Source: GitHub REST reference, "Code scanning" and "Secret scanning". What is missing from a reading is always said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import cast

import anyio

from server.domain.alerts import AlertQuery, CodeAlert, SecretAlert
from server.domain.text import quote
from server.errors import NotFound, PermissionMissing, UnexpectedAnswer
from server.github import alert_sentences as sentences
from server.github.addresses import segment
from server.github.alert_pages import AlertList, ListRequest
from server.github.alert_reading import Reading, ReadingProgress, together
from server.github.alert_records import PageReader, Repository, Shared, distinct, whole_number
from server.github.client import GitHubClient
from server.github.closed_alerts import ClosedList, ClosedQuery, ClosedReading
from server.github.failures import alerts_permission
from server.github.not_found import alerts_narrowed
from server.settings import Settings

__all__ = ["AlertReading", "Alerts", "ReadingProgress"]

_ALWAYS = {
    "code": {"state": "open", "sort": "created"},
    "secret": {"state": "open", "sort": "created", "hide_secret": "true"},
}


@dataclass(frozen=True)
class AlertReading:
    """What was read.

    Attributes:
        alerts: the open ones, each once, of the kind that was asked for.
        gaps: sentences about what is missing, and why; empty when the reading is whole.
        notes: sentences about what happened and was mended, and about what the token cannot see.
        requests: how many were made.
        beyond: there are alerts beyond the query's `stop`.
    """

    alerts: list[CodeAlert] | list[SecretAlert]
    gaps: tuple[str, ...]
    notes: tuple[str, ...]
    requests: int
    beyond: bool


@dataclass
class _Target:
    """An organization or a repository: its lists, and what GitHub refused."""

    name: str
    lists: list[AlertList] = field(default_factory=list)
    refusal: PermissionMissing | NotFound | None = None

    @property
    def is_off(self) -> bool:
        """Whether there is nothing to read, so that no permission would help."""
        return self.refusal is not None and sentences.is_off(self.refusal)


class Alerts:
    """Reads alerts. However many readings are under way, no more requests are than `settings.parallel_reads`."""

    def __init__(self, client: GitHubClient, settings: Settings) -> None:
        self._client = client
        self._limiter = anyio.CapacityLimiter(settings.parallel_reads)
        self._shared = Shared()

    async def read(self, org: str, query: AlertQuery, *, progress: ReadingProgress | None = None) -> AlertReading:
        """Read the open alerts that a query asks for.

        Args:
            org: the organization.
            query: what is asked of GitHub.
            progress: told after every page.

        Returns:
            Whatever could be read, with sentences about the rest.

        Raises:
            NotFound: there is no such organization, or one of the repositories is not there or not any more.
            PermissionMissing: the token may not read any of it.
            GitHubError: nothing could be read at all.
            ConfigurationError: there is no usable credential.
        """
        token = await self._client.credentials.token(org)
        reading = Reading(self._limiter, progress)
        if query.repositories:
            targets = await self._of_repositories(org, query, reading)
        else:
            targets = [await self._of_organization(org, query, reading)]
        if reading.failure is not None and not reading.pages:
            raise reading.failure
        lists = [one for target in targets for one in target.lists]
        refused = {target.name: target.refusal for target in targets if target.refusal is not None}
        found = distinct(chain.from_iterable(one.alerts() for one in lists))
        gaps = (
            *sentences.refused(query.kind, refused),
            *sentences.ended_early(reading, lists, len(found)),
            *sentences.list_gaps(lists),
        )
        notes = (
            *sentences.list_notes(lists),
            *sentences.without_analysis(query.kind, refused),
            *sentences.sight(token),
        )
        # A query is for one kind, and every list was read as that kind.
        alerts = cast("list[CodeAlert] | list[SecretAlert]", found)
        return AlertReading(alerts, gaps, notes, reading.requests, any(one.beyond for one in lists))

    async def closed_since(self, query: ClosedQuery) -> ClosedReading:
        """Read the alerts that were closed since a moment.

        Raises:
            GitHubError: they may not be read, or GitHub or the rate limit ended the reading early.
            ConfigurationError: there is no usable credential.
        """
        return await ClosedList(self._client, Reading(self._limiter, None), self._shared, query).read()

    async def _of_organization(self, org: str, query: AlertQuery, reading: Reading) -> _Target:
        target = _Target(org)
        path, about = f"/orgs/{segment(org)}/{query.kind}-scanning/alerts", sentences.alerts_of(query.kind, org)
        reading.lists_to_come = len(query.passes)
        try:
            await self._read_lists(target, org, path, about, query, reading, None)
        except NotFound as refusal:
            needs = alerts_permission(path)
            raise await alerts_narrowed(self._client, refusal, org, about, needs) from refusal
        return target

    async def _of_repositories(self, org: str, query: AlertQuery, reading: Reading) -> list[_Target]:
        """Read repository after repository, as many at a time as there are turns.

        Raises:
            PermissionMissing: the alerts of none of them may be read.
        """
        names: dict[str, str] = {}
        for name in query.repositories:
            names.setdefault(name.casefold(), name)
        targets = [_Target(name) for name in names.values()]
        reading.lists_to_come = len(targets) * len(query.passes)
        async with together() as group:
            for target in targets:
                group.start_soon(self._of_repository, target, org, query, reading)
        hidden = [target.refusal for target in targets if target.refusal is not None and not target.is_off]
        if len(hidden) == len(targets) and isinstance(hidden[0], PermissionMissing):
            raise hidden[0]
        return targets

    async def _of_repository(self, target: _Target, org: str, query: AlertQuery, reading: Reading) -> None:
        path = f"/repos/{segment(org)}/{segment(target.name)}"
        full_name = f"{org}/{target.name}"
        repository = None
        try:
            repository = await self._repository(path, org, full_name, reading)
            if repository is not None:
                about = sentences.alerts_of(query.kind, full_name)
                path = f"{path}/{query.kind}-scanning/alerts"
                await self._read_lists(target, org, path, about, query, reading, repository)
        except (PermissionMissing, NotFound) as refusal:
            unknown = repository is None and isinstance(refusal, NotFound)
            if unknown or any(one.pages_read for one in target.lists):
                raise
            target.refusal = refusal
            reading.drop(target.lists, len(query.passes))
            target.lists.clear()

    async def _repository(self, path: str, org: str, full_name: str, reading: Reading) -> Repository | None:
        """Return a repository by its path; None when the reading has ended.

        Raises:
            NotFound: there is none, or GitHub leads to one with another name or owner.
        """
        about = f"the repository {full_name}"
        try:
            answer = await reading.ask(lambda: self._client.request("GET", path, org=org, about=about, bulk=True))
        except NotFound as refusal:
            raise NotFound(
                f"There is no repository {full_name}, or this token may not know of it.",
                "Check the name, and whether the token was given that repository.",
                status=refusal.status,
                request_id=refusal.request_id,
            ) from refusal
        if answer is None:
            return None
        told = answer.content if isinstance(answer.content, dict) else {}
        number, called = whole_number(told.get("id")), told.get("full_name")
        if number is None or not isinstance(called, str):
            raise UnexpectedAnswer(
                f"GitHub's answer for {about} is not what its reference describes.",
                "Try again; if it stays, does something else answer in GitHub's place?",
                status=answer.status,
            )
        if called.casefold() != full_name.casefold():
            raise _moved(full_name, called, org)
        return Repository(number, called.rpartition("/")[2])

    async def _read_lists(
        self,
        target: _Target,
        org: str,
        path: str,
        about: str,
        query: AlertQuery,
        reading: Reading,
        repository: Repository | None,
    ) -> None:
        """Read a list for each pass."""
        reader = PageReader(query.kind, repository, self._shared)
        direction = "asc" if query.oldest_first else "desc"
        async with together() as group:
            for asked in query.passes:
                params = {**dict(asked), **_ALWAYS[query.kind], "direction": direction}
                request = ListRequest(path, org, about, params, reader, query.oldest_first, query.stop)
                target.lists.append(AlertList(self._client, request, reading))
                group.start_soon(target.lists[-1].read)


def _moved(asked: str, called: str, org: str) -> NotFound:
    """Return the error for a repository that GitHub redirects from: its old name would fit no filter."""
    if called.rpartition("/")[0].casefold() == org.casefold():
        return NotFound(f"{asked} is called {quote(called)} now; give that name.")
    return NotFound(
        f"{asked} moved to another organization; it is called {quote(called)} now.",
        f"Leave it out: only repositories of {org} are read.",
    )
