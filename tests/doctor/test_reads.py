"""The API, reading and writing, and the rate limit."""

from __future__ import annotations

import ssl

import httpx
import pytest

from server import doctor
from server.sandbox.app import create_sandbox
from server.sandbox.options import (
    ADMIN_TOKEN,
    SandboxOptions,
)
from server.settings import Settings
from tests.doctor.visits import (
    ORDER,
    json_answer,
    skipped_for,
    user,
    visit,
)
from tests.sandbox.connections import NOON, Clock

pytestmark = pytest.mark.anyio


def distrusted() -> httpx.ConnectError:
    problem = httpx.ConnectError("no")
    problem.__cause__ = ssl.SSLCertVerificationError("no")
    return problem


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (httpx.ConnectError("no"), "no way to api.github.com"),
        (distrusted(), "certificate of api.github.com is not trusted"),
        (httpx.ProxyError("no"), "proxy refused"),
        (httpx.ConnectTimeout("no"), "could not be reached in time"),
        (httpx.ReadTimeout("no"), "did not answer within"),
    ],
)
async def test_an_api_out_of_reach_is_told_apart_and_the_rest_waits(problem: Exception, says: str) -> None:
    visited = await visit(replies={"*": problem})
    assert visited["credentials"].status == "ok"
    assert visited["api"].status == "failed"
    assert says in visited["api"].says
    assert visited["api"].mend
    skipped_for(visited, "api", ORDER[2:])
    assert len(visited.sent) == 1


async def test_a_page_for_people_is_no_api() -> None:
    visited = await visit(replies={"*": httpx.Response(200, html="<html>Sign in</html>")})
    assert "HTML page" in visited["api"].says
    skipped_for(visited, "api", ORDER[2:])


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (json_answer({"message": "API version '2026-03-10' is not supported."}, 400), "does not support API version"),
        (json_answer(["2022-11-28", "2019-\u202e01"]), 'not among those it has: "2022-11-28, 2019-01"'),
        (json_answer(["2026-03-10"], x_github_api_version_selected="2022-11-28"), 'in API version "2022-11-28"'),
    ],
)
async def test_an_api_version_that_is_not_taken_fails(reply: httpx.Response, says: str) -> None:
    visited = await visit(replies={"/versions": reply})
    assert visited["api"].status == "failed"
    assert says in visited["api"].says
    assert "--api-version" in visited["api"].mend


async def test_the_older_api_version_is_taken_too() -> None:
    visited = await visit(api_version="2022-11-28")
    assert visited["api"].says == "api.github.com answers and takes API version 2022-11-28."
    assert set(visited.statuses.values()) == {"ok"}


async def test_an_api_that_lists_no_versions_is_not_githubs() -> None:
    visited = await visit(replies={"/versions": json_answer({"hello": "world"})})
    assert visited["api"].status == "failed"
    assert "--api-url" in visited["api"].mend


async def test_the_sandbox_is_called_by_its_name() -> None:
    visited = await visit(ADMIN_TOKEN)
    assert visited["api"].says.startswith("api.github.com")
    findings = await doctor.run_doctor(
        Settings(sandbox=True, org="octo-org"), transport=httpx.ASGITransport(app=create_sandbox()), environ={}
    )
    assert findings[0].says == "The sandbox's own token."
    assert findings[1].says.startswith("The sandbox answers")
    assert doctor.exit_status(findings) == 0


@pytest.mark.parametrize("content", [{}, {"login": 7}, ["octo-bot"]])
async def test_an_account_without_a_login_fails(content: object) -> None:
    visited = await visit(replies={"/user": json_answer(content)})
    assert visited["account"].status == "failed"
    skipped_for(visited, "account", ORDER[3:])


async def test_texts_by_others_are_cleaned() -> None:
    visited = await visit(replies={"/user": user("octo\u202e-\x1b[31mbot", scopes="repo, \x1b[2Jread:org")})
    assert visited["account"].says == 'The token acts as "octo-[31mbot".'
    assert "\x1b" not in doctor.render(visited.findings, color=False)
    assert "\u202e" not in doctor.render(visited.findings, color=False)


# Reading and writing


async def test_a_server_that_is_read_only_does_not_ask_about_writing() -> None:
    visited = await visit(read_only=True)
    assert visited["write_campaigns"].status == "skipped"
    assert "read-only" in visited["write_campaigns"].says


async def test_nothing_to_read_is_no_failure() -> None:
    replies = {"/orgs/octo-org/campaigns": json_answer([]), "/orgs/octo-org/code-scanning/alerts": json_answer([])}
    visited = await visit(replies=replies)
    assert visited["read_campaigns"].says == "Campaigns can be read; there are none yet."
    assert visited["read_alerts"].says == "Code scanning alerts can be read; none is open."


async def test_a_read_that_github_fails_is_a_failure() -> None:
    visited = await visit(replies={"/orgs/octo-org/campaigns": json_answer({"message": "no"}, 503)})
    assert visited["read_campaigns"].status == "failed"
    assert "githubstatus" in visited["read_campaigns"].mend
    skipped_for(visited, "read campaigns", ["write_campaigns"])


# The rate limit


@pytest.mark.parametrize(("limit", "met_at"), [(3, "role"), (1, "account")])
async def test_a_used_up_rate_limit_fails_with_its_end_and_nothing_more_is_asked(limit: int, met_at: str) -> None:
    sandbox = create_sandbox(SandboxOptions(rate_limit=limit, clock=Clock()))
    visited = await visit(sandbox=sandbox)
    assert visited[met_at].status == "unknown"
    assert "rate limit is reached" in visited[met_at].says
    skipped_for(visited, "rate limit", ORDER[ORDER.index(met_at) + 1 : -1])
    assert visited["rate_limit"].status == "failed"
    assert visited["rate_limit"].says == f"No request of {limit} an hour is left until 2026-06-01 13:00 UTC."
    assert doctor.exit_status(visited.findings) == 1
    assert visited.paths[-1] == "/rate_limit"


async def test_a_rate_limit_met_at_the_first_request_is_still_looked_at() -> None:
    visited = await visit(replies={"/versions": json_answer({"message": "slow down"}, 429, retry_after="90")})
    assert visited["api"].status == "unknown"
    assert visited["rate_limit"].status == "failed"
    assert "rate limit is reached" in visited["rate_limit"].says
    assert visited.paths == ["/versions", "/rate_limit"]


async def test_a_rate_limit_on_asking_for_the_rate_limit_fails() -> None:
    visited = await visit(replies={"/rate_limit": json_answer({"message": "slow down"}, 429, retry_after="90")})
    assert visited["rate_limit"].status == "failed"
    assert visited["rate_limit"].mend


async def test_few_requests_left_are_told() -> None:
    core = {"limit": 5000, "remaining": 499, "reset": int(NOON.timestamp())}
    visited = await visit(replies={"/rate_limit": json_answer({"resources": {"core": core}})})
    assert visited["rate_limit"].status == "ok"
    assert visited["rate_limit"].says == "Only 499 of 5000 requests are left until 2026-06-01 12:00 UTC."


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"resources": {"core": 3}},
        {"resources": {"core": {"limit": "many"}}},
        {"resources": {"core": {"limit": 1, "remaining": 1, "reset": 10**20}}},
    ],
)
async def test_a_rate_limit_in_another_shape_fails(content: object) -> None:
    visited = await visit(replies={"/rate_limit": json_answer(content)})
    assert visited["rate_limit"].status == "failed"
    assert "not what its reference describes" in visited["rate_limit"].says
