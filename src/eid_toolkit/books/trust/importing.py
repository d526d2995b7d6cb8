"""What an import would do to a trust store: worked out first, decided on by people, and only then carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from eid_toolkit.books.trust.entry import TrustEntry, claims_own_key, kind_of_certificate
from eid_toolkit.books.trust.packs import Basis, Member, Pack, Role
from eid_toolkit.books.trust.sources import Directory, ListFound, Refused, Sources
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.crypto.signatures import algorithms_agree
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.judgement import ChainResult, Status
from eid_toolkit.standards.pki.times import is_ahead
from eid_toolkit.standards.pki.trust_material import may_certify
from eid_toolkit.standards.pki.validation import TrustMaterial, validate_deviation_list, validate_list_signer

_QUESTIONS = {
    "list-signer-unknown": "trust-list-signer-unknown",
    "list-signer-expired": "trust-list-signer-expired",
    "list-signer-expired-unknown": "trust-list-signer-expired-unknown",
    "list-signer-not-yet-valid": "trust-list-signer-not-yet-valid",
    "csca-expired": "trust-list-csca-expired",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A list that is believed only if people accept it: by what, whose it is, and why nothing else vouches for it."""

    source: str
    accept: str
    """The fingerprint of the signer's certificate; of a bare list its own SHA-256."""
    name: str
    reason: str
    bare: bool
    facts: Mapping[str, object] = field(default_factory=dict)
    """Of the reason: until when a certificate that has expired was valid."""

    @property
    def error(self) -> BadInput:
        """Why the list is not taken, and what would take it."""
        code = "trust-list-bare" if self.bare else _QUESTIONS.get(self.reason, "trust-list-not-provable")
        return BadInput(code, accept=self.accept, signer=self.name, reason=self.reason, **self.facts)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An anchor in a proved list, for the home's own state or for one of which there is another anchor already.

    That its signer's state is believed says nothing of other states' CSCAs: a first one is taken on its word, a further
    one only if a link from a believed one leads to it, or two people say so.
    """

    pack: str
    """The list's SHA-256."""
    source: str
    certificate: Certificate


@dataclass
class Plan:
    """What an import comes to; nothing of it is done yet."""

    entries: list[TrustEntry] = field(default_factory=list)
    packs: list[Pack] = field(default_factory=list)
    known: list[tuple[str, str]] = field(default_factory=list)
    """Source and SHA-256 of what is here already."""
    refused: list[Refused] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    dropped: list[tuple[str, TrustEntry]] = field(default_factory=list)
    """What the list of a source no longer has, and its signer's earlier editions had; it stays believed."""
    errors: dict[str, BadInput] = field(default_factory=dict)
    """By source, for a file out of which nothing was taken: the first reason."""

    doubtful: list[Doubtful] = field(default_factory=list)
    """What proved lists bring, and is believed only if people say so."""

    def decided_by_people(self) -> list[str]:
        """The fingerprints of what is believed because people say so: anchors given singly, lists accepted, and lists
        with an anchor that is doubtful."""
        singly = [entry.fingerprint for entry in self.entries if entry.kind == "anchor"]
        doubtful = {each.pack for each in self.doubtful}
        packs = (pack for pack in self.packs if pack.basis in (Basis.SIGNER, Basis.LIST) or pack.sha256 in doubtful)
        return singly + [pack.sha256 for pack in packs]

    def check(self) -> None:
        """Raises :class:`BadInput` for a file of which nothing can be taken: then nothing of any file is."""
        useful = {entry.source for entry in self.entries} | {pack.name for pack in self.packs}
        useful |= {source for source, _ in self.known}
        for source, error in self.errors.items():
            if source not in useful:
                raise error
        for question in self.questions:
            if question.source not in useful:
                raise question.error


class Planner:
    """Works out one import against what is believed now."""

    def __init__(
        self,
        trust: TrustMaterial,
        known: frozenset[str],
        removed: frozenset[str],
        accepted: frozenset[str],
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._trust = trust
        self._own = own
        self._known = known
        self._removed = removed
        self._accepted = accepted
        self._plan = Plan()

    def plan(self, sources: Sources, now: datetime) -> Plan:
        """The plan for these sources."""
        self._plan.refused += sources.refused
        for source, certificate in sources.certificates:
            self._certificate(source, certificate, now)
        self._lists(sources.lists, now)
        for source, crl in sources.crls:
            self._crl(source, crl, now)
        for directory in sources.directories:
            self._directory(directory, now)
        for source, deviation_list in sources.deviation_lists:
            if self._is_ahead(source, deviation_list.signer, deviation_list.signing_time, now):
                continue
            result = validate_deviation_list(deviation_list, self._trust, now)
            if deviation_list.fingerprint in self._known:
                self._plan.known.append((source, deviation_list.fingerprint))
            elif basis := self._basis(source, result, deviation_list.signer, deviation_list.fingerprint, now):
                members = (Member.of(Role.DEVIATION_LIST, deviation_list.der, deviation_list),)
                signer = deviation_list.signer.subject.text if deviation_list.signer else None
                self._plan.packs.append(
                    Pack("deviation-list", source, deviation_list.fingerprint, basis, now, members, signer)
                )
        return self._plan

    def _certificate(self, source: str, certificate: Certificate, now: datetime) -> None:
        kind, fingerprint = kind_of_certificate(certificate), certificate.fingerprint
        if kind is None or certificate.country is None:
            self._refuse(source, certificate, kind)
        elif fingerprint in self._known:
            self._plan.known.append((source, fingerprint))
        elif all(entry.fingerprint != fingerprint for entry in self._plan.entries):
            self._plan.entries.append(TrustEntry(certificate, kind, source, now))
            self._believe([Member.of(Role(kind), certificate.der)], [certificate])

    def _refuse(self, source: str, certificate: Certificate, kind: str | None) -> None:
        subject = certificate.subject.text
        if kind is not None:
            error = BadInput("trust-csca-without-country", subject=subject)
        elif not algorithms_agree(certificate.signature_algorithm_der, certificate.inner_algorithm_der):
            error = BadInput("signature-algorithms-differ")
        elif may_certify(certificate) and claims_own_key(certificate):
            error = BadInput("trust-self-signature", subject=subject)
        else:
            error = BadInput("trust-not-a-csca", subject=subject)
        self._plan.refused.append(Refused(source, subject, error.code))
        self._plan.errors.setdefault(source, error)

    def _lists(self, lists: list[ListFound], now: datetime) -> None:
        """One list can bring the CSCA of another list's signer: go round until no more is believed."""
        waiting, questions = list(lists), len(self._plan.questions)
        while waiting:
            del self._plan.questions[questions:]
            still = [master_list for master_list in waiting if not self._list(master_list, now)]
            if len(still) == len(waiting):
                return
            waiting = still

    def _list(self, master_list: ListFound, now: datetime) -> bool:
        """Whether the list is dealt with, and not only waiting for its signer to be known."""
        if master_list.sha256 in self._known:
            self._plan.known += [(master_list.source, each.fingerprint) for each in master_list.found.certificates]
            return True
        signed = master_list.found.signed
        if signed is not None and self._is_ahead(
            master_list.source, master_list.found.signer, signed.signers[0].signing_time, now
        ):
            return True
        before = len(self._plan.questions)
        result = validate_list_signer(master_list.found, self._trust, now)
        basis = self._basis(master_list.source, result, master_list.found.signer, master_list.sha256, now)
        if basis is None:
            return len(self._plan.questions) == before
        members, certificates = [], []
        for certificate in {each.der: each for each in master_list.found.certificates}.values():
            kind = kind_of_certificate(certificate)
            if kind is None or certificate.country is None:
                self._refuse(master_list.source, certificate, kind)
            elif certificate.fingerprint in self._removed:
                self._plan.refused.append(Refused(master_list.source, certificate.subject.text, "trust-removed-before"))
            else:
                if certificate.fingerprint in self._known:
                    self._plan.known.append((master_list.source, certificate.fingerprint))
                members.append(Member.of(Role(kind), certificate.der, certificate))
                certificates.append(certificate)
        signer = master_list.found.signer.subject.text if master_list.found.signer else None
        proof = (Member.of(Role.SOURCE, master_list.data),)
        self._plan.packs.append(
            Pack("master-list", master_list.source, master_list.sha256, basis, now, (*members, *proof), signer)
        )
        if basis is Basis.CHAIN:
            doubtful = self._doubtful(members, certificates)
            self._plan.doubtful += [Doubtful(master_list.sha256, master_list.source, each) for each in doubtful]
        self._believe(members, certificates)
        return True

    def _doubtful(self, members: Iterable[Member], certificates: Iterable[Certificate]) -> list[Certificate]:
        """The anchors among these that the list alone does not make believed."""
        pairs = list(zip(members, certificates, strict=True))
        links = [certificate for member, certificate in pairs if member.role is Role.LINK]
        trust = replace(self._trust, links=(*self._trust.links, *links))
        anchors = [certificate for member, certificate in pairs if member.role is Role.ANCHOR]
        return [each for each in anchors if each.fingerprint not in self._known and needs_two(each, trust, self._own)]

    def _basis(
        self, source: str, result: ChainResult, signer: Certificate | None, own: str, now: datetime
    ) -> Basis | None:
        """Why a list is believed; None if it is not, with a question or a refusal in the plan."""
        if result.status is Status.PASSED:
            return Basis.CHAIN
        reason, name = result.reason or "", signer.subject.text if signer else "?"
        bare = reason == "list-unsigned"
        accept = own if bare or signer is None else signer.fingerprint
        if result.status is Status.FAILED or reason in ("list-signer-missing", "list-signature-not-checkable"):
            self._plan.refused.append(Refused(source, name, reason))
            self._plan.errors.setdefault(source, BadInput("trust-list-refused", reason=reason))
            return None
        if accept in self._accepted:
            return Basis.LIST if bare else Basis.SIGNER
        reason, facts = _why(result, signer, now)
        self._plan.questions.append(Question(source, accept, name, reason, bare, facts))
        return None

    def _is_ahead(self, source: str, maker: Certificate | Crl | None, dated: datetime | None, now: datetime) -> bool:
        """Whether a list is dated too far ahead, which is then refused: it would outlive every honest one."""
        if dated is None or not is_ahead(dated, now):
            return False
        name = "?" if maker is None else maker.issuer.text if isinstance(maker, Crl) else maker.subject.text
        facts = {"name": name, "dated": dated.isoformat(), "now": now.isoformat(timespec="minutes")}
        self._plan.refused.append(Refused(source, name, "trust-dated-ahead", facts=facts))
        self._plan.errors.setdefault(source, BadInput("trust-dated-ahead", **facts))
        return True

    def _crl(self, source: str, crl: Crl, now: datetime) -> None:
        if crl.fingerprint in self._known:
            self._plan.known.append((source, crl.fingerprint))
        elif self._is_ahead(source, crl, crl.this_update, now):
            return
        elif self._is_genuine(crl):
            self._plan.entries.append(TrustEntry(crl, "crl", source, now))
        else:
            self._plan.refused.append(Refused(source, crl.issuer.text, "trust-crl-of-unknown-authority"))
            error = BadInput("trust-crl-of-unknown-authority", issuer=crl.issuer.text)
            self._plan.errors.setdefault(source, error)

    def _is_genuine(self, crl: Crl) -> bool:
        return any(crl.is_signed_by(key.certificate.spki) for key in self._trust.keys_of(crl.country))

    def _directory(self, directory: Directory, now: datetime) -> None:
        if directory.sha256 in self._known:
            self._plan.known.append((directory.source, directory.sha256))
            return
        members = []
        for crl in directory.crls:
            if crl.fingerprint in self._known:
                self._plan.known.append((directory.source, crl.fingerprint))
            elif self._is_ahead(directory.source, crl, crl.this_update, now):
                continue
            elif self._is_genuine(crl):
                members.append(Member.of(Role.CRL, crl.der, crl))
            else:
                what = crl.issuer.text
                self._plan.refused.append(Refused(directory.source, what, "trust-crl-of-unknown-authority"))
        stored = set(self._trust.signers)
        members += [Member.of(Role.SIGNER, data) for data in dict.fromkeys(directory.signers) if data not in stored]
        if members:
            self._plan.packs.append(
                Pack("directory", directory.source, directory.sha256, Basis.NONE, now, tuple(members))
            )

    def _believe(self, members: Iterable[Member], certificates: Iterable[Certificate]) -> None:
        """What follows in this import may rest on these."""
        pairs = list(zip(members, certificates, strict=True))
        anchors = [certificate for member, certificate in pairs if member.role is Role.ANCHOR]
        links = [certificate for member, certificate in pairs if member.role is Role.LINK]
        trust = self._trust
        self._trust = replace(trust, anchors=(*trust.anchors, *anchors), links=(*trust.links, *links))


def needs_two(anchor: Certificate, trust: TrustMaterial, own: Iterable[str]) -> bool:
    """Whether an anchor in a proved list takes two people, by the ``trust`` in others; ``own`` are the home's states.

    A link that a believed key of the same state signed names the anchor's key: then the state itself vouches for it.
    """
    country = anchor.country
    if country is None or any(key.certificate.spki == anchor.spki for key in trust.keys_of(country)):
        return False
    return bool(trust.anchors_of(country)) or any(same_state(country, state) for state in own)


def _why(result: ChainResult, signer: Certificate | None, now: datetime) -> tuple[str, dict[str, object]]:
    """What keeps a list from being proved, as closely as it is known, with the dates that say so."""
    reasons = {finding.reason for finding in result.findings}
    if signer is not None and "list-signer-expired" in reasons:
        if now < signer.not_before:
            return "list-signer-not-yet-valid", {"date": f"{signer.not_before:%Y-%m-%d}"}
        unknown = "-unknown" if "list-signer-unknown" in reasons else ""
        return f"list-signer-expired{unknown}", {"date": f"{signer.not_after:%Y-%m-%d}"}
    if "csca-expired" in reasons and result.path:
        return "csca-expired", {"date": f"{result.path[0].not_after:%Y-%m-%d}"}
    return result.reason or "", {}
