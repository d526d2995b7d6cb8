"""Active Authentication with ECDSA and RSA (ICAO Doc 9303-11 6.1)."""

from __future__ import annotations

from functools import partial

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.security_infos import ActiveAuthenticationInfo
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu
from eid_toolkit.standards.protocols.active_authentication import (
    CHALLENGE_SIZE,
    DIGEST_BY_OID,
    ActiveAuthenticationTranscript,
    EcdsaForm,
    public_key,
    signature_size,
    verify_ecdsa,
    verify_rsa,
)
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.chip_rounds import ChipRounds, with_aes
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.probe import Probe

_WRONG_LE = range(0x6C00, 0x6D00)
_WRONG_LENGTH = 0x6700


def _key(facts: Facts) -> EcPublicKey | RsaPublicKey | None:
    try:
        return None if facts.dg15 is None else public_key(facts.dg15)
    except BadInput:
        return None


def _offered(facts: Facts) -> str | None:
    return None if _key(facts) is not None else "DG15 is missing or contains no usable key"


def _named_digest(facts: Facts) -> str | None:
    """The digest that DG14 names for ECDSA."""
    infos = () if facts.dg14 is None else facts.dg14.of_type(ActiveAuthenticationInfo)
    return DIGEST_BY_OID.get(infos[0].signature_algorithm) if infos else None


def _with_digest(facts: Facts) -> str | None:
    named = isinstance(_key(facts), EcPublicKey) and _named_digest(facts) is not None
    return None if named else "the key is not for ECDSA, or DG14 does not name its digest"


case = Cases(Unit.ACTIVE_AUTHENTICATION, "The chip was opened and the application selected.", _offered)


def _command(probe: Probe, challenge: bytes, ne: int | None = None) -> CommandApdu:
    """INTERNAL AUTHENTICATE, with extended length where the signature needs it (9303-11 6.1.4)."""
    key = _key(probe.facts)
    long = key is not None and signature_size(key) > probe.session.capacity(MAX_SHORT_NE)
    return commands.internal_authenticate(challenge, ne or (MAX_EXTENDED_NE if long else MAX_SHORT_NE))


def _sign(probe: Probe, challenge: bytes) -> ActiveAuthenticationTranscript:
    signature = probe.ok(probe.send(_command(probe, challenge)), "INTERNAL AUTHENTICATE")
    return ActiveAuthenticationTranscript(challenge, signature)


def _form(key: EcPublicKey, transcript: ActiveAuthenticationTranscript) -> EcdsaForm | None:
    """How the chip coded its signature, by whatever digest."""
    forms = (verify_ecdsa(key, digest, transcript) for digest in DIGEST_OIDS)
    return next((form for form in forms if form is not None), None)


def _verify(probe: Probe, transcript: ActiveAuthenticationTranscript, what: str) -> None:
    key = _key(probe.facts)
    if isinstance(key, RsaPublicKey):
        good = verify_rsa(key, transcript)
    else:
        good = key is not None and _form(key, transcript) is not None
    probe.require(good, f"{what}: the signature on the challenge does not verify with the key in DG15")


@case(
    1,
    "9303-11 6.1.1",
    "The chip signs the terminal's challenge with the key in DG15.",
    steps="INTERNAL AUTHENTICATE with a random challenge of 8 bytes.",
    expected="9000 with a signature that verifies with the key in DG15.",
)
def signature(probe: Probe) -> None:
    probe.open()
    _verify(probe, _sign(probe, probe.entropy.take(CHALLENGE_SIZE)), "INTERNAL AUTHENTICATE")


@case(
    2,
    "9303-11 6.1.1",
    "Different challenges get different signatures.",
    steps="INTERNAL AUTHENTICATE with two challenges in one session.",
    expected="Two signatures, each over its own challenge.",
)
def other_challenge(probe: Probe) -> None:
    probe.open()
    for number in ("first", "second"):
        _verify(probe, _sign(probe, probe.entropy.take(CHALLENGE_SIZE)), f"the {number} challenge")


@case(
    3,
    "9303-11 6.1.1",
    "The same challenge is signed again.",
    steps="INTERNAL AUTHENTICATE twice with one challenge.",
    expected="9000 with a good signature both times.",
)
def same_challenge(probe: Probe) -> None:
    probe.open()
    challenge = probe.entropy.take(CHALLENGE_SIZE)
    for number in ("first", "second"):
        _verify(probe, _sign(probe, challenge), f"the challenge for the {number} time")


@case(
    4,
    "9303-11 4.2",
    "Without access, the chip signs nothing.",
    preconditions="The chip was reset and the application selected.",
    steps="INTERNAL AUTHENTICATE in plain.",
    expected="An error without data.",
)
def without_access(probe: Probe) -> None:
    probe.select_application()
    answer = probe.plain(commands.internal_authenticate(bytes(CHALLENGE_SIZE)))
    probe.refused(answer, "INTERNAL AUTHENTICATE without access")


def _wrong_length(probe: Probe, size: int) -> None:
    probe.open()
    probe.refused(probe.send(_command(probe, probe.entropy.take(size))), f"a challenge of {size} bytes")


for _number, _size in enumerate((CHALLENGE_SIZE - 1, CHALLENGE_SIZE + 1, 0), 5):
    case(
        _number,
        "9303-11 6.1.2.1",
        f"A challenge of {_size} bytes is not signed.",
        steps=f"INTERNAL AUTHENTICATE with {_size} bytes.",
        expected="An error without data.",
    )(partial(_wrong_length, size=_size))


@case(
    8,
    "9303-11 6.1.2.3",
    "The signature has the standard's form.",
    steps="INTERNAL AUTHENTICATE.",
    expected="ECDSA: r and s concatenated, each as long as the order. RSA: as long as the modulus.",
)
def form(probe: Probe) -> None:
    probe.open()
    key = _key(probe.facts)
    transcript = _sign(probe, probe.entropy.take(CHALLENGE_SIZE))
    expected_size = 0 if key is None else signature_size(key)
    probe.require(
        len(transcript.signature) == expected_size, f"{len(transcript.signature)} bytes instead of {expected_size}"
    )
    if isinstance(key, EcPublicKey):
        probe.require(_form(key, transcript) is EcdsaForm.PLAIN, "the signature is not r and s in plain form")


@case(
    9,
    "9303-11 9.2.4",
    "The chip signs with the digest that DG14 names.",
    steps="INTERNAL AUTHENTICATE.",
    expected="A signature that verifies with the digest of ActiveAuthenticationInfo.",
    condition=_with_digest,
)
def digest(probe: Probe) -> None:
    probe.open()
    key, name = _key(probe.facts), _named_digest(probe.facts)
    transcript = _sign(probe, probe.entropy.take(CHALLENGE_SIZE))
    good = isinstance(key, EcPublicKey) and name is not None and verify_ecdsa(key, name, transcript) is not None
    probe.require(good, f"the signature was not made with {name}")


@case(
    10,
    "9303-11 6.1.2.3",
    "The digest is not SHA-1, and not longer than the key.",
    steps="ActiveAuthenticationInfo of DG14 and the key of DG15.",
    expected="SHA-224 to SHA-512, of at most as many bits as the order of the curve.",
    condition=_with_digest,
)
def allowed_digest(probe: Probe) -> None:
    key, name = _key(probe.facts), _named_digest(probe.facts) or "sha1"
    probe.require(name != "sha1", "DG14 names SHA-1")
    bits = key.domain.n.bit_length() if isinstance(key, EcPublicKey) else 0
    probe.require(int(name.removeprefix("sha")) <= bits, f"{name} is longer than the key of {bits} bits")


def _short_signature(facts: Facts) -> str | None:
    key = _key(facts)
    return None if key is not None and signature_size(key) < MAX_SHORT_NE // 2 else "the signature is too long for Le"


@case(
    11,
    "7816-4 5.1",
    "The chip never sends more bytes than Le allows.",
    steps="INTERNAL AUTHENTICATE with a Le one less than the signature.",
    expected="6Cxx or 6700, or no more bytes than asked for.",
    condition=_short_signature,
)
def short_le(probe: Probe) -> None:
    probe.open()
    key = _key(probe.facts)
    room = signature_size(key) - 1 if key is not None else 1
    command = _command(probe, probe.entropy.take(CHALLENGE_SIZE), room)
    answer = probe.unprotect(command, probe.protected(command), "INTERNAL AUTHENTICATE with a short Le")
    probe.require(len(answer.data) <= room, f"{len(answer.data)} bytes for a Le of {room}")
    if not answer.data:
        probe.refused(answer, "INTERNAL AUTHENTICATE with a short Le", _WRONG_LE, _WRONG_LENGTH)


@case(
    12,
    "7816-4 5.1",
    "An Le of exactly the signature's length works.",
    steps="INTERNAL AUTHENTICATE with the length of the signature for Le.",
    expected="9000 with the signature.",
    condition=_short_signature,
)
def exact_le(probe: Probe) -> None:
    probe.open()
    key, challenge = _key(probe.facts), probe.entropy.take(CHALLENGE_SIZE)
    command = _command(probe, challenge, None if key is None else signature_size(key))
    answer = probe.unprotect(command, probe.protected(command), "INTERNAL AUTHENTICATE with an exact Le")
    data = probe.ok(answer, "INTERNAL AUTHENTICATE with an exact Le")
    _verify(probe, ActiveAuthenticationTranscript(challenge, data), "INTERNAL AUTHENTICATE with an exact Le")


@case(
    13,
    "9303-11 6.1.1",
    "Active Authentication works under the session keys of Chip Authentication.",
    steps=("Chip Authentication.", "INTERNAL AUTHENTICATE under the new keys."),
    expected="9000 with a good signature.",
    condition=with_aes,
)
def after_chip_authentication(probe: Probe) -> None:
    probe.open()
    ChipRounds(probe).finish()
    _verify(probe, _sign(probe, probe.entropy.take(CHALLENGE_SIZE)), "after Chip Authentication")
