"""What docs/operations.md says is held against the code, and its walk-through is walked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli import parser
from server.http.options import SERVE_OPTIONS
from server.http.state_keys import VARIABLE
from server.options import OPTIONS
from server.telemetry import exporters_wanted
from tests.deploy.proxies import DEPLOY, free_port, program
from tests.processes import environment

ROOT = DEPLOY.parent
PAGE = ROOT / "docs" / "operations.md"
TEXT = PAGE.read_text()
WALK = TEXT.split("## On one machine")[1]


def flags(*command: str) -> set[str]:
    """Return the options that a command takes."""
    chosen = parser()
    for word in command:
        choices = next(action.choices for action in chosen._actions if action.choices and word in action.choices)
        chosen = choices[word]  # type: ignore[index]  # subcommands are a mapping
    return {flag for action in chosen._actions for flag in action.option_strings}


def test_the_table_of_options_is_the_options_of_serve() -> None:
    table = re.findall(r"^\| `(--[a-z-]+)` \| `([A-Z_]+)` \| (.*) \|$", TEXT, re.MULTILINE)
    assert table == [(option.flag, option.env, option.help) for option in SERVE_OPTIONS]


def test_every_option_and_variable_named_exists() -> None:
    others = {"--kustomize", "--namespace", "--build", "--detach", "--from-file", "--from-literal", "--quiet"}
    others |= {"--silent", "--fail", "--output", "--include", "--request"}  # of kubectl, docker, pip and curl
    ours = flags("serve") | flags("token", "new") | flags("audit") | flags("doctor")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT)) <= ours | others
    known = {option.env for option in (*OPTIONS, *SERVE_OPTIONS)} | {VARIABLE}
    assert set(re.findall(r"SECURITY_CAMPAIGNS_[A-Z_]+", TEXT)) <= known


def test_every_command_shown_is_one_that_can_be_typed() -> None:
    lines = re.findall(r"^(?:\$ |  )?security-campaigns-mcp ((?:.*\\\n)*.*)", TEXT, re.MULTILINE)
    lines += re.findall(r"`security-campaigns-mcp ([^`]*)`", TEXT)
    assert len(lines) == 6
    for line in lines:
        words = re.split(r"\s+(?:2>|&|>)", line.replace("\\\n", " "))[0].replace("$port", "8001").split()
        parser().parse_args(words)


def test_the_variables_of_opentelemetry_do_what_the_page_says() -> None:
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    assert exporters_wanted(endpoint) == ("otlp",)
    assert exporters_wanted({**endpoint, "OTEL_SDK_DISABLED": "true"}) == ()
    assert exporters_wanted({**endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) == ()
    assert [exporters_wanted({"OTEL_TRACES_EXPORTER": name}) for name in ("otlp", "console", "none")] == [
        ("otlp",),
        ("console",),
        (),
    ]


def test_every_link_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        place, _, heading = link.partition("#")
        assert (PAGE.parent / place).exists() if place else heading in headings, link


def test_the_walk_through_ends_with_a_signed_in_client_listing_campaigns(tmp_path: Path) -> None:
    """Its first block installs, which has been done; the others are run as they are, on free ports."""
    for needed in ("curl", "openssl"):
        program(needed)
    install, *blocks = re.findall(r"```sh\n(.*?)```", WALK, re.DOTALL)
    assert "pip install" in install
    ports = {old: str(free_port()) for old in ("8001", "8002", "8080")}
    script, configuration = "\n".join(blocks), (DEPLOY / "nginx" / "nginx.conf").read_text()
    for old, new in ports.items():
        script, configuration = script.replace(old, new), configuration.replace(old, new)
    script = script.replace("/usr/sbin/nginx", program("nginx"))
    (tmp_path / "try").mkdir()
    (tmp_path / "deploy" / "nginx").mkdir(parents=True)
    (tmp_path / "deploy" / "nginx" / "nginx.conf").write_text(configuration)
    done = subprocess.run(  # noqa: S603 - the page's own commands
        [program("bash"), "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            **environment(PYTHONPATH=str(ROOT)),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    logs = "".join(file.read_text() for file in (tmp_path / "try").glob("*.log"))
    assert done.returncode == 0, done.stdout + done.stderr + logs
    listed = re.findall(r"^(\S+): \d+ campaigns, the first is '.+'\.$", done.stdout, re.MULTILINE)
    assert listed == ["2026-07-28", "2025-11-25"]
    assert re.search(r"^www-authenticate: Bearer ", done.stdout, re.MULTILINE | re.IGNORECASE)
    for port in (ports["8001"], ports["8002"]):
        for line in (tmp_path / "try" / f"{port}.log").read_text().splitlines():
            json.loads(line)
    assert oct((tmp_path / "try" / "anna.token").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("file", ["compose.yaml", "kubernetes", "haproxy/haproxy.cfg", "nginx/nginx.conf"])
def test_every_part_of_deploy_is_explained(file: str) -> None:
    assert f"../deploy/{file})" in TEXT
