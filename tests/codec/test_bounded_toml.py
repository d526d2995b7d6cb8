"""TOML from outside is bounded before it is parsed, and what is no attack is read as TOML 1.0 says."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.standards.profiles.loading import read_profile
from eid_toolkit.work.cardspec import parse_spec

DEEP = {
    "dotted keys": "a." * 20 + "a = 1",
    "with blanks": "a . " * 20 + "a = 1",
    "in quotes": '"a".' * 20 + "a = 1",
    "in both quotes": "'.'.\"b\"." * 10 + "a = 1",
    "a header": "[" + "a." * 20 + "a]",
    "a header of an array": "[[" + "a." * 20 + "a]]",
    "arrays": "a = " + "[" * 20 + "]" * 20,
    "tables": "a = " + "{a = " * 20 + "1" + "}" * 20,
    "behind a text that ends with quotes": 'a = ["""b"""", {' + "a." * 20 + 'a = 1}, "]"]',
    "behind a quote in a comment": '# "\n' + "a." * 20 + 'a = 1 # "',
    "behind a quote in a literal": "b = '\"'\n" + "a." * 20 + 'a = "1"',
    "many keys": "".join(f"k{at}=1\n" for at in range(5000)),
    "many headers": "".join(f"[k{at}]\n" for at in range(5000)),
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_what_would_cost_memory_by_the_square_is_refused_whoever_reads_it(text: str) -> None:
    data = text.encode()
    assert tomllib.loads(text)  # it is TOML
    with pytest.raises(ValueError, match=r"parts|deeply|entries"):
        read_toml(data)
    with pytest.raises(BadInput, match="card-spec-malformed"):
        parse_spec(data)
    with pytest.raises(BadInput, match="profile-no-toml"):
        read_profile("mine", data)
    with pytest.raises(IntegrityBroken, match="home-config-unreadable"):
        HomeConfig.parse(data)


@pytest.mark.parametrize(
    "text",
    [
        'a = "x.x.x.x.x.x.x.x.x.x.x.x"',
        "a = 'x.x.x.x.x.x.x.x.x.x.x.x' # x.x.x.x.x.x.x.x.x.x.x.x",
        'a = """\nx.x.x.x.x.x.x.x.x.x.x\n[[[[[[[[[[[[[[\n"""""',
        "a = '''[[[[[[[[[[[[[['''''",
        'a = "\\"[[[[[[[[[[[[[[[["',
        "a.b.c.d.e.f.g.h = 1.5",
        "a = [1.5, 2.5, 2026-11-20T09:30:00.5Z]",
    ],
)
def test_what_only_looks_so_is_read(text: str) -> None:
    assert read_toml(text.encode()) == tomllib.loads(text)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_toml(b"\xef\xbb\xbfa = 1") == {"a": 1}
    assert parse_spec(b'\xef\xbb\xbfschema = "eid-card-spec/1"') == parse_spec(b'schema = "eid-card-spec/1"')


def test_the_shipped_profiles_are_far_from_the_limits() -> None:
    for entry in files("eid_toolkit.standards.profiles").joinpath("shipped").iterdir():
        assert read_toml(entry.read_bytes(), 8192)


@given(st.text("ab.=\"'#\\[]{}\n -1,", max_size=200))
def test_any_text_is_read_as_by_the_parser_or_refused(text: str) -> None:
    try:
        found = read_toml(text.encode())
    except ValueError:
        return
    assert found == tomllib.loads(text)
