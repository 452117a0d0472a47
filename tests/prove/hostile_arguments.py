"""The same texts from the other side: in a call's arguments, and in what GitHub answers to a call that it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent, TextResourceContents

from server.app import build_server
from server.github.credentials import FixedToken
from server.sandbox.options import ADMIN_TOKEN
from server.settings import Settings
from tests.harness import MODES, UNHURRIED, text_of
from tests.prove import hostile_checks as checks
from tests.prove.hostile_printed import Said
from tests.prove.hostile_session import NEW, Willing
from tests.prove.hostile_short import refused_commands
from tests.prove.hostile_unseen import WIDTHS
from tests.prove.hostile_world import HostileGitHub, Refusing, all_harmless, another_page, redirect, refusal

PAIRS = [{"repository_id": 41001, "alert_numbers": [15]}]
_FILTER = {"severities": ["critical"]}
CALLS: tuple[tuple[str, Callable[[str], dict[str, Any]]], ...] = (
    ("create_campaign", lambda text: {**NEW, "name": text[:50], "alerts": PAIRS, "dry_run": True}),
    ("create_campaign", lambda text: {**NEW, "name": text[:50], "alerts": PAIRS}),
    ("create_campaign", lambda text: {**NEW, "name": text, "alerts": PAIRS}),
    ("create_campaign", lambda text: {**NEW, "description": text[:255], "alerts": PAIRS, "dry_run": True}),
    ("create_campaign", lambda text: {**NEW, "contact_link": text, "alerts": PAIRS, "dry_run": True}),
    ("create_campaign", lambda text: {**NEW, "contact_link": f"https://example.com/{text}", "alerts": PAIRS}),
    ("create_campaign", lambda text: {**NEW, "managers": [text], "team_managers": [text], "alerts": PAIRS}),
    ("create_campaign", lambda text: {**NEW, "filter": {**_FILTER, "rules": [text]}, "dry_run": True}),
    ("create_campaign", lambda text: {**NEW, "filter": {**_FILTER, "tool": text}, "dry_run": True}),
    ("create_campaign", lambda text: {**NEW, "filter": {text: [text]}, "dry_run": True}),
    ("create_campaign", lambda text: {**NEW, "ends_at": text, "alerts": PAIRS, "preview": text}),
    ("update_campaign", lambda text: {"campaign_number": 6, "name": text[:50]}),
    ("update_campaign", lambda text: {"campaign_number": 6, "description": text[:255], "contact_link": text}),
    ("update_campaign", lambda text: {"campaign_number": 6, "description": text[:255], "dry_run": True}),
    ("update_campaign", lambda text: {"campaign_number": text, "state": text, "preview": text}),
    ("update_campaign", lambda text: {"campaign_number": 6, "ends_at": "2099-02-01", "preview": text}),
    ("delete_campaign", lambda text: {"campaign_number": 6, "org": text}),
    ("delete_campaign", lambda text: {"campaign_number": text}),
    ("list_campaigns", lambda text: {"org": text, "sort": text}),
    ("list_campaigns", lambda text: {text: text}),
    ("find_alerts", lambda text: {"rules": [text]}),
    ("find_alerts", lambda text: {"tool": text}),
    ("find_alerts", lambda text: {"paths": [text]}),
    ("find_alerts", lambda text: {"repositories": [text], "assignees": [text], "languages": [text]}),
    ("find_alerts", lambda text: {"kind": "secret", "secret_types": [text], "providers": [text]}),
    ("report_progress", lambda text: {"since": text}),
    ("get_campaign", lambda text: {"campaign_number": 6, "org": text}),
)
PROMPTS: tuple[tuple[str, Callable[[str], dict[str, str]]], ...] = (
    ("plan_campaign", lambda text: {"goal": text}),
    ("plan_campaign", lambda text: {"goal": "Fewer alerts", "repositories": text, "template": text, "ends_on": text}),
    ("draft_campaign_description", lambda text: {"topic": text}),
    ("draft_campaign_description", lambda text: {"topic": "XSS", "language": text}),
    ("draft_campaign_description", lambda text: {"topic": "XSS", "learning_link": text}),
    ("draft_campaign_description", lambda text: {"topic": "XSS", "learning_link": f"https://example.com/{text}"}),
    ("announce_campaign", lambda text: {"campaign_number": text, "org": text}),
    ("announce_campaign", lambda text: {"campaign_number": "6", text: text}),
)


@asynccontextmanager
async def _served(
    transport: httpx.AsyncBaseTransport, era: str, said: list[Said], **settings: Any
) -> AsyncIterator[Client]:
    server = build_server(
        Settings(**{**UNHURRIED, "no_store": True, "confirm": "writes", **settings}),
        credentials=FixedToken(ADMIN_TOKEN, "the test"),
        transport=transport,
    )
    async with Client(server, mode=MODES[era], elicitation_callback=Willing(said)) as client:
        yield client


async def _called(client: Client, said: list[Said], tool: str, arguments: Mapping[str, Any]) -> None:
    result = await client.call_tool(tool, dict(arguments))
    said.append(Said("error" if result.is_error else "tool", tool, text_of(result), result.structured_content))


async def arguments_said(text: str, era: str) -> list[Said]:
    """Call everything with a text wherever an argument takes one; return what was said and asked.

    Half a character cannot be sent by this client; raw frames with it are the part `fuzz`'s.
    """
    text = text.encode(errors="ignore").decode()
    said: list[Said] = []
    async with _served(HostileGitHub(all_harmless), era, said) as client:
        for tool, arguments in CALLS:
            await _called(client, said, tool, arguments(text))
        await _called(client, said, text, {})
        for name, given in PROMPTS:
            await _prompted(client, said, name, given(text))
        await _prompted(client, said, text, {})
        try:
            contents = (await client.read_resource(f"campaigns://octo-org/{text}")).contents
            said += [Said("resource", text, each.text) for each in contents if isinstance(each, TextResourceContents)]
        except MCPError as error:
            said.append(Said("error", "resource", error.message))
    return said


async def _prompted(client: Client, said: list[Said], name: str, arguments: dict[str, str]) -> None:
    try:
        prompt = await client.get_prompt(name, arguments)
    except MCPError as error:
        said.append(Said("error", name, error.message))
        return
    texts = [each.content.text for each in prompt.messages if isinstance(each.content, TextContent)]
    said.append(Said("prompt", name, "\n\n".join(texts)))


def argument_faults(text: str, said: list[Said]) -> list[str]:
    """Check what was said to a caller who gave a text: it comes back in quotations or not at all."""
    faults = []
    for each in said:
        found = checks.words(each.text, each.text, "" if each.surface in ("error", "question") else "\n")
        if each.structure is not None:
            found += checks.in_structure(each.structure)
        if each.surface == "tool":  # which shows what would be sent as it would be sent
            found = [fault for fault in found if not fault.endswith(WIDTHS)]
        if len(each.text) > 12_000:
            found.append(f"it has {len(each.text)} characters")
        faults += [f"{each.surface} of {each.about[:40]!a}: {fault}" for fault in found]
    return faults


STATUSES = (400, 401, 403, 404, 409, 410, 422, 429, 451, 500, 502, 503)
_REFUSALS: Mapping[str, Callable[[str], Callable[[httpx.Request], httpx.Response]]] = {
    **{str(status): partial(refusal, status) for status in STATUSES},
    "redirect": redirect,
    "next page": another_page,
}
WAYS = tuple(_REFUSALS)
"""In which GitHub can refuse."""
REPEATED = ("400", "401", "403", "409", "422", "451")
"""Those of which GitHub's own words are told, and logged."""
_ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_campaign", {"campaign_number": 6}),
    ("find_alerts", {"severities": ["critical"]}),
    ("find_alerts", {"repositories": ["payments-web"]}),
    ("find_alerts", {"kind": "secret"}),
    ("report_progress", {}),
    ("list_campaigns", {}),
    ("create_campaign", {**NEW, "alerts": PAIRS}),
    ("create_campaign", {**NEW, "alerts": PAIRS, "managers": ["mona-lisa"], "dry_run": True}),
    ("delete_campaign", {"campaign_number": 6}),
)


async def refusals_said(text: str, way: str) -> list[Said]:
    """Have GitHub refuse everything in one way with a text; return what was said about it."""
    said: list[Said] = []
    transport = Refusing(_REFUSALS[way](text))
    async with _served(transport, "2026-07-28", said, patience=0.0, confirm="never") as client:
        for tool, arguments in _ASKED:
            await _called(client, said, tool, arguments)
        await _prompted(client, said, "announce_campaign", {"campaign_number": "6"})
        await _prompted(client, said, "plan_campaign", {"goal": "Fewer alerts"})
    return said + await refused_commands(transport)
