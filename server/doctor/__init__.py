"""The doctor: says for each thing whether it works and how to mend it. It only reads."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from server.doctor import identity, keeping, reads, rights
from server.doctor.examination import Examination, advice
from server.doctor.findings import (
    Finding,
    Status,
    Verdict,
    as_json,
    exit_status,
    failed,
    render,
    skipped,
    spoken_name,
    unknown,
)
from server.errors import CampaignsError, RateLimited
from server.github.clock import Clock
from server.github.connection import GitHub, open_github
from server.github.credentials import Credentials
from server.settings import Settings

__all__ = ["CHECKS", "Finding", "Status", "as_json", "examine", "exit_status", "render", "run_doctor"]


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes:
        name: its key in the findings.
        look: looks, and returns what was seen; may raise CampaignsError, which becomes a finding.
        waits_for: checks that make no sense of this one when they failed or were skipped.
        asks_github: it is not made any more once a rate limit was met.
    """

    name: str
    look: Callable[[Examination], Awaitable[Verdict]]
    waits_for: tuple[str, ...] = ()
    asks_github: bool = True


_RATE_LIMIT = "rate_limit"

CHECKS = (
    Check("credentials", identity.credentials),
    Check("api", identity.api, ("credentials",)),
    Check("account", identity.account, ("api",)),
    Check("organization", identity.organization, ("account",)),
    Check("role", rights.role, ("organization",)),
    Check("permissions", rights.permissions, ("account",)),
    Check("read_campaigns", reads.read_campaigns, ("organization",)),
    Check("write_campaigns", rights.write_campaigns, ("role", "permissions", "read_campaigns")),
    Check("read_alerts", reads.read_alerts, ("organization",)),
    Check(_RATE_LIMIT, reads.rate_limit, ("account",)),
    Check("store", keeping.store, asks_github=False),
)
"""Every check, in the order in which they are made and shown."""


async def run_doctor(
    settings: Settings,
    *,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    environ: Mapping[str, str] = os.environ,
) -> list[Finding]:
    """Open the connection and examine everything. Reads only; an app's sign-in is the one request that is no GET.

    Args:
        settings: what the operator configured; its `org` is the one that is looked at.
        credentials: what to act with; by default what the settings and the environment say.
        transport: what carries requests to GitHub; by default the network.
        environ: where credentials are looked for.

    Returns:
        A finding for each of `CHECKS`, in that order. A CampaignsError never comes out of it.
    """
    clock = Clock()
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(
            open_github(settings, credentials=credentials, clock=clock, transport=transport, environ=environ)
        )
        as_app = None
        if (key := _app_key(settings, clock)) is not None and credentials is None:
            as_app = await stack.enter_async_context(
                open_github(settings, credentials=key, clock=clock, transport=transport, environ=environ)
            )
        return await examine(settings, github, settings.org, as_app=as_app)


def _app_key(settings: Settings, clock: Clock) -> Credentials | None:
    if settings.sandbox or settings.app_id is None or settings.app_key_file is None:
        return None
    from server.github.app_auth import AppKey  # noqa: PLC0415 # an import that few need

    return AppKey(settings.app_id, settings.app_key_file, clock)


async def examine(
    settings: Settings, github: GitHub, org: str | None, *, as_app: GitHub | None = None
) -> list[Finding]:
    """Make every check over an open connection.

    Args:
        settings: what the operator configured.
        github: the connection, with the credential to examine.
        org: the organization to look at; by default the settings' one, or the first that they allow.
        as_app: a connection that signs in as the GitHub App itself, if the credential is an app's.

    Returns:
        A finding for each of `CHECKS`, in that order. A CampaignsError never comes out of it.
    """
    chosen = org or settings.org or next(iter(settings.allow_orgs), None)
    exam = Examination(settings, github, chosen, as_app)
    roots: dict[str, str] = {}
    for check in CHECKS:
        root = _obstacle(exam, check, roots)
        if root is None:
            verdict = await _look(exam, check)
        else:
            roots[check.name] = root
            verdict = _not_looked_at(exam, root)
        exam.findings[check.name] = Finding(check.name, *verdict)
    return list(exam.findings.values())


def _obstacle(exam: Examination, check: Check, roots: Mapping[str, str]) -> str | None:
    """Return the check at the beginning of what keeps this one from being made; None when nothing does."""
    if exam.limited is not None and check.asks_github and check.name != _RATE_LIMIT:
        return _RATE_LIMIT
    blocked = (name for name in check.waits_for if exam.status(name) in ("failed", "skipped"))
    begun = (roots.get(name, name) for name in blocked)
    # What waits for the rate limit is no reason not to look at it.
    return next((root for root in begun if root != check.name), None)


def _not_looked_at(exam: Examination, root: str) -> Verdict:
    obstacle = exam.findings.get(root)
    # What failed says itself how to mend it; only what was left out has to be asked for.
    mend = obstacle.mend if obstacle is not None and obstacle.status == "skipped" else ""
    return skipped(f"Not looked at: it waits for {spoken_name(root)}.", mend)


async def _look(exam: Examination, check: Check) -> Verdict:
    try:
        return await check.look(exam)
    except RateLimited as limit:
        exam.limited = limit
        return unknown(limit.what)
    except CampaignsError as error:
        return failed(error.what, advice(error.remedy))
