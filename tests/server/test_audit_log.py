"""The file of `--audit-log`: a line is there whole or not at all, and nothing but a file is written to."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server import audit_log
from server.cli import main

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs POSIX limits and pipes")

LINE = '{"outcome":"done","why":"' + "x" * 80 + '"}\n'
# The process that writes the lines may make no file longer than that: as on a disk that becomes full within a line.
ROOM = 2 * len(LINE) + 30


def write_in_little_room(log: Path) -> list[str]:
    """Have another process append lines until there is no room, and once more; return how each attempt ended."""
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from server import audit_log\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "log, line, room = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))\n"
        "for _ in range(4):\n"
        "    try:\n"
        "        audit_log.append(log, line)\n"
        "        print('whole')\n"
        "    except OSError:\n"
        "        print('not')\n"
    )
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", program, str(log), LINE, str(ROOM)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_line_that_does_not_fit_leaves_nothing_behind_and_the_next_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert write_in_little_room(log) == ["whole", "whole", "not", "not"]
    assert log.read_text() == LINE * 2
    audit_log.append(log, LINE)
    assert log.read_text() == LINE * 3


def test_what_is_taken_in_parts_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda opened, text: write(opened, text[:7]))
    audit_log.append(tmp_path / "log", LINE)
    assert (tmp_path / "log").read_text() == LINE


@pytest.mark.parametrize("read", [False, True])
def test_a_pipe_is_refused_at_once_whether_it_is_read_or_not(tmp_path: Path, read: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) if read else None
    with pytest.raises(OSError, match="pipe"):
        audit_log.append(pipe, LINE)
    if reader is not None:
        os.close(reader)


@pytest.mark.parametrize("what", ["folder", "pipe", "device"])
def test_what_is_no_file_is_refused_at_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    place = Path(os.devnull) if what == "device" else tmp_path / what
    if what == "folder":
        place.mkdir()
    elif what == "pipe":
        os.mkfifo(place)
    assert main(["serve", "--http", "127.0.0.1:0", "--sandbox"], {"SECURITY_CAMPAIGNS_AUDIT_LOG": str(place)}) == 2
    said = "is a folder" if what == "folder" else "is a pipe or a device"
    assert f"SECURITY_CAMPAIGNS_AUDIT_LOG: {said}; give the path of a plain file." in capsys.readouterr().err


def test_a_log_that_belongs_to_another_account_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    log.touch()
    log.chmod(0o660)

    def refused(*_: object) -> None:  # what the system says to whoever is neither owner nor root
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refused)
    audit_log.append(log, LINE)
    assert log.read_text() == LINE
    assert stat.S_IMODE(log.stat().st_mode) == 0o660
