"""Whether what is believed in an authority's home was decided by two operators, or follows from what was.

It is asked for each anchor when it is first read: a list that holds it is enough, so that of thirty editions of a
list mostly one is compared with its decisions or its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.trust.entry import Decision, TrustEntry
from eid_toolkit.books.trust.importing import needs_two
from eid_toolkit.books.trust.packs import Basis, Pack, PackShelf, Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.judgement import Status
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.trust_index import Facts, place_of
from eid_toolkit.standards.pki.trust_material import TrustMaterial
from eid_toolkit.standards.pki.validation import validate_deviation_list, validate_list_signer

if TYPE_CHECKING:
    from eid_toolkit.books.staff.operators import OperatorStore

_TWO = 2
_MAY = Permission.MANAGE_KEYS


class DecisionCheck:
    """Looks decisions and proofs up for one :class:`TrustMaterial`, and remembers which lists are good."""

    def __init__(
        self,
        facts: Mapping[str, Sequence[Facts]],
        entries: Callable[[set[str]], Sequence[TrustEntry]],
        packs: PackShelf,
        operators: OperatorStore,
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._facts = facts
        self._own = own
        self._entries = entries
        self._packs = packs
        self._operators = operators
        self._good_lists: set[str] = set()
        self._good: set[str] = set()
        """Anchors and links that are decided on, or stand in a good list."""
        self._by_one: dict[str, datetime] = {}
        """Anchors in good lists that one operator took, with the time of the earliest: some of them take two."""
        self._asked: set[str] = set()

    def require(self, anchors: Iterable[str]) -> None:
        """Raises :class:`IntegrityBroken` unless each anchor, by its fingerprint, is decided on or proved."""
        for entry in self._entries(set(anchors) - self._good):
            if entry.listed_in is None:
                _require(self._decided(entry), _TWO, len(entry.decisions), entry.fingerprint)
                self._good.add(entry.fingerprint)
        for fingerprint in anchors:
            if fingerprint not in self._good:
                self._prove(fingerprint)

    def require_lists(self, deviation_lists: Iterable[str]) -> None:
        """Likewise for deviation lists: accepted by two operators, or taken by one and still proved."""
        for fingerprint in deviation_lists:
            pack = self._packs.get(fingerprint)
            if pack is None or pack.kind != "deviation-list":  # another program put it there
                raise IntegrityBroken("trust-decision-signature", fingerprint=fingerprint)
            chained = pack.basis is Basis.CHAIN
            decided = _count(pack.decisions, pack.statement, pack.imported_at, self._operators)
            _require(decided, 1 if chained else _TWO, len(pack.decisions), fingerprint)
            if chained and not self._is_by_believed(pack):
                raise IntegrityBroken("trust-list-not-proved", sha256=fingerprint)

    def _is_by_believed(self, pack: Pack) -> bool:
        try:
            (data,) = pack.data_of(Role.DEVIATION_LIST)
            found = DeviationList.parse(data)
        except (ValueError, BadInput):
            return False
        for anchor in self._of_place(Role.ANCHOR, found.country):
            with suppress(IntegrityBroken):  # another one may be the signer's
                self.require((anchor,))
        return validate_deviation_list(found, self._of_state(found.country), pack.imported_at).status is Status.PASSED

    def _prove(self, anchor: str) -> None:
        """Find a good list with the anchor; for that, lists may have to be found good that vouch for its signer."""
        holders = {pack.sha256 for pack in self._packs.holding(anchor)}
        heads = sorted(self._packs.heads(), key=lambda pack: pack.imported_at, reverse=True)
        heads.sort(key=lambda pack: (pack.basis is Basis.CHAIN, pack.sha256 not in holders))
        waiting = [pack.sha256 for pack in heads if pack.sha256 not in self._good_lists]
        if self._holds(anchor):
            return
        broken: IntegrityBroken | None = None
        while waiting:
            still, broken = [], None
            for name in waiting:
                try:
                    self._look_at(name)
                except IntegrityBroken as error:
                    still.append(name)
                    broken = broken or (error if name in holders else None)
                if self._holds(anchor):
                    return
            if len(still) == len(waiting):
                break
            waiting = still
        if anchor in self._by_one:
            raise IntegrityBroken("trust-anchor-second-missing", fingerprint=anchor)
        raise broken or IntegrityBroken("trust-entry-damaged", fingerprint=anchor)

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
        anchors = {member.fingerprint for member in pack.members if member.role is Role.ANCHOR}
        self._good |= {member.fingerprint for member in pack.members if member.role is Role.LINK}
        if decided >= _TWO:
            self._good |= anchors
            return
        for fingerprint in anchors:
            self._by_one[fingerprint] = min(pack.imported_at, self._by_one.get(fingerprint, pack.imported_at))

    def _holds(self, anchor: str) -> bool:
        """Whether an anchor is good by what was looked at so far."""
        if anchor in self._good:
            return True
        if anchor not in self._by_one or anchor in self._asked:
            return False
        self._asked.add(anchor)
        try:
            doubtful = self._is_doubtful(anchor)
        finally:
            self._asked.discard(anchor)
        if not doubtful:
            self._good.add(anchor)
        return not doubtful

    def _is_doubtful(self, anchor: str) -> bool:
        """Whether one operator could not take it: its state had others by then, or is the home's own."""
        (entry,) = self._entries({anchor})
        country = entry.item.country
        others = self._of_place(Role.ANCHOR, country) - {anchor}
        earlier = {each.fingerprint for each in self._entries(others) if each.imported_at < self._by_one[anchor]}
        if not earlier and not any(place_of(country) == place_of(state) for state in self._own):
            return False
        links = tuple(each.item for each in self._entries(self._of_place(Role.LINK, country)))
        before = TrustMaterial(
            tuple(each.item for each in self._entries(earlier) if self._stands(each)),  # type: ignore[misc]
            links=links,  # type: ignore[arg-type]
        )
        assert isinstance(entry.item, Certificate)
        return needs_two(entry.item, before, self._own) or bool(earlier and not before.anchors)

    def _of_place(self, role: Role, country: str | None) -> set[str]:
        """The fingerprints of what there is of a state."""
        place = place_of(country)
        return {fact.fingerprint for fact in self._facts[role.value] if place_of(fact.country) == place}

    def _stands(self, entry: TrustEntry) -> bool:
        return self._holds(entry.fingerprint) or (entry.listed_in is None and self._is_decided(entry))

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
        by_role: dict[str, list[Any]] = {Role.ANCHOR.value: [], Role.LINK.value: []}
        for entry in self._entries(self._of_place(Role.ANCHOR, country) | self._of_place(Role.LINK, country)):
            if self._stands(entry):
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
        if operators.verify(decision.operator or "-", statement(decision.operator), decision.signature, at, _MAY)
    }
    return len(people)


def _require(decided: int, needed: int, claimed: int, fingerprint: str) -> None:
    if decided >= needed:
        return
    if decided and decided == claimed:
        raise IntegrityBroken("trust-decision-second-missing", fingerprint=fingerprint)
    raise IntegrityBroken("trust-decision-signature", fingerprint=fingerprint)
