"""The official conformance suites, against `serve --sandbox`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import PACKAGES, played
from tests.clients.scenarios import APPLY, DO_NOT_APPLY, NEXT, NOT_CHECKED, STABLE
from tests.clients.served import over_http

Checks = list[dict[str, Any]]
RUNS = list(APPLY)
HELD = [(*run, scenario) for run, scenarios in APPLY.items() for scenario in scenarios]
FINE = {"SUCCESS", "INFO"}
ANSWERS_VALID = "wire-schema-valid"


class Conformance:
    """The suites with a server to try. All scenarios of a suite for a revision are gone through at once, and once."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._results: dict[tuple[str, str], dict[str, Checks]] = {}

    def results(self, suite: str, revision: str) -> dict[str, Checks]:
        """Return the checks of every scenario for a revision, by the scenario's name."""
        if (suite, revision) not in self._results:
            written = self._folder / f"{suite}-{revision}"
            choice = ("--suite", "all", "--spec-version", revision)
            self._play(suite, "server", "--url", self._url, *choice, "--output-dir", str(written))
            self._results[suite, revision] = {
                re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*$", "", there.name): json.loads(
                    (there / "checks.json").read_text(encoding="utf-8")
                )
                for there in written.iterdir()
            }
        return self._results[suite, revision]

    def listed(self, suite: str) -> dict[str, set[str]]:
        """Return what a suite has for servers: scenarios with their revisions of the specification, or `extension`."""
        told = self._play(suite, "list", "--server")
        return {name: set(where.split(",")) for name, where in re.findall(r"^ +- (\S+) \[(\S+)\]$", told, re.MULTILINE)}

    def _play(self, suite: str, *arguments: str) -> str:
        return played(PACKAGES / suite / "dist" / "index.js", *arguments, home=self._folder).said


@pytest.fixture(scope="module")
def conformance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conformance]:
    folder = tmp_path_factory.mktemp("conformance")
    with over_http(folder, "--sandbox") as server:
        yield Conformance(server.url, folder)


@pytest.mark.parametrize(("suite", "revision", "scenario"), HELD)
def test_the_server_conforms(conformance: Conformance, suite: str, revision: str, scenario: str) -> None:
    checks = conformance.results(suite, revision)[scenario]
    allowed = {(check, status) for check, (status, _) in NOT_CHECKED.get(scenario, {}).items()}
    odd = {(check["id"], check["status"]): check.get("errorMessage") for check in checks if check["status"] not in FINE}
    assert set(odd) == allowed, odd
    assert any(check["status"] == "SUCCESS" and check["id"] != ANSWERS_VALID for check in checks)


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_every_answer_is_what_the_revision_s_schema_allows_even_to_calls_of_things_not_there(
    conformance: Conformance, revision: str
) -> None:
    told = [
        (scenario, check["status"], check.get("errorMessage"))
        for scenario, checks in conformance.results(NEXT, revision).items()
        for check in checks
        if check["id"] == ANSWERS_VALID
    ]
    assert len(told) > len(APPLY[NEXT, revision])
    assert [line for line in told if line[1] != "SUCCESS"] == []


@pytest.mark.parametrize("suite", [STABLE, NEXT])
def test_every_scenario_of_a_suite_is_run_or_has_its_reason_not_to_be(conformance: Conformance, suite: str) -> None:
    listed = conformance.listed(suite)
    for tried, revision in RUNS:
        if tried == suite:
            there = {name for name, revisions in listed.items() if revision in revisions}
            assert there - set(DO_NOT_APPLY) == set(APPLY[suite, revision])
            assert set(conformance.results(suite, revision)) == there
    assert {name for name, where in listed.items() if where == {"extension"}} <= set(DO_NOT_APPLY)


def test_no_reason_is_left_of_a_scenario_that_is_gone(conformance: Conformance) -> None:
    assert set(DO_NOT_APPLY) <= set(conformance.listed(NEXT)) | set(conformance.listed(STABLE))
