"""Which credential is used: the first that the settings or the environment offer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import anyio

from server.github.clock import Clock
from server.github.credentials import Credentials, FixedToken, SurroundingToken, TokenFile
from server.github.pools import Pools
from server.settings import Settings

_SANDBOX_TOKEN = "sandbox-token-admin"  # noqa: S105 - made up; only the sandbox knows it


def find_credentials(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    pools: Pools | None = None,
    clock: Clock | None = None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Credentials:
    """Choose the credential: token file, GitHub App, GITHUB_TOKEN, GH_TOKEN, `gh auth token`. Reads nothing yet.

    Args:
        settings: what the operator configured. With `sandbox` no real credential is ever read.
        environ: the environment variables.
        pools: the connections that a GitHub App signs in over; needed only then.
        clock: GitHub's time, for a GitHub App.
        sleep: how a GitHub App waits, in seconds.

    Raises:
        ValueError: a GitHub App is configured and there are no `pools` to sign in over.
    """
    if settings.sandbox:
        return FixedToken(_SANDBOX_TOKEN, "--sandbox")
    if settings.token_file is not None:
        return TokenFile(settings.token_file)
    if settings.app_id is not None and settings.app_key_file is not None:
        if pools is None:
            raise ValueError("a GitHub App needs a connection to sign in over")
        from server.github.app_auth import AppCredentials  # noqa: PLC0415 - an import that few need

        return AppCredentials(settings, pools=pools, clock=clock or Clock(), sleep=sleep)
    return SurroundingToken(settings, environ)
