"""The proof notices when a guard is missing: each is taken away in turn, and then something must get through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup
from mcp.server import request_state
from mcp.server.mcpserver import resolve
from pydantic import MISSING

from server.guards import one_use
from server.guards.policy import Policy
from server.protocol import CampaignServer
from server.store.shared import Shared
from tests.harness import ORG
from tests.prove import guard, guard_endings, guard_sessions, guard_together
from tests.prove.guard_attacks import at_somebody_elses_seat, out_of_time, with_other_arguments
from tests.prove.guard_decks import Attack, Decks, Talk
from tests.prove.guard_stages import FIRST, SECOND, Stage, memory_stage, service_stage, walled_stage
from tests.prove.parts import SLICE, Size

pytestmark = pytest.mark.anyio

Taken = Callable[[pytest.MonkeyPatch], None]


def unheard(_: str) -> None:
    """Nobody reads along."""


def gone(patch: pytest.MonkeyPatch, check: str, *tools: str) -> None:
    for tool in tools:
        patch.setattr(import_module(f"tools.{tool}"), check, lambda *_, **__: None)


def used_answers_count_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(one_use.SpentAnswers, "spend", lambda *_: True)
    replicas_do_not_tell_each_other(patch)


def replicas_do_not_tell_each_other(patch: pytest.MonkeyPatch) -> None:
    async def never_used(*_: Any) -> bool:
        return True

    patch.setattr(Shared, "spend", never_used)


def arguments_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(request_state, "_request_identity", lambda *_: ("any tool", "any arguments"))


def answers_are_for_any_question(patch: pytest.MonkeyPatch) -> None:
    arguments_are_not_looked_at(patch)
    patch.setattr(resolve, "_request_digest", lambda _: "any question")


def callers_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(request_state, "_principal_matches", lambda *_: True)


def any_answer_is_right(patch: pytest.MonkeyPatch) -> None:
    gone(patch, "require_typed", "delete_campaign")
    gone(patch, "require_yes", "update_campaign")


def any_answer_publishes(patch: pytest.MonkeyPatch) -> None:
    gone(patch, "require_yes", "create_campaign")


def campaigns_may_have_changed(patch: pytest.MonkeyPatch) -> None:
    gone(patch, "require_unchanged", "delete_campaign", "update_campaign")


def anybody_may_act(patch: pytest.MonkeyPatch) -> None:
    gone(patch, "require_account", "delete_campaign", "update_campaign", "create_campaign")


def clients_need_not_be_able_to_ask(patch: pytest.MonkeyPatch) -> None:
    gone(patch, "require_asking", "delete_campaign", "update_campaign", "create_plan")


def answers_are_good_for_ever(patch: pytest.MonkeyPatch) -> None:
    security = request_state.RequestStateSecurity
    for made in (security.__init__, security.ephemeral):
        assert made.__kwdefaults__ is not None
        patch.setitem(made.__kwdefaults__, "ttl", 1e9)


def answers_may_come_from_the_future(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(request_state, "_FUTURE_SKEW", 1e9)


def every_process_has_the_same_key(patch: pytest.MonkeyPatch) -> None:
    made = request_state.AESGCMRequestStateCodec.__init__
    patch.setattr(request_state.AESGCMRequestStateCodec, "__init__", lambda codec, _: made(codec, [b"k" * 32]))


def only_reading_is_no_wall(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CampaignServer, "_may_write", lambda _: True)


def every_organization_is_allowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policy, "org", lambda _, given: ORG if given is MISSING else given)


@pytest.mark.parametrize(
    "missing",
    [
        callers_are_not_looked_at,
        campaigns_may_have_changed,
        anybody_may_act,
    ],
)
async def test_the_proof_begins_with_what_chance_could_leave_out(
    missing: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing(monkeypatch)
    await something_gets_through(monkeypatch)


async def something_gets_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard, "ENOUGH", 2)
    found = await guard.prove(SLICE, unheard)
    assert any(" wrote: " in fault or " was told that it is done: " in fault for fault in found.faults)


# What takes long to come up by chance is tried alone, at one stage.


Staged = Callable[[Path, TaskGroup, AsyncExitStack], Awaitable[Stage]]


async def asking(folder: Path, tasks: TaskGroup, opened: AsyncExitStack) -> Stage:
    return memory_stage("in memory", "writes", tasks)


async def two_replicas(folder: Path, tasks: TaskGroup, opened: AsyncExitStack) -> Stage:
    keys = [(FIRST,), (SECOND, FIRST)]
    return await service_stage("two replicas", "writes", keys, folder, tasks, opened.enter_async_context)


async def read_only(folder: Path, tasks: TaskGroup, opened: AsyncExitStack) -> Stage:
    return walled_stage("--read-only", tasks, read_only=True, confirm="never")


async def another_organization(folder: Path, tasks: TaskGroup, opened: AsyncExitStack) -> Stage:
    return walled_stage("--allow-org of another", tasks, org=None, allow_orgs=("octo-labs",))


@dataclass(frozen=True)
class Alone:
    """The only card there is; everything else is what must get through anyway."""

    attack: Attack | None = None
    ending: Attack = guard_endings.accepted
    talk: Talk = guard_sessions.accepted
    stage: Staged = asking

    def __str__(self) -> str:
        return " ".join(each.__name__ for each in (self.attack, self.ending, self.talk, self.stage) if each)

    def deal(self, patch: pytest.MonkeyPatch) -> None:
        @asynccontextmanager
        async def stages(folder: Path) -> AsyncIterator[Sequence[Stage]]:
            async with anyio.create_task_group() as tasks, AsyncExitStack() as opened:
                opened.callback(tasks.cancel_scope.cancel)
                stage = await self.stage(folder, tasks, opened)
                await stage.learn()
                yield [stage]

        attacks = (self.attack,) if self.attack else ()
        patch.setattr(guard, "stages", stages)
        patch.setattr(guard, "ATTACKS", len(attacks))
        patch.setattr(guard, "OPEN", Decks(attacks, (self.ending,), (self.talk,), ((), ())))


ALONE: Sequence[tuple[Taken, Alone]] = (
    (used_answers_count_again, Alone(ending=guard_endings.accepted)),
    (replicas_do_not_tell_each_other, Alone(ending=guard_endings.accepted, stage=two_replicas)),
    (answers_are_for_any_question, Alone(with_other_arguments)),
    (any_answer_is_right, Alone(ending=guard_endings.forged_answer)),
    (any_answer_is_right, Alone(talk=guard_sessions.forged_reply)),
    (any_answer_publishes, Alone(ending=guard_endings.refused_answer)),
    (any_answer_publishes, Alone(talk=guard_sessions.late_yes)),
    (campaigns_may_have_changed, Alone(talk=guard_sessions.changed_meanwhile)),
    (campaigns_may_have_changed, Alone(ending=guard_endings.changed_at_the_last_moment)),
    (anybody_may_act, Alone(talk=guard_sessions.replaced_meanwhile)),
    (anybody_may_act, Alone(ending=guard_endings.replaced_at_the_last_moment)),
    (clients_need_not_be_able_to_ask, Alone(ending=guard_endings.unable_to_ask)),
    (answers_are_good_for_ever, Alone(out_of_time)),
    (answers_may_come_from_the_future, Alone(out_of_time)),
    (every_process_has_the_same_key, Alone(at_somebody_elses_seat)),
    (only_reading_is_no_wall, Alone(stage=read_only)),
    (every_organization_is_allowed, Alone(stage=another_organization)),
    (answers_are_for_any_question, Alone(ending=guard_together.crossed_together)),
    (any_answer_is_right, Alone(ending=guard_together.forged_and_right_together)),
    (any_answer_is_right, Alone(talk=guard_together.yes_beside_a_no)),
)


@pytest.mark.parametrize(("missing", "alone"), ALONE, ids=lambda given: getattr(given, "__name__", str(given)))
async def test_what_is_tried_against_a_guard_finds_that_it_is_missing(
    missing: Taken, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing(monkeypatch)
    alone.deal(monkeypatch)
    await something_gets_through(monkeypatch)


@pytest.mark.parametrize("stage", [read_only, another_organization])
async def test_where_nothing_is_to_be_written_not_even_a_right_answer_writes(
    stage: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    Alone(stage=stage).deal(monkeypatch)
    monkeypatch.setattr(guard, "ATTACKS", 2)
    found = await guard.prove(Size(share=SLICE.share / 4), unheard)
    assert found.faults == []
    assert not any(name.startswith("control: ") for name, _ in found.rows)
