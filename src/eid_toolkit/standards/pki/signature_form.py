"""Forms of signatures that are taken although the standards write another: for those who tell people."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.crypto.signatures import lacks_null
from eid_toolkit.standards.pki.cms import SignedData


def is_without_null(signed: SignedData) -> bool:
    """Whether a signature that holds was made over a DigestInfo without NULL (RFC 8017 9.2), as some lists are."""
    certificate = signed.signer_certificate
    if certificate is None:
        return False
    for signer in signed.signers:
        message = signed.content if signer.signed_attributes is None else signer.signed_attributes
        try:
            if lacks_null(certificate.spki, signer.algorithm, signer.signature, message):
                return True
        except BadInput:
            continue
    return False
