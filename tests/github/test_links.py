"""Link headers: which page follows, and which is the last."""

from __future__ import annotations

import httpx
import pytest

from server.github.addresses import next_and_last

ASKED = httpx.URL("https://api.github.com/orgs/octo-org/campaigns?page=1")
PAGE = "https://api.github.com/organizations/7/campaigns?page="


@pytest.mark.parametrize(
    ("link", "following", "last"),
    [
        (f'<{PAGE}2>; rel="next", <{PAGE}9>; rel="last"', f"{PAGE}2", 9),
        (f'<{PAGE}1>; rel="prev", <{PAGE}1>; rel="first"', None, None),
        (f"<{PAGE}2>;rel=next,<{PAGE}9>;rel=last", f"{PAGE}2", 9),
        (f'<{PAGE}2&after=a;b,c>; rel="next"', f"{PAGE}2&after=a;b,c", None),
        (f'<{PAGE}x>; rel="last"', None, None),
        (f'<{PAGE}2>; title="x, y" ; rel="next"', f"{PAGE}2", None),
        ("", None, None),
        ("no link at all", None, None),
    ],
)
def test_the_next_page_is_as_github_wrote_it_and_the_last_has_its_number(
    link: str, following: str | None, last: int | None
) -> None:
    assert next_and_last(httpx.Headers({"link": link}), ASKED) == (following, last)


def test_links_in_several_header_fields_count_alike() -> None:
    headers = httpx.Headers([("link", f'<{PAGE}2>; rel="next"'), ("link", f'<{PAGE}9>; rel="last"')])
    assert next_and_last(headers, ASKED) == (f"{PAGE}2", 9)


@pytest.mark.parametrize("within", ["\x1b]0;x\x07", "a\nb", ";=1+1;@SUM(1) x", "<b>x</b>", ", <x>", '"x"', "\u2028"])
def test_no_address_hides_that_there_is_a_next_page(within: str) -> None:
    raw = f'<https://evil.example/{within}>; rel="next"'.encode()
    following, _ = next_and_last(httpx.Headers([(b"link", raw)]), ASKED)
    assert following is not None
