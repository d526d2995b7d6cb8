"""Times as certificates and lists have them, also where they are not of RFC 5280's form (X.680 46 and 47)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.times import parse_time


@pytest.mark.parametrize(
    ("text", "generalized", "hour"),
    [
        (b"261101120000Z", False, 12),
        (b"2611011200Z", False, 12),
        (b"261101120000+0200", False, 10),
        (b"2611011200-0530", False, 17),
        (b"20261101120000Z", True, 12),
        (b"20261101120000.999Z", True, 12),
        (b"20261101120000,5+0100", True, 11),
    ],
)
def test_a_time_may_leave_out_seconds_and_be_of_another_zone(text: bytes, generalized: bool, hour: int) -> None:
    minute = 30 if text.endswith(b"0530") else 0
    assert parse_time(text, generalized=generalized) == datetime(2026, 11, 1, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "generalized"),
    [
        (b"20261101120000Z", False),
        (b"261101120000.5Z", False),
        (b"261101120000Z", True),
        (b"202611011200Z", True),
        (b"20261101120000", True),
        (b"20261101120000+2500", True),
        (b"00010101000000+0100", True),
        (b"99991231235959-0100", True),
        (b"00000101000000Z", True),
        (b"20261101120060Z", True),
        (b"20261101120000\xb2Z", True),
        (b"", True),
    ],
)
def test_what_is_no_time_or_has_no_zone_is_bad_input(text: bytes, generalized: bool) -> None:
    with pytest.raises(BadInput):
        parse_time(text, generalized=generalized)
