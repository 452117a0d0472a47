"""The records of attempted writes, as the rest of the server sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import anyio

from server.domain.audit import AuditRecord
from server.domain.audit_settling import Ending
from server.store.opening import Opening

_PAGE = 500


class AuditTrail:
    """The audit. Every method raises StoreFailed, and nothing else, when the store cannot be used."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening

    @property
    def host(self) -> str:
        """The API host that the records are about."""
        return self._opening.host

    async def attempt(self, record: AuditRecord) -> None:
        """Write down what is about to be sent; on return it is on the disk."""
        await self._opening.use(lambda kept: kept.audit.insert(record), None)

    async def ended(self, record: AuditRecord, *, urgent: bool = True) -> None:
        """Write down what came of it; not given up when the call is cancelled. What is not there is written whole.

        What is not urgent fails at once for half a minute after anything waited long in vain.
        """
        with anyio.CancelScope(shield=True):
            await self._opening.use(lambda kept: kept.audit.ended(record), None, urgent=urgent)

    async def unsettled(self, org: str, now: datetime) -> list[AuditRecord]:
        """Return a few changes and deletions without a known outcome that began 2 minutes to 30 days ago, any of them.

        Args:
            org: the organization.
            now: GitHub's time.
        """
        return await self._opening.look(lambda kept: kept.audit.unsettled(org, now), [])

    async def settle_creations(self, org: str, now: datetime) -> list[AuditRecord]:
        """End creations by what became of their publications, and return them; the arguments are those of `unsettled`.

        One of which nothing will be known any more ends as unknown.
        """
        return await self._opening.look(lambda kept: kept.audit.settle_creations(org, now), [])

    async def rivals(self, record: AuditRecord) -> list[AuditRecord]:
        """Return other calls of a record's tool for its campaign that may have done the same, the oldest first.

        They were sent, or may have been; what had ended before the record's own call began is not among them.
        """
        return await self._opening.look(lambda kept: kept.audit.rivals(record), [])

    async def settle(self, key: int, ending: Ending, at: datetime) -> bool:
        """End a record that has no known outcome yet by what was seen later; return whether that was so."""
        return await self._opening.look(lambda kept: kept.audit.settle(key, ending, at), False)

    async def records(
        self, org: str | None = None, *, since: datetime | None = None, until: datetime | None = None, page: int = _PAGE
    ) -> AsyncIterator[list[AuditRecord]]:
        """Give the records by the time they began, the oldest first, in lists of `page` at most.

        Args:
            org: only of this organization.
            since: only of then and later.
            until: only before then.
            page: how many are read at once.
        """
        found = await self._page(org, since, until, None, page)
        while found:
            yield found
            found = await self._page(org, since, until, found[-1], page) if len(found) == page else []

    async def _page(
        self, org: str | None, since: datetime | None, until: datetime | None, after: AuditRecord | None, most: int
    ) -> list[AuditRecord]:
        return await self._opening.look(lambda kept: kept.audit.page(org, since, until, after, most), [])
