"""`audit`: the records of attempted writes, as lines of JSON or as CSV. It talks to the store only, never to GitHub."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import anyio

from server.domain.audit import FIELDS, AuditRecord, json_line, written
from server.domain.dates import parse_since
from server.errors import CampaignsError, ConfigurationError, StoreFailed
from server.report_file import check_place, written_whole
from server.report_formats import harmless
from server.settings import Settings
from server.store.store import Store
from server.streams import print_whole, say

AuditFormat = Literal["jsonl", "csv"]
_LONGEST_CELL = 32_000  # characters; spreadsheets take 32,767
_Write = Callable[[str], None]


class AuditWanted(NamedTuple):
    """What `audit` was asked for.

    Attributes:
        since: from when on; None for all there is.
        format: how it is written.
        output: the file to write; None for stdout.
    """

    since: datetime | None
    format: AuditFormat
    output: Path | None


def audit_wanted(given: Mapping[str, Any]) -> AuditWanted:
    """Read what was typed after `audit`.

    Raises:
        ConfigurationError: naming the option and what is right.
    """
    since, output = given["since"], given["output"]
    try:
        moment = None if since is None else parse_since(since)
    except ValueError as problem:
        raise ConfigurationError(f"--since: {problem}.") from None
    return AuditWanted(moment, given["format"], None if output is None else Path(output))


def run_audit(settings: Settings, wanted: AuditWanted) -> int:
    """Write the records of an organization's attempted writes, or of all, in order.

    What is without an outcome for more than two minutes is written as unknown; nothing is looked up and nothing
    changes.

    Returns:
        The exit status: 1 when the store is not there or cannot be read, or not all of it be written, which stderr
        then tells. Where nothing is recorded it is 0, and stderr tells of whom nothing is.
    """
    store = Store.from_settings(settings)
    try:
        _need_store(settings, store)
        if wanted.output is not None:
            check_place(wanted.output)
        place: AbstractContextManager[_Write] = (
            nullcontext(print_whole) if wanted.output is None else written_whole(wanted.output)
        )
        with place as write:
            count = anyio.run(_write_records, store, settings.org, wanted, write)
        if not count:
            say(_nothing(store, settings.org, wanted.since))
    except CampaignsError as failure:
        say(str(failure))
        return 1
    return 0


async def _write_records(store: Store, org: str | None, wanted: AuditWanted, write: _Write) -> int:
    """Write the records, and return how many they were."""
    host, now, count = store.audit.host, datetime.now(UTC), 0
    try:
        if wanted.format == "csv":
            write(_rows([FIELDS]))
        async for records in store.audit.records(org, since=wanted.since):
            seen = [record.as_seen(now) for record in records]
            count += len(seen)
            if wanted.format == "csv":
                write(_rows(_cells(record, host) for record in seen))
            else:
                write("".join(json_line(record, host) for record in seen))
    finally:
        await store.aclose()
    return count


def _nothing(store: Store, org: str | None, since: datetime | None) -> str:
    """Say what was looked for: host and organization may come from the environment, where nobody thinks of them."""
    of = "any organization" if org is None else f"organization {org}"
    then = "" if since is None else f" since {since.isoformat()}"
    return (
        f"No attempted write of {of} on {store.audit.host} is recorded{then} in {store.place}. --org "
        "(SECURITY_CAMPAIGNS_ORG) and --api-url (GITHUB_API_URL) say whose records are shown."
    )


def _cells(record: AuditRecord, host: str) -> list[str | int | None]:
    return [
        json.dumps(value, separators=(",", ":")) if isinstance(value, Mapping) else value
        for value in written(record, host).values()
    ]


def _rows(rows: Iterable[Iterable[str | int | None]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell, _LONGEST_CELL) for cell in row] for row in rows)
    return text.getvalue()


def _need_store(settings: Settings, store: Store) -> None:
    if store.kept:
        _need_file(settings.store)
        return
    if settings.no_store:
        raise StoreFailed("--no-store keeps no audit, so there is nothing to show.")
    raise StoreFailed("The sandbox keeps no audit by itself, so there is nothing to show.", "Name a file with --store.")


def _need_file(named: Path | str | None) -> None:
    """Refuse a file that was named and is not there. In the usual place there is none before the first write."""
    if not isinstance(named, Path):
        return
    try:
        named.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreFailed(f"There is no store {named}.", "Mend the path in --store.") from None
    except (OSError, ValueError):
        pass  # opening it tells what is wrong
