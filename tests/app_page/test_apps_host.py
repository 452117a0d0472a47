"""Whether these tests may be left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app_page import apps_host


def test_without_a_browser_the_tests_are_skipped_and_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="missing: node, chromium"):
        apps_host.programs()


def test_in_continuous_integration_a_missing_browser_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(apps_host, "HOST", tmp_path)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="npm ci --prefix tests/app_page/host"):
        apps_host.programs()
