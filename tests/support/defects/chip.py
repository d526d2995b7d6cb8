"""Defects of Chip Authentication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.status import PendingChipAuthentication
from eid_toolkit.cards.emulator.refusal import Refused
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.ground.errors import BadInput, ChannelError
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.standards.asn1.security_infos import ChipAuthenticationInfo
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.domain_parameters import domain_by_id, ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.messaging_suites import derive_suite
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import chip_authentication as ca
from eid_toolkit.standards.protocols.chip_authentication import ChipStaticKey
from eid_toolkit.standards.protocols.secure_messaging import CLASS_BITS, SecureChannel
from support.conformance import Defect, DefectiveCard, emrtd
from support.resigning import infos_of, put_infos

AES_128 = ChipAuthenticationProtocol.of("ecdh", "aes-128")
TRIPLE_DES = ChipAuthenticationProtocol.of("ecdh", "3des")


def agrees(command: CommandApdu, card: DefectiveCard) -> bool:
    """Whether it is the round of Chip Authentication: of PACE there are none within a session."""
    return command.ins == commands.GENERAL_AUTHENTICATE and card._session.channel is not None


def selects(command: CommandApdu, template: tuple[int, int] = ca.MSE_AT) -> bool:
    return command.ins == commands.MANAGE_SECURITY_ENVIRONMENT and (command.p1, command.p2) == template


def once_done(card: DefectiveCard) -> Callable[[], bool]:
    """Tells whether there was Chip Authentication since the last reset."""
    done: list[bool] = []
    card.defects.on_reset.append(lambda _: done.clear())

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if answer.ok and agrees(command, card):
            done.append(True)
        return answer

    card.defects.afterwards.append(change)
    return lambda: bool(done)


def _derives_other_keys(card: DefectiveCard) -> None:
    """The keys for 3DES are derived from nothing."""

    def on_reset(card: DefectiveCard) -> None:
        genuine = emrtd(card).chip.set_key_agreement_template

        def derived(data: bytes) -> Reply:
            genuine(data)
            channel = SecureChannel(derive_suite("3des", b""))
            return ok(effect=lambda: emrtd(card).status.install(channel))

        emrtd(card).chip.set_key_agreement_template = derived  # type: ignore[method-assign]

    card.defects.on_reset.append(on_reset)


def _keeps_old_keys(card: DefectiveCard) -> None:
    """What does not verify under the new keys is tried under those from before."""
    before: list[SecureChannel] = []
    card.defects.on_reset.append(lambda _: before.clear())

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if answer.ok and agrees(command, card) and card._session.channel is not None:
            before[:] = [card._session.channel]
        return answer

    def instead_raw(card: DefectiveCard, raw: bytes) -> bytes | None:
        if not before or not raw[0] & CLASS_BITS or card._session.channel is before[0]:
            return None
        channel = SecureChannel(before[0]._suite, before[0]._counter)
        try:
            plain = channel.open_command(CommandApdu.decode(raw))
        except ChannelError:
            return None
        return channel.protect_response(plain.ins, card._handle(plain, 200).answer).encode()

    card.defects.afterwards.append(change)
    card.defects.instead_raw.append(instead_raw)


def _answers_as_version_2(card: DefectiveCard) -> None:
    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        return replace(answer, data=b"\x7c\x02\x81\x00") if answer.ok and agrees(command, card) else answer

    card.defects.afterwards.append(change)


def _keeps_keys_in_second_run(card: DefectiveCard) -> None:
    """Once the keys are those of Chip Authentication, the one command for 3DES is answered, but changes nothing."""
    done = once_done(card)

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(b"", 0x9000) if selects(command, ca.MSE_KAT) and done() else None

    card.defects.instead.append(instead)


def _keeps_session_at_plain_challenge(card: DefectiveCard) -> None:
    done = once_done(card)

    def instead(card: DefectiveCard, raw: bytes) -> bytes | None:
        asked = raw[:2] == bytes((0, commands.GET_CHALLENGE)) and card._session.channel is not None
        return b"\x69\x85" if asked and done() else None

    card.defects.instead_raw.append(instead)


def _knows_no_key_agreement_template(card: DefectiveCard) -> None:
    """3DES by MSE:Set AT only, as chips in the field had it (9303-11 8.5)."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(b"", 0x6A86) if selects(command, ca.MSE_KAT) else None

    card.defects.instead.append(instead)


def _changes_info(cipher: ChipAuthenticationProtocol, **changes: int) -> Defect:
    """The office wrote another value into a ChipAuthenticationInfo."""

    def put(card: DefectiveCard) -> None:
        infos = (
            replace(info, **changes)
            if isinstance(info, ChipAuthenticationInfo) and info.protocol == cipher.oid
            else info
            for info in infos_of(card.memory)
        )
        put_infos(card.memory, *infos)

    return put


def _amends(amended: Callable[[dict[int, bytes]], dict[int, bytes]]) -> Defect:
    """A MSE:Set AT that would be refused is put right first."""

    def put(card: DefectiveCard) -> None:
        def on_reset(card: DefectiveCard) -> None:
            genuine = emrtd(card).chip.set_authentication_template

            def set_template(data: bytes) -> Reply:
                try:
                    return genuine(data)
                except Refused:
                    objects = amended(_readable(data))
                    return genuine(b"".join(tlv.encode(tag, value) for tag, value in objects.items()))

            emrtd(card).chip.set_authentication_template = set_template  # type: ignore[method-assign]

        card.defects.on_reset.append(on_reset)

    return put


_OID = der.encode_oid_value(AES_128.oid)
_CUT = 0


def _readable(data: bytes) -> dict[int, bytes]:
    """The objects up to the first that is cut off; that one under the tag 0."""
    found: dict[int, bytes] = {}
    while data:
        tag, start, length = tlv.read_header(data)
        found[tag if start + length <= len(data) else _CUT] = data[start : start + length]
        data = data[start + length :]
    return found


def _usual_protocol(objects: dict[int, bytes]) -> dict[int, bytes]:
    known = objects.get(ca.PROTOCOL, _OID) == _OID
    return objects if known else {**objects, ca.PROTOCOL: _OID}


def _any_key(objects: dict[int, bytes]) -> dict[int, bytes]:
    return {tag: value for tag, value in objects.items() if tag != ca.KEY_REFERENCE}


def _protocol_by_itself(objects: dict[int, bytes]) -> dict[int, bytes]:
    return {ca.PROTOCOL: _OID, **objects}


def _without_cut(objects: dict[int, bytes]) -> dict[int, bytes]:
    return {tag: value for tag, value in objects.items() if tag != _CUT}


def _selects_by_itself(card: DefectiveCard) -> None:
    """GENERAL AUTHENTICATE in a session goes by the chip's key, whether or not it was selected."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if agrees(command, card) and card._session.under_way is None:
            key = next(iter(card.memory.part(EmrtdMemory).chip_authentication_keys.values()))
            static = ChipStaticKey(domain_by_id(key.parameter_id), key.scalar)
            card._session.under_way = PendingChipAuthentication(AES_128, static)
        return None

    card.defects.instead.append(instead)


def _takes(wrong: Callable[[bytes], bool]) -> Defect:
    """A public key that is none is computed with all the same."""

    def put(card: DefectiveCard) -> None:
        def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
            if not agrees(command, card) or command.data[:1] != b"\x7c":
                return None
            element = tlv.as_mapping(tlv.parse(command.data).children())[ca.EPHEMERAL_KEY]
            return ResponseApdu(tlv.encode(0x7C), 0x9000) if wrong(element) else None

        card.defects.instead.append(instead)

    return put


def _is_on(curve: str, point: bytes) -> bool:
    try:
        EcPublicKey.from_point(ec_domain_by_name(curve), point)
    except BadInput:
        return False
    return True


def _is_on_no_curve(point: bytes) -> bool:
    return len(point) == 65 and not _is_on("brainpoolP256r1", point) and not _is_on("secp256r1", point)


def _ends_session_where(refused: Callable[[DefectiveCard, CommandApdu], bool]) -> Defect:
    def put(card: DefectiveCard) -> None:
        def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
            if not answer.ok and refused(card, command):
                card._session.end_messaging()
            return answer

        card.defects.afterwards.append(change)

    return put


def _needs_no_access(card: DefectiveCard) -> None:
    def on_reset(card: DefectiveCard) -> None:
        emrtd(card).chip._require_session = lambda: None  # type: ignore[method-assign]

    card.defects.on_reset.append(on_reset)


def _takes_any_key_in_one_command(card: DefectiveCard) -> None:
    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        named = selects(command, ca.MSE_KAT) and command.data[:1] == bytes((ca.KAT_EPHEMERAL_KEY,))
        return ResponseApdu(b"", 0x9000) if named and not answer.ok else answer

    card.defects.afterwards.append(change)


def _takes_any_template(card: DefectiveCard) -> None:
    def on_reset(card: DefectiveCard) -> None:
        genuine = emrtd(card).chip.general_authenticate

        def general_authenticate(pending: PendingChipAuthentication, command: CommandApdu) -> Reply:
            return genuine(pending, replace(command, data=b"\x7c" + command.data[1:]))

        emrtd(card).chip.general_authenticate = general_authenticate  # type: ignore[method-assign]

    card.defects.on_reset.append(on_reset)


DEFECTS: dict[str, Defect] = {
    "CA-01": _derives_other_keys,
    "CA-02": _keeps_old_keys,
    "CA-03": _answers_as_version_2,
    "CA-04": _keeps_keys_in_second_run,
    "CA-05": _keeps_session_at_plain_challenge,
    "CA-06": _knows_no_key_agreement_template,
    "CA-07": _changes_info(AES_128, version=2),
    "CA-08": _changes_info(TRIPLE_DES, key_id=14),
    "CA-09": _amends(_usual_protocol),
    "CA-10": _amends(_any_key),
    "CA-11": _amends(_protocol_by_itself),
    "CA-12": _amends(_without_cut),
    "CA-13": _selects_by_itself,
    "CA-14": _takes(_is_on_no_curve),
    "CA-15": _takes(lambda point: point == b"\x00"),
    "CA-16": _takes(lambda point: len(point) == 64),
    "CA-17": _takes(lambda point: _is_on("secp256r1", point)),
    "CA-18": _takes(lambda point: not point),
    "CA-19": _ends_session_where(lambda card, command: agrees(command, card)),
    "CA-20": _ends_session_where(lambda card, command: selects(command)),
    "CA-21": _needs_no_access,
    "CA-22": _takes_any_key_in_one_command,
    "CA-23": _ends_session_where(lambda card, command: selects(command, ca.MSE_KAT)),
    "CA-24": _takes_any_template,
}
