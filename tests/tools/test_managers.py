"""Who may manage a campaign is looked up before it is published, as far as the token can see."""

from __future__ import annotations

import pytest

from server.sandbox.options import SANDBOX_TOKEN
from tests.harness import Case, connected
from tests.tools.expected import frozen
from tests.tools.test_create_campaign import UNSEEN, arguments

pytestmark = pytest.mark.anyio


def looked_up(case: Case) -> list[str]:
    """The paths of the look-ups of managers, which run at the same time."""
    return sorted(sent.path for sent in case.sent if "/campaigns" not in sent.path and sent.path != "/user")


async def test_managers_are_looked_up_and_named_with_the_role_that_was_seen(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox) as case:
        shown = await case.done(
            "create_campaign",
            **arguments(
                sandbox,
                managers=["mona-lisa", "sofia-lindqvist", "ada-reyes"],
                team_managers=["appsec"],
                dry_run=True,
            ),
        )
    assert (
        "managed by mona-lisa (security manager), sofia-lindqvist (owner), ada-reyes (security manager), "
        "appsec (security manager), acting as octo-bot." in shown["summary"]
    )
    assert shown["notes"] == [UNSEEN]
    assert looked_up(case) == [
        "/orgs/octo-org/memberships/ada-reyes",
        "/orgs/octo-org/memberships/mona-lisa",
        "/orgs/octo-org/memberships/sofia-lindqvist",
        "/orgs/octo-org/organization-roles",
        "/orgs/octo-org/organization-roles/138/teams",
        "/orgs/octo-org/organization-roles/138/users",
        "/orgs/octo-org/teams/appsec",
    ]


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("people", "why"),
    [
        ({"managers": ["hubot"]}, "hubot is neither owner nor security manager"),
        ({"managers": ["nobody-here"]}, "nobody-here is not found in octo-org"),
        ({"team_managers": ["payments"]}, "payments is no security manager team"),
        ({"team_managers": ["no-such-team"]}, "no-such-team is not found in octo-org"),
        (
            {"managers": ["mona-lisa", "hubot", "ghost"], "team_managers": ["appsec", "checkout"]},
            "ghost is not found in octo-org; hubot is neither owner nor security manager; checkout is no security "
            "manager team",
        ),
    ],
)
async def test_people_who_cannot_manage_a_campaign_are_refused_by_name(
    people: dict[str, list[str]], why: str, dry_run: bool
) -> None:
    sandbox = frozen()
    async with connected(sandbox=sandbox) as case:
        text = await case.refused("create_campaign", **arguments(sandbox, **people), dry_run=dry_run)
    assert text == (f"Cannot manage a campaign: {why}. Name those who are, or leave them out. Nothing was published.")
    assert case.writes == []


async def test_a_token_that_cannot_see_roles_gets_a_note_and_publishes_all_the_same(era: str) -> None:
    sandbox = frozen()
    async with connected(era, sandbox=sandbox, token=SANDBOX_TOKEN) as case:
        asked = arguments(sandbox, managers=["mona-lisa", "sofia-lindqvist"], team_managers=["appsec"])
        shown = await case.done("create_campaign", **asked, dry_run=True)
        published = await case.done("create_campaign", **asked)
    note = (
        "Not checked whether these may manage it: mona-lisa, appsec (GitHub shows who is security manager only to "
        "tokens that may read the organization's roles.)."
    )
    assert shown["notes"] == [note, UNSEEN]
    assert "managed by mona-lisa, sofia-lindqvist (owner), appsec, acting as octo-bot." in shown["summary"]
    assert published["notes"] == [note]
    assert len(case.writes) == 1
