"""Input: everything offered with arguments of every kind, and frames of every kind over stdio and HTTP.

After each of them the same process must answer a known call rightly. No client may be told of the inside of a program,
no mistake of a client's may be this server's, nothing may leave for GitHub that a wrong call should not send, and no
process may have grown by more than its bound.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.prove.fuzz_frames import MIB
from tests.prove.fuzz_http import GROWTH as HTTP_GROWTH
from tests.prove.fuzz_http import fuzz_http
from tests.prove.fuzz_memory import Tally, fuzz_in_memory
from tests.prove.fuzz_openings import fuzz_openings
from tests.prove.fuzz_stdio import GROWTH as STDIO_GROWTH
from tests.prove.fuzz_stdio import Frames, fuzz_stdio
from tests.prove.fuzz_verdict import Memory
from tests.prove.parts import Findings, Say, Size

CALLS = 20_000
FRAMES = 800
"""For each era and transport."""

KNOWN_LIMITS = (
    (
        "stdio: a request in which thousands of brackets or digits nest",
        "is refused with the id null, since nobody can read the id",
    ),
    (
        "HTTP of 2026-07-28: a body that is no message",
        "is refused by the SDK with the id null, even where its id can be made out",
    ),
)
"""What is the SDK's (mcp 2.3) and stays. Tried beside it: what each line says."""


async def prove(size: Size, say: Say) -> Findings:
    """Fuzz all of it."""
    sizes = (MIB // 2, MIB, 8 * MIB, 64 * MIB) if size.share >= 0.5 else (MIB // 2, MIB)
    found = Findings("Calls and frames, right and wrong in every way known")
    say("fuzz: calls")
    calls = await fuzz_in_memory(size, size.of(CALLS, 40))
    openings = await fuzz_openings()
    say("fuzz: stdio")
    stdio = await fuzz_stdio(size, size.of(FRAMES, 10), sizes)
    say("fuzz: HTTP")
    http, weights = await fuzz_http(size, size.of(FRAMES, 10), sizes)
    found.tried = calls.tried + openings.tried + stdio.tried + http.tried
    found.faults = [*calls.faults, *openings.faults, *stdio.faults, *http.faults]
    if size.share >= 1:
        found.faults += calls.never()
    found.rows = [*_of_calls(calls), ("ways to begin a connection", openings.tried)]
    found.rows += [*_of_frames("stdio", stdio, STDIO_GROWTH), *_of_frames("HTTP", http, HTTP_GROWTH)]
    found.rows += [*calls.weights, *stdio.weights, *weights]
    found.rows += [(f"known limit: {what}", why) for what, why in KNOWN_LIMITS]
    return found


def _of_calls(calls: Tally) -> Sequence[tuple[str, object]]:
    kinds = sorted(calls.offered)
    return [
        ("calls in memory, in both eras", f"{calls.tried:,}"),
        *((f"{kind}: done, refused", f"{calls.done[kind]:,}, {calls.refused[kind]:,}") for kind in kinds),
        ("results held against the tool's published schema", f"{calls.validated:,}"),
        ("questions answered wrongly", f"{calls.questions:,}"),
        ("writes that left, all from sound calls where nobody is asked", f"{calls.writes:,}"),
    ]


def _of_frames(way: str, frames: Frames, bound: float) -> Sequence[tuple[str, object]]:
    return [
        (f"frames over {way}, each followed by a known call", f"{frames.tried:,}"),
        (f"{way}: damaged ones among them", frames.damaged),
        (f"{way}: refused, done after all", f"{frames.answered['refused']:,}, {frames.answered['done']:,}"),
        *(
            (f"{what}: memory in MiB, at most {bound:.0f} more", _of_memory(grown))
            for what, grown in frames.grown.items()
        ),
    ]


def _of_memory(grown: tuple[Memory, Memory] | None) -> str:
    if grown is None:
        return "not measured"
    before, after = grown
    return f"{before.held:.0f}, then {after.held:.0f}; in between {after.peak:.0f}"
