"""Whatever can be published comes back as it was."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from server.store.records import KeptAlert, Publication
from tests.store.samples import store_at

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
NUMBERS = st.integers(1, 2**53 - 1)
MOMENTS = st.datetimes(
    datetime(1971, 1, 1),
    datetime(9998, 12, 31),
    timezones=st.timezones(),
)
ALERTS = st.builds(
    KeptAlert, NUMBERS, NUMBERS, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT, st.none() | st.integers(0, 2**40)
)
PUBLICATIONS = st.builds(
    Publication,
    org=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", fullmatch=True),
    kind=st.sampled_from(["code", "secret"]),
    name=TEXT,
    ends_at=MOMENTS,
    alerts=st.lists(ALERTS, max_size=20).map(tuple),
    at=MOMENTS,
    description=st.none() | TEXT,
    filter=st.none() | TEXT,
    account=st.none() | TEXT,
)


@settings(max_examples=60)
@given(PUBLICATIONS, NUMBERS, MOMENTS)
def test_what_comes_back_equals_what_went_in(publication: Publication, number: int, created_at: datetime) -> None:
    async def keep_and_look(path: Path) -> None:
        store = store_at(path, synchronous=0)
        intent = await store.intend(publication)
        await store.published(intent, number, created_at)
        known = await store.alerts_of(publication.org.upper(), number)
        assert known is not None
        assert known.publication == publication
        assert known.alerts == publication.alerts
        assert known.created_at == created_at.astimezone(UTC).replace(microsecond=0)

    with tempfile.TemporaryDirectory() as folder:
        anyio.run(keep_and_look, Path(folder) / "store.sqlite3")
