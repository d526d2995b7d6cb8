"""Identity numbers: each profile's rule, and the check letter of Singapore."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from eid_toolkit.standards.profiles.check_letters import singapore_check_letter
from eid_toolkit.standards.profiles.loading import parse_profile


@pytest.mark.parametrize(
    ("profile", "number", "code"),
    [
        ("vn-cccd", "099000000017", None),
        ("vn-cccd", None, "identity-number-missing"),
        ("vn-cccd", "09900000001", "identity-number-malformed"),
        ("vn-cccd", "0990000000170", "identity-number-malformed"),
        ("vn-cccd", "09900000001A", "identity-number-malformed"),
        ("vn-cccd", "०९९०००००००१७", "identity-number-malformed"),
        ("sgp-id", "S0000000J", None),
        ("sgp-id", None, None),
        ("sgp-id", "S0000001A", "identity-number-check"),
        ("sgp-id", "s0000001i", "identity-number-malformed"),
        ("sgp-id", "X0000001I", "identity-number-malformed"),
        ("utopia-id", "anything/7", None),
        ("utopia-id", None, None),
    ],
)
def test_each_profile_has_its_rule(profile: str, number: str | None, code: str | None) -> None:
    found = load_profile(profile)
    if code is None:
        found.check_identity_number(number)
        return
    with pytest.raises(BadInput, match=code) as told:
        found.check_identity_number(number)
    assert told.value.facts == {"profile": profile, "field": "personal_number"}


PUBLISHED = (
    "S1234567D", "S0000000J", "T1234567J", "T0000000G", "F1234567N", "F0000000X", "G1234567X", "G0000000R",
    "M1234567K", "M0000000T", "M0000002N", "M0000003L", "M0000004X", "M2424771J", "M5398242L",
)  # fmt: skip
"""Made-up numbers that several public validators have among their own tests as right ones."""


@pytest.mark.parametrize("number", PUBLISHED)
def test_published_examples_have_their_letter(number: str) -> None:
    assert singapore_check_letter(number) == number[-1]


@pytest.mark.parametrize("number", ["M1234567L", "M1234567I", "M0000000J", "M0000000K", "M5398242K", "S1234567E"])
def test_examples_with_another_letter_are_wrong(number: str) -> None:
    """Among them what the letters of M would give from their other end, and those of F and G."""
    assert singapore_check_letter(number) != number[-1]


@pytest.mark.parametrize("prefix", "STFGM")
def test_one_wrong_digit_or_two_exchanged_neighbours_are_found_out(prefix: str) -> None:
    number = f"{prefix}1234567"
    letters = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if singapore_check_letter(number + letter) == letter]
    (right,) = letters
    for at in range(1, 8):
        for digit in set("0123456789") - {number[at]}:
            assert singapore_check_letter(number[:at] + digit + number[at + 1 :] + right) != right
    for at in range(1, 7):
        exchanged = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert singapore_check_letter(exchanged + right) != right


def test_what_is_no_such_number_has_no_letter() -> None:
    assert singapore_check_letter("S123456A") is None
    assert singapore_check_letter("A1234567A") is None


def read(**rule: object) -> DocumentProfile:
    text = files("eid_toolkit.standards.profiles").joinpath("shipped", "utopia-id.toml").read_text("utf-8")
    return parse_profile("own", {**tomllib.loads(text), "identity_number": rule})


def test_a_pattern_that_is_none_makes_no_profile() -> None:
    with pytest.raises(BadInput, match="profile-contradiction") as told:
        read(pattern="[0-9")
    assert told.value.facts["field"] == "identity_number.pattern"
    with pytest.raises(BadInput, match="profile-wrong-value"):
        read(pattern="[0-9]", check="luhn")
    with pytest.raises(BadInput, match="identity-number-malformed"):
        read(pattern="[0-9]").check_identity_number("12")
