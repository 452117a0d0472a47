"""What others write: a table of payloads, each in every place that somebody chooses, through every surface."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio.to_thread

from tests.app_page.apps_host import AppsHost
from tests.harness import MODES
from tests.prove.hostile_arguments import REPEATED, WAYS, argument_faults, arguments_said, refusals_said
from tests.prove.hostile_checks import CHECKS, faults_of, log
from tests.prove.hostile_page import missing, page_faults, sendable
from tests.prove.hostile_payloads import PAYLOADS, harmless, payloads_in
from tests.prove.hostile_printed import Said, logged, text_in
from tests.prove.hostile_session import conversation
from tests.prove.hostile_short import told_in_short
from tests.prove.hostile_world import ALERT_MESSAGE, Choose, all_harmless, rotated
from tests.prove.parts import Findings, Say, Size

Seen = dict[str, set[str]]
"""Surfaces to the names of the payloads that were seen there."""

_ROTATIONS = 20
_WAYS_EACH = 2  # of refusing, for each payload, and one more in which GitHub's words are repeated
_ADDRESSES = ("next page", "redirect")
_ALWAYS = (
    ("override", "next page"),
    ("override", "redirect"),
    ("data", "401"),
    ("end of a link", "422"),
    ("title", "next page"),
    ("semicolon", "next page"),
)


async def prove(size: Size, say: Say) -> Findings:
    """Try every payload. A surface on which none was ever seen would prove nothing, so that is a fault too."""
    findings = Findings("payloads through surfaces, each against the same with harmless texts")
    seen: Seen = {surface: set() for surface in CHECKS}
    await _worlds(size, say, findings, seen)
    with tempfile.TemporaryDirectory() as folder, logged(Path(folder)):
        await _in_short(size, say, findings, seen)
        await _arguments(size, say, findings, seen)
        await _refusals(size, say, findings, seen)
        _log(findings, seen, Path(folder))
    await _page(size, say, findings)
    findings.rows.insert(0, ("payloads", len(PAYLOADS)))
    findings.rows += [(f"payloads seen: {surface}", f"{len(seen[surface])} of {len(PAYLOADS)}") for surface in CHECKS]
    findings.faults += not_seen(size, seen)
    return findings


def not_seen(size: Size, seen: Seen) -> list[str]:
    """Return a fault for each surface on which no payload was seen; at full size, on which not all were."""
    faults = []
    for surface in _EXPECTED:
        lacking = sorted(PAYLOADS.keys() - seen[surface])
        if len(lacking) == len(PAYLOADS) or (lacking and size.share >= 1):
            faults.append(f"{len(lacking)} payloads were not seen: {surface}, such as {', '.join(lacking[:4])}")
    return faults


_EXPECTED = tuple(surface for surface in CHECKS if surface != "terminal")
"""Where payloads must have been seen. What is printed to stderr about a report names no campaign."""


async def _told(choose: Choose, era: str) -> list[Said]:
    with tempfile.TemporaryDirectory() as folder:
        return await conversation(choose, era, Path(folder))


async def _worlds(size: Size, say: Say, findings: Findings, seen: Seen) -> None:
    """Have worlds told in which each place has a payload: with each rotation another one."""
    eras = list(MODES)
    rotations = size.of(_ROTATIONS, least=len(eras))
    controls = {era: await _told(all_harmless, era) for era in eras}
    messages: set[str] = set()
    for number in range(rotations):
        era, by = eras[number % len(eras)], size.seed + number * len(PAYLOADS) // rotations
        said = await _told(rotated(by), era)
        findings.faults += [f"rotation {by % len(PAYLOADS)}, {era}, {each}" for each in faults_of(said, controls[era])]
        _count(said, findings, seen)
        messages.update(each.surface for each in said if ALERT_MESSAGE in each.text)
        say(f"world {number + 1} of {rotations}, {len(findings.faults)} faults")
    findings.rows.append(("worlds, of both eras", rotations))
    findings.rows.append(
        ("alerts' messages, which have payloads too, are shown on", ", ".join(sorted(messages)) or "no surface")
    )


async def _in_short(size: Size, say: Say, findings: Findings, seen: Seen) -> None:
    """Have each payload told that is in every place at once."""
    eras = list(MODES)
    controls = {era: await told_in_short(harmless(1), era) for era in eras}
    tried = _some(size, list(PAYLOADS.items()))
    for number, (name, text) in enumerate(tried):
        era = eras[number % len(eras)]
        said = await told_in_short(text, era)
        findings.faults += [f"{name} in every place, {era}, {each}" for each in faults_of(said, controls[era])]
        _count(said, findings, seen)
    findings.rows.append(("payloads in every place at once", len(tried)))
    say(f"in every place, {len(findings.faults)} faults")


async def _arguments(size: Size, say: Say, findings: Findings, seen: Seen) -> None:
    eras = list(MODES)
    tried = _some(size, list(PAYLOADS.items()))
    for number, (name, text) in enumerate(tried):
        said = await arguments_said(text, eras[number % len(eras)])
        findings.faults += [f"{name} as an argument, {each}" for each in argument_faults(text, said)]
        _count(said, findings, seen)
    findings.rows.append(("payloads as arguments", len(tried)))
    say(f"arguments, {len(findings.faults)} faults")


async def _refusals(size: Size, say: Say, findings: Findings, seen: Seen) -> None:
    """A text in an address may be one that no address can hold, of which other things are said: a second control."""
    tried = [
        pair
        for number, name in enumerate(PAYLOADS)
        for pair in (
            (name, REPEATED[number % len(REPEATED)]),
            *((name, WAYS[(number + step * len(WAYS) // _WAYS_EACH) % len(WAYS)]) for step in range(_WAYS_EACH)),
        )
    ]
    some = list(dict.fromkeys([*_ALWAYS, *_some(size, tried)]))
    controls = {
        way: [await refusals_said(harmless(1) + each, way) for each in (("", "\x07") if way in _ADDRESSES else ("",))]
        for way in dict.fromkeys(way for _, way in some)
    }
    for name, way in some:
        said = await refusals_said(PAYLOADS[name], way)
        faults = [faults_of(said, control) for control in controls[way]]
        findings.faults += [f"{name} in GitHub's {way}, {each}" for each in min(faults, key=len)]
        _count(said, findings, seen)
    findings.rows.append(("payloads in GitHub's refusals", len(some)))
    say(f"refusals, {len(findings.faults)} faults")


def _log(findings: Findings, seen: Seen, folder: Path) -> None:
    """Look at what was logged about all of this; no other course could be its control, and none is needed."""
    said = [Said("log", name, text_in(folder / name)) for name in ("log.txt", "log.json")]
    findings.faults += [f"{each.about}: {fault}" for each in said for fault in dict.fromkeys(log(each.text, ""))]
    _count(said, findings, seen)


async def _page(size: Size, say: Say, findings: Findings) -> None:
    if lacking := missing():
        findings.lacks("payloads in a browser", f"not tried: {lacking} is missing")
        return
    texts = sendable()
    wanted = size.of(len(texts), least=12)
    texts = [texts[number * len(texts) // wanted] for number in range(wanted)]
    shown, faults = await anyio.to_thread.run_sync(partial(_in_a_browser, texts))
    findings.rows.append(("payloads in a browser, as a file and as an App", shown))
    findings.tried += shown
    findings.faults += faults
    say(f"page, {len(findings.faults)} faults")


def _in_a_browser(texts: list[str]) -> tuple[int, list[str]]:
    apps = AppsHost()
    try:
        return page_faults(apps, texts)
    finally:
        apps.close()


def _some(size: Size, all_of_them: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the share that is tried, spread over all."""
    wanted = size.of(len(all_of_them), least=6)
    return [all_of_them[number * len(all_of_them) // wanted] for number in range(wanted)]


def _count(said: Sequence[Said], findings: Findings, seen: Seen) -> None:
    findings.tried += len(said)
    for each in said:
        seen[each.surface] |= payloads_in(each.text)
