"""A process that publishes: python -m tests.store.writer PATH FIRST COUNT, or PATH FIRST and then it waits."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from server.store.store import Store
from tests.store.samples import CREATED, HOST, publication


async def publish(path: Path, first: int, count: int) -> None:
    store = Store(HOST, path)
    for number in range(first, first + count):
        await store.published(await store.intend(publication(name=f"Campaign {number}")), number, CREATED)
    sys.stdout.write("published\n")


async def intend_and_wait(path: Path, number: int) -> None:
    await Store(HOST, path).intend(publication(name=f"Campaign {number}"))
    sys.stdout.write("intended\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    file, beginning, *counted = sys.argv[1:]
    if counted:
        anyio.run(publish, Path(file), int(beginning), int(counted[0]))
    else:
        anyio.run(intend_and_wait, Path(file), int(beginning))
