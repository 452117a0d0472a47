from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.weaknesses import cwes_of, parse_cwe


@given(st.integers(1, 9999))
def test_every_way_to_write_a_cwe_means_the_same(number: int) -> None:
    ways: list[object] = [
        number,
        f"{number}",
        f"CWE-{number}",
        f"cwe-{number:04}",
        f" CWE {number} ",
        f"Cwe{number:03}",
    ]
    assert {parse_cwe(way) for way in ways} == {number}


@pytest.mark.parametrize(
    "value",
    [
        *("", "CWE", "CWE-", "XSS", "-79", "79.0", "1e3", "79,89", "CWE--79", "\u0667\u0669", "79" * 40),
        *(1.5, 79.0, True, False, None, [79], b"79"),
    ],
)
def test_what_is_no_cwe_is_refused_with_what_would_be(value: object) -> None:
    with pytest.raises(ValueError, match=r"^is not a CWE; give a number such as 79 or CWE-79$"):
        parse_cwe(value)


@pytest.mark.parametrize("value", [0, -79, 10_000, "0", "CWE-000", "CWE-10000", 10**30])
def test_a_number_that_no_cwe_has_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^is not a number that a CWE can have; they go from 1 to 9999$"):
        parse_cwe(value)


@pytest.mark.parametrize(
    ("tags", "cwes"),
    [
        (["security", "external/cwe/cwe-079"], (79,)),
        (["external/cwe/cwe-116", "external/cwe/cwe-079", "EXTERNAL/CWE/CWE-0079"], (79, 116)),
        (["CWE-79: Improper Neutralization of Input", "OWASP-A03:2021 - Injection"], (79,)),
        (["CWE-1004", " cwe-22 "], (22, 1004)),
        (["external/cwe/cwe-000", "cwe-10000", "CWE-79a", "not-cwe-79", "cwe-", "cwe", ""], ()),
        ([], ()),
        (None, ()),
        ([None, 79, {"cwe": 79}, ["CWE-79"], "CWE-89"], (89,)),
    ],
)
def test_the_cwes_of_a_rule_are_read_off_its_tags(tags: Any, cwes: tuple[int, ...]) -> None:
    assert cwes_of(tags) == cwes


@given(st.lists(st.text() | st.integers() | st.none() | st.from_regex(r"(?i)cwe-\d+")))
def test_no_tag_is_too_strange_to_be_read(tags: list[object]) -> None:
    found = cwes_of(tags)
    assert list(found) == sorted(set(found))
    assert all(1 <= number <= 9999 for number in found)


@given(st.sets(st.integers(1, 9999)))
def test_codeql_and_semgrep_name_the_same_cwes(numbers: set[int]) -> None:
    codeql = cwes_of(f"external/cwe/cwe-{number:03}" for number in numbers)
    assert codeql == cwes_of(f"CWE-{number}: About it" for number in numbers) == tuple(sorted(numbers))
