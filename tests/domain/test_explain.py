from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from server.domain.explain import explain, listed, unknown_argument

SECRET = "ghp_" + "s3cR" * 9
KNOWN = ("name", "org", "campaign_number")


def no_sevens(value: int) -> int:
    if value == 7:
        raise ValueError("must not be seven")
    return value


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    number: int


class Outer(BaseModel):
    name: str = "x"
    count: Annotated[int, Field(strict=True), AfterValidator(no_sevens)] = 1
    loose: int = 1
    flag: Annotated[bool, Field(strict=True)] = False
    choice: Literal["a", "b"] = "a"
    inner: list[Inner] = Field(default_factory=list)
    short: Annotated[str, Field(max_length=1)] = ""


def explained(**values: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(values)
    return explain(refused.value)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": 7}, "`name`: must be text"),
        ({"name": None}, "`name`: cannot be null; leave it out instead"),
        ({"name": b"\xff"}, "`name`: contains half of a character (a lone surrogate); send whole ones"),
        ({"count": "7"}, "`count`: must be a whole number without quotes or fraction, such as 3"),
        ({"count": 7}, "`count`: must not be seven"),
        ({"loose": "7.5"}, "`loose`: must be a whole number without quotes or fraction, such as 3"),
        ({"loose": 7.5}, "`loose`: must be a whole number without quotes or fraction, such as 3"),
        ({"loose": "9" * 5000}, "`loose`: must be a smaller whole number"),
        ({"flag": 1}, "`flag`: must be true or false"),
        ({"choice": "c"}, "`choice`: must be one of 'a' or 'b'"),
        ({"choice": None}, "`choice`: cannot be null; leave it out instead"),
        ({"inner": {}}, "`inner`: must be a list"),
        ({"inner": [7]}, "`inner[0]`: must be an object"),
        ({"inner": [{}]}, "`inner[0].number`: is required"),
        ({"inner": [{"number": 1, "more": 2}]}, "`inner[0].more`: is not a known field here"),
        ({"inner": [{"number": 1, SECRET: 2}]}, "`inner[0].(unprintable)`: is not a known field here"),
        ({"short": "xx"}, "`short`: string should have at most 1 character"),  # a kind that has no sentence of ours
    ],
)
def test_each_finding_is_a_sentence_that_names_the_place(values: dict[str, Any], sentence: str) -> None:
    assert explained(**values) == f"{sentence}."


def test_all_findings_are_told() -> None:
    assert explained(name=7, flag="yes") == "`name`: must be text; `flag`: must be true or false."


def test_of_many_findings_the_first_five_are_told_and_the_rest_counted() -> None:
    assert explained(inner=[7] * 12) == (
        "`inner[0]`: must be an object; `inner[1]`: must be an object; `inner[2]`: must be an object; "
        "`inner[3]`: must be an object; `inner[4]`: must be an object; and 7 more."
    )
    assert listed(["a"] * 5) == "a; a; a; a; a."
    assert listed(["a"]) == "a."


@given(st.sampled_from(["name", "count", "loose", "flag", "choice", "inner"]))
def test_a_secret_in_the_wrong_place_is_not_repeated(field: str) -> None:
    for value in (SECRET, [SECRET], {SECRET: SECRET}, [{"number": SECRET, SECRET: 1}]):
        if not (field == "name" and value == SECRET):
            assert SECRET not in explained(**{field: value})


def test_the_closest_argument_is_suggested() -> None:
    assert unknown_argument("nmae", KNOWN) == "`nmae`: there is no such argument; use `name`"
    assert unknown_argument("zzz", KNOWN) == "`zzz`: there is no such argument; known are campaign_number, name, org"


@given(st.text(st.characters(), max_size=60))
def test_a_name_that_is_no_name_is_not_shown(name: str) -> None:
    shown = unknown_argument(name, KNOWN)
    if not name.isidentifier() or len(name) > 30:
        assert shown.startswith("`(unprintable)`: ")


def test_a_token_for_a_name_is_not_shown() -> None:
    assert SECRET not in unknown_argument(SECRET, KNOWN)
