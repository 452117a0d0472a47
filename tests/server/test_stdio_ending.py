"""A process over stdio that is told to end, or that nobody listens to any more; `tests.prove.endurance` has more."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.processes import environment, loopback_github
from tests.prove.endurance_clients import PATIENCE, PipeClient
from tests.prove.endurance_processes import HeldGitHub, over_stdio

pytestmark = pytest.mark.anyio


async def test_sigterm_ends_a_process_that_waits_for_its_client(era: str, tmp_path: Path) -> None:
    with loopback_github() as github:
        async with over_stdio(github, tmp_path / "stderr", era, "--org", "octo-org", "--no-store") as running:
            assert isinstance(running.client, PipeClient)
            running.client.process.send_signal(signal.SIGTERM)
            assert await running.ended() == 0
            assert running.said == ""


async def test_a_process_whose_answers_nobody_reads_ends_though_stdin_stays_open(era: str, tmp_path: Path) -> None:
    with loopback_github() as github:
        async with over_stdio(github, tmp_path / "stderr", era, "--org", "octo-org", "--no-store") as running:
            assert isinstance(running.client, PipeClient)
            await running.client.close_stdout()
            running.client.write(b"{}")
            assert await running.ended() == 0
            assert running.said == ""


def ended_with(redirected: str) -> tuple[int, str]:
    """Serve over stdio with stdin or stdout elsewhere; return the exit status and what was said on stderr."""
    serve = '"$0" -m security_campaigns_mcp --sandbox --no-store'
    done = subprocess.run(  # noqa: S603 - the arguments are our own
        ["/bin/sh", "-c", f"{serve} {redirected}", sys.executable],
        input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
        capture_output=True,
        env=environment(),
        check=False,
    )
    return done.returncode, done.stderr.decode()


def test_a_stdout_that_takes_no_more_ends_the_process_as_one_that_nobody_reads() -> None:
    assert ended_with(">/dev/full") == (0, "")


@pytest.mark.parametrize("name", ["stdin", "stdout"])
def test_without_a_stdin_or_a_stdout_nobody_can_be_served_and_that_is_said(name: str) -> None:
    status, said = ended_with({"stdin": "<&-", "stdout": ">&-"}[name])
    assert status == 1
    assert said == (
        f"security-campaigns-mcp: {name} is closed, so that no client can be served there. "
        "Let a client start this server, with both pipes open.\n"
    )


def test_a_stdin_that_cannot_be_read_is_one_that_has_ended_and_that_is_logged(tmp_path: Path) -> None:
    status, said = ended_with(f"0>'{tmp_path / 'written'}'")
    assert status == 0
    assert said.endswith(
        "WARNING server.stdio: stdin cannot be read, which is taken for its end: Bad file descriptor.\n"
    )


@contextmanager
def taking_nothing() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process whose client has begun to read an answer and reads no more of it, which no pipe has room for."""
    with subprocess.Popen(
        [sys.executable, "-m", "security_campaigns_mcp", "--sandbox", "--no-store"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(b'{"jsonrpc":"2.0","id":"%b","method":"ping"}\n{\n' % (b"x" * 1_000_000))
            process.stdin.flush()
            os.read(process.stdout.fileno(), 1)
            yield process
        finally:
            process.kill()  # what has not ended would never do so


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_client_that_takes_nothing_keeps_no_process_from_ending(told: signal.Signals) -> None:
    with taking_nothing() as process:
        process.send_signal(told)
        assert process.wait(PATIENCE) == 0
        assert process.stderr
        assert process.stderr.read() == b""


def test_a_client_that_takes_nothing_and_has_closed_stdin_keeps_no_process_from_ending() -> None:
    with taking_nothing() as process:
        assert process.stdin
        process.stdin.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


async def test_a_further_sigterm_ends_a_process_at_once_though_github_has_a_write_of_it(
    era: str, tmp_path: Path
) -> None:
    arguments = ("--org", "octo-org", "--no-store", "--confirm", "never")
    with loopback_github(kind=HeldGitHub) as github:
        assert isinstance(github, HeldGitHub)
        async with over_stdio(github, tmp_path / "stderr", era, *arguments) as running:
            assert isinstance(running.client, PipeClient)
            github.hold("DELETE", applied=False)
            delete = {"name": "delete_campaign", "arguments": {"campaign_number": 3}}
            call = asyncio.create_task(running.client.ask("tools/call", delete))
            await github.until_reached()
            ended = asyncio.create_task(running.ended())
            while not ended.done():  # those that come before the first was seen count as one with it
                with suppress(ProcessLookupError):
                    running.client.process.send_signal(signal.SIGTERM)
                await asyncio.wait([ended], timeout=0.1)
            assert ended.result() == -signal.SIGTERM
            github.go_on.set()
            await asyncio.gather(call, return_exceptions=True)
