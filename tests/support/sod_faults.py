"""Oddities of EF.SOD, by the names of the validation table."""

from __future__ import annotations

from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.names import COMMON_NAME, DistinguishedName
from support import odd_sods
from support.documents import IssuedDocument
from support.hierarchies import Hierarchy, fault

_ID_DATA = "1.2.840.113549.1.7.1"


def _over(h: Hierarchy, **parts: str) -> None:
    def made(document: IssuedDocument) -> bytes:
        return odd_sods.over(document.data_groups, document.signer_key, document.signer, **parts)

    h.sod = made


def _genuine(document: IssuedDocument) -> bytes:
    return document.files[ElementaryFile.SOD]


@fault
def sod_in_ber(h: Hierarchy) -> None:
    h.sod = lambda document: odd_sods.in_ber(_genuine(document))


@fault
def sod_of_content_type_data(h: Hierarchy) -> None:
    _over(h, content_type=_ID_DATA)


@fault
def sod_of_content_type_list(h: Hierarchy) -> None:
    _over(h, content_type=CSCA_MASTER_LIST)


@fault
def sod_names_signer_in_other_order(h: Hierarchy) -> None:
    h.sod = lambda document: odd_sods.with_reordered_name(_genuine(document))


@fault
def sod_names_another_signer(h: Hierarchy) -> None:
    def made(document: IssuedDocument) -> bytes:
        stranger = IssuedDocument(h.authority, document.mrz)
        by_stranger = odd_sods.over(document.data_groups, stranger.signer_key, document.signer)
        return odd_sods.with_name_of_signer(by_stranger, lambda name: DistinguishedName.build((COMMON_NAME, "Nobody")))

    h.sod = made


@fault
def sod_unreadable(h: Hierarchy) -> None:
    h.sod = lambda document: b"\x77\x02\x05\x00"


@fault
def sod_hashes_by_sha1(h: Hierarchy) -> None:
    _over(h, hashes="sha1")
