"""What clients do while secrets are watched: calls that work, and calls to a GitHub that misbehaves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference

from tests.harness import MODES, Person, accept, open_pairs
from tests.http.service import MODERN, PATIENCE, connected_by_hand, post, request_of
from tests.prove.canary_crashing import CRASHES
from tests.prove.canary_places import in_headers, in_messages, without_echoes
from tests.prove.canary_runs import Run, spoken

_INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
_SECRET = {"kind": "secret", "detail": 1}


def willing() -> Person:
    """Return a person who says yes."""
    return accept(go_ahead=True)


async def _told(run: Run, where: str, call: Any) -> Any:
    try:
        result = await call
    except MCPError as error:
        run.keep(where, f"{error.error.model_dump_json()}\n")
        return None
    run.keep(where, f"{spoken(result)}\n")
    return result


async def good_calls(run: Run, client: Client, where: str) -> int:
    """Make every kind of call; return how many worked."""
    new = {
        "name": "Stop XSS",
        "description": "Encode.",
        "ends_at": "2099-01-08",
        "alerts": open_pairs(run.github.sandbox),
    }
    worked = 0
    for tool, arguments in (
        ("list_campaigns", {}),
        ("get_campaign", {"campaign_number": 6}),
        ("find_alerts", {}),
        ("find_alerts", {"kind": "secret"}),
        ("find_alerts", _SECRET),
        ("report_progress", {}),
        ("create_campaign", {**new, "dry_run": True}),
        ("create_campaign", {**new, "name": f"Stop XSS, {where}"[:50], "generate_issues": True}),
        ("update_campaign", {"campaign_number": 6, "description": f"Changed, {where}"}),
        ("get_campaign", {"campaign_number": CRASHES}),
        # A credential in the wrong place must not come back either.
        ("update_campaign", {"campaign_number": 6, "description": run.secrets["GitHub token"]}),
        ("create_campaign", {**new, "name": run.secrets["GitHub token"]}),
        ("get_campaign", {"campaign_number": run.secrets["GitHub token"]}),
        (run.secrets["GitHub token"], {run.secrets["GitHub token"]: 1}),
    ):
        result = await _told(run, where, client.call_tool(tool, arguments))
        worked += result is not None and not result.is_error
    await _told(run, where, client.get_prompt("announce_campaign", {"campaign_number": "6"}))
    await _told(run, where, client.get_prompt("draft_campaign_description", {"topic": run.secrets["GitHub token"]}))
    await _told(run, where, client.read_resource("campaigns://octo-org/6"))
    await _told(run, where, client.read_resource(f"campaigns://octo-org/{run.secrets['GitHub token']}"))
    reference = PromptReference(type="ref/prompt", name="announce_campaign")
    await _told(run, where, client.complete(reference, {"name": "campaign_number", "value": ""}))
    return worked


async def failing_calls(run: Run, client: Client, where: str, ways: Sequence[str]) -> int:
    """Make calls while GitHub misbehaves; return how many were refused."""
    refused = 0
    new = {"name": f"Lost, {where}"[:50], "description": "Encode.", "ends_at": "2099-01-08"}
    for way in ways:
        for tool, arguments in (
            ("get_campaign", {"campaign_number": 6}),
            ("find_alerts", _SECRET),
            ("report_progress", {}),
            ("update_campaign", {"campaign_number": 6, "description": f"Changed, {way}"}),
            ("create_campaign", {**new, "alerts": open_pairs(run.github.sandbox)}),
        ):
            run.github.way = way
            try:
                result = await _told(run, where, client.call_tool(tool, arguments))
            finally:
                run.github.way = None
            refused += result is None or result.is_error
        run.github.way = way
        await _told(run, where, client.get_prompt("announce_campaign", {"campaign_number": "6"}))
        run.github.way = None
    return refused


def misplaced(run: Run, url: str, callers: Sequence[str]) -> int:
    """Give secrets as methods and as ids, and the token wherever else; return how many of those messages were done."""
    token, done = run.secrets["GitHub token"], 0
    with httpx.Client(trust_env=False, timeout=PATIENCE) as http:

        def told(body: Any, headers: Mapping[str, str], secret: str) -> bytes:
            answer = post(url, body, headers, http)
            said = without_echoes(answer.content, secret)
            run.keep("HTTP answers", f"{answer.status_code} {answer.headers}".encode() + said)
            return said

        for era, caller in itertools.product(MODES, callers):
            headers = connected_by_hand(url, era, caller)
            for secret in (token, caller):
                for method, id_ in ((secret, "mine"), ("tools/list", secret), (f"notifications/{secret}", None)):
                    told({**request_of(era, method), "id": id_}, headers, secret)
        for era, caller in zip(MODES, callers, strict=True):
            headers = connected_by_hand(url, era, caller)
            for each in (*in_messages(era, token), *in_headers(era, token)):
                done += b'"result"' in told(each.body, {**headers, **each.headers}, token)
    return done


def misplaced_over_stdio(run: Run, era: str) -> int:
    """Give the token wherever it does not belong, also from the first message on; return how many were done."""
    token = run.secrets["GitHub token"]
    messages = [each.body for each in in_messages(era, token)]
    if era != MODERN:
        client = {"name": token, "version": token, "title": token}
        params = {"protocolVersion": token, "capabilities": {}, "clientInfo": client}
        messages = [request_of(era, "initialize", **params), _INITIALIZED, *messages]
    told = without_echoes(run.by_hand(era, messages), token)
    run.keep(f"stdout by hand, {era}", told)
    return told.count(b'"result"')
