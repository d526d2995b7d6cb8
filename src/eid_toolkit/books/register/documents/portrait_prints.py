"""Prints of portraits, by which the same picture is found again at another person's application.

A print is the SHA-256 of the finished portrait and its fingerprint of 64 bits
(:mod:`eid_toolkit.ground.images.fingerprint`). The fingerprint is kept in four parts, each with an index of its own: of
two fingerprints that differ in three bits at the most, one part is the same, so that whatever is near-equal is among
the rows that share a part, and nothing else is read. Prints are personal data of the person whose portrait it is, and
go with it. The log does not cover them: who changes rows with the database's own tools can hide a picture from the
comparison, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, union

from eid_toolkit.books.ledger.schema import application, person, portrait_print
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.ground.images.fingerprint import BANDS, NEAR, bands_of, of_bands
from eid_toolkit.ground.images.portrait import Portrait, look_at_portrait

MOST_TOLD = 20
"""Of more that are alike the nearest ones are told."""
_CHUNK = 500
_BANDS = tuple(portrait_print.c[f"band_{number}"] for number in range(BANDS))


@dataclass(frozen=True, slots=True)
class PortraitPrint:
    """What a portrait is compared by."""

    sha256: str
    fingerprint: int


@dataclass(frozen=True, slots=True)
class Alike:
    """An application of another person whose portrait is equal, or nearly so."""

    application: str
    equal: bool
    """Whether it is the same file, byte for byte."""
    bits: int
    """In how many of 64 bits the fingerprints differ."""


def print_of(portrait: Portrait, fingerprint: int | None = None) -> PortraitPrint:
    """The print of a finished portrait; its ``fingerprint`` is made of it where it is not known already."""
    known = look_at_portrait(portrait.image)[2] if fingerprint is None else fingerprint
    return PortraitPrint(sha256(portrait.image).hexdigest(), known)


def keep_print(connection: Connection, application_id: str, kept: PortraitPrint) -> None:
    """Keep the print of an application's portrait."""
    bands = {f"band_{number}": band for number, band in enumerate(bands_of(kept.fingerprint))}
    row = {"application_id": application_id, "sha256": kept.sha256, **bands}
    connection.execute(insert(portrait_print), [row])


def forget_prints(connection: Connection, applications: Sequence[str]) -> None:
    """Delete the prints of these applications."""
    for start in range(0, len(applications), _CHUNK):
        some = applications[start : start + _CHUNK]
        connection.execute(delete(portrait_print).where(portrait_print.c.application_id.in_(some)))


def print_of_application(connection: Connection, application_id: str) -> PortraitPrint | None:
    """The print of an application's portrait; none of one from before there were prints."""
    wanted = select(portrait_print.c.sha256, *_BANDS).where(portrait_print.c.application_id == application_id)
    row = connection.execute(wanted).first()
    if row is None:
        return None
    return PortraitPrint(row.sha256, stored(of_bands, tuple(row[1:]), "the print of a portrait"))


def alike_to(connection: Connection, looked_for: PortraitPrint, person_id: str) -> tuple[Alike, ...]:
    """Applications of others than this person with an equal or near-equal portrait, the nearest first.

    Who was found to be the same person is no other. At most :data:`MOST_TOLD`.
    """
    table = portrait_print.c
    bands = bands_of(looked_for.fingerprint)
    same = select(table.application_id).where(table.sha256 == looked_for.sha256)
    near = (select(table.application_id).where(column == band) for column, band in zip(_BANDS, bands, strict=True))
    candidates = union(same, *near).subquery()
    wanted = select(table.application_id, table.sha256, *_BANDS)
    joined = wanted.join(candidates, candidates.c.application_id == table.application_id)
    found: list[Alike] = []
    for application_id, digest, *theirs in connection.execute(joined):
        bits = stored(lambda kept: _distance(bands, kept), theirs, "the print of a portrait")
        if bits <= NEAR or digest == looked_for.sha256:
            found.append(Alike(application_id, digest == looked_for.sha256, bits))
    found.sort(key=lambda each: (not each.equal, each.bits, each.application))
    others: list[Alike] = []
    for start in range(0, len(found), _CHUNK):
        some = found[start : start + _CHUNK]
        of_others = _of_others(connection, [each.application for each in some], person_id)
        others += [each for each in some if each.application in of_others]
        if len(others) >= MOST_TOLD:
            break
    return tuple(others[:MOST_TOLD])


def _distance(bands: Sequence[int], others: Sequence[int]) -> int:
    """In how many bits two fingerprints differ, part by part: of a picture with few details thousands may share one."""
    return sum((one ^ other).bit_count() for one, other in zip(bands, others, strict=True))


def _of_others(connection: Connection, applications: Sequence[str], person_id: str) -> set[str]:
    """Those of the applications that are not the person's, and of nobody who was found to be the same."""
    kept = connection.execute(select(person.c.merged_into).where(person.c.id == person_id)).scalar() or person_id
    query = (
        select(application.c.id)
        .join(person, application.c.person_id == person.c.id)
        .where(application.c.id.in_(applications), person.c.id.not_in([person_id, kept]))
        .where(person.c.merged_into.is_(None) | (person.c.merged_into != kept))
    )
    return set(connection.execute(query).scalars())
