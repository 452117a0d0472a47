"""Pagination: page numbers with a Link header, and for alerts opaque cursors."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from server.sandbox.answers import number_in, refused
from server.sandbox.service import Call

T = TypeVar("T")
SortKey = tuple[str, int, int]
"""When (a timestamp), then repository and number, so that no two alerts are equal."""


@dataclass(frozen=True, slots=True)
class Page:
    """Size and place of a page asked for by number."""

    number: int
    size: int


def asked_page(query: Mapping[str, str]) -> Page:
    """`page` and `per_page` of a query; what is no positive number counts as not given, and 100 is the most."""
    size = number_in(query.get("per_page")) or 30
    return Page(number_in(query.get("page")) or 1, min(size, 100))


def link_header(call: Call, links: Mapping[str, Mapping[str, str | int]], url: str = "") -> dict[str, str]:
    """A Link header from relation to the query parts that differ from this request's; empty without links."""
    parts = []
    for relation, changes in links.items():
        query = {name: value for name, value in call.query.items() if name not in {"before", "after"}}
        parts.append(f'<{url or call.url}?{urlencode({**query, **changes})}>; rel="{relation}"')
    return {"Link": ", ".join(parts)} if parts else {}


def numbered_url(call: Call, organization_id: int) -> str:
    """This request's address with the organization by number, which is how GitHub writes it in Link headers."""
    return call.url.replace(f"/orgs/{call.path['org']}", f"/organizations/{organization_id}", 1)


def by_number(call: Call, items: Sequence[T], url: str = "") -> tuple[Sequence[T], dict[str, str]]:
    """The page a call asks for, and its Link header with prev, next, last and first."""
    page = asked_page(call.query)
    last = max(-(-len(items) // page.size), 1)
    links: dict[str, dict[str, str | int]] = {}
    if page.number > 1:
        links["prev"] = {"page": min(page.number - 1, last)}
    if page.number < last:
        links |= {"next": {"page": page.number + 1}, "last": {"page": last}}
    if page.number > 1:
        links["first"] = {"page": 1}
    start = (page.number - 1) * page.size
    return items[start : start + page.size], link_header(call, links, url)


def by_cursor(
    call: Call, items: Sequence[tuple[SortKey, T]], *, descending: bool, url: str = ""
) -> tuple[list[T], dict[str, str]]:
    """The page after or before a cursor, and its Link header with prev and next.

    `items` are in order. A cursor holds the sort key of the item at a page's edge, so alerts that come or go between
    two pages neither hide others nor show them twice.

    Raises:
        Refused: 422, the cursor is not one this sandbox gave out.
    """
    size = asked_page(call.query).size
    start, stop = 0, len(items)
    if "after" in call.query:
        edge = _decode(call.query["after"])
        start = sum((key >= edge) if descending else (key <= edge) for key, _ in items)
    elif "before" in call.query:
        edge = _decode(call.query["before"])
        stop = sum((key > edge) if descending else (key < edge) for key, _ in items)
        start = max(stop - size, 0)
    chosen = items[start : min(start + size, stop)]
    links: dict[str, dict[str, str | int]] = {}
    if chosen and start > 0:
        links["prev"] = {"before": _encode(chosen[0][0])}
    if chosen and start + len(chosen) < len(items):
        links["next"] = {"after": _encode(chosen[-1][0])}
    return [item for _, item in chosen], link_header(call, links, url)


def _encode(key: SortKey) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _decode(cursor: str) -> SortKey:
    try:
        moment, repository_id, number = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return str(moment), int(repository_id), int(number)
    except (ValueError, TypeError, OverflowError):
        raise refused(422, "The cursor is not valid.") from None
