"""Answers that nobody gave: next to the right one in every way that JSON and Unicode allow, and yet not it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

from tests.prove.guard_calls import Drawn
from tests.prove.guard_chance import Chance
from tests.prove.guard_wires import Message

TWINS = {"o": "\u043e", "c": "\u0441", "t": "\u03c4", "r": "\u0433", "g": "\u0261", "/": "\u2215", "-": "\u2011"}


def right(call: Drawn) -> Message:
    """Return what the client of a person who agrees sends."""
    return {"action": "accept", "content": dict(call.yes)}


def harmless(chance: Chance, call: Drawn) -> Message:
    """Return the right answer, as different as it may be: with further keys, or with spaces around what was typed."""
    content = {name: _spaced(chance, value) for name, value in call.yes.items()}
    further = chance.choice(({}, {}, {"note": "yes"}, {"remember": True, "aaa": ["x"]}))
    return {"action": "accept", "content": {**further, **content} if chance.random() < 0.5 else {**content, **further}}


def _spaced(chance: Chance, value: Any) -> Any:
    return (
        value if not isinstance(value, str) else chance.choice((value, f" {value}", f"{value}\n", f"\t{value}\u2003"))
    )


def forged(chance: Chance, call: Drawn) -> tuple[str, Any]:
    """Return what is wrong with an answer, and the answer."""
    kinds: tuple[Callable[[Chance, Drawn], tuple[str, Any]], ...] = (
        _not_accepted,
        _not_accepted,
        _wrong_value,
        _wrong_value,
        _wrong_value,
        _wrong_key,
        _wrong_shape,
        _wrong_kind,
    )
    return chance.deal("answers", kinds)(chance, call)


def refusal(chance: Chance, call: Drawn) -> Message:
    """Return a no, or nothing, that brings the content of a yes along."""
    return {"action": chance.choice(("decline", "cancel")), **chance.choice(({}, {"content": dict(call.yes)}))}


def _not_accepted(chance: Chance, call: Drawn) -> tuple[str, Any]:
    if chance.random() < 0.5:
        return "declined or cancelled with content", refusal(chance, call)
    words = (
        "ACCEPT",
        "Accept",
        "accepted",
        " accept",
        "accept\u200b",
        "\uff41ccept",
        "yes",
        "",
        None,
        True,
        1,
        ["accept"],
    )
    answer = {"action": chance.deal("words", words), "content": dict(call.yes)}
    if chance.random() < 0.2:
        del answer["action"]
    return "no known action", answer


def _wrong_value(chance: Chance, call: Drawn) -> tuple[str, Any]:
    [(key, value)] = call.yes.items()
    wrong = _wrong_text(chance, value) if isinstance(value, str) else _wrong_yes(chance)
    return "accepted with a wrong value", {"action": "accept", "content": {key: wrong}}


def _wrong_text(chance: Chance, text: str) -> Any:
    org, _, number = text.partition("/")
    at = chance.randrange(1, len(text))
    wide = "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in number)
    wrong = (
        "",
        number,
        org,
        f"{org}/{int(number) + 1}",
        f"{org}/0{number}",
        f"{org}/{number}.0",
        f"{org}/{number}e0",
        f"{org}/+{number}",
        f"{org}/{wide}",
        f"{org} / {number}",
        f"{org}\\{number}",
        f"{org}/{number}/",
        f"{text} {text}",
        f"{text};",
        f'"{text}"',
        f"yes, {text}",
        text.swapcase(),
        "".join(TWINS.get(character.lower(), character) for character in text),
        unicodedata.normalize("NFD", f"\u00f6{text[1:]}"),
        f"\u202e{text[::-1]}\u202c",
        f"\u202a{text}\u202c",
        text[:at] + chance.choice("\u200b\u2060\u00ad\x00\u0301") + text[at:],
        chance.choice("\u200b\ufeff\u2060") + text,
        [text],
        [text, text],
        {"campaign": text},
        int(number),
        float(number),
        True,
        None,
    )
    return chance.deal("texts", wrong)


def _wrong_yes(chance: Chance) -> Any:
    return chance.deal(
        "yes",
        (False, None, 1, 1.0, 0, -1, "true", "True", "yes", "on", "1", "", [True], [], {"go_ahead": True}, "\uff11"),
    )


def _wrong_key(chance: Chance, call: Drawn) -> tuple[str, Any]:
    [(key, value)] = call.yes.items()
    names = (
        key.upper(),
        key.title(),
        f"{key} ",
        f"{key}\u200b",
        "goAhead",
        "go-ahead",
        "answer",
        "confirm",
        "value",
        "",
    )
    content = {chance.deal("names", names): value}
    if chance.random() < 0.3:
        content |= {"yes": True, "confirmed": True, "typed": value}
    return "accepted under another key", {"action": "accept", "content": content}


def _wrong_shape(chance: Chance, call: Drawn) -> tuple[str, Any]:
    yes = dict(call.yes)
    contents: tuple[Any, ...] = (
        {},
        None,
        [],
        [yes],
        json.dumps(yes),
        "accept",
        True,
        {"content": yes},
        list(yes.items()),
    )
    answer = {"action": "accept", "content": chance.deal("contents", contents)}
    shapes: tuple[Any, ...] = (
        answer,
        answer,
        {"action": "accept"},
        {"action": "accept", **yes},
        {"result": right(call)},
        [right(call)],
        json.dumps(right(call)),
        True,
        "accept",
        None,
        {},
    )
    return "accepted in another shape", chance.deal("shapes", shapes)


def _wrong_kind(chance: Chance, call: Drawn) -> tuple[str, Any]:
    """An answer to what was not asked: a model's reply, a list of roots, a page that was opened."""
    text = {"type": "text", "text": json.dumps(right(call))}
    kinds = (
        {"role": "user", "content": text, "model": "a-model", "stopReason": "endTurn"},
        {"role": "assistant", "content": [text], "model": "a-model"},
        {"roots": [{"uri": "file:///accept", "name": json.dumps(call.yes)}]},
        {"resultType": "complete", "elicitationId": "1", "url": "https://example.com"},
        {"method": "elicitation/create", "params": right(call)},
    )
    return "an answer to another kind of question", chance.deal("other kinds", kinds)


def misplaced(chance: Chance, call: Drawn, key: str, keys: tuple[str, ...]) -> tuple[str, Any]:
    """Return the right answer where it does not count: under another question's key, or in no map at all.

    Args:
        chance: decides.
        call: the call.
        key: of the question.
        keys: of the questions of other tools.
    """
    answer = right(call)
    others = [other for other in keys if other != key]
    names = (key.upper(), f"{key} ", f"{key}\u200b", f"{key}#1", key.rpartition(":")[2], "", "*", "0", *others, *others)
    places: tuple[tuple[str, Any], ...] = (
        ("an answer under another key", {chance.choice(names): answer}),
        ("an answer under another key", {name: answer for name in names if name != key}),
        ("answers in no map", [answer]),
        ("answers in no map", [{key: answer}]),
        ("answers in no map", json.dumps({key: answer})),
        ("answers in no map", {"inputResponses": {key: answer}}),
        ("answers in no map", answer),
    )
    return chance.deal("places", places)
