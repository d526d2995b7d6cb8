"""PACE, the terminal's side (ICAO Doc 9303-11 4.4.1 and 4.4.4)."""

from __future__ import annotations

from collections.abc import Generator

from eid_toolkit.asn1.security_infos import PaceInfo
from eid_toolkit.codec import der, tlv
from eid_toolkit.errors import AccessDenied, BadInput, CardRefused, ProtocolError
from eid_toolkit.iso7816 import commands
from eid_toolkit.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.ports import Entropy
from eid_toolkit.protocols import pace
from eid_toolkit.protocols.flow import Flow
from eid_toolkit.protocols.key_agreement import EcGroup
from eid_toolkit.protocols.pace import PaceParameters, PaceResult, SessionKeys, Step
from eid_toolkit.protocols.passwords import AccessPassword
from eid_toolkit.protocols.secure_messaging import SecureChannel
from eid_toolkit.secret import Secret


def establish(
    password: AccessPassword, info: PaceInfo, entropy: Entropy, *, name_parameters: bool = False
) -> Flow[PaceResult]:
    """Runs PACE by generic mapping with the protocol and group of ``info``.

    ``name_parameters`` sends the domain parameter id, which the card needs only where it offers several.
    Raises :class:`AccessDenied` for a wrong password, :class:`CardRefused` where the card refuses the protocol,
    :class:`ProtocolError` where an answer is wrong.
    """
    parameters = PaceParameters.of(info)
    if not parameters.is_implemented:
        raise BadInput("pace-info-unusable", protocol=info.protocol)
    yield from _select(password, info, name_parameters)

    encrypted = yield from _round(Step.NONCE, b"")
    if len(encrypted) != parameters.nonce_size:
        raise ProtocolError("pace-nonce-length", length=len(encrypted))
    nonce = pace.decrypt_nonce(parameters, password, encrypted)

    group = EcGroup.of(parameters.domain)
    mapping_key = group.key_pair(entropy)
    mapping_answer = yield from _round(Step.MAP, mapping_key.public)
    _differ(mapping_key.public, mapping_answer)
    mapped = group.mapped(nonce, group.agree(mapping_key.private, mapping_answer))

    key = mapped.key_pair(entropy)
    card_public = yield from _round(Step.AGREE, key.public)
    _differ(key.public, card_public)
    keys = SessionKeys.derive(parameters, mapped.shared_secret(key.private, card_public))

    card_token = yield from _round(Step.AUTHENTICATE, keys.token(card_public), password)
    if not Secret(keys.token(key.public)).matches(card_token):
        raise ProtocolError("pace-card-token-wrong")
    return PaceResult(SecureChannel(keys.suite), parameters, password.kind)


def _select(
    password: AccessPassword, info: PaceInfo, name_parameters: bool
) -> Generator[CommandApdu, ResponseApdu, None]:
    data = tlv.encode(pace.PROTOCOL, der.encode_oid_value(info.protocol))
    data += tlv.encode(pace.PASSWORD, bytes((password.kind,)))
    if name_parameters and info.parameter_id is not None:
        data += tlv.encode(pace.PARAMETERS, bytes((info.parameter_id,)))
    answer = yield commands.mse_set(pace.MSE_P1, pace.MSE_P2, data)
    # 63Cx warns that few tries are left; the password is set all the same (TR-03110-3 B.14.1).
    if not answer.ok and answer.sw & 0xFFF0 != 0x63C0:
        raise CardRefused("pace-not-started", sw=answer.sw, password=password.kind.name.lower())


def _round(step: Step, value: bytes, password: AccessPassword | None = None) -> Flow[bytes]:
    """One GENERAL AUTHENTICATE and the value that answers it."""
    sent = b"" if step.command_tag is None else tlv.encode(step.command_tag, value)
    answer = yield commands.general_authenticate(sent, last=step is Step.AUTHENTICATE)
    if password is not None and (answer.sw >> 8 == 0x63 or answer.sw in (0x6982, 0x6983, 0x6985)):
        raise AccessDenied(
            "access-password-wrong", password=password.kind.name.lower(), protocol="pace", sw=f"{answer.sw:04X}"
        )
    if not answer.ok:
        raise CardRefused("pace-refused", sw=answer.sw, step=step.name.lower())
    return pace.unwrap(answer.data, step.response_tag)[step.response_tag]


def _differ(ours: bytes, theirs: bytes) -> None:
    """A card that sends our own key back proves nothing (9303-11 4.4.1)."""
    if ours == theirs:
        raise ProtocolError("pace-public-keys-equal")
