"""The GitHub of these tests notes for each write which record is its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import anyio
import psycopg
import pytest

from tests.cluster.github import ClusterGitHub, github_of, org_name, token_of
from tests.processes import Clock

pytestmark = pytest.mark.anyio

ORPHAN, OWN = 11, 12


class Audit:
    """The ids of the records without an ending."""

    def __init__(self, *ids: int) -> None:
        self.ids = list(ids)

    def execute(self, *_: object) -> Sequence[tuple[int]]:
        return [(key,) for key in self.ids]


def github_with(audit: Audit) -> ClusterGitHub:
    github = github_of(2, 1, Clock())
    github.audit = cast("psycopg.Connection[Any]", audit)
    return github


async def delete(github: ClusterGitHub, replica: int) -> None:
    path = f"/orgs/{org_name(0)}/campaigns/1"
    headers = [(b"host", b"api.github.com"), (b"authorization", f"Bearer {token_of(replica)}".encode())]
    scope = {"type": "http", "method": "DELETE", "path": path, "raw_path": path.encode(), "query_string": b""}

    async def whole() -> dict[str, Any]:  # in one message, as from the server before it
        return {"type": "http.request", "body": b"", "more_body": False}

    async def unread(_: object) -> None:
        pass

    with anyio.fail_after(30):
        await github({**scope, "headers": headers, "scheme": "https", "http_version": "1.1"}, whole, unread)


async def test_what_a_killed_replica_left_does_not_pass_for_the_record_of_anothers_write() -> None:
    github = github_with(audit := Audit(ORPHAN))
    await delete(github, 0)
    await delete(github, 1)
    audit.ids.append(OWN)
    await delete(github, 1)
    assert [write.record for write in github.seen] == [ORPHAN, None, OWN]


async def test_a_replica_that_sends_again_does_so_by_the_same_record() -> None:
    github = github_with(Audit(OWN))
    await delete(github, 0)
    await delete(github, 0)
    assert [write.record for write in github.seen] == [OWN, OWN]


async def test_a_write_without_a_record_has_none() -> None:
    github = github_with(Audit())
    await delete(github, 0)
    assert [write.record for write in github.seen] == [None]
