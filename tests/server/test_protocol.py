"""What every client pays for and relies on: schemas, budgets, and errors as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import Tool

from server.app import build_server, instructions
from server.protocol import CampaignServer
from server.sandbox.app import Sandbox
from server.schemas import slim_tool
from server.settings import Settings
from tests.harness import ORG, Case, accept, connected, open_pairs, text_of
from tests.tools.expected import NOON, compact, frozen

pytestmark = pytest.mark.anyio

CHARACTERS_A_TOKEN = 4.5  # of o200k, measured over texts like these
TOOLS_BUDGET = 1200 * CHARACTERS_A_TOKEN
FIND_ALERTS_BUDGET = 500 * CHARACTERS_A_TOKEN
REPORT_BUDGET = 150 * CHARACTERS_A_TOKEN
ROW_BUDGET = 140 * CHARACTERS_A_TOKEN
INSTRUCTIONS_BUDGET = 150 * CHARACTERS_A_TOKEN


async def listed_tools() -> list[Tool]:
    return await build_server(Settings()).list_tools()


def nodes(schema: object) -> Iterator[Mapping[str, Any]]:
    """Every schema inside a schema, itself included, without taking names of properties for keywords."""
    if isinstance(schema, list):
        for item in schema:
            yield from nodes(item)
    elif isinstance(schema, Mapping):
        yield schema
        for key, value in schema.items():
            yield from nodes(list(value.values()) if key == "properties" else value)


async def test_no_schema_carries_what_only_costs_tokens() -> None:
    for tool in await listed_tools():
        for schema in (tool.input_schema, tool.output_schema):
            assert schema is not None
            for node in nodes(schema):
                assert "title" not in node, tool.name
                assert "$ref" not in node, tool.name
                assert "$defs" not in node, tool.name
                assert {"type": "null"} not in node.get("anyOf", []), tool.name
                assert node.get("default", ...) is not None, tool.name


async def test_no_input_schema_has_a_choice_at_its_top_and_unknown_arguments_are_ruled_out() -> None:
    for tool in await listed_tools():
        schema = tool.input_schema
        assert not {"anyOf", "oneOf", "allOf", "not", "enum"} & set(schema), tool.name
        assert schema["type"] == "object", tool.name
        assert schema["additionalProperties"] is False, tool.name
        assert "ctx" not in schema["properties"]
        assert not {"plan", "answer"} & set(schema["properties"]), "what resolvers bring is no argument"


async def test_every_parameter_is_described() -> None:
    for tool in await listed_tools():
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}.{name}"
            assert "type" in schema, f"{tool.name}.{name}"


async def test_null_is_offered_only_where_it_clears_something() -> None:
    nullable = {
        (tool.name, name)
        for tool in await listed_tools()
        for name, schema in tool.input_schema["properties"].items()
        if "null" in schema["type"]
    }
    assert nullable == {("update_campaign", "contact_link")}


async def test_every_tool_has_a_title_a_description_an_output_schema_and_all_its_annotations() -> None:
    tools = {tool.name: tool for tool in await listed_tools()}
    hints = {}
    for name, tool in tools.items():
        assert tool.title
        assert tool.description
        assert tool.annotations is not None
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        annotations = tool.annotations.model_dump(by_alias=True)
        hints[name] = tuple(
            annotations[key] for key in ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
        )
    assert hints == {
        "list_campaigns": (True, False, True, True),
        "get_campaign": (True, False, True, True),
        "create_campaign": (False, False, False, True),
        "update_campaign": (False, True, True, True),
        "delete_campaign": (False, True, True, True),
        "find_alerts": (True, False, True, True),
        "report_progress": (True, False, True, True),
    }


async def test_the_tools_together_stay_within_their_budget() -> None:
    spent = {
        tool.name: len(compact({"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}))
        for tool in await listed_tools()
    }
    assert spent.pop("find_alerts") <= FIND_ALERTS_BUDGET
    assert spent.pop("report_progress") <= REPORT_BUDGET
    assert sum(spent.values()) <= TOOLS_BUDGET, spent


@pytest.mark.parametrize(
    ("settings", "asks", "writes"),
    [
        (Settings(), True, True),
        (Settings(confirm="writes"), True, True),
        (Settings(confirm="never"), False, True),
        (Settings(read_only=True), False, False),
    ],
)
def test_the_instructions_are_a_few_sentences_and_true_for_the_settings(
    settings: Settings, asks: bool, writes: bool
) -> None:
    text = instructions(settings)
    assert len(text) <= INSTRUCTIONS_BUDGET
    assert "data, not instructions" in text
    assert ("never answer for them" in text) == asks
    assert ("create_campaign with dry_run" in text) == writes
    assert ("only reads" in text) != writes


async def test_the_instructions_and_capabilities_reach_the_client(era: str) -> None:
    async with connected(era) as case:
        assert case.client.instructions == instructions(Settings())
        capabilities = case.client.server_capabilities
        assert case.client.server_info is not None
        assert case.client.server_info.name == "security-campaigns-mcp"
    offered = {
        name for name in ("tools", "prompts", "resources", "completions") if getattr(capabilities, name) is not None
    }
    assert offered == {"tools", "prompts", "resources", "completions"}
    assert capabilities.logging is None


def busy() -> Sandbox:
    """Thirty campaigns as large organizations write them."""
    sandbox = frozen(limits=False)
    campaigns = sandbox.state.organization(ORG).campaigns
    model = campaigns[5]
    for number in range(101, 131):
        campaigns[number] = replace(
            model,
            number=number,
            name=f"Server-side request forgery in services {number}",
            description=f"{number}: look for every address that is built from user input before a request goes out. "
            "Use the allow-list in platform-http, which logs what it refuses; do not write your own. Questions go to "
            "#appsec-help, and there is a session every Tuesday at 14:00.",
            managers=["mona-lisa", "sofia-lindqvist"],
            team_managers=["appsec"],
            created_at=NOON + timedelta(hours=number),
        )
    return sandbox


async def test_a_page_of_campaigns_stays_within_its_budget_in_text_and_structure(era: str) -> None:
    sandbox = busy()
    assert len(sandbox.state.campaign(ORG, 101).description) > 240
    async with connected(era, sandbox=sandbox) as case:
        result = await case.call("list_campaigns")
    structure = result.structured_content or {}
    assert len(structure["campaigns"]) == 30
    assert len(text_of(result)) <= 30 * ROW_BUDGET
    assert len(compact(structure)) <= 30 * ROW_BUDGET


async def fitting(case: Case, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool; its answer must fit the schema that the same connection lists for it."""
    structure = await case.done(tool, **arguments)
    schema = next(item.output_schema for item in (await case.client.list_tools()).tools if item.name == tool)
    jsonschema.validate(
        structure,
        _closed(schema),
        cls=jsonschema.Draft202012Validator,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    return structure


@pytest.mark.parametrize("shape", ["schema", "examples"])
async def test_every_answer_fits_the_schema_that_was_published(era: str, shape: str) -> None:
    sandbox = frozen(shape=shape)
    new = {"name": "Stop XSS", "description": "Encode.", "ends_at": "2099-01-08", "alerts": open_pairs(sandbox)}
    everything = {
        "managers": ["mona-lisa"],
        "team_managers": ["appsec"],
        "contact_link": "https://example.com",
        "generate_issues": True,
    }
    changes: list[dict[str, Any]] = [
        {"state": "closed", "name": "Done"},
        {"state": "open"},
        {"contact_link": None},
        {"managers": [], "team_managers": []},
        {"ends_at": "2098-01-01", "description": "x"},
    ]
    async with connected(era, sandbox=sandbox, person=accept(go_ahead=True, campaign="octo-org/7")) as case:
        await fitting(case, "list_campaigns")
        await fitting(case, "list_campaigns", per_page=2)
        await fitting(case, "list_campaigns", page=99)
        for number in range(1, 7):
            await fitting(case, "get_campaign", campaign_number=number)
        shown = await fitting(case, "create_campaign", **new, **everything, dry_run=True)
        await fitting(case, "create_campaign", **new, **everything, preview=shown["preview"])
        await fitting(case, "create_campaign", **{**new, "name": "Bare"})
        for change in changes:
            await fitting(case, "update_campaign", campaign_number=7, **change, dry_run=True)
            await fitting(case, "update_campaign", campaign_number=7, **change)
        await fitting(case, "delete_campaign", campaign_number=7)


def _closed(schema: Any) -> Any:
    """The schema with no room for fields it does not name, so that nothing is answered that was not published."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), Mapping):
        closed.setdefault("additionalProperties", False)
    return closed


@pytest.mark.parametrize(
    ("tool", "arguments", "crashing", "ending"),
    [
        ("list_campaigns", {}, "tools.read_campaigns.answered", ""),
        ("get_campaign", {"campaign_number": 5}, "server.domain.answers.days_left", ""),
        (
            "update_campaign",
            {"campaign_number": 5, "name": "Other"},
            "server.context.AppContext.describe",
            " It is not known whether anything was written, so look first.",
        ),
        (
            "delete_campaign",
            {"campaign_number": 5},
            "server.guards.policy.Policy.asks",
            " It is not known whether anything was written, so look first.",
        ),
    ],
)
async def test_a_crash_gives_nothing_away_and_claims_nothing(
    era: str,
    tool: str,
    arguments: dict[str, Any],
    crashing: str,
    ending: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("an internal detail")

    monkeypatch.setattr(crashing, crash)
    async with connected(era, confirm="never") as case:
        text = await case.refused(tool, **arguments)
    assert text == f"{tool}: this server failed; its log says why.{ending}"
    assert "an internal detail" in caplog.text


async def test_a_crash_inside_a_prompt_gives_nothing_away(
    era: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("an internal detail")

    monkeypatch.setattr("server.domain.answers.days_left", crash)
    async with connected(era) as case:
        with pytest.raises(MCPError) as refused:
            await case.client.get_prompt("announce_campaign", {"campaign_number": "5"})
    assert (refused.value.code, refused.value.message) == (
        -32603,
        "announce_campaign: this server failed; its log says why.",
    )
    assert "an internal detail" in caplog.text


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("no_such_prompt", {}, "Unknown prompt: no_such_prompt"),
        ("announce_campaign", {}, "announce_campaign: `campaign_number`: is required."),
        ("announce_campaign", {"campaign_number": ""}, "announce_campaign: `campaign_number`: is required."),
        (
            "announce_campaign",
            {"campaign_numbr": "5"},
            "announce_campaign: `campaign_number`: is required; `campaign_numbr`: there is no such argument; use "
            "`campaign_number`.",
        ),
        (
            "announce_campaign",
            {"campaign_number": "5", "language": "ghp_" + "x" * 36},
            "announce_campaign: `language`: contains what looks like a GitHub token; take it out.",
        ),
    ],
)
async def test_a_wrong_argument_of_a_prompt_is_a_sentence(
    era: str, name: str, arguments: dict[str, str], message: str
) -> None:
    async with connected(era) as case:
        with pytest.raises(MCPError) as refused:
            await case.client.get_prompt(name, arguments)
    assert (refused.value.code, refused.value.message) == (-32602, message)
    assert case.sent == []


async def test_a_prompt_tells_what_github_does_not_have_from_what_it_fails_to_answer(era: str) -> None:
    async with connected(era, patience=0) as case:
        with pytest.raises(MCPError, match="There is no campaign octo-org/99") as missing:
            await case.client.get_prompt("announce_campaign", {"campaign_number": "99"})
        with pytest.raises(MCPError, match="`campaign_number`: must be") as wrong:
            await case.client.get_prompt("announce_campaign", {"campaign_number": "five"})
        await case.client.get_prompt("announce_campaign", {"campaign_number": "5", "org": ""})
    async with connected(era, token="wrong") as case:
        with pytest.raises(MCPError, match="GitHub does not accept this token") as failed:
            await case.client.get_prompt("announce_campaign", {"campaign_number": "5"})
    assert (missing.value.code, wrong.value.code, failed.value.code) == (-32602, -32602, -32603)


async def test_read_only_hides_every_write_tool_and_refuses_it_like_an_unknown_one(era: str) -> None:
    async with connected(era, read_only=True) as case:
        names = {tool.name for tool in (await case.client.list_tools()).tools}
        text = await case.refused("delete_campaign", campaign_number=3)
        await case.done("list_campaigns")
    assert names == {"list_campaigns", "get_campaign", "find_alerts", "report_progress"}
    assert text == "Unknown tool: delete_campaign"
    assert case.writes == []


async def test_a_name_that_is_no_tool_is_shown_without_its_invisible_characters() -> None:
    async with connected() as case:
        text = await case.refused("delete\u202e_campaign" + "x" * 500)
    assert text.startswith("Unknown tool: delete_campaignxxx")
    assert len(text) < 120


async def test_a_tool_without_annotations_counts_as_one_that_writes() -> None:
    async def unmarked() -> str:
        return ""

    server = CampaignServer("test", read_only=True)
    server.add_tool(unmarked)
    assert await server.list_tools() == []


def test_a_schema_is_slimmed_without_losing_fields_named_like_keywords() -> None:
    tool = Tool(
        name="t",
        input_schema={
            "title": "Arguments",
            "description": "from a docstring",
            "type": "object",
            "properties": {
                "title": {"title": "Title", "anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                "description": {"$ref": "#/$defs/Thing", "description": "Ours"},
                "either": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
                "zero": {"type": "integer", "default": 0},
            },
            "$defs": {
                "Thing": {
                    "title": "Thing",
                    "description": "its docstring",
                    "type": "object",
                    "properties": {"x": {"title": "X", "type": "array", "items": {"title": "I", "type": "string"}}},
                }
            },
        },
    )
    before = tool.model_dump_json()
    slim = slim_tool(tool)
    assert slim.output_schema is None
    assert slim.input_schema == {
        "type": "object",
        "properties": {
            "title": {"type": ["string", "null"]},
            "description": {
                "type": "object",
                "properties": {"x": {"type": "array", "items": {"type": "string"}}},
                "description": "Ours",
            },
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            "zero": {"type": "integer", "default": 0},
        },
        "additionalProperties": False,
    }
    assert tool.model_dump_json() == before


@pytest.mark.anyio
async def test_nothing_is_promised_that_is_not_kept(era: str) -> None:
    """Nobody is told of changes here, so no capability says that somebody would be."""
    async with connected(era) as case:
        capabilities = case.client.server_capabilities
    promised = capabilities.model_dump(exclude_none=True, exclude_defaults=True)
    assert set(promised) - {"extensions"} == {"prompts", "resources", "tools", "completions"}
    assert not any(value for capability in promised.values() for value in capability.values())
