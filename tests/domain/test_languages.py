from __future__ import annotations

import pytest

from server.domain.languages import LANGUAGES, language_of, named_language


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ("python", "python"),
        (" PY ", "python"),
        ("TypeScript", "javascript-typescript"),
        ("kotlin", "java-kotlin"),
        ("C++", "c-cpp"),
        ("C#", "csharp"),
        ("cobol", None),
        ("", None),
    ],
)
def test_a_language_is_known_by_the_names_people_use(given: str, language: str | None) -> None:
    assert named_language(given) == language


def test_no_two_languages_share_a_name_a_prefix_or_an_ending() -> None:
    known = LANGUAGES.items()
    for shared in (
        [alias for name, language in known for alias in (name, *language.aliases)],
        [language.prefix for _, language in known],
        [ending for _, language in known for ending in language.endings],
    ):
        assert len(shared) == len(set(shared))


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_every_language_is_told_by_a_rule_a_category_or_a_file(name: str) -> None:
    language = LANGUAGES[name]
    assert language_of(f"{language.prefix}/some-rule", "", "") == name
    assert language_of("", f".github/workflows/codeql.yml:analyze/language:{name}", "") == name
    assert {language_of("", "", f"a/b{ending.upper()}") for ending in language.endings} <= {name}


@pytest.mark.parametrize(
    ("rule", "category", "path", "language"),
    [
        ("js/xss", "/language:python", "a.rb", "javascript-typescript"),
        ("python.flask.xss", "/language:ruby", "a.py", "ruby"),
        ("own/rule", "/language:cobol", "a.py", "python"),
        ("js", "", "", ""),
        ("", "/language:go/more", "", "go"),
        ("", "", "Makefile", ""),
        ("", "", "a.unknown", ""),
    ],
)
def test_the_rule_tells_first_then_the_category_then_the_file(
    rule: str, category: str, path: str, language: str
) -> None:
    assert language_of(rule, category, path) == language
