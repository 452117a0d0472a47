"""What becomes of a sealed state in hostile hands: nothing that is returned here was sealed by the server like this."""

from __future__ import annotations

import base64
import json
import string
from typing import Any
from urllib.parse import quote

from mcp.server.request_state import AESGCMRequestStateCodec

from tests.prove.guard_chance import Chance

_ALPHABET = string.ascii_letters + string.digits + "-_"
_INVISIBLE = "\u200b\u2060\u202e\u00ad\ufeff\x00"
_TWINS = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "v": "\u2174", ".": "\uff0e", "-": "\u2010"}


def spoiled_state(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    """Return what was done to a state, and the result.

    Args:
        chance: decides.
        state: a genuine one.
        other: another genuine one, to splice with.
    """
    kinds = (_cut, _flipped, _written_differently, _dressed, _spliced, _invented, _of_another_type)
    return chance.deal("states", kinds)(chance, state, other)


def _cut(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    at = chance.randrange(1, len(state))
    return "truncated", chance.choice((state[:at], state[at:], state[:-1], state[1:], "v1.", ""))


def _flipped(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    sealed = bytearray(_sealed(state))
    for _ in range(chance.choice((1, 1, 1, 8))):
        sealed[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
    return "bits flipped", state if bytes(sealed) == _sealed(state) else _text(bytes(sealed))


def _written_differently(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    body, sealed = state[3:], _sealed(state)
    plain = base64.b64encode(sealed).decode()
    unused = body[:-1] + _ALPHABET[(_ALPHABET.index(body[-1]) + 1) % len(_ALPHABET)]
    spelled = (
        f"{state}=",
        f"{state}==",
        f"v1.{plain}" if plain != body else f"{state}====",
        f"v1.{sealed.hex()}",
        f"v1.{base64.b32encode(sealed).decode()}",
        f"v1.{unused}",
        _text(state.encode()),
        quote(state, safe="").replace(".", "%2E"),
        state.swapcase(),
        f"V1.{body}",
        json.dumps(state),
    )
    return "written differently", chance.deal("written", spelled)


def _dressed(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    at = chance.randrange(len(state) + 1)
    hidden, space = chance.choice(_INVISIBLE), chance.choice(" \t\r\n\u00a0\u2003")
    wide = "".join(chr(ord(character) + 0xFEE0) if character.isdigit() else character for character in state)
    twin = "".join(_TWINS.get(character, character) for character in state)
    dressed = (state[:at] + hidden + state[at:], space + state, state + space, wide, twin, f"\u202a{state}\u202c")
    return "with other characters", chance.deal("dressed", dressed)


def _spliced(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    ours, theirs = _sealed(state), _sealed(other)
    at = chance.choice((4, 16, chance.randrange(17, min(len(ours), len(theirs)))))
    if ours[:at] == theirs[:at]:  # states of one key begin with its name; that would be the other one, whole
        at = 16
    joined = (_text(ours[:at] + theirs[at:]), state + other, f"{state},{other}", state + other[3:], state[3:])
    return "spliced with another", chance.deal("joined", joined)


def _invented(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    inner = json.dumps({"v": 1, "outcomes": {}, "asked": {}})
    claims = json.dumps({"v": 1, "iat": 0, "exp": 4102444800, "m": "tools/call", "t": "delete_campaign", "s": inner})
    codec = AESGCMRequestStateCodec([chance.randbytes(32)])
    own = codec.seal(claims.encode())
    invented = (
        inner,
        claims,
        _text(claims.encode()),
        own,
        _text(_sealed(state)[:4] + _sealed(own)[4:]),  # under the name of the server's key
        _text(bytes(len(_sealed(state)))),
        _text(chance.randbytes(len(_sealed(state)))),
    )
    return "made up", chance.deal("invented", invented)


def _of_another_type(chance: Chance, state: str, other: str) -> tuple[str, Any]:
    return "of another type", chance.choice(([state], {"state": state}, [state, other], True, 1, 0, 1.5, [], {}, False))


def _sealed(state: str) -> bytes:
    body = state[3:]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))


def _text(sealed: bytes) -> str:
    return "v1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
