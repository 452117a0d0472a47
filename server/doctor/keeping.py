"""Where this server keeps what GitHub does not remember, and whether it can."""

from __future__ import annotations

from server.doctor.examination import Examination
from server.doctor.findings import Verdict, ok
from server.store.store import Store


async def store(exam: Examination) -> Verdict:
    """Look into the store, if there is one already. Nothing is made or changed.

    Raises:
        StoreFailed: it cannot be used.
    """
    kept = Store.from_settings(exam.settings)
    if kept.place is None:
        return ok("Nothing is kept: --no-store, or the sandbox.")
    await kept.unsettled(exam.named_org, exam.github.clock.now())
    return ok(f"Which alerts a campaign was published with and how it stood earlier is kept in {kept.place}.")
