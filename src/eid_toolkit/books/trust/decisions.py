"""Whether what is believed in an authority's home was decided by two operators, or follows from what was.

It is asked for each anchor when it is first read: a list that holds it is enough, so that of thirty editions of a
list mostly one is compared with its decisions or its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eid_toolkit.books.trust.entry import Decision, TrustEntry
from eid_toolkit.books.trust.packs import Basis, Pack, PackShelf, Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.standards.pki.judgement import Status
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.trust_index import Facts, place_of
from eid_toolkit.standards.pki.trust_material import TrustMaterial
from eid_toolkit.standards.pki.validation import validate_list_signer

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import OperatorStore

_TWO = 2


class DecisionCheck:
    """Looks decisions and proofs up for one :class:`TrustMaterial`, and remembers which lists are good."""

    def __init__(
        self,
        facts: Mapping[str, Sequence[Facts]],
        entries: Callable[[set[str]], Sequence[TrustEntry]],
        packs: PackShelf,
        operators: OperatorStore,
    ) -> None:
        self._facts = facts
        self._entries = entries
        self._packs = packs
        self._operators = operators
        self._good_lists: set[str] = set()
        self._good: set[str] = set()
        """Anchors and links that are decided on, or stand in a good list."""

    def require(self, anchors: Iterable[str]) -> None:
        """Raises :class:`IntegrityBroken` unless each anchor, by its fingerprint, is decided on or proved."""
        for entry in self._entries(set(anchors) - self._good):
            if entry.listed_in is None:
                _require(self._decided(entry), _TWO, len(entry.decisions), entry.fingerprint)
                self._good.add(entry.fingerprint)
        for fingerprint in anchors:
            if fingerprint not in self._good:
                self._prove(fingerprint)

    def _prove(self, anchor: str) -> None:
        """Find a good list with the anchor; for that, lists may have to be found good that vouch for its signer."""
        holders = {pack.sha256 for pack in self._packs.holding(anchor)}
        heads = sorted(self._packs.heads(), key=lambda pack: pack.imported_at, reverse=True)
        heads.sort(key=lambda pack: (pack.basis is Basis.CHAIN, pack.sha256 not in holders))
        waiting = [pack.sha256 for pack in heads if pack.sha256 not in self._good_lists]
        while waiting:
            still, broken = [], None
            for name in waiting:
                try:
                    self._look_at(name)
                except IntegrityBroken as error:
                    still.append(name)
                    broken = broken or (error if name in holders else None)
                if anchor in self._good:
                    return
            if len(still) == len(waiting):
                raise broken or IntegrityBroken("trust-entry-damaged", fingerprint=anchor)
            waiting = still

    def _look_at(self, name: str) -> None:
        """Raises :class:`IntegrityBroken` for a list that brings anchors and was neither accepted by two operators, nor
        taken by one because its signer's CSCA is believed."""
        pack = self._packs.get(name)
        if pack is None:
            return
        chained = pack.basis is Basis.CHAIN
        if chained and not self._is_proved(pack):
            raise IntegrityBroken("trust-list-not-proved", sha256=name)
        decided = _count(pack.decisions, pack.statement, pack.imported_at, self._operators)
        _require(decided, 1 if chained else _TWO, len(pack.decisions), name)
        self._good_lists.add(name)
        self._good |= {member.fingerprint for member in pack.members if member.role in (Role.ANCHOR, Role.LINK)}

    def _is_proved(self, pack: Pack) -> bool:
        """Whether the list itself is in the pack, holds all its members, and its signer's CSCA is believed."""
        try:
            (source,) = pack.data_of(Role.SOURCE)
            signed, listed = MasterList.signed_content(source)
        except (ValueError, BadInput):
            return False
        if not listed.issuperset(each.fingerprint for each in pack.members if each.role in (Role.ANCHOR, Role.LINK)):
            return False
        signer = signed.signer_certificate
        trust = self._of_state(None if signer is None else signer.issuer.country)
        return validate_list_signer(MasterList((), (), signed), trust, pack.imported_at).status is Status.PASSED

    def _of_state(self, country: str | None) -> TrustMaterial:
        """What of one state is known to be good by now."""
        roles = (Role.ANCHOR.value, Role.LINK.value)
        fingerprints = {
            fact.fingerprint
            for role in roles
            for fact in self._facts[role]
            if place_of(fact.country) == place_of(country)
        }
        by_role: dict[str, list[Any]] = {role: [] for role in roles}
        for entry in self._entries(fingerprints):
            if entry.fingerprint in self._good or (entry.listed_in is None and self._is_decided(entry)):
                by_role[entry.kind].append(entry.item)
        return TrustMaterial(anchors=tuple(by_role[Role.ANCHOR]), links=tuple(by_role[Role.LINK]))

    def _is_decided(self, entry: TrustEntry) -> bool:
        return entry.kind != Role.ANCHOR or self._decided(entry) >= _TWO

    def _decided(self, entry: TrustEntry) -> int:
        return _count(entry.decisions, entry.statement, entry.imported_at, self._operators)


def _count(
    decisions: Iterable[Decision], statement: Callable[[str | None], bytes], at: datetime, operators: OperatorStore
) -> int:
    """How many different operators' signatures hold."""
    people = {
        (decision.operator or "").casefold()
        for decision in decisions
        if operators.verify(decision.operator or "-", statement(decision.operator), decision.signature, at)
    }
    return len(people)


def _require(decided: int, needed: int, claimed: int, fingerprint: str) -> None:
    if decided >= needed:
        return
    if decided and decided == claimed:
        raise IntegrityBroken("trust-decision-second-missing", fingerprint=fingerprint)
    raise IntegrityBroken("trust-decision-signature", fingerprint=fingerprint)
