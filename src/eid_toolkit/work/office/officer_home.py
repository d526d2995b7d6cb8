"""An officer's home: founded from a bundle whose authority's fingerprint was told, kept up to date by newer ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import NotPermitted

if TYPE_CHECKING:
    from eid_toolkit.books.trust.packs import Pack
    from eid_toolkit.standards.pki.trust_bundle import SignedBundle


@dataclass(frozen=True, slots=True)
class Taken:
    """A bundle that was handed to a home: what is believed now, what was before, and whose bundles are taken."""

    pack: Pack
    is_new: bool
    before: Pack | None
    authority: str
    """The fingerprint (SHA-256, hex) of the certificate that is pinned."""

    @property
    def added(self) -> int:
        """How many objects came with it."""
        return len(self._now - self._old) if self.is_new else 0

    @property
    def removed(self) -> int:
        """How many objects are believed no longer."""
        return len(self._old - self._now)

    @property
    def _now(self) -> set[str]:
        return {member.fingerprint for member in self.pack.members}

    @property
    def _old(self) -> set[str]:
        return {member.fingerprint for member in self.before.members} if self.before and self.is_new else set()


def take_bundle(root: Path, data: bytes, name: str, now: datetime, accept: str | None, operator: str | None) -> Taken:
    """Believe a bundle in place of the one before; ``accept`` is the whole fingerprint that pins its authority.

    All or nothing. Raises :class:`NotPermitted` in an authority's home and for a stranger's bundle, and
    :class:`BadInput` for one that is damaged or older than what was here.
    """
    from eid_toolkit.books.authorities.terminals import refresh
    from eid_toolkit.books.keys.opening import is_authority
    from eid_toolkit.books.trust.bundles import BundleStore
    from eid_toolkit.books.trust.packs import Role
    from eid_toolkit.books.trust.store import open_trust
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate

    if is_authority(root):
        raise NotPermitted("bundle-not-here")
    store = BundleStore(open_trust(root))
    before = store.present()
    pack, is_new = store.take(data, name, now, accept, operator)
    refresh(root, map(CvCertificate.parse, pack.data_of(Role.TERMINAL)))
    return Taken(pack, is_new, before, str(pack.facts["pin"]))


def found(root: Path, data: bytes, name: str, now: datetime, told: str, operator: str | None) -> Taken:
    """A new officer's home in the folder ``root``; ``told`` are the digits of the authority's fingerprint.

    They are those of the bundle signer's certificate or of the CSCA's that made it, at least 128 bits. Raises
    :class:`NotPermitted` where bundles are taken already, and for a bundle of somebody else.
    """
    from eid_toolkit.books.keys.opening import is_authority
    from eid_toolkit.books.trust.bundles import owners_of
    from eid_toolkit.standards.pki.trust_bundle import SignedBundle

    if is_authority(root):
        raise NotPermitted("bundle-not-here")
    if _pinned(root):
        raise NotPermitted("officer-home-present", home=root)
    signed: SignedBundle = SignedBundle.parse(data)
    accept = next((each.fingerprint for each in owners_of(signed) if each.fingerprint.startswith(told)), None)
    if accept is None:
        raise NotPermitted("officer-fingerprint-differs", authority=signed.bundle.authority)
    return take_bundle(root, data, name, now, accept, operator)


def update(root: Path, data: bytes, name: str, now: datetime, operator: str | None) -> Taken:
    """A newer bundle of the authority that the home was founded with; raises :class:`NotPermitted` without one."""
    from eid_toolkit.books.keys.opening import is_authority

    if not is_authority(root) and not _pinned(root):
        raise NotPermitted("officer-home-missing", home=root)
    return take_bundle(root, data, name, now, None, operator)


def lacking(root: Path) -> Iterator[str]:
    """What an officer's home does not have, as codes of messages, the gravest first; nothing in an authority's."""
    from eid_toolkit.books.authorities.terminals import certificates_at
    from eid_toolkit.books.keys.opening import is_authority
    from eid_toolkit.books.trust.store import open_trust
    from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys

    if is_authority(root):
        return
    material = open_trust(root).material()
    if not material.anchors:
        yield "officer-lacks-trust"
    elif material.bundle is None:
        yield "officer-lacks-bundle"
    if material.anchors and not material.crls:
        yield "officer-lacks-lists"
    if EvidenceKeys(root).own() is None:
        yield "officer-lacks-evidence-key"
    if not tuple(certificates_at(root)):
        yield "officer-lacks-terminal"


def _pinned(root: Path) -> bool:
    from eid_toolkit.books.trust.bundles import BundleStore
    from eid_toolkit.books.trust.store import open_trust

    return (root / "trust").is_dir() and BundleStore(open_trust(root)).pin() is not None
