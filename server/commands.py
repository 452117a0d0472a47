"""The commands that look once and end: `snapshot` for cron, and `report`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx

from server.context import AppContext
from server.domain.checks import check_number, read_number
from server.domain.dates import parse_since
from server.domain.reports import ProgressReport
from server.domain.snapshots import snapshot_of
from server.domain.text import counted
from server.errors import CampaignsError, ConfigurationError, NotFound, StoreFailed
from server.github.credentials import Credentials
from server.report_file import check_place, write_whole
from server.report_formats import Format, formatted
from server.reporting import LAST_REPORT, Progress, Since, report
from server.running import open_app
from server.settings import Settings
from server.waiting import told_to_wait

_CAMPAIGNS, _ORGANIZATIONS = "Reading campaigns", "Reading organizations"


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
    """Read every open campaign once and keep a snapshot of each. What fails costs no other its snapshot.

    Returns:
        The exit status: 1 when something could not be read or kept, which stderr then tells.

    Raises:
        ConfigurationError: no organization is named, or the credentials are missing or wrong.
    """
    orgs = _orgs(settings)
    outcome = _Kept([], [])

    async def work(progress: Progress) -> None:
        async with open_app(settings, credentials, transport) as app:
            _need_store(app)
            await _keep_all(app, orgs, outcome, progress)

    try:
        with told_to_wait(_CAMPAIGNS if len(orgs) == 1 else _ORGANIZATIONS) as progress:
            anyio.run(work, progress)
    except ConfigurationError:
        raise
    except CampaignsError as failure:  # the store fails for all alike
        outcome.failures.append(failure)
    _print("".join(f"{line}\n" for line in outcome.lines))
    for failed in outcome.failures:
        _tell(failed)
    return 1 if outcome.failures else 0


def run_report(
    settings: Settings,
    wanted: ReportWanted,
    *,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Report on a campaign, or on every open one, to stdout or into a file. Each is told whole: no model reads this.

    Returns:
        The exit status: 1 when nothing could be read, or the file not be written, which stderr then tells.

    Raises:
        ConfigurationError: no organization is named, or the credentials are missing or wrong.
    """
    orgs = _orgs(settings)
    if wanted.campaign is not None and len(orgs) > 1:
        raise ConfigurationError("--campaign needs one organization.", "Name it with --org.")

    async def work(progress: Progress) -> ProgressReport:
        async with open_app(settings, credentials, transport) as app:
            return await report(app, orgs, wanted.campaign, wanted.since, detail=True, progress=progress)

    try:
        if wanted.output is not None:
            check_place(wanted.output)
        with told_to_wait(_CAMPAIGNS) as progress:
            made = anyio.run(work, progress)
        text = formatted(made, wanted.format)
        if wanted.output is not None:
            write_whole(wanted.output, text)
    except ConfigurationError:
        raise
    except CampaignsError as failure:
        return _tell(failure)
    if wanted.output is None:
        _print(text)
    if wanted.format == "csv":  # which has a place for campaigns only
        for sentence in made.partial or []:
            _say(sentence)
    return 0


class _Kept(NamedTuple):
    """What `snapshot` has to tell: a line for each organization, and what failed."""

    lines: list[str]
    failures: list[CampaignsError]


async def _keep_all(app: AppContext, orgs: Sequence[str], outcome: _Kept, progress: Progress) -> None:
    for done, org in enumerate(orgs, 1):
        failed = len(outcome.failures)
        try:
            kept = await _keep(app, org, outcome.failures, progress if len(orgs) == 1 else None)
        except (ConfigurationError, StoreFailed):
            raise
        except CampaignsError as failure:
            outcome.failures.append(failure)
        else:
            if len(outcome.failures) == failed:
                outcome.lines.append(f"{org}: {counted(kept, 'open campaign')} read.")
        if len(orgs) > 1:
            progress(done, len(orgs))


async def _keep(app: AppContext, org: str, failures: list[CampaignsError], progress: Progress | None) -> int:
    """Keep a snapshot of each open campaign; return how many there are.

    A campaign is read by itself only when it came without its counts in the list.

    Args:
        app: the server's parts.
        org: the organization.
        failures: gets what went wrong with single campaigns.
        progress: told after every campaign.

    Raises:
        CampaignsError: the list could not be read, or the store fails.
    """
    kept = 0
    campaigns = await app.github.campaigns.all_open(org)
    for done, listed in enumerate(campaigns, 1):
        try:
            campaign = listed if listed.alert_stats else await app.github.campaigns.get(org, listed.number)
            snapshot = snapshot_of(campaign, app.now())
            if snapshot is None:
                failures.append(CampaignsError(f"GitHub did not tell the counts of campaign {org}/{campaign.number}."))
            else:
                await app.store.note(org, campaign.number, campaign.created_at, snapshot)
                kept += 1
        except NotFound:
            pass  # deleted meanwhile
        except (ConfigurationError, StoreFailed):
            raise
        except CampaignsError as failure:
            failure.what = f"Campaign {org}/{listed.number} could not be read: {failure.what}"
            failures.append(failure)
        if progress is not None:
            progress(done, len(campaigns))
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
        raise ConfigurationError(f"--since: {problem}.", f"{LAST_REPORT} stands for the report before.") from None
    return moment


def _print(text: str) -> None:
    """Write to stdout as UTF-8 with its line breaks as they are, whatever the terminal or the system prefers."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()


def _tell(failure: CampaignsError) -> int:
    _say(str(failure))
    return 1


def _say(sentence: str) -> None:
    print(f"security-campaigns-mcp: {sentence}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
