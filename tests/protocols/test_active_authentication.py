"""Active Authentication, terminal against card, with every key and digest; and what is not an answer."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput, CardRefused
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.iso9796 import TRAILERS
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import active_authentication as aa
from eid_toolkit.standards.protocols.active_authentication import ActiveAuthenticationTranscript, EcdsaForm
from eid_toolkit.standards.protocols.flow import run
from support.rsa_keys import rsa_key
from support.scripted import ScriptedEntropy

CHALLENGE = bytes(range(8))
CURVES = [domain for n in range(8, 19) if isinstance(domain := domain_by_id(n), EcDomain)]
DIGESTS = ["sha1", "sha224", "sha256", "sha384", "sha512"]
ON_CURVES = [(domain, digest) for domain in CURVES for digest in DIGESTS]


def ec_key(domain: EcDomain) -> EcPrivateKey:
    return EcPrivateKey.generate(domain, SystemEntropy())


@pytest.mark.parametrize(("domain", "digest"), ON_CURVES, ids=lambda value: getattr(value, "name", value))
def test_the_terminal_accepts_ecdsa_of_every_curve_and_digest(domain: EcDomain, digest: str) -> None:
    key = ec_key(domain)
    transcript = ActiveAuthenticationTranscript(CHALLENGE, aa.respond(key, digest, CHALLENGE))
    assert len(transcript.signature) == aa.signature_size(key.public_key)
    assert aa.verify_ecdsa(key.public_key, digest, transcript) is EcdsaForm.PLAIN


@pytest.mark.parametrize(("domain", "digest"), ON_CURVES, ids=lambda value: getattr(value, "name", value))
def test_an_ecdsa_answer_in_der_is_accepted_and_told_apart(domain: EcDomain, digest: str) -> None:
    key = ec_key(domain)
    transcript = ActiveAuthenticationTranscript(CHALLENGE, key.sign(CHALLENGE, digest))
    assert aa.verify_ecdsa(key.public_key, digest, transcript) is EcdsaForm.DER


@pytest.mark.parametrize("form", EcdsaForm)
def test_every_changed_byte_of_an_ecdsa_answer_is_found(form: EcdsaForm) -> None:
    key = ec_key(CURVES[4])
    good = key.sign_plain(CHALLENGE, "sha256") if form is EcdsaForm.PLAIN else key.sign(CHALLENGE, "sha256")
    for position in range(len(good)):
        changed = bytearray(good)
        changed[position] ^= 0x01
        transcript = ActiveAuthenticationTranscript(CHALLENGE, bytes(changed))
        assert aa.verify_ecdsa(key.public_key, "sha256", transcript) is None
    for other in (b"", good[:-1], good + b"\x00", good * 2, b"\x00" * len(good), b"\x30\x00"):
        assert aa.verify_ecdsa(key.public_key, "sha256", ActiveAuthenticationTranscript(CHALLENGE, other)) is None


@pytest.mark.parametrize("digest", list(TRAILERS))
@pytest.mark.parametrize("bits", [1024, 2048])
def test_the_terminal_accepts_rsa_of_every_digest(digest: str, bits: int) -> None:
    key = rsa_key(bits)
    answer = aa.respond_rsa(key, digest, CHALLENGE, SystemEntropy())
    assert len(answer) == aa.signature_size(key.public_key)
    assert aa.verify_rsa(key.public_key, ActiveAuthenticationTranscript(CHALLENGE, answer))
    assert not aa.verify_rsa(key.public_key, ActiveAuthenticationTranscript(CHALLENGE[::-1], answer))
    assert not aa.verify_rsa(rsa_key(3072 - bits).public_key, ActiveAuthenticationTranscript(CHALLENGE, answer))


def test_the_key_of_dg15_is_told_by_its_algorithm() -> None:
    ec, rsa = ec_key(CURVES[4]).public_key, rsa_key(1024).public_key
    assert aa.public_key(ec.spki()) == ec
    assert aa.public_key(rsa.spki()) == rsa
    for broken in (b"", b"\x30\x00", rsa.spki()[:-1], ec.spki()[:40]):
        with pytest.raises(BadInput):
            aa.public_key(broken)


@pytest.mark.parametrize(
    ("extended", "expected"),
    [(False, "00880000 08 0001020304050607 00"), (True, "00880000 000008 0001020304050607 0000")],
)
def test_the_challenge_is_sent_as_the_standard_has_it(extended: bool, expected: str) -> None:
    seen: list[str] = []

    def card(command: CommandApdu) -> ResponseApdu:
        seen.append(command.encode().hex())
        return ResponseApdu(b"signature", 0x9000)

    found = run(aa.challenge_chip(ScriptedEntropy([CHALLENGE]), extended=extended), card)
    assert (seen, found) == ([expected.replace(" ", "")], ActiveAuthenticationTranscript(CHALLENGE, b"signature"))


def test_a_refusal_is_told_with_its_status_word() -> None:
    with pytest.raises(CardRefused) as caught:
        run(aa.challenge_chip(SystemEntropy()), lambda _: ResponseApdu(b"", 0x6985))
    assert caught.value.sw == 0x6985


@pytest.mark.parametrize("size", [0, 7, 9])
def test_a_challenge_of_another_length_is_not_signed(size: int) -> None:
    with pytest.raises(BadInput, match="aa-challenge-length"):
        aa.respond(ec_key(CURVES[4]), "sha256", bytes(size))
    with pytest.raises(BadInput, match="aa-challenge-length"):
        aa.respond_rsa(rsa_key(1024), "sha1", bytes(size), SystemEntropy())
