"""The keys that questions are sealed with, shared by all replicas."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from server.errors import ConfigurationError

VARIABLE = "SECURITY_CAMPAIGNS_STATE_KEYS"
"""Holds the keys themselves, with commas or white space between. There is no such option: others see what is typed."""

_SHORTEST = 32  # bytes, the SDK's own bound
_MAKE_ONE = "Make one with `openssl rand -base64 32`."


def read_state_keys(file: Path | None, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return the keys of the file or of the environment; none when there is neither.

    Raises:
        ConfigurationError: there are both, either holds no key, others can read the file, or a key is too short. No
            key is repeated.
    """
    told = environ.get(VARIABLE, "")
    if file is not None and told.strip():
        raise ConfigurationError(f"--state-keys and {VARIABLE} both give keys.", "Give only one.")
    place = VARIABLE if file is None else f"--state-keys {file}"
    keys = tuple(part.encode() for part in (told if file is None else _text(file)).replace(",", " ").split())
    if not keys and (file is not None or VARIABLE in environ):  # an unset variable in a start script is no choice
        raise ConfigurationError(f"{place} holds no key.", _MAKE_ONE)
    for number, key in enumerate(keys, start=1):
        if len(key) < _SHORTEST:
            raise ConfigurationError(f"{place}: key {number} is shorter than {_SHORTEST} characters.", _MAKE_ONE)
    if len(set(keys)) < len(keys):
        raise ConfigurationError(f"{place} holds a key twice.")
    return keys


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            if os.name == "posix" and os.fstat(opened.fileno()).st_mode & (stat.S_IRWXO | stat.S_IWGRP):
                raise ConfigurationError(
                    f"--state-keys {file} is open to others, who could make up answers.",
                    "Take their rights away, for example with chmod 600.",
                )
            return opened.read(100_000)
    except OSError as problem:
        raise ConfigurationError(f"--state-keys {file} cannot be read ({problem.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"--state-keys {file} holds no text.", _MAKE_ONE) from None
