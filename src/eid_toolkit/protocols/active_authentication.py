"""Active Authentication with ECDSA, both ends (ICAO Doc 9303-11 6.1)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.asn1.oids import ECDSA_PLAIN
from eid_toolkit.crypto.ec import EcPrivateKey, EcPublicKey, plain_to_der
from eid_toolkit.errors import BadInput, CardRefused
from eid_toolkit.iso7816 import commands
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols.flow import Flow

CHALLENGE_SIZE = 8
DIGEST_BY_OID = {oid: name for name, oid in ECDSA_PLAIN.items()}


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationTranscript:
    """The terminal's challenge (8 bytes) and the chip's signature: enough to judge again later."""

    challenge: bytes
    signature: bytes


def challenge_chip(entropy: Entropy) -> Flow[ActiveAuthenticationTranscript]:
    """The terminal's side; raises :class:`CardRefused` if the chip does not sign."""
    challenge = entropy.take(CHALLENGE_SIZE)
    answer = yield commands.internal_authenticate(challenge)
    if not answer.ok:
        raise CardRefused("aa-refused", sw=answer.sw)
    return ActiveAuthenticationTranscript(challenge, answer.data)


def verify(public_key: EcPublicKey, digest: str, transcript: ActiveAuthenticationTranscript) -> bool:
    """Whether the signature (plain r ‖ s) is the chip's over the challenge."""
    if len(transcript.signature) != 2 * public_key.domain.scalar_size:
        return False
    try:
        signature = plain_to_der(transcript.signature)
    except BadInput:
        return False
    return public_key.verify(signature, transcript.challenge, digest)


def respond(key: EcPrivateKey, digest: str, challenge: bytes) -> bytes:
    """The card's side: r ‖ s over the challenge, which must be 8 bytes."""
    if len(challenge) != CHALLENGE_SIZE:
        raise BadInput("aa-challenge-length", length=len(challenge))
    return key.sign_plain(challenge, digest)
