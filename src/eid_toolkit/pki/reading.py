"""What may stand in a file of the country signing PKI: certificates, revocation lists, master lists."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.errors import BadInput
from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.crl import Crl
from eid_toolkit.pki.master_list import MasterList

Item = Certificate | Crl


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in some bytes; a list's certificates are items too."""

    items: tuple[Item, ...]
    unreadable: int = 0
    """How many objects could not be read."""
    master_list: MasterList | None = None


def read_items(data: bytes) -> Read:
    """One object in DER; raises :class:`BadInput` if it is none of these."""
    for parse in (Certificate.parse, Crl.parse):
        try:
            return Read((parse(data),))
        except BadInput:
            continue
    try:
        found = MasterList.parse(data)
    except BadInput:
        raise BadInput("trust-file-unknown") from None
    return Read(found.certificates, len(found.unreadable), found)
