"""A progress report as text: a page, Markdown, CSV or JSON. What others wrote stays words in each of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from typing import Literal

from server.app_page.page import progress_page
from server.domain.dates import spoken, wire
from server.domain.reports import CampaignProgress, ProgressReport
from server.domain.text import clean

Format = Literal["html", "markdown", "csv", "json"]

_LIMIT = 2000  # characters of one name or sentence: far above any that is meant
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are full-width
_ZERO_WIDTH_SPACE = "\u200b"
_ACTIVE = re.compile(r"[\\`*_~|\[\]$]")
_OPENS_BLOCK = re.compile(r"^(\d{1,9})?([-+=.)])")
_BECOMES_LINK = re.compile(r"(?i)(www(?=\.)|gh-(?=\d)|\b(?:mailto|xmpp):|[@#]|:(?=//))")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_PLAIN_ADDRESS = re.compile(r"https://[A-Za-z0-9./_-]+")

Cell = str | int | float | None
_Column = tuple[str, Callable[[CampaignProgress], Cell]]


def formatted(report: ProgressReport, wanted: Format) -> str:
    """Write a report in one of the formats, with a line break at the end."""
    match wanted:
        case "html":
            return progress_page(report)
        case "markdown":
            return as_markdown(report)
        case "csv":
            return as_csv(report)
        case "json":
            return report.model_dump_json(exclude_none=True, indent=2) + "\n"


def as_markdown(report: ProgressReport) -> str:
    """Write a report for a chat or an issue: the summary, a table of campaigns, what is missing, and notes."""
    parts = [markdown_words(report.summary)]
    if report.campaigns:
        parts.append("\n".join(_table(report)))
    parts += [_bullets("Could not be read", report.partial), _bullets("Notes", report.notes)]
    parts.append(f"As of {spoken(report.as_of)}.")
    return "\n\n".join(part for part in parts if part) + "\n"


def as_csv(report: ProgressReport) -> str:
    """Write a row for each campaign under a header (RFC 4180). No cell is a formula to a spreadsheet."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["as_of", *(name for name, _ in _CSV)])
    for campaign in report.campaigns:
        cells = [wire(report.as_of), *(value(campaign) for _, value in _CSV)]
        rows.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def markdown_words(text: str) -> str:
    """Return text that Markdown shows as it reads: no table, link, reference, mention or HTML can come of it.

    A backslash does not keep GitHub from seeing a mention, a reference or an address, so these are cut by a space
    without width.
    """
    escaped = _ACTIVE.sub(r"\\\g<0>", clean(text, _LIMIT))
    escaped = _OPENS_BLOCK.sub(r"\1\\\2", escaped).translate(_ENTITIES)
    return _BECOMES_LINK.sub(lambda found: _cut(found[0]), escaped)


def _cut(found: str) -> str:
    return f"{chr(92) if found == '#' else ''}{found}{_ZERO_WIDTH_SPACE}"


def harmless(cell: Cell, limit: int = _LIMIT) -> Cell:
    """Put an apostrophe before what a spreadsheet might run; text is cleaned and cut to `limit` characters."""
    written = clean(cell, limit) if isinstance(cell, str) else cell
    return f"'{written}" if str(written).startswith(_FORMULA) else written


def _table(report: ProgressReport) -> Iterable[str]:
    columns = [*_MARKDOWN, *(_SINCE if report.since else [])]
    yield _line(name for name, _ in columns)
    yield _line("---" if number < 2 else "---:" for number, _ in enumerate(columns))
    for campaign in report.campaigns:
        yield _line("" if (cell := value(campaign)) is None else str(cell) for _, value in columns)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bullets(title: str, sentences: Iterable[str] | None) -> str:
    lines = [f"- {markdown_words(sentence)}" for sentence in sentences or []]
    return "\n".join([f"{title}:", "", *lines]) if lines else ""


def _label(campaign: CampaignProgress) -> str:
    """Write `acme/3 Stop XSS`, with a link where the address is known and plain."""
    number = str(campaign.campaign_number)
    label = f"{markdown_words(campaign.org)}/{number}" if campaign.org else number
    if campaign.url and _PLAIN_ADDRESS.fullmatch(campaign.url):
        label = f"[{label}]({campaign.url})"
    return f"{label} {markdown_words(campaign.name)}"


def _status(campaign: CampaignProgress) -> str:
    status = campaign.status.replace("_", " ")
    return f"{status}: {markdown_words(campaign.reason)}" if campaign.reason else status


def _expected(campaign: CampaignProgress) -> str | None:
    return campaign.forecast.expected.isoformat() if campaign.forecast else None


def _range_end(campaign: CampaignProgress, name: Literal["earliest", "latest"]) -> str | None:
    day = getattr(campaign.forecast, name, None)
    return None if day is None else day.isoformat()


def _left(campaign: CampaignProgress) -> int:
    return campaign.open_count + campaign.in_progress_count


_MARKDOWN: list[_Column] = [
    ("Campaign", _label),
    ("Status", _status),
    ("Left", _left),
    ("Closed", lambda each: each.closed_count),
    ("Days left", lambda each: each.days_left),
    ("Needs a day", lambda each: each.pace_needed),
    ("Held a day, 7 days", lambda each: each.pace_7_days),
    ("28 days", lambda each: each.pace_28_days),
    ("Expected end", _expected),
]
_SINCE: list[_Column] = [("Closed since", lambda each: each.closed_since)]
_CSV: list[_Column] = [
    ("org", lambda each: each.org),
    ("campaign_number", lambda each: each.campaign_number),
    ("name", lambda each: each.name),
    ("state", lambda each: each.state or "open"),  # a list leaves it out when open
    ("status", lambda each: each.status),
    ("reason", lambda each: each.reason),
    ("open_count", lambda each: each.open_count),
    ("in_progress_count", lambda each: each.in_progress_count),
    ("closed_count", lambda each: each.closed_count),
    ("remediation_rate", lambda each: each.remediation_rate),
    ("ends_at", lambda each: wire(each.ends_at) if each.ends_at else None),
    ("days_left", lambda each: each.days_left),
    ("time_used", lambda each: each.time_used),
    ("pace_needed", lambda each: each.pace_needed),
    ("pace_7_days", lambda each: each.pace_7_days),
    ("pace_28_days", lambda each: each.pace_28_days),
    ("forecast_expected", _expected),
    ("forecast_earliest", lambda each: _range_end(each, "earliest")),
    ("forecast_latest", lambda each: _range_end(each, "latest")),
    ("fixed", lambda each: each.fixed),
    ("dismissed", lambda each: each.dismissed),
    ("reopened", lambda each: each.reopened),
    ("closed_since", lambda each: each.closed_since),
    ("url", lambda each: each.url),
]
