"""Which language an alert is about. GitHub's REST API does not say, so it is read off what does."""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """A language that CodeQL analyzes, under the name CodeQL gives it.

    Attributes:
        aliases: other names for it; CodeQL takes JavaScript with TypeScript, Java with Kotlin, and C with C++.
        prefix: how the ids of CodeQL's rules for it begin.
        endings: of its files.
    """

    aliases: tuple[str, ...]
    prefix: str
    endings: tuple[str, ...]


LANGUAGES: dict[str, Language] = {
    "actions": Language(("github actions", "workflows"), "actions", ()),
    "c-cpp": Language(("c", "c++", "cpp"), "cpp", (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp")),
    "csharp": Language(("c#", "cs"), "cs", (".cs", ".cshtml")),
    "go": Language(("golang",), "go", (".go",)),
    "java-kotlin": Language(("java", "kotlin", "kt"), "java", (".java", ".kt", ".jsp")),
    "javascript-typescript": Language(
        ("javascript", "typescript", "js", "ts"),
        "js",
        (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".vue"),
    ),
    "python": Language(("py",), "py", (".py",)),
    "ruby": Language(("rb",), "rb", (".rb", ".erb")),
    "rust": Language(("rs",), "rust", (".rs",)),
    "swift": Language((), "swift", (".swift",)),
}
"""By the names of CodeQL's analyses (GitHub Docs, "Supported languages and frameworks")."""

_BY_NAME = {alias: name for name, known in LANGUAGES.items() for alias in (name, *known.aliases)}
_BY_PREFIX = {known.prefix: name for name, known in LANGUAGES.items()}
_BY_ENDING = {ending: name for name, known in LANGUAGES.items() for ending in known.endings}


def named_language(given: str) -> str | None:
    """Return the language that a person means; None when it is not one of LANGUAGES."""
    return _BY_NAME.get(given.strip().casefold())


def language_of(rule: str, category: str, path: str) -> str:
    """Return an alert's language; an empty text when nothing tells.

    Args:
        rule: the rule's id; CodeQL's begin with the language, as in `js/xss`.
        category: of the analysis; CodeQL's are such as `/language:javascript-typescript`.
        path: the file.
    """
    prefix, slash, _ = rule.partition("/")
    if slash and prefix in _BY_PREFIX:
        return _BY_PREFIX[prefix]
    _, marked, named = category.partition("/language:")
    if marked and (known := named_language(named.split("/")[0])):
        return known
    dot = path.rfind(".")
    return _BY_ENDING.get(path[dot:].lower(), "") if dot >= 0 else ""
