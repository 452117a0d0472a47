"""Drives the sandbox with githubkit, a client that nobody here wrote and whose models are strict."""

from typing import Any

import httpx
import pytest
from githubkit import GitHub
from githubkit.config import Config, get_config
from githubkit.exception import RequestFailed
from pydantic import ValidationError

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SANDBOX_TOKEN, SandboxOptions, Shape
from server.sandbox.seed_secrets import SECRET_MARK
from tests.sandbox.connections import Clock, campaign_body
from tests.sandbox.contract import ContractTransport

pytestmark = pytest.mark.anyio

versions = pytest.mark.parametrize("version", ["2022-11-28", "2026-03-10"])
shapes = pytest.mark.parametrize("shape", ["schema", "examples"])


def _config(sandbox: Sandbox) -> Config:
    transport = ContractTransport(httpx.ASGITransport(sandbox), shape=sandbox.options.shape)
    return get_config(async_transport=transport, http_cache=False, auto_retry=False, timeout=5)


class _Rest:
    """githubkit's methods for one API version; holds the client, which githubkit itself refers to only weakly."""

    def __init__(self, sandbox: Sandbox, version: str, token: str = SANDBOX_TOKEN) -> None:
        self.github = GitHub(token, config=_config(sandbox))
        # Any: the two versions are different classes with the same methods.
        self.methods: Any = self.github.rest("2022-11-28" if version == "2022-11-28" else "2026-03-10")


def _sandbox(shape: Shape = "schema") -> Sandbox:
    return create_sandbox(SandboxOptions(clock=Clock(), shape=shape))


@versions
async def test_the_five_campaign_calls_parse_strictly_in_the_schema_shape(version: str) -> None:
    sandbox = _sandbox()
    rest = _Rest(sandbox, version)
    campaigns = rest.methods.campaigns
    created = (await campaigns.async_create_campaign("octo-org", data=campaign_body(sandbox))).parsed_data
    assert (created.state, created.contact_link, created.alert_stats.open_count) == ("open", None, 3)
    read = (await campaigns.async_get_campaign_summary("octo-org", created.number)).parsed_data
    assert [manager.login for manager in read.managers] == ["mona-lisa"]
    changes = {"state": "closed", "team_managers": ["appsec"]}
    closed = (await campaigns.async_update_campaign("octo-org", created.number, data=changes)).parsed_data
    assert (closed.state, closed.team_managers[0].slug) == ("closed", "appsec")
    listed = (await campaigns.async_list_org_campaigns("octo-org", state="closed", sort="updated")).parsed_data
    assert listed[0].number == created.number
    assert (await campaigns.async_delete_campaign("octo-org", created.number)).status_code == 204
    with pytest.raises(RequestFailed) as gone:
        await campaigns.async_get_campaign_summary("octo-org", created.number)
    assert gone.value.response.status_code == 404


@versions
async def test_the_examples_shape_cannot_be_parsed_strictly_but_reads_as_json(version: str) -> None:
    sandbox = _sandbox("examples")
    rest = _Rest(sandbox, version)
    campaigns = rest.methods.campaigns
    answers = [
        await campaigns.async_create_campaign("octo-org", data=campaign_body(sandbox)),
        await campaigns.async_get_campaign_summary("octo-org", 3),
        await campaigns.async_update_campaign("octo-org", 3, data={"name": "Log4Shell"}),
        await campaigns.async_list_org_campaigns("octo-org"),
    ]
    for answer in answers:
        with pytest.raises(ValidationError, match="contact_link"):
            _ = answer.parsed_data
    created, read, updated, listed = (answer.json() for answer in answers)
    assert created["alert_stats"] == {"open_count": 3, "closed_count": 0, "in_progress_count": 0}
    assert (read["number"], updated["name"]) == (3, "Log4Shell")
    assert not {"contact_link", "alert_stats", "published_at"} & set(listed[0])
    assert (await campaigns.async_delete_campaign("octo-org", 3)).status_code == 204


@versions
@shapes
async def test_the_reads_around_campaigns_parse_strictly(version: str, shape: Shape) -> None:
    client = _Rest(_sandbox(shape), version, ADMIN_TOKEN)
    rest = client.methods
    assert (await rest.users.async_get_authenticated()).parsed_data.login == "octo-bot"
    orgs = (await rest.orgs.async_list_for_authenticated_user()).parsed_data
    assert [org.login for org in orgs] == ["octo-org", "octo-labs"]
    assert (await rest.orgs.async_get("octo-org")).parsed_data.name == "Octo"
    assert (await rest.orgs.async_get_membership_for_authenticated_user("octo-org")).parsed_data.role == "admin"
    assert (await rest.orgs.async_get_membership_for_user("octo-org", "hubot")).parsed_data.role == "member"
    assert (await rest.teams.async_get_by_name("octo-org", "appsec")).parsed_data.members_count == 2
    roles = (await rest.orgs.async_list_org_roles("octo-org")).parsed_data
    role = next(role for role in roles.roles if role.name == "security_manager")
    users = (await rest.orgs.async_list_org_role_users("octo-org", role.id)).parsed_data
    assert [user.login for user in users] == ["mona-lisa", "ada-reyes", "kenji-mori"]
    teams = (await rest.orgs.async_list_org_role_teams("octo-org", role.id)).parsed_data
    assert [team.slug for team in teams] == ["appsec"]
    assert (await rest.rate_limit.async_get()).parsed_data.resources.core.limit == 5000
    assert len((await rest.meta.async_get_all_versions()).parsed_data) == 2


@versions
@shapes
async def test_the_alerts_and_repositories_parse_strictly(version: str, shape: Shape) -> None:
    client = _Rest(_sandbox(shape), version)
    rest = client.methods
    alerts = (await rest.code_scanning.async_list_alerts_for_org("octo-org", per_page=100)).parsed_data
    assert len(alerts) == 100
    one = alerts[0]
    repositories = (await rest.repos.async_list_for_org("octo-org")).parsed_data
    assert one.repository.id in {repository.id for repository in repositories}
    owner, name = one.repository.full_name.split("/")
    assert (await rest.repos.async_get(owner, name)).parsed_data.default_branch == "main"
    assert (await rest.code_scanning.async_list_alerts_for_repo(owner, name, state="open")).parsed_data
    assert (await rest.code_scanning.async_get_alert(owner, name, one.number)).parsed_data.number == one.number


@versions
async def test_the_secret_alerts_parse_strictly(version: str) -> None:
    sandbox = _sandbox()
    client = _Rest(sandbox, version)
    secrets = client.methods.secret_scanning
    everything = (await secrets.async_list_alerts_for_org("octo-org", per_page=100)).parsed_data
    assert {alert.state for alert in everything} == {"open", "resolved"}
    assert all(alert.secret.startswith(SECRET_MARK) for alert in everything)
    chosen = await secrets.async_list_alerts_for_org(
        "octo-org", state="open", is_publicly_leaked=True, hide_secret=True, validity="active,unknown"
    )
    assert chosen.parsed_data
    assert SECRET_MARK not in chosen.text
    owner, name = chosen.parsed_data[0].repository.full_name.split("/")
    of_repository = await secrets.async_list_alerts_for_repo(owner, name, sort="updated", direction="asc", page=1)
    assert chosen.parsed_data[0].number in {alert.number for alert in of_repository.parsed_data}


@versions
async def test_refusals_arrive_as_githubkit_expects_them(version: str) -> None:
    sandbox = _sandbox()
    rest = _Rest(sandbox, version, "not-a-token")
    campaigns = rest.methods.campaigns
    with pytest.raises(RequestFailed) as refused:
        await campaigns.async_list_org_campaigns("octo-org")
    assert refused.value.response.json()["message"] == "Bad credentials"
