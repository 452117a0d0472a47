"""Access tokens that are JWTs (RFC 9068 and the dialects of common issuers), checked against the issuer's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
from jwt import exceptions

from server.domain.checks import check_org
from server.domain.text import clean
from server.errors import TokenRefused
from server.signin.caller import Caller
from server.signin.jwks import KEY_TYPES, IssuerKeys
from server.signin.scopes import SCOPES

_LEEWAY = 30  # seconds that the clocks of the issuer and of this machine may differ
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})  # others are no access tokens: logout, DPoP, events
_LONGEST_NAME = 100
_NAME_CLAIMS = ("preferred_username", "email", "name", "client_id", "azp", "sub")


class JwtVerifier:
    """Checks the JWTs of one issuer.

    Args:
        issuer: its address, exactly.
        audience: what the tokens must be for: this server's address, or what the issuer calls it.
        keys: the issuer's keys.
        org_claim: the claim that names the organizations a caller may name; None for no such bound. A token without
            that claim then may name none.
    """

    def __init__(self, issuer: str, audience: str, keys: IssuerKeys, org_claim: str | None = None) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._org_claim = org_claim

    async def verify(self, token: str) -> Caller:
        """Return whose token it is.

        Raises:
            TokenRefused: with the reason, which never repeats anything of the token.
            SignInUnavailable: the issuer's keys could not be read.
        """
        algorithm, kid = _read_header(token)
        keys = await self._keys.fitting(kid, algorithm)
        if not keys:
            raise TokenRefused("The token is signed with a key that the issuer does not publish.")
        if len(keys) > 1:
            raise TokenRefused("The token does not say which of the issuer's keys it is signed with.")
        return self._caller(self._decoded(token, keys[0], algorithm))

    def _decoded(self, token: str, key: jwt.PyJWK, algorithm: str) -> Mapping[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
            )
        except exceptions.ExpiredSignatureError:
            raise TokenRefused("The token has expired.") from None
        except exceptions.InvalidAudienceError:
            raise TokenRefused(f"The token is not for this server, whose audience is {self._audience}.") from None
        except exceptions.InvalidIssuerError:
            raise TokenRefused(f"The token is not from {self._issuer}.") from None
        except exceptions.ImmatureSignatureError:
            raise TokenRefused("The token is not valid yet.") from None
        except exceptions.MissingRequiredClaimError as problem:
            raise TokenRefused(f"The token lacks the claim {problem.claim}.") from None
        except exceptions.InvalidSignatureError:
            raise TokenRefused("The token's signature is wrong.") from None
        except (exceptions.PyJWTError, ValueError, OverflowError, TypeError, RecursionError):
            raise TokenRefused("The token cannot be read.") from None

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        if "cnf" in claims:  # RFC 8705, RFC 9449
            raise TokenRefused("The token is bound to a key that its bearer must prove to have, which cannot be done.")
        if not isinstance(claims["exp"], (int, float)):  # RFC 7519 wants a number; PyJWT reads text too
            raise TokenRefused("The token's claim exp is no number.")
        client = _text(claims.get("client_id")) or _text(claims.get("azp"))
        subject = _text(claims.get("sub"))
        if not subject and not client:
            raise TokenRefused("The token does not say whose it is: it has neither sub nor client_id.")
        name = next(filter(None, (_text(claims.get(claim)) for claim in _NAME_CLAIMS)), "")
        return Caller(
            name=clean(name, _LONGEST_NAME),
            subject=subject or client,
            client=client,
            issuer=self._issuer,
            scopes=_scopes(claims) & set(SCOPES),
            orgs=None if self._org_claim is None else _orgs(claims.get(self._org_claim)),
            expires=int(claims["exp"]),
        )


def _read_header(token: str) -> tuple[str, str | None]:
    """Return the algorithm and key id that a token names; nothing of it is trusted yet.

    Raises:
        TokenRefused: it is no JWT, no access token, or of an algorithm that is not accepted.
    """
    try:
        header = jwt.get_unverified_header(token)
    except (exceptions.PyJWTError, ValueError, TypeError, RecursionError):
        raise TokenRefused("The token is not a JWT that this server can read.") from None
    kind, algorithm, kid = header.get("typ", "JWT"), header.get("alg"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenRefused("The token is a JWT, but not an access token.")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise TokenRefused(f"The token's algorithm is not accepted; accepted are {', '.join(KEY_TYPES)}.")
    if "crit" in header or "b64" in header:
        raise TokenRefused("The token needs an extension of JWT that this server does not know.")
    return algorithm, kid if isinstance(kid, str) else None


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes, which RFC 9068 puts into `scope` and others into `scp`."""
    told = claims["scope"] if "scope" in claims else claims.get("scp")
    return _words(told.split(" ") if isinstance(told, str) else told)  # RFC 6749: nothing else stands between scopes


def _orgs(told: object) -> tuple[str, ...]:
    """Return the organizations that a claim names; whatever else is among its words, as roles may be, is left out."""
    words = _words(told.replace(",", " ").split() if isinstance(told, str) else told)
    return tuple(sorted({word.lower(): word for word in sorted(words) if _is_org(word)}.values()))


def _is_org(word: str) -> bool:
    try:
        check_org(word)
    except ValueError:
        return False
    return True


def _words(told: object) -> frozenset[str]:
    return frozenset(word for word in told if isinstance(word, str)) if isinstance(told, list) else frozenset()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
