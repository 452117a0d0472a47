"""What a fault does to one request, on the wire or in the world behind it."""

from __future__ import annotations

import json
from datetime import timedelta

import anyio

from server.sandbox.options import ADMIN_TOKEN
from tests.harness import ORG
from tests.prove.faults_http import Answer
from tests.prove.faults_wire import Act, Exchange

HOUR = timedelta(minutes=61)
VANISHING = 4
"""The open campaign that others delete."""
_JSON = ("content-type", "application/json; charset=utf-8")
_HTML = b"<!DOCTYPE html><html><b>Please sign in</b></html>"
_UNTIL_RESET = timedelta(minutes=40)
_PER_BYTE = 0.1  # seconds: less than any time limit in use, and a hundred of them are more


def _json(status: int, message: str, *headers: tuple[str, str]) -> Answer:
    body = json.dumps({"message": message, "documentation_url": "https://docs.github.com/rest"}).encode()
    return Answer(status, [_JSON, ("content-length", str(len(body))), *headers], body)


def _page(status: int) -> Answer:
    headers = [("content-type", "text/html"), ("content-length", str(len(_HTML)))]
    return Answer(status, headers, _HTML)


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def reset_after_all(exchange: Exchange) -> None:
    await exchange.sandbox()
    exchange.reset()


async def silent(exchange: Exchange) -> None:
    with exchange.hanging():
        await exchange.given_up()


async def silent_after_all(exchange: Exchange) -> None:
    await exchange.sandbox()
    with exchange.hanging():
        await exchange.given_up()


async def trickling(exchange: Exchange) -> None:
    answer = await exchange.sandbox()
    whole = answer.written()
    head = len(whole) - len(answer.body)
    # An answer without a body trickles within its head.
    begun = head if answer.body else head // 2
    exchange.writer.write(whole[:begun])
    with exchange.hanging():
        for place in range(begun, len(whole)):
            exchange.writer.write(whole[place : place + 1])
            with anyio.move_on_after(_PER_BYTE):
                await exchange.given_up()
                return


async def truncated(exchange: Exchange) -> None:
    answer = await exchange.sandbox()
    head = len(answer.written()) - len(answer.body)
    # An answer without a body is cut off within its head.
    whole = answer.written()
    exchange.writer.write(whole[: head + len(answer.body) // 2] if answer.body else whole[: head // 2])


async def truncated_unseen(exchange: Exchange) -> None:
    answer = await exchange.sandbox()
    answer.headers = [(name, value) for name, value in answer.headers if name != "content-length"]
    answer.body = answer.body[: len(answer.body) // 2]
    await exchange.send(answer)


async def page(exchange: Exchange) -> None:
    await exchange.send(_page(200))


async def page_after_all(exchange: Exchange) -> None:
    await exchange.sandbox()
    await exchange.send(_page(200))


def failing(status: int, *, applied: bool = False) -> Act:
    async def act(exchange: Exchange) -> None:
        if applied:
            await exchange.sandbox()
        await exchange.send(_page(status))

    return act


def too_many(*, retry_after: int | None = None) -> Act:
    headers = [] if retry_after is None else [("retry-after", str(retry_after))]

    async def act(exchange: Exchange) -> None:
        await exchange.send(_json(429, "Too many requests", *headers))

    return act


async def secondary(exchange: Exchange) -> None:
    await exchange.send(_json(403, "You have exceeded a secondary rate limit. Please wait a few minutes."))


async def used_up(exchange: Exchange) -> None:
    reset_at = exchange.github.time.github() + _UNTIL_RESET
    limits = {"limit": "5000", "remaining": "0", "used": "5000", "reset": f"{reset_at.timestamp():.0f}"}
    headers = [(f"x-ratelimit-{name}", value) for name, value in limits.items()]
    await exchange.send(_json(403, "API rate limit exceeded for user ID 1.", *headers))


async def redirected(exchange: Exchange) -> None:
    await exchange.send(_json(307, "Moved", ("location", f"{exchange.github.elsewhere}{exchange.request.target}")))


async def linked(exchange: Exchange) -> None:
    answer = await exchange.sandbox()
    answer.headers = [(name, value) for name, value in answer.headers if name != "link"]
    answer.headers.append(("link", f'<{exchange.github.elsewhere}{exchange.request.path}?page=2>; rel="next"'))
    await exchange.send(answer)


async def unchanged(exchange: Exchange) -> None:
    if "if-none-match" in dict(exchange.request.headers):
        # There is something to be unchanged, and whether it is GitHub alone can say: this fault is no lie.
        await exchange.send(await exchange.sandbox())
        return
    await exchange.send(Answer(304, [("etag", 'W/"made-up"')]))


async def shifting(exchange: Exchange) -> None:
    answer = await exchange.sandbox()
    world = exchange.github.sandbox.state
    campaigns = world.organization(ORG).campaigns
    campaigns.pop(VANISHING, None)
    held = {key for campaign in campaigns.values() for key in campaign.alerts}
    free = (alert for alert in world.alerts(ORG) if alert.state == "open" and alert.key not in held)
    newest = max(free, key=lambda alert: alert.created_at)
    world.close_alert(newest.repository_id, newest.number)
    await exchange.send(answer)


async def revoked(exchange: Exchange) -> None:
    tokens = exchange.github.sandbox.options.tokens
    assert isinstance(tokens, dict)
    tokens.pop(ADMIN_TOKEN, None)
    await exchange.send(await exchange.sandbox())


async def an_hour_later(exchange: Exchange) -> None:
    exchange.github.time.advance(HOUR)
    await exchange.send(await exchange.sandbox())
