"""How text output shows times and hashes: the office's clock or UTC, all details or what people need.

Text only: in JSON times stay in UTC, and nothing is left out. What a value is follows from its type, or from the name
of its column; a text is never taken for a time because it looks like one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

import click

from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker

_META = "eid_toolkit.presentation"
_HEX = frozenset("0123456789abcdef")
TIMES = frozenset(
    {
        *("added_at", "at", "closed_at", "created", "created_at", "decided_at", "destroyed_at", "disabled"),
        *("disabled_at", "erased_at", "imported_at", "issued_at", "key_used_until", "list_imported_at", "moved_at"),
        *("next_update", "not_after", "not_before", "oldest", "opened_at", "received_at", "reported_at"),
        *("signer_not_after", "signing_time", "since", "started_at", "taken_at", "this_update", "time", "updated_at"),
        *("withdrawn_at", "paused_at", "proposed_at", "requested_at"),
    }
)
"""Columns and labels whose values are points in time, in ISO 8601 with their zone."""
_DETAILS = frozenset({"floor", "plan_hash", "profile_hash", "sha256"})
"""Hashes, and the heads of the register of which a bundle tells."""
_HASH_ENDING = "_sha256"
_SIGNER = "signer"
"""A signer is a name in some places, and the fingerprint of a certificate in others."""
_FINGERPRINT = 64
"""Hexadecimal digits of a SHA-256."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """How one run shows what it prints as text."""

    verbose: bool = False
    """Whether hashes are shown, and seconds of times."""
    zone: Callable[[], tzinfo | None] = field(default=lambda: UTC)
    """The zone that times are shown in; None is that of this machine. Asked for when a time is shown."""
    speaker: Speaker = ENGLISH
    """Who tells what happened."""

    def shows(self, name: str, value: object = None) -> bool:
        """Whether a column, or a label with its value, is shown: hashes that nobody compares are details."""
        if self.verbose:
            return True
        if name == _SIGNER and isinstance(value, str):
            return not (len(value) == _FINGERPRINT and set(value) <= _HEX)
        return not (name in _DETAILS or name.endswith(_HASH_ENDING))

    def time(self, time: datetime, *, seconds: bool = False) -> str:
        """A time with its zone's offset, for a sentence or a labelled value."""
        local = time.astimezone(self.zone())
        return f"{self._clock(local, seconds=seconds)} {_offset(local)}"

    def near(self, time: datetime) -> str:
        """A time of these days by the clock alone, without its zone."""
        return self._clock(time.astimezone(self.zone()))

    def day(self, time: datetime | str | None) -> str:
        """The day that it is by the clock at that time, which may be in ISO 8601; a dash for none."""
        if isinstance(time, str):
            time = datetime.fromisoformat(time)
        return self.speaker.date(f"{time.astimezone(self.zone()):%Y-%m-%d}") if time is not None else "-"

    def column(self, name: str, values: Iterable[object]) -> tuple[str, list[object]]:
        """A column's heading and values, its times as the clock shows them: the offset in the heading if it is one."""
        column, label = list(values), self.speaker.label(name)
        times = [time_in(name, value) for value in column]
        if not any(times):
            return label, [self.speaker.shown(name, value) for value in column]
        zone = self.zone()
        local = [None if time is None else time.astimezone(zone) for time in times]
        offsets = {_offset(each) for each in local if each is not None}
        if len(offsets) == 1:
            label = f"{label} ({offsets.pop()})"
            shown = [None if each is None else self._clock(each) for each in local]
        else:
            shown = [None if each is None else f"{self._clock(each)} {_offset(each)}" for each in local]
        return label, [value if text is None else text for value, text in zip(column, shown, strict=True)]

    def moment(self, text: str) -> datetime:
        """The point in time, in UTC, that is typed as the clock shows it, or with its zone (ISO 8601).

        Raises :class:`UsageError` for what is no time, and for one that in UTC is before the year 1 or behind 9999.
        """
        zone = self.zone()
        try:
            clock = datetime.fromisoformat(text.strip())
            if clock.tzinfo is None and zone is not None:
                clock = clock.replace(tzinfo=zone)
            return clock.astimezone(UTC)
        except (OverflowError, ValueError):
            raise UsageError("time-malformed", text=text) from None

    def _clock(self, local: datetime, *, seconds: bool = False) -> str:
        clock = f"{local:%H:%M:%S}" if self.verbose or seconds else f"{local:%H:%M}"
        return f"{self.speaker.date(f'{local:%Y-%m-%d}')} {clock}"


def present(presentation: Presentation) -> None:
    """Have the running command show its output so."""
    click.get_current_context().meta[_META] = presentation


def presentation() -> Presentation:
    """How the running command shows its output."""
    context = click.get_current_context(silent=True)
    known = context.meta.get(_META) if context is not None else None
    return known if isinstance(known, Presentation) else Presentation()


def time_in(name: str, value: object) -> datetime | None:
    """The point in time that a value is, by its type or by the name of its column; None for anything else."""
    if isinstance(value, str) and name in TIMES:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _offset(local: datetime) -> str:
    offset = f"{local:%z}"
    return f"{offset[:3]}:{offset[3:5]}" if local.utcoffset() else "UTC"
