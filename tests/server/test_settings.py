"""The operator's settings: what could never work, or would send a token where it does not belong, is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from server.errors import ConfigurationError
from server.settings import API_VERSIONS, Settings


def refusal(**settings: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings(**settings)
    return str(refused.value)


def test_the_defaults_are_github_with_its_newest_version_and_confirmation_where_it_matters() -> None:
    settings = Settings()
    assert (settings.api_url, settings.web_url) == ("https://api.github.com", "https://github.com")
    assert settings.api_version == "2026-03-10"
    assert (settings.confirm, settings.read_only, settings.sandbox) == ("destructive", False, False)
    assert (settings.org, settings.allow_orgs, settings.token_file, settings.app_id) == (None, (), None, None)


@pytest.mark.parametrize(
    ("api_url", "kept", "web_url"),
    [
        ("https://api.github.com", "https://api.github.com", "https://github.com"),
        ("https://api.github.com/", "https://api.github.com", "https://github.com"),
        ("https://api.octo.ghe.com", "https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://api.octo.ghe.com//", "https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("https://API.Octo.ghe.com", "https://API.Octo.ghe.com", "https://octo.ghe.com"),
        ("http://localhost:8080", "http://localhost:8080", "https://github.com"),
        ("http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080/api/v3", "https://github.com"),
        ("http://[::1]:8080", "http://[::1]:8080", "https://github.com"),
        ("https://localhost", "https://localhost", "https://github.com"),
    ],
)
def test_an_address_that_can_work_is_kept_without_its_last_slash(api_url: str, kept: str, web_url: str) -> None:
    settings = Settings(api_url=api_url)
    assert (settings.api_url, settings.web_url) == (kept, web_url)


@pytest.mark.parametrize(
    "api_url",
    [
        "",
        "api.github.com",
        "ftp://api.github.com",
        "file:///etc/passwd",
        "https://",
        "https://user@api.github.com",
        "https://user:secret@api.github.com",
        "https://:secret@api.github.com",
        "https://api.github.com?x=1",
        "https://api.github.com?",
        "https://api.github.com#x",
        "https://api.github.com#",
        "https://api.github.com ",
        "https://api.git hub.com",
        "https://api.github.com:port",
        "https://[::1",
    ],
)
def test_what_is_no_plain_address_is_refused_without_repeating_it(api_url: str) -> None:
    text = refusal(api_url=api_url)
    assert text == (
        "--api-url is not a plain http(s) address. Use https://api.github.com or https://api.SUBDOMAIN.ghe.com."
    )


@pytest.mark.parametrize("host", ["api.github.com", "api.octo.ghe.com", "127.0.0.1.example.com", "localhost.example"])
def test_the_token_is_never_sent_unencrypted_beyond_this_machine(host: str) -> None:
    assert refusal(api_url=f"http://{host}").startswith(f"--api-url http://{host} would send the token unencrypted.")


@pytest.mark.parametrize(
    "api_url",
    [
        "https://ghe.example.com/api/v3",
        "https://ghe.example.com",
        "https://github.com",
        "https://octo.ghe.com",
        "https://api.github.com.example.com",
        "https://api.octo.ghe.com.example.com",
        "https://evilghe.com",
        "https://api.github.com/api/v3",
        "https://api.octo.ghe.com/v3",
    ],
)
def test_a_host_without_campaigns_is_refused_with_the_reason(api_url: str) -> None:
    text = refusal(api_url=api_url)
    assert text.startswith(f"--api-url {api_url} is not an API with security campaigns: GitHub Enterprise Server has")
    assert text.endswith("Use https://api.github.com or https://api.SUBDOMAIN.ghe.com.")


@pytest.mark.parametrize("version", API_VERSIONS)
def test_the_versions_this_was_built_for_are_taken(version: str) -> None:
    assert Settings(api_version=version).api_version == version


def test_another_version_is_refused_naming_those() -> None:
    assert refusal(api_version="2021-01-01") == (
        "--api-version '2021-01-01' is not a version this server was built for. Use 2026-03-10 or 2022-11-28."
    )


@pytest.mark.parametrize("half", [{"app_id": "7"}, {"app_key_file": Path("key.pem")}])
def test_an_app_needs_its_id_and_its_key(half: dict[str, Any]) -> None:
    assert refusal(**half).startswith("A GitHub App needs both --app-id and --app-key-file.")


def test_an_app_with_both_is_taken_and_a_token_file_beside_it_is_not() -> None:
    app: dict[str, Any] = {"app_id": "7", "app_key_file": Path("key.pem")}
    assert Settings(**app).app_id == "7"
    assert Settings(token_file=Path("token")).token_file == Path("token")
    assert refusal(**app, token_file=Path("token")).startswith(
        "--token-file and --app-id are two different credentials."
    )


def test_the_default_organization_must_be_an_allowed_one() -> None:
    assert Settings(org="Octo-Org", allow_orgs=("octo-org", "other")).org == "Octo-Org"
    assert Settings(allow_orgs=("octo-org",)).org is None
    assert refusal(org="octo-labs", allow_orgs=("octo-org", "other")) == (
        "The default organization --org octo-labs is not among the allowed ones (octo-org, other). Add it with "
        "--allow-org, or choose another default."
    )


@pytest.mark.parametrize("number", [1, 4, 20])
def test_so_many_pages_of_alerts_may_be_read_at_once(number: int) -> None:
    assert Settings(parallel_reads=number).parallel_reads == number


@pytest.mark.parametrize("number", [0, -1, 21])
def test_another_number_of_parallel_reads_is_refused(number: int) -> None:
    assert refusal(parallel_reads=number).startswith(f"--parallel-reads {number} is not a number from 1 to 20.")


@pytest.mark.parametrize("number", [0, 100, 1000])
def test_so_many_requests_may_be_kept_for_writes(number: int) -> None:
    assert Settings(write_reserve=number).write_reserve == number


@pytest.mark.parametrize("number", [-1, 1001])
def test_another_reserve_for_writes_is_refused(number: int) -> None:
    assert refusal(write_reserve=number).startswith(f"--write-reserve {number} is not a number from 0 to 1000.")


@pytest.mark.parametrize(
    ("given", "spacing"),
    [
        ({}, 1.0),
        ({"sandbox": True}, 0.0),
        ({"sandbox": True, "write_spacing": 2.0}, 2.0),
        ({"write_spacing": 0.0}, 0.0),
        ({"write_spacing": 60.0}, 60.0),
    ],
)
def test_writes_are_a_second_apart_and_in_the_sandbox_not(given: dict[str, Any], spacing: float) -> None:
    assert Settings(**given).spacing == spacing


@pytest.mark.parametrize("seconds", [-0.5, 60.5, float("nan"), float("inf")])
def test_another_spacing_of_writes_is_refused(seconds: float) -> None:
    assert refusal(write_spacing=seconds).startswith(
        f"--write-spacing {seconds:g} is not a number of seconds from 0 to 60."
    )


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().read_only = True  # type: ignore[misc]  # that is the point
