"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Mapping

from server.errors import UnexpectedAnswer
from server.github.client import GitHubClient

MOST_PAGES = 50
LARGEST_PAGE = 100


async def all_pages(
    client: GitHubClient,
    path: str,
    *,
    org: str | None,
    about: str,
    params: Mapping[str, str | int] | None = None,
) -> list[dict[str, object]]:
    """Return the objects of a list, following its Link headers.

    Args:
        client: the way to GitHub.
        path: as for `GitHubClient.request`.
        org: the organization whose token is to be used.
        about: what is asked for, in words for an error's sentence.
        params: the query, without page and per_page.

    Raises:
        UnexpectedAnswer: an answer is no list of objects, or the pages do not come to an end.
        GitHubError: as `GitHubClient.request` does.
    """
    query = {**(params or {}), "per_page": LARGEST_PAGE}
    answer = await client.request("GET", path, org=org, params=query, about=about)
    found = objects(answer.content, about)
    for _ in range(MOST_PAGES - 1):
        if answer.next_url is None:
            return found
        answer = await client.follow(answer.next_url, org=org, about=about)
        found += objects(answer.content, about)
    if answer.next_url is None:
        return found
    raise UnexpectedAnswer(
        f"GitHub keeps naming further pages of {about} (more than {MOST_PAGES}).",
        "Look whether a proxy changes answers on the way.",
    )


def objects(content: object, about: str) -> list[dict[str, object]]:
    """Return a list of JSON objects.

    Raises:
        UnexpectedAnswer: it is something else.
    """
    if isinstance(content, list) and all(isinstance(item, dict) for item in content):
        return list(content)
    raise no_list(about)


def no_list(about: str) -> UnexpectedAnswer:
    """Return the error for an answer that is no list of objects."""
    return UnexpectedAnswer(
        f"GitHub answered something other than a list of objects when asked for {about}.",
        "Is --api-url right? Does something else answer in GitHub's place?",
    )
