"""A shell for the commands of documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.commands import Shell
from tests.processes import loopback_github


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with loopback_github() as github:
        yield Shell(tmp_path, github)
