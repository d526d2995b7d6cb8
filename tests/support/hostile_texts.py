"""A genuine card on which every text is hostile: in DG1, DG11, DG13 and the names of its certificates."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.work.inspection.verdict import Verdict
from support.authorities import Authority
from support.documents import IssuedDocument, specimen_mrz
from support.hierarchies import Hierarchy

TEXTS = (
    "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">",
    "'\"><svg onload=document.title='run'>",
    "\x1b[2J\x1b]0;evil\x07\u202egnp.exe\u200b\r\n\x00",
    "W" * 400,
    "a\u0301\u0302\u0303" * 80,
    "{0.__class__} %s ${x} `id`",
)
_NAME = 60
"""Letters of a name in a certificate (RFC 5280 has 64)."""


def hostile_verdicts(text: str) -> Iterator[Verdict]:
    """Verdicts on a card with its name in DG11; with its name in DG13 alone; and with an MRZ that is none."""
    for groups in (_with_details(text), _with_national_data(text), {1: _no_mrz(text)}):
        hierarchy = Hierarchy()
        hierarchy.authority = Authority("VNM", text[:_NAME])
        hierarchy.document = IssuedDocument(hierarchy.authority, specimen_mrz(state="VNM"))
        hierarchy.document.data_groups |= groups
        if 13 in groups:
            del hierarchy.document.data_groups[11]
        hierarchy.anchors, hierarchy.crls = [hierarchy.authority.csca], [hierarchy.authority.crl()]
        yield hierarchy.judge()
        hierarchy.anchors = []  # then the name of the CSCA that is not here is told
        yield hierarchy.judge()


def _with_details(text: str) -> dict[int, bytes]:
    details = Dg11.of(
        primary_identifier=text,
        secondary_identifier=text,
        national_name=f"{text},{text}",
        other_names=(text, text),
        personal_number=text,
        place_of_birth=(text, text),
        address=(text, text),
    )
    return {11: details.encode()}


def _with_national_data(text: str) -> dict[int, bytes]:
    fields: dict[NationalField, str | tuple[str, ...]] = dict.fromkeys(NationalField, text)
    return {13: Dg13(VietnamNationalData.of(fields | {NationalField.PARENTS: (text, text)}).encode()).encode()}


def _no_mrz(text: str) -> bytes:
    return tlv.encode(0x61, tlv.encode(0x5F1F, text.encode()[:90].ljust(90, b"<")))
