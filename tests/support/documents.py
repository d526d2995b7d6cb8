"""A genuine document in memory, signed by an authority of tests, and evidence of reading it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from eid_toolkit.standards.asn1.oids import ECDSA_PLAIN, ID_PK_ECDH, ChipAuthenticationProtocol, PaceProtocol
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    PaceInfo,
    SecurityInfos,
)
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat
from eid_toolkit.standards.lds.sod import build_sod
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.work.inspection.evidence import (
    AccessEvidence,
    ActiveAuthenticationEvidence,
    ChipAuthenticationEvidence,
    ChipProof,
    Evidence,
    FileEvidence,
    FileState,
)
from support.authorities import NOW, Authority, new_key

BIRTH = PartialDate(1990, 1, 31)
EXPIRY = PartialDate(2036, 2, 28)
CHALLENGE = bytes(range(8))
GM_AES = PaceInfo(PaceProtocol.of("ecdh", "gm", "aes-256").oid, 2, 13)
GM_3DES = PaceInfo(PaceProtocol.of("ecdh", "gm", "3des").oid, 2, 13)
CA_AES = ChipAuthenticationInfo(ChipAuthenticationProtocol.of("ecdh", "aes-256").oid)


def specimen_mrz(
    expiry: PartialDate | None = EXPIRY, state: str = "UTO", optional: str = "", birth: PartialDate = BIRTH
) -> Mrz:
    return Mrz.compose(
        MrzFormat.TD1,
        document_code="ID",
        issuing_state=state,
        document_number="X0000001",
        primary_identifier="Specimen",
        secondary_identifier="Erika",
        nationality=state,
        date_of_birth=birth,
        sex="F",
        date_of_expiry=expiry,
        optional_data=optional,
    )


@dataclass
class IssuedDocument:
    """One document: its keys, and its files as bytes."""

    authority: Authority
    mrz: Mrz
    pace: PaceInfo = GM_AES

    def __post_init__(self) -> None:
        self.chip_key, self.aa_key, self.signer_key = new_key(), new_key(), new_key()
        self.signer: Certificate = self.authority.signer(self.signer_key, self.authority.start, document_types=("ID",))
        infos = SecurityInfos.of(
            self.pace,
            CA_AES,
            ChipAuthenticationPublicKeyInfo(ID_PK_ECDH, self.chip_key.public_key),
            ActiveAuthenticationInfo(ECDSA_PLAIN["sha256"]),
        )
        details = Dg11.of(primary_identifier="Specimen", secondary_identifier="Erika", date_of_birth=BIRTH)
        issued = Dg12.of(date_of_issue=PartialDate.of((self.authority.start + timedelta(days=4)).date()))
        self.data_groups = {
            1: Dg1(self.mrz).encode(),
            2: bytes.fromhex("7503020100"),
            11: details.encode(),
            12: issued.encode(),
            14: Dg14(infos).encode(),
            15: Dg15(self.aa_key.public_key).encode(),
        }

    @cached_property
    def files(self) -> dict[ElementaryFile, bytes]:
        sod = build_sod(self.data_groups, "sha256", self.signer_key, self.signer.der)
        files = {ElementaryFile.of_data_group(number): data for number, data in self.data_groups.items()}
        return files | {
            ElementaryFile.COM: Com.of_data_groups(self.data_groups).encode(),
            ElementaryFile.SOD: sod,
            ElementaryFile.CARD_ACCESS: CardAccess(SecurityInfos.of(self.pace)).encode(),
        }

    def evidence(self) -> Evidence:
        """A reading with which nothing is wrong."""
        return Evidence(
            started=NOW,
            elapsed_ms=180.25,
            reader="emulator:specimen",
            atr=bytes.fromhex("3B80800101"),
            access=AccessEvidence("pace", "can", "gm", "aes-256", 13),
            files={file: FileEvidence(FileState.READ, data) for file, data in self.files.items()},
            chip_authentication=ChipAuthenticationEvidence(ChipProof.DONE, CA_AES.protocol, self.chip_key.public_key),
            active_authentication=ActiveAuthenticationEvidence(
                ChipProof.DONE, CHALLENGE, self.aa_key.key.sign_plain(CHALLENGE, "sha256")
            ),
            apdus=40,
        )


def with_file(evidence: Evidence, file: ElementaryFile, content: bytes) -> Evidence:
    """The evidence of a card that holds ``content`` instead."""
    return replace(evidence, files={**evidence.files, file: FileEvidence(FileState.READ, content)})


def without(evidence: Evidence, files: Iterable[ElementaryFile], state: FileState = FileState.ABSENT) -> Evidence:
    """The evidence of a card that does not give these files."""
    return replace(evidence, files={**evidence.files, **{file: FileEvidence(state) for file in files}})
