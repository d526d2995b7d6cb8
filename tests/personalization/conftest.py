"""The bureau that these tests work in."""

from __future__ import annotations

import pytest

from support.bureau import Bureau
from support.homes import Desk


@pytest.fixture
def bureau(desk: Desk) -> Bureau:
    """A bureau in a fresh demo home."""
    return Bureau(desk)
