"""Requests to GitHub's REST API: one host, and the rules for repeating.

The token goes to the configured API and nowhere else: redirects and Link addresses to another origin are refused
before anything is sent there.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sized
from datetime import timedelta
from functools import partial

import anyio
import httpx

from server.errors import GitHubError, UnexpectedAnswer
from server.github import failures, unreachable
from server.github.addresses import at_home, joined, shown_host
from server.github.answers import Answer, Distill, Receipt
from server.github.clock import Clock
from server.github.credentials import Credentials, Token
from server.github.departures import Departures
from server.github.etags import EtagCache, Stored
from server.github.pools import Pools
from server.github.redirects import REDIRECTS, redirected
from server.github.retries import (
    MOST_TRIES,
    Call,
    backoff,
    github_date,
    is_rate_limit,
    limit_wait,
    repeatable_status,
    retry_after,
)
from server.github.tracing import request_span
from server.settings import Settings
from server.version import NAME, server_version

_LOG = logging.getLogger(__name__)

__all__ = ["Answer", "Distill", "GitHubClient"]


class GitHubClient:
    """GitHub's REST API with this server's rules for repeating, waiting and failing."""

    def __init__(
        self,
        pools: Pools,
        settings: Settings,
        credentials: Credentials,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: Callable[[], float] = random.random,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.credentials = credentials
        self._pools = pools
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._departures = Departures(settings, clock, self._send, self._limit, sleep, ticks)
        self._api = httpx.URL(settings.api_url)
        self._bodies = EtagCache()
        self._distilled = EtagCache.of_records()
        self._user_agent = f"{NAME}/{server_version()}"

    async def request(
        self,
        method: str,
        path: str,
        *,
        org: str | None = None,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        about: str | None = None,
        changes_nothing: bool = False,
        distill: Distill | None = None,
        afresh: bool = False,
        bulk: bool = False,
        receipt: Receipt | None = None,
    ) -> Answer:
        """Send a request and return the answer to it, repeating within the rules.

        GET, PATCH and DELETE are repeated after failures that may pass; POST only when it cannot have reached GitHub
        or GitHub said that it did nothing. While one request waits out a rate limit, no other is sent. No try begins
        after a failure or a limit when `settings.patience` seconds have passed, tries and waiting together, and each
        takes `settings.timeout` at most; a write may wait as long again for its turn. Reads that are the same at the
        same moment are sent once.

        Args:
            method: GET, POST, PATCH or DELETE.
            path: from the API's address on, with a leading slash; names in it made by `addresses.segment`.
            org: the organization whose token is to be used.
            params: the query.
            body: what is sent as JSON.
            about: what is asked for, in words for an error's sentence.
            changes_nothing: a POST that alters nothing of the user's and may be repeated like a read.
            distill: makes the answer's content out of the parsed JSON. Only what it makes is kept for a 304, never the
                body; that is for long lists of large objects, and where a body holds what must not stay.
            afresh: do not let GitHub answer 304, and share with no other read.
            bulk: one of the many reads of something large, which leave more of the rate limit than others do.
            receipt: told whether anything was sent, also when the call is cancelled. Requests with the same one share
                their patience.

        Raises:
            GitHubError: in the kind that fits. Its `may_have_happened` is True exactly when this was a write that
                may have been carried out.
            ConfigurationError: there is no usable credential.
        """
        address = self._settings.api_url + path
        url = httpx.URL(address, params=dict(params)) if params else httpx.URL(address)
        reads = method == "GET" or changes_nothing
        call = Call(method, url, org, body, about or f"{method} {path}", reads, bulk)
        receipt = receipt or Receipt()
        call.spent = receipt.spent
        try:
            return await self._perform(call, distill, afresh)
        finally:
            receipt.sent, receipt.spent = receipt.sent or call.sent > 0, call.spent

    async def follow(
        self,
        url: str,
        *,
        org: str | None,
        about: str | None = None,
        distill: Distill | None = None,
        afresh: bool = False,
        bulk: bool = False,
    ) -> Answer:
        """Get the page that a Link header named, verbatim. `distill`, `afresh` and `bulk` are as for `request`.

        Raises:
            UnexpectedAnswer: the address belongs to another origin; nothing was sent there.
            GitHubError, ConfigurationError: as `request` does.
        """
        target = joined(self._api, url)
        if target is None or not at_home(target, self._api):
            raise UnexpectedAnswer(
                f"GitHub's answer names a next page on another host ({shown_host(target)}). "
                "The token was not sent there.",
                "Check --api-url, and whether a proxy changes answers on the way.",
            )
        call = Call("GET", target, org, None, about or "the next page", reads=True, bulk=bulk)
        return await self._perform(call, distill, afresh)

    async def _perform(self, call: Call, distill: Distill | None, afresh: bool) -> Answer:
        try:
            token = await self.credentials.token(call.org)
            while True:
                step = await self._step(call, token, distill, afresh)
                if isinstance(step, Answer):
                    return step
                token = step
        except GitHubError as error:
            # Whatever ended the call, an earlier request of it may have been carried out.
            error.may_have_happened = call.may_have_happened
            raise

    async def _step(self, call: Call, token: Token, distill: Distill | None, afresh: bool) -> Answer | Token:
        """Send one request; return the answer, or the token to go on with."""
        cache = self._bodies if distill is None else self._distilled
        key = (EtagCache.key(call.url, token.value, self._settings.api_version), distill)
        shared = call.method == "GET" and not afresh
        exchange = await self._departures.exchange(call, token, key if shared else None, cache)
        response = exchange.outcome
        if not isinstance(response, httpx.Response):
            await self._after_no_answer(call, response)
            return token
        if response.status_code in REDIRECTS:
            call.url = redirected(call, response, self._api)
            return token
        if response.status_code == 401 and not call.renewed:
            call.renewed = True
            newer = await self.credentials.renewed(call.org, token)
            # A change is not sent on under an account that nobody was told of; the next call uses the newer token.
            if newer is not None and (call.reads or (newer.account and newer.account == token.account)):
                return newer
        if is_rate_limit(response.status_code, response.headers, _told(response)):
            await self._wait_out(call, token, response)
            return token
        if response.status_code >= 500:
            await self._after_server_failure(call, response)
            return token
        if response.status_code >= 400:
            if response.status_code == 408:
                call.note_ambiguity()
            raise failures.refusal(response, call, self._settings.api_version)
        answer, first = exchange.read(call, response, distill)
        if first and call.method == "GET" and response.status_code == 200 and self._leads_home(answer):
            distilled = answer.content if distill is not None and isinstance(answer.content, Sized) else None
            cache.put(key, response, distilled)
        return answer

    def _leads_home(self, answer: Answer) -> bool:
        """Whether the next page can be followed. One that cannot is not kept: a 304 would name it ever again."""
        target = None if answer.next_url is None else joined(self._api, answer.next_url)
        return answer.next_url is None or (target is not None and at_home(target, self._api))

    async def _send(self, call: Call, token: Token, stored: Stored | None) -> httpx.Response:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token.value}",
            "User-Agent": self._user_agent,
            "X-GitHub-Api-Version": self._settings.api_version,
        }
        if stored is not None:
            headers["If-None-Match"] = stored.etag
        began = time.monotonic()
        try:
            # httpx limits each read; this limits the whole, or an answer that drips would never end.
            # And a write under way is not cut off by a caller who gives up: that would leave its outcome in doubt.
            with (
                request_span(call) as answered,
                anyio.CancelScope(shield=not call.reads),
                anyio.fail_after(self._limit(call)),
                self._pools.least_busy() as http,
            ):
                response = await http.send(http.build_request(call.method, call.url, headers=headers, json=call.body))
                answered(response)
        finally:
            call.sent += 1
            call.spent += time.monotonic() - began
        # It was read whole. httpx lets response and stream hold each other, so that a large body would outlive its use
        # until the next full garbage collection.
        response.stream = httpx.ByteStream(b"")
        told_time = github_date(response.headers.get("date"))
        if told_time is not None:
            self._clock.set_by(told_time)
        known_as = failures.request_id(response.headers)
        noted = {"github_request_id": known_as}
        _LOG.debug(
            "%s %s: HTTP %s, request %s", call.method, call.url.path, response.status_code, known_as, extra=noted
        )
        return response

    async def _after_no_answer(self, call: Call, problem: Exception) -> None:
        """Wait before the next try, or raise."""
        call.tries += 1
        error = unreachable.no_answer(problem, self._api.host, self._settings.timeout)
        never_sent = unreachable.never_sent(problem)
        if not never_sent:
            call.note_ambiguity()
        wait = backoff(call.tries, self._jitter())
        if not unreachable.may_pass(problem) or not (never_sent or call.repeatable) or not self._has_time(call, wait):
            raise error from problem
        await self._pause(call, wait, error)

    async def _after_server_failure(self, call: Call, response: httpx.Response) -> None:
        call.tries += 1
        call.note_ambiguity()
        error = failures.server_failure(response, call, self._clock.now())
        asked = retry_after(response.headers, self._clock.now()) or 0.0
        wait = max(asked, backoff(call.tries, self._jitter()))
        if not (repeatable_status(response.status_code) and call.repeatable and self._has_time(call, wait)):
            raise error
        await self._pause(call, wait, error)

    async def _wait_out(self, call: Call, token: Token, response: httpx.Response) -> None:
        call.limited += 1
        wait = limit_wait(response.headers, self._clock.now(), call.limited)
        until = self._clock.now() + timedelta(seconds=wait)
        refusal = partial(failures.rate_limited, response, until)
        if call.limited >= MOST_TRIES or call.spent + wait > self._settings.patience:
            raise refusal()
        with self._departures.limits.under_way(token, wait, until, refusal):
            await self._pause(call, wait, refusal())

    def _limit(self, call: Call) -> float:
        """Return how long the next request may take, in seconds. A write is never cut short: that leaves doubts."""
        left = self._settings.patience - call.spent if call.reads and call.tries else self._settings.timeout
        return min(self._settings.timeout, max(1.0, left))

    def _has_time(self, call: Call, wait: float) -> bool:
        return call.tries < MOST_TRIES and call.spent + wait <= self._settings.patience

    async def _pause(self, call: Call, wait: float, error: GitHubError) -> None:
        noted = {"github_request_id": error.request_id}
        _LOG.info("%s %s again in %.1f s: %s", call.method, call.url.path, wait, type(error).__name__, extra=noted)
        call.spent += wait
        await self._sleep(wait)


def _told(response: httpx.Response) -> str:
    if response.status_code != 403:
        return ""
    body = failures.told(response)
    return f"{body.get('message')} {body.get('documentation_url')}"
