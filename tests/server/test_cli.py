"""The command line as a person meets it, in real processes."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli import main, parser
from server.errors import ConfigurationError
from server.options import OPTIONS, read_options, settings_from
from server.sandbox.options import ADMIN_TOKEN
from tests.processes import environment, loopback_github

INITIALIZE = (
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
    '"clientInfo":{"name":"test","version":"0"}}}\n'
)


def run(*arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "security_campaigns_mcp", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment(**env)},
    )


def test_version_is_printed() -> None:
    done = run("version")
    assert re.fullmatch(r"security-campaigns-mcp \d+\.\d+\.\d+\n", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_names_every_option_with_its_environment_variable() -> None:
    shown = run("--help").stdout
    for option in OPTIONS:
        assert option.flag in shown
        assert f"[{option.env}]" in " ".join(shown.split())


def test_a_start_with_closed_stdin_ends_quietly_and_keeps_stdout_clean() -> None:
    done = run("--sandbox")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_the_protocol_is_on_stdout_even_when_logging_everything() -> None:
    done = run("--sandbox", "--log-level", "debug", stdin=INITIALIZE)
    lines = done.stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1]
    assert done.returncode == 0


def test_logs_go_to_the_file_which_only_its_owner_can_read(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    call = (
        '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_campaign","arguments":{"x":"\\nfake"}}}\n'
    )
    ready = '{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    done = run("--sandbox", "--log-level", "info", "--log-file", str(log), stdin=INITIALIZE + ready + call)
    assert done.stderr == ""
    assert log.exists()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "\nfake" not in log.read_text()


def test_a_folder_given_as_log_file_is_named_and_stays_as_it_is(tmp_path: Path) -> None:
    mode = tmp_path.stat().st_mode
    done = run("--sandbox", "--log-file", str(tmp_path))
    assert done.returncode == 2
    assert f"--log-file {tmp_path} cannot be written" in done.stderr
    assert tmp_path.stat().st_mode == mode


def test_a_log_file_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.touch(0o644)
    assert run("--sandbox", "--log-file", str(log), stdin="").returncode == 0
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_file_that_cannot_be_written_is_named() -> None:
    done = run("--sandbox", "--log-file", "/nowhere/at/all.log")
    assert done.returncode == 2
    assert "--log-file /nowhere/at/all.log cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--api-url", "http://api.github.com"], "unencrypted"),
        (["--api-url", "https://ghe.example.com/api/v3"], "no campaign endpoints"),
        (["--api-url", "ftp://api.github.com"], "http(s) address"),
        (["--app-id", "7"], "--app-key-file"),
        (["--org", "../etc"], "--org"),
        (["--allow-org", "a/b"], "--allow-org"),
        (["--org", "octo-org", "--allow-org", "other"], "--allow-org"),
        (["--api-version", "2001-01-01"], "--api-version"),
        (["--confirm", "sometimes"], "--confirm"),
        (["--parallel-reads", "21"], "--parallel-reads"),
        (["--write-reserve", "5001"], "--write-reserve"),
        (["--write-spacing", "a second"], "--write-spacing"),
        (["--write-spacing", "1e3"], "--write-spacing"),
        (["--write-spacing", "."], "--write-spacing"),
        (["--nonsense"], "--nonsense"),
        (["--sand"], "--sand"),  # no abbreviations: a later option must not change their meaning
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_served(arguments: list[str], names: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert names in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_option_can_come_from_the_environment_and_what_is_typed_wins() -> None:
    environ = {
        "SECURITY_CAMPAIGNS_ORG": "octo-labs",
        "SECURITY_CAMPAIGNS_ALLOW_ORGS": "octo-labs, octo-org",
        "SECURITY_CAMPAIGNS_READ_ONLY": "off",
        "SECURITY_CAMPAIGNS_CONFIRM": "writes",
        "GITHUB_API_URL": "https://api.octo.ghe.com/",
        "SECURITY_CAMPAIGNS_API_VERSION": "2022-11-28",
        "SECURITY_CAMPAIGNS_TOKEN_FILE": "~/token",
        "SECURITY_CAMPAIGNS_LOG_LEVEL": "info",
        "SECURITY_CAMPAIGNS_PARALLEL_READS": "8",
        "SECURITY_CAMPAIGNS_WRITE_RESERVE": "250",
        "SECURITY_CAMPAIGNS_WRITE_SPACING": "0.5",
    }
    settings = settings_from(read_options({"org": "octo-org"}, environ))
    assert settings.parallel_reads == 8
    assert (settings.write_reserve, settings.write_spacing) == (250, 0.5)
    assert not settings.sandbox
    assert not settings.read_only
    assert (settings.org, settings.allow_orgs) == ("octo-org", ("octo-labs", "octo-org"))
    assert (settings.confirm, settings.api_url) == ("writes", "https://api.octo.ghe.com")
    assert (settings.api_version, settings.web_url) == ("2022-11-28", "https://octo.ghe.com")
    assert settings.token_file == Path("~/token").expanduser()


def test_in_the_sandbox_nothing_that_concerns_the_real_github_counts() -> None:
    environ = {
        "SECURITY_CAMPAIGNS_SANDBOX": "1",
        "GITHUB_API_URL": "https://ghe.example.com/api/v3",
        "SECURITY_CAMPAIGNS_APP_ID": "7",
        "SECURITY_CAMPAIGNS_TOKEN_FILE": "/nowhere",
    }
    settings = settings_from(read_options({}, environ))
    assert settings.sandbox
    assert (settings.api_url, settings.app_id, settings.token_file) == ("https://api.github.com", None, None)


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_an_empty_bound_is_an_error_and_not_a_lifted_one(value: str) -> None:
    with pytest.raises(ConfigurationError, match="SECURITY_CAMPAIGNS_ALLOW_ORGS: names no organization"):
        read_options({}, {"SECURITY_CAMPAIGNS_ALLOW_ORGS": value})
    with pytest.raises(ConfigurationError, match="--allow-org: names no organization"):
        read_options({"allow_orgs": [value]}, {})


@pytest.mark.parametrize("arguments", [["demo"], ["doctor", "--sandbox", "--org", "octo-org"]])
def test_a_reader_that_goes_away_ends_it_without_a_traceback(arguments: list[str]) -> None:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "security_campaigns_mcp", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], **environment()},
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors


@pytest.mark.parametrize("arguments", [["version"], ["doctor", "--sandbox", "--org", "octo-org"]])
@pytest.mark.parametrize(
    ("to", "says"), [(">&-", "stdout is closed"), ("> /dev/full", "stdout cannot be written: No space left on device.")]
)
def test_an_answer_that_cannot_be_printed_is_an_error_without_a_traceback(
    arguments: list[str], to: str, says: str
) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", f'exec "$@" {to}', "sh", sys.executable, "-m", "security_campaigns_mcp", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment()},
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.startswith(f"security-campaigns-mcp: {says}")


def test_version_is_an_option_too() -> None:
    assert run("--version").stdout == run("version").stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURITY_CAMPAIGNS_SANDBOX", "maybe"),
        ("SECURITY_CAMPAIGNS_CONFIRM", "sometimes"),
        ("SECURITY_CAMPAIGNS_ORG", "a b"),
        ("SECURITY_CAMPAIGNS_PARALLEL_READS", "many"),
        ("SECURITY_CAMPAIGNS_PARALLEL_READS", "-1"),
        ("SECURITY_CAMPAIGNS_PARALLEL_READS", "²"),
    ],
)
def test_a_wrong_environment_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_options({}, {name: value})


def test_options_count_before_and_after_a_command() -> None:
    before = vars(parser().parse_args(["--org", "octo-org", "doctor", "--json"]))
    after = vars(parser().parse_args(["doctor", "--org", "octo-org", "--json"]))
    assert before == after


def test_allow_org_can_be_given_more_than_once() -> None:
    given = vars(parser().parse_args(["--allow-org", "a", "--allow-org", "b,c"]))
    assert read_options(given, {})["allow_orgs"] == ("a", "b", "c")


def test_an_organization_that_is_allowed_twice_is_kept_once_as_it_was_first_written() -> None:
    given = vars(parser().parse_args(["--allow-org", "Octo-Org", "--allow-org", "OCTO-ORG,b", "--allow-org", "b"]))
    assert read_options(given, {})["allow_orgs"] == ("Octo-Org", "b")
    environ = {"SECURITY_CAMPAIGNS_ALLOW_ORGS": "octo-org, a,OCTO-ORG,octo-org"}
    assert read_options({}, environ)["allow_orgs"] == ("octo-org", "a")


@pytest.mark.parametrize("option", ["store", "token_file", "app_key_file", "log_file"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_path_is_called_empty(option: str, value: str) -> None:
    flag = f"--{option.replace('_', '-')}"
    with pytest.raises(ConfigurationError, match=f"^{flag}: is empty; give the path of a file"):
        read_options({option: value}, {})


def test_ctrl_c_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("server.cli._serve", interrupted)
    assert main(["--sandbox"], {}) == 130


def test_at_a_terminal_the_server_says_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("mcp.server.mcpserver.MCPServer.run", lambda *_: None)
    assert main(["--sandbox", "--log-level", "error"], {}) == 0
    assert "Serving MCP over stdio" in capsys.readouterr().err


def test_the_doctor_finds_the_sandbox_healthy() -> None:
    done = run("doctor", "--sandbox", "--org", "octo-org")
    assert (done.returncode, done.stderr) == (0, "")
    assert "octo-bot" in done.stdout


def test_the_doctor_speaks_json_and_its_exit_status_tells() -> None:
    with loopback_github() as github:
        healthy = run("doctor", "--json", "--org", "octo-org", GITHUB_API_URL=github.url, GITHUB_TOKEN=ADMIN_TOKEN)
        ill = run("doctor", "--json", "--org", "octo-org", GITHUB_API_URL=github.url, GITHUB_TOKEN="ghp_wrong")
    assert {finding["status"] for finding in json.loads(healthy.stdout)["findings"]} <= {"ok", "unknown"}
    assert healthy.returncode == 0
    assert "failed" in {finding["status"] for finding in json.loads(ill.stdout)["findings"]}
    assert ill.returncode == 1
    assert "ghp_wrong" not in ill.stdout + ill.stderr
    assert github.writes == []


def test_the_sandbox_reads_no_real_credential() -> None:
    done = run("doctor", "--json", "--sandbox", "--org", "octo-org", GITHUB_TOKEN="ghp_real", GH_TOKEN="ghp_real")
    credentials = next(finding for finding in json.loads(done.stdout)["findings"] if finding["check"] == "credentials")
    assert credentials["says"] == "The sandbox's own token."
    assert done.returncode == 0
