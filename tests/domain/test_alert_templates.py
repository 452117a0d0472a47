from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from server.domain.alert_templates import TEMPLATES, AlertTemplate, TemplateName, named_template
from server.domain.alerts import SEVERITIES
from server.domain.weakness_lists import CWE_TOP_25, KEV_TOP_10, OWASP_TOP_10

EVERY = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
LARGEST_CWE = 1500  # MITRE had given out about 1450 numbers when the lists were read


def test_schemas_name_the_templates_that_exist_in_their_order() -> None:
    assert get_args(TemplateName) == tuple(TEMPLATES)


@EVERY
def test_a_template_stands_under_its_own_name_which_is_short_and_has_no_year(template: AlertTemplate) -> None:
    assert TEMPLATES[template.name] is template
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", template.name)
    assert len(template.name) <= 24
    assert not re.search(r"\d{4}", template.name)


@EVERY
def test_a_template_says_in_one_sentence_what_it_is_for(template: AlertTemplate) -> None:
    assert re.fullmatch(r"[A-Z][^.]{20,120}\.", template.purpose)
    assert template.title


@EVERY
def test_a_template_has_a_criterion_that_alerts_can_meet(template: AlertTemplate) -> None:
    assert template.cwes or template.severities
    assert set(template.severities) <= set(SEVERITIES)
    assert all(1 <= number <= LARGEST_CWE for number in template.cwes)
    assert len(set(template.cwes)) == len(template.cwes)


@EVERY
def test_a_list_of_somebody_else_names_its_edition_and_our_own_choices_name_nobody(template: AlertTemplate) -> None:
    published = template.name in ("cwe-top-25", "kev-top-10", "owasp-top-10")
    assert bool(template.source) is published
    if published:
        edition = re.search(r"20\d\d", template.source)
        assert edition
        assert edition[0] in template.title


def test_a_template_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        TEMPLATES["xxe"].cwes = ()  # type: ignore[misc] # that it is refused is what is tested


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cross-site-scripting", {79, 80, 81, 82, 83, 84, 85, 86, 87}),
        ("sql-injection", {89, 564}),
        ("command-injection", {77, 78, 88}),
        ("path-traversal", {*range(22, 41)}),
        ("log-injection", {117}),
        ("hard-coded-credentials", {259, 321, 798}),
        ("ssrf", {918}),
        ("unsafe-deserialization", {502}),
        ("xxe", {611}),
        ("all-critical", set()),
    ],
)
def test_a_template_for_one_weakness_has_it_with_its_children_and_no_neighbour(name: str, expected: set[int]) -> None:
    assert set(TEMPLATES[name].cwes) == expected


def test_all_critical_asks_for_the_severity_alone() -> None:
    assert TEMPLATES["all-critical"].severities == ("critical",)
    assert not any(template.severities for name, template in TEMPLATES.items() if name != "all-critical")


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("cwe-top-25", 25, (79, 89, 352), (77, 639, 770)),
        ("kev-top-10", 10, (78, 416, 787), (288, 122, 79)),
        ("owasp-top-10", 249, (22, 23, 36), (754, 755, 756)),
    ],
)
def test_a_published_list_is_whole_and_in_its_publishers_order(
    name: str, count: int, first: tuple[int, ...], last: tuple[int, ...]
) -> None:
    cwes = TEMPLATES[name].cwes
    assert len(cwes) == count
    assert (cwes[:3], cwes[-3:]) == (first, last)


def test_the_owasp_categories_are_as_large_as_its_pages_say() -> None:
    assert {category[:3]: len(cwes) for category, cwes in OWASP_TOP_10.items()} == {
        "A01": 40,
        "A02": 16,
        "A03": 6,
        "A04": 32,
        "A05": 37,
        "A06": 39,
        "A07": 36,
        "A08": 14,
        "A09": 5,
        "A10": 24,
    }


@pytest.mark.parametrize(
    ("category", "member"),
    [
        ("A01 Broken Access Control", 918),  # server-side request forgery had a category of its own in 2021
        ("A02 Security Misconfiguration", 611),
        ("A03 Software Supply Chain Failures", 1395),
        ("A05 Injection", 79),
        ("A07 Authentication Failures", 798),
        ("A09 Security Logging and Alerting Failures", 117),
    ],
)
def test_an_owasp_category_holds_what_it_is_known_for(category: str, member: int) -> None:
    assert member in OWASP_TOP_10[category]


def test_of_the_exploited_weaknesses_one_alone_is_outside_the_top_25() -> None:
    assert set(KEV_TOP_10) - set(CWE_TOP_25) == {288}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("XSS", "cross-site-scripting"),
        (" cross site scripting ", "cross-site-scripting"),
        ("zip slip", "path-traversal"),
        ("Server-side request forgery", "ssrf"),
        ("xxe", "xxe"),
        ("Cross-Site-Scripting", "cross-site-scripting"),
        ("", ""),
        (" ", " "),
        ("nonsense", "nonsense"),
        (79, 79),
    ],
)
def test_a_template_is_known_by_what_people_call_it(given: object, name: object) -> None:
    assert named_template(given) == name


def test_no_word_means_two_templates() -> None:
    words = [
        word.strip().casefold()
        for name, template in TEMPLATES.items()
        for word in {name, template.title, *template.also_called.split(",")}
        if word.strip()
    ]
    assert len(words) == len(set(words))
