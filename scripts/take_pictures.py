"""Takes the pictures of docs/pictures: the MCP App in a host, and the report of a file, each light and dark.

    python scripts/take_pictures.py docs/pictures

What stands in them comes out of the sandbox at a fixed time (see `pictured_month.py`), so that they differ from those
before only when the page, the browser or the fonts do. It needs what the tests of the page need.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scripts.pictured_month import Month, play_month
from scripts.small_png import with_palette
from tests.app_page.apps_host import AppsHost

THEMES = ("light", "dark")
PICTURES = tuple(f"{what}-{theme}.png" for what in ("app", "report") for theme in THEMES)
_WIDTH, _SCALE = 800, 1.5  # a picture is 1200 pixels wide
_TALL = "Math.ceil(document.documentElement.getBoundingClientRect().height)"


def take(month: Month, folder: Path, *wanted: str) -> None:
    """Write pictures into a folder that is there, over those before.

    Args:
        month: what they show.
        folder: where to.
        wanted: names out of `PICTURES`.
    """
    browser = AppsHost(scale=_SCALE)
    try:
        for name in wanted:
            what, _, theme = name.removesuffix(".png").partition("-")
            if what == "app":
                _open_app(browser, month, theme)
            else:
                _open_report(browser, month, theme)
            browser.play("resize", size={"width": _WIDTH, "height": browser.app(_TALL)})
            browser.play("look", path=str(folder / name))
            (folder / name).write_bytes(with_palette((folder / name).read_bytes()))
    finally:
        browser.close()


def _open_app(browser: AppsHost, month: Month, theme: str) -> None:
    """Show the App as a host does that has just called the tool."""
    browser.open(context={"theme": theme}, size=(_WIDTH, 700))
    browser.wait_for_host("initialized", 1)
    browser.host("input", month.arguments)
    browser.host("result", month.result)
    browser.wait("document.querySelector('.chart svg')")


def _open_report(browser: AppsHost, month: Month, theme: str) -> None:
    """Show the file as it opens."""
    browser.play("open_alone", html=month.file, size={"width": _WIDTH, "height": 700}, theme=theme)
    browser.wait("document.querySelector('.board')")


def main() -> int:
    """Write every picture into the folder named on the command line."""
    if len(sys.argv) != 2:
        sys.stderr.write("Say where to write them: python scripts/take_pictures.py docs/pictures\n")
        return 2
    logging.disable(logging.INFO)
    try:
        with TemporaryDirectory() as folder:
            take(play_month(Path(folder)), Path(sys.argv[1]), *PICTURES)
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
