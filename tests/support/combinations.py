"""Finished cards with any combination of protocols on them, and a terminal that runs them all, one after another."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.chip import agree_on_keys, challenge_chip
from eid_toolkit.cards.terminal.file_reader import FileReader, ReadStatus, read_short_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.asn1.oids import (
    ECDSA_PLAIN,
    ID_PK_DH,
    ID_PK_ECDH,
    ChipAuthenticationProtocol,
    Cipher,
    Mapping,
    PaceProtocol,
)
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    PaceInfo,
    SecurityInfos,
)
from eid_toolkit.standards.crypto.dh import DhPublicKey
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, Role
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey, choose_chain
from eid_toolkit.standards.protocols import active_authentication, chip_authentication, terminal_authentication
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.personalization_data import (
    DIGEST_REFERENCES,
    RSA_DIGEST_REFERENCES,
    AccessProtocols,
    AccessRule,
    ChipKey,
    RsaSigningKey,
)
from eid_toolkit.standards.protocols.terminal_authentication import (
    SessionBinding,
    TerminalCredentials,
    chip_name_of_bac,
)
from support.card_states import ENTROPY, issued_document, issued_memory, mrz_password
from support.cv_chain import START, Holder, cvca, signer_by
from support.emulated import CAN
from support.rsa_keys import rsa_key

FINGERPRINTS, IRISES = bytes.fromhex("6304010203FF"), bytes.fromhex("7604040506FF")


@dataclass(frozen=True)
class Access:
    """PACE with a mapping, a cipher and a group; the group says whether it is DH or ECDH."""

    mapping: Mapping
    cipher: Cipher
    group: int

    @property
    def info(self) -> PaceInfo:
        agreement = "dh" if self.group < 8 else "ecdh"
        return PaceInfo(PaceProtocol.of(agreement, self.mapping, self.cipher).oid, 2, self.group)


@dataclass(frozen=True)
class Chip:
    """Chip Authentication with a cipher and a group; with a reference, another key stands beside it."""

    cipher: Cipher
    group: int
    reference: int | None = None


@dataclass(frozen=True)
class Signing:
    """Active Authentication: with RSA of so many bits, or else ECDSA on brainpoolP256r1."""

    digest: str
    bits: int | None = None


@dataclass(frozen=True)
class Combination:
    """What a card offers and a terminal runs; without ``access`` it is BAC."""

    access: Access | None
    chip: Chip | None = None
    rights: SignatureAlgorithm | None = None
    signing: Signing | None = None

    def __str__(self) -> str:
        access, chip, rights, signing = self.access, self.chip, self.rights, self.signing
        parts = [f"pace-{access.mapping}-{access.cipher}-{access.group}" if access else "bac"]
        parts += [f"ca-{chip.cipher}-{chip.group}" + ("" if chip.reference is None else "-keyed")] if chip else []
        parts += [f"ta-{rights.family}-{rights.digest}"] if rights else []
        parts += [f"aa-{'rsa' if signing.bits else 'ecdsa'}-{signing.digest}"] if signing else []
        return " ".join(parts)


@dataclass(frozen=True)
class Outcome:
    """What the terminal got."""

    access: str
    chip_proved: bool
    """By Chip Authentication Mapping, with the chip's public key."""
    dg1: bytes
    dg3: bytes | None
    dg3_before: ReadStatus
    """Of reading DG3 before Terminal Authentication."""
    dg4: ReadStatus
    signed: bool


class Specimen:
    """One card of a combination, and what its terminal needs."""

    def __init__(self, combination: Combination) -> None:
        self.combination = combination
        self.memory = issued_memory(protocols=AccessProtocols.PACE if combination.access else AccessProtocols.BAC)
        self._infos: list[object] = []
        self._mapping_key: EcPrivateKey | None = None
        self._identity: tuple[Holder, tuple[CvCertificate, ...]] | None = None
        self.memory.part(EmrtdMemory).chip_authentication_keys = {}
        self._put_access()
        self._put_chip()
        self._put_signing()
        self._put(ElementaryFile.DG14, Dg14(SecurityInfos.of(*self._infos)).encode())  # type: ignore[arg-type]
        self._put_rights()

    def _put(self, file: ElementaryFile, content: bytes, rule: AccessRule = AccessRule.CHIP_ACCESS) -> None:
        self.memory.part(EmrtdMemory).files[file] = StoredFile(rule, content)

    def _put_access(self) -> None:
        access = self.combination.access
        if access is None:
            del self.memory.part(EmrtdMemory).files[ElementaryFile.CARD_ACCESS]
            return
        self._infos.append(access.info)
        self._put(ElementaryFile.CARD_ACCESS, CardAccess(SecurityInfos.of(access.info)).encode(), AccessRule.ALWAYS)
        domain = domain_by_id(access.group)
        if access.mapping == "cam" and isinstance(domain, EcDomain):
            self._mapping_key = EcPrivateKey.generate(domain, ENTROPY)
            key = ChipKey(access.group, access.group, self._mapping_key.scalar)
            self.memory.part(EmrtdMemory).chip_authentication_keys[access.group] = key

    def _put_chip(self) -> None:
        """The key, and where it has a reference a decoy on the same group behind it."""
        chip = self.combination.chip
        if chip is None:
            return
        self._put_chip_key(chip.cipher, chip.group, chip.reference)
        if chip.reference is not None:
            self._put_chip_key("3des", chip.group, chip.reference + 1)

    def _put_chip_key(self, cipher: Cipher, group: int, reference: int | None) -> None:
        domain = domain_by_id(group)
        pair = group_of(domain).key_pair(ENTROPY)
        if isinstance(domain, EcDomain):
            kind, agreement, spki = ID_PK_ECDH, "ecdh", EcPublicKey.from_point(domain, pair.public).spki()
        else:
            kind, agreement = ID_PK_DH, "dh"
            spki = DhPublicKey(domain, int.from_bytes(pair.public, "big")).spki()
        protocol = ChipAuthenticationProtocol.of(agreement, cipher)  # type: ignore[arg-type]
        self._infos += [
            ChipAuthenticationInfo(protocol.oid, 1, reference),
            ChipAuthenticationPublicKeyInfo(kind, spki, reference),
        ]
        number = reference or 0
        self.memory.part(EmrtdMemory).chip_authentication_keys[number] = ChipKey(group, number, pair.private)

    def _put_signing(self) -> None:
        signing = self.combination.signing
        if signing is None:
            return
        if signing.bits is not None:
            rsa = rsa_key(signing.bits)
            self.memory.part(EmrtdMemory).active_authentication_key = RsaSigningKey(
                RSA_DIGEST_REFERENCES[signing.digest], rsa
            )
            self._put(ElementaryFile.DG15, Dg15(rsa.public_key.spki()).encode())
            return
        key = issued_document().aa_key.key  # whose public key DG15 has already
        self.memory.part(EmrtdMemory).active_authentication_key = ChipKey(
            13, DIGEST_REFERENCES[signing.digest], key.scalar
        )
        self._infos.append(ActiveAuthenticationInfo(ECDSA_PLAIN[signing.digest]))

    def _put_rights(self) -> None:
        self._put(ElementaryFile.DG3, FINGERPRINTS, AccessRule.TERMINAL_AUTHENTICATION)
        self._put(ElementaryFile.DG4, IRISES, AccessRule.TERMINAL_AUTHENTICATION)
        if self.combination.rights is None:
            return
        root = cvca(signer_by(self.combination.rights))
        verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
        terminal = verifier.issue("UTIS00001", Role.TERMINAL, rights=READ_DG3)
        self._identity = terminal, (root.certificate, verifier.certificate)
        self.memory.part(EmrtdMemory).trust_terminals_by(CardTrust((CertifiedKey.of_root(root.certificate),), START))

    def inspect(self, transport: Transport) -> Outcome:
        """Runs every protocol of the combination, in the order of an inspection."""
        session = CardSession(transport)
        password = AccessPassword.from_can(CAN) if self.combination.access else mrz_password()
        opened = open_access(session, password, ENTROPY, allow_bac=True)
        reader = FileReader(session, opened.buffers)
        proof, key = opened.chip_proof, self._mapping_key
        proved = key is not None and proof is not None and proof.is_by(key.domain, key.public_key.point)
        terminal_key = opened.terminal_key
        if self.combination.chip is not None:
            infos = Dg14.parse(reader.read(ElementaryFile.DG14).data).security_infos
            choice = chip_authentication.choices(infos)[0]
            assert (choice.protocol.cipher, choice.key_id) == (
                self.combination.chip.cipher,
                self.combination.chip.reference,
            )
            terminal_key = agree_on_keys(session, choice, ENTROPY)
        dg1, before = reader.read(ElementaryFile.DG1), reader.read(ElementaryFile.DG3)
        if self._identity is not None:
            name = opened.chip_name or chip_name_of_bac(issued_document().mrz.information)
            prove_rights(session, *self._identity, SessionBinding(name, terminal_key))
        dg3, dg4 = reader.read(ElementaryFile.DG3), reader.read(ElementaryFile.DG4)
        signed = self.combination.signing is not None and self._signature_is_good(session, reader)
        return Outcome(opened.protocol, proved, dg1.data, dg3.data or None, before.status, dg4.status, signed)

    def _signature_is_good(self, session: CardSession, reader: FileReader) -> bool:
        assert self.combination.signing is not None
        spki = Dg15.parse(reader.read(ElementaryFile.DG15).data).spki
        transcript = challenge_chip(session, spki, ENTROPY)
        key = active_authentication.public_key(spki)
        if isinstance(key, RsaPublicKey):
            return active_authentication.verify_rsa(key, transcript)
        return active_authentication.verify_ecdsa(key, self.combination.signing.digest, transcript) is not None


def prove_rights(
    session: CardSession, terminal: Holder, above: tuple[CvCertificate, ...], binding: SessionBinding
) -> None:
    """Terminal Authentication from the reading of EF.CVCA on."""
    trusted = EfCvca.parse(read_short_file(session, ElementaryFile.CVCA) or b"").references
    chain = choose_chain(above, terminal.certificate, trusted)
    session.run(terminal_authentication.authenticate(TerminalCredentials(chain, terminal.signer), binding))
