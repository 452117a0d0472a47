"""Which JWTs are accepted, as whose, and every way in which one is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from server.errors import TokenRefused
from server.signin.caller import Caller
from server.signin.jwks import IssuerKeys
from server.signin.jwt_verifier import JwtVerifier
from server.signin.scopes import READ_SCOPE, WRITE_SCOPE
from tests.signin.local_issuer import AUDIENCE, LocalIssuer, SigningKey, new_key

pytestmark = pytest.mark.anyio


def verifier(issuer: LocalIssuer, org_claim: str | None = None) -> JwtVerifier:
    return JwtVerifier(issuer.url, AUDIENCE, IssuerKeys(issuer.url), org_claim)


async def caller(issuer: LocalIssuer, org_claim: str | None = None, **changed: Any) -> Caller:
    return await verifier(issuer, org_claim).verify(issuer.token(**changed))


async def refusal(issuer: LocalIssuer, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        await verifier(issuer).verify(token)
    assert token not in str(caught.value)
    return str(caught.value)


def segment(content: object) -> bytes:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    signed = segment(header) + b"." + segment(claims)
    return (signed + b"." + segment(sign(signed))).decode()


def constant(signature: bytes) -> Callable[[bytes], bytes]:
    return lambda _: signature


def with_secret(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


async def test_a_good_token_is_whose_it_says(issuer: LocalIssuer) -> None:
    now = int(time.time())
    told = await caller(issuer, preferred_username="Anna", exp=now + 60)
    assert told == Caller(
        name="Anna",
        subject="user-1",
        client="the-client",
        issuer=issuer.url,
        scopes=frozenset({READ_SCOPE, WRITE_SCOPE}),
        orgs=None,
        expires=now + 60,
    )


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_each_accepted_algorithm_works(issuer: LocalIssuer, algorithm: str) -> None:
    issuer.keys = [new_key("other", "ES256"), new_key("this", algorithm)]
    told = await verifier(issuer).verify(issuer.token(key=issuer.keys[1]))
    assert told.subject == "user-1"


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "AT+JWT", "application/at+jwt"])
async def test_each_type_of_an_access_token_works(issuer: LocalIssuer, kind: str) -> None:
    assert (await verifier(issuer).verify(issuer.token(headers={"typ": kind}))).subject == "user-1"


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "campaigns:read"}, {READ_SCOPE}),
        ({"scope": None, "scp": "campaigns:read campaigns:write"}, {READ_SCOPE, WRITE_SCOPE}),
        ({"scope": None, "scp": ["campaigns:write"]}, {WRITE_SCOPE}),
        ({"scope": ["campaigns:read", 7]}, {READ_SCOPE}),
        ({"scope": "", "scp": "campaigns:write"}, set()),
        ({"scope": None}, set()),
        ({"scope": "campaigns:readwrite CAMPAIGNS:WRITE"}, set()),
        ({"scope": "openid,campaigns:read"}, set()),
        ({"scope": "openid\u00a0campaigns:write\tcampaigns:read"}, set()),
    ],
)
async def test_scopes_come_from_scope_or_scp(issuer: LocalIssuer, claims: dict[str, Any], scopes: set[str]) -> None:
    assert (await caller(issuer, **claims)).scopes == scopes


@pytest.mark.parametrize(
    ("claim", "orgs"),
    [(["octo-org", "octo-labs"], ("octo-labs", "octo-org")), ("octo-org octo-labs", ("octo-labs", "octo-org")),
     (["Octo-Org", "octo-org"], ("octo-org",)),
     (["octo-org", "/admins", "team x", "../../user", "x%2f..", "a\n\u202eb", "\ud800"], ("octo-org",)),
     ([], ()), (None, ()), (7, ()), ({"octo-org": True}, ())],
)  # fmt: skip
async def test_the_org_claim_bounds_and_without_it_nothing_may_be_named(
    issuer: LocalIssuer, claim: object, orgs: tuple[str, ...]
) -> None:
    assert (await caller(issuer, "orgs", orgs=claim)).orgs == orgs


async def test_without_an_org_claim_to_look_for_there_is_no_bound(issuer: LocalIssuer) -> None:
    assert (await caller(issuer, None, orgs=["octo-org"])).orgs is None


async def test_a_name_with_invisible_characters_is_shown_without_them(issuer: LocalIssuer) -> None:
    assert (await caller(issuer, preferred_username="An\u202ena\nlog: forged")).name == "Anna log: forged"


async def test_clocks_may_differ_by_half_a_minute(issuer: LocalIssuer) -> None:
    now = int(time.time())
    assert (await caller(issuer, exp=now - 20, iat=now + 20, nbf=now + 20)).subject == "user-1"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"iss": "https://evil.example.com"}, "is not from http://127.0.0.1"),
        ({"iss": None}, "lacks the claim iss"),
        ({"aud": "https://other.example.com/mcp"}, "is not for this server"),
        ({"aud": f"{AUDIENCE}/more"}, "is not for this server"),
        ({"aud": []}, "lacks the claim aud"),
        ({"aud": None}, "lacks the claim aud"),
        ({"exp": 1_000_000_000}, "has expired"),
        ({"exp": None}, "lacks the claim exp"),
        ({"exp": "soon"}, "cannot be read"),
        ({"nbf": 4_000_000_000}, "is not valid yet"),
        ({"iat": 4_000_000_000}, "is not valid yet"),
        ({"sub": None, "client_id": None}, "does not say whose it is"),
        ({"sub": 7}, "cannot be read"),
        ({"cnf": {"jkt": "x"}}, "bound to a key"),
    ],
    ids=str,
)
async def test_a_token_with_wrong_claims_is_refused(issuer: LocalIssuer, changed: dict[str, Any], said: str) -> None:
    assert said in await refusal(issuer, issuer.token(**changed))


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"typ": "logout+jwt"}, "a JWT, but not an access token"),
        ({"typ": "dpop+jwt"}, "a JWT, but not an access token"),
        ({"typ": 7}, "a JWT, but not an access token"),
        ({"crit": ["exp"], "exp": 1}, "not a JWT that this server can read"),
        ({"kid": "another"}, "does not publish"),
        ({"kid": "../../etc/passwd"}, "does not publish"),
        ({"jku": "https://evil.example.com/jwks", "kid": "another"}, "does not publish"),
    ],
    ids=str,
)
async def test_a_token_with_wrong_headers_is_refused(issuer: LocalIssuer, headers: dict[str, Any], said: str) -> None:
    assert said in await refusal(issuer, issuer.token(headers=headers))


async def test_a_token_of_another_key_under_a_known_name_is_refused(issuer: LocalIssuer) -> None:
    assert "signature is wrong" in await refusal(issuer, issuer.token(key=new_key("first")))


async def test_a_token_that_brings_its_own_key_is_refused(issuer: LocalIssuer) -> None:
    foreign = new_key("first")
    token = issuer.token(key=foreign, headers={"jwk": foreign.public})
    assert "signature is wrong" in await refusal(issuer, token)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
async def test_an_unsigned_token_is_refused(issuer: LocalIssuer, name: str) -> None:
    header = {"alg": name, "typ": "JWT", "kid": "first"}
    for signature in (b"", b"x"):
        token = by_hand(header, issuer.claims(), constant(signature))
        assert "algorithm is not accepted" in await refusal(issuer, token)
    assert issuer.asked == []


async def test_the_public_key_is_no_secret_to_sign_with(issuer: LocalIssuer) -> None:
    issuer.keys = [new_key("first", "RS256")]
    public = issuer.keys[0].private.public_key()
    kinds = (
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        json.dumps(issuer.keys[0].public).encode(),
    )
    for secret in kinds:
        for algorithm in ("HS256", "RS256"):
            token = by_hand(
                {"alg": algorithm, "typ": "JWT", "kid": "first"},
                issuer.claims(),
                with_secret(secret),
            )
            expected = "algorithm is not accepted" if algorithm == "HS256" else "signature is wrong"
            assert expected in await refusal(issuer, token)


@pytest.mark.parametrize("algorithm", ["HS256", "RS384", "RS512", "ES384", "ES256K", "PS512", "RSA1_5"])
async def test_another_algorithm_is_refused_before_anybody_is_asked(issuer: LocalIssuer, algorithm: str) -> None:
    token = by_hand({"alg": algorithm, "typ": "JWT"}, issuer.claims(), lambda _: b"signature")
    assert "accepted are RS256, PS256, ES256, EdDSA" in await refusal(issuer, token)
    assert issuer.asked == []


async def test_an_algorithm_that_does_not_fit_the_key_is_refused(issuer: LocalIssuer) -> None:
    issuer.keys = [new_key("first", "RS256")]
    as_pss = SigningKey("first", "PS256", issuer.keys[0].private)
    assert "does not publish" in await refusal(issuer, issuer.token(key=as_pss))


async def test_a_short_key_is_not_accepted(issuer: LocalIssuer) -> None:
    short = SigningKey("short", "RS256", rsa.generate_private_key(65537, 1024))  # noqa: S505 - that is the point
    issuer.keys = [short]
    header = {"alg": "RS256", "typ": "JWT", "kid": "short"}
    assert isinstance(short.private, rsa.RSAPrivateKey)
    private = short.private
    token = by_hand(header, issuer.claims(), lambda signed: private.sign(signed, PKCS1v15(), SHA256()))
    assert "cannot be read" in await refusal(issuer, token)


async def test_a_key_that_is_not_for_signatures_is_not_used(issuer: LocalIssuer) -> None:
    for change in ({"use": "enc"}, {"key_ops": ["encrypt"]}):
        keys = [{**issuer.keys[0].public, **change}]
        issuer.documents["/jwks"] = (200, json.dumps({"keys": keys}).encode())
        assert "does not publish" in await refusal(issuer, issuer.token())


async def test_without_a_key_id_only_one_key_may_fit(issuer: LocalIssuer) -> None:
    issuer.keys = [new_key("a", "ES256"), new_key("b", "RS256")]
    assert (await verifier(issuer).verify(issuer.token(headers={"kid": None}))).subject == "user-1"
    issuer.keys.append(new_key("c", "ES256"))
    assert "does not say which" in await refusal(issuer, issuer.token(headers={"kid": None}))


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", "a.b", "....", "[" * 5000, "é.é.é", "\ud800", "e30.e30.e30"],
    ids=ascii,
)
async def test_what_is_no_jwt_is_refused(issuer: LocalIssuer, token: str) -> None:
    with pytest.raises(TokenRefused):
        await verifier(issuer).verify(token)
    assert issuer.asked == []


async def test_a_tampered_token_is_refused(issuer: LocalIssuer) -> None:
    header, claims, signature = issuer.token(scope="campaigns:read").split(".")
    more = segment(issuer.claims()).decode()
    assert "signature is wrong" in await refusal(issuer, f"{header}.{more}.{signature}")
    assert await refusal(issuer, f"{header}.{claims}.{signature[:-8]}")
    assert await refusal(issuer, f"{header}.{claims}.")
