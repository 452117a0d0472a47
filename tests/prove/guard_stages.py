"""The servers that are attacked, the worlds behind them, and what left them for GitHub."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio.abc import TaskGroup

from server.app import build_server
from server.github.credentials import Credentials, Token, read_token
from server.http.serving import service
from server.http.settings import Address, ServeSettings
from server.http.shutdown import CallsUnderWay
from server.protocol import CampaignServer
from server.sandbox.app import Sandbox, create_sandbox
from server.sandbox.options import ADMIN_TOKEN, SandboxOptions
from server.settings import Settings
from tests.harness import ORG, UNHURRIED, Recorder, Sent
from tests.http.service import READ, make_token
from tests.prove.guard_http import HttpSeat, running
from tests.prove.guard_wires import MemorySeat, Message, Seat, envelope

FIRST, SECOND = b"f" * 32, b"s" * 32


class TokenInUse(Credentials):
    """The token for GitHub, which the operator may replace at any moment."""

    def __init__(self) -> None:
        self._token = read_token(ADMIN_TOKEN, "the proof")

    def replace(self, value: str) -> None:
        self._token = read_token(value, "the proof")

    async def token(self, org: str | None) -> Token:  # noqa: ARG002 - the same everywhere
        return self._token

    async def renewed(self, org: str | None, refused: Token) -> Token | None:  # noqa: ARG002 - none is refused
        return None


@dataclass
class Stage:
    """A server, or several, and everybody who reaches them.

    Attributes:
        name: for people.
        confirm: the operator's --confirm.
        world: the GitHub behind all of them.
        good: seats at which the first one's caller is answered as the same: the first asks, each may bring the answer.
        bad: seats of others: other callers, other processes, other keys.
        asking: asks in place of the first good seat, where that one asks nobody because it is never to write.
        token: what all of them send to GitHub.
        schemas: the input schema of every tool that writes, by name.
        moved: whether `writes` found others as well, which nobody has to confirm.
    """

    name: str
    confirm: str
    world: Sandbox
    good: list[Seat] = field(default_factory=list)
    bad: list[Seat] = field(default_factory=list)
    asking: Seat | None = None
    token: TokenInUse = field(default_factory=TokenInUse)
    recorders: list[Recorder] = field(default_factory=list)
    schemas: dict[str, Message] = field(default_factory=dict)
    moved: bool = False

    def __post_init__(self) -> None:
        self._campaigns = copy.deepcopy(self.world.state.organization(ORG).campaigns)

    @property
    def home(self) -> Seat:
        return self.good[0]

    def restore(self) -> None:
        """Put everything back, so that nothing but the guard stands in the way of another write."""
        self.token.replace(ADMIN_TOKEN)
        for recorder in self.recorders:
            recorder.hook = None
        campaigns = self.world.state.organization(ORG).campaigns
        campaigns.clear()
        campaigns.update((number, replace(campaign)) for number, campaign in self._campaigns.items())

    def writes(self) -> list[Sent]:
        """Return the guarded writes that GitHub saw since this was last asked."""
        seen = [sent for recorder in self.recorders for sent in recorder.sent if sent.method != "GET"]
        for recorder in self.recorders:
            recorder.sent.clear()
        guarded = [sent for sent in seen if is_guarded(sent, self.confirm)]
        self.moved = len(guarded) < len(seen)
        return guarded

    async def learn(self) -> None:
        """Read from the server which tools write, and what they take."""
        params = {"_meta": envelope()}
        reply = await (self.asking or self.home).send({"jsonrpc": "2.0", "method": "tools/list", "params": params})
        assert reply.message is not None
        tools = reply.message["result"]["tools"]
        self.schemas = {tool["name"]: tool["inputSchema"] for tool in tools if not tool["annotations"]["readOnlyHint"]}
        self.writes()


def is_guarded(sent: Sent, confirm: str) -> bool:
    """Tell whether a write is one that a person must have confirmed."""
    body: Mapping[str, Any] = sent.body if isinstance(sent.body, dict) else {}
    return (
        confirm == "writes"
        or sent.method == "DELETE"
        or body.get("state") == "closed"
        or bool(body.get("generate_issues"))
    )


@asynccontextmanager
async def stages(folder: Path) -> AsyncIterator[list[Stage]]:
    """Start every server there is; whatever they keep is kept in the folder."""
    async with anyio.create_task_group() as tasks, AsyncExitStack() as opened:
        opened.callback(tasks.cancel_scope.cancel)  # when the services are down, in good order
        made = [
            memory_stage("in memory", "destructive", tasks),
            memory_stage("in memory, --confirm writes", "writes", tasks),
            walled_stage("--read-only", tasks, read_only=True, confirm="never"),
            walled_stage("--allow-org of another", tasks, org=None, allow_orgs=("octo-labs",)),
        ]
        for name, confirm, keys in (
            ("a service", "writes", [()]),
            ("two replicas with one key", "destructive", [(FIRST,), (SECOND, FIRST)]),
            ("two replicas with a key each", "destructive", [(FIRST,), (SECOND,)]),
        ):
            place = folder / name.replace(" ", "-").replace(",", "")
            place.mkdir()
            made.append(await service_stage(name, confirm, keys, place, tasks, opened.enter_async_context))
        for stage in made:
            await stage.learn()
        yield made


def _server(stage: Stage, keys: Sequence[bytes], **settings: Any) -> CampaignServer:
    recorder = Recorder(httpx.ASGITransport(app=stage.world))
    stage.recorders.append(recorder)
    return build_server(
        Settings(**{**UNHURRIED, "confirm": stage.confirm, **settings}),
        credentials=stage.token,
        transport=recorder,
        request_state_keys=keys or None,
    )


def memory_stage(name: str, confirm: str, tasks: TaskGroup) -> Stage:
    """Return a process over stdio as a stage, with another beside it."""
    stage = Stage(name, confirm, create_sandbox(SandboxOptions(limits=False)))
    stage.good.append(MemorySeat("the process", _server(stage, (), no_store=True), tasks))
    stage.bad.append(MemorySeat("another process", _server(stage, (), no_store=True), tasks))
    return stage


def walled_stage(name: str, tasks: TaskGroup, **settings: Any) -> Stage:
    """Return a process whose settings forbid every write; a twin without them, which has its key, asks for it.

    So all that the process is brought is genuine, and what refuses it is these settings.
    """
    stage = Stage(name, "writes", create_sandbox(SandboxOptions(limits=False)))
    stage.asking = MemorySeat("its twin", _server(stage, (FIRST,), no_store=True), tasks)
    stage.good.append(MemorySeat("the process", _server(stage, (FIRST,), no_store=True, **settings), tasks))
    stage.bad.append(MemorySeat("another process", _server(stage, (), no_store=True, **settings), tasks))
    return stage


async def service_stage(
    name: str,
    confirm: str,
    keys: Sequence[tuple[bytes, ...]],
    folder: Path,
    tasks: TaskGroup,
    enter: Callable[[Any], Any],
) -> Stage:
    """Serve as many replicas as there are lists of keys; the first opens what the others seal if it has their key."""
    stage = Stage(name, confirm, create_sandbox(SandboxOptions(limits=False)))
    file = folder / "tokens"
    anna, bert = make_token(file, "anna"), make_token(file, "bert")
    carl, dora = make_token(file, "carl", READ), make_token(file, "dora", orgs=["octo-labs"])
    for number, ring in enumerate(keys, start=1):
        # What `run_service` would do: the audit is required, so which answers were used is in the store.
        server = _server(stage, ring, store=folder / "store.sqlite3", audit="required")
        serve = ServeSettings(tokens=file, state_keys=ring)
        app = service(server, serve, Address("127.0.0.1", 8000), CallsUnderWay())
        await enter(running(app, tasks))
        common = number == 1 or bool(set(ring) & set(keys[0]))
        own = HttpSeat(f"replica {number} as anna", app, anna, tasks)
        (stage.good if common else stage.bad).append(own)
        who = (
            ("bert", bert),
            ("carl, who may only read", carl),
            ("dora of another organization", dora),
            ("nobody", None),
        )
        stage.bad += [HttpSeat(f"replica {number} as {called}", app, token, tasks) for called, token in who]
    return stage
