"""Lines over stdio to a real process: where they end, how long they may be, and which of them is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from server.messages import LARGEST_MESSAGE
from tests.processes import environment
from tests.prove.fuzz_json import dump
from tests.prove.fuzz_verdict import memory
from tests.prove.fuzz_wire import HANDSHAKE, envelope, opening

PING = b'{"jsonrpc":"2.0","id":"after","method":"ping"}'
TOO_LONG = f"The message is longer than {LARGEST_MESSAGE} bytes. Nothing was done; send less in one call."


class Process:
    """A server with pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self.pid = process.pid
        self._in: IO[bytes] = process.stdin
        self._out: IO[bytes] = process.stdout

    def answer_to(self, text: bytes) -> Any:
        """Send it, and return the next that is answered to anything."""
        self.send(text)
        return self.answer()

    def answer(self) -> Any:
        """Return the next that is answered."""
        return json.loads(self._out.readline())

    def last_answers(self) -> list[Any]:
        """Close stdin, and return what is answered before the end."""
        self._in.close()
        return [json.loads(line) for line in self._out]

    def send(self, text: bytes) -> None:
        self._in.write(text)
        self._in.flush()


@contextmanager
def process() -> Iterator[Process]:
    """Start one without coming to terms with it: it answers a ping all the same."""
    with subprocess.Popen(
        [sys.executable, "-m", "security_campaigns_mcp", "--sandbox", "--no-store"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    ) as started:
        yield Process(started)


def padded(length: int) -> bytes:
    return PING.replace(b",", b" " * (length - len(PING)) + b",", 1)


def test_a_line_ten_times_as_long_as_a_message_may_be_is_refused_and_never_kept() -> None:
    with process() as server:
        assert server.answer_to(PING + b"\n")["id"] == "after"
        before = memory(server.pid)
        refused = server.answer_to(b"x" * (10 * LARGEST_MESSAGE) + b"\n")
        after = memory(server.pid)
        assert server.answer_to(PING + b"\n") == {"jsonrpc": "2.0", "id": "after", "result": {}}
    assert refused == {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": TOO_LONG}}
    if before and after:
        assert after.peak - before.peak < 5


def test_the_bound_holds_for_the_message_alone_and_not_for_the_end_of_its_line() -> None:
    with process() as server:
        for end in (b"\n", b"\r\n"):
            assert server.answer_to(padded(LARGEST_MESSAGE) + end)["id"] == "after"
            assert server.answer_to(padded(LARGEST_MESSAGE + 1) + end)["error"]["message"] == TOO_LONG
            assert server.answer_to(padded(LARGEST_MESSAGE + 2) + end)["error"]["message"] == TOO_LONG
            assert server.answer_to(padded(2 * LARGEST_MESSAGE + 4) + end)["error"]["message"] == TOO_LONG
        assert server.answer_to(PING + b"\r\n")["id"] == "after"


def test_only_a_line_feed_ends_a_line() -> None:
    breaks = "\u2028\u2029\u0085"
    with process() as server:
        named = f'{{"jsonrpc":"2.0",\r"id":"a{breaks}b",\r\r"method":"ping"}}\r\n\r\n\n'
        assert server.answer_to(named.encode()) == {"jsonrpc": "2.0", "id": f"a{breaks}b", "result": {}}
        assert server.answer_to(PING + b"\n")["id"] == "after"
        for mark in ("\x0b", "\x0c", "\x1c", "\r"):  # none of which a text in JSON may hold as it is
            refused = server.answer_to(PING.replace(b"after", b"a" + mark.encode() + b"b") + b"\n")
            assert (refused["id"], refused["error"]["code"]) == (None, -32700)
        assert server.answer_to(PING + b"\n")["id"] == "after"


def test_a_client_that_goes_in_the_middle_of_a_long_line_is_told_before_the_process_ends() -> None:
    with process() as server:
        server.send(b"x" * (2 * LARGEST_MESSAGE))
        assert [each["error"]["message"] for each in server.last_answers()] == [TOO_LONG]


def listing(era: str, **id_: Any) -> bytes:
    """Write a request of that era, or with no id what would be one."""
    return dump({"jsonrpc": "2.0", "method": "tools/list", "params": envelope(era), **id_}).encode() + b"\n"


@contextmanager
def begun(era: str) -> Iterator[Process]:
    """Start one that has come to terms with a client of that era."""
    with process() as server:
        if era == HANDSHAKE:
            first, then = opening()
            assert "serverInfo" in server.answer_to(first + b"\n")["result"]
            server.send(then + b"\n")
        assert "tools" in server.answer_to(listing(era, id="before"))["result"]
        yield server


def test_a_request_whose_id_is_none_is_refused(era: str) -> None:
    with begun(era) as server:
        strange: tuple[Any, ...] = (None, 1.5, True, [], {})
        for none in strange:
            refused = server.answer_to(listing(era, id=none) + listing(era, id="after"))
            assert (refused["id"], refused["error"]["code"]) == (None, -32600)
            assert "its id is neither text nor a whole number" in refused["error"]["message"]
            assert server.answer()["id"] == "after"


def test_what_has_no_id_is_never_answered(era: str) -> None:
    silent = (
        listing(era),
        b'{"jsonrpc":"2.0","method":"notifications/of-their-own","params":{"id":7}}\n',
        b'{"jsonrpc":"2.0","id":null,"method":"notifications/roots/list_changed"}\n',
    )
    with begun(era) as server:
        for notification in silent:
            assert server.answer_to(notification + listing(era, id="after"))["id"] == "after"


def test_a_message_that_is_refused_is_not_kept_until_python_looks_for_garbage() -> None:
    many = b"{}," * ((LARGEST_MESSAGE - 100) // 3)  # each of them becomes an object
    refused = b'{"jsonrpc":"2.0","id":"w","method":"tools/call","params":[' + many + b"0]}\n"
    with process() as server:
        held = []
        for _ in range(5):
            assert server.answer_to(refused)["error"]["code"] == -32600
            assert server.answer_to(PING + b"\n")["id"] == "after"
            held.append(memory(server.pid))
    if held[1] is not None and held[-1] is not None:
        assert held[-1].held - held[1].held < 48
