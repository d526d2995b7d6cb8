"""The runs of the matrix have the same randomness, so most of their points on curves are the same: once is enough."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from eid_toolkit.standards.crypto import points

_ENOUGH = 1 << 16


@pytest.fixture(autouse=True, scope="module")
def remembered_points() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("multiply", "multiply_base", "multiply_base_add"):
            patch.setattr(points, name, lru_cache(_ENOUGH)(getattr(points, name)))
        yield
