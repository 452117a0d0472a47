"""The page of a progress report as hosts of MCP Apps meet it: announced, listed, bound to its tool, and read."""

from __future__ import annotations

import pytest
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp_types import Resource, TextResourceContents, Tool

from server.app import build_server
from server.app_page import extension
from server.app_page.page import PAGE_URI, progress_page
from server.settings import Settings
from tests.harness import Case, connected

pytestmark = pytest.mark.anyio

ON_THE_PAGE = {"ui": {"resourceUri": PAGE_URI}}
WITH_A_BORDER = {"ui": {"prefersBorder": True}}


async def tools_of(case: Case) -> dict[str, Tool]:
    return {tool.name: tool for tool in (await case.client.list_tools()).tools}


async def listed_page(case: Case) -> Resource:
    (page,) = [each for each in (await case.client.list_resources()).resources if str(each.uri) == PAGE_URI]
    return page


async def test_a_host_is_told_that_the_server_has_apps_where_the_protocol_knows_extensions(era: str) -> None:
    async with connected(era) as case:
        announced = case.client.server_capabilities
    assert announced is not None
    assert announced.extensions == ({EXTENSION_ID: {}} if era == "2026-07-28" else None)


@pytest.mark.parametrize("read_only", [False, True])
async def test_the_report_and_nothing_else_is_bound_to_the_page(era: str, read_only: bool) -> None:
    async with connected(era, read_only=read_only) as case:
        bound = {name: tool.meta for name, tool in (await tools_of(case)).items() if tool.meta}
    assert bound == {"report_progress": ON_THE_PAGE}


async def test_the_page_is_listed_as_an_app(era: str) -> None:
    async with connected(era) as case:
        page = await listed_page(case)
    assert (page.name, page.mime_type, page.meta) == ("progress", APP_MIME_TYPE, WITH_A_BORDER)


async def test_where_a_tool_says_its_page_is_a_host_reads_the_whole_page_and_github_hears_nothing(era: str) -> None:
    async with connected(era) as case:
        meta = (await tools_of(case))["report_progress"].meta
        assert meta
        (read,) = (await case.client.read_resource(meta["ui"]["resourceUri"])).contents
    assert isinstance(read, TextResourceContents)
    assert (read.mime_type, read.meta) == (APP_MIME_TYPE, WITH_A_BORDER)
    assert read.text == progress_page()
    assert case.sent == []


async def test_the_page_is_put_together_only_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def page() -> str:
        made.append("page")
        return "<!doctype html>"

    monkeypatch.setattr(extension, "progress_page", page)
    server = build_server(Settings(no_store=True))
    await server.list_resources()
    await server.list_tools()
    assert made == []
    await server.read_resource(PAGE_URI)
    assert made == ["page"]


async def test_a_host_without_apps_still_gets_the_report_as_text_and_structure(era: str) -> None:
    async with connected(era) as case:
        result = await case.call("report_progress")
    assert not result.is_error
    assert result.content
    assert result.structured_content
    assert result.content[0].type == "text"
