"""A country signing CA in memory, for tests of what is signed and of how it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from eid_toolkit.books.keys.keys import EcSigner
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY, DEVIATION_LIST_SIGNING_KEY
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.countries import two_letters
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.deviation_list import Deviation
from eid_toolkit.standards.pki.issuing import (
    Lifetime,
    Publication,
    build_crl,
    build_csca,
    build_document_signer,
    build_link,
    build_purpose_signer,
    distinguished_name,
)
from eid_toolkit.standards.pki.master_list import build_master_list
from eid_toolkit.standards.pki.validation import TrustMaterial
from support.deviation_lists import build_deviation_list

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = START + timedelta(days=10)
TEN_YEARS = timedelta(days=3653)


def new_key(curve: str = "brainpoolP256r1") -> EcSigner:
    return EcSigner(EcPrivateKey.generate(ec_domain_by_name(curve), SystemEntropy()))


@dataclass
class Authority:
    """One state's CSCA; each call makes another certificate or list."""

    state: str = "UTO"
    name: str = "CSCA"
    start: datetime = START
    key: EcSigner = field(default_factory=lambda: new_key("brainpoolP384r1"))

    def __post_init__(self) -> None:
        self.publication = Publication(self.state, ("pki@utopia.example",))
        lifetime = Lifetime.of_csca(self.start, TEN_YEARS)
        self.csca = build_csca(self.key, self._name(self.name), lifetime, self.publication, SystemEntropy())

    def signer(
        self, key: EcSigner | None = None, start: datetime = START, document_types: tuple[str, ...] = ("I",)
    ) -> Certificate:
        return build_document_signer(
            self.csca,
            self.key,
            self._name("Document Signer 1"),
            (key or new_key()).public_key,
            Lifetime.of_signer(start, TEN_YEARS),
            self.publication,
            document_types,
            SystemEntropy(),
        )

    def crl(self, *revoked: Certificate, number: int = 1, this_update: datetime = START) -> Crl:
        times = {certificate.serial: this_update for certificate in revoked}
        return Crl.parse(build_crl(self.csca, self.key, number, this_update, times))

    def link(self, successor: Authority) -> Certificate:
        """This authority's key vouches for the successor's."""
        return build_link(self.csca, self.key, successor.csca, self.publication, SystemEntropy())

    def list_signer(
        self, key: EcSigner, start: datetime = START, purpose: str = CSCA_MASTER_LIST_SIGNING_KEY
    ) -> Certificate:
        """For master lists, or for another purpose (an extended key usage)."""
        lifetime = Lifetime.of_signer(start, timedelta(days=365))
        name = self._name("List Signer")
        return build_purpose_signer(
            self.csca, self.key, name, key.public_key, lifetime, self.publication, SystemEntropy(), purpose
        )

    def master_list(self, *certificates: Certificate, signing_time: datetime = NOW) -> bytes:
        """A list by a list signer of its own."""
        key = new_key()
        return build_master_list(certificates, key, self.list_signer(key), self.csca, "sha256", signing_time)

    def deviation_list(self, *deviations: Deviation, signing_time: datetime = NOW) -> bytes:
        """Likewise of deviations."""
        key = new_key()
        signer = self.list_signer(key, purpose=DEVIATION_LIST_SIGNING_KEY)
        return build_deviation_list(deviations, key, signer, self.csca, "sha256", signing_time)

    def trust(self, *crls: Crl) -> TrustMaterial:
        return TrustMaterial((self.csca,), crls)

    def _name(self, common_name: str):
        return distinguished_name(two_letters(self.state) or self.state, "Ministry", common_name)
