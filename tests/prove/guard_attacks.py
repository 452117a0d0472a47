"""Attacks that leave the question open, because nothing about them can be taken for an answer to it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.harness import ORG
from tests.prove.guard_answers import forged, right
from tests.prove.guard_arguments import varied
from tests.prove.guard_rounds import Round, question
from tests.prove.guard_states import spoiled_state
from tests.prove.guard_tally import DONE, outcome
from tests.prove.guard_wires import LEGACY, Message, Raw, Seat, envelope, tool_call


async def with_a_spoiled_state(on: Round) -> None:
    what, state = spoiled_state(on.chance, on.asked.state, on.another.state)
    on.note(f"state {what}", await on.send(on.good(), **{**on.answer(), "requestState": state}), state)


async def with_other_arguments(on: Round) -> None:
    what, tool, arguments = varied(on.chance, on.call, on.stage.schemas[on.call.tool])
    reply = await on.send(on.good(), tool=tool, arguments=arguments, **on.answer())
    on.note(f"state with {what}", reply, arguments.text if isinstance(arguments, Raw) else [tool, arguments])


async def with_other_arguments_and_no_state(on: Round) -> None:
    what, tool, arguments = varied(on.chance, on.call, on.stage.schemas[on.call.tool])
    reply = await on.send(on.good(), tool=tool, arguments=arguments, inputResponses={on.asked.key: right(on.call)})
    only_reads = (
        not isinstance(tool, str)
        or tool not in on.stage.schemas
        or (isinstance(arguments, dict) and arguments.get("dry_run") is True)
    )
    shown = arguments.text if isinstance(arguments, Raw) else [tool, arguments]
    on.note(f"no state, with {what}", reply, shown, may_be_done=only_reads)


async def at_somebody_elses_seat(on: Round) -> None:
    await _at(on, on.chance.deal(f"seats, {on.stage.name}", on.stage.bad))


async def at_every_other_seat(on: Round) -> None:
    for seat in on.stage.bad:
        await _at(on, seat)


async def _at(on: Round, seat: Seat) -> None:
    on.note(f"state at {_kind_of(seat)}", await on.send(seat, **on.answer()), seat.name)


def _kind_of(seat: Seat) -> str:
    return seat.name if " as " not in seat.name else f"a replica as {seat.name.partition(' as ')[2].partition(',')[0]}"


async def without_a_state(on: Round) -> None:
    keys: Message = on.chance.choice(({}, {"requestState": None}))
    on.note("answer without a state", await on.send(on.good(), **keys, inputResponses=on.answer()["inputResponses"]))


async def without_an_answer(on: Round) -> None:
    none: Message = on.chance.choice(({}, {"inputResponses": None}, {"inputResponses": {}}, {"inputResponses": []}))
    on.note("state without an answer", await on.send(on.good(), requestState=on.asked.state, **none), none)


async def swapped(on: Round) -> None:
    """The state of one question, everything else of the other."""
    answers = {on.asked.key: right(on.call), on.another.key: right(on.other)}
    if (on.call.tool, on.call.arguments) == (on.other.tool, on.other.arguments):
        return await with_a_spoiled_state(on)
    reply = await on.send(on.good(), requestState=on.another.state, inputResponses=answers)
    return on.note("state of another call", reply)


async def in_another_method(on: Round) -> None:
    method, named = on.chance.choice(
        (
            ("prompts/get", {"name": on.call.tool}),
            ("prompts/get", {"name": "announce_campaign", "arguments": {"campaign_number": "5"}}),
            ("resources/read", {"uri": f"campaigns://{ORG}/5"}),
            ("elicitation/create", right(on.call)),
            ("tools/list", {}),
            ("completion/complete", {"ref": {"type": "ref/prompt", "name": on.call.tool}}),
        )
    )
    message = {"jsonrpc": "2.0", "method": method, "params": {**named, "_meta": envelope(), **on.answer()}}
    on.note("state in another method", await on.good().send(message), method, may_be_done=True)


async def with_a_forged_answer(on: Round) -> None:
    """To a question of its own, which it uses up."""
    asked = await question(on.stage, on.tally, on.call)
    what, answer = forged(on.chance, on.call)
    on.note(what, await on.send(on.good(), requestState=asked.state, inputResponses={asked.key: answer}), answer)


async def in_another_frame(on: Round) -> None:
    """As a notification, in a batch, as a response, in the form of 2025. One may use up the answer, so with its own."""
    asked = await question(on.stage, on.tally, on.call)
    answers: Message = {"requestState": asked.state, "inputResponses": {asked.key: right(on.call)}}
    call = {**tool_call(on.call.tool, on.call.arguments, **answers), "id": 1}
    bare = {name: value for name, value in call["params"].items() if name != "_meta"}
    frames: tuple[tuple[str, Any], ...] = (
        ("as a notification", {name: value for name, value in call.items() if name != "id"}),
        ("in a batch", [call]),
        ("in a batch", [call, {**call, "id": 2}]),
        ("with no id", {**call, "id": None}),
        ("as a response", {"jsonrpc": "2.0", "id": on.asked.key, "result": right(on.call)}),
        ("as a response", {"jsonrpc": "2.0", "id": 1, "result": right(on.call)}),
        ("as a response", {"jsonrpc": "2.0", "id": 1, "result": answers}),
        ("without the envelope", {**call, "id": 900_001, "params": bare}),
    )
    what, frame = on.chance.deal("frames", frames)
    on.note(f"answer {what}", await on.good().send_text(json.dumps(frame), {"mcp-name": on.call.tool}), what)


async def with_a_key_twice(on: Round) -> None:
    """Somebody else's request that one reader of JSON takes for a harmless one, and another for the call."""
    seat = on.chance.choice(on.stage.bad)
    call = json.dumps({**tool_call(on.call.tool, on.call.arguments, **on.answer()), "id": 1})
    tool, method = f'"name": {json.dumps(on.call.tool)}', '"method": "tools/call"'
    reading = '"params": {"name": "get_campaign", "arguments": {"campaign_number": 5}}'
    doubled = (
        call.replace(tool, f'"name": "get_campaign", {tool}', 1),
        call.replace(tool, f'{tool}, "name": "get_campaign"', 1),
        call.replace(method, f'"method": "tools/list", {method}', 1),
        call.replace(method, f'{method}, "method": "tools/list"', 1),
        call.replace('"params"', f'{reading}, "params"', 1),
        call.replace('"requestState": ', '"requestState": "v1.", "requestState": ', 1),
        call.replace('"requestState": ', '"requestState": null, "requestState": ', 1),
    )
    name = on.chance.choice(("get_campaign", on.call.tool))
    reply = await seat.send_text(on.chance.deal("doubled", doubled), {"mcp-name": name})
    on.note("a key twice, by somebody else", reply, seat.name, may_be_done=True)


async def with_mixed_eras(on: Round) -> None:
    """What one part of a request says of the protocol contradicts another."""
    call = tool_call(on.call.tool, on.call.arguments, **on.answer())
    older = {
        **call,
        "params": {**call["params"], "_meta": envelope(version=on.chance.choice((LEGACY, "2024-11-05", "")))},
    }
    headers: tuple[Message, ...] = (
        {"mcp-protocol-version": LEGACY},
        {"mcp-protocol-version": "2024-11-05"},
        {"mcp-protocol-version": LEGACY, "mcp-session-id": "0" * 32},
        {"mcp-method": "tools/list"},
        {"mcp-name": "get_campaign"},
    )
    if hasattr(on.stage.home, "app") and on.chance.random() < 0.7:
        chosen = on.chance.deal("headers", headers)
        on.note("answer under contradicting headers", await on.good().send(call, chosen), chosen)
    else:
        on.note("answer under another version", await on.good().send(older), older["params"]["_meta"])


async def with_a_preview(on: Round) -> None:
    """What dry_run answers with confirms nothing: not as preview, nor as state, nor as answer, nor for another call."""
    if on.call.tool == "delete_campaign":
        return await without_a_state(on)
    reply = await on.send(on.good(), arguments={**on.call.arguments, "dry_run": True})
    if outcome(reply) != DONE or reply.message is None:
        return on.note("dry run", reply)
    preview = reply.message["result"]["structuredContent"]["preview"]
    tries: tuple[Message, ...] = (
        {"arguments": {**on.call.arguments, "preview": preview}},
        {"arguments": {**on.call.arguments, "preview": preview}, **on.answer()},
        {"arguments": {**on.call.arguments, "preview": preview, "dry_run": False}, **on.answer()},
        {"arguments": {**on.call.arguments, "dry_run": None}, **on.answer()},
        {"requestState": preview, "inputResponses": on.answer()["inputResponses"]},
        {
            "requestState": on.asked.state,
            "inputResponses": None,
            "arguments": {**on.call.arguments, "preview": preview},
        },
        {"tool": on.other.tool, "arguments": {**on.other.arguments, "preview": preview}},
        {"arguments": {**on.call.arguments, "preview": on.chance.randbytes(8).hex()}},
    )
    chosen = on.chance.deal("previews", tries)
    return on.note("preview instead of an answer", await on.send(on.good(), **chosen), chosen)


async def out_of_time(on: Round) -> None:
    """Sealed when the clock stood elsewhere: too long ago, or in the future."""
    shift = on.chance.choice((-601, -3600, -86400, 120, 86400))
    clock = SimpleNamespace(time=lambda: time.time() + shift)
    with patch("mcp.server.request_state.time", clock):
        asked = await question(on.stage, on.tally, on.call)
    answers = {asked.key: right(on.call)}
    kind = "state expired" if shift < 0 else "state from the future"
    on.note(kind, await on.send(on.good(), requestState=asked.state, inputResponses=answers), shift)


LEAVING_OPEN: Sequence[Callable[[Round], Awaitable[None]]] = (
    with_a_spoiled_state,
    with_a_spoiled_state,
    with_a_spoiled_state,
    with_other_arguments,
    with_other_arguments,
    with_other_arguments,
    with_other_arguments_and_no_state,
    with_other_arguments_and_no_state,
    at_somebody_elses_seat,
    at_somebody_elses_seat,
    without_a_state,
    without_an_answer,
    swapped,
    swapped,
    in_another_method,
    with_a_forged_answer,
    with_a_forged_answer,
    with_a_forged_answer,
    in_another_frame,
    with_a_key_twice,
    with_mixed_eras,
    with_a_preview,
    out_of_time,
)
