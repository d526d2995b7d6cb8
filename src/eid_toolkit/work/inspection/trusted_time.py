"""The highest time ever learnt from a trusted source, and from which: a clock behind it has been set back.

Trusted are only signed statements (TR-03110-1 2.2.2): revocation lists of trusted authorities, and bundles of the
authority that is pinned. This machine's own clock is not, or one wrong setting far ahead would spoil every later
verdict. For the same reason a list dated more than a day ahead of the moment in which it was taken tells nothing, and
the pinned authority's next bundle, or two people on record, take back what lists told before: whoever says what time
it is outweighs what was heard earlier of a later time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.atomic import private_directory
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import REQUIRED, UtcTime, read_json, to_plain
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.times import is_ahead
from eid_toolkit.standards.pki.trust_index import Facts, Stored
from eid_toolkit.standards.pki.validation import TrustMaterial

_FILE = "trusted-time"
SCHEMA = "eid-trusted-time/1"
BUNDLE, CRL, RESET, EARLIER = "bundle", "crl", "reset", "earlier"
"""Kinds of sources; what an earlier version of the toolkit kept has no other name."""


@dataclass(frozen=True, slots=True)
class ToldTime:
    """A time, who told it, and why it does not count."""

    kind: str
    source: str
    """Who made the list or bundle; for a reset, who decided."""
    time: UtcTime
    taken_at: Annotated[UtcTime | None, REQUIRED] = None
    """When it came here, by this machine's clock; None where nobody wrote it down."""
    fingerprint: Annotated[str | None, REQUIRED] = None
    ignored: str | None = None
    """``dated-ahead`` or ``reset``."""

    to_json = to_plain


@dataclass(frozen=True, slots=True)
class _Kept:
    sources: tuple[ToldTime, ...]


def trusted_time(directory: Path, trust: TrustMaterial) -> datetime | None:
    """The highest time that lists and bundle of ``trust``, or of an earlier call, tell; kept in its directory."""
    told = told_times(directory, trust)
    counting = tuple(told_time for told_time in told if told_time.ignored is None)
    if counting != _read(directory / _FILE):
        _write(directory, counting)
    return max((told_time.time for told_time in counting), default=None)


def latest_told(trust: TrustMaterial) -> datetime | None:
    """The highest time that lists and bundle of ``trust`` tell, where no directory remembers earlier ones."""
    return max((told_time.time for told_time in (*_lists(trust), *_bundle(trust))), default=None)


def told_times(directory: Path, trust: TrustMaterial) -> tuple[ToldTime, ...]:
    """The highest time that each source told, the latest first; and those that do not count."""
    remembered = _read(directory / _FILE)
    here = [*_lists(trust), *_bundle(trust)]
    words = [entry for entry in (*remembered, *here) if entry.kind in (BUNDLE, RESET) and entry.taken_at is not None]
    judged = [
        _judged(entry, words) for entry in (*(entry for entry in remembered if not _is_explained(entry, here)), *here)
    ]
    highest: dict[tuple[str, str, str | None], ToldTime] = {}
    for told_time in sorted(judged, key=lambda told: told.time, reverse=True):
        highest.setdefault((told_time.kind, told_time.source, told_time.ignored), told_time)
    return tuple(highest.values())


def reset_trusted_time(directory: Path, trust: TrustMaterial, now: datetime, people: Iterable[str]) -> None:
    """Have ``now`` be believed in place of all later times that were told before; ``people`` decided so."""
    reset = ToldTime(RESET, ", ".join(people), now, now)
    others = [told_time for told_time in told_times(directory, trust) if told_time.kind != RESET]
    judged = [_judged(replace(told_time, ignored=None), [reset]) for told_time in others if told_time.ignored is None]
    _write(directory, (reset, *(told_time for told_time in judged if told_time.ignored is None)))


def _judged(told: ToldTime, words: Iterable[ToldTime]) -> ToldTime:
    if told.kind == CRL and told.taken_at is not None and is_ahead(told.time, told.taken_at):
        return replace(told, ignored="dated-ahead")
    if any(_is_outweighed(told, word) for word in words):
        return replace(told, ignored="reset")
    return told


def _is_outweighed(told: ToldTime, word: ToldTime) -> bool:
    """Whether somebody who may say so has said, after it was heard, that it is not so late."""
    if word.taken_at is None or told.time <= word.time or told.kind == word.kind == BUNDLE:
        return False
    return told.taken_at is None or told.taken_at < word.taken_at


def _is_explained(remembered: ToldTime, here: Iterable[ToldTime]) -> bool:
    """Whether a time that an earlier version kept without its source is that of something that is here."""
    return remembered.kind == EARLIER and any(remembered.time == told_time.time for told_time in here)


def _lists(trust: TrustMaterial) -> Iterable[ToldTime]:
    for fact in trust.crls.facts if isinstance(trust.crls, Stored) else map(_facts, trust.crls):
        if fact.dated is not None:
            yield ToldTime(CRL, fact.name or "?", fact.dated, fact.taken_at, fact.fingerprint)


def _facts(crl: Crl) -> Facts:
    return Facts(crl.fingerprint, crl.country, name=crl.issuer.text, dated=crl.this_update)


def _bundle(trust: TrustMaterial) -> Iterable[ToldTime]:
    if trust.bundle is not None:
        bundle = trust.bundle
        yield ToldTime(BUNDLE, bundle.authority, bundle.issued_at, bundle.taken_at, bundle.fingerprint)


def _write(directory: Path, counting: Iterable[ToldTime]) -> None:
    data = {"schema": SCHEMA, **to_plain(_Kept(tuple(counting)))}
    change(private_directory(directory) / _FILE, json.dumps(data, indent=1).encode())


def _read(path: Path) -> tuple[ToldTime, ...]:
    try:
        text = path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ()
    except ValueError:
        raise IntegrityBroken("trusted-time-damaged", file=path.name) from None
    try:
        if not text.startswith("{"):  # until sources were kept, one time stood here
            return (ToldTime(EARLIER, "?", datetime.fromisoformat(text).astimezone(UTC)),)
        return read_json(_Kept, text, SCHEMA).sources
    except (ValueError, OverflowError):
        raise IntegrityBroken("trusted-time-damaged", file=path.name) from None
