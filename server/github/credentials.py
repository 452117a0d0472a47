"""Where the token comes from: what is configured explicitly first, then the environment, then the GitHub CLI.

Nothing is read before the first request needs it, so that a server without a credential still starts and can say what
is missing. No value of a token appears in any text or repr.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import anyio
import anyio.to_thread

from server.errors import ConfigurationError
from server.github.github_cli import ask_github_cli, web_host
from server.settings import Settings

TokenKind = Literal[
    "classic personal access token",
    "fine-grained personal access token",
    "OAuth token",
    "app user token",
    "installation token",
    "token of unknown kind",
]

# GitHub Docs, "GitHub's token formats".
_PREFIXES: tuple[tuple[str, TokenKind], ...] = (
    ("ghp_", "classic personal access token"),
    ("github_pat_", "fine-grained personal access token"),
    ("gho_", "OAuth token"),
    ("ghu_", "app user token"),
    ("ghs_", "installation token"),
)
_LONGEST_FILE = 16_384
_ENVIRONMENT = ("GITHUB_TOKEN", "GH_TOKEN")


@dataclass(frozen=True)
class Token:
    """A credential that GitHub may accept.

    Attributes:
        value: the secret.
        kind: what its prefix says it is.
        source: where it was found, in words an operator knows, such as "GITHUB_TOKEN".
        account: the login it acts as, where that is known without asking GitHub.
        every_repository: whether it was given all repositories of the organization, where that is known.
    """

    value: str = field(repr=False)
    kind: TokenKind
    source: str
    account: str | None = None
    every_repository: bool | None = None


class Credentials(Protocol):
    """Gives the token for an organization."""

    async def token(self, org: str | None) -> Token:
        """Return the token to act with in `org`.

        Raises:
            ConfigurationError: there is none, or it cannot be read.
        """
        ...

    async def renewed(self, org: str | None, refused: Token) -> Token | None:
        """Return another token after GitHub refused one with 401; None when nothing newer can be had.

        Raises nothing: GitHub's refusal is the better thing to report.
        """
        ...


def read_token(text: str, source: str) -> Token:
    """Check that `text` can be a token and name its kind. White space around it is dropped.

    Raises:
        ConfigurationError: it has blanks or unprintable characters inside; the text never shows it.
    """
    value = text.strip()
    if value.startswith("$") or "${" in value:
        raise ConfigurationError(
            f"{source} holds a placeholder and not a token: the client did not fill it in.",
            "Set the variable where the client starts, or use --token-file.",
        )
    if not value or not all("!" <= character <= "~" for character in value):
        raise ConfigurationError(
            f"The token from {source} contains spaces, line breaks or other characters that no GitHub token has.",
            "Give the token alone, as GitHub showed it.",
        )
    return Token(value, _kind(value), source)


def _kind(value: str) -> TokenKind:
    for prefix, kind in _PREFIXES:
        if value.startswith(prefix):
            return kind
    return "token of unknown kind"


class FixedToken(Credentials):
    """One token for every organization, as given; there is never a newer one."""

    def __init__(self, value: str, source: str = "the caller") -> None:
        self._token = read_token(value, source)

    async def token(self, org: str | None) -> Token:  # noqa: ARG002 # the same token everywhere
        """Return the token."""
        return self._token

    async def renewed(self, org: str | None, refused: Token) -> Token | None:  # noqa: ARG002 # there is no other
        """Return None."""
        return None


class _ReadOnce(Credentials):
    """A token that is looked up at first use and again when GitHub refuses it."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._token: Token | None = None

    async def token(self, org: str | None) -> Token:  # noqa: ARG002 # the same token everywhere
        """Return the token, looked up the first time."""
        async with self._lock:
            if self._token is None:
                self._token = await self._look_up()
            return self._token

    async def renewed(self, org: str | None, refused: Token) -> Token | None:  # noqa: ARG002 # the same everywhere
        """Look the token up again; None when it is gone or still the one that was refused."""
        async with self._lock:
            if self._token is None or self._token.value == refused.value:
                try:
                    self._token = await self._look_up()
                except ConfigurationError:
                    return None
            return None if self._token.value == refused.value else self._token

    @abstractmethod
    async def _look_up(self) -> Token: ...


class TokenFile(_ReadOnce):
    """The token in `--token-file`, read again when GitHub refuses it, since it may have been rotated."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    async def _look_up(self) -> Token:
        content = await anyio.to_thread.run_sync(read_secret_file, self._path, "--token-file")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigurationError(
                f"The token file {self._path} is not plain text in UTF-8.", "Write the token alone into it."
            ) from None
        if not text.strip():
            raise ConfigurationError(f"The token file {self._path} is empty.", "Write the token into it.")
        return read_token(text, "--token-file")


class SurroundingToken(_ReadOnce):
    """The token that is already around: in the environment, or known to the GitHub CLI."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._host = web_host(settings.api_url)
        self._environ = environ

    async def _look_up(self) -> Token:
        for name in _ENVIRONMENT:
            if value := self._environ.get(name, "").strip():
                return read_token(value, name)
        if self._host and (told := await ask_github_cli(self._host, self._environ)):
            return read_token(told, "gh auth token")
        sign_in = f"run `gh auth login --hostname {self._host}`, " if self._host else ""
        raise ConfigurationError(
            "No GitHub credential was found.",
            f"Set GITHUB_TOKEN or GH_TOKEN, {sign_in}name a file with --token-file, or use a GitHub App with --app-id "
            "and --app-key-file. To look around without a token, start with --sandbox.",
        )


def read_secret_file(path: Path, flag: str) -> bytes:
    """Return the content of a small file that holds a secret.

    Raises:
        ConfigurationError: it is missing, no file, unreadable or far too long.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigurationError(f"The file {path} of {flag} does not exist.", "Correct the path.") from None
    except IsADirectoryError:
        raise ConfigurationError(f"{flag} {path} is a folder.", "Name the file itself.") from None
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise ConfigurationError(
            f"The file {path} of {flag} cannot be read ({reason}).", "Let the account that runs the server read it."
        ) from None
    if len(content) > _LONGEST_FILE:
        raise ConfigurationError(f"The file {path} of {flag} is far too long.", "Put nothing else into it.")
    return content
