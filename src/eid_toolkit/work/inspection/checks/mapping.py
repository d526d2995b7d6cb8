"""Was the chip authenticated in opening it? PACE with Chip Authentication Mapping (ICAO Doc 9303-11 4.4.3.5, 6)."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationPublicKeyInfo
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.pki.cms import verify_signed_data
from eid_toolkit.standards.pki.judgement import ChainResult, RevocationResult, severity
from eid_toolkit.standards.pki.validation import Status, check_revocation, validate_signer
from eid_toolkit.standards.protocols.pace import ChipMappingProof
from eid_toolkit.work.inspection.case import Case, facts_of
from eid_toolkit.work.inspection.evidence import FileState
from eid_toolkit.work.inspection.result import PASSED, Outcome, failed, undetermined


def chip_authentication_mapping(case: Case) -> Outcome | None:
    """The key of the mapping belongs to the static key that the issuer signed in EF.CardSecurity.

    None where the card was opened otherwise.
    """
    access, proof = case.evidence.access, case.evidence.chip_mapping
    if access.mapping != "cam" or proof is None:
        return None
    if not case.witness.believed:
        return undetermined("told-by-reader", what="PACE with Chip Authentication Mapping")
    state = case.evidence.state(ElementaryFile.CARD_SECURITY)
    content = case.evidence.content(ElementaryFile.CARD_SECURITY)
    if content is None:
        absent = state is FileState.ABSENT
        return failed("card-security-missing") if absent else undetermined("card-security-not-read", state=state)
    try:
        card_security = CardSecurity.parse(content, patient=True)
    except BadInput:
        return undetermined("card-security-malformed")
    untrusted = _why_untrusted(case, card_security)
    return untrusted if untrusted is not None else _judge_proof(card_security, access.parameter_id, proof)


def _why_untrusted(case: Case, card_security: CardSecurity) -> Outcome | None:
    """Passive Authentication of EF.CardSecurity, by the rules of EF.SOD (9303-11 4.4.3.5.2, 9303-12 6.1.2).

    Its signature, its signer's way to a trusted authority, that the signer is of the document's state and may sign
    such documents, and that it is not revoked.
    """
    signed = card_security.signed_data
    signer = signed.signer_certificate
    if signer is None:
        return undetermined("card-security-not-checkable", cause="card-security-without-signer")
    try:
        if not verify_signed_data(signed, signer.der):
            return failed("card-security-signature-wrong")
    except BadInput as error:
        return undetermined("card-security-not-checkable", cause=error.code)
    chain = validate_signer(signer, case.trust, case.now, facts_of(case.document), signed.certificates)
    results: list[ChainResult | RevocationResult] = [chain]
    if chain.csca is not None:
        results.append(check_revocation(signer, case.trust, case.now))
    worst = max(results, key=lambda result: severity(result.status))
    if worst.status is Status.PASSED:
        return None
    outcome = failed if worst.status is Status.FAILED else undetermined
    return outcome("card-security-signer-untrusted", cause=worst.reason)


def _judge_proof(card_security: CardSecurity, parameter_id: int | None, proof: ChipMappingProof) -> Outcome:
    """The static key is the one whose reference is the id of the domain parameters (9303-11 9.2.1)."""
    for info in card_security.security_infos.of_type(ChipAuthenticationPublicKeyInfo):
        if info.key_id != parameter_id:
            continue
        try:
            key = EcPublicKey.from_spki(info.spki)
        except BadInput:
            continue
        if key.domain.parameter_id == parameter_id and proof.is_by(key.domain, key.point):
            return PASSED
        return failed("cam-proof-wrong")
    return undetermined("cam-key-missing")
