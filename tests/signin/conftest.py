from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.signin.local_issuer import LocalIssuer, local_issuer


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as running:
        yield running
