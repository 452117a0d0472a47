"""The one place where a token becomes a caller."""

from __future__ import annotations

from dataclasses import dataclass

from server.errors import TokenRefused
from server.signin.caller import Caller
from server.signin.jwt_verifier import JwtVerifier
from server.signin.static_tokens import PREFIX, StaticTokens


@dataclass(frozen=True)
class Verifier:
    """Checks tokens of either kind; at least one is configured."""

    jwt: JwtVerifier | None
    static: StaticTokens | None

    async def verify(self, token: str) -> Caller:
        """Return whose token it is.

        Raises:
            TokenRefused: it is not good here, and why.
            SignInUnavailable: that cannot be told now.
        """
        if self.static is not None and (token.startswith(PREFIX) or self.jwt is None):
            return self.static.verify(token)
        if self.jwt is None or token.startswith(PREFIX):
            raise TokenRefused("Static tokens are not used here.")
        return await self.jwt.verify(token)
