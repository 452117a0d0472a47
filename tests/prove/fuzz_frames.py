"""Messages as no client should send them: what is no JSON, no JSON-RPC, no MCP, or no sense at this moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from tests.prove.fuzz_json import Pairs, Raw, dump, nested
from tests.prove.fuzz_values import HALVES, STRANGERS, UNICODE
from tests.prove.fuzz_wire import CLIENT, HANDSHAKE, MODERN, envelope, request

Owed = Literal["answer", "nothing", "either"]
MIB = 1024 * 1024
DAMAGED = "a damaged message"


@dataclass(frozen=True)
class Frame:
    """A message.

    Attributes:
        what: a few words for it.
        body: as it goes over the wire, without what ends it.
        owed: whether an answer must come, may not come, or either.
        id: the answer's, where one is owed; that of what cannot be read, or is too long, may be null instead.
        answers: how many are owed.
    """

    what: str
    body: bytes
    owed: Owed = "either"
    id: Any = None
    answers: int = 1


def call(era: str, id: Any, tool: str = "get_campaign", **arguments: Any) -> bytes:  # noqa: A002 - JSON-RPC's word
    """Write a call of a tool, of campaign 1 unless something else is said."""
    return request("tools/call", {"name": tool, "arguments": arguments or {"campaign_number": 1}, **envelope(era)}, id)


def _object(**fields: Any) -> bytes:
    return dump(fields).encode()


def no_json(era: str) -> Iterator[Frame]:
    """Yield what no reader of JSON takes."""
    good = call(era, "w")
    yield Frame("nothing", b"", "nothing")
    yield Frame("blanks", b"  \t ", "nothing")
    for body in (
        b"{",
        b"}",
        b"nul",
        b"\x00" * 99,
        b"\xff\xfe",
        b"{'jsonrpc': '2.0'}",
        good[:-1],
        good[1:],
        good + b"}",
    ):
        yield Frame(f"no JSON: {body[:20]!r}", body, "answer")
    yield Frame("two messages in one", good + good, "answer")
    yield Frame("a comment", good[:-1] + b"/* x */}", "answer")
    yield Frame("bytes that are no UTF-8", good.replace(b"get_campaign", b"get_campaign\xff\xc0\xaf"), "answer", "w")
    yield Frame("UTF-16", good.decode().encode("utf-16-be"), "answer")
    yield Frame("a byte order mark", b"\xef\xbb\xbf" + good, "either", "w")
    for half in HALVES:
        yield Frame("half of a character", call(era, "w", org=half), "answer", "w")
    yield Frame("half of a character in the id", call(era, "\ud800"), "answer")
    yield Frame("a number of 5,000 digits", call(era, "w", campaign_number=Raw("9" * 5000)), "answer")
    for depth in (150, 300, 900, 100_000):
        yield Frame(f"{depth:,} brackets", nested(depth).encode(), "answer")
        yield Frame(f"{depth:,} unclosed brackets", b"[" * depth, "answer")
        yield Frame(f"{depth:,} brackets in an argument", call(era, "w", org=nested(depth)), "answer", "w")
        deep = nested(depth, '{"a":', "0", "}")
        yield Frame(f"{depth:,} objects as params", request("tools/call", deep, "w"), "answer", "w")
        yield Frame(f"{depth:,} brackets as the id", request("ping", {}, nested(depth)), "answer")


def no_message(era: str) -> Iterator[Frame]:
    """Yield JSON that is no message of JSON-RPC 2.0, or hardly one."""
    good = call(era, "w").decode()
    for body in ("7", '"text"', "null", "true", "{}", '{"id":1}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":1}'):
        yield Frame(f"JSON, but {body}", body.encode(), "answer")
    for batch in ("[]", "[1]", "[{}]", f"[{good}]", f"[{good},{good}]"):
        yield Frame(f"a batch: {batch[:12]}", batch.encode(), "answer")
    versions: tuple[Any, ...] = ("1.0", "2", "2.0 ", 2.0, None, [], "")
    for version in versions:
        yield Frame(f"JSON-RPC {version!r}", _object(jsonrpc=version, id="w", method="ping"), "answer", "w")
    yield Frame("no version of JSON-RPC", _object(id="w", method="ping"), "answer", "w")
    not_params: tuple[Any, ...] = ([], "x", 7, True)
    for params in not_params:
        yield Frame(f"params {params!r}", request("tools/call", params, "w"), "answer", "w")
    no_methods: tuple[Any, ...] = (None, 7, [], {}, True)
    for method in no_methods:
        yield Frame(f"method {method!r}", _object(jsonrpc="2.0", id="w", method=method), "answer", "w")
    yield Frame("method and result", _object(jsonrpc="2.0", id="w", method="nope", result={}), "answer", "w")
    yield Frame("keys twice", dump(Pairs((("jsonrpc", "1"), *_pairs(era)))).encode(), "answer", "w")
    no_ids: tuple[Any, ...] = (None, True, 1.5, [], {}, Raw("1.0"), Raw("1e3"), Raw("NaN"))
    for id_ in no_ids:
        yield Frame(f"id {id_!r}", call(era, id_), "answer")
        yield Frame(f"id {id_!r} for a write", call(era, id_, "delete_campaign", campaign_number="4"), "answer")
    for id_ in ("", "x" * 100_000, 10**300, -(10**20), 0, -1, 2**63, "__proto__", *UNICODE, "1", 1):
        yield Frame(f"id {str(id_)[:20]!r}", call(era, id_), "answer", id_)


def _pairs(era: str) -> tuple[tuple[str, Any], ...]:
    params = {"name": "get_campaign", "arguments": {"campaign_number": 1}, **envelope(era)}
    return (("jsonrpc", "2.0"), ("id", 5), ("id", "w"), ("method", "x"), ("method", "tools/call"), ("params", params))


def no_sense(era: str) -> Iterator[Frame]:
    """Yield messages in the wrong place."""
    yield Frame("a write as a notification", _told("tools/call", name="delete_campaign", arguments={}), "nothing")
    for method in ("initialized", "cancelled", "progress", "message", "roots/list_changed", "nothing"):
        yield Frame(f"a request for notifications/{method}", _asked(f"notifications/{method}", era), "answer", "w")
        yield Frame(f"notifications/{method} without a word", _told(f"notifications/{method}"), "nothing")
    strange_ids: tuple[Any, ...] = ("w", 7, None, True, 1.5, [], {}, "x" * 10_000, 10**300)
    for id_ in strange_ids:
        yield Frame("a cancellation of nothing", _told("notifications/cancelled", requestId=id_), "nothing")
        yield Frame("progress of nothing", _told("notifications/progress", progressToken=id_, progress=1), "nothing")
    for id_ in ("w", 1, 0, -1, 10**300, ""):
        yield Frame("a result nobody waits for", _object(jsonrpc="2.0", id=id_, result={}), "nothing")
        error = {"code": -1, "message": "x"}
        yield Frame("an error nobody waits for", _object(jsonrpc="2.0", id=id_, error=error), "nothing")
    again = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": CLIENT}
    yield Frame("initialize once more", request("initialize", again, "w"), "answer", "w")
    for version in ("1999-01-01", "", 7, None, "2024-11-05", MODERN, "x" * 10_000):
        yield Frame(
            f"initialize {str(version)[:12]}", request("initialize", {**again, "protocolVersion": version}, "w")
        )
    for method in (
        "",
        "x",
        "tools/call\x00",
        "TOOLS/CALL",
        "tools/call ",
        "__init__",
        "rpc.x",
        "a" * 100_000,
        *UNICODE,
    ):
        yield Frame(f"method {method[:20]!r}", _asked(method, era), "answer", "w")
    yield from _requests_without_sense(era)
    twice = call(era, "w") + b"\n" + call(era, "w")
    yield Frame("an id twice at once", twice, "answer", "w", 2)


def _requests_without_sense(era: str) -> Iterator[Frame]:
    for method in ("sampling/createMessage", "elicitation/create", "roots/list", "resources/subscribe", "tasks/list"):
        yield Frame(f"a request for {method}", _asked(method, era), "answer", "w")
    for method in ("tools/call", "prompts/get", "resources/read", "completion/complete", "logging/setLevel"):
        yield Frame(f"{method} without params", _asked(method, era), "answer", "w")
        yield Frame(f"{method} without params and _meta", _object(jsonrpc="2.0", id="w", method=method), "answer", "w")
    for meta in (*STRANGERS, {"progressToken": []}, {"progressToken": True}, {"progressToken": 10**300}):
        params = {"name": "get_campaign", "arguments": {"campaign_number": 1}, "_meta": meta}
        yield Frame(f"_meta {str(meta)[:30]}", request("tools/call", params, "w"), "answer", "w")
    for version in (*STRANGERS, HANDSHAKE, "2026-07-29", "x" * 10_000):
        enveloped = {**envelope(MODERN)["_meta"], "io.modelcontextprotocol/protocolVersion": version}
        yield Frame(f"envelope of {str(version)[:12]!r}", request("ping", {"_meta": enveloped}, "w"), "answer", "w")
    for key in ("clientInfo", "clientCapabilities"):
        values: tuple[Any, ...] = (None, 7, [], {"elicitation": 7}, {"name": 7}, "x")
        for value in values:
            enveloped = {**envelope(MODERN)["_meta"], f"io.modelcontextprotocol/{key}": value}
            yield Frame(f"{key} {value!r}", request("tools/list", {"_meta": enveloped}, "w"), "answer", "w")


def _told(method: str, **params: Any) -> bytes:
    return _object(jsonrpc="2.0", method=method, params=params)


def _asked(method: str, era: str) -> bytes:
    return request(method, envelope(era), "w")


def huge(era: str, sizes: tuple[int, ...]) -> Iterator[Frame]:
    """Yield messages of so many bytes, in several makes."""
    for size in sizes:
        mib = f"{size / MIB:g} MiB"
        yield Frame(f"{mib} of text", call(era, "w", org="x" * size), "answer", "w")
        yield Frame(f"{mib} of an unknown argument", call(era, "w", "get_campaign", **{"x" * size: 1}), "answer", "w")
        yield Frame(f"{mib} of zeros", b"\x00" * size, "answer")
        yield Frame(f"{mib} of a method", request("x" * size, envelope(era), "w"), "answer", "w")
        ones = Raw(f"[{'1,' * (min(size, 8 * MIB) // 2)}1]")  # more of them would only take more seconds
        yield Frame(f"{mib} of numbers", call(era, "w", org=ones), "answer", "w")


def damaged(era: str, chance: Random) -> Frame:
    """Return a good message with a few bytes of it changed, dropped, doubled or exchanged."""
    body = bytearray(
        chance.choice((call(era, "w"), _asked("tools/list", era), call(era, "w", "list_campaigns", page=1)))
    )
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(body))
        match chance.randrange(6):
            case 0:
                body[at] ^= 1 << chance.randrange(8)
            case 1:
                del body[at : at + chance.choice((1, 2, 9, 40))]
            case 2:
                body[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 2, 9))))
            case 3:
                body[at:at] = body[: chance.randrange(len(body))]
            case 4:
                body[at:at] = chance.choice(
                    (b'"', b"{", b"]", b"\\u0000", b"\\ud800", b"1e999", b"null", b",", b"\xc3")
                )
            case _:
                body[at:] = bytes(reversed(body[at:]))
        if not body:
            break
    return Frame(DAMAGED, re.sub(rb"\n", b" ", bytes(body)))  # which would end the line
