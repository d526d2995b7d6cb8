"""Document types are data, checked when they are loaded."""

from __future__ import annotations

import os
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import MrzFormat
from eid_toolkit.standards.profiles import list_profiles, load_profile
from eid_toolkit.standards.profiles.chip_protocols import PaceChoice
from eid_toolkit.standards.profiles.loading import parse_profile
from eid_toolkit.standards.profiles.numbering import document_number, optional_data
from eid_toolkit.standards.profiles.profile import Validity

SHIPPED = ("passport", "sgp-id", "td2", "utopia-id", "vn-cccd")
TODAY = date(2026, 11, 24)


def _content(name: str = "utopia-id") -> dict[str, Any]:
    return tomllib.loads(files("eid_toolkit.standards.profiles").joinpath("shipped", f"{name}.toml").read_text("utf-8"))


def _refused(content: dict[str, Any]) -> str:
    with pytest.raises(BadInput) as caught:
        parse_profile("mine", content)
    return caught.value.code


def test_the_shipped_profiles_load() -> None:
    assert list_profiles() == SHIPPED
    for name in SHIPPED:
        assert load_profile(name).name == name


def test_the_profile_in_the_docs_makes_a_card(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text("utf-8")
    (tmp_path / "resident.toml").write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    profile = load_profile("resident", [tmp_path])
    assert profile.validity.years == 5
    assert (document_number(profile, 7, None), optional_data(profile, "UTO1")) == ("R00000007", "UTO1")
    profile.check_issue_date(TODAY)
    assert profile.required_evidence("first") == ("proof-of-identity", "residence-permit")


def test_a_profile_says_all_about_a_document_type() -> None:
    profile = load_profile("vn-cccd")
    assert profile.mrz_format is MrzFormat.TD1
    assert profile.data_groups == (1, 2, 12, 13, 14, 15)
    assert profile.access.pace == (PaceChoice("gm", "aes-256", 13),)
    assert not profile.access.bac


def test_the_hash_follows_the_content_and_not_the_layout_of_the_file(tmp_path: Path) -> None:
    content = _content()
    assert parse_profile("mine", content).hash == load_profile("utopia-id").hash
    assert parse_profile("mine", dict(reversed(content.items()))).hash == load_profile("utopia-id").hash
    assert parse_profile("mine", content | {"version": 2}).hash != load_profile("utopia-id").hash


def test_a_directory_of_the_user_adds_profiles(tmp_path: Path) -> None:
    text = files("eid_toolkit.standards.profiles").joinpath("shipped", "utopia-id.toml").read_text("utf-8")
    (tmp_path / "mine.toml").write_text(text)
    (tmp_path / "README").write_text("no profile")
    assert list_profiles([tmp_path, tmp_path / "absent"]) == tuple(sorted((*SHIPPED, "mine")))
    assert load_profile("mine", [tmp_path]).title == "Identity card of Utopia (specimen)"


def test_nobody_may_take_the_name_of_a_shipped_profile(tmp_path: Path) -> None:
    (tmp_path / "vn-cccd.toml").write_text("")
    with pytest.raises(BadInput) as caught:
        load_profile("utopia-id", [tmp_path])
    assert caught.value.code == "profile-name-taken"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"schema = ", "profile-no-toml"),
        (b"\xff\xfe", "profile-no-toml"),
        (b"schema = 2", "profile-unknown-schema"),
        (b"schema = 1", "profile-missing-field"),
        (b"#" * 70_000, "profile-too-large"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "mine.toml").write_bytes(data)
    with pytest.raises(BadInput) as caught:
        load_profile("mine", [tmp_path])
    assert caught.value.code == code


def test_an_unknown_name_is_refused() -> None:
    for name in ("nothing", "../shipped/utopia-id", ""):
        with pytest.raises(BadInput) as caught:
            load_profile(name)
        assert caught.value.code == "profile-unknown"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"surprise": 1}, "profile-unknown-field"),
        ({"version": "1"}, "profile-wrong-value"),
        ({"issuable": 1}, "profile-wrong-value"),
        ({"mrz_format": "TD4"}, "profile-wrong-value"),
        ({"digest": "sha1"}, "profile-wrong-value"),
        ({"data_groups": "1"}, "profile-wrong-value"),
        ({"portrait": {"width": 1}}, "profile-missing-field"),
        ({"transliteration": {"Ä": 1}}, "profile-wrong-value"),
        ({"issuing_state": "uto"}, "profile-contradiction"),
        ({"document_code": "IV"}, "profile-contradiction"),
        ({"data_groups": [1, 2]}, "profile-contradiction"),
        ({"data_groups": [1, 2, 13, 14, 15]}, "profile-contradiction"),
        ({"data_groups": [2, 14, 15]}, "profile-contradiction"),
        ({"access": {"pace": [], "bac": False}}, "profile-contradiction"),
        ({"validity": {"years": 0}}, "profile-contradiction"),
        ({"chip_authentication": {"parameter_id": 2, "cipher": "aes-128"}}, "profile-contradiction"),
    ],
)
def test_wrong_fields_and_contradictions_are_refused(changes: dict[str, Any], code: str) -> None:
    assert _refused(_content() | changes) == code


def test_validity_ends_the_day_before_the_anniversary() -> None:
    validity = Validity(years=10)
    birth = PartialDate(1990, 1, 1)
    assert validity.expiry(date(2024, 4, 16), birth) == PartialDate(2034, 4, 15)
    assert validity.expiry(date(2024, 2, 29), birth) == PartialDate(2034, 2, 28)


@pytest.mark.parametrize(
    ("born", "expiry"),
    [
        (PartialDate(2010, 5, 6), PartialDate(2035, 5, 6)),
        (PartialDate(2003, 5, 6), PartialDate(2043, 5, 6)),
        (PartialDate(1999, 1, 1), PartialDate(2039, 1, 1)),
        (PartialDate(1966, None, None), None),
        (PartialDate(1950, 1, 1), None),
    ],
)
def test_validity_by_age_ends_at_the_next_renewal_or_never(born: PartialDate, expiry: PartialDate | None) -> None:
    assert load_profile("vn-cccd").validity.expiry(TODAY, born) == expiry


def test_no_limit_at_all_is_no_expiry() -> None:
    assert Validity().expiry(TODAY, PartialDate(1990, 1, 1)) is None


def test_numbers_are_made_as_the_profile_says() -> None:
    utopian, vietnamese, singaporean = (load_profile(name) for name in ("utopia-id", "vn-cccd", "sgp-id"))
    assert document_number(utopian, 7, None) == "U00000007"
    assert document_number(vietnamese, 7, "000099000017") == "099000017"
    assert optional_data(utopian, "123") == ""
    assert optional_data(vietnamese, "000099000017") == "000099000017<<6"
    assert optional_data(singaporean, "S0000000J") == "S0000000J"
    assert optional_data(singaporean, None) == ""


def test_numbers_that_cannot_be_made_are_refused() -> None:
    with pytest.raises(BadInput):
        document_number(load_profile("utopia-id"), 10**8, None)
    for wrong in (None, "", "12345678901", "１２３４５６７８９０１２"):
        with pytest.raises(BadInput):
            document_number(load_profile("vn-cccd"), 1, wrong)


def test_what_is_only_read_is_not_issued_and_old_formats_end_in_time() -> None:
    load_profile("utopia-id").check_issue_date(TODAY)
    codes = {}
    for name, changes, day in (
        ("passport", {}, TODAY),
        ("utopia-id", {"access": {"pace": [], "bac": True}}, date(2028, 1, 1)),
        ("utopia-id", {}, date(2030, 1, 1)),
        ("passport", {"issuable": True, "document_code": "P", "access": _content()["access"]}, date(2028, 1, 1)),
    ):
        profile = parse_profile("mine", _content(name) | changes)
        with pytest.raises(BadInput) as caught:
            profile.check_issue_date(day)
        codes[caught.value.code] = day
    assert list(codes) == [
        "profile-not-issuable",
        "profile-bac-too-late",
        "profile-face-format-too-late",
        "profile-document-code-too-short",
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # 9303-11 table 12: P-224 does not go with the integrated mapping.
        ({"access": {"bac": False, "pace": [{"mapping": "im", "cipher": "3des", "parameter_id": 10}]}}, "impossible"),
        # 9303-11 9.2.3: there is no Chip Authentication Mapping with 3DES.
        (
            {"access": {"bac": False, "pace": [
                {"mapping": mapping, "cipher": "3des", "parameter_id": 13} for mapping in ("gm", "cam")
            ]}},
            "impossible",
        ),
        ({"access": {"bac": False, "pace": [{"mapping": "gm", "cipher": "3des", "parameter_id": 13}] * 2}}, "twice"),
        # 9303-11 6.1.2.3: a digest is not longer than the key.
        ({"active_authentication": {"parameter_id": 8, "digest": "sha512"}}, "digest-too-long"),
        ({"active_authentication": {"parameter_id": 8, "digest": "sha256"}}, "digest-too-long"),
    ],
)  # fmt: skip
def test_what_no_card_could_do_is_refused_where_it_is_written(changes: dict[str, Any], code: str) -> None:
    assert _refused(_content() | changes).endswith(code)
    text = ENGLISH.message(_refused(_content() | changes), {})
    assert text is not None and text.hint


def test_a_pipe_or_a_folder_is_no_profile(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    assert list_profiles([tmp_path]) == SHIPPED
    for name in ("pipe", "folder"):
        with pytest.raises(BadInput, match="profile-unknown"):
            load_profile(name, [tmp_path])
