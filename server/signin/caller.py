"""Whose call is under way, as far as the service knows. Over stdio nobody signs in."""

from __future__ import annotations

from dataclasses import dataclass

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from pydantic import ConfigDict

from server.signin.scopes import READ_SCOPE, WRITE_SCOPE


@dataclass(frozen=True)
class Caller:
    """Somebody who signed in.

    Attributes:
        name: for a person to read; anyone at the issuer may have chosen it, so it decides nothing.
        subject: who it is, unique for the issuer.
        client: the program they came with, as the issuer knows it.
        issuer: who vouches for them; None for a static token.
        scopes: what they may do here.
        orgs: the only organizations they may name; None leaves that to the operator's bounds.
        expires: until when that holds, in seconds since 1970.
    """

    name: str
    subject: str
    client: str
    issuer: str | None
    scopes: frozenset[str]
    orgs: tuple[str, ...] | None
    expires: int

    @property
    def may_read(self) -> bool:
        """Whether they may call anything at all. Who may write may read."""
        return bool(self.scopes & {READ_SCOPE, WRITE_SCOPE})

    @property
    def may_write(self) -> bool:
        """Whether they may call the tools that write."""
        return WRITE_SCOPE in self.scopes


class SignedIn(AccessToken):
    """What the SDK is told of a caller: never the token itself, so that nothing further in can pass it on or log it."""

    model_config = ConfigDict(defer_build=True)  # over stdio nobody signs in

    caller: Caller


def signed_in(caller: Caller) -> SignedIn:
    """Describe a caller to the SDK, which binds sessions and questions to client, issuer and subject."""
    return SignedIn(
        token="",
        client_id=caller.client,
        scopes=sorted(caller.scopes),
        expires_at=caller.expires,
        subject=caller.subject,
        claims=None if caller.issuer is None else {"iss": caller.issuer},
        caller=caller,
    )


def current_caller() -> Caller | None:
    """Return who made the call under way; None over stdio and where the operator lets anyone in on loopback.

    Raises:
        TypeError: somebody came in past this server's own sign-in.
    """
    token = get_access_token()
    if token is None:
        return None
    if not isinstance(token, SignedIn):
        raise TypeError("a caller was not let in by server.http.challenges")
    return token.caller
