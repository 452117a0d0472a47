"""A proxy in front of PostgreSQL that can be frozen: it still takes what comes, and hands nothing on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Freezing:
    """Hands on what two sides say, unless it is frozen."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._flows = threading.Event()
        self._flows.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listening]

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def freeze(self) -> None:
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    def serve(self) -> None:
        with suppress(OSError):  # when it is closed
            while True:
                taken, _ = self._listening.accept()
                behind = socket.create_connection(("127.0.0.1", self._behind))
                self._open += [taken, behind]
                for ends in ((taken, behind), (behind, taken)):
                    threading.Thread(target=self._hand_on, args=ends, daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # the other side has gone
            while part := source.recv(65536):
                self._flows.wait()
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.thaw()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def freezing(port: int) -> Iterator[Freezing]:
    proxy = Freezing(port)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(10)
