"""A little of the proof that no write gets past the guard: that it holds, and what it found.

That it would notice a missing guard is in `test_guard_missing`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp.server.request_state import AESGCMRequestStateCodec

from server.http.settings import ServeSettings
from tests.guards.scenarios import CLOSE, DELETE, GUARDED, GuardedCall
from tests.harness import Sent
from tests.http.service import READ, answer_in, headers_of, make_token, post, replica, request_of
from tests.prove import guard
from tests.prove.guard_calls import draw
from tests.prove.guard_chance import Chance
from tests.prove.guard_decks import Attack, Talk
from tests.prove.guard_endings import accepted
from tests.prove.guard_rounds import Round
from tests.prove.guard_stages import Stage, memory_stage
from tests.prove.guard_states import spoiled_state
from tests.prove.guard_tally import Tally
from tests.prove.guard_together import (
    TOGETHER,
    TOGETHER_ENDING,
    TOGETHER_SESSIONS,
    at_most_once,
    forged_and_right_together,
)
from tests.prove.guard_wires import MODERN, Reply, envelope
from tests.prove.parts import SLICE

pytestmark = pytest.mark.anyio

STAGES_THAT_WRITE = 5


def unheard(_: str) -> None:
    """Nobody reads along."""


def tried(row: object) -> int:
    """Return how many attempts a row of the table tells of."""
    return int(str(row).partition(":")[0].replace(",", ""))


@asynccontextmanager
async def staged() -> AsyncIterator[tuple[guard.Attacker, Stage, Tally]]:
    """Begin at one stage, a process over stdio that asks before every write."""
    tally = Tally()
    async with anyio.create_task_group() as tasks:
        stage = memory_stage("here", "writes", tasks)
        await stage.learn()
        attacker = guard.Attacker(Chance(1), stage, tally)
        await attacker.prepare()
        yield attacker, stage, tally
        tasks.cancel_scope.cancel()


def test_no_spoiled_state_is_one_that_was_sealed() -> None:
    chance, codec = Chance(1), AESGCMRequestStateCodec([bytes(32)])
    for number in range(2_000):
        state, other = codec.seal(b"one"), codec.seal(b"the other")
        what, spoiled = spoiled_state(chance, state, other)
        assert spoiled not in (state, other), (number, what)


async def test_nothing_is_written_without_an_accepted_answer_and_each_accepted_answer_writes_once() -> None:
    found = await guard.prove(SLICE, unheard)
    assert found.faults == []
    assert found.tried >= SLICE.of(guard.CALLS)
    rows = dict(found.rows)
    # What an answer is bound to, in words that the table has for each of them.
    for kind in ("state of another call", "state at another process", "state expired", "the same answer again"):
        assert kind in rows
    assert "state at a replica as bert" in rows
    # What so short a run cannot leave to chance: at every stage the campaign is moved and the token replaced.
    for kind in ("changed at the last moment", "2025: answer about what has changed"):
        assert tried(rows[kind]) >= 2 * STAGES_THAT_WRITE
    for kind in ("a right answer where nothing is written", "2025: a right answer where nothing is written"):
        assert tried(rows[kind]) >= 2
    once, together = str(rows["control: accepted once"]), str(rows[f"control: {TOGETHER} at once"])
    assert "done 0" not in once
    assert "done 0" not in together
    assert "control: 2025: accepted once" in rows


@pytest.mark.parametrize("ending", TOGETHER_ENDING, ids=lambda ending: ending.__name__)
async def test_answers_at_the_same_moment_let_each_call_through_at_most_once(ending: Attack) -> None:
    async with staged() as (attacker, stage, tally):
        for _ in range(6):
            await attacker.modern(ending)
        guard.late([stage], tally)
    assert tally.faults == []
    assert sum(counts["done"] for counts in tally.accepted.values()) >= 1


@pytest.mark.parametrize("talk", TOGETHER_SESSIONS, ids=lambda talk: talk.__name__)
async def test_answers_at_the_same_moment_in_a_session_let_each_call_through_at_most_once(talk: Talk) -> None:
    async with staged() as (attacker, stage, tally):
        for _ in range(6):
            await attacker.legacy(talk)
        guard.late([stage], tally)
    assert tally.faults == []
    assert sum(counts["done"] for counts in tally.accepted.values()) >= 1


async def test_of_a_wrong_and_a_right_answer_at_once_sometimes_the_one_comes_first_and_sometimes_the_other() -> None:
    async with staged() as (attacker, _, tally):
        for _ in range(12):
            await attacker.modern(forged_and_right_together)
    counts = tally.accepted["forged and right together"]
    assert 0 < counts["done"] < counts["answers"] == 12
    assert counts["writes"] == counts["done"]


async def test_of_two_accepted_calls_at_once_github_may_refuse_the_slower_one_and_nothing_else_may_be_written() -> None:
    done = Reply({"result": {"content": []}})
    refused = Reply({"result": {"content": [{"type": "text", "text": "Campaign 6 is not found."}], "isError": True}})
    async with staged() as (attacker, stage, tally):
        deleting, closing = draw(attacker.chance, stage, DELETE), draw(attacker.chance, stage, CLOSE)
        made = [Sent(call.method, call.path, {}, dict(call.holds)) for call in (deleting, closing)]
        stage.recorders[0].sent.extend(made)
        at_most_once(stage, tally, "two", [(deleting, done), (closing, refused)], [], "here")
        assert tally.faults == []
        stage.recorders[0].sent.extend([*made, made[1]])
        at_most_once(stage, tally, "twice", [(deleting, done), (closing, refused)], [], "here")
        stage.recorders[0].sent.append(made[1])
        at_most_once(stage, tally, "alone", [(closing, refused)], [], "here")
    assert [fault.partition(",")[0] for fault in tally.faults] == ["twice", "alone"]


async def test_a_write_that_comes_after_the_last_answer_is_a_fault() -> None:
    async with staged() as (attacker, stage, tally):
        call = draw(attacker.chance, stage, DELETE)
        on = await Round.ask(attacker.chance, stage, tally, call, call)
        await on.send(**on.answer())  # and nobody looks what came of it
        guard.late([stage], tally)
    assert [fault.partition(":")[0] for fault in tally.faults] == ["after the last answer, here"]


# What the proof found: only the methods that can ask have their states verified, and states of others were spent.


@pytest.mark.parametrize("kind", GUARDED, ids=str)
async def test_a_state_in_a_method_that_asks_nothing_uses_up_no_answer(kind: GuardedCall) -> None:
    chance, tally = Chance(1), Tally()
    async with anyio.create_task_group() as tasks:
        stage = memory_stage("here", "writes", tasks)
        call = draw(chance, stage, kind)
        on = await Round.ask(chance, stage, tally, call, call)
        for method in ("tools/list", "completion/complete", "no/such/method"):
            params = {"name": call.tool, "_meta": envelope(), **on.answer()}
            await stage.home.send({"jsonrpc": "2.0", "method": method, "params": params})
        await accepted(on)
        tasks.cancel_scope.cancel()
    assert tally.faults == []
    assert tally.accepted["accepted once"] == {"answers": 1, "done": 1, "writes": 1}


async def test_states_that_somebody_invents_are_not_kept_as_used(tmp_path: Path) -> None:
    store, reader = tmp_path / "store.sqlite3", make_token(tmp_path / "tokens", "carl", READ)
    serve = ServeSettings(tokens=tmp_path / "tokens")
    with replica(serve, store=store, audit="required") as running:
        for number in range(3):
            invented = {"requestState": f"v1.{number}", "inputResponses": {"question": {"action": "accept"}}}
            asked = request_of(MODERN, "tools/list", **invented)
            assert "tools" in answer_in(post(running.url, asked, headers_of(MODERN, reader)))["result"]
    assert not store.exists()  # which is made by the first thing that is kept
