"""Something that takes a request whole and drops the connection instead of answering."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager

from tests.in_thread import serving_in_thread


class Dropping(socketserver.ThreadingTCPServer):
    """Counts the POSTs that it took; a GET, such as a look at its health, is answered with 200."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Taker(socketserver.StreamRequestHandler):
    server: Dropping

    def handle(self) -> None:
        method = self.rfile.readline().split(b" ")[0]
        length = 0
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.rfile.read(length)
        if method == b"POST":
            self.server.taken += 1
        elif method:
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


@contextmanager
def dropping() -> Iterator[Dropping]:
    server = Dropping()
    with serving_in_thread(server):
        yield server
