"""Everything that this server says about a world: to a model, a person, an operator, a log, a file, a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    InputRequiredResult,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from server.app import build_server
from server.doctor import as_json, render, run_doctor
from server.github.credentials import FixedToken
from server.sandbox.options import ADMIN_TOKEN
from tests.guards.scenarios import question_in
from tests.harness import MODES, ORG, text_of
from tests.prove.hostile_printed import Said, commands, logged, settings_in, text_in
from tests.prove.hostile_world import Choose, HostileGitHub

MODERN = "2026-07-28"
NEW = {"name": "Unsafe deserialization", "description": "Read no code.", "ends_at": "2099-01-08"}


@dataclass
class Willing:
    """A person who agrees to whatever is asked, and keeps the questions."""

    said: list[Said]
    meanwhile: list[Any] = field(default_factory=list)

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:  # noqa: ARG002 - the SDK's signature
        self.said.append(Said("question", "asked meanwhile", params.message))
        if self.meanwhile:
            self.meanwhile.pop()()
        form = cast("Mapping[str, Any]", getattr(params, "requested_schema", {}))["properties"]
        if "go_ahead" in form:
            return ElicitResult(action="accept", content={"go_ahead": True})
        return ElicitResult(action="accept", content={"campaign": params.message.split("Type ")[-1].split()[0]})


@dataclass
class Conversation:
    """A client's, with everything that was said to it."""

    client: Client
    said: list[Said]

    async def call(self, tool: str, /, **arguments: Any) -> CallToolResult:
        """Call a tool and keep what it says."""
        result = await self.client.call_tool(tool, arguments)
        return self.heard(tool, result)

    def heard(self, about: str, result: CallToolResult | InputRequiredResult) -> CallToolResult:
        assert isinstance(result, CallToolResult)
        surface = "error" if result.is_error else "tool"
        self.said.append(Said(surface, about, text_of(result), result.structured_content))
        return result

    async def read(self) -> None:
        """Have everything told that only reads."""
        await self.call("list_campaigns")
        await self.call("list_campaigns", state="closed", sort="ends_at")
        for number in (3, 4, 6):
            await self.call("get_campaign", campaign_number=number)
        for criteria in (
            {},
            {"detail": 1},
            {"detail": 2, "severities": ["high", "medium"]},
            {"kind": "secret"},
            {"kind": "secret", "detail": 1},
            {"kind": "secret", "validity": ["active"]},
            {"tool": "no such tool"},
            {"repositories": ["no-such-*"]},
            {"languages": ["Swift"]},
            {"paths": ["no/such/**"]},
            {"repositories": ["payments-web"]},
        ):
            await self.call("find_alerts", **criteria)
        await self.call("report_progress")
        await self.call("report_progress", campaign_number=5, since="last_report")

    async def write(self, sandbox_moves: Willing, github: HostileGitHub) -> None:
        """Preview, publish, change, close, delete; and what goes wrong with each."""
        chosen = {
            **NEW,
            "filter": {"severities": ["critical"]},
            "managers": ["sofia-lindqvist"],
            "generate_issues": True,
        }
        preview = (await self.call("create_campaign", **chosen, dry_run=True)).structured_content or {}
        await self.call("create_campaign", **chosen, preview=preview.get("preview", ""))
        await self.call("create_campaign", **chosen, dry_run=True)
        await self.call("create_campaign", **chosen, preview="0" * 16)
        await self.call("update_campaign", campaign_number=6, description="New words.", dry_run=True)
        await self.call("update_campaign", campaign_number=6, description="New words.", contact_link=None)
        await self.call("update_campaign", campaign_number=6, managers=["mona-lisa"])
        campaigns = github.sandbox.state.organization(ORG).campaigns

        def rename() -> None:
            campaigns[5].name = campaigns[4].name

        sandbox_moves.meanwhile.append(rename)
        await self.call("update_campaign", campaign_number=5, name="Another name")
        await self.call("update_campaign", campaign_number=4, state="closed")
        await self.call("update_campaign", campaign_number=4, state="closed")
        await self.call("delete_campaign", campaign_number=4)
        await self.call("get_campaign", campaign_number=4)
        await self.call("report_progress")

    async def answer_twice(self) -> None:
        """Give one answer for two executions, which is refused with how things stand."""
        for tool, arguments in (
            ("update_campaign", {"campaign_number": 6, "ends_at": "2099-05-01"}),
            ("create_campaign", {**NEW, "name": "Twice", "alerts": [{"repository_id": 41001, "alert_numbers": [20]}]}),
        ):
            first = await self.client.session.call_tool(tool, arguments, allow_input_required=True)
            question = question_in(first)
            self.said.append(Said("question", f"{tool} by hand", question.text))
            for time in ("once", "twice"):
                answers = {question.key: ElicitResult(action="accept", content={"go_ahead": True})}
                self.heard(
                    f"{tool} {time}",
                    await self.client.session.call_tool(
                        tool,
                        arguments,
                        input_responses=dict(answers),
                        request_state=question.state,
                        allow_input_required=True,
                    ),
                )

    async def prompts(self) -> None:
        """Have every prompt rendered that tells of GitHub."""
        number = {"campaign_number": "6"}
        for name, arguments in (
            ("plan_campaign", {"goal": "Fewer alerts"}),
            ("summarize_campaign_progress", {}),
            ("summarize_campaign_progress", number),
            ("announce_campaign", number),
            ("close_out_campaign", number),
        ):
            prompt = await self.client.get_prompt(name, arguments)
            texts = [each.content.text for each in prompt.messages if isinstance(each.content, TextContent)]
            self.said.append(Said("prompt", f"{name} {sorted(arguments)}", "\n\n".join(texts)))

    async def resources(self) -> None:
        """Read every resource, and complete what can be completed with what GitHub says."""
        for uri in (f"campaigns://{ORG}", f"campaigns://{ORG}/6", f"campaigns://{ORG}/999"):
            try:
                contents = (await self.client.read_resource(uri)).contents
            except MCPError as error:
                self.said.append(Said("error", uri, error.message))
                continue
            self.said += [
                Said("resource", uri, each.text) for each in contents if isinstance(each, TextResourceContents)
            ]
        prompt = PromptReference(type="ref/prompt", name="announce_campaign")
        template = ResourceTemplateReference(type="ref/resource", uri="campaigns://{org}")
        for ref, name, typed in ((prompt, "org", ""), (template, "org", ""), (prompt, "campaign_number", "")):
            completion = (await self.client.complete(ref, {"name": name, "value": typed})).completion
            for value in completion.values:
                self.said.append(Said("completion", f"{ref.type} {name} {typed}", value))


async def conversation(choose: Choose, era: str, folder: Path) -> list[Said]:
    """Have a world told through every surface there is.

    Args:
        choose: what others chose for each place of that world.
        era: the protocol.
        folder: empty, for everything that is written.
    """
    github, said = HostileGitHub(choose), list[Said]()
    with logged(folder):
        person = Willing(said)
        server = build_server(settings_in(folder), credentials=FixedToken(ADMIN_TOKEN, "the test"), transport=github)
        async with Client(server, mode=MODES[era], elicitation_callback=person) as client:
            each = Conversation(client, said)
            await each.read()
            await each.prompts()
            await each.resources()
            await each.write(person, github)
            if era == MODERN:
                await each.answer_twice()
        findings = await run_doctor(
            settings_in(folder), credentials=FixedToken(ADMIN_TOKEN, "the test"), transport=github, environ={}
        )
        said.append(Said("terminal words", "doctor", render(findings, color=False)))
        said.append(Said("json", "doctor", as_json(findings)))
        said += await anyio.to_thread.run_sync(commands, github, folder)
    said += [Said("log", name, text_in(folder / name)) for name in ("log.txt", "log.json")]
    said.append(Said("json lines", "--audit-log", text_in(folder / "audit.log")))
    return [replace(each, text=each.text.replace(str(folder), "FOLDER")) for each in said]
