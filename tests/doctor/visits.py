"""Letting the doctor look at a sandbox, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from server import doctor
from server.doctor import Finding
from server.github.credentials import Credentials, FixedToken
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import (
    DEFAULT_TOKENS,
    SANDBOX_TOKEN,
)
from server.settings import Settings
from tests.harness import Recorder, Sent

APP_ID = 4711
WRONG_TOKEN = "ghp_wrong0123456789"
ORDER = [
    "credentials",
    "api",
    "account",
    "organization",
    "role",
    "permissions",
    "read_campaigns",
    "write_campaigns",
    "read_alerts",
    "rate_limit",
]
"""The checks that ask GitHub."""
EVERY_ACCOUNT = [*DEFAULT_TOKENS, WRONG_TOKEN]

Reply = httpx.Response | Exception | Callable[[], httpx.Response]


@dataclass
class Visit:
    """What the doctor found, and what left for it."""

    findings: list[Finding]
    sent: list[Sent]

    def __getitem__(self, check: str) -> Finding:
        return next(finding for finding in self.findings if finding.check == check)

    @property
    def statuses(self) -> dict[str, str]:
        return {finding.check: finding.status for finding in self.findings}

    @property
    def paths(self) -> list[str]:
        return [sent.path for sent in self.sent]

    @property
    def texts(self) -> str:
        return doctor.render(self.findings, color=False) + doctor.as_json(self.findings) + repr(self.findings)


def json_answer(content: object, status: int = 200, /, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=content, headers=named)


def user(login: str = "octo-bot", scopes: str = "repo, read:org", **headers: str) -> httpx.Response:
    return json_answer({"login": login}, x_oauth_scopes=scopes, **headers)


async def visit(
    token: str | None = SANDBOX_TOKEN,
    *,
    replies: Mapping[str, Reply] | None = None,
    sandbox: Sandbox | None = None,
    environ: Mapping[str, str] | None = None,
    **settings: Any,
) -> Visit:
    """Let the doctor look at a sandbox; `replies` answer some paths in its place, `*` all of them."""
    recorder = Recorder(httpx.ASGITransport(app=sandbox or create_sandbox()))
    instead = dict(replies or {})

    async def hook(sent: Sent) -> httpx.Response | None:
        reply = instead.get(sent.path, instead.get("*"))
        if isinstance(reply, Exception):
            raise reply
        return reply() if callable(reply) else reply

    recorder.hook = hook
    credentials: Credentials | None = None if token is None else FixedToken(token, "GITHUB_TOKEN")
    # No patience: nothing is ever waited for.
    chosen = Settings(**{"org": "octo-org", "patience": 0.0, "no_store": "store" not in settings, **settings})
    findings = await doctor.run_doctor(chosen, credentials=credentials, transport=recorder, environ=environ or {})
    assert [finding.check for finding in findings] == [*ORDER, "store"]
    return Visit(findings, recorder.sent)


def skipped_for(visited: Visit, root: str, checks: Sequence[str]) -> None:
    for check in checks:
        assert visited[check].status == "skipped"
        assert visited[check].says == f"Not looked at: it waits for {root}."
