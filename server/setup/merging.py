"""What a client's configuration shall be, out of what it is: everything is kept but what this server's entry needs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from server.setup.clients import NAME, VARIABLE, Client
from server.setup.json_edit import as_json, json_with
from server.setup.json_text import read_json
from server.setup.problems import Broken, NotMergeable
from server.setup.toml_edit import as_toml, read_toml, toml_with

_ENVIRONMENTS = ("env", "environment")
_CREDENTIALS = (VARIABLE, "GH_TOKEN")
_ADDRESSES = ("url", "httpUrl", "serverUrl")  # with one of them, an entry was for a server that is reached over HTTP


def read_servers(text: str, client: Client) -> dict[str, Any]:
    """Read a configuration; a blank one is empty.

    Raises:
        Broken: saying what, and in which line and column.
    """
    if not text.strip():
        return {}
    if client.format == "toml":
        return read_toml(text)
    value = read_json(text, comments=client.format == "jsonc").value
    if not isinstance(value, dict):
        raise Broken("something other than an object", 1, 1)
    return value


def entry_in(whole: dict[str, Any], client: Client) -> dict[str, Any] | None:
    """Return this server's entry in a configuration; None when there is none."""
    inner: Any = whole
    for name in (*client.table, NAME):
        inner = inner.get(name) if isinstance(inner, dict) else None
    return inner if isinstance(inner, dict) else None


def with_entry(whole: dict[str, Any], client: Client, entry: dict[str, Any], asks: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with this server's entry in it, and what it has of its own in that entry kept.

    Args:
        whole: the configuration.
        client: whose it is.
        entry: what the entry shall say.
        asks: lists, by their names, that shall hold something; what has the same `id` stays as it is.

    Raises:
        NotMergeable: something else stands where servers should.
    """
    whole = copy.deepcopy(whole)
    servers = whole
    for name in client.table:
        servers = servers.setdefault(name, {})
        if not isinstance(servers, dict):
            raise NotMergeable(f'its "{name}" is no object')
    old = servers.get(NAME)
    kept = old if isinstance(old, dict) and not any(address in old for address in _ADDRESSES) else {}
    servers[NAME] = _merged(kept, entry)
    for name, items in asks.items():
        there = whole.setdefault(name, [])
        if not isinstance(there, list):
            raise NotMergeable(f'its "{name}" is no list')
        ids = [item.get("id") for item in there if isinstance(item, dict)]
        there += [item for item in items if item["id"] not in ids]
    return whole


def text_with(text: str, wanted: dict[str, Any], client: Client) -> str:
    """Return a configuration's text so that it reads as `wanted`, with its comments and its layout.

    Raises:
        NotMergeable: that cannot be done without losing something.
    """
    if client.format == "toml":
        return toml_with(text, wanted, (*client.table, NAME))
    if not text.strip():
        return as_json(wanted) + "\n"
    return json_with(text, wanted, comments=client.format == "jsonc")


def text_to_paste(client: Client, entry: dict[str, Any], asks: Mapping[str, Any]) -> str:
    """Return the text of a configuration that holds nothing but this server's entry."""
    if client.format == "toml":
        return as_toml((*client.table, NAME), entry)
    return as_json(with_entry({}, client, entry, asks)) + "\n"


def _merged(old: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Lay an entry over an old one, from which every credential goes that the new one does not name."""
    made = {**old, **entry}
    for name in _ENVIRONMENTS:
        theirs = old.get(name)
        if isinstance(theirs, dict):
            rest = {key: value for key, value in theirs.items() if key not in _CREDENTIALS}
            made[name] = {**rest, **entry.get(name, {})}
            if not made[name]:
                del made[name]
    if isinstance(theirs := old.get("env_vars"), list) and "env_vars" in entry:
        kept = [name for name in theirs if name not in _CREDENTIALS or name in entry["env_vars"]]
        made["env_vars"] = [*kept, *(name for name in entry["env_vars"] if name not in kept)]
    return made
