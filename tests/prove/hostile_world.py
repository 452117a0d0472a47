"""A GitHub whose every text that others choose is a payload: the sandbox, with its answers rewritten on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import SandboxOptions
from tests.harness import ORG
from tests.prove.hostile_payloads import PAYLOADS, harmless

ALERT_MESSAGE = "AlertMessage"
"""Stands before the messages of alerts, so that it can be seen whether any surface shows one."""
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Choose = Callable[[int], str]
"""Which text somebody chose for the so-manieth place of a kind."""


def rotated(by: int) -> Choose:
    """Give every place a payload, and with each rotation another one. Places of one kind get different ones."""
    texts = list(PAYLOADS.values())
    return lambda place: texts[(place + by) % len(texts)]


def all_harmless(place: int) -> str:
    """Give every place a text of somebody who means no harm: the control."""
    return harmless(place)


class HostileGitHub(httpx.AsyncBaseTransport):
    """The sandbox, in which names that GitHub would refuse are possible: the answers are rewritten, not the world.

    Attributes:
        sandbox: the world behind it, with harmless names.
    """

    def __init__(self, choose: Choose, sandbox: Sandbox | None = None) -> None:
        self.sandbox = sandbox or create_sandbox(SandboxOptions(clock=lambda: NOON))
        for campaign in self.sandbox.state.campaigns(ORG):
            campaign.contact_link = campaign.contact_link or f"https://example.com/{campaign.number}"
        self._inner = httpx.ASGITransport(app=self.sandbox)
        self._instead = _instead(self.sandbox, choose)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        if not answer.content or "organization-roles" in request.url.path:  # who is security manager stays so
            return answer
        kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
        content = json.dumps(self._rewritten(json.loads(answer.content)))
        return httpx.Response(answer.status_code, headers=kept, content=content.encode())

    def _rewritten(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._rewritten(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._rewritten(each, key) for each in value]
        return self._instead.get((key, value), value) if isinstance(value, str) else value


def _instead(sandbox: Sandbox, choose: Choose) -> dict[tuple[str, str], str]:
    """Return what stands in GitHub's answers, by field and what the sandbox says there, and what takes its place."""
    world, organization = sandbox.state, sandbox.state.organization(ORG)
    alerts, secrets = list(organization.alerts.values()), list(organization.secret_alerts.values())
    campaigns, repositories = world.campaigns(ORG), list(organization.repositories.values())
    kinds: list[tuple[str, list[str]]] = [
        ("name", [campaign.name for campaign in campaigns]),
        ("description", [campaign.description for campaign in campaigns]),
        ("contact_link", [campaign.contact_link or "" for campaign in campaigns]),
        ("name", [repository.name for repository in repositories]),
        ("full_name", [f"{ORG}/{repository.name}" for repository in repositories]),
        ("description", [repository.description or "" for repository in repositories]),
        ("id", [alert.rule.id or "" for alert in alerts]),
        ("description", [alert.rule.description for alert in alerts]),
        ("text", [f"{alert.rule.description}." for alert in alerts]),
        ("name", [alert.rule.name for alert in alerts]),
        ("name", [alert.rule.tool.name for alert in alerts]),
        ("path", [alert.path for alert in alerts]),
        ("path", [alert.path for alert in secrets]),
        ("secret_type", [alert.kind.secret_type for alert in secrets]),
        ("secret_type_display_name", [alert.kind.display_name for alert in secrets]),
        ("validity", ["active", "inactive", "unknown"]),
        ("login", [user.login for user in world.users.values()]),
        ("login", ["octo-labs"]),
        ("slug", list(organization.teams)),
        ("name", [team.name for team in organization.teams.values()]),
    ]
    instead: dict[tuple[str, str], str] = {}
    for shift, (field, said) in enumerate(kinds):
        for place, text in enumerate(dict.fromkeys(said)):
            chosen = choose(place + 7 * shift)
            if field == "text":
                chosen = f"{ALERT_MESSAGE} {chosen}"
            if field == "full_name":  # with a slash in it, it would be another organization's
                chosen = f"{ORG}/{chosen.replace('/', '')}"
            instead.setdefault((field, text), chosen)
    return instead


class Refusing(httpx.AsyncBaseTransport):
    """A GitHub that refuses everything in one way, in words that somebody else chose."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)


def refusal(status: int, text: str) -> Callable[[httpx.Request], httpx.Response]:
    """Return an error of GitHub's that holds a text wherever its errors hold one, header fields included."""
    raw = text.encode("utf-8", "surrogatepass")
    error = {"resource": text, "field": text, "code": text, "message": text}
    body = {
        "message": text,
        "errors": [error, text, {text: text}],
        "documentation_url": f"https://docs.github.com/{text}",
    }
    headers = [
        (b"x-accepted-github-permissions", raw),
        (b"x-accepted-oauth-scopes", raw),
        (b"x-oauth-scopes", b"none-of-them, " + raw),
        (b"x-github-request-id", raw),
        (b"x-ratelimit-resource", raw),
    ]
    return lambda _: httpx.Response(status, headers=headers, content=json.dumps(body).encode())


def redirect(text: str) -> Callable[[httpx.Request], httpx.Response]:
    """Return a redirect to a host that somebody else chose."""
    raw = b"https://" + text.encode("utf-8", "surrogatepass") + b".evil.example/"
    return lambda _: httpx.Response(302, headers=[(b"location", raw)])


def another_page(text: str) -> Callable[[httpx.Request], httpx.Response]:
    """Return an empty list whose next page is on a host that somebody else chose."""
    raw = b"<https://evil.example/" + text.encode("utf-8", "surrogatepass") + b'>; rel="next"'
    return lambda _: httpx.Response(200, headers=[(b"link", raw)], json=[])
