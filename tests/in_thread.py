"""A server of the standard library, run beside a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer


@contextmanager
def serving_in_thread(server: BaseServer) -> Iterator[None]:
    """Serve in a thread while a block runs, and close the server's socket then."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    with server:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
