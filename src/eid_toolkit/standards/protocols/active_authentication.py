"""Active Authentication with ECDSA and RSA, both ends (ICAO Doc 9303-11 6.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from eid_toolkit.ground.errors import BadInput, CardRefused, NotRsaKey
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.asn1.oids import ECDSA_PLAIN
from eid_toolkit.standards.crypto import iso9796
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey, plain_to_der
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey, RsaPublicKey
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE
from eid_toolkit.standards.protocols.flow import Flow

CHALLENGE_SIZE = 8
DIGEST_BY_OID = {oid: name for name, oid in ECDSA_PLAIN.items()}


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationTranscript:
    """The terminal's challenge (8 bytes) and the chip's signature: enough to judge again later."""

    challenge: bytes
    signature: bytes


class EcdsaForm(Enum):
    """How a genuine ECDSA signature was coded."""

    PLAIN = "plain"
    """r ‖ s, as 9303-11 6.1.2.3 asks."""
    DER = "der"
    """A SEQUENCE of r and s, which chips in the field answer all the same."""


def public_key(spki: bytes) -> EcPublicKey | RsaPublicKey:
    """The key of DG15; raises :class:`BadInput` for one that is neither EC nor RSA, or cannot be used."""
    try:
        return RsaPublicKey.from_spki(spki)
    except NotRsaKey:
        return EcPublicKey.from_spki(spki)


def signature_size(key: EcPublicKey | RsaPublicKey) -> int:
    """The bytes of a signature by ``key`` in the standard's form."""
    return key.size if isinstance(key, RsaPublicKey) else 2 * key.domain.scalar_size


def challenge_chip(entropy: Entropy, *, extended: bool = False) -> Flow[ActiveAuthenticationTranscript]:
    """The terminal's side; ``extended`` where the signature does not fit a short answer (9303-11 6.1.4).

    Raises :class:`CardRefused` if the chip does not sign.
    """
    challenge = entropy.take(CHALLENGE_SIZE)
    command = commands.internal_authenticate(challenge)
    answer = yield replace(command, ne=MAX_EXTENDED_NE) if extended else command
    if not answer.ok:
        raise CardRefused("aa-refused", sw=answer.sw)
    return ActiveAuthenticationTranscript(challenge, answer.data)


def verify_ecdsa(key: EcPublicKey, digest: str, transcript: ActiveAuthenticationTranscript) -> EcdsaForm | None:
    """In which form the signature is the chip's over the challenge; None if it is not."""
    signature, challenge = transcript.signature, transcript.challenge
    if len(signature) == 2 * key.domain.scalar_size and key.verify(plain_to_der(signature), challenge, digest):
        return EcdsaForm.PLAIN
    return EcdsaForm.DER if key.verify(signature, challenge, digest) else None


def verify_rsa(key: RsaPublicKey, transcript: ActiveAuthenticationTranscript) -> bool:
    """Whether the signature is the chip's over the challenge; the digest is the one that its trailer names.

    Raises :class:`BadInput` for a key that cannot make such signatures.
    """
    return iso9796.verify(key, transcript.signature, transcript.challenge) is not None


def respond(key: EcPrivateKey, digest: str, challenge: bytes) -> bytes:
    """The card's side with ECDSA: r ‖ s over the challenge, which must be 8 bytes.

    Without randomness of its own (RFC 6979), so that a card whose randomness is scripted answers the same again.
    """
    _check(challenge)
    return key.sign_plain(challenge, digest, deterministic=True)


def respond_rsa(key: RsaPrivateKey, digest: str, challenge: bytes, entropy: Entropy) -> bytes:
    """The card's side with RSA; raises :class:`BadInput` for a key too short for the digest."""
    _check(challenge)
    return iso9796.sign(key, digest, challenge, entropy)


def _check(challenge: bytes) -> None:
    if len(challenge) != CHALLENGE_SIZE:
        raise BadInput("aa-challenge-length", length=len(challenge))
