"""Who is asked, what is refused and what a person types wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from server.setup.clients import CLIENTS
from tests.setup.machine import COMMAND, Machine

TOKEN = "ghp_" + "a1B2" * 9


def test_at_a_terminal_the_change_is_shown_and_a_yes_writes_it(machine: Machine) -> None:
    status, shown = machine.asked("yes\n", "cursor", "--sandbox")
    assert status == 0
    assert shown.index('+    "security-campaigns": {') < shown.index("Write this? [y/N]") < shown.index("is set up in")
    assert (machine.home / ".cursor/mcp.json").exists()


@pytest.mark.parametrize("answer", ["\n", "n\n", "yess\n", "\x04"])
def test_anything_but_a_yes_writes_nothing(answer: str, machine: Machine) -> None:
    status, shown = machine.asked(answer, "cursor", "--sandbox")
    assert status == 1
    assert "mcp.json was not changed" in shown
    assert not (machine.home / ".cursor").exists()


def test_without_a_terminal_the_change_is_shown_and_yes_is_asked_for(machine: Machine) -> None:
    done = machine.setup("gemini", "--sandbox")
    assert done.returncode == 1
    assert "security-campaigns" in done.stdout
    assert "there is no terminal to ask at. Add --yes" in done.stderr
    assert not (machine.home / ".gemini").exists()


@pytest.mark.parametrize("client", [client.name for client in CLIENTS])
def test_print_only_prints_and_needs_no_home(client: str, machine: Machine) -> None:
    done = machine.setup(client, "--print", "--token-from", "gh", "--org", "octo-org", HOME=None)
    document = next(each.document for each in CLIENTS if each.name == client)
    assert done.returncode == 0
    assert COMMAND in done.stdout
    assert document in done.stderr
    assert list(machine.home.iterdir()) == [machine.project.parent]


def test_for_other_clients_the_text_is_printed_with_the_place_to_paste_it(machine: Machine) -> None:
    done = machine.setup("opencode", "--org", "octo-org")
    assert f'"command": [\n        "{COMMAND}",\n        "--org"' in done.stdout
    assert '"GITHUB_TOKEN": "{env:GITHUB_TOKEN}"' in done.stdout
    assert "~/.config/opencode/opencode.json" in done.stderr
    assert '"GITHUB_TOKEN": "${env:GITHUB_TOKEN}"' in machine.setup("windsurf").stdout
    assert "context_servers" in machine.setup("zed", "--sandbox").stdout


@pytest.mark.parametrize("client", ["claude-desktop", "zed", "jetbrains"])
def test_a_client_that_hands_no_token_on_says_what_to_do(client: str, machine: Machine) -> None:
    done = machine.setup(client, "--org", "octo-org", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--token-file FILE; or --token-from gh" in done.stderr
    assert "--sandbox" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Which client? Say one of vscode, cursor,"),
        (("vscoed",), "'vscoed' is not a client that `setup` knows. Did you mean vscode?"),
        (("claude",), "Did you mean claude-desktop or claude-code?"),
        (("emacs",), "Those known are vscode, cursor, claude-desktop"),
        (("x" * 900,), f"'{'x' * 40}' is not a client"),
        (("\x1b[31mred",), r"'\x1b[31mred' is not a client"),
        (("codex", "--list"), "--list is about every client"),
        (("codex", "--token-from", "ask"), "Codex cannot ask for a token"),
        (("claude-desktop", "--token-from", "env"), "Claude Desktop cannot refer to variables"),
        (("codex", "--sandbox", "--token-from", "gh"), "goes with neither --sandbox"),
        (("claude-desktop", "--scope", "project", "--sandbox"), "has no configuration for a project"),
        (("codex", "--org", "not/one"), "--org: give an organization's login"),
        (("codex", "--api-url", "https://github.example.com"), "GitHub Enterprise Server has no campaign endpoints"),
        (("codex", "--token-file", "absent"), "--token-file absent is no file"),
        (("codex", "--command", ""), "--command is empty"),
        (("codex", "--command", "'x"), "a quote in it does not end"),
        (("codex", "--command", "run ${HOME}/x"), "holds a $"),
        (("codex", "--print", "--yes"), "not allowed with argument"),
        (("codex", "--token", "x"), "unrecognized arguments"),
    ],
)
def test_what_is_typed_wrong_is_said_and_nothing_written(
    arguments: tuple[str, ...], told: str, machine: Machine
) -> None:
    done = machine.setup(*arguments, known="--command" not in arguments and "--list" not in arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert list(machine.home.iterdir()) == [machine.project.parent]


@pytest.mark.parametrize(
    ("typed", "file"), [("VS Code", ".config/Code/User/mcp.json"), ("gemini_cli", ".gemini/settings.json")]
)
def test_a_client_may_be_typed_as_people_call_it(typed: str, file: str, machine: Machine) -> None:
    assert machine.setup(typed, "--sandbox", "--yes").returncode == 0
    assert (machine.home / file).exists()


@pytest.mark.parametrize(
    "arguments", [("--token-file", TOKEN), ("--command", f"env GITHUB_TOKEN={TOKEN} x"), ("--app-id", TOKEN)]
)
def test_a_token_that_was_typed_is_refused_and_not_repeated(arguments: tuple[str, str], machine: Machine) -> None:
    more = ("--app-key-file", "key.pem") if "--app-id" in arguments else ()
    done = machine.setup("codex", "--yes", *arguments, *more, known="--command" not in arguments)
    assert done.returncode == 2
    assert "looks like a token" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert not (machine.home / ".codex").exists()


@pytest.mark.parametrize(
    ("home", "told"), [(None, "HOME is not set"), ("", "HOME is not set"), ("x", "not a full path")]
)
def test_without_a_home_it_says_so(home: str | None, told: str, machine: Machine) -> None:
    for arguments in (("codex", "--sandbox", "--yes"), ("--list",)):
        done = machine.setup(*arguments, HOME=home, known=arguments[0] != "--list")
        assert done.returncode == 2
        assert told in done.stderr
        assert "--print" in done.stderr
    assert machine.setup("codex", "--sandbox", "--yes", "--scope", "project", HOME=home).returncode == 0


def test_ones_home_is_no_project(machine: Machine) -> None:
    machine.project = machine.home
    done = machine.setup("cursor", "--scope", "project", "--sandbox", "--yes")
    assert done.returncode == 2
    assert "home folder, which is not a project" in done.stderr


def test_a_link_is_not_followed_and_said_to_be_one(machine: Machine) -> None:
    real = machine.write("dotfiles/mcp.json", "{}")
    (machine.home / ".cursor").mkdir()
    (machine.home / ".cursor/mcp.json").symlink_to(real)
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert f"mcp.json is a link, to {real}" in done.stderr
    assert "Use --print" in done.stderr
    assert real.read_text() == "{}"


@pytest.mark.parametrize("there", [True, False])
def test_a_projects_folder_that_leads_elsewhere_is_not_followed(there: bool, machine: Machine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if there:
        (elsewhere / "mcp.json").write_text("{}")
    (machine.project / ".vscode").symlink_to(elsewhere)
    done = machine.setup("vscode", "--scope", "project", "--sandbox", "--yes")
    assert done.returncode == 1
    assert ".vscode is a link" in done.stderr
    assert [file.read_text() for file in elsewhere.iterdir()] == ["{}"] * there


def test_a_place_that_cannot_be_written_is_said_with_the_way_on(machine: Machine) -> None:
    machine.write(".cursor", "a file where the folder should be")
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert "mcp.json cannot be" in done.stderr
    assert "--print" in done.stderr
    (machine.home / ".gemini/settings.json").mkdir(parents=True)
    assert "is no plain file" in machine.setup("gemini", "--sandbox", "--yes").stderr


def test_a_folder_in_which_nothing_can_be_made_is_said(machine: Machine) -> None:
    done = machine.setup("codex", "--sandbox", "--yes", CODEX_HOME="/proc/self")  # not even root may write there
    assert done.returncode == 1
    assert "/proc/self/config.toml cannot be written: " in done.stderr
    assert "Mend that, or use --print" in done.stderr


def test_what_is_not_utf_8_is_refused(machine: Machine) -> None:
    file = machine.write(".cursor/mcp.json", "")
    file.write_bytes('{"a": "é"}'.encode("latin-1"))
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert "is not UTF-8. Save it as UTF-8" in done.stderr


def test_what_a_client_wrote_while_one_was_asked_is_not_lost(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    file = machine.write(".claude.json", "{}")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdin, "readline", lambda: file.write_text('{"new": 1}') and "y")
    done = machine.setup("claude-code", "--sandbox")
    assert done.returncode == 1
    assert "was changed by somebody else meanwhile. Nothing was written; do this again" in done.stderr
    assert file.read_text() == '{"new": 1}'
    assert sorted(each.name for each in machine.home.iterdir() if each.is_file()) == [".claude.json"]


def test_what_fails_at_the_very_end_leaves_everything_as_it_was(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(made: Path, _place: Path) -> Path:
        raise OSError(28, "No space left on device")

    file = machine.write(".cursor/mcp.json", "{}")
    monkeypatch.setattr(Path, "replace", full)
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert "mcp.json cannot be written: No space left on device" in done.stderr
    assert [(each, each.read_text()) for each in file.parent.iterdir()] == [(file, "{}")]


def test_the_list_tells_what_is_here_and_set_up(machine: Machine) -> None:
    (machine.home / ".codex").mkdir()
    (machine.home / ".cursor").mkdir()
    machine.write(".gemini/settings.json", '{"a": }')
    machine.setup("codex", "--org", "octo-org", "--read-only", "--yes")
    machine.setup("claude-code", "--sandbox", "--scope", "project", "--yes")
    done = machine.setup("--list", known=False)
    told = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.stdout.splitlines()}
    assert done.returncode == 0
    assert list(told) == ["client", *(client.name for client in CLIENTS)]
    assert told["codex"] == ["yes", f"yes, --org octo-org --read-only ({machine.home / '.codex/config.toml'})"]
    assert told["claude-code"] == ["-", f"yes, --sandbox --org octo-org ({machine.project / '.mcp.json'})"]
    assert told["cursor"] == ["yes", "-"]
    assert told["gemini"][1].startswith("broken: something that is no value, in line 1, column 7")
    assert told["zed"] == ["-", "prints text to paste"]


def test_a_client_is_found_by_its_command(machine: Machine, tmp_path: Path) -> None:
    command = tmp_path / "claude"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    assert "claude-code     yes" in machine.setup("--list", known=False, PATH=str(tmp_path)).stdout


def test_a_token_in_the_place_of_a_client_is_not_repeated(machine: Machine) -> None:
    token = "ghp_" + "a1B2" * 9
    done = machine.setup(token)
    assert done.returncode == 2
    assert token not in done.stderr


def test_a_name_that_stands_twice_is_told_and_nothing_is_lost(machine: Machine) -> None:
    old = '{"mcpServers": {"a": {"command": "a"}}, "mcpServers": {"b": {"command": "b"}}}'
    file = machine.write(".cursor/mcp.json", old)
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert "a name that stands there already, in line 1, column 41" in done.stderr
    assert file.read_text() == old


def test_a_file_that_may_not_be_written_stays(machine: Machine) -> None:
    file = machine.write(".cursor/mcp.json", "{}")
    file.chmod(0o444)
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert "may not be written, by its own mode" in done.stderr
    assert file.read_text() == "{}"
