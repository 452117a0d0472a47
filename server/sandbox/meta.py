"""What GitHub says about itself: supported API versions and what is left of the rate limit."""

from server.sandbox.answers import Answer
from server.sandbox.service import OLD_VERSION, VERSIONS, Call


def get_rate_limit(call: Call) -> Answer:
    """GET /rate_limit: costs nothing."""
    rate_limit = call.service.rate_limit
    return Answer(200, rate_limit.overview(call.caller, call.now, with_rate=call.version == OLD_VERSION))


def list_versions(_call: Call) -> Answer:
    """GET /versions."""
    return Answer(200, list(VERSIONS))
