"""A new profile out of one that there is, with other values where they were given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.profiles.drafting import draft_profile
from eid_toolkit.standards.profiles.loading import list_profiles, profile_bytes, read_profile


@pytest.mark.parametrize("source", list_profiles())
def test_every_shipped_profile_is_a_beginning(source: str) -> None:
    changes = {"title": 'A "new" \\ card', "number_prefix": "Z"}
    old = read_profile("old", profile_bytes(source))
    new = read_profile("new", draft_profile(profile_bytes(source).decode(), changes, years=7).encode())
    assert (new.title, new.number_prefix, new.version, new.validity.years) == (changes["title"], "Z", 1, 7)
    assert (new.access, new.data_groups, new.portrait) == (old.access, old.data_groups, old.portrait)
    assert new.hash != old.hash


@pytest.mark.parametrize("source", list_profiles())
def test_without_a_change_nothing_but_the_version_is_another(source: str) -> None:
    text = profile_bytes(source).decode()
    new, old = read_profile("a", draft_profile(text, {}).encode()), read_profile("a", text.encode())
    assert (new.validity, new.evidence, new.identity_number) == (old.validity, old.evidence, old.identity_number)
    assert new.version == 1


def test_a_field_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInput, match="profile-missing-field"):
        draft_profile("schema = 1\nversion = 3\n", {"title": "x"})
    with pytest.raises(BadInput, match="profile-missing-field"):
        draft_profile("schema = 1\nversion = 3\n", {}, years=3)


@given(title=st.text(min_size=1, max_size=80))
def test_any_title_is_kept_or_refused(title: str) -> None:
    text = profile_bytes("utopia-id").decode()
    try:
        made = read_profile("x", draft_profile(text, {"title": title}).encode("utf-8", "surrogatepass"))
    except BadInput as error:
        assert error.code == "profile-no-toml"
        return
    assert made.title == title
