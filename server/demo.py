"""The guided session of `security-campaigns-mcp demo`: a real client, a real server process, the sandbox behind it.

Every line that claims something is checked against what the server answered; the first claim that is not true ends
the demo with a non-zero status.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

ORG = "octo-org"
_NAME = "Stop XSS in payments"
_DESCRIPTION = (
    "Attackers can run script in our customers' browsers. Encode what you print, use the template engine's escaping, "
    "and ask #appsec when in doubt. The alert explains the fix."
)
_WANTED = {"template": "cross-site-scripting", "repositories": ["payments-*"]}
_WEEKS = 6
_WIDTH = 100


class DemoFailed(Exception):
    """A step did not do what it says."""


class Demo:
    """One session: what was asked, what was answered, and whether it was true."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self._answer: dict[str, Any] = {}
        self._asked: list[str] = []
        self._number = 0
        self._before = 0
        self._found = 0
        self._preview_digest = ""
        self._steps = 0
        self._shown: dict[str, Mapping[str, Any]] = {}
        self.ends_at = (datetime.now(UTC) + timedelta(weeks=_WEEKS)).date()

    async def play(self) -> None:
        """Play every step.

        Raises:
            DemoFailed: at the first claim that is not true.
        """
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "security_campaigns_mcp", "--sandbox", "--org", ORG]
        )
        _say("A client starts `security-campaigns-mcp --sandbox` and talks to it over stdio.")
        _say("The person's answers are scripted; what the server says is its own.")
        async with Client(server, elicitation_callback=self._person) as client:
            self._client = client
            for step in (
                self._list,
                self._read,
                self._find,
                self._draft,
                self._preview,
                self._create,
                self._move_end,
                self._close,
                self._delete_with_wrong_text,
                self._delete,
            ):
                await step()
        _say("", "Every step did what it says. The sandbox lived in the server's memory and is gone now.")

    async def _list(self) -> None:
        self._step("List the campaigns")
        listed = await self._call("list_campaigns", {"sort": "ends_at", "direction": "asc"})
        for row in listed["campaigns"]:
            _say(f"  {row['number']:>3}  {row['name']:<36} {_standing(row)}")
        _say(f"  {listed['note']}")
        self._before = len(listed["campaigns"])
        _check(self._before == listed["seen"] >= 6 and not listed["has_more"], f"{self._before} campaigns of {ORG}")
        self._number = next(row["number"] for row in listed["campaigns"] if row["state"] == "open")

    async def _read(self) -> None:
        self._step("Read one")
        campaign = await self._call("get_campaign", {"campaign_number": self._number})
        stats = campaign["alert_stats"]
        _say(f"  {campaign['name']}: {campaign['description']}", f"  {campaign['url']}")
        total = sum(stats.values())
        _check(
            abs(campaign["remediation_rate"] - stats["closed_count"] / total) < 0.001,
            f"{stats['closed_count']} of {total} alerts closed, rate {campaign['remediation_rate']:.0%}",
        )

    async def _find(self) -> None:
        self._step("Look at the alerts that a campaign could be about")
        found = await self._call("find_alerts", _WANTED)
        counts = found["counts"]
        _say(f"  {found['summary']}", f"  by severity {json.dumps(counts['by_severity'])}")
        _say(f"  by rule {json.dumps(counts['by_rule'])}", f"  for instance {found['alerts'][0]['url']}")
        self._found = counts["total"]
        _check(
            found["fits_one_campaign"] and sum(counts["by_repository"].values()) == self._found > 0,
            f"{self._found} alerts, counted once each by repository",
        )

    async def _draft(self) -> None:
        self._step("Draft a description with the prompt")
        arguments = {"topic": "cross-site scripting in the payments repositories"}
        _say(f"  > prompt draft_campaign_description {json.dumps(arguments)}")
        prompt = await self._connected().get_prompt("draft_campaign_description", arguments)
        wording = "\n".join(
            message.content.text for message in prompt.messages if isinstance(message.content, TextContent)
        )
        _say(f"  {wording.strip().splitlines()[0]} […]")
        _check("255" in wording and "50" in wording, "the prompt teaches GitHub's limits: name 50, description 255")
        _say(f"  An assistant might write: {_NAME!r}, {_DESCRIPTION!r}")
        _check(len(_NAME) <= 50 and len(_DESCRIPTION) <= 255, f"{len(_NAME)} and {len(_DESCRIPTION)} characters: fits")

    async def _preview(self) -> None:
        self._step("Preview the campaign; nothing is published")
        preview = await self._call("create_campaign", self._campaign() | {"dry_run": True})
        _say(f"  {preview['summary']}", f"  Would ask: {preview['would_ask']}")
        _check(
            preview["selection"]["alerts"] == self._found, "the same alerts that were found, and no number was typed"
        )
        _check(await self._count() == self._before, f"still {self._before} campaigns, preview {preview['preview']}")
        self._preview_digest = preview["preview"]

    async def _create(self) -> None:
        self._step("Publish exactly that; it opens issues, so a person is asked")
        self._answer = {"go_ahead": True}
        created = await self._call("create_campaign", self._campaign() | {"preview": self._preview_digest})
        self._number = created["campaign"]["number"]
        _say(f"  {created['summary']}")
        _check(len(self._asked) == 1, "one question was asked")
        _check(await self._count() == self._before + 1, f"{self._before + 1} campaigns now")

    async def _move_end(self) -> None:
        self._step("Move its end date by a week")
        later = (self.ends_at + timedelta(weeks=1)).isoformat()
        updated = await self._call("update_campaign", {"campaign_number": self._number, "ends_at": later})
        _say(f"  {updated['summary']}")
        change = updated["changes"]["ends_at"]
        _check(
            (change["before"][:10], change["after"][:10]) == (self.ends_at.isoformat(), later),
            f"from {change['before']} to {change['after']}",
        )
        _check(len(self._asked) == 1, "nobody was asked: it can be moved back")

    async def _close(self) -> None:
        self._step("Close it; a person confirms")
        self._answer = {"go_ahead": True}
        closed = await self._call("update_campaign", {"campaign_number": self._number, "state": "closed"})
        _say(f"  {closed['summary']}")
        _check(len(self._asked) == 2 and closed["campaign"]["state"] == "closed", "asked, and closed")

    async def _delete_with_wrong_text(self) -> None:
        self._step("Try to delete it, typing the wrong text")
        self._answer = {"campaign": ORG}
        refusal = await self._refused("delete_campaign", {"campaign_number": self._number})
        _say(f"  {refusal}")
        campaign = await self._call("get_campaign", {"campaign_number": self._number}, quiet=True)
        _check(campaign["number"] == self._number, f"campaign {self._number} is still there")

    async def _delete(self) -> None:
        self._step("Delete it, typing the right text")
        self._answer = {"campaign": f"{ORG}/{self._number}"}
        deleted = await self._call("delete_campaign", {"campaign_number": self._number})
        _say(f"  {deleted['summary']}")
        await self._refused("get_campaign", {"campaign_number": self._number}, quiet=True)
        _check(await self._count() == self._before, f"gone: {self._before} campaigns, as in the beginning")

    def _campaign(self) -> dict[str, Any]:
        """Return the arguments of the campaign."""
        return {
            "name": _NAME,
            "description": _DESCRIPTION,
            "ends_at": self.ends_at.isoformat(),
            "managers": ["mona-lisa"],
            "filter": _WANTED,
            "generate_issues": True,
        }

    async def _count(self) -> int:
        return len((await self._call("list_campaigns", {"per_page": 100}, quiet=True))["campaigns"])

    async def _person(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:  # noqa: ARG002 - the SDK's signature
        """Stand in for the person at the client: show the question, give the step's answer."""
        self._asked.append(params.message)
        typed = next(iter(self._answer.values()))
        _say(f"  ? {params.message}", f"  ! the person answers: {'yes' if typed is True else typed}")
        return ElicitResult(action="accept", content=self._answer)

    async def _call(self, tool: str, arguments: Mapping[str, Any], *, quiet: bool = False) -> dict[str, Any]:
        result = await self._result(tool, arguments, quiet=quiet)
        if result.is_error or result.structured_content is None:
            raise DemoFailed(f"{tool} failed: {_text(result)}")
        structure: dict[str, Any] = result.structured_content
        return structure

    async def _refused(self, tool: str, arguments: Mapping[str, Any], *, quiet: bool = False) -> str:
        result = await self._result(tool, arguments, quiet=quiet)
        if not result.is_error:
            raise DemoFailed(f"{tool} was not refused: {_text(result)}")
        return _text(result)

    async def _result(self, tool: str, arguments: Mapping[str, Any], *, quiet: bool) -> CallToolResult:
        if not quiet:
            _say(f"  > {tool} {_short(arguments, self._shown.get(tool, {}))}")
            self._shown[tool] = {key: value for key, value in arguments.items() if key != "campaign_number"}
        return await self._connected().call_tool(tool, dict(arguments))

    def _connected(self) -> Client:
        if self._client is None:
            raise DemoFailed("the client is not connected")
        return self._client

    def _step(self, title: str) -> None:
        self._steps += 1
        _say("", f"{self._steps}. {title}")


def _standing(row: Mapping[str, Any]) -> str:
    days = row.get("days_left")
    if days is None:
        return "closed"
    return f"{days} days left" if days >= 0 else f"overdue by {-days} days"


def _short(arguments: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Write arguments as JSON, with a dash of dots for what the last such call had too."""
    new = {key: value for key, value in arguments.items() if key not in known or known[key] != value}
    text = json.dumps(new, ensure_ascii=False)
    return text if len(new) == len(arguments) else text.replace("{", "{…, ", 1)


def _text(result: CallToolResult) -> str:
    return " ".join(block.text for block in result.content if isinstance(block, TextContent))


def _say(*lines: str) -> None:
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        print(textwrap.fill(line, _WIDTH, subsequent_indent=indent + "  ") if line else "", flush=True)  # noqa: T201


def _check(true: bool, claim: str) -> None:
    if not true:
        raise DemoFailed(f"not true: {claim}")
    _say(f"  ok: {claim}")


def run_demo() -> int:
    """Play the demo. Returns the exit status: 0 when every step did what it says."""
    try:
        anyio.run(Demo().play)
    except ExceptionGroup as group:  # what leaves the client is wrapped by its task groups
        if group.subgroup(BrokenPipeError):  # the reader of our output has gone, as in `demo | head`
            raise BrokenPipeError from None
        failures, others = group.split(DemoFailed)
        if others is not None:
            raise others from None
        print(f"The demo failed: {_first(failures)}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return 1
    return 0


def _first(failure: BaseException | None) -> BaseException | None:
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
