"""The files that run the service in containers, without a container engine: their schemas, and what they say of us."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import kubernetes_validate  # type: ignore[import-untyped]  # it has no annotations
import pytest
import yaml

from server.http.options import SERVE_OPTIONS, serve_settings
from server.http.state_keys import VARIABLE
from server.options import OPTIONS, read_options, settings_from
from tests.deploy.proxies import DEPLOY, program

ROOT = DEPLOY.parent
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {option.env for option in (*OPTIONS, *SERVE_OPTIONS)} | {VARIABLE}
LONGEST_STOP = 135  # seconds, with the default settings, a database that hangs, and no answer where traces go


def checked(*command: str, **environ: str) -> None:
    done = subprocess.run(  # noqa: S603 - the tests' own arguments
        [program(command[0]), *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], **environ},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def objects() -> list[dict[str, Any]]:
    """Return what kustomize would apply, but for names with hashes: the resources and the generated maps."""
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    found: list[dict[str, Any]] = []
    for name in kustomization["resources"]:
        place = KUBERNETES / name
        if place.is_file():
            found += yaml.safe_load_all(place.read_text())
        else:
            below = yaml.safe_load((place / "kustomization.yaml").read_text())
            found += [
                config_map(made["name"], {file: (place / file).read_text() for file in made["files"]})
                for made in below["configMapGenerator"]
            ]
    for made in kustomization["configMapGenerator"]:
        found.append(config_map(made["name"], dict(literal.split("=", 1) for literal in made["literals"])))
    return found


def config_map(name: str, values: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": values}


def one(kind: str, name: str) -> dict[str, Any]:
    [found] = [each for each in objects() if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def pod(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", one("Deployment", name)["spec"]["template"]["spec"])


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"^ +(SECURITY_CAMPAIGNS_\w+)=(\S+?)(?: \\)?$", DOCKERFILE, re.MULTILINE))


def test_the_dockerfile_passes_its_linter() -> None:
    checked("hadolint", "Dockerfile")


def test_the_image_gets_every_file_it_copies_and_nothing_else() -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    let_in = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert copied == set(let_in)
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_runs_as_a_user_without_rights() -> None:
    last = DOCKERFILE.rpartition("FROM ")[2]
    [user] = re.findall(r"^USER (\d+):\d+$", last, re.MULTILINE)
    assert int(user) == pod("server")["securityContext"]["runAsUser"] > 0
    assert "useradd --uid " + user in last


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_images_health_check_asks_healthz_past_any_proxy(status: int | None, code: int) -> None:
    [check] = re.findall(r'CMD \["python", "-c", "(.*)"\]$', DOCKERFILE, re.MULTILINE)
    with answering(status) as port:
        done = subprocess.run(  # noqa: S603 - our own text
            [program("python3"), "-c", check.replace("8000", str(port))],
            env={"PATH": os.environ["PATH"], "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
            capture_output=True,
            check=False,
        )
    assert done.returncode == code


@contextmanager
def answering(status: int | None) -> Iterator[int]:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status or 0 if self.path == "/healthz" else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        if status is None:
            server.server_close()
            yield server.server_port
            return
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_compose_file_is_one() -> None:
    checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))


def test_the_compose_file_runs_two_replicas_on_a_file_system_they_cannot_write_to() -> None:
    server = COMPOSE["services"]["server"]
    assert server["deploy"]["replicas"] == 2
    for service in ("server", "proxy"):
        told = COMPOSE["services"][service]
        assert (told["read_only"], told["cap_drop"]) == (True, ["ALL"])
        assert told["security_opt"] == ["no-new-privileges:true"]
    assert int(server["stop_grace_period"].removesuffix("s")) > LONGEST_STOP


def test_every_secret_and_configuration_in_the_compose_file_is_used_and_declared() -> None:
    services = COMPOSE["services"].values()
    assert {name for each in services for name in each.get("secrets", [])} == set(COMPOSE["secrets"])
    assert {name for each in services for name in each["networks"]} == set(COMPOSE["networks"])
    for configuration in COMPOSE["configs"].values():
        assert (DEPLOY / configuration["file"]).is_file()
    ignored = (DEPLOY / ".gitignore").read_text().split()
    assert all(f"{secret['file'].split('/')[0]}/" in ignored for secret in COMPOSE["secrets"].values())


def test_the_services_in_the_compose_file_and_in_kubernetes_start_with_what_they_are_told() -> None:
    [container] = pod("server")["containers"]
    kubernetes = one("ConfigMap", "server")["data"]
    kubernetes |= {each["name"]: each["value"] for each in container["env"] if "value" in each}
    page = (ROOT / "docs" / "operations.md").read_text().split("cat .env\n")[1].split("$")[0]
    compose = COMPOSE["services"]["server"]["environment"] | dict(line.split("=", 1) for line in page.splitlines())
    for environ in (compose, kubernetes):
        told = environ | image_environment()
        assert {name for name in told if name.startswith("SECURITY_CAMPAIGNS_")} <= OURS
        told.pop("SECURITY_CAMPAIGNS_STATE_KEYS_FILE")  # a file that only the container has
        serve = serve_settings({}, told)
        assert (serve.signs_in, serve.public_url) == (True, "https://campaigns.example.com/mcp")
        settings = settings_from({**read_options({}, told), "audit": "required"})
        assert str(settings.store).startswith("postgresql://")
        assert (settings.allow_orgs, settings.app_id) == (("octo-org",), "123456")


@pytest.mark.parametrize("version", ["1.29", "1.34", "1.37"])
def test_every_kubernetes_object_is_one_in_old_and_new_versions(version: str) -> None:
    everything = [*objects(), yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())]
    assert len(everything) > 9
    for each in everything:
        kubernetes_validate.validate(each, version, strict=True)


def test_every_file_for_kubernetes_is_applied_but_for_the_example_of_a_secret() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    applied = {name for name in kustomization["resources"] if name.endswith(".yaml")}
    there = {file.name for file in KUBERNETES.iterdir()}
    assert there == applied | {"kustomization.yaml", "secret.example.yaml"}


def test_the_example_of_a_secret_holds_none_and_has_the_names_that_are_used() -> None:
    example = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())
    assert set(example["stringData"].values()) == {""}
    [container] = pod("server")["containers"]
    volume = next(each for each in pod("server")["volumes"] if each["name"] == "secrets")
    used = {item["key"] for item in volume["secret"]["items"]}
    used |= {each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"] if "valueFrom" in each}
    assert used == set(example["stringData"])
    assert volume["secret"]["secretName"] == example["metadata"]["name"]
    mount = next(each for each in container["volumeMounts"] if each["name"] == volume["name"])
    files = {f"{mount['mountPath']}/{item['path']}" for item in volume["secret"]["items"]}
    assert files == {each["value"] for each in container["env"] if each["name"].endswith("_FILE")}


def test_static_tokens_are_mounted_as_a_folder_so_that_a_line_taken_out_is_seen() -> None:
    server = COMPOSE["services"]["server"]
    [volume] = server["volumes"]
    assert (volume["type"], volume["source"], volume["read_only"]) == ("bind", "./secrets/tokens", True)
    assert server["environment"]["SECURITY_CAMPAIGNS_TOKENS"] == f"{volume['target']}/tokens"
    [container] = pod("server")["containers"]
    mount = next(each for each in container["volumeMounts"] if each["name"] == "tokens")
    secret = next(each["secret"] for each in pod("server")["volumes"] if each["name"] == mount["name"])
    assert (secret["secretName"], secret["optional"]) == ("tokens", True)
    assert not {"subPath", "subPathExpr"} & set(mount)  # what is mounted so is never changed
    in_kubernetes = re.findall(r"SECURITY_CAMPAIGNS_TOKENS=(\S+)", (KUBERNETES / "kustomization.yaml").read_text())
    assert in_kubernetes == [f"{mount['mountPath']}/tokens"]


def test_the_database_counts_as_healthy_only_where_the_replicas_reach_it() -> None:
    _, *check = COMPOSE["services"]["db"]["healthcheck"]["test"]
    assert check[check.index("--host") + 1] == "127.0.0.1"


@pytest.mark.parametrize("name", ["server", "proxy"])
def test_pods_have_no_rights_and_write_nowhere(name: str) -> None:
    spec = pod(name)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_a_pod_is_given_time_to_be_forgotten_by_proxies_and_to_end() -> None:
    spec = pod("server")
    [container] = spec["containers"]
    [_, pause] = container["lifecycle"]["preStop"]["exec"]["command"]
    assert spec["terminationGracePeriodSeconds"] >= LONGEST_STOP + int(pause)
    probes = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert probes == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}


def test_services_policies_and_budgets_choose_pods_that_exist() -> None:
    labels = {name: one("Deployment", name)["spec"]["template"]["metadata"]["labels"] for name in ("server", "proxy")}
    chosen = {
        (each["kind"], each["metadata"]["name"]): (
            each["spec"]["selector"].get("matchLabels", each["spec"]["selector"])
            if "selector" in each["spec"]
            else each["spec"]["podSelector"]["matchLabels"]
        )
        for each in objects()
        if each["kind"] in ("Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment")
    }
    expected = {"replicas": "server", "server": "server", "proxy": "proxy"}
    for (_, name), selector in chosen.items():
        assert selector == labels[expected[name]]
    assert one("Deployment", "server")["spec"]["replicas"] == 2


def test_compose_and_kubernetes_run_the_same_proxy_in_front_of_the_port_of_the_image() -> None:
    [container] = pod("proxy")["containers"]
    assert container["image"] == COMPOSE["services"]["proxy"]["image"]
    [replicas] = [each["value"] for each in container["env"] if each["name"] == "REPLICAS"]
    namespace = one("Namespace", "security-campaigns")["metadata"]["name"]
    assert replicas == f"replicas.{namespace}.svc.cluster.local:8000"
    assert COMPOSE["services"]["proxy"]["environment"]["REPLICAS"] == "server:8000"
    assert image_environment()["SECURITY_CAMPAIGNS_HTTP"] == "0.0.0.0:8000"
    assert "EXPOSE 8000" in DOCKERFILE


def test_haproxy_takes_its_configuration_with_and_without_tls(tmp_path: Path) -> None:
    configuration = str(DEPLOY / "haproxy" / "haproxy.cfg")
    checked("haproxy", "-c", "-f", configuration, REPLICAS="server:8000")
    pem = str(tmp_path / "tls.pem")
    checked(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test"),
        *("-keyout", pem, "-out", str(tmp_path / "certificate")),
    )
    with Path(pem).open("a") as both:
        both.write((tmp_path / "certificate").read_text())
    checked("haproxy", "-c", "-f", configuration, REPLICAS="server:8000", TLS_FILE=pem)


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    checked("nginx", "-t", "-e", "stderr", "-p", str(tmp_path), "-c", str(DEPLOY / "nginx" / "nginx.conf"))
