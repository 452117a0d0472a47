"""The five campaign endpoints.

Source: GitHub REST reference, "Security campaigns" (`/orgs/{org}/campaigns`). Drafts cannot be seen or managed there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import anyio
from pydantic import ValidationError

from server.domain.models import Campaign, CampaignState
from server.domain.text import clean
from server.errors import CampaignsError, GitHubError, NotFound, OutcomeUnknown, UnexpectedAnswer
from server.github.addresses import number_segment, segment
from server.github.answers import Receipt
from server.github.client import Answer, GitHubClient
from server.github.clock import Clock
from server.github.not_found import narrowed
from server.github.pages import LARGEST_PAGE, all_pages, objects
from server.github.publishing import Attempt
from server.settings import Settings


@dataclass(frozen=True)
class CampaignPage:
    """One page of an organization's campaigns; `next_page` is None on the last."""

    campaigns: list[Campaign]
    next_page: int | None


@dataclass(frozen=True)
class Published:
    """A new campaign. `found` is True when GitHub's answer was lost and the campaign was found by looking."""

    campaign: Campaign
    found: bool = False


class Campaigns:
    """Reads and changes campaigns. `org` and `number` are always explicit; defaults belong to the tools."""

    def __init__(
        self,
        client: GitHubClient,
        clock: Clock,
        settings: Settings,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._client = client
        self._clock = clock
        self._settings = settings
        self._sleep = sleep

    async def page(
        self,
        org: str,
        *,
        state: CampaignState | None = None,
        sort: str = "created",
        direction: str = "desc",
        page: int = 1,
        per_page: int = 30,
        receipt: Receipt | None = None,
    ) -> CampaignPage:
        """Return one page of campaigns; `state` None means all of them. `receipt` is of a write that it looks for.

        Raises:
            GitHubError: GitHub refused, failed, or answered something else than campaigns.
        """
        params: dict[str, str | int] = {"sort": sort, "direction": direction, "page": page, "per_page": per_page}
        if state is not None:
            params["state"] = state
        try:
            answer = await self._client.request(
                "GET", f"/orgs/{segment(org)}/campaigns", org=org, params=params, about=_all_of(org), receipt=receipt
            )
        except NotFound as refusal:
            raise await narrowed(self._client, refusal, org) from refusal
        listed = objects(answer.content, _all_of(org))
        return CampaignPage(
            [_read(item, f"one of {_all_of(org)}") for item in listed], page + 1 if answer.next_url else None
        )

    async def all_open(self, org: str) -> list[Campaign]:
        """Return every open campaign of an organization, newest first.

        Raises:
            GitHubError: as `page` does, and when the pages do not come to an end.
        """
        params: dict[str, str | int] = {"sort": "created", "direction": "desc", "state": "open"}
        try:
            listed = await all_pages(
                self._client, f"/orgs/{segment(org)}/campaigns", org=org, params=params, about=_all_of(org)
            )
        except NotFound as refusal:
            raise await narrowed(self._client, refusal, org) from refusal
        return [_read(item, f"one of {_all_of(org)}") for item in listed]

    async def get(self, org: str, number: int, *, receipt: Receipt | None = None) -> Campaign:
        """Return one campaign with everything that GitHub knows about it. `receipt` is of a write that found it.

        Raises:
            NotFound: it does not exist or is hidden from this token.
            GitHubError: GitHub refused, failed, or answered something else than this campaign.
        """
        try:
            about = _one(org, number)
            answer = await self._client.request("GET", _path(org, number), org=org, about=about, receipt=receipt)
        except NotFound as refusal:
            raise await narrowed(self._client, refusal, org, number) from refusal
        return _read(answer.content, _one(org, number), number)

    async def create(
        self, org: str, body: Mapping[str, object], *, known: Collection[int], receipt: Receipt | None = None
    ) -> Published:
        """Publish a campaign: send `body` once, and after an unclear answer look for what became of it.

        A campaign counts as the result of this attempt only if it is as it was sent (name, description, end,
        managers, and contact link where GitHub shows it), is not among `known`, was created since the attempt began
        (in GitHub's time, which the caller's reading of the open campaigns has told), and is the only such one.
        Looking has only what sending left of the patience, so that a GitHub that hangs is not waited for ever again.

        Args:
            org: the organization.
            body: as the REST reference has it, valid.
            known: numbers of campaigns that existed before; none of them is ever taken for the new one.
            receipt: told what GitHub answered to the request that publishes, however this ends.

        Raises:
            OutcomeUnknown: it may or may not have been published; the text says what was looked at.
            GitHubError: it was not published.
        """
        receipt = receipt or Receipt()
        attempt = Attempt(org, body, frozenset(known), self._clock.now().replace(microsecond=0))
        named = f"campaign {attempt.name} of {org}"
        path = f"/orgs/{segment(org)}/campaigns"
        try:
            answer = await self._written("POST", path, org, named, receipt, body)
            return Published(_read_new(answer, named, attempt.known))
        except GitHubError as unclear:
            if not unclear.may_have_happened:
                raise await self._definite(unclear, org) from unclear
            found = await self._look_for(attempt, unclear, receipt)
        try:
            return Published(await self.get(org, found.number, receipt=receipt), found=True)
        except CampaignsError:
            return Published(found, found=True)  # it is known to exist; a list's shorter form is better than an error

    async def update(
        self, org: str, number: int, changes: Mapping[str, object], *, receipt: Receipt | None = None
    ) -> Campaign:
        """Change the given fields of a campaign and return it as it is then; `receipt` is as for `create`.

        Raises:
            OutcomeUnknown: the change may have been made.
            GitHubError: it was not made.
        """
        about = _one(org, number)
        try:
            answer = await self._written("PATCH", _path(org, number), org, about, receipt, changes)
            return _read_written(answer, about, number)
        except GitHubError as unclear:
            if not unclear.may_have_happened:
                raise await self._definite(unclear, org, number) from unclear
            raise _unclear(unclear, f"{about} was changed") from unclear

    async def delete(self, org: str, number: int, *, receipt: Receipt | None = None) -> None:
        """Delete a campaign for good; `receipt` is as for `create`.

        Not found counts as deleted when an earlier try of this call had no clear answer: that try did it.

        Raises:
            NotFound: it was not there to begin with, or is hidden from this token.
            OutcomeUnknown: it may have been deleted.
            GitHubError: it was not deleted.
        """
        try:
            answer = await self._written("DELETE", _path(org, number), org, _one(org, number), receipt)
        except GitHubError as unclear:
            if not unclear.may_have_happened:
                raise await self._definite(unclear, org, number) from unclear
            if not isinstance(unclear, NotFound):
                raise _unclear(unclear, f"{_one(org, number)} was deleted") from unclear
        else:
            if answer.status != 204:
                strange = UnexpectedAnswer("Something answered, but not as GitHub does.", status=answer.status)
                raise _unclear(strange, f"{_one(org, number)} was deleted")

    async def _written(
        self,
        method: str,
        path: str,
        org: str,
        about: str,
        receipt: Receipt | None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """Send a write, and tell the receipt what was answered."""
        receipt = receipt or Receipt()
        try:
            answer = await self._client.request(method, path, org=org, body=body, about=about, receipt=receipt)
        except GitHubError as failure:
            receipt.note(failure)
            raise
        receipt.note(answer)
        return answer

    async def _definite(self, refusal: GitHubError, org: str, number: int | None = None) -> GitHubError:
        """Return the error for a write that was certainly not carried out."""
        if isinstance(refusal, NotFound):
            return await narrowed(self._client, refusal, org, number, change=True)
        return refusal

    async def _look_for(self, attempt: Attempt, unclear: GitHubError, receipt: Receipt) -> Campaign:
        """Look for the campaign of an attempt, pausing before each look.

        Raises:
            OutcomeUnknown: it did not appear, or more than one did.
        """
        for pause in self._settings.look_again:
            await self._sleep(pause)
            try:
                newest = await self.page(attempt.org, state="open", per_page=LARGEST_PAGE, receipt=receipt)
            except CampaignsError as failure:  # whatever it is, the campaign may have been published
                attempt.note_failed_look(failure, self._clock.now())
                continue
            found = attempt.matches_in(newest.campaigns)
            if len(found) == 1:
                return found[0]
            attempt.note_look(self._clock.now(), newest.campaigns)
            if found:
                raise attempt.several(unclear, found) from unclear
        raise attempt.not_seen(unclear) from unclear


def _path(org: str, number: int) -> str:
    return f"/orgs/{segment(org)}/campaigns/{number_segment(number)}"


def _one(org: str, number: int) -> str:
    return f"campaign {org}/{number}"


def _all_of(org: str) -> str:
    return f"the campaigns of {org}"


def _unclear(unclear: GitHubError, done: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{unclear.what} So it is not known whether {done}.",
        "Look with get_campaign before trying again.",
        status=unclear.status,
        request_id=unclear.request_id,
    )


def _read_new(answer: Answer, about: str, known: Collection[int]) -> Campaign:
    campaign = _read_written(answer, about)
    if campaign.number not in known:
        return campaign
    impossible = UnexpectedAnswer(f"GitHub answered with campaign {campaign.number}, which is an older one.")
    impossible.status, impossible.may_have_happened = answer.status, True
    raise impossible


def _read_written(answer: Answer, about: str, number: int | None = None) -> Campaign:
    try:
        return _read(answer.content, about, number)
    except UnexpectedAnswer as unreadable:
        unreadable.status = answer.status
        unreadable.may_have_happened = True
        raise


def _read(content: object, about: str, number: int | None = None) -> Campaign:
    """Read a campaign; with `number`, it must be that one.

    Raises:
        UnexpectedAnswer: it is no campaign as the reference describes it. The text names fields, never their content.
    """
    wrong = "it is no JSON object"
    if isinstance(content, dict):
        try:
            campaign = Campaign.model_validate(content)
        except ValidationError as problem:
            fields = dict.fromkeys(clean(str(error["loc"][0]), 50) for error in problem.errors() if error["loc"])
            wrong = f"{', '.join(fields)} missing or unreadable"
        else:
            if number in (None, campaign.number):
                return campaign
            wrong = f"it has the number {campaign.number}"
    raise UnexpectedAnswer(
        f"GitHub's answer for {about} is not what its reference describes: {wrong}.",
        "Try again; if it stays, does something else answer in GitHub's place?",
    )
