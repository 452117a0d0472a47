"""Pagination: page numbers with a Link header, and for alerts opaque cursors."""

import base64
import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from server.sandbox.answers import number_in, refused
from server.sandbox.order import SortKey
from server.sandbox.service import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Size and place of a page asked for by number."""

    number: int
    size: int


def asked_page(query: Mapping[str, str]) -> Page:
    """`page` and `per_page` of a query; what is no positive number counts as not given, and 100 is the most."""
    size = number_in(query.get("per_page")) or 30
    return Page(number_in(query.get("page")) or 1, min(size, 100))


def link_header(
    call: Call, links: Mapping[str, Mapping[str, str | int]], url: str = "", *, without: tuple[str, ...] = ()
) -> dict[str, str]:
    """A Link header from relation to the query parts that differ from this request's; empty without links."""
    parts = []
    for relation, changes in links.items():
        query = {name: value for name, value in call.query.items() if name not in {"before", "after", *without}}
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
    call: Call, items: Sequence[T], key: Callable[[T], SortKey], *, descending: bool, url: str = ""
) -> tuple[Sequence[T], dict[str, str]]:
    """The page after or before a cursor, and its Link header with prev and next.

    `items` are in the order of `key`. A cursor holds the sort key of the item at a page's edge, so alerts that come or
    go between two pages neither hide others nor show them twice. Without a cursor, or with an empty one, it is the
    page of the number asked for; the links lead on from there by cursor.

    Raises:
        Refused: 422, the cursor is not one this sandbox gave out.
    """
    page = asked_page(call.query)
    start, stop = (page.number - 1) * page.size, len(items)
    if after := call.query.get("after"):
        edge = _decode(after)
        start = bisect_left(items, 1, key=lambda item: key(item) < edge if descending else key(item) > edge)
    elif before := call.query.get("before"):
        edge = _decode(before)
        stop = bisect_left(items, 1, key=lambda item: key(item) <= edge if descending else key(item) >= edge)
        start = max(stop - page.size, 0)
    chosen = items[start : min(start + page.size, stop)]
    links: dict[str, dict[str, str | int]] = {}
    if chosen and start > 0:
        links["prev"] = {"before": _encode(key(chosen[0]))}
    if chosen and start + len(chosen) < len(items):
        links["next"] = {"after": _encode(key(chosen[-1]))}
    return chosen, link_header(call, links, url, without=("page",))


def _encode(key: SortKey) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _decode(cursor: str) -> SortKey:
    try:
        moment, repository_id, number = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return str(moment), int(repository_id), int(number)
    except (ValueError, TypeError, OverflowError):
        raise refused(422, "The cursor is not valid.") from None
