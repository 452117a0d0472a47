"""Resources: the same facts as the tools give, as compact JSON, and errors that a host can show."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from server.domain.alert_templates import TEMPLATES
from server.resources import TEMPLATES_URI
from server.sandbox.options import NO_SCOPE_TOKEN
from tests.harness import ORG, Case, Sent, connected
from tests.tools.expected import PAGE, compact, detail, frozen, row

pytestmark = pytest.mark.anyio

SECRET = "ghp_" + "r" * 36
LIST = f"/orgs/{ORG}/campaigns"
NEWEST = {"sort": "created", "direction": "desc", "page": "1", "per_page": "100"}


async def read(case: Case, uri: str) -> Any:
    """Read a resource, which must be one text of compact JSON."""
    (content,) = (await case.client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    parsed = json.loads(content.text)
    assert content.text == compact(parsed)
    return parsed


async def refused(case: Case, uri: str) -> MCPError:
    with pytest.raises(MCPError) as refusal:
        await case.client.read_resource(uri)
    assert "Traceback" not in refusal.value.message
    assert "pydantic" not in refusal.value.message
    return refusal.value


async def test_the_campaigns_of_an_organization_are_read_newest_first(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        found = await read(case, f"campaigns://{ORG}")
    assert found == {
        "org": ORG,
        "campaigns": [row(sandbox, number) for number in (6, 5, 4, 3, 2, 1)],
        "seen": 6,
        "has_more": False,
        "url": PAGE,
        "note": "GitHub's API does not show drafts.",
    }
    assert case.sent == [Sent("GET", LIST, NEWEST)]


async def test_of_very_many_campaigns_the_newest_hundred_are_read_and_the_rest_is_owned_up_to(era: str) -> None:
    sandbox = frozen(limits=False)
    campaigns = sandbox.state.organization(ORG).campaigns
    campaigns |= {number: replace(campaigns[1], number=number) for number in range(7, 121)}
    async with connected(era, sandbox=sandbox) as case:
        found = await read(case, f"campaigns://{ORG}")
    assert (len(found["campaigns"]), found["seen"], found["has_more"]) == (100, 100, True)


async def test_one_campaign_is_read_whole(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        assert await read(case, f"campaigns://{ORG}/5") == detail(sandbox, 5)
    assert case.sent == [Sent("GET", f"{LIST}/5")]


async def test_they_are_read_afresh_each_time() -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        await read(case, f"campaigns://{ORG}/5")
        sandbox.state.campaign(ORG, 5).name = "Renamed"
        assert (await read(case, f"campaigns://{ORG}/5"))["name"] == "Renamed"


async def test_letters_beyond_ascii_stay_letters() -> None:
    sandbox = frozen()
    sandbox.state.campaign(ORG, 5).name = "Überprüfung 日本"
    async with connected(sandbox=sandbox) as case:
        (content,) = (await case.client.read_resource(f"campaigns://{ORG}/5")).contents
    assert isinstance(content, TextResourceContents)
    assert "Überprüfung 日本" in content.text


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("campaigns://octo-org/99", "There is no campaign octo-org/99."),
        ("campaigns://no-such-org", "There is no organization no-such-org"),
        ("campaigns://octo-org/abc", "`campaign_number`: must be a campaign's number, such as 3."),
        ("campaigns://octo-org/0", "`campaign_number`: must be a positive whole number."),
        ("campaigns://octo-org/-1", "`campaign_number`: must be a campaign's number, such as 3."),
        ("campaigns://octo-org/1.5", "`campaign_number`: must be a campaign's number, such as 3."),
        ("campaigns://octo-org/99999999999999999999", "`campaign_number`: must be a campaign's number, such as 3."),
        ("campaigns://octo-org/9999999999999999", "`campaign_number`: is larger than any number GitHub gives out."),
        ("campaigns://octo%20org", "`org`: give an organization's login"),
        ("campaigns://-octo", "`org`: give an organization's login"),
        (f"campaigns://{'a' * 40}/1", "`org`: give an organization's login"),
        ("campaigns://octo-org/5/alerts", "Unknown resource"),
        ("campaigns://", "`org`: give an organization's login"),
        ("alerts://octo-org", "Unknown resource"),
        ("alert-templates://", "Unknown resource"),
        ("alert-templates://sql-injection", "Unknown resource"),
        (f"campaigns://{SECRET}", "The address contains what looks like a GitHub token; take it out."),
        (f"campaigns://{ORG}/{SECRET}", "The address contains what looks like a GitHub token; take it out."),
    ],
)
async def test_what_does_not_exist_or_cannot_is_an_error_about_the_request(era: str, uri: str, says: str) -> None:
    async with connected(era) as case:
        error = await refused(case, uri)
    assert error.code == -32602
    assert says in error.message
    assert SECRET not in error.message
    if not says.startswith("There is no"):
        assert case.sent == []


@pytest.mark.parametrize("uri", ["campaigns://octo-org/..", "campaigns://..%2Fx", "campaigns://octo-org/%2e%2e%2f1"])
async def test_an_address_cannot_escape_its_path(era: str, uri: str) -> None:
    async with connected(era) as case:
        assert (await refused(case, uri)).code == -32602
    assert case.sent == []


async def test_an_organization_that_the_operator_does_not_allow_cannot_be_read(era: str) -> None:
    async with connected(era, allow_orgs=(ORG,)) as case:
        for uri in ("campaigns://octo-labs", "campaigns://octo-labs/1"):
            error = await refused(case, uri)
            assert "The operator does not allow organization octo-labs here. Allowed: octo-org." in error.message
        assert case.sent == []
        await read(case, "campaigns://OCTO-org/5")


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(503, json={}), "GitHub failed"),
        (httpx.Response(200, text="<html>"), "answered with an HTML page"),
        (httpx.Response(401, json={"message": "Bad credentials"}), "GitHub does not accept this token"),
    ],
)
@pytest.mark.parametrize("uri", [f"campaigns://{ORG}", f"campaigns://{ORG}/5"])
async def test_when_github_fails_the_error_says_so(era: str, uri: str, response: httpx.Response, says: str) -> None:
    async def hook(sent: Sent) -> httpx.Response | None:
        return response

    async with connected(era, patience=0) as case:
        case.recorder.hook = hook
        error = await refused(case, uri)
    assert error.code == -32603
    assert says in error.message


async def test_a_token_without_the_scope_is_told_what_is_missing() -> None:
    async with connected(token=NO_SCOPE_TOKEN) as case:
        error = await refused(case, f"campaigns://{ORG}")
    assert 'one of the scopes "security_events"' in error.message
    assert NO_SCOPE_TOKEN not in error.message


async def test_a_crash_gives_nothing_away(era: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("an internal detail")

    monkeypatch.setattr("server.domain.answers.days_left", crash)
    async with connected(era) as case:
        for uri in (f"campaigns://{ORG}", f"campaigns://{ORG}/5"):
            error = await refused(case, uri)
            assert error.code == -32603
            assert "an internal detail" not in error.message


@pytest.mark.parametrize("read_only", [False, True])
async def test_every_alert_template_is_described_without_asking_github(era: str, read_only: bool) -> None:
    async with connected(era, read_only=read_only) as case:
        found = await read(case, TEMPLATES_URI)
    described = [
        {
            "name": name,
            "title": template.title,
            "purpose": template.purpose,
            "cwes": list(template.cwes),
            "severities": list(template.severities),
            "source": template.source,
            "also_called": template.also_called,
        }
        for name, template in TEMPLATES.items()
    ]
    assert found == [{field: value for field, value in one.items() if value} for one in described]
    assert case.sent == []


async def test_the_alert_templates_tell_the_weaknesses_by_number_and_the_lists_by_publisher_and_edition() -> None:
    async with connected() as case:
        found = {template["name"]: template for template in await read(case, TEMPLATES_URI)}
    assert {79, 80} <= set(found["cross-site-scripting"]["cwes"])
    assert "source" not in found["cross-site-scripting"]
    assert found["all-critical"]["severities"] == ["critical"]
    assert "cwes" not in found["all-critical"]
    assert found["owasp-top-10"]["source"] == "OWASP, Top 10, 2025"


@pytest.mark.parametrize("name", ["all", "alert-templates"])
async def test_an_organization_may_be_called_as_the_alert_templates_are(era: str, name: str) -> None:
    async with connected(era) as case:
        assert f"There is no organization {name}" in (await refused(case, f"campaigns://{name}")).message


async def test_campaigns_are_offered_by_address_and_the_alert_templates_as_they_are(era: str) -> None:
    async with connected(era) as case:
        templates = (await case.client.list_resource_templates()).resource_templates
        fixed = {one.uri: one.mime_type for one in (await case.client.list_resources()).resources}
    assert fixed.pop(TEMPLATES_URI) == "application/json"
    assert all(uri.startswith("ui://") for uri in fixed)
    assert [template.uri_template for template in templates] == [
        "campaigns://{org}",
        "campaigns://{org}/{campaign_number}",
    ]
    assert {template.mime_type for template in templates} == {"application/json"}
