"""Addresses on GitHub: path segments that cannot escape, and the one origin that may see the token."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote as percent_encoded

import httpx

from server.domain.text import quote
from server.errors import InvalidInput

_FORBIDDEN = frozenset("/\\%?#")
_LONGEST_NAME = 200
_LARGEST_NUMBER = 2**63 - 1
# httpx's own reading ends an address at a semicolon in it, and with it the list.
_LINK = re.compile(r'<(.*?)>\s*(?:;[^<>;]*)*?;\s*rel="?([a-z]+)"?\s*(?=[,;]|$)', re.DOTALL)


def segment(text: str) -> str:
    """Return `text` as one segment of a path, percent-encoded.

    Raises:
        InvalidInput: it is empty, longer than 200 characters, or contains a slash, backslash, `..`, `%`, `?`, `#` or a
            control character.
    """
    hostile = any(character in _FORBIDDEN or unicodedata.category(character)[0] == "C" for character in text)
    if hostile or not text.strip() or len(text) > _LONGEST_NAME or text == "." or ".." in text:
        raise InvalidInput(
            "A name to look up on GitHub is empty, far too long, or contains / \\ % ? # .. or a control character.",
            "Give a login, an organization or a team slug as GitHub shows it. Nothing was sent to GitHub.",
        )
    return percent_encoded(text, safe="")


def number_segment(number: int) -> str:
    """Return a campaign's or role's number as one segment of a path.

    Raises:
        InvalidInput: it is not a positive whole number.
    """
    if isinstance(number, bool) or not 1 <= number <= _LARGEST_NUMBER:
        raise InvalidInput("A campaign's number is a whole number from 1.", "Nothing was sent to GitHub.")
    return str(number)


def at_home(url: httpx.URL, api: httpx.URL) -> bool:
    """Whether an address has the API's own scheme, host and port, and may therefore see the token."""
    # httpx gives no port when it is the scheme's own, and the host in lower case.
    return not url.userinfo and (url.scheme, url.host, url.port) == (api.scheme, api.host, api.port)


def shown_host(url: httpx.URL | None) -> str:
    """Return the host of an address that others chose, quoted for a sentence."""
    return quote(url.host) if url is not None else "an address that cannot be read"


def joined(base: httpx.URL, reference: str) -> httpx.URL | None:
    """Resolve the address in a Location or Link header against the one that was asked; None when it is nonsense."""
    try:
        return base.join(reference)
    except (httpx.InvalidURL, ValueError):
        return None


def next_and_last(response: httpx.Headers, base: httpx.URL) -> tuple[str | None, int | None]:
    """Read a Link header: the address of the next page as GitHub wrote it, and the number of the last page.

    The next address is not checked here; `GitHubClient.follow` does that before anything is sent.
    """
    links = {rel: address for address, rel in _LINK.findall(response.get("link", ""))}
    last = joined(base, links["last"]) if links.get("last") else None
    page = last.params.get("page", "") if last is not None else ""
    return links.get("next"), int(page) if page.isascii() and page.isdigit() and len(page) < 10 else None
