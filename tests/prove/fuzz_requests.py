"""HTTP requests as no client should send them: heads, methods, lengths and headers that are wrong or contradict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from tests.prove.fuzz_frames import MIB, call
from tests.prove.fuzz_wire import HANDSHAKE, MODERN, good_call
from tests.prove.parts import Size

Headers = tuple[tuple[str, str], ...]
_BOTH = "application/json, text/event-stream"
_REFUSED = (400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 417, 421, 426, 431)


@dataclass(frozen=True)
class Posted:
    """A request. Host and Authorization are the service's unless it has its own.

    Attributes:
        what: a few words for it.
        headers: in their order; names may come twice.
        wanted: the statuses it may be answered with; none for any below 500.
        ends: whether the client closes its side after it.
        only_head: whether the answer is a stream without an end.
        verbatim: the whole request, instead of all that.
    """

    what: str = ""
    method: str = "POST"
    target: str = "/mcp"
    headers: Headers = ()
    body: bytes = b""
    wanted: tuple[int, ...] = ()
    ends: bool = False
    only_head: bool = False
    verbatim: bytes = b""
    bare: bool = False
    """Without Host, Authorization, Content-Length and Connection."""
    extra: Headers = field(default=())

    @classmethod
    def of(cls, era: str, body: bytes, session: str | None = None, name: str | None = "get_campaign") -> Posted:
        """Return a request that is right for a message of that era."""
        found = re.search(rb'"method": ?"([!-~]{1,200}?)"', body)
        headers = [("accept", _BOTH), ("content-type", "application/json")]
        if session is not None:
            headers.append(("mcp-session-id", session))
        if era == MODERN:
            headers += [("mcp-protocol-version", era), ("mcp-method", found[1].decode() if found else "tools/call")]
            headers += [("mcp-name", name)] if name else []
        return cls(headers=tuple(headers), body=body)

    def without(self, *names: str) -> Posted:
        """Return it without these headers."""
        return replace(self, headers=tuple((name, value) for name, value in self.headers if name not in names))

    def having(self, **headers: str) -> Posted:
        """Return it with these headers, in place of those of the same name."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = self.without(*named)
        return replace(kept, headers=(*kept.headers, *named.items()))

    def raw(self, host: str, token: str) -> bytes:
        """Write it."""
        if self.verbatim:
            return self.verbatim.replace(b"HOST", host.encode()).replace(b"TOKEN", token.encode())
        named = {name for name, _ in self.headers}
        usual = (
            ("host", host),
            ("authorization", f"Bearer {token}"),
            *((("content-length", str(len(self.body))),) if "transfer-encoding" not in named else ()),
            ("connection", "close"),
        )
        headers = (*(each for each in usual if not self.bare and each[0] not in named), *self.headers, *self.extra)
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + self.body


def requests_for(host: str, session: str, chance: Random, size: Size) -> Iterator[Posted]:
    """Yield every kind of request once, or a part of them, then good ones with damage to their heads."""
    of_all = 1.0 if size.share > 0.2 else 0.25
    modern = Posted.of(MODERN, good_call(MODERN))
    handshake = Posted.of(HANDSHAKE, good_call(HANDSHAKE), session)
    kinds = [each for good in (modern, handshake) for each in (*_wrong_headers(good), *_wrong_lengths(good))]
    kinds += [*_contradictions(modern), *_methods(modern, handshake), *_wrong_sessions(handshake), *_no_http(host)]
    yield from (each for each in kinds if chance.random() < of_all)
    for _ in range(size.of(400, 10)):
        yield _damaged(chance.choice((modern, handshake)), chance)


def _wrong_headers(good: Posted) -> Iterator[Posted]:
    for accept in ("", "text/html", "application/json", "text/event-stream", "*/*", "x" * 10_000, ",;q=", "\x80\xff"):
        yield replace(good.having(accept=accept), what=f"Accept {accept[:20]!r}")
    yield replace(good.without("accept"), what="no Accept")
    for kind in ("", "text/plain", "application/json; charset=utf-16", "multipart/form-data", "x/" + "y" * 10_000):
        yield replace(good.having(content_type=kind), what=f"Content-Type {kind[:20]!r}")
    yield replace(good.without("content-type"), what="no Content-Type")
    for bearer in (
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "Bearer a b",
        "Bearer \xff",
        "bearer " + "x" * 30_000,
        "Token",
    ):
        yield replace(good.having(authorization=bearer), what=f"Authorization {bearer[:12]!r}", wanted=(400, 401, 431))
    for host in ("", "evil.example.com", "127.0.0.1", "[::1", "a b", "x" * 5_000):
        yield replace(good.having(host=host), what=f"Host {host[:16]!r}", wanted=(400, 421))
    for name in ("origin", "referer"):
        wanted = (403,) if name == "origin" else ()
        yield replace(good.having(**{name: "https://evil.example.com"}), what=name, wanted=wanted)
    yield replace(good.having(content_encoding="gzip"), what="Content-Encoding gzip")
    yield replace(good.having(expect="200-maybe"), what="Expect something")
    yield replace(good.having(last_event_id="\x7f" * 500), what="Last-Event-ID")
    yield replace(good.having(upgrade="websocket", connection="upgrade, close"), what="Upgrade to WebSocket")
    yield replace(good.having(upgrade="h2c", http2_settings="AAMAAABk", connection="close"), what="Upgrade to HTTP/2")
    yield replace(good, what="a header of 1 MiB", extra=(("x", "y" * MIB),), wanted=(0, 400, 431))
    yield replace(good, what="30,000 headers", extra=(("x", "y"),) * 30_000, wanted=(0, 400, 431))
    yield replace(good, what="a header without a name", extra=(("", "y"),), wanted=(400,))
    yield replace(good, what="a line in a header", extra=(("x", "a\r\n b"),))
    yield replace(good, what="a NUL in a header", extra=(("x", "a\x00b"),), wanted=(400,))
    for target in ("/mcp/", "/mcp?x=1", "//mcp", "/MCP", "*", "/" + "x" * 70_000, "/mcp%00", "/%2e%2e/mcp", "mcp"):
        yield replace(good, what=f"path {target[:12]!r}", target=target)


def _wrong_lengths(good: Posted) -> Iterator[Posted]:
    exact = len(good.body)
    for off in (-exact, -1, 50):
        yield replace(good.having(content_length=str(exact + off)), what=f"Content-Length of {off:+}", ends=True)
    for length in ("-1", "x", "1e3", "+5", "0x10", "9" * 30, "", "5 5"):
        yield replace(good.having(content_length=length), what=f"Content-Length {length[:9]!r}", ends=True)
    twice = (("content-length", str(exact)), ("content-length", str(exact + 1)))
    yield replace(good, what="two lengths", headers=(*good.headers, *twice), wanted=(400,), ends=True)
    both = (("content-length", str(exact)), ("transfer-encoding", "chunked"))
    chunked = f"{exact:x}\r\n".encode() + good.body + b"\r\n0\r\n\r\n"
    yield replace(good, what="length and chunks", headers=(*good.headers, *both), body=chunked, ends=True)
    in_chunks = good.having(transfer_encoding="chunked")
    yield replace(in_chunks, what="chunks", body=chunked, wanted=(200,))
    for body in (
        b"",
        b"zz\r\n",
        b"-1\r\n",
        b"f" * 40 + b"\r\n",
        chunked[:-5],
        b"5;x=" + b"y" * 100_000 + b"\r\nabcde\r\n0\r\n\r\n",
    ):
        yield replace(in_chunks, what=f"chunks {body[:8]!r}", body=body, ends=True)
    yield replace(in_chunks, what="50,000 chunks", body=b"1\r\n \r\n" * 50_000 + b"0\r\n\r\n")
    for coding in ("gzip", "identity", "gzip, chunked", "x"):
        yield replace(good.having(transfer_encoding=coding), what=f"Transfer-Encoding {coding}", ends=True)


def _contradictions(good: Posted) -> Iterator[Posted]:
    def refused(what: str, posted: Posted) -> Posted:
        return replace(posted, what=what, wanted=(400,))

    for name in ("mcp-method", "mcp-name", "mcp-protocol-version"):
        yield refused(f"no {name}", good.without(name))
        for value in ("", "x", "delete_campaign", "tools/list", "\xff", "x" * 10_000, "=?base64?Z2V0?="):
            yield refused(f"{name} {value[:18]!r}", good.having(**{name: value}))
        value = dict(good.headers)[name]
        yield refused(f"{name} twice", replace(good, headers=(*good.headers, (name, value))))
    for version in ("2025-06-18", "2024-11-05", HANDSHAKE, "1999-01-01", "2026-07-29"):
        yield refused(f"version {version} in the header alone", good.having(mcp_protocol_version=version))
    hidden = Posted.of(MODERN, call(MODERN, "w", "delete_campaign", campaign_number=4), name="get_campaign")
    yield refused("a write under the name of a read", hidden)


def _methods(modern: Posted, handshake: Posted) -> Iterator[Posted]:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT", "FOO", "get", "X" * 5_000):
        yield replace(modern, what=f"{method[:8]} today", method=method, wanted=_REFUSED)
        if method not in ("GET", "DELETE"):
            yield replace(handshake, what=f"{method[:8]} of 2025", method=method, wanted=_REFUSED)
    stream = replace(handshake, method="GET", body=b"")
    yield replace(stream, what="the stream of a session", only_head=True, wanted=(200,))
    yield replace(stream.having(accept="text/html"), what="the stream of a session as HTML", wanted=(406,))
    yield replace(
        stream.having(last_event_id="7"), what="the stream from the seventh event", only_head=True, wanted=(200, 409)
    )


def _wrong_sessions(good: Posted) -> Iterator[Posted]:
    for session in ("", "x", "0" * 32, "x" * 10_000, "\xff", "../../etc"):
        for method in ("POST", "GET", "DELETE"):
            wrong = replace(good.having(mcp_session_id=session), method=method)
            yield replace(wrong, what=f"{method} in session {session[:9]!r}", wanted=(400, 404))
    yield replace(good.without("mcp-session-id"), what="no session", wanted=(400,))
    for version in ("", "x", "1999-01-01", "\xff", "2025-06-18"):
        yield replace(good.having(mcp_protocol_version=version), what=f"a session of version {version!r}")


def _no_http(host: str) -> Iterator[Posted]:
    head = f"Host: {host}\r\nAuthorization: Bearer TOKEN\r\n"
    for raw in (
        b"\x00" * 1000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS begins like that
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /mcp\r\n\r\n",
        b"\r\n" * 1000,
        b"POST /mcp HTTP/9.9\r\n\r\n",
        b"POST /mcp HTTP/1.0\r\n\r\n",
        b"x" * 200_000,
        b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
        f"POST http://{host}/mcp HTTP/1.1\r\n{head}\r\n".encode(),
        f"POST /mcp HTTP/1.1\r\n{head}{head}\r\n".encode(),
        f"POST /mcp HTTP/1.1\n{head}\n\n".encode(),
        f"POST  /mcp  HTTP/1.1\r\n{head}\r\n".encode(),
        f"POST /mcp HTTP/1.1\r\n{head}Content-Length: 5\r\n\r\n".encode() * 3,
    ):
        yield Posted(what=f"no HTTP: {raw[:24]!r}", verbatim=raw, ends=True)


def _damaged(good: Posted, chance: Random) -> Posted:
    raw = bytearray(good.raw("HOST", "TOKEN"))
    head = raw.index(b"\r\n\r\n")
    for _ in range(chance.choice((1, 2, 5))):
        at = chance.randrange(head)
        match chance.randrange(4):
            case 0:
                raw[at] ^= 1 << chance.randrange(8)
            case 1:
                del raw[at : at + chance.choice((1, 3, 20))]
            case 2:
                raw[at:at] = chance.choice(
                    (b"\r\n", b"\n", b"\x00", b":", b"\xff", b" ", b"\t", b"x: y\r\n", b"\r\n\r\n")
                )
            case _:
                raw[at:at] = raw[chance.randrange(head) : head][:40]
        head = min(head, len(raw) - 1)
    return Posted(what=f"a damaged head: {bytes(raw[:head])!r}", verbatim=bytes(raw), ends=True)
