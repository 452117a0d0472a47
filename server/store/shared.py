"""What replicas share for a while, as the rest of the server sees it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from server.store.opening import Opening


class Shared:
    """Used answers, and selections. Every method raises StoreFailed when the store cannot be used.

    Args:
        opening: the way to the store.
        now: seconds since 1970, by this machine's clock.
    """

    def __init__(self, opening: Opening, now: Callable[[], float] = time.time) -> None:
        self._opening = opening
        self._now = now

    async def spend(self, sha256: str, lifetime: float) -> bool:
        """Use up an answer for everybody.

        Args:
            sha256: of what the client sent, in hexadecimal digits.
            lifetime: for how many seconds it could be used again.

        Returns:
            False when it was used before, by whomever. Of several at once, one gets True. Where nothing is kept, True.
        """
        now = int(self._now())
        expires = now + math.ceil(lifetime)
        return await self._opening.use(lambda kept: kept.sharing.spend(sha256, now, expires), True)

    async def keep_selection(self, key: str, selection: str, lifetime: float) -> None:
        """Keep a selection, as text, for so many seconds; one that was kept under the same key is replaced."""
        now = int(self._now())
        expires = now + math.ceil(lifetime)
        await self._opening.use(lambda kept: kept.sharing.keep_selection(key, selection, now, expires), None)

    async def selection(self, key: str) -> str | None:
        """Return a selection, or None when it was never kept or is gone."""
        now = int(self._now())
        return await self._opening.look(lambda kept: kept.sharing.selection(key, now), None)
