"""How large a text is for a model: its characters, its tokens, and what the budgets of this project's tests reckon."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

CHARACTERS_A_TOKEN = 4.5
"""What the budgets reckon with; a test holds it to theirs."""
_SCRIPT = Path(__file__).with_name("tokens.mjs")


class Size(NamedTuple):
    """Characters, and tokens of o200k_base; sizes can be added with `added`."""

    characters: int
    tokens: int

    @property
    def reckoned(self) -> int:
        """Return the tokens by the rule of the budgets."""
        return round(self.characters / CHARACTERS_A_TOKEN)


Counting = Callable[[Mapping[str, str]], dict[str, Size]]
"""What tells the sizes of texts, by whatever names they have: `sizes`, or in tests something that needs no Node.js."""


def added(*sizes: Size) -> Size:
    """Return the size of all together."""
    return Size(sum(size.characters for size in sizes), sum(size.tokens for size in sizes))


def compact(value: object) -> str:
    """Return JSON without spaces, characters as they are; the budgets measure the same."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def definition(tool: Mapping[str, Any]) -> str:
    """Return what a model is given of a tool: its name, its description and its arguments, but no annotations."""
    return compact({key: tool[key] for key in ("name", "description", "inputSchema")})


def sizes(texts: Mapping[str, str]) -> dict[str, Size]:
    """Return how large texts are.

    Raises:
        RuntimeError: Node.js or the tokenizer is missing.
    """
    try:
        ended = subprocess.run(  # noqa: S603 - our own script
            ["node", str(_SCRIPT)],  # noqa: S607 - the one that is used
            input=json.dumps(list(texts.values())),
            capture_output=True,
            check=True,
            text=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as problem:
        missing = "tokens could not be counted; that needs Node.js, and `npm ci --prefix benchmarks` once"
        raise RuntimeError(missing) from problem
    counts = json.loads(ended.stdout)
    return {name: Size(len(text), tokens) for (name, text), tokens in zip(texts.items(), counts, strict=True)}
