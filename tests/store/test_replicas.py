"""Two servers that share a store: one answer is executed once, and one publishes what the other showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp_types import CallToolResult, InputRequiredResult

from server.sandbox.app import Sandbox
from tests.guards.scenarios import DELETE, ByHand, GuardedCall
from tests.harness import Case, Sent, accept, connected, text_of
from tests.store.samples import rows
from tests.tools.expected import frozen

pytestmark = pytest.mark.anyio

KEYS = (b"k" * 32,)
USED = "That answer was used already, and one answer is good for one execution"
CREATE = {
    "name": "Stop XSS in payments",
    "description": "Encode what you print.",
    "ends_at": "2099-01-08",
    "filter": {"template": "cross-site-scripting", "repositories": ["payments-*"]},
}
FEW = 3
"""Answers given at once to each of the servers."""


@asynccontextmanager
async def replicas(
    place: Path | str, sandbox: Sandbox | None = None, call: GuardedCall | None = None, **settings: Any
) -> AsyncIterator[list[Case]]:
    """Connect to two servers with one database, one key and one GitHub."""
    world = sandbox or frozen()
    given = {"store": place, "audit": "required", **(call.settings if call else {}), **settings}
    async with AsyncExitStack() as stack:
        stack.enter_context(anyio.fail_after(60))
        yield [
            await stack.enter_async_context(connected(person=accept(), sandbox=world, keys=KEYS, **given))
            for _ in range(2)
        ]


def write_count(cases: list[Case]) -> int:
    return sum(len(case.writes) for case in cases)


async def test_an_answer_is_executed_once_by_whichever_replica_gets_it_first(
    place: Path | str, guarded: GuardedCall
) -> None:
    async with replicas(place, call=guarded) as cases:
        asking, answering = (ByHand(case, guarded) for case in cases)
        question = await asking.ask()
        result = await answering.accept(question)
        assert isinstance(result, CallToolResult)
        assert not result.is_error, text_of(result)
        for client in (asking, answering):
            again = await client.accept(question)
            assert isinstance(again, CallToolResult)
            assert text_of(again).startswith(USED)
        assert write_count(cases) == 1
    outcomes = Counter(outcome for (outcome,) in rows(place, "SELECT outcome FROM audit"))
    assert outcomes == {"done": 1, "refused": 2}


async def test_answers_given_to_both_replicas_at_once_make_one_write(place: Path | str, guarded: GuardedCall) -> None:
    async with replicas(place, call=guarded) as cases:
        clients = [ByHand(case, guarded) for case in cases]
        question = await clients[0].ask()
        results: list[CallToolResult | InputRequiredResult] = []

        async def answer(client: ByHand) -> None:
            results.append(await client.accept(question))

        async with anyio.create_task_group() as tasks:
            for client in clients * FEW:
                tasks.start_soon(answer, client)
        done = [each for each in results if isinstance(each, CallToolResult) and not each.is_error]
        refused = [text_of(each) for each in results if isinstance(each, CallToolResult) and each.is_error]
        assert len(done) == 1
        assert len(refused) == 2 * FEW - 1
        assert all(text.startswith(USED) for text in refused)
        assert write_count(cases) == 1


async def test_a_store_that_cannot_tell_whether_an_answer_was_used_refuses_the_write(tmp_path: Path) -> None:
    place = tmp_path / "kept" / "store.sqlite3"
    async with replicas(place) as [case, _]:
        client = ByHand(case, DELETE)
        question = await client.ask()
        break_store(place)
        text = DELETE.refusal(await client.accept(question))
        assert case.writes == []
    assert text.startswith("Whether that answer was used already could not be looked up, so nothing was done. ")


def break_store(place: Path) -> None:
    """Put a file where the store's folder would be made."""
    assert not place.parent.exists()
    place.parent.write_text("no folder")


async def test_an_answer_with_which_nothing_was_done_is_good_once_the_store_is_back(
    tmp_path: Path, guarded: GuardedCall
) -> None:
    place = tmp_path / "kept" / "store.sqlite3"
    async with replicas(place, call=guarded) as [case, _]:
        client = ByHand(case, guarded)
        question = await client.ask()
        break_store(place)
        for _again in range(2):
            assert "could not be looked up, so nothing was done" in guarded.refusal(await client.accept(question))
        place.parent.unlink()
        result = await client.accept(question)
        assert isinstance(result, CallToolResult)
        assert not result.is_error, text_of(result)
        used = await client.accept(question)
        assert isinstance(used, CallToolResult)
        assert text_of(used).startswith(USED)
        assert len(case.writes) == 1


async def test_a_no_that_the_store_could_not_note_is_not_to_be_made_a_yes(tmp_path: Path) -> None:
    place = tmp_path / "kept" / "store.sqlite3"
    async with replicas(place) as [case, _]:
        client = ByHand(case, DELETE)
        question = await client.ask()
        break_store(place)
        DELETE.refusal(await client.decline(question))
        place.parent.unlink()
        result = await client.accept(question)
        assert isinstance(result, CallToolResult)
        assert text_of(result).startswith(USED)
        assert case.writes == []


async def test_what_one_replica_showed_another_publishes_without_reading_the_alerts_again(place: Path | str) -> None:
    async with replicas(place) as [showing, publishing]:
        preview = await showing.done("create_campaign", **CREATE, dry_run=True)
        await publishing.done("create_campaign", **CREATE, preview=preview["preview"])
        assert not [sent for sent in publishing.sent if "/code-scanning/" in sent.path]
        [write] = publishing.writes
    assert sum(len(pair["alert_numbers"]) for pair in write.body["code_scanning_alerts"]) == 11
    assert rows(place, "SELECT count(*) FROM publication_alerts WHERE severity IS NOT NULL") == [(11,)]


async def test_where_nothing_is_shared_the_other_replica_reads_the_alerts_again(place: Path | str) -> None:
    async with replicas(place, audit="kept") as [showing, publishing]:
        preview = await showing.done("create_campaign", **CREATE, dry_run=True)
        await publishing.done("create_campaign", **CREATE, preview=preview["preview"])
        assert [sent for sent in publishing.sent if "/code-scanning/" in sent.path]
    assert rows(place, "SELECT count(*) FROM selections") == [(0,)]


async def test_a_selection_that_another_version_kept_is_read_again(place: Path | str) -> None:
    async with replicas(place) as [showing, publishing]:
        preview = await showing.done("create_campaign", **CREATE, dry_run=True)
        rows(place, """UPDATE selections SET selection = replace(selection, '"repository_id"', '"repository"')""")
        await publishing.done("create_campaign", **CREATE, preview=preview["preview"])
        assert [sent for sent in publishing.sent if "/code-scanning/" in sent.path]


async def test_the_intent_is_in_the_database_when_the_request_arrives(place: Path | str, guarded: GuardedCall) -> None:
    found: list[tuple[Any, ...]] = []

    async def look(sent: Sent) -> None:
        if sent.method != "GET":
            found.extend(rows(place, "SELECT tool, outcome FROM audit"))

    async with replicas(place, call=guarded) as [case, _]:
        client = ByHand(case, guarded)
        question = await client.ask()
        case.recorder.hook = look
        await client.accept(question)
    assert found == [(guarded.tool, "intended")]
    assert rows(place, "SELECT outcome FROM audit") == [("done",)]
