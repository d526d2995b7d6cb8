"""Recovery shares as they are written down, read aloud and typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.staff.recovery import from_paper, new_share, on_paper, recovery_key
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
shares = st.binary(min_size=16, max_size=16)


@given(shares)
def test_what_is_typed_is_what_was_written_down(data: bytes) -> None:
    text = on_paper(Secret(data))
    assert [len(group) for group in text.split("-")] == [4] * 8
    for typed in (text, text.lower(), text.replace("-", " "), text.replace("-", ""), f"  {text}\n"):
        assert from_paper(typed).matches(data)


@given(shares, st.integers(0, 31), st.sampled_from(_LETTERS))
def test_one_wrong_character_is_noticed(data: bytes, place: int, letter: str) -> None:
    text = on_paper(Secret(data)).replace("-", "")
    changed = text[:place] + letter + text[place + 1 :]
    if changed == text:
        return
    with pytest.raises(BadInput, match="recovery-share-mistyped"):
        from_paper(changed)


def test_digits_that_are_misread_letters_are_taken_for_them() -> None:
    drawn = (new_share(SystemEntropy()) for _ in range(10_000))
    share = next(share for share in drawn if set("OIB") <= set(on_paper(share)))
    misread = on_paper(share).translate(str.maketrans("OIB", "018"))
    assert from_paper(misread).matches(share)


@given(st.text(max_size=300))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="recovery-share-mistyped"):
        from_paper(text)


def test_each_share_has_its_own_key_and_always_the_same() -> None:
    first, second = new_share(SystemEntropy()), new_share(SystemEntropy())
    one, again, other = (recovery_key(share).public_key for share in (first, first, second))
    assert one == again != other
