"""Raw frames over stdio: a real process, which answers a known call after each of them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from server.messages import LARGEST_MESSAGE
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from tests.processes import environment, loopback_github
from tests.prove.fuzz_frames import DAMAGED, MIB, Frame, damaged, huge, no_json, no_message, no_sense
from tests.prove.fuzz_verdict import Memory, faults_in, memory, refused, wrong_id
from tests.prove.fuzz_weights import HEAVIEST, TOO_LONG, Scale, heavy
from tests.prove.fuzz_wire import GOOD, HANDSHAKE, MODERN, PATIENCE, good_call, is_good, opening
from tests.prove.parts import Size

GROWTH = 64.0
"""MiB by which a process may be larger after it all. The largest frames have 64 MiB, of which stdio keeps none."""
_LONGEST_LINE = 256 * MIB
_SOME, _MORE = 12, 8
"""Times that the heaviest is sent: until the process has what it needs for it, of which Python takes the last step now
sooner, now later (forty times have shown the eighth as the latest), and then to see that it stays so."""
_DAMAGED = 10
"""So many damaged frames at least."""


@dataclass
class Frames:
    """What came of raw frames.

    Attributes:
        damaged: how many of them were damaged ones.
        answered: how often what was refused and what was done after all.
        grown: the memory of each process before and after; None where the system does not say.
        weights: rows about what single messages made a process hold.
    """

    tried: int = 0
    damaged: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    good: int = 0
    grown: dict[str, tuple[Memory, Memory] | None] = field(default_factory=dict)
    weights: list[tuple[str, object]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def look_at_growth(self, what: str, before: Memory | None, after: Memory | None, bound: float) -> None:
        """Note what a process held before and after, and that it is too much more."""
        self.grown[what] = (before, after) if before and after else None
        if before and after and after.held - before.held > bound:
            self.faults.append(f"{what}: from {before.held:.0f} MiB to {after.held:.0f} MiB, more than {bound:.0f} MiB")


def frames_for(era: str, size: Size, count: int, chance: Random, sizes: tuple[int, ...]) -> Iterator[Frame]:
    """Yield every kind of frame once, or a tenth of them, huge ones, then damaged ones up to the count, or ten."""
    kinds = [*no_json(era), *no_message(era), *no_sense(era)]
    chance.shuffle(kinds)
    if size.share <= 0.2:
        kinds = kinds[: len(kinds) // 10]
    kinds += huge(era, sizes)
    yield from kinds
    for _ in range(max(_DAMAGED, count - len(kinds))):
        yield damaged(era, chance)


class Pipes:
    """A client's end of a process's stdin and stdout."""

    def __init__(self, process: Process) -> None:
        assert process.stdin
        assert process.stdout
        self.process = process
        self._stdin = process.stdin
        self._lines = BufferedByteReceiveStream(process.stdout)
        self.stderr = ""

    async def send(self, frame: bytes) -> None:
        """Send lines."""
        await self._stdin.send(frame + b"\n")

    async def line(self) -> str:
        """Return the next line."""
        return (await self._lines.receive_until(b"\n", _LONGEST_LINE)).decode()

    async def drain(self) -> None:
        """Keep what the process says on stderr."""
        assert self.process.stderr
        async for part in self.process.stderr:
            self.stderr = (self.stderr + part.decode(errors="replace"))[-1_000_000:]


@asynccontextmanager
async def _process(url: str, *arguments: str) -> AsyncIterator[Pipes]:
    command = [sys.executable, "-m", "security_campaigns_mcp", "--org", "octo-org", *arguments]
    environ = environment(GITHUB_API_URL=url, SECURITY_CAMPAIGNS_NO_STORE="1", GITHUB_TOKEN=ADMIN_TOKEN)
    async with await anyio.open_process(command, env=environ) as process, anyio.create_task_group() as tasks:
        pipes = Pipes(process)
        tasks.start_soon(pipes.drain)
        try:
            yield pipes
            assert process.stdin
            await process.stdin.aclose()
            with anyio.move_on_after(PATIENCE):  # what does not end is killed, which its status tells
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            tasks.cancel_scope.cancel()


async def fuzz_stdio(size: Size, count: int, sizes: tuple[int, ...]) -> Frames:
    """Send so many frames to a process of each era. Nobody is asked before a write, and there must be none.

    Args:
        size: where chance begins.
        count: how many frames for each era.
        sizes: of the huge ones, in bytes.
    """
    found = Frames()
    for era in (MODERN, HANDSHAKE):
        chance = Random(f"{size.seed} stdio {era}")  # noqa: S311 - to be had again
        with loopback_github(SandboxOptions(limits=False)) as github:
            async with _process(github.url, "--confirm", "never") as pipes:
                await _open(pipes, era)
                await _good_one(pipes, era)
                frames = frames_for(era, size, count, chance, sizes)
                await _all_of_them(pipes, era, frames, found, every=size.share >= 0.5)
            if pipes.process.returncode != 0:
                found.faults.append(f"stdio, {era}: the process ended with {pipes.process.returncode}")
            if "Traceback" in pipes.stderr:
                found.faults.append(f"stdio, {era}: a traceback in the log: {pipes.stderr[-800:]}")
            found.faults += [f"stdio, {era}: {sent} left" for sent in github.writes]
    return found


async def _all_of_them(pipes: Pipes, era: str, frames: Iterable[Frame], found: Frames, *, every: bool) -> None:
    pid = pipes.process.pid
    scale = Scale(pid, f"stdio, {era}")
    before = memory(pid)
    if not await _weighed(pipes, era, frames, found, scale):
        return
    after = memory(pid)
    if after is not None:
        after = replace(after, peak=max(after.peak, scale.peak))
    found.look_at_growth(f"stdio, {era}", before, after, GROWTH)
    weighty = [frame for frame in heavy(era) if every or frame.what in (HEAVIEST, TOO_LONG)]
    if await _weighed(pipes, era, weighty, found, scale) and every:
        [heaviest] = [frame for frame in weighty if frame.what == HEAVIEST]
        await _again_and_again(pipes, era, heaviest, found, scale)
    found.weights += scale.rows()


async def _again_and_again(pipes: Pipes, era: str, frame: Frame, found: Frames, scale: Scale) -> None:
    """Send the heaviest more often. Python gives some of it back, now more, now less: the most that it holds counts."""
    held: list[Memory] = []
    for _ in range(_SOME + _MORE):
        await _weighed(pipes, era, [frame], found, scale)
        if (now := memory(pipes.process.pid)) is not None:
            held.append(now)
    before, after = (max(part, key=lambda each: each.held, default=None) for part in (held[:_SOME], held[_SOME:]))
    found.look_at_growth(f"stdio, {era}, the heaviest again and again", before, after, GROWTH)


async def _weighed(pipes: Pipes, era: str, frames: Iterable[Frame], found: Frames, scale: Scale) -> bool:
    """Send frames and weigh what each of them takes; return False when the process is of no more use."""
    for frame in frames:
        scale.set_down()
        alive = await _try(pipes, era, frame, found)
        if not alive:
            return False
        if too_much := scale.lift(frame.what[:40], len(frame.body)):
            found.faults.append(f"stdio, {era}, {frame.what}: {too_much}")
    return True


async def _open(pipes: Pipes, era: str) -> None:
    if era == HANDSHAKE:
        first, then = opening()
        await pipes.send(first)
        with anyio.fail_after(PATIENCE):
            assert "serverInfo" in await pipes.line()
        await pipes.send(then)


async def _good_one(pipes: Pipes, era: str) -> bool:
    await pipes.send(good_call(era))
    with anyio.fail_after(PATIENCE):
        return is_good(json.loads(await pipes.line()))


async def _try(pipes: Pipes, era: str, frame: Frame, found: Frames) -> bool:
    """Send a frame and the known call; return False when the process is of no more use."""
    told: list[tuple[Any, str]] = []
    good: Any = None

    def owing() -> bool:
        return frame.owed == "answer" and len(told) < frame.answers

    def fault(what: str) -> None:
        found.faults.append(f"stdio, {era}, {frame.what}: {what}")

    found.tried += 1
    found.damaged += frame.what == DAMAGED
    try:
        with anyio.fail_after(PATIENCE):
            await pipes.send(frame.body)
            await pipes.send(good_call(era))
            while good is None or owing():
                line = await pipes.line()
                answer = json.loads(line)
                if answer.get("id") == GOOD:
                    good = answer
                else:
                    told.append((answer, line))
    except TimeoutError:
        fault(f"{'no answer' if good else 'the call after it hangs'}: {frame.body[:200]!r}")
        return good is not None
    except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
        fault("the process has gone")
        return False
    found.good += 1
    found.answered.update("refused" if refused(answer) else "done" for answer, _ in told)
    for what in _wrong(frame, good, told):
        fault(what)
    return True


def _wrong(frame: Frame, good: Any, told: list[tuple[Any, str]]) -> Iterator[str]:
    """Yield what is wrong with the answers to a frame, and with that to the known call after it."""
    if not is_good(good):
        yield f"the call after it is answered with {str(good)[:300]}"
    if frame.owed == "nothing" and told:
        yield f"nothing was to be answered, but {told[0][1][:300]}"
    for answer, line in told:
        if len(frame.body) > LARGEST_MESSAGE:
            if answer.get("id") is not None or str(LARGEST_MESSAGE) not in str(answer.get("error")):
                yield f"it is too long, but {line[:200]}"
        elif wrong_id(frame.body, answer) or (frame.id is not None and answer.get("id") not in (frame.id, None)):
            yield f"another id: {line[:200]}"
        yield from faults_in(answer, line if len(line) < MIB else line[:1000])
