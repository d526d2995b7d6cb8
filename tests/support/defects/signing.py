"""Defects of Active Authentication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.standards.asn1.oids import ECDSA_PLAIN
from eid_toolkit.standards.asn1.security_infos import ActiveAuthenticationInfo
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey, plain_to_der
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import active_authentication
from eid_toolkit.standards.protocols.personalization_data import DIGEST_REFERENCES, ChipKey
from support.card_states import ENTROPY
from support.conformance import Defect, DefectiveCard, emrtd
from support.defects.chip import once_done
from support.resigning import infos_of, put_infos

_SIZE = active_authentication.CHALLENGE_SIZE


def _key(card: DefectiveCard) -> ChipKey:
    key = card.memory.part(EmrtdMemory).active_authentication_key
    assert isinstance(key, ChipKey)
    return key


def _signature(card: DefectiveCard, challenge: bytes) -> bytes:
    key = _key(card)
    domain = domain_by_id(key.parameter_id)
    assert isinstance(domain, EcDomain)
    return active_authentication.respond(EcPrivateKey(domain, key.scalar), "sha256", challenge)


def _signs(fault: Callable[[DefectiveCard, CommandApdu], ResponseApdu | None]) -> Defect:
    """INTERNAL AUTHENTICATE is answered by ``fault``, unless that has no answer."""

    def put(card: DefectiveCard) -> None:
        def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
            return fault(card, command) if command.ins == commands.INTERNAL_AUTHENTICATE else None

        card.defects.instead.append(instead)

    return put


def _signs_by_another_key(card: DefectiveCard) -> None:
    """The office loaded the key of another chip."""
    domain = domain_by_id(_key(card).parameter_id)
    assert isinstance(domain, EcDomain)
    other = replace(_key(card), scalar=EcPrivateKey.generate(domain, ENTROPY).scalar)
    card.memory.part(EmrtdMemory).active_authentication_key = other


def _repeats_first_signature(card: DefectiveCard) -> None:
    """The signature is computed once for each session, and then taken from memory."""
    kept: list[bytes] = []
    card.defects.on_reset.append(lambda _: kept.clear())

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if command.ins != commands.INTERNAL_AUTHENTICATE or not answer.ok:
            return answer
        kept.append(answer.data)
        return replace(answer, data=kept[0])

    card.defects.afterwards.append(change)


def _refuses_repetition(card: DefectiveCard) -> None:
    """A challenge that was signed is taken for an attack when it comes again."""
    seen: set[bytes] = set()

    def fault(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if command.data in seen:
            return ResponseApdu(b"", 0x6985)
        seen.add(command.data)
        return None

    _signs(fault)(card)


def _signs_for_anyone(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
    selected = emrtd(card).status.is_selected
    free = selected and emrtd(card).status.access is None and len(command.data) == _SIZE
    return ResponseApdu(_signature(card, command.data), 0x9000) if free else None


def _signs_length(wrong: Callable[[int], bool]) -> Defect:
    """A challenge of that length is filled up or cut, and signed."""

    def fault(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if not wrong(len(command.data)) or emrtd(card).status.access is None:
            return None
        return ResponseApdu(_signature(card, command.data.ljust(_SIZE, b"\x00")[:_SIZE]), 0x9000)

    return _signs(fault)


def _writes_der(card: DefectiveCard) -> None:
    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        signed = command.ins == commands.INTERNAL_AUTHENTICATE and answer.ok
        return replace(answer, data=plain_to_der(answer.data)) if signed else answer

    card.defects.afterwards.append(change)


def _signs_by_another_digest(card: DefectiveCard) -> None:
    card.memory.part(EmrtdMemory).active_authentication_key = replace(_key(card), reference=DIGEST_REFERENCES["sha384"])


def _has_too_long_a_digest(card: DefectiveCard) -> None:
    """Card and DG14 agree on SHA-512 with a key of 256 bits."""
    card.memory.part(EmrtdMemory).active_authentication_key = replace(_key(card), reference=DIGEST_REFERENCES["sha512"])
    infos = (info for info in infos_of(card.memory) if not isinstance(info, ActiveAuthenticationInfo))
    put_infos(card.memory, *infos, ActiveAuthenticationInfo(ECDSA_PLAIN["sha512"]))


def _overlooks_le(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
    short = 0 < command.ne < 64 and len(command.data) == _SIZE and emrtd(card).status.access is not None
    return ResponseApdu(_signature(card, command.data), 0x9000) if short else None


def _wants_the_most(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
    return ResponseApdu(b"", 0x6700) if 64 <= command.ne < 256 else None


def _does_not_sign_after_chip_authentication(card: DefectiveCard) -> None:
    done = once_done(card)
    _signs(lambda card, command: ResponseApdu(b"", 0x6985) if done() else None)(card)


DEFECTS: dict[str, Defect] = {
    "AA-01": _signs_by_another_key,
    "AA-02": _repeats_first_signature,
    "AA-03": _refuses_repetition,
    "AA-04": _signs(_signs_for_anyone),
    "AA-05": _signs_length(lambda length: 0 < length < _SIZE),
    "AA-06": _signs_length(lambda length: length > _SIZE),
    "AA-07": _signs_length(lambda length: not length),
    "AA-08": _writes_der,
    "AA-09": _signs_by_another_digest,
    "AA-10": _has_too_long_a_digest,
    "AA-11": _signs(_overlooks_le),
    "AA-12": _signs(_wants_the_most),
    "AA-13": _does_not_sign_after_chip_authentication,
}
