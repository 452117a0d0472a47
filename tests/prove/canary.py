"""Secrets: made-up ones in every place that takes any, searched for in every byte that leaves real processes."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import anyio.to_thread
import psycopg

from tests.http.service import (
    PATIENCE,
    ServiceProcess,
    client_of,
    connected_by_hand,
    get,
    post,
    request_of,
    service_process,
)
from tests.prove.canary_calls import failing_calls, good_calls, misplaced, misplaced_over_stdio, willing
from tests.prove.canary_github import WAYS
from tests.prove.canary_runs import APP_ID, Run, prepared
from tests.prove.canary_secrets import Canary, search
from tests.prove.parts import Findings, Say, Size
from tests.signin.local_issuer import AUDIENCE, local_issuer
from tests.store import postgres

MODERN, LEGACY = "2026-07-28", "2025-11-25"
_CRASHING = "tests.prove.canary_crashing"


async def prove(size: Size, say: Say) -> Findings:
    """Run everything once; with a smaller size GitHub misbehaves in fewer ways."""
    findings = Findings("bytes searched for made-up secrets in")
    ways = list(WAYS)
    step = max(1, round(len(ways) / size.of(len(ways), least=3)))
    with tempfile.TemporaryDirectory() as folder, prepared(Path(folder), size.seed) as run:
        await _stdio(run, findings, ways[size.seed % step :: step], say)
        await _service(run, findings, ways[(size.seed + 1) % step :: step], say)
        await anyio.to_thread.run_sync(_commands, run, size.share < 1)
        say("commands have run")
        _judge(run, findings)
    return findings


async def _stdio(run: Run, findings: Findings, ways: list[str], say: Say) -> None:
    """Serve over stdio in both eras: the token in the environment and in a file, the log in a file and on stderr."""
    token = run.secrets["GitHub token"]
    written = run.written
    everywhere = ("--store", str(written / "store.sqlite3"), "--audit-log", str(written / "audit.log"))
    into_a_file = ("--log-level", "debug", "--log-file", str(written / "log.json"), "--log-format", "json")
    for era, arguments, environ in (
        (MODERN, into_a_file, {"GITHUB_TOKEN": token}),
        (LEGACY, ("--log-level", "debug", "--token-file", str(run.own / "token")), {"OTEL_TRACES_EXPORTER": "console"}),
    ):
        person = willing()
        async with run.over_stdio(era, person, *everywhere, *arguments, module=_CRASHING, **environ) as client:
            worked = await good_calls(run, client, f"stdio, {era}")
            refused = await failing_calls(run, client, f"stdio, {era}", ways)
            run.look()
        findings.rows += [(f"calls that worked, stdio, {era}", worked), (f"calls that failed, stdio, {era}", refused)]
        findings.faults += [f"only {worked} calls worked over stdio, {era}"] if worked < 9 else []
        done = await anyio.to_thread.run_sync(misplaced_over_stdio, run, era)
        findings.rows.append((f"messages with a token in them that were done, stdio, {era}", done))
        say(f"stdio, {era}: {worked} worked, {refused} failed")


async def _service(run: Run, findings: Findings, ways: list[str], say: Say) -> None:
    """Serve over HTTP as a GitHub App, with both kinds of sign-in, state keys and, if it can be had, PostgreSQL."""
    tokens = run.written / "tokens"
    run.command("token", "new", "--name", "anna", "--scope", "campaigns:read", "--scope", "campaigns:write", "--file",
                str(tokens))  # fmt: skip
    static = run.left.pop("stdout of token").decode().strip()  # the one place where it is seen
    with local_issuer() as issuer, _database(run) as database:
        token = issuer.token()
        run.canaries += [
            Canary("a caller's static token", static.removeprefix("scmcp_")),
            Canary("a caller's JWT", token.split(".")[2]),
            Canary("the claims of a caller's JWT", token.split(".")[1], apart=4),
        ]
        arguments = [
            *("--org", "octo-org", "--app-id", str(APP_ID), "--app-key-file", str(run.own / "key.pem")),
            *("--tokens", str(tokens), "--issuer", issuer.url, "--audience", AUDIENCE),
            *("--state-keys", str(run.own / "state-keys"), "--audit-log", str(run.written / "service-audit.log")),
            *("--store", database or str(run.written / "service.sqlite3"), "--log-level", "debug"),
        ]
        environ = run.environ(PGPASSWORD=run.secrets["password"])
        with service_process(*arguments, **environ) as service:
            listening = threading.Thread(target=_listen, args=(service,), daemon=True)
            listening.start()
            run.note_command_line(service.process.pid)
            for era, caller in ((MODERN, static), (LEGACY, token)):
                async with client_of(service.url, era, caller, willing()) as client:
                    worked = await good_calls(run, client, f"HTTP, {era}")
                    refused = await failing_calls(run, client, f"HTTP, {era}", ways)
                findings.rows += [(f"calls over HTTP, {era}", f"{worked} worked, {refused} failed")]
                findings.faults += [f"only {worked} calls worked over HTTP, {era}"] if worked < 9 else []
                say(f"HTTP, {era}: {worked} worked, {refused} failed")
            done = await anyio.to_thread.run_sync(_raw_requests, run, service, (static, token))
            findings.rows.append(("messages with a token in them that were done, HTTP", done))
            service.stop()
            await anyio.to_thread.run_sync(listening.join, PATIENCE)
        run.keep("stderr of serve", "".join(service.said))
        if database:
            run.keep("the database", await anyio.to_thread.run_sync(_dumped, database, run.secrets["password"]))
            unreachable = database.replace("/kept_", "/no_such_")
            run.command("snapshot", "--org", "octo-org", "--store", unreachable, PGPASSWORD=run.secrets["password"])
            run.command("audit", "--store", database, PGPASSFILE=str(run.own / "pgpass"))
    if database:
        findings.rows.append(("store of the service", "PostgreSQL"))
    else:
        findings.lacks("store of the service", "SQLite, there is no PostgreSQL here")


def _listen(service: ServiceProcess) -> None:
    """Take what it says on stderr, without which it would wait in the end."""
    assert service.process.stderr
    service.said += service.process.stderr


def _raw_requests(run: Run, service: ServiceProcess, callers: tuple[str, ...]) -> int:
    """Sign in wrongly, ask for what is not there, give secrets in every place; return how many of these were done."""
    for caller in callers:
        for wrong in (caller, f"{caller}x", f"{caller[:-4]}AAAA", f"x {caller}"):
            headers = connected_by_hand(service.url, MODERN, wrong)
            answer = post(service.url, request_of(MODERN, "tools/call", name="list_campaigns", arguments=[]), headers)
            run.keep("HTTP answers", f"{answer.status_code} {answer.headers}".encode() + answer.content)
        for path in ("/healthz", "/readyz", f"/{caller}", f"/mcp?access_token={caller}"):
            answer = get(service.url.removesuffix("/mcp") + path, authorization=f"Bearer {caller}")
            run.keep("HTTP answers", f"{answer.status_code} {answer.headers}".encode() + answer.content)
    return misplaced(run, service.url, callers)


@contextmanager
def _database(run: Run) -> Iterator[str | None]:
    """Run PostgreSQL with the password, where its programs are; yields the address of a database."""
    programs = postgres.binaries()
    with nullcontext() if programs is None else postgres.running(programs) as server:
        if server is None:
            yield None
            return
        server.run(f"ALTER ROLE {postgres.SUPERUSER} PASSWORD '{run.secrets['password']}'")
        yield server.tcp_address(server.new_database())


def _dumped(address: str, password: str) -> bytes:
    """Return every row of every table as text."""
    with psycopg.connect(address, password=password) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f'SELECT t::text FROM "{name}" AS t').fetchall() for (name,) in names]  # noqa: S608 - names of our own tables
    return "\n".join(str(row) for table in rows for row in table).encode()


_TO_COMMANDS = ("a redirect to another host", "401 that repeats the token", "a Link to another host")


def _commands(run: Run, briefly: bool) -> None:
    """Run every command that looks once: with a GitHub that behaves, one that does not, and a crash at the end."""
    token = {"GITHUB_TOKEN": run.secrets["GitHub token"]}
    common = ("--org", "octo-org", "--store", str(run.written / "store.sqlite3"))
    for form in ("html", "csv") if briefly else ("html", "markdown", "csv", "json"):
        run.command("report", *common, "--format", form, "-o", str(run.written / f"report.{form}"), **token)
    run.command("audit", *common, "--format", "csv", "-o", str(run.written / "audit.csv"))
    run.command("audit", *common)
    for way in _TO_COMMANDS[:1] if briefly else _TO_COMMANDS:
        run.github.way = way
        run.command("doctor", *common, "--json", "--token-file", str(run.own / "token"))
        run.command("report", *common, **token)
        run.github.way = None
    log = ("--log-level", "debug", "--log-format", "json", "--log-file", str(run.written / "crash.log"))
    for options in ((), log):
        run.command("report", *common, *options, module=_CRASHING, **token)
    if briefly:
        return
    run.command("doctor", *common, **token)
    run.command("snapshot", *common, **token)
    # The same secrets where they do not belong.
    run.command("doctor", *common, GITHUB_TOKEN=f"{run.secrets['GitHub token']} x")
    run.command("snapshot", "--org", "octo-org", "--token-file", str(run.own / "key.pem"))
    run.command("snapshot", "--org", "octo-org", "--app-id", "1", "--app-key-file", str(run.own / "token"))
    run.command("serve", "--http", "127.0.0.1:0", SECURITY_CAMPAIGNS_STATE_KEYS=run.secrets["state key"][:30])


def _judge(run: Run, findings: Findings) -> None:
    """Search everything, and see that the search could have found something."""
    for credential in run.github.authorizations - {run.secrets["GitHub token"], ""}:
        run.canaries.append(Canary(f"a credential for GitHub, {credential[:4]}", credential[-30:]))
    run.look()
    places = run.everything()
    findings.tried = sum(map(len, places.values()))
    findings.faults += search(run.canaries, places)
    findings.faults += [f"{file}: others may read it" for file in run.open_files()]
    if run.elsewhere.received:
        findings.faults.append(f"{len(run.elsewhere.received)} requests went to another host")
    if run.secrets["GitHub token"] not in run.github.authorizations:
        findings.faults.append("the token never reached GitHub, so that the search shows nothing")
    if not any(run.secrets["collector"].encode() in each for each in run.collector.received):
        findings.faults.append("nothing came to the collector")
    modes = {Path(name).suffix or name: mode for name, mode in run.modes.items()}
    findings.rows += [
        ("secrets", len(run.canaries)),
        ("places", len(places)),
        ("processes", run.processes),
        ("answers of GitHub with secrets of alerts", run.github.told_secrets),
        ("credentials that GitHub was given", len(run.github.authorizations)),
        ("files written, by mode", ", ".join(sorted(f"{name} {mode:o}" for name, mode in modes.items()))),
    ]
