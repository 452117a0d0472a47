"""A process that uses a store, told what to do in words: python -m tests.store.writer PLACE publish FIRST COUNT.

Or PLACE intend NUMBER, and then it waits; or PLACE note FIRST SECONDS: it notes readings that all differ, at least
LOOK_EACH of them however slow the machine is, says the number of each that was kept, and looks whether they are there.

Or PLACE die FIRST MOMENTS, or PLACE make FIRST MOMENTS: it has children of its own that are killed on their way.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path

import anyio

from server.domain.snapshots import Reading
from server.store.history import History
from server.store.store import Store
from tests.store.samples import AT, CREATED, HOST, database_at, numbered, publication, snapshot, store_at

LOOK_EACH = 10
IN_A_ROW = 5


async def publish(store: Store, first: int, count: int) -> None:
    for number in range(first, first + count):
        await store.published(await store.intend(publication(name=f"Campaign {number}")), number, CREATED)
    say("published")


async def intend(store: Store, number: int) -> None:
    await store.intend(publication(name=f"Campaign {number}"))
    say("intended")
    sys.stdin.read()


async def note(store: Store, first: int, seconds: int) -> None:
    until, number = time.monotonic() + seconds, first
    while number < first + LOOK_EACH or time.monotonic() < until:
        if await store.note("octo-org", 7, CREATED, snapshot(AT + timedelta(seconds=number), open_count=number)):
            say(str(number))
        number += 1
        if number % LOOK_EACH == 0:
            known = {each.open_count for each in await store.history("octo-org", 7, CREATED)}
            assert known >= set(range(first, number))
    say("noted")


def keep(place: Path | str, numbers: Iterable[int], die_at: int | None = None) -> int:
    """Keep readings in a store that is opened for it; return how often a function was called or left on the way.

    Args:
        place: where.
        numbers: of the readings.
        die_at: which of these events this process does not survive.
    """
    database, events = database_at(place), 0
    history = History(database, HOST)

    def count(*_: object) -> None:
        nonlocal events
        events += 1
        if events == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    try:
        for number in numbers:
            reading = snapshot(AT + timedelta(seconds=number), open_count=number)
            history.note("octo-org", [Reading(7, CREATED, reading)])
        database.close()
    finally:
        sys.setprofile(None)
    return events


def killed(work: Callable[[int], object], moment: int) -> None:
    """Do something in a child that is killed meanwhile, and say so."""
    child = os.fork()
    if not child:
        work(moment)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    say("killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else f"ended with {status}")


def die(place: Path | str, first: int, moments: int) -> None:
    """Have each child keep a reading and say its number, and be killed while it keeps IN_A_ROW more, each later on."""

    def row(moment: int) -> range:
        return range(first + (1 + IN_A_ROW) * moment, first + (1 + IN_A_ROW) * (moment + 1))

    def work(moment: int) -> None:
        said, *others = row(moment)
        keep(place, [said])
        say(str(said))
        keep(place, others, events * moment // moments)

    *_, events = (keep(place, numbers) for numbers in ([first], [first + 1], row(moments)[1:]))  # at first it is more
    for moment in range(1, moments):
        killed(work, moment)


def make(place: Path | str, first: int, moments: int) -> None:
    """Have each child be killed while it makes a store of its own and keeps a reading in it, later and later."""
    *_, events = (keep(numbered(place, number), [first]) for number in (0, moments))  # at first it is more
    for moment in range(1, moments):
        killed(lambda moment: keep(numbered(place, moment), [first], events * moment // moments), moment)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    where, what, *numbers = sys.argv[1:]
    target = where if "://" in where else Path(where)
    forking: dict[str, Callable[..., None]] = {"die": die, "make": make}
    works: dict[str, Callable[..., Awaitable[None]]] = {"publish": publish, "intend": intend, "note": note}
    if what in forking:
        forking[what](target, *map(int, numbers))
    else:
        store = store_at(target)
        anyio.run(works[what], store, *map(int, numbers))
        anyio.run(store.aclose)
