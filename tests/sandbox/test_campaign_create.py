from typing import Any

import httpx
import pytest

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import OverSize, SandboxOptions
from server.sandbox.seed_alerts import plant_alerts, rules_for
from tests.sandbox.connections import Clock, campaign_body, connect, open_alerts

pytestmark = pytest.mark.anyio
LIST = "/orgs/octo-org/campaigns"
DOCS = "https://docs.github.com/rest/campaigns/campaigns"


async def test_create_answers_200_with_the_campaign(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = campaign_body(sandbox, contact_link="https://example.com/help", team_managers=["APPSEC", "appsec"])
    answer = await client.post(LIST, json={**body, "managers": ["Mona-Lisa", "mona-lisa", "octo-bot"]})
    assert answer.status_code == 200
    campaign = answer.json()
    assert campaign["number"] == 7
    assert [manager["login"] for manager in campaign["managers"]] == ["mona-lisa", "octo-bot"]
    assert [team["slug"] for team in campaign["team_managers"]] == ["appsec"]
    assert (campaign["state"], campaign["closed_at"]) == ("open", None)
    assert campaign["created_at"] == campaign["updated_at"] == campaign["published_at"] == "2026-06-01T12:00:00Z"
    assert (campaign["ends_at"], campaign["contact_link"]) == ("2026-09-01T00:00:00Z", "https://example.com/help")
    assert campaign["alert_stats"] == {"open_count": 3, "closed_count": 0, "in_progress_count": 0}
    assert (await client.get(f"{LIST}/7")).json() == campaign


async def test_times_with_other_zones_come_back_in_utc(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = campaign_body(sandbox, ends_at="2026-09-01T01:30:00.250+02:00")
    assert (await client.post(LIST, json=body)).json()["ends_at"] == "2026-08-31T23:30:00Z"


async def test_generate_issues_opens_one_issue_in_each_repository(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await client.post(LIST, json=campaign_body(sandbox))
    assert sandbox.state.issues("octo-org") == 0
    number = (await client.post(LIST, json=campaign_body(sandbox, generate_issues=True))).json()["number"]
    assert sandbox.state.issues("octo-org") == 2
    assert len(sandbox.state.campaign("octo-org", number).issues) == 2


@pytest.mark.parametrize("field", ["name", "description", "ends_at", "code_scanning_alerts"])
async def test_a_missing_field_is_named_in_the_message(client: httpx.AsyncClient, sandbox: Sandbox, field: str) -> None:
    body = campaign_body(sandbox)
    del body[field]
    answer = await client.post(LIST, json=body)
    assert answer.status_code == 422
    assert answer.json() == {
        "message": f'Invalid request.\n\n"{field}" wasn\'t supplied.',
        "documentation_url": f"{DOCS}#create-a-campaign-for-an-organization",
        "status": "422",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 51),
        ("name", 5),
        ("description", "x" * 256),
        ("ends_at", "tomorrow"),
        ("ends_at", "2026-09-01"),
        ("ends_at", "2026-09-01T00:00:00"),
        ("ends_at", "2026-13-01T00:00:00Z"),
        ("ends_at", 5),
        ("managers", "mona-lisa"),
        ("managers", [1]),
        ("managers", ["mona-lisa"] * 11),
        ("team_managers", ["appsec"] * 11),
        ("contact_link", 5),
        ("generate_issues", "yes"),
        ("code_scanning_alerts", []),
        ("code_scanning_alerts", {}),
        ("code_scanning_alerts", [5]),
        ("code_scanning_alerts", [{"repository_id": 41001}]),
        ("code_scanning_alerts", [{"repository_id": 41001, "alert_numbers": [1], "more": 1}]),
        ("code_scanning_alerts", [{"repository_id": True, "alert_numbers": [1]}]),
        ("code_scanning_alerts", [{"repository_id": 41001, "alert_numbers": []}]),
        ("code_scanning_alerts", [{"repository_id": 41001, "alert_numbers": [True]}]),
        ("secret_scanning_alerts", [{"repository_id": 41001, "alert_numbers": [1]}]),
        ("manager", ["mona-lisa"]),
    ],
)
async def test_what_does_not_fit_the_schema_is_an_invalid_request(
    client: httpx.AsyncClient, sandbox: Sandbox, field: str, value: object
) -> None:
    answer = await client.post(LIST, json={**campaign_body(sandbox), field: value})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Invalid request.\n\n")
    assert field in answer.json()["message"]
    assert "errors" not in answer.json()
    assert len(sandbox.state.campaigns("octo-org")) == 6


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ends_at", "2026-06-01T12:00:00Z"),
        ("ends_at", "2020-01-01T00:00:00Z"),
        ("managers", ["hubot"]),
        ("managers", ["nobody-here"]),
        ("team_managers", ["payments"]),
        ("team_managers", ["no-such-team"]),
        ("contact_link", "ftp://example.com"),
        ("contact_link", "https://"),
        ("contact_link", "https://a b"),
        ("contact_link", "http://[1"),
        ("code_scanning_alerts", [{"repository_id": 41001, "alert_numbers": [100000]}]),
        ("code_scanning_alerts", [{"repository_id": 42001, "alert_numbers": [1]}]),
    ],
)
async def test_what_breaks_a_rule_of_the_product_fails_validation(
    client: httpx.AsyncClient, sandbox: Sandbox, field: str, value: object
) -> None:
    answer = await client.post(LIST, json={**campaign_body(sandbox), field: value})
    assert answer.status_code == 422
    body = answer.json()
    assert (body["message"], body["status"]) == ("Validation Failed", "422")
    error = body["errors"][0]
    assert (error["resource"], error["field"]) == ("Campaign", field)
    assert error["code"] in {"invalid", "missing"}
    assert len(sandbox.state.campaigns("octo-org")) == 6


async def test_null_alerts_fit_the_schema_but_select_nothing(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    answer = await client.post(LIST, json={**campaign_body(sandbox), "code_scanning_alerts": None})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "code_scanning_alerts"


@pytest.mark.parametrize(
    "manager", ["octo-bot", "mona-lisa", "ada-reyes"], ids=["owner", "security manager", "through a team"]
)
async def test_owners_and_security_managers_can_be_managers(
    client: httpx.AsyncClient, sandbox: Sandbox, manager: str
) -> None:
    assert (await client.post(LIST, json=campaign_body(sandbox, managers=[manager]))).status_code == 200


async def test_closed_alerts_are_dropped_without_a_word(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = campaign_body(sandbox)
    repository_id = body["code_scanning_alerts"][0]["repository_id"]
    sandbox.state.close_alert(repository_id, body["code_scanning_alerts"][0]["alert_numbers"][0])
    created = (await client.post(LIST, json=body)).json()
    assert created["alert_stats"] == {"open_count": 2, "closed_count": 0, "in_progress_count": 0}


async def test_a_campaign_of_closed_alerts_only_is_refused(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = campaign_body(sandbox)
    for item in body["code_scanning_alerts"]:
        for number in item["alert_numbers"]:
            sandbox.state.close_alert(item["repository_id"], number)
    assert (await client.post(LIST, json=body)).status_code == 422


async def test_an_alert_named_twice_counts_once(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    body = campaign_body(sandbox)
    body["code_scanning_alerts"] *= 2
    assert (await client.post(LIST, json=body)).json()["alert_stats"]["open_count"] == 3


@pytest.mark.parametrize("content", [b"{", b"\xff", b"nonsense"])
async def test_a_body_that_is_no_json_is_a_bad_request(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post(LIST, content=content)
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


async def test_a_body_that_is_no_object_is_a_bad_request(client: httpx.AsyncClient) -> None:
    answer = await client.patch(f"{LIST}/5", content=b"[1]")
    assert (answer.status_code, answer.json()["status"]) == (400, "400")


async def _fill(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    for number in range(7):
        assert (await client.post(LIST, json=campaign_body(sandbox, name=f"Campaign {number}"))).status_code == 200


async def test_an_eleventh_open_campaign_is_refused(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await _fill(client, sandbox)
    answer = await client.post(LIST, json=campaign_body(sandbox))
    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    assert "10 open campaigns" in answer.json()["errors"][0]["message"]


async def test_reopening_counts_against_the_ten(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await _fill(client, sandbox)
    assert (await client.patch(f"{LIST}/3", json={"state": "open"})).status_code == 422
    assert sandbox.state.campaign("octo-org", 3).state == "closed"
    assert (await client.patch(f"{LIST}/7", json={"state": "open", "name": "Still open"})).status_code == 200
    assert (await client.patch(f"{LIST}/7", json={"state": "closed"})).status_code == 200
    assert (await client.patch(f"{LIST}/3", json={"state": "open"})).status_code == 200


async def test_without_limits_there_may_be_more_than_ten(clock: Clock) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, limits=False))
    async with connect(sandbox) as client:
        await _fill(client, sandbox)
        assert (await client.post(LIST, json=campaign_body(sandbox))).status_code == 200


def _thousand_and_one(sandbox: Sandbox) -> dict[str, Any]:
    """A body with every open alert of payments-web (pushed to last) and so many of search-api that it makes 1001."""
    recent = [alert.number for alert in open_alerts(sandbox) if alert.repository_id == 41001]
    older = sandbox.state.repository("octo-org", "search-api")
    planted = plant_alerts(older, rules_for("Python"), 1001 - len(recent), first=1000, newest=sandbox.state.now())
    sandbox.state.add_alerts(planted)
    items = [
        {"repository_id": older.id, "alert_numbers": [alert.number for alert in planted]},
        {"repository_id": 41001, "alert_numbers": recent},
    ]
    return campaign_body(sandbox, code_scanning_alerts=items)


@pytest.mark.parametrize(
    ("over_size", "limits", "status", "size"),
    [("refuse", True, 422, 0), ("trim", True, 200, 1000), ("refuse", False, 200, 1001)],
)
async def test_more_than_a_thousand_alerts_are_refused_trimmed_or_taken(
    clock: Clock, over_size: OverSize, limits: bool, status: int, size: int
) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, over_size=over_size, limits=limits))
    body = _thousand_and_one(sandbox)
    async with connect(sandbox) as client:
        answer = await client.post(LIST, json=body)
    assert answer.status_code == status
    if size:
        assert answer.json()["alert_stats"]["open_count"] + answer.json()["alert_stats"]["in_progress_count"] == size
        kept = {key.repository_id: 0 for key in sandbox.state.campaign("octo-org", 7).alerts}
        assert set(kept) == {41001, 41007}
    else:
        assert answer.json()["errors"][0]["field"] == "code_scanning_alerts"


async def test_trimming_favours_repositories_pushed_to_last(clock: Clock) -> None:
    sandbox = create_sandbox(SandboxOptions(clock=clock, over_size="trim"))
    body = _thousand_and_one(sandbox)
    async with connect(sandbox) as client:
        await client.post(LIST, json=body)
    kept = [key for key in sandbox.state.campaign("octo-org", 7).alerts if key.repository_id == 41001]
    assert len(kept) == len(body["code_scanning_alerts"][1]["alert_numbers"])
