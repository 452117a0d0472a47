"""Secrets made up for one run, and the search for any part of them in whatever form."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

_SHORTEST = 8  # characters of a secret's random part that must not be seen anywhere
_LETTERS = string.ascii_letters + string.digits


def made_up(chance: random.Random, prefix: str = "", length: int = 36) -> str:
    """Return a secret with a random part of so many letters and digits."""
    return prefix + "".join(chance.choice(_LETTERS) for _ in range(length))


@dataclass(frozen=True)
class Canary:
    """A secret.

    Attributes:
        name: what it is, for a finding.
        random_part: what of it nobody can guess; its prefix may be told.
        apart: how far the pieces that are looked for are apart; 1 for every one that there is.
    """

    name: str
    random_part: str
    apart: int = 1
    _needles: dict[str, tuple[bytes, ...]] = field(default_factory=dict, repr=False, compare=False)

    def needles(self) -> Mapping[str, tuple[bytes, ...]]:
        """Return what to look for by the form that it has: every piece as it is, and in the usual encodings."""
        if not self._needles:
            secret = self.random_part.encode()
            self._needles["as it is"] = _pieces(secret, _SHORTEST, self.apart)
            self._needles["in hexadecimal"] = _pieces(secret.hex().encode(), 2 * _SHORTEST, 2 * self.apart)
            encoded = [base64.b64encode(b"\0" * shift + secret)[4 if shift else 0 : -4] for shift in range(3)]
            encoded += [base64.urlsafe_b64encode(b"\0" * shift + secret)[4 if shift else 0 : -4] for shift in range(3)]
            found = {piece for text in encoded for piece in _pieces(text, 12, 4 * self.apart)}
            self._needles["in base64"] = tuple(sorted(found))
            self._needles["URL-encoded"] = (quote(self.random_part, safe="").encode(),)
        return self._needles

    def found_in(self, content: bytes) -> str | None:
        """Return the form in which any piece of it is there, and after what; None when none is."""
        for form, pieces in self.needles().items():
            for piece in pieces:
                if (at := content.find(piece)) >= 0:
                    return f"{form}, after {content[max(0, at - 60) : at]!r}"
        return None


def _pieces(text: bytes, length: int, apart: int) -> tuple[bytes, ...]:
    return tuple(text[at : at + length] for at in range(0, max(1, len(text) - length + 1), apart))


def search(canaries: Iterable[Canary], places: Mapping[str, bytes]) -> list[str]:
    """Look for every canary in every place; return a sentence for each that is there."""
    return [
        f"{canary.name} is in {place}, {form}"
        for canary in canaries
        for place, content in places.items()
        if (form := canary.found_in(content)) is not None
    ]
