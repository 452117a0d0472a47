"""Raw requests over HTTP: a real `serve` process with static tokens, which answers a known call after each of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import anyio

from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from tests.http.service import ServiceProcess, make_token, service_process
from tests.processes import loopback_github
from tests.prove.fuzz_caller import Answer, Caller, session_of
from tests.prove.fuzz_frames import DAMAGED, MIB, Frame
from tests.prove.fuzz_requests import Posted, requests_for
from tests.prove.fuzz_stdio import Frames, frames_for
from tests.prove.fuzz_verdict import faults_in, memory, refused, wrong_id
from tests.prove.fuzz_weights import HEAVIEST, Scale, heavy
from tests.prove.fuzz_wire import GOOD, HANDSHAKE, MODERN, PATIENCE, good_call, is_good, opening
from tests.prove.parts import Size

GROWTH = 48.0
"""MiB by which the process may be larger after it all. It reads no more than 8 MiB of a body, and keeps one."""
SESSIONS = 20
"""How many the service may have open."""
_REFUSED_BY_SDK = ("Parse error", "Body must be a single JSON-RPC request or notification object")
_BEARABLE = 7 * MIB


async def fuzz_http(size: Size, count: int, sizes: tuple[int, ...]) -> tuple[Frames, Sequence[tuple[str, object]]]:
    """Send so many messages in each era to one process, then everything HTTP can do wrong, then too many sessions.

    Args:
        size: where chance begins.
        count: how many messages for each era.
        sizes: of the huge ones, in bytes.

    Returns:
        What came of it, and rows about what single messages made the process hold.
    """
    found = Frames()
    rows: Sequence[tuple[str, object]] = ()
    with tempfile.TemporaryDirectory() as folder, loopback_github(SandboxOptions(limits=False)) as github:
        place = Path(folder)
        token = make_token(place / "tokens")
        options = ("--tokens", str(place / "tokens"), "--store", str(place / "store"), "--confirm", "never")
        with service_process(
            *options,
            *("--org", "octo-org", "--max-sessions", str(SESSIONS)),
            GITHUB_API_URL=github.url,
            GITHUB_TOKEN=ADMIN_TOKEN,
        ) as service:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(anyio.to_thread.run_sync, _listen, service)
                try:
                    rows = await _all_of_it(Trial(Caller(service, token), found), size, count, sizes)
                except TimeoutError:
                    found.faults.append("HTTP: it hangs, and nothing more was tried")
                finally:
                    service.stop()  # which ends the listening too
            if (status := service.process.wait(PATIENCE)) != 0:
                found.faults.append(f"HTTP: the process ended with {status}")
            log = "".join(service.said)
            if "Traceback" in log:
                at = log.index("Traceback")
                found.faults.append(f"HTTP: a traceback in the log: {log[max(0, at - 300) : at + 1500]}")
        found.faults += [f"HTTP: {sent} left" for sent in github.writes]
    return found, rows


def _listen(service: ServiceProcess) -> None:
    assert service.process.stderr
    for line in service.process.stderr:
        service.said.append(line)


async def _all_of_it(trial: Trial, size: Size, count: int, sizes: tuple[int, ...]) -> Sequence[tuple[str, object]]:
    await trial.open()
    await trial.good("the first call")
    pid = trial.caller.service.process.pid
    before = memory(pid)
    for era in (MODERN, HANDSHAKE):
        chance = Random(f"{size.seed} http {era}")  # noqa: S311 - to be had again
        for frame in frames_for(era, size, count, chance, sizes):
            await trial.message(era, frame)
    chance = Random(f"{size.seed} requests")  # noqa: S311 - likewise
    for posted in requests_for(trial.caller.host, trial.session, chance, size):
        await trial.request(posted)
    await trial.too_many_sessions()
    after = memory(pid)
    if after is not None:
        after = replace(after, peak=max(after.peak, trial.scale.peak))
    trial.found.look_at_growth("HTTP", before, after, GROWTH)
    for era in (MODERN, HANDSHAKE):
        for frame in heavy(era):
            await trial.message(era, frame)
    await _again_and_again(trial, pid)
    return trial.scale.rows()


async def _again_and_again(trial: Trial, pid: int) -> None:
    """Send the heaviest more often: what Python keeps of it, it uses again."""
    [frame] = [frame for frame in heavy(HANDSHAKE) if frame.what == HEAVIEST]
    for _ in range(3):
        await trial.message(HANDSHAKE, frame)
    before = memory(pid)
    for _ in range(6):
        await trial.message(HANDSHAKE, frame)
    trial.found.look_at_growth("HTTP, the heaviest again and again", before, memory(pid), GROWTH)


class Trial:
    """Everything that is sent to one service, and what came of it."""

    def __init__(self, caller: Caller, found: Frames) -> None:
        self.caller = caller
        self.found = found
        self.scale = Scale(caller.service.process.pid)
        self.session = ""

    async def open(self) -> None:
        """Open the session in which the client of 2025 asks."""
        await self._until_it_listens()
        self.session = session_of(await self.caller.open_session()) or ""
        assert self.session
        await self.caller.post(HANDSHAKE, opening()[1], self.session)

    async def _until_it_listens(self) -> None:
        """Wait: the log says that the service has started just before its port takes connections."""
        with anyio.fail_after(PATIENCE):
            while True:
                try:
                    await (await anyio.connect_tcp(*self.caller.address)).aclose()
                except OSError:
                    await anyio.sleep(0.01)
                else:
                    return

    async def message(self, era: str, frame: Frame) -> None:
        """Post a message, right as HTTP goes, and the known call after it."""
        self.found.damaged += frame.what == DAMAGED
        for body in frame.body.split(b"\n") if frame.answers > 1 else [frame.body]:
            self.scale.set_down()
            await self._message(era, replace(frame, body=body))
            if too_much := self.scale.lift(f"{era}, {frame.what[:40]}", len(body)):
                self._fault(f"{era}, {frame.what}", too_much)
        await self.good(f"{era}, {frame.what}")

    async def _message(self, era: str, frame: Frame) -> None:
        session = self.session if era == HANDSHAKE else None
        raw = self.caller.request(Posted.of(era, frame.body, session, _name_in(frame.body)))
        answer = await self._exchanged(f"{era}, {frame.what}", raw)
        if answer is None:
            return
        if answer.status == 0 and len(frame.body) > _BEARABLE:
            return  # a client that sends that much may find the connection closed before it looks for an answer
        if frame.owed == "answer" and not answer.messages:
            self._fault(f"{era}, {frame.what}", f"no answer: {answer.head[:80]!r} {answer.body[:200]!r}")
        for message in answer.messages:
            if "method" not in message and wrong_id(frame.body, message) and not _says_no_id(era, answer, message):
                self._fault(f"{era}, {frame.what}", f"another id: {answer.body[:200]}")

    async def request(self, posted: Posted) -> None:
        """Send what is wrong as HTTP or in its headers, and the known call after it."""
        raw = self.caller.request(posted)
        answer = await self._exchanged(posted.what, raw, ends=posted.ends, only_head=posted.only_head)
        if answer is not None and posted.wanted and answer.status not in posted.wanted:
            self._fault(posted.what, f"answered with {answer.status}, not {posted.wanted}: {answer.body[:200]}")
        await self.good(posted.what)

    async def _exchanged(self, what: str, raw: bytes, *, ends: bool = False, only_head: bool = False) -> Answer | None:
        self.found.tried += 1
        try:
            answer = await self.caller.exchange(raw, ends=ends, only_head=only_head)
        except TimeoutError:
            self._fault(what, f"it hangs: {raw[:400]!r}")
            return None
        if answer.status >= 500:
            self._fault(what, f"answered with {answer.status}: {answer.body[:300]}")
        for message in answer.messages or [{}]:
            for fault in faults_in(message, f"{answer.head}\n{answer.body}"[: 2 * MIB]):
                self._fault(what, fault)
        done = 0 < answer.status < 400 and not any(refused(message) for message in answer.messages)
        self.found.answered["done" if done else "refused"] += 1
        return answer

    async def good(self, what: str) -> None:
        """Make the known call, in both eras in turn."""
        era = (MODERN, HANDSHAKE)[self.found.good % 2]
        try:
            answer = await self.caller.post(era, good_call(era), self.session if era == HANDSHAKE else None)
        except TimeoutError:
            self._fault(what, "the call after it hangs")
            raise
        self.found.good += 1
        told = [message for message in answer.messages if message.get("id") == GOOD]
        if not told or not is_good(told[0]):
            self._fault(what, f"the call after it is answered with {answer.status} {answer.body[:300]}")
            if era == HANDSHAKE:
                await self.open()

    async def too_many_sessions(self) -> None:
        """Open three times as many sessions as there may be: the caller's share of them stays, and calls go on."""
        opened = [session_of(await self.caller.open_session()) for _ in range(3 * SESSIONS)]
        self.found.tried += len(opened)
        if None in opened:
            self._fault("too many sessions", "one was refused, though the caller has others that are not in use")
        told = [(one, await self.caller.post(HANDSHAKE, good_call(HANDSHAKE), one)) for one in opened]
        alive = [one for one, answer in told if answer.status != 404]
        if alive != opened[-SESSIONS // 4 :]:
            self._fault("too many sessions", f"{len(alive)} go on, not the newest {SESSIONS // 4}")
        await self.open()  # its own was one of those that had gone unused
        await self.good("too many sessions")
        await self.good("too many sessions")

    def _fault(self, what: str, why: str) -> None:
        self.found.faults.append(f"HTTP, {what[:80]}: {why}")


def _says_no_id(era: str, answer: Answer, message: Any) -> bool:
    """Tell whether null is right for an id: of a body too large to be read, and where the SDK refuses by itself."""
    if message.get("id") is not None or "error" not in message:
        return False
    return answer.status == 413 or (era == MODERN and message["error"].get("message") in _REFUSED_BY_SDK)


def _name_in(body: bytes) -> str | None:
    """Return which tool a message names, as a client of today writes it into the headers too."""
    return "get_campaign" if b'"get_campaign' in body else "delete_campaign" if b'"delete_campaign' in body else None
