"""What `serve` refuses to start with, and how its options are read."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from server.cli import main
from server.errors import ConfigurationError
from server.http.options import SERVE_OPTIONS, serve_settings
from server.http.settings import Address, ServeSettings
from server.options import Option
from tests.http.service import make_token

PUBLIC = "https://campaigns.example.com/mcp"
KEYS = "SECURITY_CAMPAIGNS_STATE_KEYS"
SIGNED_IN = {"SECURITY_CAMPAIGNS_TOKENS": "tokens"}


def test_everything_has_a_default_on_loopback() -> None:
    settings = serve_settings({}, {})
    assert settings == ServeSettings()
    assert (settings.http, settings.signs_in) == (Address("127.0.0.1", 8000), False)
    assert settings.resource(Address("::1", 8000)) == "http://[::1]:8000/mcp"


def test_what_is_typed_wins_over_the_environment() -> None:
    environ = {"SECURITY_CAMPAIGNS_HTTP": "127.0.0.1:1", "SECURITY_CAMPAIGNS_MAX_SESSIONS": "5"}
    settings = serve_settings({"http": "[::1]:9000"}, environ)
    assert (settings.http, settings.max_sessions) == (Address("::1", 9000), 5)


def test_lists_come_repeated_or_with_commas() -> None:
    environ = {"SECURITY_CAMPAIGNS_ALLOWED_ORIGINS": "https://a.example.com, https://b.example.com/", **SIGNED_IN}
    settings = serve_settings({"allowed_hosts": ["a.example.com", "B.example.com:81"]}, environ)
    assert settings.allowed_hosts == ("a.example.com", "b.example.com:81")
    assert settings.allowed_origins == ("https://a.example.com", "https://b.example.com")


@pytest.mark.parametrize("given", [PUBLIC, "https://campaigns.example.com", "https://campaigns.example.com/"])
def test_mcp_at_the_end_of_the_public_address_may_be_left_out(given: str) -> None:
    assert serve_settings({"public_url": given}, SIGNED_IN).public_url == PUBLIC


def test_every_option_has_its_own_variable() -> None:
    assert len({option.env for option in SERVE_OPTIONS}) == len(SERVE_OPTIONS)
    assert KEYS not in {option.env for option in SERVE_OPTIONS}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "[::]", "campaigns.example.com"])  # noqa: S104 - to be refused
def test_beyond_loopback_nothing_starts_without_sign_in(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr("server.http.serving._bound", None)  # it must not come to that
    assert main(["serve", "--sandbox", "--http", f"{host}:8000", "--public-url", PUBLIC], {}) == 2
    said = capsys.readouterr().err
    assert "--issuer or --tokens" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--public-url", PUBLIC),
        ("--public-url", "https://192.0.2.1/mcp"),
        ("--allowed-host", "campaigns.example.com"),
        ("--allowed-host", "localhost,proxy.internal:8443"),
        ("--allowed-origin", "https://assistant.example.com"),
    ],
)
def test_on_loopback_behind_a_name_that_others_use_nothing_starts_without_sign_in_either(
    flag: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.http.serving._bound", None)  # it must not come to that
    assert main(["serve", "--sandbox", "--http", "127.0.0.1:8000", flag, value], {}) == 2
    said = capsys.readouterr().err
    assert f"{flag} makes this server known beyond this machine" in said
    assert "--issuer or --tokens" in said


def test_without_sign_in_a_proxy_on_this_machine_may_have_other_names_of_it() -> None:
    given = {
        "public_url": "http://localhost:8080/mcp",
        "allowed_hosts": ["127.0.0.1:8080", "[::1]:8080"],
        "allowed_origins": ["http://localhost:5173"],
    }
    assert not serve_settings(given, {}).signs_in


@pytest.mark.parametrize("option", SERVE_OPTIONS, ids=lambda option: option.flag)
@pytest.mark.parametrize("text", ["", " "])
def test_what_is_given_but_empty_is_refused(option: Option, text: str) -> None:
    """As a start script does with a variable that is not set."""
    with pytest.raises(ConfigurationError, match=f"{option.env} is empty"):
        serve_settings({}, {option.env: text})
    if not option.switch and not option.repeatable:
        with pytest.raises(ConfigurationError, match=f"{option.flag} is empty"):
            serve_settings({option.dest: text}, {})


def test_a_public_address_of_which_both_ways_to_sign_in_are_empty_does_not_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environ = {"SECURITY_CAMPAIGNS_ISSUER": "", "SECURITY_CAMPAIGNS_TOKENS": ""}
    assert main(["serve", "--sandbox", "--read-only", "--http", "127.0.0.1:0", "--public-url", PUBLIC], environ) == 2
    assert "SECURITY_CAMPAIGNS_ISSUER is empty" in capsys.readouterr().err


def test_beyond_loopback_the_public_address_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="--public-url is missing"):
        serve_settings({"http": "0.0.0.0:8000", "issuer": "https://login.example.com"}, {})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("http", "8000"),
        ("http", "127.0.0.1"),
        ("http", ":8000"),
        ("http", "127.0.0.1:65536"),
        ("http", "127.0.0.1:x"),
        ("http", "::1:8000"),
        ("public_url", "http://campaigns.example.com/mcp"),
        ("public_url", "campaigns.example.com"),
        ("public_url", "https://user@campaigns.example.com"),
        ("public_url", "https://campaigns.example.com/?x=1"),
        ("public_url", "https://campaigns.example.com:x"),
        ("public_url", "https://k\u00e4se.example/mcp"),
        ("public_url", 'https://a"b.example/mcp'),
        ("public_url", "https://campaigns.example.com/a b/mcp"),
        ("public_url", "https://campaigns.example.com/\u00e4/mcp"),
        ("issuer", "http://login.example.com"),
        ("issuer", "https://login.example.com/#x"),
        ("issuer", "login.example.com"),
        ("jwks_url", "http://login.example.com/jwks"),
        ("jwks_url", "file:///etc/jwks"),
        ("allowed_hosts", ["https://a.example.com"]),
        ("allowed_hosts", ["*"]),
        ("allowed_hosts", [","]),
        ("allowed_origins", ["a.example.com"]),
        ("allowed_origins", ["*"]),
        ("allowed_origins", ["https://a.example.com/path"]),
        ("allowed_origins", [""]),
        ("ask_scopes", ["campaigns:admin"]),
        ("ask_scopes", [""]),
        ("max_sessions", "0"),
        ("max_sessions", "-1"),
        ("session_idle", "0"),
        ("shutdown_grace", "x"),
        ("audience", "api://x"),
        ("jwks_url", "https://login.example.com/jwks"),
        ("org_claim", "orgs"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(option: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        serve_settings({option: value}, {})
    assert f"--{option.replace('_', '-').removesuffix('s')}" in str(caught.value)


def test_keys_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    first, second = "a" * 44, "b" * 44
    file = tmp_path / "keys"
    file.write_text(f"{first}\n{second}\n")
    file.chmod(0o600)
    expected = (first.encode(), second.encode())
    assert serve_settings({"state_keys": str(file)}, {}).state_keys == expected
    assert serve_settings({}, {KEYS: f"{first},{second}"}).state_keys == expected
    assert serve_settings({}, {"SECURITY_CAMPAIGNS_STATE_KEYS_FILE": str(file)}).state_keys == expected


@pytest.mark.parametrize("content", ["", "\n", "short", "k" * 31, "s3cret" * 6 + " " + "s3cret" * 6])
def test_keys_that_are_none_too_short_or_double_are_refused_and_never_shown(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        serve_settings({"state_keys": str(file)}, {})
    assert "s3cret" not in str(caught.value)
    assert "kkkk" not in str(caught.value)


@pytest.mark.parametrize("text", ["", " ", " , ", ",", "\n"])
def test_a_variable_that_holds_no_key_is_refused_for_it_would_mean_a_random_one(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{KEYS} holds no key"):
        serve_settings({}, {KEYS: text})


def test_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("k" * 44)
    for mode in (0o644, 0o602, 0o620, 0o606):
        file.chmod(mode)
        with pytest.raises(ConfigurationError, match="open to others"):
            serve_settings({"state_keys": str(file)}, {})
    file.chmod(0o640)
    assert serve_settings({"state_keys": str(file)}, {}).state_keys


def test_keys_in_two_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="both give keys"):
        serve_settings({"state_keys": str(tmp_path / "keys")}, {KEYS: "k" * 44})


def test_a_file_of_keys_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        serve_settings({"state_keys": str(tmp_path / "missing")}, {})
    file = tmp_path / "keys"
    file.write_bytes(b"\xff" * 44)
    file.chmod(0o600)
    with pytest.raises(ConfigurationError, match="holds no text"):
        serve_settings({"state_keys": str(file)}, {})


def test_a_file_of_tokens_that_cannot_be_used_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tokens"
    start = ["serve", "--sandbox", "--read-only", "--http", "127.0.0.1:0", "--tokens", str(file)]
    assert main(start, {}) == 2
    assert "cannot be read" in capsys.readouterr().err
    make_token(file)
    file.chmod(0o666)
    assert main(start, {}) == 2
    assert "can be written to by others" in capsys.readouterr().err


def test_an_address_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        start = ["serve", "--sandbox", "--read-only", "--http", f"127.0.0.1:{taken.getsockname()[1]}"]
        assert main(start, {}) == 2
    assert "Choose another address or port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ["--no-store"],
            "--no-store would keep no audit, and a service makes no write without its record. Leave it out.",
        ),
        (["--sandbox"], "The sandbox keeps no audit by itself, and a service makes no write without its record."),
    ],
)
def test_a_service_that_could_write_without_a_record_does_not_start(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--http", "127.0.0.1:0", *given], {"GITHUB_TOKEN": "ghp_none"}) == 2
    assert said in capsys.readouterr().err
