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
from server.domain.reports import LAST_REPORT
from server.domain.snapshots import snapshot_of
from server.domain.text import counted
from server.errors import CampaignsError, ConfigurationError, InvalidInput, NotFound, Refused, StoreFailed
from server.github.credentials import Credentials
from server.report_file import check_place, write_whole
from server.report_formats import Format, formatted
from server.reporting import Made, Progress, Since, note_reported, report
from server.running import open_app
from server.settings import Settings
from server.streams import NotPrinted, print_whole, say
from server.waiting import told_to_wait

_CAMPAIGNS, _ORGANIZATIONS = "Reading campaigns", "Reading organizations"


class ReportWanted(NamedTuple):
    """What `report` was asked for.

    Attributes:
        campaign: its number; None for every open one.
        since: from when on changes are told.
        format: how it is written.
        output: the file to write; None for stdout, which is asked for with - too.
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
    if output == "":
        raise ConfigurationError("--output is empty.", "Name a file, or give - for stdout.")
    return ReportWanted(
        None if campaign is None else _number(campaign),
        None if since is None else _since(since),
        given["format"],
        None if output in (None, "-") else Path(output),
    )


def run_snapshot(
    settings: Settings, *, credentials: Credentials | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> int:
    """Read every open campaign once and keep a snapshot of each. What fails costs no other its snapshot.

    Returns:
        The exit status: 1 when something could not be read, kept or told, and 2 when no organization can be read as
        this is configured. stderr tells why.

    Raises:
        ConfigurationError: no organization is named, or what reads them cannot be set up.
    """
    orgs = _orgs(settings)
    outcome = _Kept([], [])

    async def work() -> None:
        async with open_app(settings, credentials, transport) as app:
            _need_store(app)
            with told_to_wait(_CAMPAIGNS if len(orgs) == 1 else _ORGANIZATIONS) as progress:
                await _keep_all(app, orgs, outcome, progress)

    try:
        anyio.run(work)
    except ConfigurationError:
        raise
    except CampaignsError as failure:  # the store fails for all alike
        outcome.failures.append(failure)
    _tell_of(outcome.lines, outcome.failures)
    for sentence in dict.fromkeys(map(str, outcome.failures)):  # a missing token is the same for each
        say(sentence)
    unconfigured = [failure for failure in outcome.failures if isinstance(failure, ConfigurationError)]
    if len(outcome.failures) == len(unconfigured) == len(orgs):
        return 2
    return 1 if outcome.failures else 0


def run_report(
    settings: Settings,
    wanted: ReportWanted,
    *,
    credentials: Credentials | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """Report on a campaign, or on every open one, to stdout or into a file. Each is told whole: no model reads this.

    That it was reported is noted when it is written: what did not arrive is told again by the next one.

    Returns:
        The exit status: 1 when nothing could be read, or it could not be written, which stderr then tells.

    Raises:
        ConfigurationError: no organization is named, the credentials are missing or wrong, or `since` is to come.
    """
    orgs = _orgs(settings)
    if wanted.campaign is not None and len(orgs) > 1:
        raise ConfigurationError("--campaign needs one organization.", "Name it with --org.")

    async def work() -> list[str]:
        async with open_app(settings, credentials, transport) as app:
            with told_to_wait(_CAMPAIGNS) as progress:
                made = await report(app, orgs, wanted.campaign, wanted.since, detail=True, progress=progress)
            made = _with_the_bare(made)
            _deliver(formatted(made.report, wanted.format), wanted.output)
            told = made.report
            beside = [*(told.partial or []), *(told.notes or [])] if wanted.format == "csv" else []  # has no place
            return [*beside, *await note_reported(app, made)]

    try:
        if wanted.output is not None:
            check_place(wanted.output)
        sentences = anyio.run(work)
    except ConfigurationError:
        raise
    except (InvalidInput, Refused) as refused:
        raise ConfigurationError(refused.what.replace("`since`", "--since"), refused.remedy) from None
    except CampaignsError as failure:
        say(_for_a_terminal(failure))
        return 1
    for sentence in sentences:
        say(sentence)
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
        except StoreFailed:
            raise
        except CampaignsError as failure:  # a GitHub App that is not installed there too
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


def _tell_of(lines: Sequence[str], failures: list[CampaignsError]) -> None:
    """Print what was read. Who closed stdout wants no word of it; that it could not be printed is a failure."""
    if not lines or sys.stdout is None:
        return
    try:
        print_whole("".join(f"{line}\n" for line in lines))
    except NotPrinted as failure:
        failure.remedy = "What was read is kept."
        failures.append(failure)


def _with_the_bare(made: Made) -> Made:
    """Name the organizations that have no campaign, of which a report would not say a word."""
    found = {campaign.org for campaign in made.report.campaigns}
    bare = [f"{org} has no open campaign to report." for org in made.orgs if org not in found]
    notes = [*(made.report.notes or []), *bare] or None
    return made._replace(report=made.report.model_copy(update={"notes": notes}))


def _deliver(text: str, file: Path | None) -> None:
    """Write a report where it is wanted.

    Raises:
        CampaignsError: it is not there, or not all of it.
    """
    if file is None:
        print_whole(text)
    else:
        write_whole(file, text)


def _for_a_terminal(failure: CampaignsError) -> str:
    """Return the sentence for who has commands and no tools."""
    if isinstance(failure, NotFound) and "list_campaigns" in failure.remedy:
        failure.remedy = "`report` without --campaign shows the open ones; drafts stay hidden."
    return str(failure)


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
