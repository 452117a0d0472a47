"""The pictures of docs/pictures: each is shown, described, of modest size, and what the script takes."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from scripts.pictured_month import Month, play_month
from scripts.small_png import with_palette
from scripts.take_pictures import PICTURES, THEMES, take
from tests.app_page.apps_host import programs
from tests.documents.reading import ROOT, read
from tests.documents.test_links import PAGES

FOLDER = ROOT / "docs" / "pictures"
SHOWN = {
    page: [(page.parent / place).resolve() for place in re.findall(r'src(?:set)?="([^"]+)"', page.read_text("utf-8"))]
    for page in PAGES
}


def test_every_picture_is_taken_by_the_script_and_shown_in_the_readme() -> None:
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(PICTURES)
    assert sorted(SHOWN[ROOT / "README.md"]) == sorted(FOLDER.iterdir())


@pytest.mark.parametrize("page", [page for page in PAGES if SHOWN[page]], ids=lambda page: page.name)
def test_a_page_shows_pictures_that_are_there_in_the_readers_theme_and_tells_what_is_on_them(page: Path) -> None:
    assert all(picture.exists() for picture in SHOWN[page])
    shown = re.findall(r"<picture>(.*?)</picture>", page.read_text(encoding="utf-8"), re.DOTALL)
    for picture in shown:
        [dark, light] = re.findall(r'/(\w+)-(?:light|dark)\.png"', picture)
        assert dark == light
        assert re.search(r'prefers-color-scheme: dark\)" srcset="[^"]+-dark.png"', picture)
        assert re.search(r'<img src="[^"]+-light.png".* alt="[^"]{40,}"', picture)
    assert 2 * len(shown) == len(SHOWN[page])


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_1200_pixels_wide_and_less_than_150_kilobytes(name: str) -> None:
    assert_modest(FOLDER / name)


def assert_modest(file: Path) -> None:
    png = file.read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack_from(">I", png, 16) == (1200,)
    assert len(png) < 150_000


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return play_month(tmp_path_factory.mktemp("month"))


def test_the_pictures_show_a_campaign_at_risk_and_one_of_each_status(month: Month) -> None:
    [campaign] = month.result["structuredContent"]["campaigns"]
    assert campaign["status"] == "at_risk"
    assert set(campaign["forecast"]) == {"expected", "earliest", "latest"}
    assert len(campaign["burndown"]) > 8
    found = re.search(r'id="given">(.*?)</script>', month.file)
    assert found
    told = json.loads(found[1])
    assert [each["status"] for each in told["campaigns"]] == ["overdue", "at_risk", "on_track", "done"]
    assert told["as_of"] == month.result["structuredContent"]["as_of"] == "2026-06-15T06:15:00Z"


@pytest.mark.parametrize("name", [f"app-{THEMES[0]}.png", f"report-{THEMES[1]}.png"])
def test_the_script_takes_a_picture(month: Month, tmp_path: Path, name: str) -> None:
    programs()
    take(month, tmp_path, name)
    assert_modest(tmp_path / name)


def test_make_takes_them_with_this_script() -> None:
    recipe = read("Makefile").split("\npictures:")[1].splitlines()[1]
    assert recipe == "\t$(BIN)/python scripts/take_pictures.py docs/pictures"


def test_without_a_folder_the_script_says_what_to_name() -> None:
    ended = subprocess.run([sys.executable, "scripts/take_pictures.py"], cwd=ROOT, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"python scripts/take_pictures.py docs/pictures" in ended.stderr


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(lines: bytes, *, height: int, kind: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", 2, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def pixels(picture: bytes) -> list[tuple[int, ...]]:
    """Return the colours of a picture with a palette, whose lines are 2 pixels wide and not filtered."""
    palette, lines = (picture.split(name, 1)[1] for name in (b"PLTE", b"IDAT"))
    indexes = zlib.decompressobj().decompress(lines)
    return [
        tuple(palette[3 * at : 3 * at + 3]) for row in range(0, len(indexes), 3) for at in indexes[row + 1 : row + 3]
    ]


def test_a_palette_keeps_the_colours_of_lines_told_in_each_way() -> None:
    """Worked out by hand: plain, from the left, from above, from the mean of the two, and from the nearest of three."""
    told = [
        b"\x00" + bytes([10, 0, 200, 40, 90, 0]),
        b"\x01" + bytes([40, 0, 0, 20, 60, 200]),
        b"\x02" + bytes([60, 0, 100, 0, 0, 0]),
        b"\x03" + bytes([0, 0, 0, 70, 70, 0]),
        b"\x04" + bytes([5, 0, 0, 250, 40, 0]),
    ]
    assert pixels(with_palette(png(b"".join(told), height=5))) == [
        (10, 0, 200),
        (40, 90, 0),
        (40, 0, 0),
        (60, 60, 200),
        (100, 0, 100),
        (60, 60, 200),
        (50, 0, 50),
        (125, 100, 125),
        (55, 0, 50),
        (119, 140, 125),
    ]


def test_of_colours_that_look_alike_one_is_kept_so_that_there_are_at_most_256() -> None:
    lines = b"".join(b"\0" + bytes([shade, 0, 0, 0, shade, 0]) for shade in range(256))
    kept = pixels(with_palette(png(lines, height=256)))
    assert len(set(kept)) <= 256
    shades = [(shade, 0, 0) if left else (0, shade, 0) for shade in range(256) for left in (True, False)]
    assert all(max(abs(a - b) for a, b in zip(*pair, strict=True)) <= 12 for pair in zip(kept, shades, strict=True))


def test_a_picture_with_transparency_is_refused() -> None:
    with pytest.raises(ValueError, match="no plain RGB picture"):
        with_palette(png(bytes(9), height=1, kind=6))
