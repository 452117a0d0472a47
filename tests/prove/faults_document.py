"""`docs/reliability.md`, made of the table that the proof holds the server to."""

from __future__ import annotations

from collections.abc import Sequence

from server.github.redirects import MOST_REDIRECTS
from server.github.retries import MOST_TRIES
from tests.prove.faults_kinds import LARGE, OUTCOMES, TOOLS, WAYS, WRITES, Fault, Way
from tests.prove.faults_table import FAULTS
from tests.prove.faults_time import Times

_HEAD = """\
# What comes of faults between this server and GitHub

Made by `python -m tests.prove.faults --write docs/reliability.md` from the table that `make prove` holds the server
to, over real sockets; a test sees to it that the two are the same. `make test` tries a third of it.

In every case, and tried in every case:

- no campaign is made twice. A request that creates is sent again only when it cannot have reached GitHub, or GitHub
  said that it did nothing; one that changes or deletes leaves the same when it is done again, and no other is sent;
- an error of a write ends with what is certain: that it was not made, or that this is not known;
- the audit has one record of it, which says the same;
- a request is waited for no longer than the next section says, and a failed one is sent {tries} times at most;
- the token goes to no other host, and neither it nor anything of this program's inside is in the text;
- the next call works, as soon as the fault is over: a write that was made is not made again, one that was not is.

## How long a call can take

Two settings decide it (`server/settings.py`): one try of a request takes T = {limit:g} s at most (`timeout`), and a
request waits P = {patience:g} s at most for repeats and limits (`patience`). Tries count towards P too: no try begins
after a failure or a limit when P has passed. One that has begun may take T, for a write is never cut short, which
would leave in doubt what came of it. A creation without a clear answer looks for its campaign {looks}, after
{pauses} s, and reads what it found; all that shares the P of the creation.

| from the request on that a fault begins with | at most | s | when nothing is answered any more, s |
|---|---|---|---|
| a read, a change, a deletion | P + T | {request:g} | {hanging:g} |
| a creation with its looks | P + T + {looked} (pause + T) + T | {creation:g} | {hanging_creation:g} |

A call sends its requests one after the other, the pages of alerts some at a time, and so takes that for each of them
at most. A request that fails for good ends its call, or, in the middle of a large reading, that reading. The call goes
on without what it can do without, and says so: what became of earlier writes, which alerts were fixed. Three things
come on top: a write waits for its turn among the other writes with its token, P at most; a redirect within GitHub
({redirects} at most) and a renewed token (once) are followed at once, by one more try of T at most each; and a GitHub
App first asks for a token where it has none that lasts, in two requests.

`make prove` measures each cell of the tables: the waits, and T for each try that hung. It holds that to the first
column of seconds, and where answers do not come to the second; with a fifth of T and of P there, since that is waited
for in earnest.

## What can come of it

| word | meaning |
|---|---|
"""
_TITLES: dict[Way, str] = {
    "once": "A fault that passes",
    "lasting": "A fault that lasts",
    "first": "Before anything is written",
    "midway": "In the middle of a large reading",
}
_TAIL = """
## At random

`make prove` also makes 1,000 creations, 1,000 changes and 1,000 deletions. A fault of the above, chosen by chance,
begins with the request that writes, or with any other, and befalls 1 request or up to 100 in a row. What the
callers are told is held against what GitHub has: as many campaigns are made as are told to be, those apart of which it
is told that it is not known; what is told not to be made is not; and nothing is made twice. The audit says the same;
what was not known is looked for later, and what is found then is true too.
"""


def document() -> str:
    """Return the whole document."""
    times = Times()
    number = len(times.looks)
    head = _HEAD.format(
        limit=times.limit,
        patience=times.patience,
        tries=MOST_TRIES,
        redirects=MOST_REDIRECTS,
        pauses=" and ".join(f"{pause:g}" for pause in times.looks),
        looks={1: "once", 2: "twice"}.get(number, f"{number} times"),
        looked=number,
        request=times.request,
        creation=times.creation,
        hanging=times.hanging,
        hanging_creation=times.hanging_creation,
    )
    words = "".join(f"| {word} | {meaning} |\n" for word, meaning in OUTCOMES.items())
    tables = "".join(_table(way) for way in WAYS)
    return f"{head}{words}{tables}{_faults()}{_TAIL}"


def _table(way: Way) -> str:
    tools = {"once": TOOLS, "lasting": TOOLS, "first": WRITES, "midway": LARGE}[way]
    lines = [f"\n## {_TITLES[way]}\n", f"{WAYS[way]}.\n", _row(["fault", *(f"`{tool}`" for tool in tools)])]
    lines.append("|---" * (len(tools) + 1) + "|")
    for fault in FAULTS:
        came = [fault.expected(way, tool) for tool in tools]
        if any(came):
            lines.append(_row([fault.name, *(outcome or "" for outcome in came)]))
    return "\n".join(lines) + "\n"


def _faults() -> str:
    lines = ["\n## The faults\n", _row(["fault", "what happens", "the request is carried out", "the error says"])]
    lines.append("|---|---|---|---|")
    lines += [
        _row([fault.name, fault.does, _applied(fault), f'"{fault.says}"' if fault.says else ""]) for fault in FAULTS
    ]
    return "\n".join(lines) + "\n"


def _applied(fault: Fault) -> str:
    return "" if fault.applied is None else "yes" if fault.applied else "no"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
