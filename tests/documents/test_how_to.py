"""What the pages of docs/how-to say to do, done."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from server.domain.alert_filter import AlertFilter
from server.domain.alert_templates import TEMPLATES
from server.sandbox.options import ADMIN_TOKEN
from tests.deploy.proxies import free_port, program
from tests.documents.commands import Shell
from tests.documents.conversation import played
from tests.documents.reading import blocks, read

WEEKLY, TEMPLATE, SERVICE = (
    read(f"docs/how-to/{name}.md") for name in ("weekly-report", "campaign-from-a-template", "team-service")
)


def test_the_weekly_report_is_set_up_as_the_page_says_and_only_reads(shell: Shell) -> None:
    make, *others = blocks(WEEKLY, "console")
    shell.try_console(make)
    token = shell.home / ".config" / "security-campaigns" / "token"
    token.write_text(ADMIN_TOKEN)
    for block in others:
        shell.try_console(block)
    assert oct(token.stat().st_mode)[-3:] == "600"
    assert (shell.home / "week.html").read_text().startswith("<!doctype html>")
    assert (shell.home / "week.csv").read_text().count("\n") > 3
    assert shell.github.writes == []


def test_what_the_crontab_says_cron_can_run(shell: Shell) -> None:
    """As cron does it: variables as they stand, a plain sh, and only a percent sign with a backslash is one."""
    token = shell.home / "token"
    token.write_text(ADMIN_TOKEN)
    token.chmod(0o600)
    [crontab] = blocks(WEEKLY, "text")
    crontab = crontab.replace("/full/path/to/a/file/only/you/can/read", str(token))
    crontab = crontab.replace("/full/path/to/week.md", str(shell.home / "week.md"))
    variables = dict(re.findall(r"^(\w+)=(.*)$", crontab, re.MULTILINE))
    lines = re.findall(r"^((?:[\d*]+ +){5})(\S.*)$", crontab, re.MULTILINE)
    assert [" ".join(when.split()) for when, _ in lines] == ["15 6 * * *", "30 6 * * 1"]
    assert len(variables) + len(lines) == len(crontab.splitlines())
    for _, command in lines:
        assert not re.search(r"(?<!\\)%", command), "cron would end the command there"
        shell.run(
            'exec sh -c "$COMMAND"', COMMAND=command.replace("\\%", "%").replace("/full/path/to/", ""), **variables
        )
    assert "3 open campaigns" in (shell.home / "week.md").read_text()


USUAL, CROWDED = TEMPLATE.split("## When there are too many")


@pytest.mark.anyio
async def test_a_campaign_is_made_from_a_template_as_the_page_tells(era: str) -> None:
    happened = await played(blocks(USUAL, "text"), ["--sandbox", "--org", "octo-org"], era)
    assert happened.calls.count("create_campaign") == 3
    assert {"draft_campaign_description", "plan_campaign"} <= set(happened.calls)


@pytest.mark.anyio
async def test_too_many_alerts_are_made_to_fit_as_the_page_tells() -> None:
    assert "`--sandbox-alerts 5000`" in CROWDED
    arguments = ["--sandbox", "--sandbox-alerts", "5000", "--org", "octo-org"]
    happened = await played(blocks(CROWDED, "text"), arguments, "2026-07-28")
    assert happened.structures[-1]["selection"]["alerts"] == 1000


def test_the_criteria_table_is_the_filter_with_every_template() -> None:
    table = TEMPLATE.split("| criterion | takes |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| (.*) \|$", table, re.MULTILINE)
    named = [name for row, _ in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted([*named, "kind"]) == sorted(AlertFilter.model_fields)
    assert re.findall(r"`([\w-]+)`", dict(rows)["`template`"]) == list(TEMPLATES)


@contextmanager
def running(shell: Shell, script: str) -> Iterator[None]:
    """Run a script that starts something in the background; its end is the end of that."""
    process = subprocess.Popen(  # noqa: S603 - a document's own commands
        [
            program("bash"),
            "-euo",
            "pipefail",
            "-c",
            script + "\necho ready\nread -r line || true\nkill $(jobs -p)\nwait",
        ],
        cwd=shell.home,
        env=shell.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        said = list(iter(process.stdout.readline, "ready\n")) if process.poll() is None else []
        assert re.search(r"^www-authenticate: Bearer ", "".join(said), re.MULTILINE | re.IGNORECASE), said
        yield
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


async def offered(home: Path, name: str, port: int) -> set[str]:
    """Return the tools that a caller is offered who brings the token in that file."""
    token = (home / f"{name}.token").read_text().strip()
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)) as client,
    ):
        return {tool.name for tool in (await client.list_tools()).tools}


@pytest.mark.anyio
async def test_a_service_starts_as_the_page_says_and_each_token_opens_what_it_should(shell: Shell) -> None:
    program("curl")
    port = free_port()
    script = "\n".join(blocks(SERVICE, "sh")).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    with running(shell, script):
        anna, nightly = [await offered(shell.home, name, port) for name in ("anna", "nightly")]
    assert len(anna) == 7
    assert anna - nightly == {"create_campaign", "update_campaign", "delete_campaign"}
    for name in ("anna.token", "nightly.token"):
        assert oct((shell.home / name).stat().st_mode)[-3:] == "600"
