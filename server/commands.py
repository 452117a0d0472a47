"""The commands that look once and end: `snapshot` for cron, and `report`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx

from server.context import AppContext
from server.domain.checks import check_number, read_number
from server.domain.dates import parse_since
from server.domain.snapshots import snapshot_of
from server.errors import CampaignsError, ConfigurationError, NotFound, StoreFailed
from server.github.credentials import Credentials
from server.report_file import check_place, write_whole
from server.report_formats import Format, formatted
from server.reporting import LAST_REPORT, Since, report
from server.running import open_app
from server.settings import Settings
from server.waiting import told_to_wait

_READING = "Reading campaigns ..."


class ReportWanted(NamedTuple):
    """What `report` was asked for.

    Attributes:
        campaign: its number; None for every open one.
        since: from when on changes are told.
        format: how it is written.
        output: the file to write; None for stdout.
    """

    campaign: int | None
    since: Since
    format: Format
    output: Path | None


def report_wanted(given: Mapping[str, Any]) -> ReportWanted:
    """Read what was typed after `report`.

    Raises:
        ConfigurationError: naming the option and what is right.
    """
    campaign, since, output = given["campaign"], given["since"], given["output"]
    return ReportWanted(
        None if campaign is None else _number(campaign),
        None if since is None else _since(since),
        given["format"],
        None if output is None else Path(output),
    )


def run_snapshot(
    settings: Settings, *, credentials: Credentials | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> int:
    """Read every open campaign once and keep a snapshot of each.

    Returns:
        The exit status: 1 when something could not be read or kept, which stderr then tells.

    Raises:
        ConfigurationError: no organization is named, or the credentials are missing or wrong.
    """
    orgs = _orgs(settings)

    async def work() -> list[str]:
        async with open_app(settings, credentials, transport) as app:
            _need_store(app)
            return [f"{org}: {_campaigns(await _keep(app, org))} read." for org in orgs]

    try:
        with told_to_wait(_READING):
            lines = anyio.run(work)
    except ConfigurationError:
        raise
    except CampaignsError as failure:
        return _tell(failure)
    _print("".join(f"{line}\n" for line in lines))
    return 0


def run_report(
    settings: Settings,
    wanted: ReportWanted,
    *,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Report on a campaign, or on every open one, to stdout or into a file.

    Returns:
        The exit status: 1 when nothing could be read, or the file not be written, which stderr then tells.

    Raises:
        ConfigurationError: no organization is named, or the credentials are missing or wrong.
    """
    orgs = _orgs(settings)
    if wanted.campaign is not None and len(orgs) > 1:
        raise ConfigurationError("--campaign needs one organization.", "Name it with --org.")

    async def work() -> str:
        async with open_app(settings, credentials, transport) as app:
            return formatted(await report(app, orgs, wanted.campaign, wanted.since), wanted.format)

    try:
        if wanted.output is not None:
            check_place(wanted.output)
        with told_to_wait(_READING):
            text = anyio.run(work)
        if wanted.output is not None:
            write_whole(wanted.output, text)
    except ConfigurationError:
        raise
    except CampaignsError as failure:
        return _tell(failure)
    if wanted.output is None:
        _print(text)
    return 0


async def _keep(app: AppContext, org: str) -> int:
    """Keep a snapshot of each open campaign; return how many there are.

    A campaign is read by itself only when it came without its counts in the list.

    Raises:
        CampaignsError: the first thing that failed, after the other campaigns were kept. A store fails at once.
    """
    failures: list[CampaignsError] = []
    kept = 0
    for listed in await app.github.campaigns.all_open(org):
        try:
            campaign = listed if listed.alert_stats else await app.github.campaigns.get(org, listed.number)
        except NotFound:
            continue  # deleted meanwhile
        except CampaignsError as failure:
            failure.what = f"Campaign {org}/{listed.number} could not be read: {failure.what}"
            failures.append(failure)
            continue
        snapshot = snapshot_of(campaign, app.now())
        if snapshot is None:
            failures.append(CampaignsError(f"GitHub did not tell the counts of campaign {org}/{campaign.number}."))
            continue
        await app.store.note(org, campaign.number, campaign.created_at, snapshot)
        kept += 1
    if failures:
        raise failures[0]
    return kept


def _need_store(app: AppContext) -> None:
    if app.store.kept:
        return
    if app.settings.no_store:
        raise StoreFailed("--no-store keeps nothing, so there is nothing to do.")
    raise StoreFailed("The sandbox keeps nothing by itself, so there is nothing to do.", "Name a file with --store.")


def _orgs(settings: Settings) -> tuple[str, ...]:
    """Return the organizations that are meant: the one that is named, or all that the operator allows."""
    orgs = (settings.org,) if settings.org else settings.allow_orgs
    if not orgs:
        raise ConfigurationError("No organization is named.", "Name it with --org.")
    return orgs


def _number(text: str) -> int:
    try:
        return check_number(read_number(text))
    except ValueError as problem:
        raise ConfigurationError(f"--campaign {problem}.") from None


def _since(text: str) -> Since:
    if text == LAST_REPORT:
        return LAST_REPORT
    try:
        moment: datetime = parse_since(text)
    except ValueError as problem:
        raise ConfigurationError(f"--since: {problem}.", f"{LAST_REPORT} is since the report before.") from None
    return moment


def _campaigns(number: int) -> str:
    return f"{number} open campaign" if number == 1 else f"{number} open campaigns"


def _print(text: str) -> None:
    """Write to stdout as UTF-8 with its line breaks as they are, whatever the terminal or the system prefers."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()


def _tell(failure: CampaignsError) -> int:
    print(f"security-campaigns-mcp: {failure}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
    return 1
