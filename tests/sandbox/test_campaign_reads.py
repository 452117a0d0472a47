from datetime import datetime

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SandboxOptions
from tests.sandbox.connections import Clock, campaign_body, connect

pytestmark = pytest.mark.anyio
LIST = "/orgs/octo-org/campaigns"


async def test_the_list_starts_with_the_youngest_campaign(client: httpx.AsyncClient) -> None:
    answer = await client.get(LIST)
    assert answer.status_code == 200
    assert [campaign["number"] for campaign in answer.json()] == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"state": "closed"}, [3, 2, 1]),
        ({"state": "open", "direction": "asc"}, [4, 5, 6]),
        ({"sort": "ends_at", "state": "open"}, [6, 5, 4]),
        ({"sort": "published", "direction": "asc", "per_page": 2}, [1, 2]),
        ({"sort": "updated", "per_page": 1, "page": 2}, [5]),
        ({"page": 9}, []),
    ],
)
async def test_the_list_can_be_filtered_sorted_and_paged(
    client: httpx.AsyncClient, query: dict[str, str | int], numbers: list[int]
) -> None:
    answer = await client.get(LIST, params=query)
    assert [campaign["number"] for campaign in answer.json()] == numbers


@pytest.mark.parametrize(("name", "value"), [("state", "draft"), ("sort", "name"), ("direction", "up")])
async def test_a_value_outside_the_list_of_values_is_refused(client: httpx.AsyncClient, name: str, value: str) -> None:
    answer = await client.get(LIST, params={name: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == name


async def test_the_organization_is_found_in_any_case(client: httpx.AsyncClient) -> None:
    assert (await client.get("/orgs/OCTO-Org/campaigns/3")).json()["name"] == "Log4Shell clean-up"


async def test_an_organization_without_campaigns_has_an_empty_list(client: httpx.AsyncClient) -> None:
    answer = await client.get("/orgs/octo-labs/campaigns")
    assert (answer.status_code, answer.json(), "Link" in answer.headers) == (200, [], False)


@pytest.mark.parametrize("number", ["99", "0", "-1", "three", "3.0", "²"])
async def test_a_number_that_names_no_campaign_is_not_found(client: httpx.AsyncClient, number: str) -> None:
    answer = await client.get(f"{LIST}/{number}")
    assert answer.status_code == 404
    assert answer.json() == {
        "message": "Not Found",
        "documentation_url": ("https://docs.github.com/rest/campaigns/campaigns#get-a-campaign-for-an-organization"),
        "status": "404",
    }


async def test_the_seeded_campaigns_are_at_different_stages(client: httpx.AsyncClient, clock: Clock) -> None:
    campaigns = {campaign["number"]: campaign for campaign in (await client.get(LIST)).json()}
    log4shell = campaigns[3]
    assert (log4shell["name"], log4shell["state"], log4shell["ends_at"][:10]) == (
        "Log4Shell clean-up",
        "closed",
        "2024-03-14",
    )
    assert datetime.fromisoformat(campaigns[4]["ends_at"]) < clock()
    overdue, nearly_done, begun = (campaigns[number]["alert_stats"] for number in (4, 5, 6))
    assert overdue["open_count"] > 0
    assert nearly_done["closed_count"] > 8 * nearly_done["open_count"]
    assert begun["closed_count"] == 0
    assert begun["in_progress_count"] > 0


async def test_a_team_manager_comes_as_a_whole_team(client: httpx.AsyncClient) -> None:
    team = (await client.get(f"{LIST}/4")).json()["team_managers"][0]
    assert (team["slug"], team["organization_id"], team["parent"]) == ("appsec", 9919001, None)


async def test_alert_stats_follow_the_alerts(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    created = (await client.post(LIST, json=campaign_body(sandbox))).json()
    assert created["alert_stats"] == {"open_count": 3, "closed_count": 0, "in_progress_count": 0}
    first, second, _ = sandbox.state.campaign("octo-org", created["number"]).alerts
    sandbox.state.close_alert(*first)
    sandbox.state.start_alert(*second)
    read = (await client.get(f"{LIST}/{created['number']}")).json()
    assert read["alert_stats"] == {"open_count": 1, "closed_count": 1, "in_progress_count": 1}
    sandbox.state.reopen_alert(*first)
    sandbox.state.close_alert(*second, outcome="dismissed")
    read = (await client.get(f"{LIST}/{created['number']}")).json()
    assert read["alert_stats"] == {"open_count": 2, "closed_count": 1, "in_progress_count": 0}


@pytest.mark.parametrize("touched", [True, False])
async def test_updated_at_moves_by_itself_only_when_switched_on(clock: Clock, touched: bool) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, touch_updated_at=touched))
    key = sandbox.state.campaign("octo-org", 6).alerts[0]
    async with connect(sandbox) as client:
        before = (await client.get(f"{LIST}/6")).json()["updated_at"]
        sandbox.state.close_alert(*key)
        after = (await client.get(f"{LIST}/6")).json()["updated_at"]
        others = (await client.get(f"{LIST}/5")).json()["updated_at"]
    assert before == "2026-05-30T12:00:00Z"
    assert after == ("2026-06-01T12:00:00Z" if touched else before)
    assert others == "2026-05-06T12:00:00Z"


async def test_the_examples_shape_leaves_out_what_the_examples_leave_out(clock: Clock) -> None:
    async with connect(create_sandbox(SandboxOptions(clock=clock, shape="examples"))) as client:
        one = (await client.get(f"{LIST}/5")).json()
        with_team = (await client.get(f"{LIST}/4")).json()
        listed = (await client.get(LIST)).json()
    assert {"alert_stats", "published_at"} < set(one)
    assert not {"contact_link", "team_managers"} & set(one)
    assert "team_managers" in with_team
    assert all(not {"contact_link", "alert_stats", "published_at"} & set(campaign) for campaign in listed)
