"""The benchmark of calls: what it makes of its measurements, and what it refuses to measure."""

from __future__ import annotations

import httpx
import pytest
from mcp_types import CallToolResult, TextContent

from benchmarks.calling import CALLS, NUMBERS, Called, Server, check
from benchmarks.calls_report import computed, ratios, section, tables, took
from benchmarks.calls_runs import SERVERS, Plan, Results, Round
from benchmarks.loopback import TALLY, Loopback
from benchmarks.report import middle_half
from server.sandbox.options import SANDBOX_TOKEN, SandboxOptions
from tests.tools.expected import NOON, frozen

OURS = Server("stdio", ours=True, unchanged=False)
SIGNED_IN = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
LIST = f"/orgs/octo-org/campaigns?per_page={CALLS['list_campaigns']['per_page']}"


def called(*milliseconds: float) -> Called:
    return Called(9.0, list(milliseconds), computed=sum(milliseconds) / 10, size=1234)


def round_of(**took: list[float]) -> Round:
    """Every server, its calls by `stdio_bare`, `stdio_ours`, `HTTP_bare` and so on; 1 ms where nothing is said."""
    names = {server: f"{server.transport}_{'ours' if server.ours else 'bare'}" for server in SERVERS}
    return {server: {tool: called(*took.get(name, [1.0])) for tool in CALLS} for server, name in names.items()}


def test_a_ratio_is_taken_within_its_round() -> None:
    quiet, busy = round_of(stdio_bare=[2, 2, 2], stdio_ours=[3, 3, 3]), round_of(stdio_bare=[20], stdio_ours=[50])
    assert ratios(Results(Plan(1, 2), [quiet, busy]), OURS, "get_campaign", took) == [1.5, 2.5]


def test_a_ratio_is_to_the_bare_server_over_the_same_transport() -> None:
    results = Results(Plan(1, 1), [round_of(stdio_bare=[2], HTTP_bare=[8], stdio_ours=[4], HTTP_ours=[4])])
    assert ratios(results, OURS, "list_campaigns", took) == [2]
    assert ratios(results, OURS._replace(transport="HTTP"), "list_campaigns", took) == [0.5]


def test_a_row_tells_the_median_and_the_middle_half_of_all_calls() -> None:
    rounds = [round_of(stdio_ours=[1, 2]), round_of(stdio_ours=[3, 4, 50])]
    told = tables(Results(Plan(2, 2), rounds))
    assert "| list_campaigns, this project | 3.00 (2.00 to 4.00) | 2.75 (2.12 to 3.38) |" in told


def test_computing_is_told_with_its_own_ratio() -> None:
    results = Results(Plan(1, 1), [round_of(stdio_bare=[1, 1, 13], stdio_ours=[2, 2, 2])])
    assert ratios(results, OURS, "get_campaign", took) == [2]
    assert ratios(results, OURS, "get_campaign", computed) == [pytest.approx(0.4)]
    assert "| get_campaign, this project | 2.00 (2.00 to 2.00) | 2.00 | 0.60 | 0.40 | 1,234 |" in tables(results)


def test_the_spread_is_left_out_where_there_is_one_figure() -> None:
    assert middle_half([3.14], 1) == "3.1"
    assert middle_half([5, 1, 2, 4, 3], 0) == "3 (2 to 4)"


def test_first_calls_are_told_for_every_server_and_transport() -> None:
    told = tables(Results(Plan(1, 1), [round_of()])).partition("### The first call")[2]
    for name in ("bare MCPServer, stdio", "this project, stdio", "bare MCPServer, HTTP", "this project, HTTP"):
        assert f"| {name} | 9 |" in told


def test_the_section_tells_how_much_was_measured() -> None:
    told = section(Results(Plan(tool_calls=77, rounds=1), [round_of()]), "0.3")
    assert told.startswith("## A tool call\n")
    assert "called 77 times" in told
    assert "load average was 0.3" in told


@pytest.mark.parametrize("text", ['{"number": 4}', '[{"number": 3}, {"number": 4}]', "not found", "[]", "{}"])
def test_an_answer_about_other_campaigns_is_not_measured(text: str) -> None:
    with pytest.raises(RuntimeError, match="the answer to get_campaign is not right"):
        check("get_campaign", CallToolResult(content=[TextContent(text=text)]))


def test_an_error_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match="not right"):
        check("get_campaign", CallToolResult(content=[TextContent(text='{"number": 3}')], is_error=True))


def test_github_s_json_and_this_project_s_both_count_as_answers() -> None:
    assert check("get_campaign", CallToolResult(content=[TextContent(text='{"number":3}')])) == 12
    rows = ",".join(f'{{"number":{number}}}' for number in NUMBERS["list_campaigns"])
    for text in (f"[{rows}]", f'{{"campaigns":[{rows}]}}'):
        assert check("list_campaigns", CallToolResult(content=[TextContent(text=text)])) == len(text)


async def etag_of(path: str) -> str:
    """The ETag that the sandbox itself gives, which a client may still have."""
    transport = httpx.ASGITransport(app=frozen())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=SIGNED_IN) as github:
        return (await github.get(path)).headers["etag"]


@pytest.mark.anyio
@pytest.mark.parametrize(("etags", "second"), [(True, 304), (False, 200)])
async def test_the_loopback_github_answers_304_only_when_it_gives_etags(*, etags: bool, second: int) -> None:
    loopback = Loopback(SandboxOptions(clock=lambda: NOON), "http://127.0.0.1", 0, etags=etags)
    transport = httpx.ASGITransport(app=loopback)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=SIGNED_IN) as github:
        whole = await github.get(LIST)
        assert ("etag" in whole.headers) == etags
        assert [each["number"] for each in whole.json()] == NUMBERS["list_campaigns"], "the calls ask for these"
        again = await github.get(LIST, headers={"If-None-Match": await etag_of(LIST)})
        assert again.status_code == second
        tally = await github.get(TALLY)
    assert tally.json() == {"requests": 2, "unchanged": int(etags)}
