"""Dataclasses to plain values and back: what fits is written again as it was, what does not is told with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.plain_values import (
    REQUIRED,
    Base64,
    Form,
    Hex,
    Misfit,
    Named,
    UtcTime,
    from_plain,
    parse_json,
    read_json,
    to_plain,
)


class Colour(StrEnum):
    DARK_RED = "dark-red"


class Shape(Enum):
    ROUND_ONE = (1, 2)


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    key: Hex | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    number: int
    person_id: Annotated[str, Named("person")]
    time: UtcTime
    data: Base64
    colour: Colour
    shape: Shape
    parts: tuple[Part, ...]
    pair: tuple[str, int]
    by_number: Mapping[Annotated[int, Form(int, str)], Part]
    names: frozenset[str]
    kind: Literal["a", 1]
    anything: Any
    seen: Annotated[datetime | None, REQUIRED] = None
    ratio: float = 0.5

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("no number")


TIME = datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone(timedelta(hours=2)))
WHOLE = Whole(
    7, "P1", TIME, b"\0\xff", Colour.DARK_RED, Shape.ROUND_ONE, (Part("x", b"\xab"), Part("y")), ("z", 3),
    {5: Part("q")}, frozenset({"b", "a"}), 1, {"free": [None]},
)  # fmt: skip
PLAIN = {
    "number": 7,
    "person": "P1",
    "time": "2026-05-04T01:02:01+00:00",
    "data": "AP8=",
    "colour": "dark-red",
    "shape": "round-one",
    "parts": [{"name": "x", "key": "ab"}, {"name": "y", "key": None}],
    "pair": ["z", 3],
    "by_number": {"5": {"name": "q", "key": None}},
    "names": ["a", "b"],
    "kind": 1,
    "anything": {"free": [None]},
    "seen": None,
    "ratio": 0.5,
}


def test_a_dataclass_is_written_in_the_order_of_its_fields_and_read_again() -> None:
    assert json.dumps(to_plain(WHOLE)) == json.dumps(PLAIN)
    again = from_plain(Whole, PLAIN, strict=True)
    assert again == WHOLE
    assert again.time.tzinfo is UTC
    assert to_plain(WHOLE, without=("parts", "person_id")).keys() == PLAIN.keys() - {"parts", "person"}


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("number", True, "number"),
        ("number", "7", "number"),
        ("number", 7.0, "number"),
        ("number", -1, ""),
        ("person", None, "person"),
        ("time", "2026-05-04T01:02:01", "time"),
        ("time", "0001-01-01T00:00:00+23:00", "time"),
        ("time", 5, "time"),
        ("data", "AP 8=", "data"),
        ("data", "AP8", "data"),
        ("data", "ä", "data"),
        ("colour", "DARK_RED", "colour"),
        ("shape", "square", "shape"),
        ("parts", "", "parts"),
        ("parts", {}, "parts"),
        ("parts", [{"name": "x"}, {"name": "y", "key": "zz"}], "parts[1].key"),
        ("parts", [{"name": "x", "\ud800": 1}], "parts[0].\ud800"),
        ("pair", ["z"], "pair"),
        ("pair", ["z", 3, 4], "pair"),
        ("pair", [3, "z"], "pair[0]"),
        ("by_number", {"five": {"name": "q"}}, "by_number.five"),
        ("by_number", {"5": {}}, "by_number.5.name"),
        ("names", ["a", 1], "names[1]"),
        ("kind", True, "kind"),
        ("kind", [], "kind"),
        ("seen", "yesterday", "seen"),
        ("ratio", 1, "ratio"),
        ("x" * 10_000, 1, "x" * 200 + "…"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(name: str, value: object, place: str) -> None:
    with pytest.raises(Misfit) as caught:
        from_plain(Whole, {**PLAIN, name: value}, strict=True)
    assert caught.value.field == place


def test_what_is_missing_or_unknown_is_told() -> None:
    problems = {}
    for name in PLAIN:
        try:
            from_plain(Whole, {key: value for key, value in PLAIN.items() if key != name})
        except Misfit as error:
            problems[error.field] = error.problem
    assert problems == dict.fromkeys(PLAIN.keys() - {"ratio"}, "missing")
    assert from_plain(Whole, {**PLAIN, "more": 1}) == WHOLE
    with pytest.raises(Misfit, match="unknown more"):
        from_plain(Whole, {**PLAIN, "more": 1}, strict=True)


def test_fields_that_are_known_do_not_come_from_outside() -> None:
    assert from_plain(Part, {"name": "x"}, known={"key": b"k"}, strict=True) == Part("x", b"k")
    assert from_plain(Part, {"name": "x", "key": "00"}, known={"key": b"k"}) == Part("x", b"k")
    with pytest.raises(Misfit, match="unknown key"):
        from_plain(Part, {"name": "x", "key": "00"}, known={"key": b"k"}, strict=True)


def test_a_schema_stands_beside_the_fields() -> None:
    assert read_json(Part, '{"schema": "a/1", "name": "x"}', "a/1", "a/2", strict=True) == Part("x")
    for text in ('{"name": "x"}', '{"schema": "b", "name": "x"}', '{"schema": ["a/1"], "name": "x"}', "[]", "null"):
        with pytest.raises(Misfit, match="wrong schema"):
            read_json(Part, text, "a/1", "a/2")


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 200_000, b'{"a":' * 200_000, b"9" * 5000, b"nul"])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["ab", "AAE=", "2026-05-04"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(PLAIN)), VALUES, max_size=3))
def test_whatever_stands_there_it_fits_or_is_a_misfit(changed: dict[str, object]) -> None:
    try:
        read = from_plain(Whole, {**PLAIN, **changed}, strict=True)
    except Misfit as error:
        assert error.field == "" or error.field.partition(".")[0].partition("[")[0] in PLAIN
    else:
        assert from_plain(Whole, to_plain(read), strict=True) == read or read != read
