"""Times in certificates: UTCTime to 2049, GeneralizedTime from 2050 on (9303-12 7.1.1, RFC 5280 4.1.2.5)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv

MAX_AHEAD = timedelta(days=1)
"""How far a list may be dated ahead of the clock by which it is taken: time zones and careless clocks need less."""

UTC_TIME = 0x17
GENERALIZED_TIME = 0x18

_FIRST_GENERALIZED_YEAR = 2050
_TO_MINUTE, _ZONE = r"(\d{2})(\d{2})(\d{2})(\d{2})", r"(?:Z|([+-])(\d{2})(\d{2}))"
# A GeneralizedTime without seconds would look like a UTCTime under the wrong tag.
_GENERALIZED = re.compile(rf"(\d{{4}}){_TO_MINUTE}(\d{{2}})(?:[.,]\d+)?{_ZONE}")
_UTC = re.compile(rf"(\d{{2}}){_TO_MINUTE}(\d{{2}})?{_ZONE}")


def is_ahead(dated: datetime | None, now: datetime) -> bool:
    """Whether a list is dated so far ahead of ``now`` that it is not taken, nor believed to tell the time."""
    return dated is not None and dated > now + MAX_AHEAD


def encode_time(time: datetime) -> bytes:
    """A Time in DER; ``time`` is in UTC and its fraction of a second is dropped."""
    if time.year < _FIRST_GENERALIZED_YEAR:
        return tlv.encode(UTC_TIME, time.strftime("%y%m%d%H%M%SZ").encode())
    return encode_generalized_time(time)


def encode_generalized_time(time: datetime, tag: int = GENERALIZED_TIME) -> bytes:
    """A GeneralizedTime in DER, whatever the year, under its own or an implicit ``tag``."""
    return tlv.encode(tag, f"{time.year:04}{time:%m%d%H%M%SZ}".encode())


def read_time(item: Tlv) -> datetime:
    """Either kind of time, in UTC; certificates in the field also have GeneralizedTime before 2050."""
    if item.tag not in (UTC_TIME, GENERALIZED_TIME):
        raise BadInput("certificate-time-malformed")
    return parse_time(item.value, generalized=item.tag == GENERALIZED_TIME)


def parse_time(value: bytes, *, generalized: bool) -> datetime:
    """The time in the content bytes; raises :class:`BadInput` if they are none.

    A UTCTime may leave out the seconds, a GeneralizedTime may have a fraction, which is dropped, and both may be of
    another zone (X.680 46 and 47), though RFC 5280 4.1.2.5 wants none of it.
    """
    match = (_GENERALIZED if generalized else _UTC).fullmatch(value.decode("latin-1"))
    if match is None:
        raise BadInput("certificate-time-malformed")
    *numbers, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in numbers)
    if not generalized:
        year += 2000 if year < 50 else 1900
    try:
        ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-ahead if sign == "-" else ahead)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput("certificate-time-malformed") from None
