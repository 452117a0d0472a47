"""A connection to PostgreSQL that is given up when the server says nothing at all.

The server's own limits end what takes too long there. They end nothing when the server, or a proxy before it, has
frozen while its machine still answers for it: then neither TCP nor libpq ever gives up.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from psycopg import Connection
from psycopg.errors import QueryCanceled


class PunctualConnection(Connection[Any]):
    """A connection that closes itself, and raises QueryCanceled, when an answer does not come.

    Attributes:
        answers_within: seconds that an answer may take; may be changed between statements.
    """

    answers_within = 60.0

    def wait(self, gen: Any, *rest: Any, **more: Any) -> Any:
        """Wait for what psycopg does on the connection; it does so for everything but connecting, which has a limit."""
        return super().wait(self._within_time(gen), *rest, **more)

    def _within_time(self, work: Any) -> Generator[Any, Any, Any]:
        until = time.monotonic() + self.answers_within
        try:
            wanted = next(work)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() >= until:  # psycopg looks up ten times a second
                    self.close()  # whatever would still come belongs to this statement, and to no later one
                    raise QueryCanceled("the server did not answer in time")
                wanted = work.send(ready)
        except StopIteration as end:
            return end.value
