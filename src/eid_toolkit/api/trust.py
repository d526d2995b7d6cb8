"""What an inspection believes, read from files or given in memory: no home is needed, and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eid_toolkit.ground.errors import BadInput

if TYPE_CHECKING:
    from eid_toolkit.books.trust.importing import Plan
    from eid_toolkit.books.trust.sources import Sources
    from eid_toolkit.standards.pki.trust_material import TrustMaterial


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not believed: where it stands, what it is, and the reason's code.

    ``accept`` is the fingerprint (SHA-256, hex) by which it would be, if somebody vouches for it; None where nothing
    helps.
    """

    source: str
    what: str
    reason: str
    accept: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def sentence(self) -> str:
        """The reason for a person."""
        from eid_toolkit.ground.messages.catalogue import ENGLISH

        return ENGLISH.explain(self.reason, {"subject": self.what, "issuer": self.what, **self.facts})


@dataclass(frozen=True, slots=True)
class Trust:
    """The CSCA certificates, links, revocation lists and other lists that a verdict rests on (ICAO Doc 9303-12).

    What could not be read, and what nothing here proves, stands in ``left_out``. A self-signed CSCA certificate is
    believed because the caller gives it; a list only if the key of a believed CSCA vouches for it, a master list also
    if ``accept`` has the fingerprint that ``left_out`` tells. ``complete_states`` are states (two or three letters) of
    whose CSCAs none is missing: only their signers are proved false where no CSCA made them.
    """

    _material: TrustMaterial = field(repr=False)
    left_out: tuple[LeftOut, ...] = ()

    @classmethod
    def from_folder(
        cls, path: str | os.PathLike[str], *, accept: Iterable[str] = (), complete_states: Iterable[str] = ()
    ) -> Trust:
        """The files of a folder, but for hidden ones: certificates, CRLs and lists in DER, PEM or CMS, and LDIF.

        Raises :class:`OSError` where there is no such folder.
        """
        files = sorted(entry for entry in Path(path).iterdir() if entry.is_file() and not entry.name.startswith("."))
        return cls.from_files(*files, accept=accept, complete_states=complete_states)

    @classmethod
    def from_files(
        cls, *paths: str | os.PathLike[str], accept: Iterable[str] = (), complete_states: Iterable[str] = ()
    ) -> Trust:
        """The same from single files."""
        from eid_toolkit.books.trust.sources import Sources, read_files

        sources, unreadable = Sources(), []
        for path in map(Path, paths):
            try:
                _add(sources, read_files((path,)))
            except BadInput as error:
                unreadable.append(LeftOut(path.name, "file", error.code, facts=error.facts))
            except OSError as error:
                facts = {"file": path.name, "reason": error.strerror or str(error)}
                unreadable.append(LeftOut(path.name, "file", "file-away", facts=facts))
        return cls._of_sources(sources, unreadable, accept, complete_states)

    @classmethod
    def of(
        cls,
        certificates: Iterable[Any],
        crls: Iterable[Any] = (),
        *,
        accept: Iterable[str] = (),
        complete_states: Iterable[str] = (),
    ) -> Trust:
        """The same from memory: bytes in DER or PEM, or certificates and lists of the package ``cryptography``."""
        from eid_toolkit.books.keys.foreign import der_of
        from eid_toolkit.books.trust.sources import Sources, read_bytes

        sources, unreadable = Sources(), []
        for kind, items in (("certificate", certificates), ("crl", crls)):
            for number, item in enumerate(items, 1):
                try:
                    read_bytes(sources, f"{kind} {number}", item if isinstance(item, bytes) else der_of(item))
                except BadInput as error:
                    unreadable.append(LeftOut(f"{kind} {number}", kind, error.code, facts=error.facts))
        return cls._of_sources(sources, unreadable, accept, complete_states)

    @property
    def states(self) -> tuple[str, ...]:
        """The states whose CSCAs are believed, by their two letters."""
        return tuple(sorted({anchor.country for anchor in self._material.anchors if anchor.country is not None}))

    @classmethod
    def _of_sources(
        cls, sources: Sources, unreadable: list[LeftOut], accept: Iterable[str], complete_states: Iterable[str]
    ) -> Trust:
        from eid_toolkit.books.trust.importing import Planner
        from eid_toolkit.standards.pki.trust_material import TrustMaterial

        accepted = frozenset(text.replace(":", "").replace(" ", "").lower() for text in accept)
        planner = Planner(TrustMaterial(), known=frozenset(), removed=frozenset(), accepted=accepted)
        plan = planner.plan(sources, datetime.now(UTC))
        left_out = [
            LeftOut(refusal.source, refusal.what, refusal.reason, facts=refusal.facts) for refusal in plan.refused
        ]
        for question in plan.questions:
            error = question.error
            left_out.append(LeftOut(question.source, question.name, error.code, question.accept, error.facts))
        return cls(_material_of(plan, complete_states), (*unreadable, *left_out))


def _add(to: Sources, more: Sources) -> None:
    for name in ("certificates", "crls", "lists", "deviation_lists", "directories", "refused"):
        getattr(to, name).extend(getattr(more, name))


def _material_of(plan: Plan, complete_states: Iterable[str]) -> TrustMaterial:
    """What a trust store would hold after the import that was planned."""
    from eid_toolkit.books.trust.packs import PARSERS, Role
    from eid_toolkit.standards.pki.trust_material import TrustMaterial

    by_role: dict[str, dict[str, Any]] = {role: {} for role in (*PARSERS, Role.SIGNER.value)}
    for entry in plan.entries:
        by_role[entry.kind][entry.fingerprint] = entry.item
    for member in (member for pack in plan.packs for member in pack.members):
        role = member.role.value
        if role in PARSERS:
            by_role[role][member.fingerprint] = member.item or PARSERS[role](member.data)
        elif role in by_role:
            by_role[role][member.fingerprint] = member.data
    return TrustMaterial(
        anchors=tuple(by_role[Role.ANCHOR].values()),
        crls=tuple(by_role[Role.CRL].values()),
        links=tuple(by_role[Role.LINK].values()),
        deviation_lists=tuple(by_role[Role.DEVIATION_LIST].values()),
        signers=tuple(by_role[Role.SIGNER].values()),
        complete_states=frozenset(complete_states),
    )
