"""Mixed calls: everything that is offered, right, mistaken, tried out, confirmed and declined, for one client."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from tests.harness import ORG
from tests.prove.endurance_clients import Leaving, Message, given
from tests.prove.fuzz_verdict import faults_in, refused

OTHER = "octo-labs"
CLOSED = (1, 2, 3)
"""Campaigns of the sandbox whose numbers never change while others come and go."""
_LEAVING = 8  # every such call is one that its client gives up
Wanted = Literal["done", "refused"]
Then = Callable[[Message], None]


@dataclass(frozen=True)
class Call:
    """A call and what must come of it.

    Attributes:
        what: it is, for the table.
        method, params: of JSON-RPC.
        wanted: what must come back.
        answer: of the person, if anybody is asked.
        leaves: how its client goes away from it, if nobody is to wait for what comes of it.
        then: for a step in a campaign's life, what its caller learns from the answer's structure.
    """

    what: str
    method: str
    params: Message
    wanted: Wanted = "done"
    answer: Message | None = None
    leaves: Leaving | None = None
    then: Then | None = field(default=None, repr=False)


def _tool(tool: str, what: str = "", /, **arguments: Any) -> Call:
    return Call(what or tool, "tools/call", {"name": tool, "arguments": arguments})


def _wrong(tool: str, /, **arguments: Any) -> Call:
    return Call("mistaken calls", "tools/call", {"name": tool, "arguments": arguments}, "refused")


class Caller:
    """What one client calls: by chance, but for the life of a campaign of its own, which goes its way step by step.

    Args:
        name: unlike that of all others.
        seed: where its chance begins.
        leavings: how its client can go away from a call.
        alerts: what it publishes campaigns of; without any it changes nothing, and nobody asks it.

    Attributes:
        number: of its campaign; None while it has none.
        written: how many writes GitHub has done for it.
    """

    def __init__(self, name: str, seed: int, leavings: Sequence[Leaving], alerts: Sequence[Message] = ()) -> None:
        self.name = name
        self.number: int | None = None
        self.written = 0
        self._chance = Random(f"{seed} {name}")  # noqa: S311 - a run is to be had again
        self._alerts = list(alerts)
        self._leavings = [how for how in leavings if alerts or how != "questions left"]  # of two on a pipe one is asked
        self._gone = self._chance.randrange(4)
        self._calls = self._lived = 0
        self._step = 0
        self._preview: str | None = None

    def next(self) -> Call:
        """Return the next call."""
        self._calls += 1
        if self._calls % _LEAVING == 0:
            return self._leave()
        kind = self._chance.random()
        if self._alerts and kind < 0.25:
            return self._life()
        if kind < 0.4:
            return self._mistake()
        if kind < 0.55:
            return self._other()
        return self._read()

    def note(self, call: Call, answer: Message) -> list[str]:
        """Take notice of what came of a call; return what is wrong with it."""
        text = json.dumps(answer)
        faults = faults_in(answer, text)
        if not answer or refused(answer) != (call.wanted == "refused"):
            faults.append(f"it should have been {call.wanted}: {text[:600]}")
        elif call.then is not None:
            call.then(answer["result"].get("structuredContent", {}))
            self._step += 1
        return [f"{self.name}, {call.what} {json.dumps(call.params)[:300]}: {fault}" for fault in faults]

    def _read(self) -> Call:
        pick = self._chance
        choices = (
            _tool("list_campaigns", state=pick.choice(("open", "closed")), per_page=pick.choice((1, 5, 30))),
            _tool("get_campaign", campaign_number=pick.choice(CLOSED)),
            _tool("find_alerts", severities=[pick.choice(("critical", "high", "medium"))]),
            _tool("find_alerts", kind="secret", detail=pick.choice((1, 5))),
            _tool("report_progress", campaign_number=pick.choice(CLOSED)),
            _tool("report_progress", since=pick.choice(("last_report", "2026-01-01"))),
            _tool(pick.choice(("list_campaigns", "find_alerts")), "another organization", org=OTHER),
        )
        return pick.choice(choices)

    def _other(self) -> Call:
        pick = self._chance
        number = str(pick.choice(CLOSED))
        prompt = pick.choice(
            (
                ("draft_campaign_description", {"topic": "SQL injection"}),
                ("plan_campaign", {"goal": "fix injections"}),
                ("announce_campaign", {"campaign_number": number}),
                ("summarize_campaign_progress", {}),
                ("close_out_campaign", {"campaign_number": number}),
            )
        )
        uri = pick.choice((f"campaigns://{ORG}", f"campaigns://{ORG}/{number}", "alert-templates://all"))
        ref = {"type": "ref/resource", "uri": "campaigns://{org}/{campaign_number}"}
        typed = {"name": "campaign_number", "value": pick.choice(("", "1", "sql"))}
        asked = {"ref": ref, "argument": typed, "context": {"arguments": {"org": ORG}}}
        lists = pick.choice(("tools/list", "prompts/list", "resources/list", "resources/templates/list"))
        return pick.choice(
            (
                Call("prompts", "prompts/get", {"name": prompt[0], "arguments": prompt[1]}),
                Call("resources", "resources/read", {"uri": uri}),
                Call("completions", "completion/complete", asked),
                Call("lists", lists, {}),
            )
        )

    def _leave(self) -> Call:
        """Return a call from which this caller goes away; what is left of a question changes nothing."""
        pick = self._chance
        self._gone += 1
        how = self._leavings[self._gone % len(self._leavings)]  # in turn, so that few calls have each of them
        reads = (_tool("find_alerts", kind="secret"), _tool("report_progress"), _tool("list_campaigns"))
        question = _tool("delete_campaign", campaign_number=pick.choice(CLOSED))
        call = question if how == "questions left" else pick.choice(reads)
        return replace(call, what=how, leaves=how)

    def _mistake(self) -> Call:
        nothing = {"name": "no_such_prompt"}
        return self._chance.choice(
            (
                _wrong("no_such_tool"),
                _wrong("list_campaigns", page="first"),
                _wrong("get_campaign", campaign_number=999_999),
                _wrong("get_campaign", campaign_number=1, organisation=ORG),
                _wrong("report_progress", campaign_number=999_999),
                _wrong("find_alerts", template="no such template"),
                _wrong("create_campaign", name="", description="", ends_at="yesterday"),
                _wrong("update_campaign", campaign_number=999_999, name="Another name"),
                _wrong("delete_campaign", campaign_number=999_999),
                Call("mistaken calls", "prompts/get", nothing, "refused"),
                Call("mistaken calls", "resources/read", {"uri": "campaigns://no/such/thing"}, "refused"),
                Call("mistaken calls", "no/such/method", {}, "refused"),
            )
        )

    def _life(self) -> Call:
        """Return the next step in the life of this caller's campaign."""
        steps = (
            self._preview_of_it,
            self._create,
            self._change,
            self._preview_of_change,
            self._decline,
            self._close,
            self._reopen,
            self._mistype,
            self._delete,
        )
        return steps[self._step % len(steps)]()

    def _preview_of_it(self) -> Call:
        def keep(told: Message) -> None:
            self._preview = told["preview"]

        self._lived += 1
        return self._tried("create_campaign", {**self._new(), "dry_run": True}, keep)

    def _create(self) -> Call:
        def made(told: Message) -> None:
            self.number = told["campaign"]["number"]

        return self._write("create_campaign", {**self._new(), "preview": self._preview}, {"go_ahead": True}, made)

    def _change(self) -> Call:
        return self._write("update_campaign", {**self._mine, "description": f"Step {self._lived}."})

    def _preview_of_change(self) -> Call:
        return self._tried("update_campaign", {**self._mine, "state": "closed", "dry_run": True})

    def _decline(self) -> Call:
        params = {"name": "update_campaign", "arguments": {**self._mine, "state": "closed"}}
        return Call("not confirmed", "tools/call", params, "refused", given(None), then=_nothing)

    def _close(self) -> Call:
        return self._write("update_campaign", {**self._mine, "state": "closed"}, {"go_ahead": True})

    def _reopen(self) -> Call:
        return self._write("update_campaign", {**self._mine, "state": "open"})

    def _mistype(self) -> Call:
        params = {"name": "delete_campaign", "arguments": self._mine}
        return Call("not confirmed", "tools/call", params, "refused", given({"campaign": f"{ORG}/1"}), then=_nothing)

    def _delete(self) -> Call:
        def gone(_: Message) -> None:
            self.number = None

        return self._write("delete_campaign", self._mine, {"campaign": f"{ORG}/{self.number}"}, gone)

    @property
    def _mine(self) -> Message:
        return {"campaign_number": self.number}

    def _new(self) -> Message:
        return {
            "name": f"{self.name}, number {self._lived}",
            "description": "Encode what you print.",
            "ends_at": "2099-01-08",
            "alerts": self._alerts,
            "generate_issues": True,
        }

    def _tried(self, tool: str, arguments: Message, then: Then | None = None) -> Call:
        return Call("dry runs", "tools/call", {"name": tool, "arguments": arguments}, then=then or _nothing)

    def _write(self, tool: str, arguments: Message, answer: Message | None = None, then: Then | None = None) -> Call:
        def written(told: Message) -> None:
            self.written += 1
            (then or _nothing)(told)

        what = f"{tool}, confirmed" if answer else tool
        person = given(answer) if answer else None
        return Call(what, "tools/call", {"name": tool, "arguments": arguments}, "done", person, then=written)


def _nothing(_: Message) -> None:
    """Only the next step is to come."""
