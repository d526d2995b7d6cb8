"""Passphrases are stretched little in tests, but for those that look at what a person's passphrase costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eid_toolkit.books.keys import stretching

REAL_COST = stretching.PERSON_COST
"""As the software has it."""
_LITTLE = 1 << 4


@pytest.fixture(autouse=True, scope="session")
def stretched_little() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretching, "PERSON_COST", _LITTLE)
        yield
