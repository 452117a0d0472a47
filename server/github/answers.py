"""A successful answer, read."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from server.errors import UnexpectedAnswer
from server.github import failures
from server.github.addresses import next_and_last
from server.github.etags import Stored
from server.github.retries import Call

_WITHOUT_BODY = frozenset({202, 204, 205})


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    Attributes:
        status: 2xx; 200 also when the body was kept from before and GitHub answered 304.
        headers: the answer's headers.
        content: the parsed JSON; None when the status means that there is none.
        next_url: the next page, as the Link header has it, for `GitHubClient.follow`.
        last_page: the number of the last page, where GitHub tells.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    content: object
    next_url: str | None = None
    last_page: int | None = None


def read_answer(call: Call, response: httpx.Response, stored: Stored | None) -> Answer:
    """Read an answer below 400; `stored` is what a 304 stands for.

    Raises:
        UnexpectedAnswer: it is not JSON, or a status that fits nothing that was asked.
    """
    status, headers, body = response.status_code, response.headers, response.content
    if status == 304 and stored is not None:
        # The fresh headers count, but a 304 need not repeat the Link header.
        status, headers, body = 200, httpx.Headers({**stored.headers, **headers}), stored.body
    if status >= 300:
        call.note_ambiguity()
        raise UnexpectedAnswer(
            f"GitHub answered HTTP {status} to {call.method}, which fits nothing that was asked.",
            "Try again; if it stays, look for a proxy that changes answers on the way.",
            status=status,
            request_id=failures.request_id(headers),
        )
    if not body and status in _WITHOUT_BODY:
        return Answer(status, headers, None)
    try:
        content = failures.parsed(body)
    except ValueError:
        call.note_ambiguity()
        raise failures.not_json(response, call) from None
    following, last = next_and_last(headers, call.url)
    return Answer(status, headers, content, following, last)
