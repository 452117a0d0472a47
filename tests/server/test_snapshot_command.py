"""`snapshot`: what it reads, keeps and prints, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from server.sandbox.options import ADMIN_TOKEN
from tests.harness import ORG, Hook, Sent
from tests.server.report_world import NOON, World, just_after, kept, nobody_there, reported_at


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state" / "store.sqlite3")


def test_a_snapshot_of_every_open_campaign_is_kept(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.snapshot() == 0
    assert capsys.readouterr() == (f"{ORG}: {len(world.open_numbers)} open campaigns read.\n", "")
    for number in world.open_numbers:
        stats = world.sandbox.state.organization(ORG).stats(world.sandbox.state.campaign(ORG, number))
        (reading,) = kept(world, number)
        assert (reading.open_count, reading.in_progress_count, reading.closed_count) == (
            stats.open_count,
            stats.in_progress_count,
            stats.closed_count,
        )
        assert just_after(NOON, reading.at)
    assert {sent.method for sent in world.recorder.sent} == {"GET"}


def test_a_snapshot_is_no_report(world: World) -> None:
    assert world.snapshot() == 0
    assert reported_at(world) is None
    assert world.report() == 0
    assert just_after(NOON, reported_at(world))


def without_counts(world: World, answers: dict[int, httpx.Response]) -> Hook:
    """Lists lack the counts of campaigns; some campaigns are answered as said here."""

    async def hook(sent: Sent) -> httpx.Response | None:
        if sent.path != f"/orgs/{ORG}/campaigns":
            return answers.get(int(sent.path.rpartition("/")[2]))
        inner = httpx.AsyncClient(transport=httpx.ASGITransport(app=world.sandbox), base_url="https://api.github.com")
        async with inner as client:
            bearer = {"authorization": f"Bearer {ADMIN_TOKEN}"}
            listed = (await client.get(sent.path, params=dict(sent.query), headers=bearer)).json()
        return httpx.Response(200, json=[{**each, "alert_stats": None} for each in listed])

    return hook


def test_a_campaign_that_came_without_counts_is_read_by_itself(world: World) -> None:
    world.recorder.hook = without_counts(world, {})
    assert world.snapshot() == 0
    assert all(len(kept(world, number)) == 1 for number in world.open_numbers)
    assert {sent.path for sent in world.recorder.sent[1:]} == {
        f"/orgs/{ORG}/campaigns/{number}" for number in world.open_numbers
    }


def test_a_campaign_that_cannot_be_read_costs_no_other_its_snapshot(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, *others = reversed(world.open_numbers)  # the newest comes first
    world.recorder.hook = without_counts(world, {failed: httpx.Response(200, text="<html>")})
    assert world.snapshot() == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"Campaign {ORG}/{failed} could not be read: " in told.err
    assert [len(kept(world, number)) for number in others] == [1] * len(others)
    assert kept(world, failed) == []


def test_an_organization_that_cannot_be_read_costs_no_other_its_snapshots(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.recorder.hook = nobody_there(world)
    assert world.snapshot(org=None, allow_orgs=("nobody", "octo-labs", ORG)) == 1
    told = capsys.readouterr()
    assert told.out == f"octo-labs: 0 open campaigns read.\n{ORG}: {len(world.open_numbers)} open campaigns read.\n"
    assert told.err.startswith("security-campaigns-mcp: There is no organization nobody")
    assert len(told.err.splitlines()) == 1
    assert all(len(kept(world, number)) == 1 for number in world.open_numbers)


@pytest.fixture
def app(tmp_path: Path) -> tuple[World, dict[str, Any]]:
    """A world with a GitHub App that is installed in octo-org only, and the settings to act as it."""
    key, file = rsa.generate_private_key(public_exponent=65537, key_size=2048), tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    file.chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    world = World(tmp_path / "state" / "store.sqlite3", app_id=4711, app_public_key=public.decode())
    world.token = None
    return world, {"org": None, "app_id": "4711", "app_key_file": file}


def test_an_organization_without_the_github_app_costs_no_other_its_snapshots(
    app: tuple[World, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    world, settings = app
    assert world.snapshot(**settings, allow_orgs=("octo-labs", ORG, "nobody")) == 1
    told = capsys.readouterr()
    assert told.out == f"{ORG}: {len(world.open_numbers)} open campaigns read.\n"
    assert [line.split(".")[0] for line in told.err.splitlines()] == [
        f"security-campaigns-mcp: The GitHub App 4711 is not installed in {org}" for org in ("octo-labs", "nobody")
    ]
    assert all(len(kept(world, number)) == 1 for number in world.open_numbers)


def test_a_github_app_that_is_installed_in_none_of_them_ends_with_2(
    app: tuple[World, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    world, settings = app
    assert world.snapshot(**settings, allow_orgs=("octo-labs", "nobody")) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert [f" in {org}. " in line for org, line in zip(("octo-labs", "nobody"), told.err.splitlines(), strict=True)]


def test_what_is_configured_wrongly_for_all_is_told_once(
    app: tuple[World, dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    world, settings = app
    settings["app_key_file"] = tmp_path / "nowhere.pem"
    assert world.snapshot(**settings, allow_orgs=("octo-labs", ORG)) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert world.recorder.sent == []


def test_each_campaign_that_cannot_be_read_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    failed = world.open_numbers[:2]
    world.recorder.hook = without_counts(world, {number: httpx.Response(200, text="<html>") for number in failed})
    assert world.snapshot() == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(any(f"Campaign {ORG}/{number} could not be read: " in line for line in told) for number in failed)


def test_a_store_that_fails_ends_a_snapshot_at_once(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    world.recorder.hook = nobody_there(world)
    assert world.snapshot(org=None, allow_orgs=("octo-labs", ORG, "octo-tools"), store=tmp_path) == 1
    told = capsys.readouterr()
    assert told.out == "octo-labs: 0 open campaigns read.\n"
    assert str(tmp_path) in told.err
    assert len(told.err.splitlines()) == 1
    assert [sent.path for sent in world.recorder.sent] == ["/orgs/octo-labs/campaigns", f"/orgs/{ORG}/campaigns"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"no_store": True, "store": None}, "--no-store keeps nothing, so there is nothing to do."),
        ({"sandbox": True, "store": None}, "The sandbox keeps nothing by itself, so there is nothing to do."),
    ],
)
def test_a_snapshot_that_nothing_would_keep_is_an_error(
    world: World, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], sentence: str
) -> None:
    assert world.snapshot(**settings) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err
    assert world.recorder.sent == []


def test_a_snapshot_that_the_store_refuses_is_an_error(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert world.snapshot(store=tmp_path) == 1  # a folder
    told = capsys.readouterr()
    assert told.out == ""
    assert str(tmp_path) in told.err
    assert len(told.err.splitlines()) == 1
