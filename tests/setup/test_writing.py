"""What `setup` makes of real files, run as a person runs it."""

from __future__ import annotations

import json
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.cli import parser
from tests.setup.machine import COMMAND, Machine

USER_FILES = {
    "vscode": ".config/Code/User/mcp.json",
    "cursor": ".cursor/mcp.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "claude-code": ".claude.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
}
PROJECT_FILES = {
    "vscode": ".vscode/mcp.json",
    "cursor": ".cursor/mcp.json",
    "claude-code": ".mcp.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
}
TABLES = {"vscode": "servers", "codex": "mcp_servers"}
REFERENCES = {
    "vscode": "${input:security-campaigns-token}",
    "cursor": "${env:GITHUB_TOKEN}",
    "claude-code": "${GITHUB_TOKEN:-}",
    "gemini": "${GITHUB_TOKEN:-}",
}
TOKEN = "ghp_" + "a1B2" * 9


def servers(client: str, file: Path) -> Any:
    whole = tomllib.loads(file.read_text()) if file.suffix == ".toml" else json.loads(file.read_text())
    return whole[TABLES.get(client, "mcpServers")]


@pytest.mark.parametrize("client", USER_FILES)
def test_a_try_out_is_one_command_and_needs_no_token(client: str, machine: Machine) -> None:
    done = machine.setup(client, "--sandbox", "--yes")
    file = machine.home / USER_FILES[client]
    entry = servers(client, file)["security-campaigns"]
    assert done.returncode == 0, done.stderr
    assert (entry["command"], entry["args"]) == (COMMAND, ["--sandbox", "--org", "octo-org"])
    assert "TOKEN" not in file.read_text()
    assert "try-out with made-up data" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    parser().parse_args(entry["args"])


@pytest.mark.parametrize("client", REFERENCES)
def test_a_token_is_referred_to_and_never_written(client: str, machine: Machine) -> None:
    done = machine.setup(client, "--org", "octo-org", "--yes", GITHUB_TOKEN=TOKEN)
    file = machine.home / USER_FILES[client]
    assert done.returncode == 0, done.stderr
    assert servers(client, file)["security-campaigns"]["env"] == {"GITHUB_TOKEN": REFERENCES[client]}
    assert TOKEN not in file.read_text() + done.stdout + done.stderr


def test_codex_is_told_which_variables_to_hand_on_and_how_long_to_wait(machine: Machine) -> None:
    machine.setup("codex", "--org", "octo-org", "--yes")
    entry = servers("codex", machine.home / USER_FILES["codex"])["security-campaigns"]
    assert entry["env_vars"] == ["GITHUB_TOKEN", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"]
    assert (entry["startup_timeout_sec"], entry["tool_timeout_sec"]) == (30, 300)
    assert "env" not in entry


def test_vscode_is_made_to_ask_for_the_token_without_showing_it(machine: Machine) -> None:
    machine.setup("vscode", "--yes")
    asked = json.loads((machine.home / USER_FILES["vscode"]).read_text())["inputs"]
    assert [(item["type"], item["id"], item["password"]) for item in asked] == [
        ("promptString", "security-campaigns-token", True)
    ]


def test_vscode_asks_for_nothing_when_the_token_is_in_a_variable(machine: Machine) -> None:
    machine.setup("vscode", "--yes", "--token-from", "env")
    whole = json.loads((machine.home / USER_FILES["vscode"]).read_text())
    assert list(whole) == ["servers"]
    assert whole["servers"]["security-campaigns"]["env"] == {"GITHUB_TOKEN": "${env:GITHUB_TOKEN}"}


def test_with_the_github_cli_nothing_of_a_token_is_written(machine: Machine) -> None:
    done = machine.setup("claude-desktop", "--token-from", "gh", "--yes")
    entry = servers("claude-desktop", machine.home / USER_FILES["claude-desktop"])["security-campaigns"]
    assert entry == {"command": COMMAND, "args": []}
    assert "`gh` must be signed in" in done.stderr


def test_options_of_the_server_are_written_down_with_full_paths(machine: Machine) -> None:
    (machine.project / "token").write_text(TOKEN)
    typed = ["--org", "octo-org", "--allow-org", "octo-org,hubot", "--read-only", "--token-file", "token"]
    done = machine.setup(
        "claude-desktop", *typed, "--write-spacing", "0.5", "--yes", SECURITY_CAMPAIGNS_CONFIRM="never"
    )
    entry = servers("claude-desktop", machine.home / USER_FILES["claude-desktop"])["security-campaigns"]
    assert done.returncode == 0, done.stderr
    assert entry["args"] == [
        *["--org", "octo-org", "--allow-org", "octo-org", "--allow-org", "hubot", "--read-only"],
        *["--token-file", str(machine.project / "token"), "--write-spacing", "0.5"],
    ]
    assert "env" not in entry
    parser().parse_args(entry["args"])


@pytest.mark.parametrize("client", PROJECT_FILES)
def test_a_projects_file_stands_at_its_root_and_names_nothing_of_this_machine(client: str, machine: Machine) -> None:
    deep = machine.project / "src"
    deep.mkdir()
    done = replace(machine, project=deep).setup(client, "--scope", "project", "--org", "octo-org", "--yes", known=False)
    file = machine.project / PROJECT_FILES[client]
    assert done.returncode == 0, done.stderr
    assert servers(client, file)["security-campaigns"]["command"] == "security-campaigns-mcp"
    assert str(machine.home) not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert "ask first whether they may start" in done.stderr


@pytest.mark.parametrize("client", USER_FILES)
def test_a_second_time_changes_nothing(client: str, machine: Machine) -> None:
    arguments = (client, "--token-from", "gh", "--org", "octo-org", "--yes")
    machine.setup(*arguments)
    file = machine.home / USER_FILES[client]
    before = (file.stat().st_ino, file.stat().st_mtime_ns)
    done = machine.setup(*arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert "says so already; nothing was changed" in done.stderr
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == before
    assert list(file.parent.glob(f"{file.name}.*")) == []


def test_what_was_there_is_kept_and_the_change_is_shown_first(machine: Machine) -> None:
    old = '{\n    "theme": "dark",\n    "mcpServers": {\n        "other": {"command": "o"}\n    }\n}\n'
    file = machine.write(USER_FILES["gemini"], old)
    file.chmod(0o640)
    done = machine.setup("gemini", "--sandbox", "--yes")
    whole = json.loads(file.read_text())
    assert (whole["theme"], whole["mcpServers"]["other"]) == ("dark", {"command": "o"})
    assert [line for line in done.stdout.splitlines() if line.startswith("-") and "---" not in line] == [
        '-        "other": {"command": "o"}'
    ]
    assert '+        "security-campaigns": {' in done.stdout
    kept = file.with_name("settings.json.before-setup-1")
    assert kept.read_text() == old
    assert [stat.S_IMODE(each.stat().st_mode) for each in (file, kept)] == [0o640, 0o640]
    assert kept.name in done.stderr


def test_what_was_in_a_projects_file_is_kept_outside_of_the_project(machine: Machine) -> None:
    """It may hold another server's token, and would be committed one day."""
    old = '{"servers": {"other": {"command": "o", "env": {"TOKEN": "theirs"}}}}'
    file = machine.project / ".vscode" / "mcp.json"
    file.parent.mkdir()
    file.write_text(old)
    done = machine.setup("vscode", "--scope", "project", "--org", "octo-org", "--yes")
    assert done.returncode == 0, done.stderr
    assert [each.name for each in machine.project.rglob("*") if each.is_file()] == ["mcp.json"]
    [kept] = (machine.home / ".local/state/security-campaigns-mcp/before-setup").iterdir()
    assert kept.read_text() == old
    assert str(kept) in done.stderr


def test_a_client_that_is_not_there_is_told_so(machine: Machine) -> None:
    assert "Cursor itself was not found on this machine." in machine.setup("cursor", "--sandbox", "--yes").stderr


def test_who_may_rely_on_the_github_cli_is_told_so(machine: Machine) -> None:
    assert "without it, the GitHub CLI's" in machine.setup("gemini", "--org", "octo-org", "--yes").stderr
    assert "GitHub CLI" not in machine.setup("cursor", "--org", "octo-org", "--yes").stderr


def test_a_long_word_is_shown_as_any_other(machine: Machine) -> None:
    """Looked through from each of its letters, it would have taken hours."""
    machine.write(USER_FILES["claude-code"], json.dumps({"history": "a" * 500_000, "api_key": "z" * 9}, indent=2))
    done = machine.setup("claude-code", "--sandbox", "--yes")
    assert done.returncode == 0, done.stderr
    assert "z" * 9 not in done.stdout


def test_every_backup_is_kept(machine: Machine) -> None:
    file = machine.home / USER_FILES["cursor"]
    for org in ("one", "two", "three"):
        machine.setup("cursor", "--org", org, "--yes")
    kept = [file.with_name(f"mcp.json.before-setup-{number}").read_text() for number in (1, 2)]
    assert ['"one"' in kept[0], '"two"' in kept[1], '"three"' in file.read_text()] == [True] * 3


def test_comments_of_vscode_stay_where_they_are(machine: Machine) -> None:
    old = """{
\t// what we use
\t"servers": {
\t\t"a": { "command": "x" }, // the first
\t\t/* and "b": */ "b": { "url": "https://example.com" } // the last
\t\t// none further
\t},
\t"inputs": [ /* none yet */ ],
}
"""
    file = machine.write(USER_FILES["vscode"], old)
    done = machine.setup("vscode", "--yes")
    assert done.returncode == 0, done.stderr
    new = file.read_text()
    added = [line for line in new.splitlines() if line not in old.splitlines()]
    for comment in (
        "// what we use",
        "// the first",
        '/* and "b": */',
        "// the last",
        "// none further",
        "/* none yet */",
    ):
        assert new.count(comment) == 1
    assert '"b": { "url": "https://example.com" }, // the last' in new
    assert added[1] == '\t\t"security-campaigns": {'
    assert machine.setup("vscode", "--yes").stdout == ""


def test_an_entry_of_ones_own_keeps_what_one_added_but_no_credential(machine: Machine) -> None:
    entry = {"command": "old", "disabled": True, "env": {"GITHUB_TOKEN": TOKEN, "GH_TOKEN": TOKEN, "HTTPS_PROXY": "p"}}
    file = machine.write(USER_FILES["claude-code"], json.dumps({"mcpServers": {"security-campaigns": entry}}))
    done = machine.setup("claude-code", "--org", "octo-org", "--yes")
    assert json.loads(file.read_text())["mcpServers"]["security-campaigns"] == {
        "command": COMMAND,
        "disabled": True,
        "env": {"GITHUB_TOKEN": "${GITHUB_TOKEN:-}", "HTTPS_PROXY": "p"},
        "type": "stdio",
        "args": ["--org", "octo-org"],
    }
    assert TOKEN not in done.stdout + done.stderr


def test_an_entry_for_a_service_gives_way_as_a_whole(machine: Machine) -> None:
    entry = {"type": "http", "url": "https://x.example/mcp", "headers": {"Authorization": "Bearer abc"}, "args": []}
    file = machine.write(USER_FILES["cursor"], json.dumps({"mcpServers": {"security-campaigns": entry}}, indent=2))
    machine.setup("cursor", "--sandbox", "--yes")
    assert sorted(servers("cursor", file)["security-campaigns"]) == ["args", "command", "type"]


def test_no_secret_of_another_server_is_shown(machine: Machine) -> None:
    machine.write(
        USER_FILES["cursor"], '{"mcpServers": {"other": {"env": {"API_KEY": "hunter2", "A": "${env:A_KEY}"}}}}'
    )
    done = machine.setup("cursor", "--sandbox")
    assert '"API_KEY": "(not shown)"' in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert "${env:A_KEY}" in done.stdout


def test_a_table_of_codex_is_changed_in_place_with_its_comments(machine: Machine) -> None:
    old = f"""# mine
model = "x" # why

[mcp_servers.security-campaigns] # ours
command = "old" # the command
args = [
  "--org", "old",
]
enabled = false
env_vars = ["MINE", "GH_TOKEN"]

[mcp_servers.security-campaigns.env]
GITHUB_TOKEN = "{TOKEN}"
OTHER = '''a
[table]
# none'''

[mcp_servers.security-campaigns.tools.delete_campaign]
approval_mode = "prompt"

[[list]]
a = 1
"""
    file = machine.write(USER_FILES["codex"], old)
    done = machine.setup("codex", "--org", "new", "--yes")
    assert done.returncode == 0, done.stderr
    whole = tomllib.loads(file.read_text())
    assert whole["mcp_servers"]["security-campaigns"] == {
        "command": COMMAND,
        "args": ["--org", "new"],
        "enabled": False,
        "env_vars": ["MINE", "GITHUB_TOKEN", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"],
        "startup_timeout_sec": 30,
        "tool_timeout_sec": 300,
        "env": {"OTHER": "a\n[table]\n# none"},
        "tools": {"delete_campaign": {"approval_mode": "prompt"}},
    }
    assert (whole["model"], whole["list"]) == ("x", [{"a": 1}])
    for line in ("# mine", 'model = "x" # why', "[mcp_servers.security-campaigns] # ours", "# the command"):
        assert line in file.read_text()
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "old",
    [
        'mcp_servers = { other = { command = "o" } }\n',
        '[mcp_servers]\nsecurity-campaigns = { command = "o", args = [] }\n',
        '[mcp_servers]\nsecurity-campaigns.command = "o"\n',
        '[mcp_servers.security-campaigns]\nargs = [ # why\n "a" ]\n',
    ],
)
def test_toml_that_cannot_be_changed_without_loss_is_left_with_the_way_on(old: str, machine: Machine) -> None:
    file = machine.write(USER_FILES["codex"], old)
    done = machine.setup("codex", "--sandbox", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be changed without loss" in done.stderr
    assert "Add --print to get the text" in done.stderr
    assert file.read_text() == old


@pytest.mark.parametrize(
    ("client", "old", "told"),
    [
        ("cursor", '{"mcpServers": {}', "line 1, column 18"),
        ("cursor", '{\n  "a": 1\n  "b": 2\n}', "a comma or } is missing, in line 3, column 3"),
        ("cursor", '{"a": tru}', "line 1, column 7"),
        ("cursor", '{"a": 1} x', "something after the end, in line 1, column 10"),
        ("claude-code", '{\n  // no\n}', "a comment, which this file may not have, in line 2, column 3"),
        ("claude-desktop", '{\n  "a": 1,\n\n}', "a comma before }, in line 2, column 9"),
        ("gemini", "[]", "something other than an object, in line 1, column 1"),
        ("gemini", '{"a": "x\ny"}', "line 1, column 7"),
        ("gemini", "[" * 5000, "within each other"),
        ("codex", 'a = 1\nb = \n', "line 2, column 5"),
        ("codex", "[a", "line 1, column 3"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_untouched_with_its_line_and_column(
    client: str, old: str, told: str, machine: Machine
) -> None:
    file = machine.write(USER_FILES[client], old)
    done = machine.setup(client, "--sandbox", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert str(file) in done.stderr
    assert "It was not changed. Mend that" in done.stderr
    assert file.read_text() == old
    assert [each for each in file.parent.iterdir() if each.is_file()] == [file]


@pytest.mark.parametrize("value", ['"none"', "[]", "null", "3"])
def test_something_else_where_servers_should_be_is_refused(value: str, machine: Machine) -> None:
    file = machine.write(USER_FILES["cursor"], f'{{"mcpServers": {value}}}')
    done = machine.setup("cursor", "--sandbox", "--yes")
    assert done.returncode == 1
    assert 'its "mcpServers" is no object' in done.stderr
    assert file.read_text() == f'{{"mcpServers": {value}}}'


@pytest.mark.parametrize("old", ["", "  \n", "{}", "{\n}\n", '{"mcpServers": {}}', '{"mcpServers":{"a":{}}}', "{ }"])
def test_any_small_file_is_filled(old: str, machine: Machine) -> None:
    file = machine.write(USER_FILES["claude-desktop"], old)
    done = machine.setup("claude-desktop", "--sandbox", "--yes")
    assert done.returncode == 0, done.stderr
    assert "security-campaigns" in servers("claude-desktop", file)


@pytest.mark.parametrize("client", ["cursor", "codex"])
def test_line_breaks_and_a_byte_order_mark_stay_as_windows_wrote_them(client: str, machine: Machine) -> None:
    old = "[a]\r\nb = 1\r\n" if client == "codex" else '{\r\n  "a": 1\r\n}\r\n'
    file = machine.write(USER_FILES[client], "\ufeff" + old)
    assert machine.setup(client, "--sandbox", "--yes").returncode == 0
    new = file.read_bytes().decode()
    assert new.startswith("\ufeff")
    assert new.count("\n") == new.count("\r\n") > 8
