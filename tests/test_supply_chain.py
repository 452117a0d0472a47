"""What is said of the packages that are installed: the bill of materials, and what an audit's result means."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.audit_dependencies import verdict
from scripts.write_sbom import locked

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements" / "service.txt").read_text()


@pytest.fixture
def written(tmp_path: Path) -> str:
    target = tmp_path / "dist" / "sbom.json"
    subprocess.run([sys.executable, ROOT / "scripts" / "write_sbom.py", target], check=True, cwd=tmp_path)  # noqa: S603 - this project's own
    return target.read_text()


def test_the_bill_of_materials_is_valid_cyclonedx(written: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None


def test_the_bill_names_every_locked_package_with_its_version_and_hashes(written: str) -> None:
    pins: dict[tuple[str, str], set[str]] = {}
    for line in LOCK.splitlines():  # by hand, so that what the script overlooks is missed here
        if line.startswith("    --hash=sha256:"):
            pins[list(pins)[-1]].add(line.split(":")[1].removesuffix(" \\"))
        else:
            name, _, rest = line.partition("==")
            pins[name.split("[")[0], rest.split(" ")[0]] = set()
    bill = json.loads(written)
    told = {
        (each["name"], each["version"]): {one["content"] for one in each["externalReferences"][0]["hashes"]}
        for each in bill["components"]
    }
    assert len(told) > 30
    assert told == pins
    assert [each["name"] for each in bill["components"]] == sorted(each["name"] for each in bill["components"])


def test_the_bill_names_what_the_project_itself_asks_for_and_what_only_an_extra_needs(written: str) -> None:
    bill = json.loads(written)
    root = bill["metadata"]["component"]["bom-ref"]
    [direct] = bill["dependencies"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert direct["ref"] == root == f"pkg:pypi/security-campaigns-mcp@{version}"
    assert {"mcp", "httpx", "pyjwt", "sqlalchemy", "psycopg", "opentelemetry-sdk"} <= {
        ref[len("pkg:pypi/") :].split("@")[0] for ref in direct["dependsOn"]
    }
    scopes = {each["name"]: each["scope"] for each in bill["components"]}
    assert (scopes["mcp"], scopes["psycopg"], scopes["opentelemetry-sdk"]) == ("required", "optional", "optional")
    assert "hatchling" not in scopes  # builds the wheel, and is in no installation of it


def test_a_package_without_a_hash_makes_no_bill() -> None:
    with pytest.raises(ValueError, match=r"no package pinned by hash: 'left-pad==1\.0'"):
        list(locked("left-pad==1.0\n"))


def _json(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(dependencies), "fixes": []})


GOOD = {"name": "good", "version": "1", "vulns": []}
BAD = {"name": "bad", "version": "2", "vulns": [{"id": "PYSEC-2099-1", "fix_versions": ["3"], "aliases": []}]}
NOT_KNOWN = {"name": "odd", "skip_reason": "Dependency not found on PyPI and could not be audited: odd (1)"}


def test_an_audit_that_finds_nothing_says_how_many_packages_it_looked_up() -> None:
    assert verdict(0, _json(GOOD), "") == (0, "No advisory is known about the 1 locked packages.")


def test_an_advisory_fails_the_audit_and_names_package_advisory_and_way_out() -> None:
    assert verdict(1, _json(GOOD, BAD), "Found 1 known vulnerability") == (
        1,
        "bad 2: PYSEC-2099-1; take 3 (make lock).",
    )


@pytest.mark.parametrize(
    "err", ["requests.exceptions.ConnectionError: no name", "ERROR: Could not connect to PyPI's feed"]
)
def test_an_audit_that_cannot_reach_the_advisories_says_so_and_does_not_fail(err: str) -> None:
    status, text = verdict(1, "", f"Traceback\n{err}\n")
    assert status == 0
    assert text.startswith("The advisory data cannot be reached from here, so nothing was audited")


def test_an_audit_that_fails_for_another_reason_fails_also_when_a_connection_is_mentioned_on_the_way() -> None:
    err = "During handling of a ConnectionError another exception occurred:\nValueError: the lock cannot be read\n"
    assert verdict(1, "", err)[0] == 1


def test_an_audit_that_could_look_nothing_up_does_not_pass_for_one_without_findings() -> None:
    told = "The advisory data cannot be reached from here, so nothing was audited: it knows none of the 1 packages."
    assert verdict(0, _json(NOT_KNOWN), "No known vulnerabilities found") == (0, told)


def test_an_audit_that_left_a_package_out_fails_and_names_it() -> None:
    status, text = verdict(0, _json(GOOD, NOT_KNOWN), "")
    assert (status, text) == (1, "Not audited, because the advisory data does not know them: odd.")


@pytest.mark.parametrize(("status", "out"), [(1, ""), (0, ""), (0, _json()), (1, _json(GOOD)), (2, "usage"), (0, "[]")])
def test_an_audit_that_broke_down_fails(status: int, out: str) -> None:
    assert verdict(status, out, "something else")[0] == 1
