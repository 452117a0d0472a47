"""MCPServer with this project's manners: slim schemas, strict arguments, errors as sentences, hidden write tools."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import (
    ResourceError,
    ResourceNotFoundError,
    ToolError,
    UnexpectedResourceError,
    UnexpectedToolError,
)
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolResult,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    TextContent,
    Tool,
)
from pydantic import AnyUrl, ValidationError

from server.context import AppContext
from server.domain.checks import holds_token
from server.domain.explain import explain, listed, unknown_argument
from server.domain.text import as_name, quote
from server.errors import CampaignsError, InvalidInput, NotFound, Refused
from server.schemas import slim_tool
from server.signin.caller import Caller, current_caller

logger = logging.getLogger(__name__)

_LONGEST_ADDRESS = 200
_NOTHING_SENT = "Nothing was sent to GitHub."
_CALLERS_MISTAKES = (InvalidInput, NotFound, Refused)  # -32602 where MCP answers with an error code


class CampaignServer(MCPServer[AppContext]):
    """The server.

    Attributes:
        read_only: write tools are neither listed nor callable. The same holds for a caller without the scope for them.
        app: the server's parts, once they are open.
        planning: the prompts that end in a write, and are hidden as write tools are.
        not_done: for each write tool, the sentence that ends an error when nothing was written. It may name the
            call's arguments in braces.
    """

    def __init__(
        self,
        *args: Any,
        read_only: bool = False,
        not_done: Mapping[str, str] | None = None,
        prompts: Callable[[CampaignServer], None] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a server.

        Args:
            read_only, not_done: see the class.
            prompts: adds the prompts, when somebody first asks for them.
            args: as for MCPServer.
            kwargs: as for MCPServer.
        """
        super().__init__(*args, **kwargs)
        self.read_only = read_only
        self.app: AppContext | None = None
        self.planning: set[str] = set()
        self.not_done = not_done or {}
        self._slim: dict[str, Tool] = {}
        self._prompts_to_come = prompts

    async def list_tools(self) -> list[Tool]:
        """List the tools that may be called, their schemas without what only costs tokens."""
        return [tool for tool in (await self._all_tools()).values() if not self._hidden(tool)]

    async def _all_tools(self) -> Mapping[str, Tool]:
        if not self._slim:
            self._slim = {tool.name: slim_tool(tool) for tool in await super().list_tools()}
        return self._slim

    def _hidden(self, tool: Tool) -> bool:
        return not self._may_write() and not (tool.annotations and tool.annotations.read_only_hint)

    def _may_write(self) -> bool:
        caller = current_caller()
        return not self.read_only and (caller is None or caller.may_write)

    def writes(self, name: str) -> bool:
        """Tell whether a tool of this name writes, and would do so for a caller with the scope."""
        return name in self.not_done and not self.read_only

    async def list_prompts(self) -> list[Prompt]:
        """List the prompts that lead to what the caller may do."""
        if self._prompts_to_come is not None:
            self._prompts_to_come(self)
            self._prompts_to_come = None  # only now: what could not be imported is tried again
        offered = await super().list_prompts()
        return offered if self._may_write() else [prompt for prompt in offered if prompt.name not in self.planning]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[AppContext, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. Whatever goes wrong on purpose comes back as a result that the model can read."""
        tool = next((tool for tool in await self.list_tools() if tool.name == name), None)
        if tool is None:
            await self.note_missing_scope(name, arguments, current_caller())
            return _failed(f"Unknown tool: {as_name(name)}")
        properties = tool.input_schema["properties"]
        from server.auditing import writes_begun  # noqa: PLC0415 - a plain start must not pay for it
        from server.github.budget import for_a_write  # noqa: PLC0415 - likewise

        begun: list[str] = []
        try:
            _refuse_misplaced(arguments, properties)
            with for_a_write(await self._is_to_write(name, arguments)), writes_begun(begun):
                return await super().call_tool(name, _settled(arguments, tool.input_schema), context)
        except InvalidInput as error:
            return await self._explained(name, arguments, error)
        except ToolError as error:
            if expected := _expected(error):
                return await self._explained(name, arguments, expected)
            return await self._crashed(name, arguments, error, recorded=bool(begun))
        except MCPError as error:
            # Before 2026-07-28 a question is a request to the client, which may answer it with an error.
            logger.info("%s: the client answered with error %s", name, error.code)
            refusal = Refused("Not confirmed (the client could not put the question).")
            return await self._explained(name, arguments, refusal)

    async def note_missing_scope(self, name: str, arguments: Mapping[str, Any], caller: Caller | None) -> None:
        """Record the call of a write tool by a caller who may only read."""
        why = "This server only reads." if self.read_only else "The caller may only read."
        await self._note(name, arguments, Refused(why), caller, unread=True)

    async def _note(
        self,
        name: str,
        arguments: Mapping[str, Any],
        error: CampaignsError,
        caller: Caller | None,
        *,
        unread: bool = False,
    ) -> None:
        """Record a call that was to write and did not come to it."""
        if self.app is not None and await self._is_to_write(name, arguments):
            from server.auditing import note_refusal  # noqa: PLC0415 - a plain start must not pay for it

            await note_refusal(self.app, name, arguments, error, caller, unread=unread)

    async def _is_to_write(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Tell whether a call is one of a write tool, and not for its preview, which not every one has."""
        if name not in self.not_done:
            return False
        properties = (await self._all_tools())[name].input_schema["properties"]
        return not ("dry_run" in properties and arguments.get("dry_run") is True)

    async def _explained(self, name: str, arguments: Mapping[str, Any], error: CampaignsError) -> CallToolResult:
        logger.info("%s: %s", name, error)
        if isinstance(error, InvalidInput):
            await self._note_unread(name, arguments, error)
            return _failed(f"{name}: {error} {_NOTHING_SENT}")
        await self._note(name, arguments, error, current_caller())
        if not error.nothing_written:
            return _failed(str(error))
        return _failed(f"{error} {self.not_done.get(name, '').format_map(arguments)}".strip())

    async def _note_unread(self, name: str, arguments: Mapping[str, Any], error: CampaignsError) -> None:
        """Record the call of a write tool whose arguments are no good to be kept: not even all where a secret is."""
        harmless = {key: value for key, value in arguments.items() if not holds_token(value)}
        await self._note(name, harmless, error, current_caller(), unread=True)

    async def _crashed(
        self, name: str, arguments: Mapping[str, Any], error: ToolError, *, recorded: bool
    ) -> CallToolResult:
        logger.error("Tool %s crashed", name, exc_info=error)
        if not recorded:  # what sends a write records it, and its end, before it passes a crash on
            kind = type(error.__cause__ or error).__name__
            await self._note_unread(name, arguments, CampaignsError(f"This server failed before it wrote ({kind})."))
        unknown = " It is not known whether anything was written, so look first." if name in self.not_done else ""
        return _failed(f"{name}: this server failed; its log says why.{unknown}")

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[AppContext, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt.

        Raises:
            MCPError: -32602 for an unknown prompt and for missing, unknown or wrong arguments or what GitHub does
                not have; -32603 with a sentence when GitHub failed.
        """
        prompt = next((prompt for prompt in await self.list_prompts() if prompt.name == name), None)
        if prompt is None:
            raise MCPError(INVALID_PARAMS, f"Unknown prompt: {as_name(name)}")
        # Hosts send empty text for what a person left empty in a form.
        given = {key: value for key, value in (arguments or {}).items() if value not in (None, "")}
        if problems := _prompt_problems(prompt, given):
            raise MCPError(INVALID_PARAMS, f"{name}: {listed(problems)}")
        try:
            return await super().get_prompt(name, given, context)
        except ValueError as error:
            raise _protocol_error(name, _cause(error, ValueError)) from error

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[AppContext, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource.

        Raises:
            ResourceNotFoundError: when GitHub does not have it, or the address names nothing possible.
            ResourceError: when GitHub failed, with a sentence.
            MCPError: -32602 for a token in the address, which an answer would otherwise repeat.
        """
        if holds_token(str(uri)):
            raise MCPError(INVALID_PARAMS, "The address contains what looks like a GitHub token; take it out.")
        try:
            return await super().read_resource(uri, context)
        except ResourceNotFoundError as error:
            raise ResourceNotFoundError(f"Unknown resource: {quote(str(uri), _LONGEST_ADDRESS)}") from error
        except UnexpectedResourceError as error:
            cause = _cause(error, ResourceError)
            if isinstance(cause, _CALLERS_MISTAKES):
                raise ResourceNotFoundError(str(cause)) from error
            if isinstance(cause, CampaignsError):
                raise ResourceError(str(cause)) from error
            raise


def _cause(error: BaseException, wrapper: type[Exception]) -> BaseException | None:
    """Return what the SDK's wrappers were raised from; there can be two. A ValidationError is never a wrapper."""
    cause = error.__cause__
    while isinstance(cause, wrapper) and not isinstance(cause, ValidationError):
        cause = cause.__cause__
    return cause


def _expected(error: ToolError) -> CampaignsError | None:
    """Return what a failed call is to be explained with; None when it was a crash."""
    cause = error.__cause__
    if isinstance(cause, CampaignsError):
        return cause
    if isinstance(error, UnexpectedToolError):
        return None
    if isinstance(cause, ValidationError):
        return InvalidInput(explain(cause))
    # What is left is the SDK's: the answer to a question does not fit the form that was asked for.
    return Refused("Not confirmed (the client's answer could not be read).")


def _refuse_misplaced(arguments: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    """Refuse arguments that do not exist, and credentials in those that do.

    Raises:
        InvalidInput: naming each.
    """
    unknown = [unknown_argument(argument, properties) for argument in arguments if argument not in properties]
    known = {argument: value for argument, value in arguments.items() if argument in properties}
    if problems := unknown + _token_problems(known):
        raise InvalidInput(listed(problems))


def _failed(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], is_error=True)


def _settled(arguments: Mapping[str, Any], input_schema: Mapping[str, Any]) -> dict[str, Any]:
    """Prepare arguments for the SDK's validation.

    Null means omitted for what is required, and where no parameter of the tool gives it another meaning (some hosts
    send null for every optional one). And text that happens to be JSON stays text: the SDK would parse it for every
    parameter that is not plainly `str`, so that the text `null` would clear a field. As bytes it is left alone, and
    pydantic decodes it.
    """
    properties, required = input_schema["properties"], input_schema.get("required", [])
    null_counts = any("anyOf" in schema or isinstance(schema.get("type"), list) for schema in properties.values())
    settled = {
        key: value for key, value in arguments.items() if value is not None or (null_counts and key not in required)
    }
    for key, value in settled.items():
        if isinstance(value, str) and _is_text(properties[key]) and _parses(value):
            settled[key] = value.encode("utf-8", "surrogatepass")
    return settled


def _is_text(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _prompt_problems(prompt: Prompt, given: Mapping[str, Any]) -> list[str]:
    known = {argument.name: argument.required for argument in prompt.arguments or []}
    missing = [f"`{key}`: is required" for key, required in known.items() if required and key not in given]
    unknown = [unknown_argument(key, known) for key in given if key not in known]
    return missing + unknown + _token_problems({key: value for key, value in given.items() if key in known})


def _token_problems(arguments: Mapping[str, Any]) -> list[str]:
    """Find credentials in the wrong place: what is written to GitHub is seen by many, and answers are kept."""
    return [
        f"`{key}`: contains what looks like a GitHub token; take it out"
        for key, value in arguments.items()
        if holds_token(value)
    ]


def _protocol_error(name: str, cause: BaseException | None) -> MCPError:
    if isinstance(cause, ValidationError):
        return MCPError(INVALID_PARAMS, f"{name}: {explain(cause)}")
    if isinstance(cause, _CALLERS_MISTAKES):
        return MCPError(INVALID_PARAMS, f"{name}: {cause}")
    if isinstance(cause, CampaignsError):
        return MCPError(INTERNAL_ERROR, f"{name}: {cause}")
    logger.error("Prompt %s crashed", name, exc_info=cause)
    return MCPError(INTERNAL_ERROR, f"{name}: this server failed; its log says why.")
