"""What others do while a question is open: to the campaign that it is about, or to the account that would act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx

from server.domain.dates import parse_end
from server.sandbox.options import SECURITY_MANAGER_TOKEN
from server.sandbox.world import Campaign
from tests.harness import ORG, Sent
from tests.prove.guard_calls import Drawn
from tests.prove.guard_chance import Chance
from tests.prove.guard_stages import Stage


def change_world(chance: Chance, stage: Stage, call: Drawn) -> str:
    """Let somebody else move what the question is about, and say what they did."""
    campaigns = stage.world.state.organization(ORG).campaigns
    if call.tool == "create_campaign":
        twin = next(iter(campaigns.values()))
        ends_at = call.arguments["ends_at"]
        campaigns[900] = replace(
            twin, number=900, name=call.arguments["name"], state="open", ends_at=parse_end(ends_at)
        )
        return "published already"
    number = call.arguments["campaign_number"]
    campaign: Campaign = campaigns[number]
    match what := chance.deal("moves", ("renamed", "moved", "deleted", "made anew", "closed or reopened")):
        case "renamed":
            campaign.name = "Payments freeze"
        case "moved":
            campaign.ends_at = parse_end("2088-08-08")
        case "deleted":
            del campaigns[number]
        case "made anew":
            campaigns[number] = replace(campaign, created_at=parse_end("2026-01-01"))
        case _:
            campaign.state = "closed" if campaign.state == "open" else "open"
            campaign.closed_at = stage.world.state.now() if campaign.state == "closed" else None
    return what


def replace_token(chance: Chance, stage: Stage, call: Drawn) -> str:
    """Let the operator replace the token: from now on another account acts, which may write as well."""
    stage.token.replace(SECURITY_MANAGER_TOKEN)
    return "another account acts"


Move = Callable[[Chance, Stage, Drawn], str]


def at_the_last_moment(move: Move, chance: Chance, stage: Stage, call: Drawn) -> None:
    """Have a move made inside the next call, when it looks at GitHub for the second time: planned, and not yet written.

    `Stage.restore` takes it back, made or not.
    """
    path = call.path
    looks: list[str] = []

    async def look(sent: Sent) -> httpx.Response | None:
        if (sent.method, sent.path) == ("GET", path):
            looks.append(path)
            if len(looks) == 2:
                move(chance, stage, call)
        return None

    for recorder in stage.recorders:
        recorder.hook = look
