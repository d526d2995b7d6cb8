"""The authority's own side of the PKI: CSCA, document signer and revocation list of each state it issues for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from eid_toolkit.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.crypto.ec import EcPrivateKey
from eid_toolkit.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.home.atomic import private_directory, write_atomic
from eid_toolkit.pki.certificate import SPECIMEN_MARK, Certificate
from eid_toolkit.pki.countries import two_letters
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.issuing import (
    Lifetime,
    Publication,
    build_crl,
    build_csca,
    build_document_signer,
    distinguished_name,
)
from eid_toolkit.ports import Entropy, Signer
from eid_toolkit.stores.keys import KeyStore

CSCA_CURVE = "brainpoolP384r1"
SIGNER_CURVE = "brainpoolP256r1"

_Item = TypeVar("_Item", Certificate, Crl)


@dataclass(frozen=True, slots=True)
class Charter:
    """What an authority is to be: its state (code of the MRZ), its name, and what its documents need."""

    state: str
    name: str
    specimen: bool
    document_types: tuple[str, ...]
    document_validity: timedelta
    """The longest time for which one of its documents is good: certificates outlive it."""
    contact: str | None = None
    """An e-mail or web address, to stand in the certificates."""


class AuthorityStore:
    """The certificates and lists in ``directory``; private keys are in the key store."""

    def __init__(self, directory: Path, keys: KeyStore) -> None:
        self._directory = directory
        self._keys = keys

    def create(self, charter: Charter, now: datetime, entropy: Entropy) -> None:
        """Make CSCA, first document signer and first (empty) revocation list."""
        country = two_letters(charter.state)
        if country is None:
            raise BadInput("country-unknown", country=charter.state)
        if charter.state in self.states():
            raise NotPermitted("authority-exists", state=charter.state)
        for name, curve in ((_csca_key(charter.state), CSCA_CURVE), (_signer_key(charter.state), SIGNER_CURVE)):
            self._keys.add_ec(name, EcPrivateKey.generate(ec_domain_by_name(curve), entropy))
        csca_key = self._keys.signer(_csca_key(charter.state))
        mark = f"{SPECIMEN_MARK} " if charter.specimen else ""
        publication = Publication(charter.state, (charter.contact,) if charter.contact else ())
        csca = build_csca(
            csca_key,
            distinguished_name(country, charter.name, f"{mark}CSCA {charter.state}"),
            Lifetime.of_csca(now, charter.document_validity),
            publication,
            entropy,
        )
        signer = build_document_signer(
            csca,
            csca_key,
            distinguished_name(country, charter.name, f"{mark}Document Signer {charter.state} 1"),
            self._keys.signer(_signer_key(charter.state)).public_key,
            Lifetime.of_signer(now, charter.document_validity),
            publication,
            charter.document_types,
            entropy,
        )
        folder = private_directory(self._directory / charter.state)
        write_atomic(folder / "ds-1.cer", signer.der)
        write_atomic(folder / "crl.crl", build_crl(csca, csca_key, 1, now, {}))
        write_atomic(folder / "csca-1.cer", csca.der)  # last: with it the authority is there

    def states(self) -> tuple[str, ...]:
        """The states for which there is an authority."""
        return tuple(sorted(path.parent.name for path in self._directory.glob("*/csca-1.cer")))

    def csca(self, state: str) -> Certificate:
        """The state's CSCA certificate."""
        return self._load(Certificate.parse, state, "csca-1.cer")

    def signer_certificate(self, state: str) -> Certificate:
        """The state's document signer certificate."""
        return self._load(Certificate.parse, state, "ds-1.cer")

    def crl(self, state: str) -> Crl:
        """The state's newest revocation list."""
        return self._load(Crl.parse, state, "crl.crl")

    def document_signer(self, state: str, now: datetime) -> tuple[Certificate, Signer]:
        """What signs documents: certificate and key; raises :class:`NotPermitted` outside the key's usage period."""
        certificate = self.signer_certificate(state)
        usage = certificate.extensions.private_key_usage
        if not certificate.is_valid_at(now) or (usage is not None and not usage.covers(now)):
            ended = usage.not_after if usage is not None and usage.not_after is not None else certificate.not_after
            raise NotPermitted("document-signer-expired", state=state, ended=f"{ended:%Y-%m-%d}")
        if certificate.serial in self.crl(state).revoked:
            raise NotPermitted("document-signer-revoked", state=state)
        return certificate, self._keys.signer(_signer_key(state))

    def revoke(self, state: str, serial: int, now: datetime) -> Crl:
        """The next revocation list, with one more serial number on it."""
        current = self.crl(state)
        data = build_crl(
            self.csca(state),
            self._keys.signer(_csca_key(state)),
            (current.number or 0) + 1,
            now,
            {serial: now, **current.revoked},
        )
        write_atomic(self._directory / state / "crl.crl", data)
        return Crl.parse(data)

    def _load(self, parse: Callable[[bytes], _Item], state: str, name: str) -> _Item:
        """What was written here before; raises :class:`BadInput` if there is no authority of that state at all."""
        if state not in self.states():
            raise BadInput("authority-missing", state=state)
        try:
            return parse((self._directory / state / name).read_bytes())
        except (FileNotFoundError, BadInput):
            raise IntegrityBroken("authority-damaged", file=f"{state}/{name}") from None


def _csca_key(state: str) -> str:
    return f"csca-{state.lower()}-1"


def _signer_key(state: str) -> str:
    return f"ds-{state.lower()}-1"
