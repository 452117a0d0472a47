"""Calls of everything that the server offers: made from what it publishes about itself, sound ones and spoiled ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tests.prove.fuzz_json import Pairs, Raw, dump
from tests.prove.fuzz_values import HALVES, KEYS, TEXTS, UNICODE, Values
from tests.prove.fuzz_wire import Wire, envelope, request

WRITING = ("create_campaign", "update_campaign", "delete_campaign")


@dataclass(frozen=True)
class Call:
    """A request to make.

    Attributes:
        what: whose, for the table: `tool find_alerts`.
        method: the protocol's.
        params: without the protocol's own; `Raw` and `Pairs` in it.
        spoiled: something was made wrong on purpose. It may have come out right again.
    """

    what: str
    method: str
    params: Any
    spoiled: bool


@dataclass(frozen=True)
class Offers:
    """What a server publishes: tools with their schemas, prompts with their arguments, templates of resources.

    Attributes:
        outputs: for each tool, what its results are held against.
    """

    tools: Mapping[str, Mapping[str, Any]]
    prompts: Mapping[str, Mapping[str, bool]]
    templates: tuple[str, ...]
    resources: tuple[str, ...]
    outputs: Mapping[str, Draft202012Validator]

    @property
    def kinds(self) -> set[str]:
        """What calls of it are called in the table."""
        kinds = {*(f"tool {name}" for name in self.tools), *(f"prompt {name}" for name in self.prompts)}
        kinds |= {f"resource {each}" for each in (*self.templates, *self.resources)}
        return kinds | {"completion of prompts", "completion of resources"}

    def wrong_result(self, call: Call, result: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the result of a tool's call that was done."""
        if (schema := self.outputs.get(call.what.removeprefix("tool "))) is None:
            return None
        if "structuredContent" not in result:
            return "its result has no structure, though the tool publishes a schema"
        if (problem := best_match(schema.iter_errors(result["structuredContent"]))) is None:
            return None
        return f"its result is not as published: {problem.json_path}: {problem.message[:300]}"

    @classmethod
    async def of(cls, wire: Wire, era: str) -> Offers:
        """Ask a server."""

        async def told(method: str, key: str) -> Any:
            return (await wire.ask(request(method, envelope(era), method), method))["result"][key]

        tools = await told("tools/list", "tools")
        return cls(
            {tool["name"]: tool["inputSchema"] for tool in tools},
            {
                prompt["name"]: {one["name"]: one.get("required", False) for one in prompt.get("arguments", ())}
                for prompt in await told("prompts/list", "prompts")
            },
            tuple(one["uriTemplate"] for one in await told("resources/templates/list", "resourceTemplates")),
            tuple(one["uri"] for one in await told("resources/list", "resources")),
            {tool["name"]: Draft202012Validator(tool["outputSchema"]) for tool in tools},
        )

    def allows(self, call: Call) -> bool:
        """Tell whether the published schema allows a tool's call as it goes over the wire."""
        params = json.loads(dump(call.params))
        if not isinstance(params, dict) or params.get("name") not in self.tools:
            return False
        arguments = params.get("arguments") or {}  # left out and null are no arguments
        if params["name"] != "update_campaign" and isinstance(arguments, dict):
            # Only there has null a meaning of its own; elsewhere it is an argument left out.
            arguments = {name: value for name, value in arguments.items() if value is not None}
        return Draft202012Validator(self.tools[params["name"]]).is_valid(arguments)


class Calls:
    """Makes calls without end, all from one chance."""

    def __init__(self, offers: Offers, chance: Random) -> None:
        self._offers = offers
        self._chance = chance
        self._values = Values(chance)
        self._kinds: tuple[Callable[[bool], Call], ...] = (
            *(self._tool,) * 5,
            *(self._prompt,) * 2,
            self._resource,
            self._completion,
        )

    def one(self, spoiled: float = 0.8) -> Call:
        """Return a call; `spoiled` is how likely something is wrong with it."""
        chance = self._chance
        wrong = chance.random() < spoiled
        call = chance.choice(self._kinds)(wrong)
        if wrong and chance.random() < 0.05:
            params = dict(call.params)
            params[chance.choice((*params, "_meta", "cursor", "task", chance.choice(KEYS)))] = self._values.wrong()
            return Call(call.what, call.method, params, True)
        return call

    def _name(self, name: str, wrong: bool) -> Any:
        return self._values.wrong(name) if wrong and self._chance.random() < 0.03 else name

    def _tool(self, wrong: bool) -> Call:
        name = self._chance.choice(list(self._offers.tools))
        schema = self._offers.tools[name]
        arguments: Any = self._values.fitting_object(schema)
        if wrong:
            arguments = self._values.spoiled(arguments, list(schema["properties"]))
        return Call(f"tool {name}", "tools/call", {"name": self._name(name, wrong), "arguments": arguments}, wrong)

    def _prompt(self, wrong: bool) -> Call:
        name = self._chance.choice(list(self._offers.prompts))
        known = self._offers.prompts[name]
        arguments: Any = {
            key: self._chance.choice(TEXTS[key])
            for key, required in known.items()
            if required or self._chance.random() < 0.3
        }
        if wrong:
            arguments = self._values.spoiled(arguments, list(known))
            if isinstance(arguments, dict) and self._chance.random() < 0.6:  # the protocol wants text
                arguments = {key: value if isinstance(value, Raw) else str(value) for key, value in arguments.items()}
        return Call(f"prompt {name}", "prompts/get", {"name": self._name(name, wrong), "arguments": arguments}, wrong)

    def _resource(self, wrong: bool) -> Call:
        one_of = self._chance.choice
        template = one_of((*self._offers.templates, *self._offers.resources))
        filled = template.replace("{org}", "octo-org").replace("{campaign_number}", one_of(("4", "5")))
        uri: Any = filled
        if wrong:
            part = one_of(
                (
                    *("%2e%2e", "..", "%00", "%ff", "%", "{org}", "0", "-1", "9" * 5000, "1e3", "٣", "4/5", "?x=1"),
                    *("#f", "octo-org@evil", "%2f%2f", "//", " ", "x" * 100_000),
                    *(one_of(UNICODE), one_of(HALVES)),
                )
            )
            uri = one_of(
                (
                    template.replace("{org}", part).replace("{campaign_number}", "4"),
                    template.replace("{org}", "octo-org").replace("{campaign_number}", part),
                    filled + part,
                    part,
                    self._values.wrong(filled),
                )
            )
        return Call(f"resource {template}", "resources/read", {"uri": uri}, wrong)

    def _completion(self, wrong: bool) -> Call:
        one_of = self._chance.choice
        prompt = one_of(list(self._offers.prompts))
        template = one_of(self._offers.templates)
        of_prompt = self._chance.random() < 0.5
        ref: Any = {"type": "ref/prompt", "name": prompt} if of_prompt else {"type": "ref/resource", "uri": template}
        names = list(self._offers.prompts[prompt]) if of_prompt else ["org", "campaign_number"]
        argument: Any = {"name": one_of(names), "value": one_of(("", "o", "4", "payments", "sql", "de"))}
        params: dict[str, Any] = {"ref": ref, "argument": argument}
        if self._chance.random() < 0.4:
            params["context"] = {"arguments": {"org": "octo-org"}}
        if wrong:
            key = one_of(("ref", "argument", "context", "value", "name", "org"))
            if key in ("value", "name"):
                argument[key] = self._text(argument[key])
            elif key == "org":
                params["context"] = {"arguments": {"org": self._text("octo-org")}}
            else:
                params[key] = self._values.spoiled(params.get(key, {}), list(params.get(key, {"arguments": 0})))
        return Call(f"completion of {'prompts' if of_prompt else 'resources'}", "completion/complete", params, wrong)

    def _text(self, like: str) -> Any:
        value = self._values.wrong(like)
        return value if isinstance(value, (str, Pairs)) else str(value)
