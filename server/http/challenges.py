"""Letting in who has a good token, and telling the others where to get one.

Sources: MCP specification, "Authorization" (2025-11-25, 2026-07-28); RFC 6750 section 3; RFC 9728.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.authentication import AuthCredentials
from starlette.types import ASGIApp, Receive, Scope, Send

from server.call_context import current_http_request
from server.errors import SignInUnavailable, TokenRefused
from server.http.answers import answer, refuse
from server.signin.caller import Caller, signed_in
from server.signin.scopes import READ_SCOPE
from server.signin.verifier import Verifier

_LOG = logging.getLogger(__name__)
WELL_KNOWN = "/.well-known/oauth-protected-resource"
LOOK_AGAIN = 60.0
"""Seconds after which the token of an open stream of events is looked at again, for it may have been withdrawn."""

_LONGEST_TOKEN = 16_384  # characters
# Whoever asks is a stranger still, so nothing of files and addresses is told.
_CANNOT_TELL = "This server cannot check tokens now. Try again in a moment; its operator finds the reason in its log."


class Challenges:
    """The answers for who is not let in.

    Args:
        resource: this service's address.
        issuer: where tokens are to be had; None when only the operator hands them out.
        scopes: what a client should ask the issuer for at first.
    """

    def __init__(self, resource: str, issuer: str | None, scopes: Sequence[str]) -> None:
        self._resource = resource
        self._issuer = issuer
        self._scopes = scopes

    def metadata(self) -> dict[str, object] | None:
        """Return the protected-resource metadata; None when there is no issuer to name."""
        if self._issuer is None:
            return None
        return {
            "resource": self._resource,
            "authorization_servers": [self._issuer],
            "scopes_supported": list(self._scopes),
            "bearer_methods_supported": ["header"],
            "resource_name": "GitHub security campaigns",
        }

    def metadata_paths(self) -> list[str]:
        """Return where the metadata is looked for: under the service's path, and at the top of the host."""
        return [f"{WELL_KNOWN}{urlsplit(self._resource).path}", f"{WELL_KNOWN}/mcp", WELL_KNOWN]

    async def unauthorized(self, send: Send, refusal: TokenRefused | None) -> None:
        """Answer 401: without a token (RFC 6750 then names no error), or with one that is not good."""
        if refusal is None:
            where = "the operator" if self._issuer is None else self._issuer
            sentence = f"This server needs a bearer token in the Authorization header; {where} gives them out."
            await self._challenge(send, 401, None, sentence, self._scopes)
        else:
            await self._challenge(send, 401, "invalid_token", str(refusal), self._scopes)

    async def insufficient_scope(self, send: Send, sentence: str, scopes: Sequence[str]) -> None:
        """Answer 403, naming the scopes with which the same request would be served."""
        await self._challenge(send, 403, "insufficient_scope", sentence, scopes)

    async def _challenge(
        self, send: Send, status: int, error: str | None, sentence: str, scopes: Sequence[str]
    ) -> None:
        parts = {"realm": "security-campaigns-mcp"}
        if error is not None:
            parts |= {"error": error, "error_description": _quotable(sentence)}
        parts["scope"] = " ".join(scopes)
        if self._issuer is not None:
            url = urlsplit(self._resource)
            parts["resource_metadata"] = f"{url.scheme}://{url.netloc}{WELL_KNOWN}{url.path}"
        shown = ", ".join(f'{name}="{value}"' for name, value in parts.items())
        content = {"error": error or "unauthorized", "error_description": sentence}
        await answer(send, status, content, {"www-authenticate": f"Bearer {shown}"})


class SignIn:
    """Serves only callers with a good token; what is further in learns who they are, and never sees the token."""

    def __init__(self, app: ASGIApp, verifier: Verifier, challenges: Challenges) -> None:
        self._app = app
        self._verifier = verifier
        self._challenges = challenges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 401, 403 or 503."""
        try:
            caller = await self._caller(scope)
        except TokenRefused as refusal:
            _LOG.info("Refused a token: %s", refusal)
            await self._challenges.unauthorized(send, refusal)
            return
        except SignInUnavailable as failure:
            _LOG.error("Nobody can sign in: %s", failure)
            await refuse(send, 503, _CANNOT_TELL, headers={"retry-after": "10"})
            return
        if caller is None:
            await self._challenges.unauthorized(send, None)
        elif not caller.may_read:
            sentence = f"The token lacks the scope {READ_SCOPE}."
            await self._challenges.insufficient_scope(send, sentence, [READ_SCOPE])
        else:
            if (request := current_http_request()) is not None:
                request.caller = caller.name
            if scope["method"] == "GET":
                await self._while_good(caller, scope, receive, send)
            else:
                await self._app(_with(scope, caller), receive, send)

    async def _while_good(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a stream of events, which has no end of its own, only as long as its token is good."""
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                good = True
                while good:
                    await anyio.sleep(min(LOOK_AGAIN, max(caller.expires - time.time(), 0)))
                    good = await self._still_good(caller, scope)
                group.cancel_scope.cancel()

            group.start_soon(watch)
            await self._app(_with(scope, caller), receive, send)
            group.cancel_scope.cancel()

    async def _still_good(self, caller: Caller, scope: Scope) -> bool:
        if caller.expires <= time.time():
            return False
        try:
            now = await self._caller(scope)
        except TokenRefused as refusal:
            _LOG.info("Ended a stream of events: %s", refusal)
            return False
        except SignInUnavailable as failure:  # which says nothing about this token
            _LOG.error("Tokens cannot be looked at again: %s", failure)
            return True
        return now is not None and now.may_read

    async def _caller(self, scope: Scope) -> Caller | None:
        """Return who sends a request; None when it carries no bearer token.

        Raises:
            TokenRefused, SignInUnavailable: as the verifier does.
        """
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            return None
        if len(given) > 1:
            raise TokenRefused("The request has more than one Authorization header.")
        kind, _, token = given[0].decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = token.strip()
        if not token or len(token) > _LONGEST_TOKEN or not token.isascii():
            raise TokenRefused("The token is not one that this server could have been sent.")
        return await self._verifier.verify(token)


def _with(scope: Scope, caller: Caller) -> Scope:
    user = AuthenticatedUser(signed_in(caller))
    headers = [(name, value) for name, value in scope["headers"] if name not in (b"authorization", b"cookie")]
    return {**scope, "headers": headers, "user": user, "auth": AuthCredentials(user.scopes)}


def _quotable(sentence: str) -> str:
    """Keep to the characters that RFC 6750 allows in error_description."""
    return "".join(character for character in sentence if " " <= character <= "~" and character not in '"\\')
