"""A GitHub for many organizations, slow and unsure of itself where that hurts, which notes every write it sees."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import anyio
import anyio.to_thread
import psycopg
from starlette.types import Message, Receive, Scope, Send

from server.sandbox.app import create_sandbox
from server.sandbox.options import SandboxAccount, SandboxOptions
from server.sandbox.seed_alerts import plant_history
from server.sandbox.world import Campaign, Organization, Repository
from tests.processes import Clock, LoopbackGitHub

IN_EACH = 10
"""Campaigns to delete in each organization, and to create: this server refuses an eleventh open one."""
_ALERTS = 6
_THINKS = (0.01, 0.1, 0.4, 2.0)  # seconds that a write takes, in turn
_LOSES_ANSWER, _LOSES_WRITE = 17, 41  # every so many writes it answers 502: after having made it, and instead


@dataclass
class WriteSeen:
    """A write that reached GitHub.

    Attributes:
        tool: the tool that makes such writes.
        org: the organization.
        what: the name of a new campaign, or the number of one that is deleted.
        replica: which one sent it.
        record: the id of its record in the audit, which had no ending when it arrived; None when there was none.
        made: whether it was carried out.
        number: of the new campaign.
        status, request_id: what was answered.
    """

    tool: str
    org: str
    what: str
    replica: str
    record: int | None = None
    made: bool = False
    number: int | None = None
    status: int = 0
    request_id: str = ""


def token_of(replica: int) -> str:
    """Return the token that a replica acts with; all are of one account."""
    return f"sandbox-token-of-replica-{replica}"


@dataclass
class ClusterGitHub(LoopbackGitHub):
    """The sandbox, noting each write with what became of it.

    Attributes:
        audit: where the records are, to look whether there is one.
        seen: the writes.
    """

    audit: psycopg.Connection | None = None
    seen: list[WriteSeen] = field(default_factory=list)
    _under_way: list[WriteSeen] = field(default_factory=list)
    _busy: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":
            await self.sandbox(scope, receive, send)
            return
        message = await receive()  # the server's bodies are small: one message
        body = message.get("body", b"")
        write = self._noted(scope, body)
        count = len(self.seen)
        self._mark(write.replica, 1)
        try:
            await anyio.sleep(_THINKS[count % len(_THINKS)])
            if count % _LOSES_WRITE == 0:
                await _bad_gateway(write, send)
            else:
                await self._answered(write, scope, message, send, lost=count % _LOSES_ANSWER == 0)
        finally:
            self._under_way.remove(write)
            self._mark(write.replica, -1)

    def wait_for_write_of(self, replica: int, seconds: float) -> bool:
        """Wait until a write of a replica is under way here; return whether there was one."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy[token_of(replica)] > 0, seconds)

    def _mark(self, replica: str, change: int) -> None:
        with self._changed:
            self._busy[replica] += change
            self._changed.notify_all()

    def _noted(self, scope: Scope, body: bytes) -> WriteSeen:
        parts = scope["path"].strip("/").split("/")
        headers = dict(scope["headers"])
        replica = headers[b"authorization"].decode().split()[-1]
        if scope["method"] == "POST":
            write = WriteSeen("create_campaign", parts[1], json.loads(body)["name"], replica)
        else:
            write = WriteSeen("delete_campaign", parts[1], parts[-1], replica)
        write.record = self._record_of(write)
        self.seen.append(write)
        self._under_way.append(write)
        return write

    def _record_of(self, write: WriteSeen) -> int | None:
        """Return a record that is this write's: none of a write under way, and none that another replica has sent by.

        A replica that was killed leaves a record without an ending, which must not pass for the next write's. But one
        that sends again, having got no answer, does so by the same record.
        """
        assert self.audit is not None
        of_it = "campaign_number = %s" if write.tool == "delete_campaign" else "change::json->>'name' = %s"
        found = self.audit.execute(
            f"SELECT id FROM audit WHERE outcome = 'intended' AND tool = %s AND org = %s AND {of_it} ORDER BY at",  # noqa: S608 - one of two texts
            (write.tool, write.org, int(write.what) if write.tool == "delete_campaign" else write.what),
        )
        taken = {each.record for each in self._under_way}
        taken |= {each.record for each in self.seen if each.replica != write.replica}
        return next((key for (key,) in found if key not in taken), None)

    async def _answered(self, write: WriteSeen, scope: Scope, message: Message, send: Send, *, lost: bool) -> None:
        sent: list[Message] = []

        async def again() -> Message:
            return message

        async def keep(part: Message) -> None:
            sent.append(part)

        await self.sandbox(scope, again, keep)
        start = sent[0]
        write.status = start["status"]
        write.made = 200 <= write.status < 300
        write.request_id = dict(start["headers"]).get(b"x-github-request-id", b"").decode()
        if write.made and write.tool == "create_campaign":
            write.number = json.loads(b"".join(part.get("body", b"") for part in sent[1:]))["number"]
        if lost:
            await _bad_gateway(write, send)
            return
        for part in sent:
            await send(part)


async def _bad_gateway(write: WriteSeen, send: Send) -> None:
    """Answer as GitHub's edge does when something behind it took too long."""
    write.status, write.request_id = 502, ""
    await send({"type": "http.response.start", "status": 502, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<html>Unicorn!</html>"})


def options_for(replicas: int, clock: Clock) -> SandboxOptions:
    """Return the choices for a sandbox without GitHub's limits, with a token for each replica."""
    scopes = ("security_events", "admin:org", "repo")
    tokens = {token_of(replica): SandboxAccount("octo-bot", scopes) for replica in range(replicas)}
    return SandboxOptions(limits=False, clock=clock, tokens=tokens)


def github_of(replicas: int, organizations: int, clock: Clock) -> ClusterGitHub:
    """Make a GitHub with organizations that have campaigns to delete, all closed, and alerts for new ones."""
    github = ClusterGitHub(create_sandbox(options_for(replicas, clock)))
    for index in range(organizations):
        _add_organization(github, index)
    return github


def org_name(index: int) -> str:
    return f"team-{index:03}"


def _add_organization(github: ClusterGitHub, index: int) -> None:
    world = github.sandbox.state
    now = world.now()
    founded = now - timedelta(days=900)
    organization = Organization(7_000_000 + index, org_name(index), f"Team {index}", "One of many", founded)
    organization.members["octo-bot"] = "admin"
    repository = Repository(800_000 + index, "service", "It serves", "Python", (), True, founded, now)
    organization.repositories[repository.id] = repository
    world.add_organization(organization)
    world.add_alerts(plant_history(repository, _ALERTS, first=1, now=now))
    for number in range(1, IN_EACH + 1):
        day = timedelta(days=number)
        organization.campaigns[number] = Campaign(
            *(number, f"Old {index}-{number}", "Over and done.", [], [], now - 90 * day, now - day, now - 90 * day),
            *(now - day, None, tuple(organization.alerts)),
            state="closed",
            closed_at=now - day,
        )
    organization.last_campaign_number = IN_EACH


def open_alerts(github: ClusterGitHub, org: str) -> list[dict[str, object]]:
    """Return an organization's open alerts, as create_campaign takes them."""
    alerts = [alert for alert in github.sandbox.state.alerts(org) if alert.state == "open"]
    return [{"repository_id": alerts[0].repository_id, "alert_numbers": [alert.number for alert in alerts]}]
