"""An issuer on a loopback port: its keys, its metadata, and tokens as good or as bad as a test wants them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.in_thread import serving_in_thread

AUDIENCE = "https://campaigns.example.com/mcp"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A key pair with its name."""

    kid: str
    algorithm: str
    private: PrivateKey

    @property
    def public(self) -> dict[str, Any]:
        """As in a JWKS."""
        key = self.private.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            told = RSAAlgorithm.to_jwk(key, as_dict=True)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            told = ECAlgorithm.to_jwk(key, as_dict=True)
        else:
            told = OKPAlgorithm.to_jwk(key, as_dict=True)
        return {**told, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def new_key(kid: str, algorithm: str = "ES256") -> SigningKey:
    match algorithm:
        case "ES256":
            return SigningKey(kid, algorithm, ec.generate_private_key(ec.SECP256R1()))
        case "EdDSA":
            return SigningKey(kid, algorithm, ed25519.Ed25519PrivateKey.generate())
        case _:
            return SigningKey(kid, algorithm, rsa.generate_private_key(65537, 2048))


@dataclass
class LocalIssuer:
    """The issuer.

    Attributes:
        url: the issuer's name.
        keys: those that it publishes.
        documents: further answers by path; they win over the usual ones.
        asked: the paths of the requests that reached it.
        down: whether it answers 500.
    """

    url: str = ""
    keys: list[SigningKey] = field(default_factory=lambda: [new_key("first")])
    documents: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.down:
            return 500, b"{}"
        if path in self.documents:
            return self.documents[path]
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}).encode()
        if path == "/jwks":
            return 200, json.dumps({"keys": [key.public for key in self.keys]}).encode()
        return 404, b"{}"

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return the claims of a good token; a claim changed to None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "user-1",
            "client_id": "the-client",
            "iat": now,
            "exp": now + 300,
            "scope": "openid campaigns:read campaigns:write",
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key: SigningKey | None = None, headers: dict[str, Any] | None = None, **changed: Any) -> str:
        """Return a good token, or one with other claims, headers or another key."""
        key = key or self.keys[0]
        told = {"typ": "at+jwt", "kid": key.kid, **(headers or {})}
        given = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(self.claims(**changed), key.private, key.algorithm, headers=given)


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    """Serve an issuer while the block runs."""
    issuer = LocalIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = issuer.answer(self.path)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("location", body.decode())
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    with serving_in_thread(server):
        yield issuer
