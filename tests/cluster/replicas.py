"""Replicas as processes that are killed and started again, and nginx before them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase

import httpx

from tests.processes import environment

_PATIENCE = 60  # seconds for a process to start or end; many do at once here


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in listening]
    for each in listening:
        each.close()
    return ports


@dataclass
class ReplicaProcess:
    """A replica that may be killed and started again, always at the same port.

    Attributes:
        number: which one it is.
        port: where it listens.
        arguments: of `serve`.
        environ: what its process gets beside the usual.
        log: what it says on stderr.
        endings: how its processes ended: the signal's name and the exit status.
    """

    number: int
    port: int
    arguments: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    endings: list[tuple[str, int]] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it."""
        serve = ["-m", "security_campaigns_mcp", "serve", "--http", f"127.0.0.1:{self.port}", *self.arguments]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the arguments are the tests' own
                [sys.executable, *serve],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], **environment(**self.environ)},
            )

    def wait(self) -> None:
        """Wait until it is ready."""
        assert self._process is not None
        _wait_for(self._process, f"http://127.0.0.1:{self.port}/readyz", self.log)

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait for the process's end."""
        assert self._process is not None
        self._process.send_signal(how)
        self.endings.append((how.name, self._process.wait(_PATIENCE)))
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    with httpx.Client(trust_env=False) as http:
        while True:
            try:
                if http.get(url).status_code < 500:
                    return
            except httpx.TransportError:
                pass
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)  # a process elsewhere has no event to wait for


def nginx_program() -> str | None:
    """Return where Debian's nginx is; its folder is not on everybody's path."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def balancer(folder: Path, replicas: Sequence[ReplicaProcess]) -> Iterator[str]:
    """Start replicas, and nginx before them, in turn and with a new connection for each request; yields MCP's address.

    The replicas know the balancer's address as the public one.
    """
    program = nginx_program()
    assert program is not None
    folder.mkdir(exist_ok=True)
    [port] = free_ports(1)
    (folder / "nginx.conf").write_text(_configuration(port, [replica.port for replica in replicas]))
    for replica in replicas:
        replica.arguments = [*replica.arguments, f"--public-url=http://127.0.0.1:{port}/mcp"]
        replica.launch()
    for replica in replicas:
        replica.wait()
    with subprocess.Popen([program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]) as process:  # noqa: S603 - Debian's program
        try:
            _wait_for(process, f"http://127.0.0.1:{port}/healthz", folder / "nginx.conf")
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _configuration(port: int, ports: Sequence[int]) -> str:
    """Return nginx's configuration. The session's affinity is that of deploy/nginx/nginx.conf."""
    named = dict(zip(ascii_lowercase, ports, strict=False))
    upstreams = "\n".join(
        f"upstream replica_{name} {{ server 127.0.0.1:{own} max_fails=0; "
        + " ".join(f"server 127.0.0.1:{other} backup;" for other in ports if other != own)
        + " }"
        for name, own in named.items()
    )
    names = "\n".join(f'"~127\\.0\\.0\\.1:{own}$" {name};' for name, own in named.items())
    chosen = "\n".join(f'"~^[0-9a-f]+\\.{name}$" replica_{name};' for name in named)
    return f"""
daemon off;
pid nginx.pid;
error_log error.log warn;
worker_processes 1;
{"user root;" if os.geteuid() == 0 else ""}
events {{ }}
http {{
    keepalive_timeout 0;
    upstream replicas {{ {" ".join(f"server 127.0.0.1:{own} max_fails=0;" for own in ports)} }}
    {upstreams}
    map $upstream_addr $replica {{ {names} }}
    map $http_mcp_session_id $chosen {{ default replicas; {chosen} }}
    map $http_mcp_session_id $session_inside {{
        default $http_mcp_session_id;
        "~^(?<id>[0-9a-f]+)\\.[a-z]+$" $id;
    }}
    map $upstream_http_mcp_session_id $session_outside {{
        default "";
        "~." "$upstream_http_mcp_session_id.$replica";
    }}
    log_format answered '$request_method $uri $status $upstream_addr $upstream_status';
    access_log access.log answered;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        client_body_buffer_size 1m;
        location / {{
            proxy_pass http://$chosen;
            proxy_http_version 1.1;
            proxy_set_header Connection close;
            proxy_set_header Host $http_host;
            proxy_set_header Mcp-Session-Id $session_inside;
            proxy_hide_header Mcp-Session-Id;
            add_header Mcp-Session-Id $session_outside always;
            proxy_buffering off;
            proxy_read_timeout 1h;
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""
