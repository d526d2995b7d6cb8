"""Whether what is believed in an authority's home was decided by two operators, or follows from what was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from eid_toolkit.errors import BadInput, IntegrityBroken
from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.judgement import Status
from eid_toolkit.pki.master_list import MasterList
from eid_toolkit.pki.trust_material import TrustMaterial
from eid_toolkit.pki.validation import validate_list_signer
from eid_toolkit.stores.operators import OperatorStore
from eid_toolkit.stores.trust_entry import Decision, TrustEntry
from eid_toolkit.stores.trust_packs import Basis, Pack, Role

_TWO = 2


def check_entry(entry: TrustEntry, operators: OperatorStore, own: frozenset[str]) -> None:
    """Raises :class:`IntegrityBroken` for a foreign anchor, given singly, that two operators did not decide on."""
    if entry.kind != "anchor" or entry.fingerprint in own:
        return
    decided = _count(entry.decisions, entry.statement, entry.imported_at, operators)
    _require(decided, _TWO, len(entry.decisions), entry.fingerprint)


def check_packs(packs: Iterable[Pack], singly: Iterable[TrustEntry], operators: OperatorStore) -> None:
    """Raises :class:`IntegrityBroken` for a list that brings anchors and was neither accepted by two operators, nor
    taken by one because its signer's CSCA is believed."""
    trust = _material(singly)
    waiting = [pack for pack in packs if pack.data_of(Role.ANCHOR)]
    while waiting:
        still = []
        for pack in waiting:
            decided = _count(pack.decisions, pack.statement, pack.imported_at, operators)
            chained = pack.basis is Basis.CHAIN and _is_proved(pack, trust)
            if pack.basis is Basis.CHAIN and not chained:
                still.append(pack)
                continue
            _require(decided, 1 if chained else _TWO, len(pack.decisions), pack.sha256)
            trust = _with(trust, pack)
        if len(still) == len(waiting):
            raise IntegrityBroken("trust-list-not-proved", sha256=still[0].sha256)
        waiting = still


def _is_proved(pack: Pack, trust: TrustMaterial) -> bool:
    """Whether the list itself is in the pack, holds all its members, and its signer's CSCA is believed."""
    try:
        (source,) = pack.data_of(Role.SOURCE)
        found = MasterList.parse(source)
    except (ValueError, BadInput):
        return False
    listed = {certificate.der for certificate in found.certificates}
    if not listed.issuperset((*pack.data_of(Role.ANCHOR), *pack.data_of(Role.LINK))):
        return False
    return validate_list_signer(found, trust, pack.imported_at).status is Status.PASSED


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


def _material(entries: Iterable[TrustEntry]) -> TrustMaterial:
    found = [(entry.kind, entry.item) for entry in entries if isinstance(entry.item, Certificate)]
    return TrustMaterial(
        anchors=tuple(item for kind, item in found if kind == "anchor"),
        links=tuple(item for kind, item in found if kind == "link"),
    )


def _with(trust: TrustMaterial, pack: Pack) -> TrustMaterial:
    return TrustMaterial(
        anchors=(*trust.anchors, *map(Certificate.parse, pack.data_of(Role.ANCHOR))),
        links=(*trust.links, *map(Certificate.parse, pack.data_of(Role.LINK))),
    )
