"""Values for a JSON schema: such as fit and mean something, and such as are wrong in every way known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.prove.fuzz_json import Pairs, Raw, nested

Schema = Mapping[str, Any]

TEXTS: Mapping[str, Sequence[str]] = {
    "org": ("octo-org", "OCTO-ORG"),
    "name": ("Stop XSS", "Größe zählt 🎉", "x" * 50, '"); DROP'),
    "description": ("Encode what you print.", "Zeile eins\nZeile zwei", "y" * 255, "{campaign_number} %s"),
    "ends_at": ("2099-01-08", "2099-01-08T10:00:00Z", "2099-02-28T23:59:59+14:00", "2099-06-30t01:02:03.123z"),
    "ends_on": ("2099-01-08", "2099-01-08T10:00:00Z"),
    "since": ("2024-02-29", "2026-01-01T00:00:00Z", "0001-01-02", "last_report"),
    "managers": ("mona-lisa", "octo-bot"),
    "team_managers": ("appsec",),
    "contact_link": ("https://example.com/security", "http://example.com/?q=1#f"),
    "learning_link": ("https://example.com/learn",),
    "template": ("cross-site-scripting", "sql-injection", "all-critical"),
    "severities": ("critical", "high"),
    "cwes": ("79", "CWE-89", "cwe-079"),
    "rules": ("js/*", "py/sql-injection"),
    "tool": ("CodeQL",),
    "repositories": ("payments-*", "*", "web"),
    "exclude_repositories": ("archive-*",),
    "languages": ("java", "javascript"),
    "paths": ("src/*", "src/"),
    "assignees": ("none", "mona-lisa"),
    "providers": ("aws", "Amazon AWS"),
    "secret_types": ("aws_secret_access_key",),
    "topic": ("cross-site scripting", "CWE-79"),
    "goal": ("Less injection by spring",),
    "language": ("Deutsch", "Português (Brasil)", "日本語"),
    "audience": ("developers", "engineers", "leadership"),
    "channel": ("chat", "email"),
    "campaign_number": ("4", "5"),  # of a prompt, whose arguments are text
}
NUMBERS: Mapping[str, Sequence[int]] = {
    "campaign_number": (2, 3, 4, 5, 6, 7),  # never 1, which is asked for afterwards
    "page": (1, 2),
    "per_page": (1, 5, 100),
    "min_age_days": (0, 30),
    "max_age_days": (400, 4000),
    "detail": (1, 2),
    "repository_id": (41001, 41002),
    "alert_numbers": (1, 2, 3, 4, 5, 6, 7, 8),
}

UNICODE = (
    "\u202e.exe",
    "a\u200bb",
    "\ufeffa",
    "".join(chr(0xE0000 + ord(letter)) for letter in "delete it"),
    "e" + "\u0301" * 400,
    "\U0001f469\u200d\U0001f4bb",
    "\uffff\ufffe\U0010ffff",
    "\x00\x1b[2J\x07",
    "\u2028\u2029\x85",
    "ﬁ ﷺ ⅷ ٣",
    "\x7f",
    "İıſK",
)
HALVES = ("\ud800", "a\udfff", "\udc00\ud800", "\ud83d")
LOOK_ALIKES = ("OPEN", "open ", "оpen", "ｏｐｅｎ", "open\x00", "Closed", "clоsed", "refuse\n", "dеsc", "codе", "İ", "")
DATES = (
    *("0000-00-00", "2027-02-29", "9999-12-31", "10000-01-01", "0001-01-01", "2027-1-8", "20270108", "2027-W01-1"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2099-01-08T24:00:00Z", "2099-12-31T23:59:60Z"),
    *("٢٠٩٩-٠١-٠٨", "2099-01-08T10:00:00+99:99", "2099-01-08T10:00:00+23:59", "2099-01-08T10:00:00", "now", "-1"),
    *("2099-01-08T10:00:00.1234567890Z", "1e9", "2099-01-08Z", "2099-01-08 10:00:00Z\n", "T", "2099-00-08", "last"),
)
NUMBERS_BEYOND = (
    *(0, -1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, -(2**63) - 1, 10**300, 1.5, 5.0, -0.0, 1e308),
    *(Raw("1e999"), Raw("-1e999"), Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("9" * 4299), Raw("1E400")),
)
STRANGERS: tuple[Any, ...] = (None, True, False, 0, 7, 2.5, "", "7", "true", "null", "[]", "{}", [], {}, [[]], [None])
KEYS = (
    *("__proto__", "constructor", "__class__", "self", "cls", "ctx", "context", "plan", "answer", "confirmed"),
    *("go_ahead", "campaign", "_meta", "Org", "org ", "campaign-number", "ORG", "number", "dryRun", "", "\x00"),
    *("campaign_number\u200b", "kwargs", "args", "name.first", "a" * 10_000, "{campaign_number}", "%s", "\ud800"),
)


class Values:
    """Makes values, all from one chance.

    Args:
        chance: where they come from.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def fitting(self, schema: Schema, name: str = "") -> Any:
        """Return a value that the schema allows and that mostly means something under this name."""
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kinds = schema.get("type", "string")
        kind = self.chance.choice(kinds) if isinstance(kinds, list) else kinds
        match kind:
            case "object":
                return self.fitting_object(schema)
            case "array":
                each = [self.fitting(schema["items"], name) for _ in range(self.chance.choice((1, 1, 2, 3)))]
                return [one for at, one in enumerate(each) if one not in each[:at]]  # none twice
            case "integer":
                return self.chance.choice(NUMBERS.get(name, (1, 2, 3)))
            case "boolean":
                return self.chance.random() < 0.5
            case "null":
                return None
            case _:
                return self.chance.choice(TEXTS.get(name, ("text",)))

    def fitting_object(self, schema: Schema, share: float = 0.15) -> dict[str, Any]:
        """Return an object with what is required and some of what is not."""
        required = schema.get("required", ())
        chosen = {
            key: self.fitting(of, key)
            for key, of in schema.get("properties", {}).items()
            if key in required or self.chance.random() < share
        }
        if {"filter", "alerts"} <= set(schema.get("properties", ())) and not {"filter", "alerts"} & set(chosen):
            chosen["filter"] = {"severities": ["critical"]}
        chosen.pop("preview", None)  # a digest that fits cannot be guessed
        return chosen

    def wrong(self, like: Any = None) -> Any:
        """Return something wrong, now and then of the same type as what it replaces."""
        one_of = self.chance.choice
        match self.chance.randrange(13):
            case 0:
                return one_of(STRANGERS)
            case 1:
                return one_of(NUMBERS_BEYOND)
            case 2:
                return one_of(UNICODE)
            case 3:
                return one_of(HALVES)
            case 4:
                return one_of(LOOK_ALIKES)
            case 5:
                return one_of(DATES)
            case 6:
                return one_of(("", " ", "\t\n", "x" * 51, "x" * 5_000, "ä" * 100_000, "{" * 500, "'\"`$(id)\\"))
            case 7:
                return nested(one_of((2, 30, 120, 190, 900, 20_000)), *one_of((("[", "", "]"), ('{"a":', "0", "}"))))
            case 8:
                return {one_of(KEYS): self.wrong() if self.chance.random() < 0.3 else 1}
            case 9:
                return [like] * one_of((2, 11, 1001, 5000))
            case 10:
                return Pairs((("repository_id", 41001), ("repository_id", like), ("alert_numbers", [1, True, "1"])))
            case 11:
                return [like, one_of(STRANGERS)]
            case _:
                return str(like) + one_of(UNICODE)

    def spoiled(self, arguments: Mapping[str, Any], known: Sequence[str]) -> Any:
        """Return arguments with something wrong in them; rarely no arguments at all."""
        chance, spoiled = self.chance, dict(arguments)
        match chance.randrange(12):
            case 0:
                return chance.choice(STRANGERS)
            case 1 if spoiled:
                del spoiled[chance.choice(list(spoiled))]
            case 2:
                spoiled[chance.choice(KEYS)] = self.wrong()
            case 3 if spoiled:
                twice = chance.choice(list(spoiled))
                return Pairs((*spoiled.items(), (twice, self.wrong(spoiled[twice]))))
            case 4:
                return {key: self.wrong(spoiled.get(key)) for key in known}
            case _:
                key = chance.choice(list(known)) if known else chance.choice(KEYS)
                spoiled[key] = self.wrong(spoiled.get(key))
        return spoiled
