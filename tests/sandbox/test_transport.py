import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SANDBOX_TOKEN, SECURITY_MANAGER_TOKEN, SandboxOptions
from tests.sandbox.connections import Clock, connect

pytestmark = pytest.mark.anyio
LIST = "/orgs/octo-org/campaigns"


async def test_every_answer_carries_the_common_headers(sandbox: Sandbox, clock: Clock) -> None:
    async with connect(sandbox) as client, connect(sandbox, None) as stranger:
        answers = [
            await client.get(LIST),
            await client.get("/nowhere"),
            await client.delete(f"{LIST}/6"),
            await client.patch(f"{LIST}/5", content=b"{"),
            await stranger.get(LIST),
            await client.get(LIST, headers={"User-Agent": ""}),
        ]
    assert [answer.status_code for answer in answers] == [200, 404, 204, 400, 401, 403]
    for answer in answers:
        assert parsedate_to_datetime(answer.headers["Date"]) == clock.now
        assert answer.headers["X-GitHub-Api-Version-Selected"] == "2022-11-28"
        assert answer.headers["X-RateLimit-Resource"] == "core"
        assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Used", "X-RateLimit-Reset"} <= {
            name.title().replace("Ratelimit", "RateLimit") for name in answer.headers
        }
    assert len({answer.headers["X-GitHub-Request-Id"] for answer in answers}) == len(answers)


async def test_a_clock_in_another_zone_is_shown_in_gmt() -> None:
    sandbox = create_sandbox(SandboxOptions(clock=lambda: datetime.fromisoformat("2026-06-01T14:00:00.5+02:00")))
    async with connect(sandbox) as client:
        assert (await client.get("/user")).headers["Date"] == "Mon, 01 Jun 2026 12:00:00 GMT"


async def test_the_default_clock_is_this_machines() -> None:
    async with connect(create_sandbox()) as client:
        shown = parsedate_to_datetime((await client.get("/user")).headers["Date"])
    assert abs((datetime.now(UTC) - shown).total_seconds()) < 60


@pytest.mark.parametrize("version", ["2022-11-28", "2026-03-10"])
async def test_both_api_versions_are_selected(client: httpx.AsyncClient, version: str) -> None:
    answer = await client.get(LIST, headers={"X-GitHub-Api-Version": version})
    assert (answer.status_code, answer.headers["X-GitHub-Api-Version-Selected"]) == (200, version)


async def test_an_unknown_api_version_is_a_bad_request(client: httpx.AsyncClient) -> None:
    answer = await client.get(LIST, headers={"X-GitHub-Api-Version": "2020-01-01"})
    assert answer.status_code == 400
    assert "2020-01-01" in answer.json()["message"]


async def test_versions_lists_both(client: httpx.AsyncClient) -> None:
    assert (await client.get("/versions")).json() == ["2026-03-10", "2022-11-28"]


async def test_a_request_without_user_agent_is_refused_in_plain_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere", headers={"User-Agent": ""})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{LIST}/"),
        ("GET", "/user/"),
        ("GET", "/"),
        ("GET", "/orgs/octo-org/nothing"),
        ("PUT", f"{LIST}/3"),
        ("POST", f"{LIST}/3"),
        ("DELETE", LIST),
    ],
)
async def test_what_has_no_endpoint_is_not_found(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


async def test_an_unchanged_answer_is_a_304_that_costs_nothing(client: httpx.AsyncClient) -> None:
    first = await client.get(LIST)
    etag = first.headers["ETag"]
    assert re.fullmatch(r'W/"[0-9a-f]{64}"', etag)
    for asked in (etag, f'"other", {etag}', etag.removeprefix("W/")):
        again = await client.get(LIST, headers={"If-None-Match": asked})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
        assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"]
    changed = await client.patch(f"{LIST}/5", json={"name": "XSS"})
    assert "ETag" not in changed.headers
    afresh = await client.get(LIST, headers={"If-None-Match": etag})
    assert (afresh.status_code, afresh.headers["ETag"] == etag) == (200, False)


async def test_the_two_versions_do_not_share_an_etag(client: httpx.AsyncClient) -> None:
    old = (await client.get(LIST)).headers["ETag"]
    answer = await client.get(LIST, headers={"If-None-Match": old, "X-GitHub-Api-Version": "2026-03-10"})
    assert answer.status_code == 200


async def test_without_a_token_a_304_costs_like_any_request(sandbox: Sandbox) -> None:
    async with connect(sandbox, None) as stranger:
        first = await stranger.get("/orgs/octo-org")
        again = await stranger.get("/orgs/octo-org", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["X-RateLimit-Used"], again.headers["X-RateLimit-Limit"]) == (
        304,
        "2",
        "60",
    )


async def test_the_links_lead_through_every_campaign_once(client: httpx.AsyncClient) -> None:
    answer = await client.get(LIST, params={"per_page": 2, "state": "open", "direction": "asc"})
    assert answer.links["last"]["url"] == answer.links["next"]["url"]
    assert {"prev", "first"}.isdisjoint(answer.links)
    seen = answer.json()
    while "next" in answer.links:
        assert httpx.URL(answer.links["next"]["url"]).path == "/organizations/9919001/campaigns"
        answer = await client.get(answer.links["next"]["url"])
        seen += answer.json()
    assert [campaign["number"] for campaign in seen] == [4, 5, 6]
    assert {"prev", "first"} == set(answer.links)
    assert (await client.get(answer.links["prev"]["url"])).json() == seen[:2]


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("per_page=200", 100),
        ("per_page=0", 30),
        ("per_page=-5", 30),
        ("per_page=x", 30),
        ("page=x", 30),
        ("page=0", 30),
    ],
)
async def test_senseless_page_sizes_fall_back_to_the_defaults(sandbox: Sandbox, query: str, size: int) -> None:
    transport = httpx.ASGITransport(sandbox)
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.github.com", headers=headers) as client:
        answer = await client.get(f"/orgs/octo-org/code-scanning/alerts?{query}")
    assert len(answer.json()) == size


async def test_the_rate_limit_runs_out_and_comes_back(clock: Clock) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, rate_limit=2))
    reset = str(int(clock.now.timestamp()) + 3600)
    async with connect(sandbox) as client:
        for used in ("1", "2"):
            answer = await client.get("/user")
            assert (answer.status_code, answer.headers["X-RateLimit-Used"]) == (200, used)
            clock.advance(minutes=1)
        refused = await client.get("/user")
        assert (refused.status_code, refused.json()["status"]) == (403, "403")
        assert "rate limit exceeded" in refused.json()["message"]
        assert (refused.headers["X-RateLimit-Remaining"], refused.headers["X-RateLimit-Reset"]) == ("0", reset)
        assert refused.headers["X-RateLimit-Used"] == "2"
        overview = (await client.get("/rate_limit")).json()["resources"]["core"]
        assert overview == {"limit": 2, "remaining": 0, "used": 2, "reset": int(reset)}
        async with connect(sandbox, SECURITY_MANAGER_TOKEN) as somebody_else:
            assert (await somebody_else.get("/user")).status_code == 200
        clock.advance(minutes=58)
        assert (await client.get("/user")).headers["X-RateLimit-Used"] == "1"


async def test_rate_limit_costs_nothing_and_lost_a_field_in_the_newer_version(client: httpx.AsyncClient) -> None:
    old = await client.get("/rate_limit")
    new = await client.get("/rate_limit", headers={"X-GitHub-Api-Version": "2026-03-10"})
    assert old.json()["rate"] == old.json()["resources"]["core"]
    assert "rate" not in new.json()
    assert new.json()["resources"]["core"]["used"] == 0


async def test_without_limits_nothing_is_counted(clock: Clock) -> None:
    async with connect(create_sandbox(SandboxOptions(clock=clock, limits=False, rate_limit=1))) as client:
        for _ in range(3):
            answer = await client.get("/user")
            assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (200, "1")


async def test_numbers_of_senseless_length_are_answered_like_any_wrong_one(client: httpx.AsyncClient) -> None:
    endless = "9" * 5000
    assert (await client.get(f"{LIST}/{endless}")).status_code == 404
    assert (await client.get(LIST, params={"page": "9" * 30})).status_code == 200
    assert (await client.patch(f"{LIST}/5", content=b'{"name":' + endless.encode() + b"}")).status_code == 400
    assert (await client.patch(f"{LIST}/5", content=b"[" * 100_000)).status_code == 400
