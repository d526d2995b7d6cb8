"""Terminal Authentication version 1: the messages, and the terminal's side (ICAO Doc 9303-11 7.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass

from eid_toolkit.ground.errors import AccessDenied, CardRefused, ProtocolError
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, KeyReference, plain_signature
from eid_toolkit.standards.protocols.flow import Flow

SET_VERIFICATION_KEY = (0x81, 0xB6)
SET_AUTHENTICATION_KEY = (0x81, 0xA4)
VERIFY_CERTIFICATE = (0x00, 0xBE)
KEY_REFERENCE = 0x83
CHALLENGE_SIZE = 8


@dataclass(frozen=True, slots=True)
class TerminalCredentials:
    """What a terminal proves itself with."""

    chain: tuple[CvCertificate, ...]
    """From a certificate that the chip can verify to the terminal's own."""
    signer: Signer
    """The terminal's private key."""


@dataclass(frozen=True, slots=True)
class SessionBinding:
    """What ties the terminal's signature to the chip and to the secure channel."""

    chip: bytes
    """ID.IC: of PACE the compressed ephemeral key of the chip, of BAC the document number with its check digit."""
    terminal: bytes
    """The terminal's compressed ephemeral key of Chip Authentication, or of PACE with its mapping."""

    def message(self, challenge: bytes) -> bytes:
        """What is signed: ID.IC, r.IC, Comp(PK.IFD)."""
        return self.chip + challenge + self.terminal


def compress(public: bytes, domain: EcDomain | DhDomain) -> bytes:
    """Comp(PK): the x-coordinate of a point (04, x, y), or SHA-1 over a public value of DH (7.1.4.1.3, 7.1.4.2.3)."""
    if isinstance(domain, EcDomain):
        return public[1 : 1 + domain.size]
    return hashlib.sha1(public, usedforsecurity=False).digest()


def chip_name_of_bac(mrz_information: str) -> bytes:
    """ID.IC where BAC opened the chip: the document number with its check digit, out of what the key was made of.

    Behind them stand date of birth and date of expiry, each of six digits with a check digit (9303-11 D.2).
    """
    return mrz_information[:-14].encode("ascii")


def authenticate(credentials: TerminalCredentials, binding: SessionBinding) -> Flow[None]:
    """The terminal's side, after Chip Authentication.

    Raises :class:`CardRefused` where the chip does not take part or refuses a certificate, :class:`ProtocolError` for
    a challenge that is none, :class:`AccessDenied` where the chip refuses the signature.
    """
    for certificate in credentials.chain:
        yield from _send_certificate(certificate)
    own = credentials.chain[-1].content.holder_reference
    yield from _require(commands.mse_set(*SET_AUTHENTICATION_KEY, _reference(own)), "ta-key-not-selected")
    challenge = yield from _require(commands.get_challenge(CHALLENGE_SIZE), "ta-no-challenge")
    if len(challenge) != CHALLENGE_SIZE:
        raise ProtocolError("ta-challenge-length", length=len(challenge))
    signature = plain_signature(credentials.signer, binding.message(challenge))
    answer = yield commands.external_authenticate(signature, ne=0)
    if not answer.ok:
        raise AccessDenied("ta-refused", sw=f"{answer.sw:04X}")


def _send_certificate(certificate: CvCertificate) -> Generator[CommandApdu, ResponseApdu, None]:
    names = certificate.content.authority_reference, certificate.content.holder_reference
    select = commands.mse_set(*SET_VERIFICATION_KEY, _reference(names[0]))
    yield from _require(select, "ta-issuer-unknown", reference=names[0].text)
    verify = commands.perform_security_operation(*VERIFY_CERTIFICATE, certificate.parts)
    yield from _require(verify, "ta-certificate-refused", reference=names[1].text)


def _require(command: CommandApdu, code: str, **facts: object) -> Flow[bytes]:
    answer = yield command
    if not answer.ok:
        raise CardRefused(code, sw=answer.sw, **facts)
    return answer.data


def _reference(reference: KeyReference) -> bytes:
    return tlv.encode(KEY_REFERENCE, reference.encode())
