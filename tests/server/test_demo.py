"""The demo tells the truth: it ends with 0 when every step did what it says, and not otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from mcp_types import CallToolResult

from server import demo


def test_the_demo_plays_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run_demo() == 0
    told = capsys.readouterr().out
    for step in range(1, 10):
        assert f"\n{step}. " in told
    assert "was not deleted." in told
    assert "Deleted octo-org/7" in told


# What a server would say that claims to have written and has not, by tool; dry runs stay real.
CLAIMS: dict[str, dict[str, Any]] = {
    "create_campaign": {"summary": "Published.", "campaign": {"number": 4}},
    "update_campaign": {
        "summary": "Closed.",
        "campaign": {"state": "open"},
        "changes": {"ends_at": {"before": "2001-01-01T00:00:00Z", "after": "2001-01-01T00:00:00Z"}},
    },
    "delete_campaign": {"summary": "Deleted."},
}


@pytest.mark.parametrize("tool", CLAIMS)
def test_the_demo_fails_when_a_write_is_only_claimed(
    tool: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = demo.Demo._result

    async def claimed(self: demo.Demo, name: str, arguments: dict[str, Any], *, quiet: bool) -> CallToolResult:
        if name != tool or arguments.get("dry_run"):
            return await real(self, name, arguments, quiet=quiet)
        return CallToolResult(content=[], structured_content=CLAIMS[name])

    monkeypatch.setattr(demo.Demo, "_result", claimed)
    assert demo.run_demo() == 1
    assert "The demo failed:" in capsys.readouterr().err


@pytest.mark.parametrize(("tool", "error"), [("list_campaigns", True), ("get_campaign", False)])
def test_the_demo_fails_when_an_answer_is_not_the_kind_it_tells_of(
    tool: str, error: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error where there should be a result, and a result where there should be an error."""
    real = demo.Demo._result

    async def wrong(self: demo.Demo, name: str, arguments: dict[str, Any], *, quiet: bool) -> CallToolResult:
        if name == tool and error:
            return CallToolResult(content=[], is_error=True)
        if name == tool and quiet:
            return CallToolResult(content=[], structured_content={"number": arguments["campaign_number"]})
        return await real(self, name, arguments, quiet=quiet)

    monkeypatch.setattr(demo.Demo, "_result", wrong)
    assert demo.run_demo() == 1
    assert f"The demo failed: {tool} " in capsys.readouterr().err


def test_a_crash_in_the_demo_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object, **__: object) -> CallToolResult:
        raise ZeroDivisionError

    monkeypatch.setattr(demo.Demo, "_result", crash)
    with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
        demo.run_demo()
