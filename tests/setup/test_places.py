"""Where each client keeps its configuration, by system, and with which command the server is started."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, PathDistribution
from pathlib import Path

import pytest

from server.errors import ConfigurationError
from server.setup import starting
from server.setup.clients import CLIENTS
from server.setup.places import Surroundings, user_file
from server.setup.starting import found_start
from tests.setup.machine import Machine

CLIENT = {client.name: client for client in CLIENTS}
LIBRARY = "Library/Application Support"


@pytest.mark.parametrize(
    ("client", "platform", "place"),
    [
        ("vscode", "linux", ".config/Code/User/mcp.json"),
        ("vscode", "darwin", f"{LIBRARY}/Code/User/mcp.json"),
        ("vscode", "win32", "AppData/Roaming/Code/User/mcp.json"),
        ("claude-desktop", "linux", ".config/Claude/claude_desktop_config.json"),
        ("claude-desktop", "darwin", f"{LIBRARY}/Claude/claude_desktop_config.json"),
        ("claude-desktop", "win32", "AppData/Roaming/Claude/claude_desktop_config.json"),
        ("cursor", "win32", ".cursor/mcp.json"),
        ("claude-code", "darwin", ".claude.json"),
        ("codex", "win32", ".codex/config.toml"),
        ("gemini", "win32", ".gemini/settings.json"),
    ],
)
def test_each_system_has_its_place(client: str, platform: str, place: str) -> None:
    home = {"USERPROFILE" if platform == "win32" else "HOME": "/home/mona"}
    assert user_file(CLIENT[client], Surroundings(home, platform)) == Path("/home/mona", place)


@pytest.mark.parametrize(
    ("client", "variable", "place"),
    [
        ("vscode", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("claude-desktop", "XDG_CONFIG_HOME", "Claude/claude_desktop_config.json"),
        ("claude-code", "CLAUDE_CONFIG_DIR", ".claude.json"),
        ("codex", "CODEX_HOME", "config.toml"),
        ("gemini", "GEMINI_CLI_HOME", ".gemini/settings.json"),
    ],
)
def test_a_variable_moves_it(client: str, variable: str, place: str, machine: Machine, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    done = replace(machine, env={variable: str(moved)}).setup(client, "--sandbox", "--yes")
    assert done.returncode == 0
    assert (moved / place).exists()
    assert list(machine.home.iterdir()) == [machine.project.parent]
    done = replace(machine, env={variable: "relative"}).setup(client, "--sandbox", "--yes")
    assert done.returncode == 2
    assert f"{variable} is not a full path" in done.stderr


def test_appdata_moves_it_on_windows() -> None:
    around = Surroundings({"USERPROFILE": "/home/mona", "APPDATA": "/roaming"}, "win32")
    assert user_file(CLIENT["vscode"], around) == Path("/roaming/Code/User/mcp.json")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose metadata can be written, with a command beside its interpreter."""
    metadata = tmp_path / "x.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: security-campaigns-mcp\nVersion: 1.2.3\n")
    monkeypatch.setattr(starting, "distribution", lambda _: PathDistribution(metadata))
    for name in ("python", "security-campaigns-mcp", "uvx", "pipx"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return metadata


def test_the_command_beside_the_interpreter_is_named_in_full(installed: Path) -> None:
    assert found_start({"PATH": ""}, shared=False) == [str(installed.parent / "security-campaigns-mcp")]
    assert found_start({"PATH": ""}, shared=True) == ["security-campaigns-mcp"]


def test_without_a_command_of_its_own_the_interpreter_starts_it(installed: Path) -> None:
    (installed.parent / "security-campaigns-mcp").unlink()
    start = found_start({"PATH": ""}, shared=False)
    assert start == [str(installed.parent / "python"), "-m", "security_campaigns_mcp"]


@pytest.mark.parametrize(
    ("prefix", "runner"),
    [
        ("/home/mona/.cache/uv/archive-v0/abc", ["uvx", "--from"]),
        ("/home/mona/.cache/uv/environments-v2/abc", ["uvx", "--from"]),
        ("/home/mona/.cache/pipx/abc", ["pipx", "run", "--spec"]),
    ],
)
@pytest.mark.parametrize(
    ("origin", "spec"),
    [
        (None, "security-campaigns-mcp==1.2.3"),
        ({"url": "file:///src", "dir_info": {}}, "file:///src"),
        ({"url": "https://x.example/r", "vcs_info": {"vcs": "git", "commit_id": "ab"}}, "git+https://x.example/r@ab"),
    ],
)
def test_what_ran_out_of_a_cache_is_started_by_its_runner_in_the_same_version(
    prefix: str,
    runner: list[str],
    origin: dict[str, object] | None,
    spec: str,
    installed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    if origin:
        (installed / "direct_url.json").write_text(json.dumps(origin))
    path = {"PATH": str(installed.parent)}
    full = str(installed.parent / runner[0])
    assert found_start(path, shared=False) == [full, *runner[1:], spec, "security-campaigns-mcp"]
    assert found_start(path, shared=True)[0] == runner[0]


def test_an_installation_by_pipx_is_none_of_its_cache(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/home/mona/.local/share/pipx/venvs/security-campaigns-mcp")
    assert found_start({"PATH": str(installed.parent)}, shared=False) == [
        str(installed.parent / "security-campaigns-mcp")
    ]


def test_what_is_not_installed_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(starting, "distribution", absent)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ConfigurationError, match="is not installed, so no client could start it"):
        found_start({"PATH": ""}, shared=False)
