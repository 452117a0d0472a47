"""Tokens out of a file: made, used, withdrawn, expired, and files that nobody should trust."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.cli import main
from server.errors import ConfigurationError, SignInUnavailable, TokenRefused
from server.signin.scopes import READ_SCOPE, WRITE_SCOPE
from server.signin.static_tokens import StaticTokens, new_token

TOMORROW = datetime.now(UTC) + timedelta(days=1)


def made(file: Path, name: str = "anna", **changed: Any) -> str:
    arguments = {"scopes": [READ_SCOPE], "orgs": None, "expires_at": TOMORROW, **changed}
    return new_token(file, name, **arguments)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


def test_a_token_is_its_owners(file: Path) -> None:
    token = made(file, orgs=["octo-org"])
    made(file, "bert", scopes=[READ_SCOPE, WRITE_SCOPE])
    anna = StaticTokens(file).verify(token)
    assert (anna.name, anna.subject, anna.scopes, anna.orgs) == (
        "anna",
        "anna",
        frozenset({READ_SCOPE}),
        ("octo-org",),
    )


def test_the_file_holds_no_token_and_is_its_owners_alone(file: Path) -> None:
    token = made(file)
    assert token.startswith("scmcp_")
    assert len(token) > 40
    assert token not in file.read_text()
    assert token.removeprefix("scmcp_") not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_tokens_differ(file: Path) -> None:
    assert len({made(file, f"n{number}") for number in range(20)}) == 20


def test_a_token_that_is_in_no_line_is_refused(file: Path) -> None:
    token = made(file)
    for other in (token[:-1], token + "A", token.lower(), "scmcp_", "", "\ud800"):
        with pytest.raises(TokenRefused, match="not known here"):
            StaticTokens(file).verify(other)


def test_an_expired_token_is_refused(file: Path) -> None:
    now = datetime.now(UTC)
    token = made(file, expires_at=now + timedelta(hours=1))
    assert StaticTokens(file, lambda: now + timedelta(minutes=59)).verify(token).name == "anna"
    with pytest.raises(TokenRefused, match="has expired"):
        StaticTokens(file, lambda: now + timedelta(hours=1)).verify(token)


def test_a_line_taken_out_or_added_counts_at_once(file: Path) -> None:
    anna = made(file)
    tokens = StaticTokens(file)
    assert tokens.verify(anna).name == "anna"
    bert = made(file, "bert")
    assert tokens.verify(bert).name == "bert"
    file.write_text(file.read_text().splitlines()[1] + "\n")
    with pytest.raises(TokenRefused):
        tokens.verify(anna)
    assert tokens.verify(bert).name == "bert"
    file.unlink()
    with pytest.raises(SignInUnavailable, match="cannot be read"):
        tokens.verify(bert)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_to_lets_nobody_in(file: Path, mode: int) -> None:
    token = made(file)
    file.chmod(mode)
    with pytest.raises(SignInUnavailable, match="can be written to by others"):
        StaticTokens(file).verify(token)
    with pytest.raises(ConfigurationError, match="can be written to by others"):
        made(file, "bert")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_that_another_owns_lets_nobody_in(file: Path) -> None:
    token = made(file)
    os.chown(file, 4711, 4711)
    with pytest.raises(SignInUnavailable, match="belongs to another user"):
        StaticTokens(file).verify(token)


def line(**changed: Any) -> str:
    told = {"name": "x", "sha256": "0" * 64, "scopes": [READ_SCOPE], "expires_at": "2099-01-01T00:00:00Z", **changed}
    return json.dumps({name: value for name, value in told.items() if value is not None})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("nonsense", "wrong in line 2, which is no JSON"),
        ("[" * 100_000, "wrong in line 2"),
        ("{}", "wrong in line 2: name"),
        (line(sha256="0" * 63), "sha256"),
        (line(sha256="0" * 63 + "G"), "sha256"),
        (line(scopes=["all"]), "scopes.0"),
        (line(scopes=[]), "scopes"),
        (line(orgs=["not an org"]), "orgs.0"),
        (line(expires_at="2099-01-01T00:00:00"), "expires_at"),
        (line(expires_at=None), "expires_at"),
        (line(org="octo-org"), "org"),
        (line(name="anna"), "two tokens alike"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_a_wrong_line_lets_nobody_in_and_is_named(file: Path, wrong: str, said: str) -> None:
    token = made(file)
    with file.open("a") as opened:
        opened.write(wrong + "\n")
    with pytest.raises(SignInUnavailable) as caught:
        StaticTokens(file).verify(token)
    assert said in str(caught.value)
    assert "0000" not in str(caught.value)


def test_a_file_without_a_last_line_break_is_added_to_rightly(file: Path) -> None:
    anna = made(file)
    file.write_text(file.read_text().rstrip("\n"))
    bert = made(file, "bert")
    tokens = StaticTokens(file)
    assert (tokens.verify(anna).name, tokens.verify(bert).name) == ("anna", "bert")


def command(file: Path, *arguments: str) -> int:
    return main(["token", "new", "--name", "anna", "--scope", READ_SCOPE, "--file", str(file), *arguments], {})


def test_the_command_prints_the_token_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(file, "--scope", WRITE_SCOPE, "--org", "octo-org", "--days", "7") == 0
    said = capsys.readouterr()
    anna = StaticTokens(file).verify(said.out.strip())
    assert (anna.scopes, anna.orgs) == (frozenset({READ_SCOPE, WRITE_SCOPE}), ("octo-org",))
    assert abs(anna.expires - (datetime.now(UTC) + timedelta(days=7)).timestamp()) < 60
    assert said.out.strip() not in said.err
    assert "shown only now" in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scope", "campaigns:admin"], "--scope"),
        (["--org", "not an org"], "--org"),
        (["--days", "0"], "--days"),
        (["--days", "367"], "--days"),
        (["--days", "x"], "--days"),
        (["--name", " "], "--name"),
        (["--name", ""], "--name"),
        (["--name", "an\u202ena"], "--name"),
    ],
)
def test_the_command_refuses_what_is_wrong(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert command(file, *arguments) == 2
    assert said in capsys.readouterr().err
    assert not file.exists()


def test_a_name_is_given_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command(file)
    before = file.read_text()
    capsys.readouterr()
    assert command(file) == 2
    said = capsys.readouterr()
    assert "holds a token named anna already" in said.err
    assert (said.out, file.read_text()) == ("", before)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(tmp_path / "missing" / "tokens") == 2
    assert command(tmp_path) == 2
    assert "Traceback" not in capsys.readouterr().err
