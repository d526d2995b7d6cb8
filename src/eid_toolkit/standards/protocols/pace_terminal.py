"""PACE, the terminal's side (ICAO Doc 9303-11 4.4.1 and 4.4.4)."""

from __future__ import annotations

from collections.abc import Generator

from eid_toolkit.ground.errors import BadInput, CardRefused, PasswordWrong, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.status import is_card_failure
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.flow import Flow
from eid_toolkit.standards.protocols.key_agreement import Group, group_of
from eid_toolkit.standards.protocols.pace import ChipMappingProof, PaceParameters, PaceResult, SessionKeys, Step
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.references import encode_reference
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel


def establish(
    password: AccessPassword,
    info: PaceInfo,
    entropy: Entropy,
    beside: tuple[PaceDomainParameterInfo, ...] = (),
    name_parameters: bool = False,
) -> Flow[PaceResult]:
    """Runs PACE with the protocol and group of ``info``; ``beside`` it groups may be written out.

    ``name_parameters`` sends the domain parameter id, which the card needs only where it offers several.
    Raises :class:`PasswordWrong` for a wrong password, :class:`CardRefused` where the card refuses the protocol,
    :class:`ProtocolError` where an answer is wrong. With Chip Authentication Mapping the result carries a proof that
    the caller has to verify.
    """
    parameters = PaceParameters.of(info, beside)
    yield from _select(password, info, parameters.reference if name_parameters else None)

    encrypted = yield from _round(Step.NONCE, b"")
    if len(encrypted) != parameters.nonce_size:
        raise ProtocolError("pace-nonce-length", length=len(encrypted))
    nonce = pace.decrypt_nonce(parameters, password, encrypted)

    mapped, mapping_public = yield from _map(parameters, nonce, entropy)

    key = mapped.key_pair(entropy)
    card_public = yield from _round(Step.AGREE, key.public)
    pace.require_different(key.public, card_public)
    keys = SessionKeys.derive(parameters, mapped.shared_secret(key.private, card_public))

    answer = yield from _exchange(Step.AUTHENTICATE, keys.token(card_public), password)
    if not Secret(keys.token(key.public)).matches(answer[Step.AUTHENTICATE.response_tag]):
        raise ProtocolError("pace-card-token-wrong")
    proof = _chip_proof(parameters, keys, mapping_public, answer.get(pace.ENCRYPTED_CHIP_DATA))
    return PaceResult(SecureChannel(keys.suite), parameters, password.kind, card_public, key.public, proof)


def _map(parameters: PaceParameters, nonce: bytes, entropy: Entropy) -> Flow[tuple[Group, bytes]]:
    """The mapped group, and the card's public key of the mapping phase (none with the integrated mapping)."""
    if parameters.protocol.mapping == "im":
        own = entropy.take(parameters.terminal_nonce_size)
        yield from _round(Step.MAP, own)
        return parameters.map_integrated(nonce, own), b""
    group = group_of(parameters.domain)
    key = group.key_pair(entropy)
    card_public = yield from _round(Step.MAP, key.public)
    pace.require_different(key.public, card_public)
    return group.mapped(nonce, group.agree(key.private, card_public)), card_public


def _chip_proof(
    parameters: PaceParameters, keys: SessionKeys, mapping_public: bytes, encrypted: bytes | None
) -> ChipMappingProof | None:
    """Encrypted Chip Authentication Data must be there with this mapping, and only then (9303-11 4.4.5)."""
    if (encrypted is not None) is not (parameters.protocol.mapping == "cam"):
        raise ProtocolError("pace-chip-data-unexpected")
    if encrypted is None:
        return None
    try:
        return ChipMappingProof(mapping_public, keys.decrypt_chip_data(encrypted))
    except BadInput:
        raise ProtocolError("pace-chip-data-unexpected") from None


def _select(
    password: AccessPassword, info: PaceInfo, reference: int | None
) -> Generator[CommandApdu, ResponseApdu, None]:
    data = tlv.encode(pace.PROTOCOL, der.encode_oid_value(info.protocol))
    data += tlv.encode(pace.PASSWORD, bytes((password.kind,)))
    if reference is not None:
        data += tlv.encode(pace.PARAMETERS, encode_reference(reference))
    answer = yield commands.mse_set(pace.MSE_P1, pace.MSE_P2, data)
    # 63Cx warns that few tries are left; the password is set all the same (TR-03110-3 B.14.1).
    if not answer.ok and answer.sw & 0xFFF0 != 0x63C0:
        raise _refused("pace-not-started", answer.sw, "password", password=password.kind.name.lower())


def _round(step: Step, value: bytes) -> Flow[bytes]:
    """One GENERAL AUTHENTICATE and the value that answers it."""
    answer = yield from _exchange(step, value)
    return answer[step.response_tag]


def _exchange(step: Step, value: bytes, password: AccessPassword | None = None) -> Flow[dict[int, bytes]]:
    """One GENERAL AUTHENTICATE and all objects of its answer; a refusal of the last is a wrong ``password``."""
    sent = b"" if step.command_tag is None else tlv.encode(step.command_tag, value)
    answer = yield commands.general_authenticate(sent, last=step is Step.AUTHENTICATE)
    if password is not None and (answer.sw >> 8 == 0x63 or answer.sw in (0x6982, 0x6983, 0x6985)):
        raise PasswordWrong("access-password-wrong", password=password.kind.name.lower(), protocol="pace", sw=answer.sw)
    if not answer.ok:
        raise _refused("pace-refused", answer.sw, step.name.lower())
    return pace.unwrap(answer.data, step.response_tag)


def _refused(code: str, sw: int, step: str, **facts: object) -> CardRefused:
    if is_card_failure(sw):
        return CardRefused("card-failed", sw=sw, step=f"PACE ({step})")
    return CardRefused(code, sw=sw, step=step, **facts)
