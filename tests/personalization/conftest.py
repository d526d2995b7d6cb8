"""The bureau that these tests work in."""

from __future__ import annotations

import pytest

from support.bureau import Bureau
from support.homes import Desk, demo_home, demo_home_template, desk

__all__ = ["demo_home", "demo_home_template", "desk"]


@pytest.fixture
def bureau(desk: Desk) -> Bureau:
    """A bureau in a fresh demo home."""
    return Bureau(desk)
