"""Is the chip the one that was issued? Chip Authentication and Active Authentication (ICAO Doc 9303-11 6).

Whether the document offers them is read from what its issuer signed, never from what the card happens to show: a
copy without DG14 or DG15 must not pass for a document that never had them.
"""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import ActiveAuthenticationInfo, ChipAuthenticationPublicKeyInfo
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import active_authentication as aa
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.evidence import ChipProof, FileState
from eid_toolkit.work.inspection.result import (
    PASSED,
    CheckStatus,
    Outcome,
    failed,
    finding,
    not_performed,
    undetermined,
)

_DG14, _DG15 = 14, 15


def chip_authentication(case: Case) -> Outcome:
    """A response verified under keys that only the chip with the private key of the signed DG14 can have."""
    answer = _nothing_to_judge(case, _DG14)
    if answer is not None:
        return answer
    infos, proof = case.document.dg14, case.evidence.chip_authentication
    if infos is None and case.document.is_authentic(_DG14):
        return undetermined("chip-key-not-readable", data_group=_DG14)
    if infos is not None and not infos.of_type(ChipAuthenticationPublicKeyInfo):
        return not_performed("chip-key-not-offered", data_group=_DG14)
    if not case.witness.believed and proof.outcome is not ChipProof.NOT_ATTEMPTED:
        return undetermined("told-by-reader", what="Chip Authentication")
    match proof.outcome:
        case ChipProof.WRONG:
            return failed("ca-proof-wrong")
        case ChipProof.REFUSED:
            return failed("ca-refused-by-chip", cause=proof.cause)
        case ChipProof.UNSUPPORTED:
            return undetermined("ca-unsupported")
        case ChipProof.NOT_ATTEMPTED:
            return undetermined("ca-not-attempted")
    keys = () if infos is None else infos.of_type(ChipAuthenticationPublicKeyInfo)
    proved = any(_is_same_key(key.spki, proof.public_key) and key.key_id == proof.key_id for key in keys)
    return PASSED if proved and case.document.is_authentic(_DG14) else failed("ca-key-unsigned")


def active_authentication(case: Case) -> Outcome:
    """The chip signed the terminal's challenge with the private key of the signed DG15."""
    answer = _nothing_to_judge(case, _DG15)
    if answer is not None:
        return answer
    proof = case.evidence.active_authentication
    if not case.witness.believed and proof.outcome in (ChipProof.WRONG, ChipProof.REFUSED, ChipProof.UNSUPPORTED):
        return undetermined("told-by-reader", what="Active Authentication")
    match proof.outcome:
        case ChipProof.WRONG | ChipProof.REFUSED:
            return failed("aa-refused-by-chip", cause=proof.cause)
        case ChipProof.UNSUPPORTED:
            return undetermined("aa-unsupported")
        case ChipProof.NOT_ATTEMPTED:
            return undetermined("aa-not-attempted")
    if not case.document.is_authentic(_DG15):
        return failed("aa-key-unsigned")
    if case.document.dg15 is None:
        return undetermined("chip-key-not-readable", data_group=_DG15)
    return _judge_signature(case, case.document.dg15.spki)


def _nothing_to_judge(case: Case, number: int) -> Outcome | None:
    """Why there is nothing to judge: nobody can tell, the document never had it, or it was taken out."""
    if case.document.sod is None:
        return undetermined("sod-not-usable")
    if not case.document.is_signed(number):
        return not_performed("chip-key-not-offered", data_group=number)
    if case.evidence.state(ElementaryFile.of_data_group(number)) is FileState.ABSENT:
        return failed("chip-key-missing", data_group=number)
    return None


def _is_same_key(signed: bytes, used: bytes | None) -> bool:
    """Keys are compared, not their encodings: parameters may stand in full or by name."""
    try:
        return used is not None and EcPublicKey.from_spki(signed) == EcPublicKey.from_spki(used)
    except BadInput:
        return signed == used


def _judge_signature(case: Case, spki: bytes) -> Outcome:
    proof = case.evidence.active_authentication
    if proof.challenge is None or proof.signature is None:
        return undetermined("aa-not-attempted")
    transcript = aa.ActiveAuthenticationTranscript(proof.challenge, proof.signature)
    try:
        key = aa.public_key(spki)
        if isinstance(key, EcPublicKey):
            return _judge_ecdsa(case, key, transcript)
        return PASSED if aa.verify_rsa(key, transcript) else failed("aa-signature-wrong")
    except BadInput:
        return undetermined("aa-unsupported")


def _judge_ecdsa(case: Case, key: EcPublicKey, transcript: aa.ActiveAuthenticationTranscript) -> Outcome:
    """By the digest that DG14 names (9303-11 9.2.4), if that is signed; where it does not hold, by any other.

    Whichever digest it is, nobody without the chip's key signs the challenge: a name that is missing or wrong is the
    issuer's carelessness, and no copy's.
    """
    infos = case.document.dg14.of_type(ActiveAuthenticationInfo) if case.document.dg14 is not None else ()
    algorithms = [info.signature_algorithm for info in infos if case.document.is_authentic(_DG14)]
    named = [aa.DIGEST_BY_OID[oid] for oid in algorithms if oid in aa.DIGEST_BY_OID]
    for digest in dict.fromkeys((*named, *aa.DIGEST_BY_OID.values())):
        form = aa.verify_ecdsa(key, digest, transcript)
        if form is None:
            continue
        facts = {} if form is aa.EcdsaForm.PLAIN else {"signature_form": form.value}
        unnamed = [] if digest in named else [finding("aa-digest-not-named", digest=digest)]
        return Outcome(CheckStatus.PASSED, facts=facts).noting(*unnamed)
    return failed("aa-signature-wrong") if named else undetermined("aa-unsupported")
