"""Defects of PACE: of its rounds, of what a password opens, and of what a run leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.pace import PaceResult
from eid_toolkit.standards.protocols.pace_card import PaceResponder, _present
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.work.cardspec.randomness import SeededEntropy
from support.card_states import ENTROPY
from support.conformance import Defect, DefectiveCard, emrtd, pace_run


def runs_as(kind: type[PaceResponder], mapping: str | None = None) -> Defect:
    """Every run, or every run in that mapping, goes by another hand."""

    def put(card: DefectiveCard) -> None:
        def on_reset(card: DefectiveCard) -> None:
            start = emrtd(card).access._start_pace

            def started(data: bytes) -> Reply:
                reply = start(data)
                run = pace_run(card)
                assert run is not None
                if mapping is None or run.parameters.protocol.mapping == mapping:
                    card._session.under_way = kind(
                        run.parameters, run.password, run.entropy, run.static_key, run.trusted
                    )
                return reply

            emrtd(card).access._start_pace = started  # type: ignore[method-assign]

        card.defects.on_reset.append(on_reset)

    return put


def selects(fault: Callable[[DefectiveCard, dict[int, bytes]], ResponseApdu | None]) -> Defect:
    """MSE:Set AT for PACE is answered by ``fault``, which is given its objects, unless that has no answer."""

    def put(card: DefectiveCard) -> None:
        def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
            if not is_selection(command):
                return None
            return fault(card, tlv.as_mapping(tlv.parse_all(command.data)))

        card.defects.instead.append(instead)

    return put


def is_selection(command: CommandApdu) -> bool:
    template = (command.p1, command.p2) == (pace.MSE_P1, pace.MSE_P2)
    return command.ins == commands.MANAGE_SECURITY_ENVIRONMENT and template


def _lacks_password(mapping: int, kind: PasswordKind) -> Defect:
    """The password was not enabled for the protocols of one mapping."""

    def fault(card: DefectiveCard, objects: dict[int, bytes]) -> ResponseApdu | None:
        lacking = objects.get(pace.PROTOCOL, b"")[-2:-1] == bytes((mapping,))
        return ResponseApdu(b"", 0x6A88) if lacking and objects.get(pace.PASSWORD) == bytes((kind,)) else None

    return selects(fault)


class _SwapsNonces(PaceResponder):
    def _map(self, value: bytes) -> bytes:
        self._group = self.parameters.map_integrated(value, self._nonce)
        return b""


class _MapsByAnotherKey(PaceResponder):
    """The key of Chip Authentication is not the one that the mapping goes by."""

    def _chip_data(self) -> bytes:
        self.static_key = EcPrivateKey.generate(_present(self.static_key).domain, ENTROPY)
        return super()._chip_data()


class _SignedChipData(PaceResponder):
    """Writes the number as a signed one, with a byte of zeros before it."""

    def _chip_data(self) -> bytes:
        assert self._keys is not None
        encrypted = tlv.parse(super()._chip_data(), pace.ENCRYPTED_CHIP_DATA).value
        data = b"\x00" + self._keys.decrypt_chip_data(encrypted)
        return tlv.encode(pace.ENCRYPTED_CHIP_DATA, self._keys.encrypt_chip_data(data))


class _AlwaysChipData(PaceResponder):
    def _chip_data(self) -> bytes:
        assert self._keys is not None
        return tlv.encode(pace.ENCRYPTED_CHIP_DATA, self._keys.encrypt_chip_data(bytes(32)))


def _encodes_can_with_terminator(card: DefectiveCard) -> None:
    """The CAN was stored with the zero that ends a string in C."""
    passwords = card.memory.part(EmrtdMemory).passwords
    encoded = passwords[PasswordKind.CAN].encoded.reveal() + b"\x00"
    passwords[PasswordKind.CAN] = AccessPassword(PasswordKind.CAN, type(passwords[PasswordKind.CAN].encoded)(encoded))


def _knows_no_group_numbers(card: DefectiveCard, objects: dict[int, bytes]) -> ResponseApdu | None:
    return ResponseApdu(b"", 0x6A80) if pace.PARAMETERS in objects else None


class _TellsNoNames(PaceResponder):
    def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
        self.trusted = ()
        return super().respond(data)


def _answers_selection_with_data(card: DefectiveCard) -> None:
    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        return replace(answer, data=b"\x80\x00") if is_selection(command) and answer.ok else answer

    card.defects.afterwards.append(change)


class _StuckNonce(PaceResponder):
    def _send_nonce(self, _: bytes) -> bytes:
        self._nonce = bytes(self.parameters.nonce_size)
        return pace.encrypt_nonce(self.parameters, self.password, self._nonce)


class _StuckGenerator:
    def take(self, count: int) -> bytes:
        return b"\x11" * count


class _MapsByOneKey(PaceResponder):
    """The generator fails where the key pair of the mapping is made."""

    def _map(self, value: bytes) -> bytes:
        self.entropy = _StuckGenerator()
        try:
            return super()._map(value)
        finally:
            self.entropy = ENTROPY


def _begins_alike_after_reset(card: DefectiveCard) -> None:
    """The generator is seeded with a constant when the chip gets power."""
    seeded = [SeededEntropy("constant")]

    class Run(PaceResponder):
        def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
            self.entropy = seeded[0]
            return super().respond(data)

    card.defects.on_reset.append(lambda _: seeded.__setitem__(0, SeededEntropy("constant")))
    runs_as(Run)(card)


class _RepeatsTerminalNonce(PaceResponder):
    def _map(self, value: bytes) -> bytes:
        super()._map(value)
        return value


class _Mirrors(PaceResponder):
    """Sends the terminal's key back, and so agrees on the square of it."""

    def _agree(self, terminal_public: bytes) -> bytes:
        super()._agree(terminal_public)
        return terminal_public


class _TokenOverOwnKey(PaceResponder):
    def _authenticate(self, token: bytes) -> bytes:
        super()._authenticate(token)
        assert self._keys is not None and self._key is not None
        return self._keys.token(self._key.public)


def _plain_selection_keeps_session(card: DefectiveCard) -> None:
    def instead(card: DefectiveCard, raw: bytes) -> bytes | None:
        kept = raw[:4] == bytes((0, commands.MANAGE_SECURITY_ENVIRONMENT, pace.MSE_P1, pace.MSE_P2))
        return b"\x69\x85" if kept and card._session.channel is not None else None

    card.defects.instead_raw.append(instead)


def _runs_out_of_sessions(card: DefectiveCard) -> None:
    """The memory of a session is given back at a reset only, and there is room for three."""
    seen: list[bool] = []
    card.defects.on_reset.append(lambda _: seen.clear())

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(b"", 0x6A84) if is_selection(command) and len(seen) == 3 else None

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if command.ins == commands.GENERAL_AUTHENTICATE and answer.ok and not command.chained:
            seen.append(True)
        return answer

    card.defects.instead.append(instead)
    card.defects.afterwards.append(change)


def _shows_card_security_after_its_mapping_only(card: DefectiveCard) -> None:
    """EF.CardSecurity is read after PACE with Chip Authentication Mapping, and after no other."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        asked = command.ins == commands.READ_BINARY and command.p1 == 0x80 | ElementaryFile.CARD_SECURITY.sfi
        outside = card._session.selected is card._session.master_file and not emrtd(card).status.terminal_key
        return ResponseApdu(b"", 0x6982) if asked and outside else None

    card.defects.instead.append(instead)


def _blocks_after_failure(card: DefectiveCard) -> None:
    """One wrong token, and PACE is refused until the next reset."""
    failed: list[bool] = []
    card.defects.on_reset.append(lambda _: failed.clear())

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(b"", 0x6983) if is_selection(command) and failed else None

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if command.ins == commands.GENERAL_AUTHENTICATE and answer.sw == 0x6300:
            failed.append(True)
        return answer

    card.defects.instead.append(instead)
    card.defects.afterwards.append(change)


DEFECTS: dict[str, Defect] = {
    "PACE-01": _lacks_password(2, PasswordKind.CAN),
    "PACE-02": runs_as(_SwapsNonces, "im"),
    "PACE-03": runs_as(_MapsByAnotherKey, "cam"),
    "PACE-04": runs_as(_SignedChipData, "cam"),
    "PACE-05": runs_as(_AlwaysChipData, "im"),
    "PACE-06": _lacks_password(4, PasswordKind.MRZ),
    "PACE-07": _encodes_can_with_terminator,
    "PACE-08": selects(_knows_no_group_numbers),
    "PACE-09": runs_as(_TellsNoNames),
    "PACE-10": _answers_selection_with_data,
    "PACE-11": runs_as(_StuckNonce),
    "PACE-12": runs_as(_MapsByOneKey),
    "PACE-13": _begins_alike_after_reset,
    "PACE-14": runs_as(_RepeatsTerminalNonce, "im"),
    "PACE-15": runs_as(_Mirrors, "im"),
    "PACE-16": runs_as(_TokenOverOwnKey, "im"),
    "PACE-17": _plain_selection_keeps_session,
    "PACE-18": _runs_out_of_sessions,
    "PACE-19": _shows_card_security_after_its_mapping_only,
    "PACE-20": _blocks_after_failure,
}
