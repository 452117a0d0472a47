"""A progress report as text: a page, Markdown, CSV or JSON. What others wrote stays words in each of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from server.app_page.page import progress_page
from server.domain.dates import spoken, wire
from server.domain.reports import CampaignProgress, ProgressReport
from server.domain.text import clean

Format = Literal["html", "markdown", "csv", "json"]

_NAMED_OF_SEVERAL = 3  # repositories of a campaign that is one of several
_LIMIT = 2000  # characters of one name or sentence: far above any that is meant
# Where a spreadsheet takes ; for the separator, a cell begins after each, with quotes that it drops; some drop those of
# any cell. The last four signs are full-width.
_FORMULA = re.compile(r"""((?:^|;)[\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
_THE_OTHERS = re.compile(r"[0-9]+ more")
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
    """Write a report for a chat or an issue.

    It is the summary, a table of campaigns, how what is closed was and where what is left is, what is missing, notes.
    """
    parts = [markdown_words(report.summary)]
    if report.campaigns:
        parts.append("\n".join(_table(report)))
    if len(report.campaigns) == 1:
        (alone,) = report.campaigns
        parts += [_outcomes_line(alone), _severities_line(alone), "\n".join(_repositories(alone))]
    else:
        lines = [f"- {line}" for campaign in report.campaigns if (line := _what_is_left(campaign))]
        parts.append(_titled("What is left", lines))
    parts += [_bullets("Could not be read", report.partial), _bullets("Notes", report.notes)]
    parts.append(f"As of {spoken(report.as_of)}.")
    return "\n\n".join(part for part in parts if part) + "\n"


def as_csv(report: ProgressReport) -> str:
    """Write a row for each campaign under a header (RFC 4180).

    Numbers are bare, negative ones too, so that a spreadsheet can reckon with them. No text is a formula to it.
    """
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
    """Put an apostrophe before what a spreadsheet might run, which no tab or line break is left to hide.

    Text is cleaned and cut to `limit` characters.
    """
    if not isinstance(cell, str):
        return cell
    return _FORMULA.sub(r"\1'", clean(cell, limit))


def _table(report: ProgressReport) -> Iterable[str]:
    status = _status if len(report.campaigns) == 1 else _short_status
    columns: list[_Column] = [("Campaign", _label), ("Status", status), *_MARKDOWN, *(_SINCE if report.since else [])]
    yield from _head([name for name, _ in columns], words=2)
    for campaign in report.campaigns:
        yield _line("" if (cell := value(campaign)) is None else str(cell) for _, value in columns)


def _repositories(campaign: CampaignProgress) -> Iterable[str]:
    rows = campaign.left_fixed_dismissed_by_repository or []
    if rows:
        yield from _head(["Repository", "Left", "Fixed", "Dismissed"], words=1)
    for row in rows:
        yield _line([markdown_words(row.repository), *map(str, (row.left, row.fixed, row.dismissed))])


def _outcomes_line(campaign: CampaignProgress) -> str:
    """Write `Closed: 30 fixed, 8 dismissed; at least 2 came back; 7 of those left are in progress.` as far as known."""
    known = ((campaign.fixed, "fixed"), (campaign.dismissed, "dismissed"))
    outcomes = ", ".join(f"{number} {word}" for number, word in known if number is not None)
    told = [
        f"closed: {outcomes}" if outcomes else "",
        f"at least {campaign.reopened} came back" if campaign.reopened else "",
        f"{campaign.in_progress_count} of those left {'is' if campaign.in_progress_count == 1 else 'are'} in progress"
        if campaign.in_progress_count
        else "",
    ]
    line = "; ".join(part for part in told if part)
    return f"{line[0].upper()}{line[1:]}." if line else ""


def _severities_line(campaign: CampaignProgress) -> str:
    return f"Left by severity: {told}." if (told := _severities(campaign)) else ""


def _severities(campaign: CampaignProgress) -> str:
    return ", ".join(
        f"{left} {markdown_words(severity)}" for severity, left in (campaign.left_by_severity or {}).items()
    )


def _what_is_left(campaign: CampaignProgress) -> str:
    """Write in a line where the alerts are that are left, or nothing when that is not known or none is."""
    rows = [row for row in campaign.left_fixed_dismissed_by_repository or [] if row.left]
    named = [row for row in rows if not _THE_OTHERS.fullmatch(row.repository)][:_NAMED_OF_SEVERAL]
    others = sum(row.left for row in rows) - sum(row.left for row in named)
    places = [f"{markdown_words(row.repository)} {row.left}" for row in named]
    told = [_severities(campaign), ", ".join([*places, *([f"others {others}"] if others else [])])]
    return f"{_plain_label(campaign)}: {'; '.join(part for part in told if part)}" if any(told) else ""


def _head(names: Sequence[str], *, words: int) -> Iterable[str]:
    """Write the head of a table whose first so many columns hold words, and the others numbers."""
    yield _line(names)
    yield _line("---" if number < words else "---:" for number, _ in enumerate(names))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bullets(title: str, sentences: Iterable[str] | None) -> str:
    return _titled(title, [f"- {markdown_words(sentence)}" for sentence in sentences or []])


def _titled(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"{title}:", "", *lines]) if lines else ""


def _label(campaign: CampaignProgress) -> str:
    """Write `acme/3 Stop XSS`, with a link where the address is known and plain."""
    label = _place(campaign)
    if campaign.url and _PLAIN_ADDRESS.fullmatch(campaign.url):
        label = f"[{label}]({campaign.url})"
    return f"{label} {markdown_words(campaign.name)}"


def _plain_label(campaign: CampaignProgress) -> str:
    return f"{_place(campaign)} {markdown_words(campaign.name)}"


def _place(campaign: CampaignProgress) -> str:
    number = str(campaign.campaign_number)
    return f"{markdown_words(campaign.org)}/{number}" if campaign.org else number


def _status(campaign: CampaignProgress) -> str:
    status = campaign.status.replace("_", " ")
    return f"{status}: {markdown_words(campaign.reason)}" if campaign.reason else status


def _short_status(campaign: CampaignProgress) -> str:
    """Write the status; among several the reason only where the numbers beside it do not tell it."""
    return _status(campaign) if campaign.status == "unknown" else campaign.status.replace("_", " ")


def _expected(campaign: CampaignProgress) -> str | None:
    return campaign.forecast.expected.isoformat() if campaign.forecast else None


def _range_end(campaign: CampaignProgress, name: Literal["earliest", "latest"]) -> str | None:
    day = getattr(campaign.forecast, name, None)
    return None if day is None else day.isoformat()


def _left(campaign: CampaignProgress) -> int:
    return campaign.open_count + campaign.in_progress_count


_MARKDOWN: list[_Column] = [
    ("Left", _left),
    ("Closed", lambda each: each.closed_count),
    ("Ends", lambda each: each.ends_at.date().isoformat() if each.ends_at else None),
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
