"""An issuer's public keys: found through its metadata, kept, and read again within bounds."""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import truststore
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from server.errors import SignInUnavailable
from server.signin.addresses import is_loopback, is_safe_address

_LOG = logging.getLogger(__name__)

KEY_TYPES = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
"""The algorithms that are accepted, each with the type and curve of its keys (RFC 7518, RFC 8037)."""

_LARGEST = 256 * 1024  # bytes; real key sets have a few thousand
_PATIENCE = 10.0  # seconds for all that is to be read
_STALE = 3600.0  # seconds after which keys are read again, so that a withdrawn one does not live on
_PAUSE = 60.0  # seconds between two readings, or made-up key ids would make this server flood the issuer
_PAUSE_WITHOUT = 5.0  # the same as long as there are no keys, when nobody can sign in

Key = Mapping[str, Any]


class IssuerKeys:
    """The keys of one issuer.

    They are read when first needed, again every hour, and at most once a minute for a key that is not known. While the
    issuer cannot be reached the known ones stay good.

    Args:
        issuer: its address, exactly as it writes it into its tokens.
        jwks_url: where its keys are; None to look that up in its metadata.
        clock: monotonic seconds.
    """

    def __init__(self, issuer: str, jwks_url: str | None = None, *, clock: Callable[[], float] = time.monotonic):
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._clock = clock
        self._keys: list[Key] = []
        self._ready: dict[tuple[int, str], PyJWK | None] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._reading = anyio.Lock()

    async def fitting(self, kid: str | None, algorithm: str) -> list[PyJWK]:
        """Return the keys that a token with this key id and algorithm may have been signed with.

        Args:
            kid: the token's key id; without one every key of the algorithm's type fits.
            algorithm: one of KEY_TYPES.

        Raises:
            SignInUnavailable: no key of the issuer could ever be read.
        """
        if self._read_at is None:
            await self._read_again(_PAUSE_WITHOUT)
            if self._read_at is None:
                raise SignInUnavailable(
                    f"Tokens cannot be checked now: this server could not read the keys of the issuer {self._issuer}.",
                    "Try again in a moment; if it stays so, the server's log says why.",
                )
        elif self._clock() - self._read_at > _STALE and not self._reading.locked():
            await self._read_again(_PAUSE)
        found = self._known(kid, algorithm)
        if not found:
            await self._read_again(_PAUSE)
            found = self._known(kid, algorithm)
        return found

    def _known(self, kid: str | None, algorithm: str) -> list[PyJWK]:
        fitting = [
            number
            for number, key in enumerate(self._keys)
            if (kid is None or key.get("kid") == kid) and _fits(key, algorithm)
        ]
        made = [self._made(number, algorithm) for number in fitting]
        return [key for key in made if key is not None]

    def _made(self, number: int, algorithm: str) -> PyJWK | None:
        """Return a key ready to be used; None when it is broken. Making one costs more than checking a signature."""
        if (number, algorithm) not in self._ready:
            try:
                self._ready[number, algorithm] = PyJWK(dict(self._keys[number]), algorithm)
            except PyJWTError as problem:
                _LOG.warning("A key of %s cannot be used: %s", self._issuer, type(problem).__name__)
                self._ready[number, algorithm] = None
        return self._ready[number, algorithm]

    async def _read_again(self, pause: float) -> None:
        async with self._reading:
            if self._tried_at is not None and self._clock() - self._tried_at < pause:
                return  # who waited for the lock finds what the one before read
            self._tried_at = self._clock()
            try:
                with anyio.fail_after(_PATIENCE):
                    keys = await self._read()
            except (SignInUnavailable, TimeoutError) as failure:
                why = str(failure) or f"The issuer did not answer within {_PATIENCE:.0f} seconds."
                kept = f" The {len(self._keys)} known ones stay good." if self._keys else ""
                _LOG.warning("The keys of %s could not be read: %s%s", self._issuer, why, kept)
            else:
                self._keys, self._ready, self._read_at = keys, {}, self._clock()
            self._tried_at = self._clock()  # so that who waited meanwhile does not try anew

    async def _read(self) -> list[Key]:
        url = self._jwks_url or await self._look_up()
        listed = (await _document(url)).get("keys")
        if not isinstance(listed, list):
            raise SignInUnavailable(f"{url} holds no list of keys.")
        return [key for key in listed if isinstance(key, dict)]

    async def _look_up(self) -> str:
        """Return where the issuer says that its keys are (OpenID Connect Discovery, or RFC 8414).

        Raises:
            SignInUnavailable: it says so nowhere, or not in a way to be trusted.
        """
        problem = SignInUnavailable("it has no metadata.")
        for url in _metadata_addresses(self._issuer):
            try:
                told = await _document(url)
            except SignInUnavailable as failure:
                problem = failure
                continue
            if told.get("issuer") != self._issuer:
                problem = SignInUnavailable(f"{url} belongs to another issuer; --issuer must be exactly what it says.")
                continue
            jwks_url = told.get("jwks_uri")
            if not isinstance(jwks_url, str) or not is_safe_address(jwks_url):
                problem = SignInUnavailable(f"{url} names no https address for the keys.")
                continue
            return jwks_url
        raise problem


def _metadata_addresses(issuer: str) -> list[str]:
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    return [
        f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{path}",
    ]


def _fits(key: Key, algorithm: str) -> bool:
    kind, curve = KEY_TYPES[algorithm]
    operations = key.get("key_ops")
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("alg") in (None, algorithm)
        and key.get("use") in (None, "sig")
        and (not isinstance(operations, list) or "verify" in operations)
    )


async def _document(url: str) -> Mapping[str, Any]:
    """Read a JSON object of bounded size, from exactly this address.

    Raises:
        SignInUnavailable: saying what came instead.
    """
    loopback = is_loopback(urlsplit(url).hostname or "")
    try:
        async with (
            httpx.AsyncClient(
                verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                timeout=_PATIENCE,
                follow_redirects=False,
                trust_env=not loopback,
            ) as http,
            http.stream("GET", url, headers={"Accept": "application/json"}) as response,
        ):
            if response.status_code != 200:
                raise SignInUnavailable(f"{url} answered HTTP {response.status_code}.")
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _LARGEST:
                    raise SignInUnavailable(f"{url} is larger than {_LARGEST} bytes.")
        told = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise SignInUnavailable(f"{url} could not be read: {type(problem).__name__}.") from problem
    except (ValueError, RecursionError):
        raise SignInUnavailable(f"{url} holds no JSON.") from None
    if not isinstance(told, dict):
        raise SignInUnavailable(f"{url} holds no JSON object.")
    return told
