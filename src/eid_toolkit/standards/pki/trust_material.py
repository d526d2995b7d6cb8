"""What an inspection believes: anchors, what hangs on them, and how old it is. Nothing here judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import REQUIRED
from eid_toolkit.standards.crypto_policy.floor import StrengthFloor
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignerInfo
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks
from eid_toolkit.standards.pki.names import COUNTRY
from eid_toolkit.standards.pki.trust_index import Found, Named, Places, Stored, place_of

_T = TypeVar("_T", bound=Named)
NameMeaning = tuple[tuple[str, str], ...]
_MAX_LINKS = 8
"""A country signing CA is rolled every three to five years: eight links are a generation of documents and more."""


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """The bundle that a part of the trust came in: its number, its age, and the policy that its maker demands."""

    version: int
    issued_at: datetime
    authority: str
    max_age: timedelta | None = None
    allow_bac: Annotated[bool, REQUIRED] = True
    """Whether its maker lets cards be opened by Basic Access Control at all."""
    taken_at: datetime | None = None
    """When it came here."""
    fingerprint: str | None = None
    """SHA-256 in hex."""
    state: str | None = None
    """The state of its maker, who knows all CSCAs of that state."""
    floor: StrengthFloor | None = None
    """The floor of strength of its maker's crypto policy; bundles of before have none."""


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
    """What an inspection believes: CSCA certificates as anchors, links, revocation lists and deviation lists.

    Out of a store they are :class:`~.trust_index.Stored`: read state by state, as they are needed.
    """

    anchors: Sequence[Certificate] = ()
    crls: Sequence[Crl] = ()
    links: Sequence[Certificate] = ()
    """Certificates by which a CSCA's old key vouches for its new one; believed as far as an anchor reaches."""
    deviation_lists: Sequence[DeviationList] = ()
    signers: Sequence[bytes] = ()
    """Document signers' certificates in DER, for documents that carry none; proved like any other."""
    bundle: BundleFacts | None = None
    status_lists: tuple[StatusList, ...] = ()
    stolen_blanks: tuple[StolenBlanks, ...] = ()
    complete_states: frozenset[str] = frozenset()
    """The states of whose CSCAs none is missing here: that of the home, or of the bundle's maker."""
    floor: StrengthFloor | None = None
    """The floor of strength of the home's own crypto policy."""

    def knows_all_of(self, country: str | None) -> bool:
        """Whether every CSCA of the state is here, so that whom none of them made is no signer of that state."""
        return any(_same(country, state) for state in self.complete_states) and bool(self.anchors_of(country))

    def anchors_of(self, country: str | None) -> tuple[Certificate, ...]:
        """The anchors of one state."""
        return self._of_country("anchors", self.anchors, country)

    def crls_of(self, country: str | None) -> tuple[Crl, ...]:
        """The revocation lists that name one state, by whomever they are signed."""
        return self._of_country("crls", self.crls, country)

    def deviation_lists_of(self, country: str | None) -> tuple[DeviationList, ...]:
        """The deviation lists whose signers are of one state."""
        return self._of_country("deviation lists", self.deviation_lists, country)

    @property
    def keys(self) -> tuple[TrustedKey, ...]:
        """Every key that is believed: anchors first, then what links reach, the nearest first."""
        every = (key for place in self._places_of("anchors", self.anchors) for key in self._keys_at(place))
        return tuple(sorted(every, key=lambda key: len(key.path)))

    def keys_of(self, country: str | None) -> tuple[TrustedKey, ...]:
        """The keys that are believed of one state."""
        return tuple(key for key in self._keys_at(place_of(country)) if _same(key.certificate.country, country))

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
    def keys_by_identifier(self) -> Mapping[bytes | None, tuple[TrustedKey, ...]]:
        """Keys by the subject key identifier of their certificates; None has those without one."""

        def find(identifier: bytes | None) -> tuple[TrustedKey, ...] | None:
            keys = (key for place in self._identifiers.get(identifier, ()) for key in self._keys_at(place))
            matches = tuple(key for key in keys if key.certificate.extensions.subject_key_identifier == identifier)
            return matches or None

        return Found(find, lambda: (key.certificate.extensions.subject_key_identifier for key in self.keys))

    @cached_property
    def keys_by_name(self) -> Mapping[NameMeaning, tuple[TrustedKey, ...]]:
        """Keys by the meaning of their owners' names."""

        def find(meaning: NameMeaning) -> tuple[TrustedKey, ...] | None:
            places = dict.fromkeys(place_of(text) for oid, text in meaning if oid == COUNTRY) or (None,)
            keys = (key for place in places for key in self._keys_at(place))
            return tuple(key for key in keys if key.certificate.subject.meaning == meaning) or None

        return Found(find, lambda: (key.certificate.subject.meaning for key in self.keys))

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
    def _remembered(self) -> dict[tuple[str, str | None], tuple[Any, ...]]:
        return {}

    @cached_property
    def _places(self) -> dict[str, Places]:
        return {}

    def _places_of(self, kind: str, items: Sequence[Named]) -> Places:
        if kind not in self._places:
            self._places[kind] = Places(items)
        return self._places[kind]

    def _of_country(self, kind: str, items: Sequence[_T], country: str | None) -> tuple[_T, ...]:
        if (kind, country) not in self._remembered:
            likely = self._places_of(kind, items).pick(items, place_of(country))
            self._remembered[kind, country] = tuple(item for item in likely if _same(item.country, country))
        return self._remembered[kind, country]

    def _keys_at(self, place: str | None) -> tuple[TrustedKey, ...]:
        """The keys of one state's anchors, and those that its links reach from there.

        A link counts if the key before it made its signature, it names that key's owner as issuer, is of the same
        country and is meant to sign certificates. Whether it is good now is for who uses it to judge.
        """
        if ("keys", place) not in self._remembered:
            anchors = self._places_of("anchors", self.anchors).pick(self.anchors, place)
            by_issuer: dict[object, list[Certificate]] = {}
            for link in self._places_of("links", self.links).pick(self.links, place):
                by_issuer.setdefault(link.issuer.meaning, []).append(link)
            self._remembered["keys", place] = tuple(_reached(anchors, by_issuer))
        return self._remembered["keys", place]

    @cached_property
    def _identifiers(self) -> dict[bytes | None, dict[str | None, None]]:
        """The places where certificates have a subject key identifier."""
        places: dict[bytes | None, dict[str | None, None]] = {}
        for items in (self.anchors, self.links):
            pairs: Iterable[tuple[bytes | None, str | None]] = (
                ((facts.key_identifier, facts.country) for facts in items.facts)
                if isinstance(items, Stored)
                else ((certificate.extensions.subject_key_identifier, certificate.country) for certificate in items)
            )
            for identifier, country in pairs:
                places.setdefault(identifier, {})[place_of(country)] = None
        return places


def _reached(anchors: Sequence[Certificate], links: Mapping[object, Sequence[Certificate]]) -> list[TrustedKey]:
    keys = [TrustedKey((anchor,)) for anchor in anchors]
    reached = {key.certificate.der for key in keys}
    latest = keys
    for _ in range(_MAX_LINKS if links else 0):
        latest = [
            TrustedKey((*key.path, link))
            for key in latest
            for link in links.get(key.certificate.subject.meaning, ())
            if link.der not in reached and _links(key.certificate, link)
        ]
        reached |= {key.certificate.der for key in latest}
        keys += latest
    return keys


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
