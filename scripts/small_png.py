"""Makes a browser's screenshot a fraction of its size: a PNG with a palette of the colours it has most of.

W3C, "Portable Network Graphics (PNG) Specification", third edition: 5.3 chunks, 9 filters, 11.2.1 and 11.2.2.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

Colour = tuple[int, ...]
"""Red, green and blue, 0 to 255."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _PALETTE = 2, 3
_BYTES = 3  # of a pixel


def with_palette(png: bytes) -> bytes:
    """Return the same picture with at most 256 colours; every other colour becomes the nearest of these.

    Args:
        png: one of 8 bits a channel, without transparency and not interlaced, as a browser takes it.

    Raises:
        ValueError: it is another kind of picture.
    """
    chunks = list(_chunks(png))
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[0][1])
    if kind != [8, _RGB, 0, 0, 0]:
        raise ValueError(f"This is no plain RGB picture: {kind}.")
    pixels = _unfiltered(zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT")), width * _BYTES)
    colours = Counter(zip(*(pixels[channel::_BYTES] for channel in range(_BYTES)), strict=True))
    palette = _palette([colour for colour, _ in colours.most_common()])
    place = {colour: min(range(len(palette)), key=lambda at: _distance(colour, palette[at])) for colour in colours}
    indexes = bytes(
        place[colour] for colour in zip(*(pixels[channel::_BYTES] for channel in range(_BYTES)), strict=True)
    )
    lines = b"".join(b"\0" + indexes[start : start + width] for start in range(0, width * height, width))
    return _SIGNATURE + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(map(bytes, palette))),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _palette(colours: Sequence[Colour]) -> list[Colour]:
    """Choose the most frequent colours, of those that look alike only one, so that a rare colour keeps its place."""
    chosen, apart = list(colours), 3
    while len(chosen) > 256:
        apart *= 2
        chosen = []
        for colour in colours:
            if all(_distance(colour, other) > apart**2 for other in chosen):
                chosen.append(colour)
    return sorted(chosen)


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        yield name, png[at + 8 : at + 8 + length]
        at += 12 + length  # with its checksum


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _unfiltered(data: bytes, length: int) -> bytes:
    """Return the lines of so many bytes as they are, of which each was told as a difference."""
    whole, above = bytearray(), bytearray(length)
    for start in range(0, len(data), length + 1):
        line = bytearray(data[start + 1 : start + 1 + length])
        guess = _GUESSES[data[start]]
        for at in range(length) if data[start] else ():
            left, corner = (line[at - _BYTES], above[at - _BYTES]) if at >= _BYTES else (0, 0)
            line[at] = (line[at] + guess(left, above[at], corner)) & 255
        whole += line
        above = line
    return bytes(whole)


def _paeth(left: int, up: int, corner: int) -> int:
    """Return which of the three is nearest to left + up - corner, the first of those that are equally near."""
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


_GUESSES: tuple[Callable[[int, int, int], int], ...] = (
    lambda _left, _up, _corner: 0,
    lambda left, _up, _corner: left,
    lambda _left, up, _corner: up,
    lambda left, up, _corner: (left + up) // 2,
    _paeth,
)
"""By the filter's number: what a byte was told as a difference from."""
