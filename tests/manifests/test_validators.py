"""The manifests, read by the programs they are for. They come by npm; without it these tests are skipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.manifests.reading import BUNDLE, EXTENSION

PROGRAMS = Path(__file__).parent / "validators" / "node_modules" / ".bin"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    if shutil.which("node") is None or not PROGRAMS.exists():
        assert "CI" not in os.environ, "in CI npm must be there; see .ci/run"
        pytest.skip("needs npm; see `make test`")
    (tmp_path / "home").mkdir()
    return tmp_path


def run(home: Path, *command: str) -> tuple[bool, str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home / "home"), "GEMINI_TELEMETRY_ENABLED": "false"}
    program, *arguments = command
    done = subprocess.run(  # noqa: S603 - pinned by hash in package-lock.json
        [str(PROGRAMS / program), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=home,
        env=environ,
    )
    return done.returncode == 0, done.stdout + done.stderr


def write(home: Path, name: str, made: dict[str, Any]) -> None:
    (home / name).write_text(json.dumps(made), encoding="utf-8")


def test_mcpb_takes_the_bundle_s_manifest_and_refuses_a_spoilt_one(home: Path) -> None:
    write(home, "manifest.json", BUNDLE)
    good, told = run(home, "mcpb", "validate", "manifest.json")
    assert good, told
    write(home, "manifest.json", {**BUNDLE, "user_config": {"org": {"type": "password"}}})
    assert not run(home, "mcpb", "validate", "manifest.json")[0]


def test_gemini_cli_takes_the_extension_and_refuses_a_spoilt_one(home: Path) -> None:
    (home / "extension").mkdir()
    write(home / "extension", "gemini-extension.json", EXTENSION)
    good, told = run(home, "gemini", "extensions", "validate", "extension")
    assert good, told
    assert "warning" not in told.lower()
    write(home / "extension", "gemini-extension.json", {**EXTENSION, "name": "no spaces, please"})
    assert not run(home, "gemini", "extensions", "validate", "extension")[0]
