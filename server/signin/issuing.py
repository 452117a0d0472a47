"""`token new`: makes a static token, which is seen once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.errors import ConfigurationError
from server.signin.static_tokens import new_token

_LONGEST = 366


def run_token_new(given: Mapping[str, Any]) -> int:
    """Make a token as typed, print it to stdout, and what became of it to stderr.

    Raises:
        ConfigurationError: an argument is wrong, or the file cannot be used.
    """
    days = given["days"]
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:9]) <= _LONGEST):
        raise ConfigurationError(f"--days must be a number from 1 to {_LONGEST}.")
    expires_at = (datetime.now(UTC) + timedelta(days=int(days))).replace(microsecond=0)
    file = Path(given["file"]).expanduser()
    token = new_token(file, given["name"], given["scope"], given["org"], expires_at)
    print(  # noqa: T201 - for the person at the terminal
        f"The token of {given['name']}, good until {expires_at:%Y-%m-%d %H:%M} UTC. It is shown only now; {file} holds "
        "its hash.",
        file=sys.stderr,
    )
    print(token)  # noqa: T201 - the command's answer
    return 0
