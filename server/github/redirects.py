"""Redirects, followed by hand so that the token never leaves the configured host."""

from __future__ import annotations

import httpx

from server.errors import UnexpectedAnswer
from server.github import failures
from server.github.addresses import at_home, joined, shown_host
from server.github.retries import Call

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPING_THE_METHOD = frozenset({307, 308})
MOST_REDIRECTS = 3


def redirected(call: Call, response: httpx.Response, api: httpx.URL) -> httpx.URL:
    """Return where to send the call next, after an answer with one of `REDIRECTS`.

    Raises:
        UnexpectedAnswer: another origin, no usable address, a change that would turn into a read, or a circle.
    """
    call.redirects += 1
    if response.status_code == 303:
        call.note_ambiguity()  # "see other" is how some servers answer a POST that they carried out
    target = joined(call.url, response.headers["location"]) if "location" in response.headers else None
    if target is None:
        what = "GitHub redirects without a usable address."
    elif not at_home(target, api):
        what = f"GitHub redirects to another host ({shown_host(target)}). The token was not sent there."
    elif response.status_code not in _KEEPING_THE_METHOD and call.method != "GET":
        what = f"GitHub redirects the request for {call.about}, which is not followed for a change."
    elif call.redirects > MOST_REDIRECTS:
        what = f"GitHub redirects in circles (more than {MOST_REDIRECTS} times)."
    else:
        return target
    raise UnexpectedAnswer(
        what,
        "Check --api-url, whether the organization was renamed, and whether a proxy answers in GitHub's place.",
        status=response.status_code,
        request_id=failures.request_id(response.headers),
    )
