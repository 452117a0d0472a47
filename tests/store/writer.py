"""A process that uses a store, told what to do in words: python -m tests.store.writer PLACE publish FIRST COUNT.

Or PLACE intend NUMBER, and then it waits; or PLACE note FIRST SECONDS: it notes readings that all differ, says the
number of each that was kept, and looks whether they are there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import anyio

from server.store.store import Store
from tests.store.samples import AT, CREATED, publication, snapshot, store_at

LOOK_EACH = 10


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
    while time.monotonic() < until:
        if await store.note("octo-org", 7, CREATED, snapshot(AT + timedelta(seconds=number), open_count=number)):
            say(str(number))
        number += 1
        if number % LOOK_EACH == 0:
            known = {each.open_count for each in await store.history("octo-org", 7, CREATED)}
            assert known >= set(range(first, number))
    say("noted")


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    where, what, *numbers = sys.argv[1:]
    store = store_at(where if "://" in where else Path(where))
    works: dict[str, Callable[..., Awaitable[None]]] = {"publish": publish, "intend": intend, "note": note}
    anyio.run(works[what], store, *map(int, numbers))
    anyio.run(store.aclose)
