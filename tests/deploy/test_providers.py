"""Tokens in the shapes of the providers that docs/operations.md names, made by an issuer on loopback."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.http.settings import read_issuer
from server.signin.jwks import IssuerKeys
from server.signin.jwt_verifier import JwtVerifier
from tests.deploy.test_operations import TEXT
from tests.signin.local_issuer import AUDIENCE, local_issuer

APPLICATION = "5f0e8c2b-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Shape:
    """How a provider names itself and what it writes into an access token."""

    path: str
    audience: str = AUDIENCE
    headers: dict[str, Any] = field(default_factory=lambda: {"typ": "JWT"})
    claims: dict[str, Any] = field(default_factory=dict)


SHAPES = {
    "Keycloak": Shape(
        "/realms/octo",
        claims={"aud": [AUDIENCE, "account"], "azp": "assistant", "typ": "Bearer", "scope": "profile campaigns:read"},
    ),
    "Auth0": Shape("/", claims={"aud": [AUDIENCE, "https://t.eu.auth0.com/userinfo"], "azp": "assistant"}),
    "Okta": Shape(
        "/oauth2/aus1",
        headers={"typ": None},
        claims={"scope": None, "scp": ["openid", "campaigns:read"], "cid": "0oa1"},
    ),
    "Entra ID": Shape(
        "/tenant/v2.0",
        audience=APPLICATION,
        claims={"aud": APPLICATION, "scope": None, "scp": "campaigns:read", "azp": "assistant", "ver": "2.0"},
    ),
}


def rows() -> dict[str, tuple[str, str]]:
    """Return the issuer of each provider in the table, and whether it wants an audience."""
    found = re.findall(r"^\| ([A-Z][A-Za-z0 ]+) \| `(https://[^`]+)`[^|]* \| ([^|]+) \|", TEXT, re.MULTILINE)
    return {name: (issuer, audience) for name, issuer, audience in found}


def test_the_page_names_these_providers_with_issuers_that_can_be_given() -> None:
    assert set(rows()) == set(SHAPES)
    for name, (issuer, audience) in rows().items():
        assert read_issuer(issuer.lower()) == issuer.lower()
        assert issuer.endswith("/") == SHAPES[name].path.endswith("/")
        assert (audience == "leave out") == (SHAPES[name].audience == AUDIENCE)


@pytest.mark.anyio
@pytest.mark.parametrize("name", SHAPES)
async def test_a_token_as_this_provider_makes_it_is_let_in(name: str) -> None:
    shape = SHAPES[name]
    with local_issuer() as issuer:
        address = issuer.url + shape.path
        metadata = json.dumps({"issuer": address, "jwks_uri": f"{issuer.url}/jwks"}).encode()
        issuer.documents[f"{shape.path.rstrip('/')}/.well-known/openid-configuration"] = (200, metadata)
        token = issuer.token(headers=shape.headers, iss=address, **{"client_id": None, **shape.claims})
        caller = await JwtVerifier(address, shape.audience, IssuerKeys(address, None)).verify(token)
    assert (caller.issuer, caller.subject, caller.may_read) == (address, "user-1", True)
