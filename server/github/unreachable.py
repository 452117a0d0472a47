"""What to say when no answer came: each way of not reaching GitHub has its own sentence."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from server.errors import GitHubError, Unavailable, UnexpectedAnswer

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def no_answer(problem: Exception, host: str, timeout: float) -> GitHubError:
    """Return the error for a request that `problem` ended before there was a whole answer.

    Args:
        problem: what httpx, the socket or the time limit raised.
        host: the host that was asked.
        timeout: the time limit of one request, in seconds.
    """
    causes = list(_causes(problem))
    if isinstance(problem, httpx.DecodingError):
        return UnexpectedAnswer(
            f"The answer from {host} is damaged: its compression cannot be undone.",
            "Try again; if it stays, look for a proxy that changes answers on the way.",
        )
    what, remedy = _sentences(problem, causes, host, timeout)
    return Unavailable(what, remedy)


def never_sent(problem: Exception) -> bool:
    """Whether no connection came about, so that not a byte of the request can have reached GitHub."""
    return isinstance(problem, _NEVER_SENT)


def may_pass(problem: Exception) -> bool:
    """Whether trying again can help. A certificate that is not trusted now will not be trusted in a second."""
    return not isinstance(problem, httpx.DecodingError | httpx.UnsupportedProtocol) and not any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(problem)
    )


def _sentences(problem: Exception, causes: list[BaseException], host: str, timeout: float) -> tuple[str, str]:
    certificate = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return (
            f"The certificate of {host} is not trusted ({_why_distrusted(certificate)}).",
            "The system's trust store decides. If your company's network inspects TLS, its certificate must be "
            "installed there; if not, somebody may be listening, and no token was sent.",
        )
    if isinstance(problem, httpx.ProxyError):
        return (
            f"The proxy refused to connect to {host}.",
            "Check HTTPS_PROXY and NO_PROXY, and whether the proxy wants a sign-in.",
        )
    if isinstance(problem, httpx.TimeoutException | TimeoutError):
        late = f"did not answer within {timeout:g} s" if not never_sent(problem) else "could not be reached in time"
        return (f"{host} {late}.", "Try again; if it stays, check the network and proxy.")
    if isinstance(problem, httpx.ConnectError):
        return _no_connection(causes, host)
    return (
        f"The connection to {host} broke before the whole answer had come.",
        "Try again; if it stays, check the network and proxy.",
    )


def _no_connection(causes: list[BaseException], host: str) -> tuple[str, str]:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return (f"The name {host} cannot be resolved.", "Check --api-url, the network and its DNS.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"{host} does not speak TLS as GitHub does.",
            "Check --api-url, and whether a proxy answers in GitHub's place.",
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return (f"{host} refuses the connection.", "Check --api-url, and whether a proxy or firewall is in the way.")
    return (f"There is no way to {host}.", "Check --api-url, the network, and whether a proxy must be set.")


def _why_distrusted(problem: ssl.SSLCertVerificationError) -> str:
    # The fixed words of the TLS library, never what the certificate says about itself.
    reason = (problem.verify_message or "") if hasattr(problem, "verify_message") else ""
    return reason if reason.replace(" ", "").replace("-", "").isalpha() else "it cannot be verified"


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """Walk everything behind an error, also inside groups, as two attempts over IPv4 and IPv6 leave them."""
    waiting: list[BaseException] = [problem]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [cause for cause in (current.__cause__, current.__context__) if cause is not None]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
