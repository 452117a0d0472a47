from __future__ import annotations

import stat
from pathlib import Path

import pytest

from server.errors import ConfigurationError
from server.github import github_cli
from server.github.app_auth import AppCredentials
from server.github.clock import Clock
from server.github.connection import open_github
from server.github.credentials import FixedToken, Token, read_token
from server.github.github_cli import web_host
from server.github.sources import find_credentials
from server.sandbox.options import ADMIN_TOKEN
from server.settings import Settings
from tests.github.scripted import SECRET, Script, Waits, told

pytestmark = pytest.mark.anyio


def gh(folder: Path, script: str) -> dict[str, str]:
    """Put a `gh` into a folder of its own and return an environment that finds it."""
    command = folder / "bin" / "gh"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{command.parent}:/usr/bin:/bin"}


async def found(settings: Settings, environ: dict[str, str]) -> Token:
    return await find_credentials(settings, environ).token("octo-org")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ghp_a", "classic personal access token"),
        ("github_pat_a", "fine-grained personal access token"),
        ("gho_a", "OAuth token"),
        ("ghu_a", "app user token"),
        ("ghs_a", "installation token"),
        ("0123456789abcdef", "token of unknown kind"),
    ],
)
def test_the_prefix_tells_the_kind(value: str, kind: str) -> None:
    assert read_token(f"{value}\n", "test") == Token(value, kind, "test")  # type: ignore[arg-type] # compared as text


def test_a_token_is_not_in_its_repr() -> None:
    assert SECRET not in repr(read_token(SECRET, "test"))


@pytest.mark.parametrize(
    "value", ["", " ", "ghp_a b", "ghp_a\nghp_b", "ghp_a\x00", "ghp_ä", "ghp_a\u200b", "Bearer ghp_a"]
)
def test_a_token_with_odd_characters_is_refused_and_not_echoed(value: str) -> None:
    with pytest.raises(ConfigurationError, match="The token from GITHUB_TOKEN contains") as caught:
        read_token(value, "GITHUB_TOKEN")
    assert "ghp_" not in str(caught.value)


@pytest.mark.parametrize("value", ["${GITHUB_TOKEN}", "$GITHUB_TOKEN", "${input:github-token}", "ghp_${SECRET}"])
def test_a_placeholder_that_no_client_filled_in_is_told_from_a_token(value: str) -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_TOKEN holds a placeholder and not a token"):
        read_token(value, "GITHUB_TOKEN")


async def test_a_fixed_token_is_never_renewed() -> None:
    credentials = FixedToken(SECRET, "test")
    token = await credentials.token(None)
    assert (token.value, token.source) == (SECRET, "test")
    assert await credentials.renewed(None, token) is None


async def test_the_order_is_file_then_environment_then_cli(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("github_pat_file\n")
    environ = {"GITHUB_TOKEN": "ghp_first", "GH_TOKEN": "ghp_second", **gh(tmp_path, "echo gho_third")}
    assert await found(Settings(token_file=file), environ) == Token(
        "github_pat_file", "fine-grained personal access token", "--token-file"
    )
    assert (await found(Settings(), environ)).source == "GITHUB_TOKEN"
    environ["GITHUB_TOKEN"] = " "
    assert (await found(Settings(), environ)).source == "GH_TOKEN"
    del environ["GH_TOKEN"]
    assert await found(Settings(), environ) == Token("gho_third", "OAuth token", "gh auth token")


async def test_a_configured_file_is_not_replaced_by_the_environment(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        await found(Settings(token_file=tmp_path / "none"), {"GITHUB_TOKEN": "ghp_first"})


async def test_an_app_comes_before_the_environment(tmp_path: Path, waits: Waits) -> None:
    settings = Settings(app_id="1", app_key_file=tmp_path / "key.pem")
    async with open_github(settings, environ={"GITHUB_TOKEN": SECRET}, transport=Script(), sleep=waits) as github:
        assert isinstance(github.credentials, AppCredentials)


def test_an_app_needs_a_connection(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="connection"):
        find_credentials(Settings(app_id="1", app_key_file=tmp_path / "key.pem"), {}, clock=Clock())


async def test_the_sandbox_reads_no_real_credential(tmp_path: Path) -> None:
    settings = Settings(sandbox=True, token_file=tmp_path / "none")
    assert (await found(settings, {"GITHUB_TOKEN": SECRET})).value == ADMIN_TOKEN


async def test_no_credential_names_every_way_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await found(Settings(api_url="https://api.octo.ghe.com"), {"PATH": str(tmp_path)})
    text = str(caught.value)
    for way in ("GITHUB_TOKEN", "GH_TOKEN", "gh auth login --hostname octo.ghe.com", "--token-file", "--app-id"):
        assert way in text


async def test_a_server_without_credentials_opens_and_fails_at_the_first_request(waits: Waits) -> None:
    script = Script()
    async with open_github(Settings(), environ={}, transport=script, sleep=waits) as github:
        with pytest.raises(ConfigurationError, match="No GitHub credential was found"):
            await github.client.request("GET", "/user")
    assert script.sent == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"ghp_a\nghp_b\n", "spaces, line breaks"),
        ("ghp_a".encode("utf-16"), "not plain text"),
        (b"x" * 20_000, "far too long"),
    ],
)
async def test_a_wrong_token_file_has_its_own_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said) as caught:
        await found(Settings(token_file=file), {})
    assert "ghp_" not in str(caught.value)


async def test_a_folder_is_no_token_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        await found(Settings(token_file=tmp_path), {})


async def test_an_unreadable_file_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ConfigurationError, match=r"cannot be read \(Permission denied\)"):
        await found(Settings(token_file=tmp_path / "token"), {})


@pytest.mark.parametrize("content", [b"ghp_a", b"ghp_a\n", b"ghp_a\r\n", b"\xef\xbb\xbfghp_a\r\n"])
async def test_a_line_end_and_a_byte_order_mark_are_dropped(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    assert (await found(Settings(token_file=file), {})).value == "ghp_a"


async def test_a_rotated_token_file_is_read_again_after_a_refusal(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ghp_old")
    credentials = find_credentials(Settings(token_file=file), {})
    old = await credentials.token("octo-org")
    assert await credentials.renewed("octo-org", old) is None
    file.write_text("ghp_new")
    assert await credentials.token("octo-org") == old
    new = await credentials.renewed("octo-org", old)
    assert new is not None
    assert new.value == "ghp_new"
    file.unlink()
    assert await credentials.renewed("octo-org", old) == new
    assert await credentials.renewed("octo-org", new) is None


async def test_the_request_goes_on_with_a_rotated_token(tmp_path: Path, waits: Waits) -> None:
    file = tmp_path / "token"
    file.write_text("ghp_old")

    def rotate(request: object) -> object:
        file.write_text("ghp_new")
        return told(401, {"message": "Bad credentials"})

    script = Script(rotate, told(200, {}))  # type: ignore[arg-type] # a reply that does something first
    async with open_github(Settings(token_file=file), environ={}, transport=script, sleep=waits) as github:
        await github.client.request("GET", "/user")
    assert [request.headers["authorization"] for request in script.sent] == ["Bearer ghp_old", "Bearer ghp_new"]


@pytest.mark.parametrize("script", ["exit 1", "echo", "exec sleep 60"])
async def test_a_cli_that_fails_or_hangs_is_no_credential(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github_cli, "_TIME_LIMIT", 0.3)
    with pytest.raises(ConfigurationError, match="No GitHub credential was found"):
        await found(Settings(), gh(tmp_path, script))


async def test_a_cli_that_cannot_be_run_is_no_credential(tmp_path: Path) -> None:
    environ = gh(tmp_path, "echo gho_a")
    (tmp_path / "bin" / "gh").write_text("#!/no/such/interpreter\n")
    with pytest.raises(ConfigurationError, match="No GitHub credential was found"):
        await found(Settings(), environ)


async def test_the_cli_is_asked_for_the_right_host_and_gets_no_input(tmp_path: Path) -> None:
    environ = gh(tmp_path, f'echo "$@" > {tmp_path}/asked; cat >> {tmp_path}/asked; echo gho_a')
    await found(Settings(api_url="https://api.octo.ghe.com"), environ)
    assert (tmp_path / "asked").read_text() == "auth token --hostname octo.ghe.com\n"


async def test_a_cli_in_the_working_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gh(tmp_path, f"touch {tmp_path}/ran; echo gho_a")
    monkeypatch.chdir(tmp_path / "bin")
    with pytest.raises(ConfigurationError):
        await found(Settings(), {"PATH": "."})
    assert not (tmp_path / "ran").exists()


async def test_the_cli_is_not_asked_for_a_loopback_host(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await found(Settings(api_url="http://127.0.0.1:9"), gh(tmp_path, "echo gho_a"))
    assert "gh auth" not in str(caught.value)


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "github.com"),
        ("https://api.octo.ghe.com", "octo.ghe.com"),
        ("http://localhost:1", None),
        ("nonsense", None),
    ],
)
def test_the_cli_knows_hosts_by_their_web_name(api: str, web: str | None) -> None:
    assert web_host(api) == web
