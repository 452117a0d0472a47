import httpx
import pytest

from server.sandbox.app import Sandbox
from tests.sandbox.connections import Clock, campaign_body

pytestmark = pytest.mark.anyio
LIST = "/orgs/octo-org/campaigns"


async def test_an_empty_patch_is_valid_and_changes_nothing(client: httpx.AsyncClient, clock: Clock) -> None:
    before = (await client.get(f"{LIST}/5")).json()
    clock.advance(hours=1)
    for content in (b"{}", b""):
        answer = await client.patch(f"{LIST}/5", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()) == (200, before)


async def test_patch_replaces_what_it_names_and_moves_updated_at(client: httpx.AsyncClient, clock: Clock) -> None:
    before = (await client.get(f"{LIST}/5")).json()
    clock.advance(hours=1)
    changes = {
        "name": "XSS",
        "description": "Shorter.",
        "ends_at": "2026-12-24T00:00:00Z",
        "contact_link": None,
        "managers": ["octo-bot"],
        "team_managers": ["appsec"],
    }
    after = (await client.patch(f"{LIST}/5", json=changes)).json()
    assert {name: after[name] for name in ("name", "description", "ends_at", "contact_link")} == {
        name: changes[name] for name in ("name", "description", "ends_at", "contact_link")
    }
    assert [manager["login"] for manager in after["managers"]] == ["octo-bot"]
    assert [team["slug"] for team in after["team_managers"]] == ["appsec"]
    assert after["updated_at"] == "2026-06-01T13:00:00Z"
    assert after["alert_stats"] == before["alert_stats"]


async def test_closing_and_reopening_set_and_clear_closed_at(client: httpx.AsyncClient, clock: Clock) -> None:
    closed = (await client.patch(f"{LIST}/5", json={"state": "closed"})).json()
    assert (closed["state"], closed["closed_at"]) == ("closed", "2026-06-01T12:00:00Z")
    clock.advance(hours=1)
    again = (await client.patch(f"{LIST}/5", json={"state": "closed"})).json()
    assert again["closed_at"] == "2026-06-01T12:00:00Z"
    reopened = (await client.patch(f"{LIST}/5", json={"state": "open"})).json()
    assert (reopened["state"], reopened["closed_at"]) == ("open", None)


async def test_an_overdue_end_may_stay_but_not_be_set_anew(client: httpx.AsyncClient) -> None:
    end = (await client.get(f"{LIST}/4")).json()["ends_at"]
    assert (await client.patch(f"{LIST}/4", json={"ends_at": end, "name": "Logs"})).status_code == 200
    refused = await client.patch(f"{LIST}/4", json={"ends_at": "2026-05-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "ends_at")


@pytest.mark.parametrize(
    "changes",
    [{"state": "done"}, {"state": None}, {"name": None}, {"generate_issues": True}, {"code_scanning_alerts": None}],
)
async def test_patch_refuses_what_cannot_be_changed(client: httpx.AsyncClient, changes: dict[str, object]) -> None:
    before = (await client.get(f"{LIST}/5")).json()
    answer = await client.patch(f"{LIST}/5", json=changes)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Invalid request.")
    assert (await client.get(f"{LIST}/5")).json() == before


async def test_delete_answers_204_and_keeps_the_alerts(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    alerts = len(sandbox.state.alerts("octo-org"))
    answer = await client.delete(f"{LIST}/6")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert (await client.delete(f"{LIST}/6")).status_code == 404
    assert (await client.patch(f"{LIST}/6", json={})).status_code == 404
    assert len(sandbox.state.alerts("octo-org")) == alerts


async def test_the_number_of_a_deleted_campaign_is_not_used_again(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await client.delete(f"{LIST}/6")
    assert (await client.post(LIST, json=campaign_body(sandbox))).json()["number"] == 7
