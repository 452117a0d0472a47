"""A successful answer, read."""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass, field

import httpx

from server.errors import GitHubError, UnexpectedAnswer
from server.github import failures
from server.github.addresses import next_and_last
from server.github.etags import Stored
from server.github.retries import Call

Distill = Callable[[object], Sized]
"""Makes the small thing that is kept out of parsed JSON; its length is the number of records it holds.

It never changes what it gave, since that is given again. Equal ones give the same and can be hashed.
"""

_WITHOUT_BODY = frozenset({202, 204, 205})


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    Attributes:
        status: 2xx; 200 also when the body was kept from before and GitHub answered 304.
        headers: the answer's headers.
        content: the parsed JSON, or what was distilled from it; None when the status means that there is none.
        next_url: the next page, as the Link header has it, for `GitHubClient.follow`.
        last_page: the number of the last page, where GitHub tells.
        unchanged: GitHub answered 304. The Link header may then be as old as the content.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    content: object
    next_url: str | None = None
    last_page: int | None = None
    unchanged: bool = False


@dataclass(eq=False)
class Exchange:
    """What came of one request, for all calls that wait for it.

    Attributes:
        stored: what the request was conditional on.
        outcome: what was answered, or why nothing was.
    """

    stored: Stored | None
    outcome: httpx.Response | httpx.RequestError | OSError
    _distilled: Answer | None = field(default=None, init=False)

    def read(self, call: Call, response: httpx.Response, distill: Distill | None) -> tuple[Answer, bool]:
        """Read the response that was the outcome; tell whether this was the first time.

        What is distilled is so once and cannot be changed. Parsed JSON can, so each call gets its own.

        Raises:
            UnexpectedAnswer: as `read_answer` does.
        """
        if self._distilled is not None:
            return self._distilled, False
        answer = read_answer(call, response, self.stored, distill)
        if distill is not None:
            self._distilled = answer
        return answer, True


@dataclass
class Receipt:
    """What GitHub answered to a write, for whoever keeps a record of it; empty until it has.

    Attributes:
        sent: whether the request left, so that GitHub may have carried it out.
        spent: seconds that all requests with this receipt took, waiting included: they share their patience.
        status: the HTTP status.
        request_id: GitHub's X-GitHub-Request-Id.
    """

    status: int | None = None
    request_id: str | None = None
    sent: bool = False
    spent: float = 0.0

    def note(self, answer: Answer | GitHubError) -> None:
        """Take over the facts of an answer, good or bad. One that never came leaves what is known."""
        if answer.status is not None:
            known_as = failures.request_id(answer.headers) if isinstance(answer, Answer) else answer.request_id
            self.status, self.request_id = answer.status, known_as


def read_answer(call: Call, response: httpx.Response, stored: Stored | None, distill: Distill | None = None) -> Answer:
    """Read an answer below 400; `stored` is what a 304 stands for.

    Raises:
        UnexpectedAnswer: it is not JSON, or a status that fits nothing that was asked, or `distill` refuses it.
    """
    status, headers = response.status_code, response.headers
    if status == 304 and stored is not None:
        # The fresh headers count, but a 304 need not repeat the Link header.
        headers = _renewed(stored.headers, headers)
        content = _parsed(call, response, stored.kept) if isinstance(stored.kept, bytes) else stored.kept
        return Answer(200, headers, content, *next_and_last(headers, call.url), unchanged=True)
    if status >= 300:
        call.note_ambiguity()
        raise UnexpectedAnswer(
            f"GitHub answered HTTP {status} to {call.method}, which fits nothing that was asked.",
            "Try again; if it stays, look for a proxy that changes answers on the way.",
            status=status,
            request_id=failures.request_id(headers),
        )
    if not response.content and status in _WITHOUT_BODY:
        return Answer(status, headers, None)
    content = _parsed(call, response, response.content)
    return Answer(status, headers, distill(content) if distill else content, *next_and_last(headers, call.url))


def _renewed(stored: httpx.Headers, fresh: httpx.Headers) -> httpx.Headers:
    """Return the fresh headers and what was stored of others, as the bytes that came: they need not be ASCII."""
    told = {name.lower() for name, _ in fresh.raw}
    return httpx.Headers([*fresh.raw, *(pair for pair in stored.raw if pair[0].lower() not in told)])


def _parsed(call: Call, response: httpx.Response, body: bytes) -> object:
    try:
        return failures.parsed(body)
    except ValueError:
        call.note_ambiguity()
        raise failures.not_json(response, call) from None
