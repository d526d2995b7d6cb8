"""Editions of a master list: what a newer one by the same signer no longer has, and nothing else vouches for.

9303-12 9 says nothing of certificates that leave a list. They stay believed until people decide; a state drops a CSCA
whose key it no longer stands for, and sometimes one by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.books.trust.packs import Pack, Role
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.cms import SignedData
from eid_toolkit.standards.pki.names import SERIAL_NUMBER


@dataclass(frozen=True, slots=True)
class _Edition:
    signer: tuple[tuple[str, str], ...]
    """The signer's name without a serial number, which changes with its certificate."""
    signed_at: datetime | None
    imported_at: datetime
    members: frozenset[str]

    def is_before(self, other: _Edition) -> bool:
        if self.signed_at is not None and other.signed_at is not None:
            return self.signed_at < other.signed_at
        return self.imported_at < other.imported_at


def dropped(newer: Pack, packs: Iterable[Pack]) -> frozenset[str]:
    """The fingerprints of what earlier editions among ``packs`` have, and neither ``newer`` nor any other pack."""
    edition = _edition(newer)
    if edition is None:
        return frozenset()
    earlier: set[str] = set()
    elsewhere = set(edition.members)
    for pack in packs:
        if pack.sha256 == newer.sha256:
            continue
        other = _edition(pack)
        if other is not None and other.signer == edition.signer and other.is_before(edition):
            earlier |= other.members
        else:
            elsewhere |= _certificates(pack)
    return frozenset(earlier - elsewhere)


def _edition(pack: Pack) -> _Edition | None:
    """None for what is no master list, or one that nobody signed."""
    if pack.kind != "master-list" or pack.signer is None:
        return None
    try:
        (source,) = pack.data_of(Role.SOURCE)
        signed = SignedData.parse(source)
    except (ValueError, BadInput):
        return None
    certificate = signed.signer_certificate
    if certificate is None:
        return None
    name = tuple(pair for pair in certificate.subject.meaning if pair[0] != SERIAL_NUMBER)
    return _Edition(name, signed.signers[0].signing_time, pack.imported_at, _certificates(pack))


def _certificates(pack: Pack) -> frozenset[str]:
    return frozenset(member.fingerprint for member in pack.members if member.role in (Role.ANCHOR, Role.LINK))
