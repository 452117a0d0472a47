"""A call's arguments as somebody else's: another value, type, spelling, key, order or number form."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

from tests.prove.guard_answers import TWINS
from tests.prove.guard_calls import Drawn
from tests.prove.guard_chance import Chance
from tests.prove.guard_wires import Message, Raw

Varied = tuple[str, Any, Any]
"""What was done, the tool's name, and its arguments."""


def varied(chance: Chance, call: Drawn, schema: Message) -> Varied:
    """Return a call that is not the one that was asked about, though it may look like it.

    Args:
        chance: decides.
        call: the call that was.
        schema: of the tool's input.
    """
    kinds: tuple[Callable[[Chance, Drawn, Message], Varied], ...] = (
        _number_form,
        _number_form,
        _text_form,
        _text_form,
        _other_value,
        _other_value,
        _further,
        _further,
        _key,
        _whole,
        _tool,
    )
    while True:
        what, tool, arguments = chance.deal("arguments", kinds)(chance, call, schema)
        if (tool, arguments) != (call.tool, call.arguments) or _types(arguments) != _types(call.arguments):
            return what, tool, arguments


def reordered(chance: Chance, call: Drawn) -> Any:
    """Return the same arguments, written differently: in another order, with spaces, with characters as escapes."""
    names = list(call.arguments)
    chance.shuffle(names)
    shuffled = {name: call.arguments[name] for name in names}
    spelled = json.dumps(shuffled, indent=chance.choice((None, 1)), ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.5:
        spelled = spelled.replace('"c', '"\\u0063').replace('"n', '"\\u006e')
    return Raw(spelled)


def _types(arguments: Any) -> Any:
    """What == does not tell apart: 6 and 6.0, 1 and True."""
    return json.dumps(arguments, sort_keys=True) if isinstance(arguments, dict) else arguments


def _number_form(chance: Chance, call: Drawn, schema: Message) -> Varied:
    number = call.arguments.get("campaign_number")
    if number is None:
        return _other_value(chance, call, schema)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    literal = chance.deal(
        "numbers",
        (
            f"{number}.0",
            f"{number}e0",
            f"{number}E+0",
            f"{number}0e-1",
            f'"{number}"',
            f'"{number}.0"',
            f'" {number}"',
            f'"{wide}"',
            f'"\\u066{number}"',
            f"[{number}]",
            f'{{"campaign_number":{number}}}',
            "true",
            "null",
            f"-{number}",
            f"{number}.0000000000000000001",
            str(2**64 + number),
            "1e400",
            f"{number % 6 + 1}",
            f'{number},"campaign_number":{number % 6 + 1}',
            f'{number % 6 + 1},"campaign_number":{number}.0',
        ),
    )
    written = json.dumps({**call.arguments, "campaign_number": 0})
    return (
        "another form of a number",
        call.tool,
        Raw(written.replace('"campaign_number": 0', f'"campaign_number": {literal}')),
    )


def _text_form(chance: Chance, call: Drawn, schema: Message) -> Varied:
    texts = [name for name, value in call.arguments.items() if isinstance(value, str)]
    if not texts:
        return _number_form(chance, call, schema)
    name = chance.choice(texts)
    text = call.arguments[name]
    at = chance.randrange(len(text) + 1)
    spelled = (
        text.swapcase(),
        text.upper(),
        f"{text} ",
        f" {text}",
        f"{text}\n",
        text[:at] + chance.choice("\u200b\u202e\u2066\u00ad\ufeff\x00\x1b\U000e0041") + text[at:],
        f"\u202e{text}",
        unicodedata.normalize("NFD", f"{text}\u00e9"),
        unicodedata.normalize("NFKC", f"{text}\ufb01"),
        "".join(TWINS.get(character, character) for character in text),
        "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text),
        json.dumps(text),
        [text],
        {"value": text},
        text.encode().hex(),
    )
    return "another form of a text", call.tool, {**call.arguments, name: chance.deal("spelled", spelled)}


def _other_value(chance: Chance, call: Drawn, schema: Message) -> Varied:
    name = chance.choice(sorted(schema["properties"]))
    values: tuple[Any, ...] = (
        *_of_schema(chance, schema["properties"][name]),
        None,
        "",
        [],
        {},
        0,
        "octo-labs",
        "closed",
        "open",
        "CLOSED",
    )
    arguments = {**call.arguments, name: chance.choice(values)}
    if chance.random() < 0.2:
        arguments = {key: value for key, value in call.arguments.items() if key != name}
    return "another value", call.tool, arguments


def _of_schema(chance: Chance, schema: Message) -> tuple[Any, ...]:
    """Return values that the schema allows."""
    match schema.get("anyOf", [schema])[0].get("type", schema.get("type")):
        case "integer":
            return tuple(range(1, 7))
        case "boolean":
            return True, False
        case "array":
            return ["mona-lisa"], ["octo-bot"], [{"repository_id": 41001, "alert_numbers": [1]}]
        case "object":
            return {"severities": ["critical"]}, {"template": "critical"}
        case _:
            return (*schema.get("enum", ()), "Another", "2099-03-04", "0" * 16, "https://example.com")


def _further(chance: Chance, call: Drawn, schema: Message) -> Varied:
    """What the tool's signature holds and its schema does not, and what a model might invent."""
    yes = {"action": "accept", "content": dict(call.yes)}
    further: tuple[Message, ...] = (
        {"answer": yes},
        {"answer": dict(call.yes)},
        {"plan": {"question": None, "org": "octo-org"}},
        {"ctx": {}},
        {"confirm": "never"},
        {"confirm": True},
        {"confirmed": True},
        {"go_ahead": True},
        {"force": True},
        {"campaign": call.yes.get("campaign", "octo-org/6")},
        {"requestState": "v1.", "inputResponses": {"answer": yes}},
        {"_meta": {"confirmed": True}},
        {"dry_run": False},
        {"dry_run": "false"},
        {"dry_run": True},
        {"dry_run": 0},
    )
    return "a further argument", call.tool, {**call.arguments, **chance.deal("further", further)}


def _key(chance: Chance, call: Drawn, schema: Message) -> Varied:
    name = chance.choice(sorted(call.arguments))
    value = call.arguments[name]
    spelled = (
        name.upper(),
        name.title(),
        name.replace("_", "-"),
        f"{name} ",
        f"{name}\u200b",
        f"{name}\x00",
        name[0] + name,
    )
    rest = {key: kept for key, kept in call.arguments.items() if key != name}
    if chance.random() < 0.3:
        rest = dict(call.arguments)
    return "another key", call.tool, {**rest, chance.deal("keys", spelled): value}


def _whole(chance: Chance, call: Drawn, schema: Message) -> Varied:
    arguments = dict(call.arguments)
    whole: tuple[Any, ...] = (
        [arguments],
        json.dumps(arguments),
        list(arguments.items()),
        None,
        {},
        [],
        {"arguments": arguments},
    )
    return "arguments as something else", call.tool, chance.deal("whole", whole)


def _tool(chance: Chance, call: Drawn, schema: Message) -> Varied:
    tool = call.tool
    others = [
        other for other in ("delete_campaign", "update_campaign", "create_campaign", "get_campaign") if other != tool
    ]
    spelled: tuple[Any, ...] = (
        *others,
        *others,
        tool.upper(),
        f"{tool} ",
        f"{tool}\u200b",
        f"{tool}\x00",
        tool.replace("_", "-"),
        tool.replace("c", "\u0441"),
        [tool],
        {"name": tool},
        None,
        7,
    )
    return "another tool", chance.deal("tools", spelled), call.arguments
