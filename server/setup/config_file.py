"""A client's configuration file: read, shown with its change, kept as it was, and written whole or not at all."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from server.domain.checks import without_tokens
from server.setup.problems import NotSetUp
from server.whole_file import placed_whole

_BY_HAND = "Mend that, or use --print and paste the text yourself."
_BOM = "\ufeff"
_LARGEST = 10_000_000  # bytes; some clients keep their history there
# What stands behind a name that a secret might have; a reference to a variable is none. A name begins where a word does
# and is short, or a long word without an end would be looked through from each of its letters.
_SECRET = re.compile(
    r"""((?<![\w.-])["']?[\w.-]{0,80}?(?:token|secret|passw|key|auth|credential)[\w.-]{0,80}["']?\s*[:=]\s*)"""
    r"""(["'])(?!\$|\{env)[^"']*\2""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ConfigFile:
    """A file as it was read.

    Attributes:
        place: its path.
        raw: its bytes; None when it does not exist.
        text: what it says, without a byte order mark.
        shared: others use it too, as a file of a project that is committed.
    """

    place: Path
    raw: bytes | None
    text: str
    shared: bool


def read_file(place: Path, *, shared: bool) -> ConfigFile:
    """Read a configuration file.

    Raises:
        NotSetUp: it is a link, no plain file, another account's, or cannot be read as UTF-8.
    """
    for each in (place, place.parent) if shared else (place,):
        if os.path.islink(each):  # noqa: PTH114 - Path.is_symlink raises for a path that cannot be looked at
            raise NotSetUp(
                f"{each} is a link, to {os.path.realpath(each)}.",
                "It was not followed, since others may share what it leads to. Use --print and paste the text there.",
            )
    try:
        found = place.lstat()
    except FileNotFoundError:
        _check_owner(next(folder for folder in place.parents if folder.exists()))
        return ConfigFile(place, None, "", shared)
    except OSError as error:
        raise _failed(place, "read", error) from None
    if not stat.S_ISREG(found.st_mode):
        raise NotSetUp(f"{place} is no plain file.", _BY_HAND)
    if found.st_size > _LARGEST:
        raise NotSetUp(f"{place} has more than {_LARGEST // 1_000_000} MB.", "Use --print and paste the text yourself.")
    if not found.st_mode & 0o222:
        raise NotSetUp(f"{place} may not be written, by its own mode.", "Allow it (chmod u+w), or use --print.")
    _check_owner(place)
    try:
        raw = place.read_bytes()
        text = raw.decode()
    except UnicodeDecodeError:
        raise NotSetUp(f"{place} is not UTF-8.", "Save it as UTF-8, then do this again.") from None
    except OSError as error:
        raise _failed(place, "read", error) from None
    return ConfigFile(place, raw, text.removeprefix(_BOM), shared)


def shown_change(file: ConfigFile, text: str) -> str:
    """Return the change from a file to a text as a unified diff.

    Hidden are values whose names say that they are secret, and whatever looks like a token.
    """
    old, new = (_without_secrets(each).splitlines() for each in (file.text, text))
    before = str(file.place) if file.raw is not None else "(no file yet)"
    lines = difflib.unified_diff(old, new, before, str(file.place), n=2, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def replace_file(file: ConfigFile, text: str, keep_in: Path | None = None) -> Path | None:
    """Write a text in place of what was read, and keep that in a folder, by default beside it.

    Returns:
        Where what was there before is kept; None when nothing was there.

    Raises:
        NotSetUp: it cannot be written, or was changed since it was read. The file is as it was.
    """
    place = file.place
    bom = _BOM if file.raw is not None and file.raw.startswith(_BOM.encode()) else ""
    backup: Path | None = None
    written = False
    try:
        if file.raw is None:
            place.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o644 if file.shared else 0o600
        else:
            mode = stat.S_IMODE(place.lstat().st_mode)
        with placed_whole(place, mode) as whole:
            whole.write((bom + text).encode())
            if _now(place) != file.raw:
                raise NotSetUp(
                    f"{place} was changed by somebody else meanwhile.", "Nothing was written; do this again."
                )
            backup = _backup(file, keep_in or place.parent) if file.raw is not None else None
        written = True
    except OSError as error:
        raise _failed(place, "written", error) from None
    finally:
        if backup is not None and not written:
            backup.unlink(missing_ok=True)
    return backup


def _now(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


def _backup(file: ConfigFile, folder: Path) -> Path:
    """Copy the file, with its mode, to the first name in a folder that is free."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    number = 1
    while True:
        backup = folder / f"{file.place.name}.before-setup-{number}"
        try:
            with backup.open("xb") as kept:
                backup.chmod(0o600)
                kept.write(file.raw or b"")
        except FileExistsError:
            number += 1
            continue
        shutil.copymode(file.place, backup)
        return backup


def _check_owner(place: Path) -> None:
    """Refuse to write with root's rights what is another account's, which could then not change it any more."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and (owner := place.stat().st_uid) != 0:
        raise NotSetUp(
            f"You are root, and {place} belongs to the account with the number {owner}.", "Do this as that account."
        )


def _without_secrets(text: str) -> str:
    return str(without_tokens(_SECRET.sub(r"\1\2(not shown)\2", text)))


def _failed(place: Path, verb: str, error: OSError) -> NotSetUp:
    return NotSetUp(f"{place} cannot be {verb}: {error.strerror or type(error).__name__}.", _BY_HAND)
