"""Questions that one replica asks and another gets the answer to, and answers that are somebody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import INVALID_PARAMS

from server.http.settings import ServeSettings
from server.sandbox.app import create_sandbox
from server.sandbox.options import SandboxOptions
from tests.guards.scenarios import DELETE, ByHand, GuardedCall, Question
from tests.harness import Case, accept
from tests.http.service import Replica, client_of, make_token, replica
from tests.signin.local_issuer import AUDIENCE, local_issuer

pytestmark = pytest.mark.anyio

OLD, NEW = b"o" * 32, b"n" * 32


@asynccontextmanager
async def at(running: Replica, call: GuardedCall = DELETE, token: str | None = None) -> AsyncIterator[ByHand]:
    person = accept()
    async with client_of(running.url, token=token, person=person) as client:
        yield ByHand(Case(client, running.sandbox, running.recorder, person), call)


async def rejected(client: ByHand, question: Question) -> None:
    with pytest.raises(MCPError) as caught:
        await client.accept(question)
    assert caught.value.error.code == INVALID_PARAMS
    assert caught.value.error.message == "Invalid or expired requestState"
    assert client.case.writes == []


@pytest.mark.parametrize(
    ("asking", "answering"), [((OLD,), (OLD,)), ((OLD,), (NEW, OLD)), ((NEW, OLD), (NEW,)), ((OLD, NEW), (NEW, OLD))]
)
async def test_replicas_that_share_a_key_take_each_others_answers(
    asking: tuple[bytes, ...], answering: tuple[bytes, ...], guarded: GuardedCall
) -> None:
    world = create_sandbox(SandboxOptions())
    expected = guarded.write_in(world)
    with (
        replica(ServeSettings(state_keys=asking), sandbox=world) as first,
        replica(ServeSettings(state_keys=answering), sandbox=world) as second,
    ):
        async with at(first, guarded) as one, at(second, guarded) as other:
            await other.accept(await one.ask())
        assert (first.writes, second.writes) == ([], [expected])


@pytest.mark.parametrize(("asking", "answering"), [((OLD,), (NEW,)), ((NEW, OLD), (OLD,)), ((), ()), ((OLD,), ())])
async def test_replicas_without_a_common_key_refuse_each_others_answers(
    asking: tuple[bytes, ...], answering: tuple[bytes, ...]
) -> None:
    world = create_sandbox(SandboxOptions())
    with (
        replica(ServeSettings(state_keys=asking), sandbox=world) as first,
        replica(ServeSettings(state_keys=answering), sandbox=world) as second,
    ):
        async with at(first) as one, at(second) as other:
            await rejected(other, await one.ask())
        assert first.writes == []


async def test_somebody_elses_answer_is_refused_and_ones_own_taken(tmp_path: Path, guarded: GuardedCall) -> None:
    anna, bert = make_token(tmp_path / "tokens", "anna"), make_token(tmp_path / "tokens", "bert")
    with replica(ServeSettings(tokens=tmp_path / "tokens", state_keys=(OLD,))) as running:
        expected = guarded.write_in(running.sandbox)
        async with at(running, guarded, anna) as annas, at(running, guarded, bert) as berts:
            question = await annas.ask()
            await rejected(berts, question)
            await annas.accept(question)
        assert running.writes == [expected]


@pytest.mark.parametrize("other", [{"sub": "user-2"}, {"client_id": "another-client"}])
async def test_another_subject_or_client_of_the_issuer_is_somebody_else(other: dict[str, Any]) -> None:
    with local_issuer() as issuer:
        serve = ServeSettings(issuer=issuer.url, audience=AUDIENCE, state_keys=(OLD,))
        with replica(serve) as running:
            async with (
                at(running, token=issuer.token()) as one,
                at(running, token=issuer.token(**other)) as another,
                at(running, token=issuer.token(jti="renewed")) as renewed,
            ):
                question = await one.ask()
                await rejected(another, question)
                await renewed.accept(question)
            assert len(running.writes) == 1
