"""The question names the acting account; nobody else acts on the answer."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from mcp import Client

from server.app import build_server
from server.sandbox.app import create_sandbox
from server.sandbox.options import ADMIN_TOKEN, DEFAULT_TOKENS, SECURITY_MANAGER_TOKEN, SandboxOptions
from server.settings import Settings
from tests.guards.scenarios import CLOSE, DELETE, OPEN_ISSUES, GuardedCall, agreeing
from tests.harness import MODES, ORG, Case, Recorder

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("call", [DELETE, CLOSE, OPEN_ISSUES], ids=str)
async def test_a_token_replaced_while_a_person_thinks_does_not_act_for_the_one_named(
    call: GuardedCall, era: str, tmp_path: Path
) -> None:
    tokens = dict(DEFAULT_TOKENS)
    sandbox = create_sandbox(SandboxOptions(tokens=tokens))
    file = tmp_path / "token"
    file.write_text(ADMIN_TOKEN)
    person = agreeing(call)

    def rotate() -> None:
        if len(person.asked) == 1:
            file.write_text(SECURITY_MANAGER_TOKEN)
            del tokens[ADMIN_TOKEN]

    person.meanwhile = rotate
    recorder = Recorder(httpx.ASGITransport(app=sandbox))
    server = build_server(Settings(org=ORG, token_file=file), transport=recorder)
    async with Client(server, mode=MODES[era], elicitation_callback=person) as client:
        case = Case(client, sandbox, recorder, person)
        result = await call.call(case)
    assert person.asked[0].startswith("octo-bot will ")
    if result.is_error:
        assert "The question named octo-bot as the acting account, and now it is mona-lisa." in call.refusal(result)
        assert case.writes == []
    else:  # the question reads differently now, so on 2026-07-28 it was asked again
        assert era == "2026-07-28"
        assert person.asked[-1].startswith("mona-lisa will ")
        assert len(person.asked) == 2
