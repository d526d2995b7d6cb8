"""What an inspection believes: anchors, what hangs on them, and how old it is. Nothing here judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from eid_toolkit.errors import BadInput
from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.cms import SignerInfo
from eid_toolkit.pki.countries import same_state
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.deviation_list import DeviationList
from eid_toolkit.pki.document_status import StatusList, StolenBlanks

_T = TypeVar("_T")
_MAX_LINKS = 8
"""A country signing CA is rolled every three to five years: eight links are a generation of documents and more."""


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """The bundle that a part of the trust came in: its number, its age, and the policy that its maker demands."""

    version: int
    issued_at: datetime
    authority: str
    max_age: timedelta | None = None
    allow_bac: bool = True
    """Whether its maker lets cards be opened by Basic Access Control at all."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A country signing CA's key that is believed: the way to its certificate from an anchor, by links."""

    path: tuple[Certificate, ...]

    @property
    def certificate(self) -> Certificate:
        """The certificate that has the key: the anchor itself, or the last link."""
        return self.path[-1]

    @property
    def anchor(self) -> Certificate:
        """What is believed without a proof."""
        return self.path[0]


@dataclass(frozen=True)
class TrustMaterial:
    """What an inspection believes: CSCA certificates as anchors, links, revocation lists and deviation lists."""

    anchors: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    links: tuple[Certificate, ...] = ()
    """Certificates by which a CSCA's old key vouches for its new one; believed as far as an anchor reaches."""
    deviation_lists: tuple[DeviationList, ...] = ()
    signers: tuple[bytes, ...] = ()
    """Document signers' certificates in DER, for documents that carry none; proved like any other."""
    bundle: BundleFacts | None = None
    status_lists: tuple[StatusList, ...] = ()
    stolen_blanks: tuple[StolenBlanks, ...] = ()
    complete_states: frozenset[str] = frozenset()
    """The states of whose CSCAs none is missing here: that of the home, or of the bundle's maker."""

    def knows_all_of(self, country: str | None) -> bool:
        """Whether every CSCA of the state is here, so that whom none of them made is no signer of that state."""
        return any(_same(country, state) for state in self.complete_states)

    def anchors_of(self, country: str | None) -> tuple[Certificate, ...]:
        """The anchors of one state."""
        return self._of_country("anchors", country, self.anchors, lambda anchor: anchor.country)

    def crls_of(self, country: str | None) -> tuple[Crl, ...]:
        """The revocation lists that name one state, by whomever they are signed."""
        return self._of_country("crls", country, self.crls, lambda crl: crl.country)

    @cached_property
    def keys(self) -> tuple[TrustedKey, ...]:
        """Every key that is believed: anchors first, then what links reach, the nearest first.

        A link counts if the key before it made its signature, it names that key's owner as issuer, is of the same
        country and is meant to sign certificates. Whether it is good now is for who uses it to judge.
        """
        by_issuer: dict[object, list[Certificate]] = {}
        for link in self.links:
            by_issuer.setdefault(link.issuer.meaning, []).append(link)
        found = [TrustedKey((anchor,)) for anchor in self.anchors]
        reached = {key.certificate.der for key in found}
        latest = found
        for _ in range(_MAX_LINKS):
            latest = [
                TrustedKey((*key.path, link))
                for key in latest
                for link in (by_issuer.get(key.certificate.subject.meaning, ()) if by_issuer else ())
                if link.der not in reached and _links(key.certificate, link)
            ]
            if not latest:
                break
            reached |= {key.certificate.der for key in latest}
            found += latest
        return tuple(found)

    def keys_of(self, country: str | None) -> tuple[TrustedKey, ...]:
        """The keys that are believed of one state."""
        return self._of_country("keys", country, self.keys, lambda key: key.certificate.country)

    def key_of_list(self, crl: Crl) -> TrustedKey | None:
        """The believed key of the list's state that signed it; those whose identifier it names are tried first."""
        if crl.der not in self._list_keys:
            named = crl.authority_key_identifier

            def unlikeliness(key: TrustedKey) -> bool:
                return named is None or key.certificate.extensions.subject_key_identifier != named

            likely = sorted(self.keys_of(crl.country), key=unlikeliness)
            signed = (key for key in likely if crl.is_signed_by(key.certificate.spki))
            self._list_keys[crl.der] = next(signed, None)
        return self._list_keys[crl.der]

    @cached_property
    def keys_by_identifier(self) -> dict[bytes | None, tuple[TrustedKey, ...]]:
        """Keys by the subject key identifier of their certificates; None has those without one."""
        found: dict[bytes | None, tuple[TrustedKey, ...]] = {}
        for key in self.keys:
            identifier = key.certificate.extensions.subject_key_identifier
            found[identifier] = (*found.get(identifier, ()), key)
        return found

    @cached_property
    def keys_by_name(self) -> dict[object, tuple[TrustedKey, ...]]:
        """Keys by the meaning of their owners' names."""
        found: dict[object, tuple[TrustedKey, ...]] = {}
        for key in self.keys:
            meaning = key.certificate.subject.meaning
            found[meaning] = (*found.get(meaning, ()), key)
        return found

    def signer_named_by(self, signers: Iterable[SignerInfo]) -> Certificate | None:
        """The stored document signer's certificate that one of the signatures names."""
        infos = tuple(signers)
        for data in self.signers:
            if not any((info.key_identifier or _integer(info.serial)) in data for info in infos):
                continue  # cheap: a directory has tens of thousands
            try:
                certificate = Certificate.parse(data)
            except BadInput:
                continue
            if any(info.is_by(certificate) for info in infos):
                return certificate
        return None

    # What was found out once is remembered: there are hundreds of anchors, and many cards.

    @cached_property
    def _list_keys(self) -> dict[bytes, TrustedKey | None]:
        return {}

    @cached_property
    def _by_country(self) -> dict[tuple[str, str | None], tuple[Any, ...]]:
        return {}

    def _of_country(
        self, kind: str, country: str | None, items: tuple[_T, ...], country_of: Callable[[_T], str | None]
    ) -> tuple[_T, ...]:
        place = (kind, country)
        if place not in self._by_country:
            self._by_country[place] = tuple(item for item in items if _same(country_of(item), country))
        return self._by_country[place]


def may_certify(certificate: Certificate) -> bool:
    """Whether it is meant to sign certificates, as far as it says; real ones leave out much."""
    usage = certificate.extensions.key_usage
    return "keyCertSign" in usage if usage is not None else certificate.extensions.is_ca


def _links(old: Certificate, link: Certificate) -> bool:
    return (
        _same(link.country, old.country) and may_certify(link) and link.spki != old.spki and link.is_signed_by(old.spki)
    )


def _integer(number: int | None) -> bytes:
    if number is None:
        return b""
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)


def _same(first: str | None, second: str | None) -> bool:
    return first is not None and second is not None and same_state(first, second)
