"""A real host of MCP Apps in a real browser, driven from here: see host/driver.mjs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from server.app_page.page import progress_page
from server.domain.reports import ProgressReport

HOST = Path(__file__).parent / "host"
PATIENCE = 45  # seconds for one answer of the driver, which itself gives up on the browser sooner
EVERYTHING: dict[str, Any] = {"serverTools": {}, "openLinks": {}}


def programs() -> tuple[str, str]:
    """Return where Node and Chromium are.

    Without it, or without Node and the packages, the tests are skipped; in continuous integration they fail.
    """
    node, chromium = shutil.which("node"), shutil.which("chromium")
    missing = [
        what
        for what, there in {
            "node": node,
            "chromium": chromium,
            "what `npm ci --prefix tests/app_page/host` installs": (HOST / "node_modules").exists(),
        }.items()
        if not there
    ]
    if missing:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"The page is tried in a browser, and this is missing: {', '.join(missing)}.")
    assert node
    assert chromium
    return node, chromium


def result(report: ProgressReport) -> dict[str, Any]:
    """Return what the tool's result is when a host passes it on."""
    structure = report.model_dump(mode="json", exclude_none=True)
    return {"content": [{"type": "text", "text": report.summary}], "structuredContent": structure}


class AppsHost:
    """The driver's process, one page at a time.

    Args:
        scale: so many pixels of a picture for one of the page.
    """

    def __init__(self, *, scale: float = 1) -> None:
        node, chromium = programs()
        self._process = subprocess.Popen(  # noqa: S603 - both programs were looked up, and nothing is given from outside
            [node, str(HOST / "driver.mjs"), chromium, str(scale)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)

    def play(self, do: str, **given: Any) -> Any:
        """Have the driver do something, and return what came of it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()
        try:
            answer = json.loads(self._lines.get(timeout=PATIENCE))
        except Empty:
            self._process.kill()
            raise AssertionError(f"{do}: the driver gave no answer") from None
        assert "error" not in answer, f"{do}: {answer.get('error')}"
        return answer["value"]

    def open(
        self,
        *,
        context: dict[str, Any] | None = None,
        capabilities: dict[str, Any] | None = None,
        size: tuple[int, int] = (760, 700),
        **manners: bool,
    ) -> None:
        """Show the page in a host, which has nothing for it yet.

        Args:
            context: the host context.
            capabilities: the host's, by default tool calls and links.
            size: width and height in pixels.
            manners: what is odd about the host: `hold` (answers late), `refuse_links`, `fit` (the frame grows).
        """
        self.play(
            "open",
            html=progress_page(),
            context=context or {},
            capabilities=EVERYTHING if capabilities is None else capabilities,
            size=dict(zip(("width", "height"), size, strict=True)),
            hold=manners.get("hold", False),
            refuseLinks=manners.get("refuse_links", False),
            fit=manners.get("fit", False),
        )

    def open_alone(self, report: ProgressReport, *, size: tuple[int, int] = (760, 700), theme: str = "light") -> None:
        """Show the page as a file with a report in it, without a host, to a reader who prefers a theme."""
        measures = dict(zip(("width", "height"), size, strict=True))
        self.play("open_alone", html=progress_page(report), size=measures, theme=theme)

    def host(self, name: str, *given: Any) -> Any:
        """Have the host do something: see `window.host` in host/host.mjs."""
        return self.play("host", name=name, given=given)

    def show(self, report: ProgressReport, arguments: dict[str, Any] | None = None, **opening: Any) -> None:
        """Open the page and send it what a call of the tool would."""
        self.open(**opening)
        self.wait_for_host("initialized", 1)
        self.host("input", arguments if arguments is not None else {"org": "acme"})
        self.host("result", result(report))
        self.wait("document.querySelector('h1')")

    def app(self, expression: str) -> Any:
        """Return what JavaScript says inside the page."""
        return self.play("app", expression=expression)

    def wait(self, expression: str) -> None:
        """Wait until JavaScript inside the page is true."""
        self.play("wait", expression=expression)

    def wait_for_text(self, text: str) -> None:
        """Wait until the page says something."""
        self.wait(f"document.body.innerText.includes({json.dumps(text)})")

    def wait_for_host(self, what: str, times: int) -> Any:
        """Wait until the host has seen something so many times, and return what it has seen."""
        seen: Any = None
        for _ in range(200):
            seen = self.host("seen")[what]
            if (seen if isinstance(seen, int) else len(seen)) >= times:
                return seen
            self.app("new Promise((resolve) => requestAnimationFrame(() => resolve(null)))")
        raise AssertionError(f"The host has seen of {what}: {seen}")

    def text(self) -> str:
        """Return the text a reader sees, tables that are set aside included."""
        return str(self.app("document.querySelector('main').innerText"))

    def texts(self, selector: str) -> list[str]:
        """Return the text of each element that a CSS selector finds."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return list(self.app(f"{found}.map((element) => element.textContent.trim())"))

    def click(self, selector: str) -> None:
        """Click what a CSS selector finds first."""
        self.app(f"document.querySelector({json.dumps(selector)}).click()")

    def tree(self) -> str:
        """Return what assistive technology is told, as roles and names."""
        return str(self.play("tree"))

    def tab_stops(self, most: int = 40) -> list[str]:
        """Return the text of each control that the Tab key reaches, in order."""
        self.play("focus_page")
        stops: list[str] = []
        for _ in range(most):
            self.play("press", key="Tab")
            stop = self.app(
                "document.hasFocus() && document.activeElement !== document.body"
                " ? document.activeElement.textContent : null"
            )
            if stop is None:
                break
            stops.append(stop)
        return stops

    def close(self) -> None:
        """End the browser and its driver."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)
        if self._process.stdout:
            self._process.stdout.close()
