"""Static tokens for small teams: a file of hashes, one JSON object to a line.

A token is 256 random bits, so that a plain SHA-256 of it is as good as secret; only who may write the file matters.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from server.domain.checks import check_org
from server.domain.text import hidden_characters
from server.errors import ConfigurationError, SignInUnavailable, TokenRefused
from server.signin.caller import Caller
from server.signin.scopes import SCOPES

PREFIX = "scmcp_"
"""How every static token begins, so that a leaked one is recognised."""

_RANDOM_BYTES = 32
_LARGEST = 1_000_000  # bytes
_STATIC_CLIENT = "static token"


def _check_name(value: str) -> str:
    if hidden_characters(value) or value != value.strip():
        raise ValueError("must be one line without invisible characters or spaces around it")
    return value


def _check_scope(value: str) -> str:
    if value not in SCOPES:
        raise ValueError(f"must be {' or '.join(SCOPES)}")
    return value


class StaticToken(BaseModel):
    """A line of the file.

    Attributes:
        name: who uses it; unique in the file.
        sha256: of the token's text, in hexadecimal digits.
        scopes: what it allows.
        orgs: the only organizations that may be named with it; None for no such bound.
        expires_at: until when.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_check_name)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Annotated[str, AfterValidator(_check_scope)], ...], Field(min_length=1)]
    orgs: tuple[Annotated[str, AfterValidator(check_org)], ...] | None = None
    expires_at: AwareDatetime


@dataclass(frozen=True)
class _Read:
    stamp: tuple[int, int, int]
    tokens: tuple[StaticToken, ...]


class StaticTokens:
    """The tokens of a file, read anew whenever it changes: adding a line or taking one out works at once.

    Args:
        file: the file.
        now: the time, timezone-aware.
    """

    def __init__(self, file: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._now = now
        self._read: _Read | None = None

    def verify(self, token: str) -> Caller:
        """Return whose token it is.

        Raises:
            TokenRefused: it is in no line, or has expired.
            SignInUnavailable: the file cannot be used, so that nobody's token is good.
        """
        given = _hash(token)
        found = None
        for line in self.tokens():  # all of them, so that the time taken tells nothing
            if hmac.compare_digest(line.sha256, given):
                found = line
        if found is None:
            raise TokenRefused("The token is not known here; it may have been withdrawn.")
        if found.expires_at <= self._now():
            raise TokenRefused("The token has expired.")
        return Caller(
            name=found.name,
            subject=found.name,
            client=_STATIC_CLIENT,
            issuer=None,
            scopes=frozenset(found.scopes),
            orgs=found.orgs,
            expires=int(found.expires_at.timestamp()),
        )

    def tokens(self) -> tuple[StaticToken, ...]:
        """Return what the file holds now.

        Raises:
            SignInUnavailable: it cannot be read, others may write to it, or a line is wrong.
        """
        try:
            with self._file.open("rb") as opened:
                state = os.fstat(opened.fileno())
                _require_private(self._file, state)
                stamp = (state.st_ino, state.st_size, state.st_mtime_ns)
                if self._read is None or self._read.stamp != stamp:
                    self._read = _Read(stamp, _parsed(self._file, opened.read(_LARGEST + 1)))
        except OSError as problem:
            self._read = None
            raise _unusable(self._file, f"cannot be read ({problem.strerror})") from None
        return self._read.tokens


def new_token(file: Path, name: str, scopes: Sequence[str], orgs: Sequence[str] | None, expires_at: datetime) -> str:
    """Make a token, add its hash to the file, which is made for its owner alone if need be, and return it.

    Raises:
        ConfigurationError: an argument is wrong, the name is taken, or the file cannot be written.
    """
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    try:
        line = StaticToken(
            name=name,
            sha256=_hash(token),
            scopes=tuple(dict.fromkeys(scopes)),
            orgs=None if orgs is None else tuple(dict.fromkeys(orgs)),
            expires_at=expires_at,
        )
    except ValidationError as problem:
        error = problem.errors(include_input=False, include_url=False)[0]
        raise ConfigurationError(f"--{str(error['loc'][0]).removesuffix('s')}: {_plain(error['msg'])}.") from None
    try:
        if file.exists() and any(known.name == name for known in StaticTokens(file).tokens()):
            raise ConfigurationError(
                f"{file} holds a token named {name} already.",
                "Choose another name, or take its line out of the file to withdraw that token.",
            )
        _append(file, line.model_dump_json(exclude_none=True) + "\n")
    except SignInUnavailable as problem:
        raise ConfigurationError(problem.what, problem.remedy) from None
    except OSError as problem:
        raise ConfigurationError(f"{file} cannot be written ({problem.strerror}).", "Choose another place.") from None
    return token


def _append(file: Path, line: str) -> None:
    opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(opened).st_size
        if size and os.pread(opened, 1, size - 1) != b"\n":
            line = "\n" + line
        os.write(opened, line.encode())
        os.fsync(opened)
    finally:
        os.close(opened)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _require_private(file: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise _unusable(file, "is no file")
    if os.name != "posix":
        return
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _unusable(
            file, "can be written to by others, who could let themselves in; take that right away (chmod 600)"
        )
    if state.st_uid not in (0, os.geteuid()):
        raise _unusable(file, "belongs to another user, who could let others in; change its owner (chown)")


def _parsed(file: Path, raw: bytes) -> tuple[StaticToken, ...]:
    if len(raw) > _LARGEST:
        raise _unusable(file, f"is larger than {_LARGEST} bytes")
    tokens: list[StaticToken] = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            tokens.append(StaticToken.model_validate(told))
        except ValidationError as problem:
            error = problem.errors(include_input=False, include_url=False)[0]
            field = ".".join(map(str, error["loc"]))
            raise _unusable(file, f"is wrong in line {number}: {field}: {_plain(error['msg'])}") from None
        except (ValueError, RecursionError):
            raise _unusable(file, f"is wrong in line {number}, which is no JSON") from None
    names = [token.name for token in tokens]
    if len(set(names)) < len(names):
        raise _unusable(file, "names two tokens alike, and callers are told apart by name")
    return tuple(tokens)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").removesuffix(".")


def _unusable(file: Path, why: str) -> SignInUnavailable:
    return SignInUnavailable(f"The file of tokens {file} {why}.", "Let the operator mend it.")
