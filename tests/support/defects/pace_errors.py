"""Defects of PACE: what a card takes that it has to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.pace import PaceResult, Step
from eid_toolkit.standards.protocols.pace_card import PaceResponder
from eid_toolkit.standards.protocols.passwords import PasswordKind
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from support.conformance import Defect, DefectiveCard, emrtd, pace_run
from support.defects.pace import runs_as


class _SkipsToken(PaceResponder):
    """Never compares the terminal's token."""

    def _authenticate(self, token: bytes) -> bytes:
        assert self._keys is not None
        return self._keys.token(self._terminal_public)


def _compares(right: Callable[[bytes, bytes], bool]) -> Defect:
    """The tokens are compared by ``right``, which is given the right one and the terminal's."""

    class Run(PaceResponder):
        def _authenticate(self, token: bytes) -> bytes:
            assert self._keys is not None and self._key is not None
            wanted = self._keys.token(self._key.public)
            return super()._authenticate(wanted if right(wanted, token) else token)

    return runs_as(Run)


def _fails(command: CommandApdu, answer: ResponseApdu) -> bool:
    return command.ins == commands.GENERAL_AUTHENTICATE and answer.sw == 0x6300


def _allows_second_token(card: DefectiveCard) -> None:
    """A wrong token does not end the run: passwords can be tried without a new key agreement."""
    runs: list[PaceResponder | None] = [None]

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        runs[0] = pace_run(card)
        return None

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if _fails(command, answer):
            card._session.under_way = runs[0]
        return answer

    card.defects.instead.append(instead)
    card.defects.afterwards.append(change)


def _opens_before_comparing(card: DefectiveCard) -> None:
    """The session keys are in force once they are derived, whatever comes of the token."""
    channels: list[SecureChannel] = []

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        run = pace_run(card)
        channels[:] = [SecureChannel(run._keys.suite)] if run is not None and run._keys is not None else []
        return None

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if _fails(command, answer) and channels:
            emrtd(card).status.install(channels[0])
        return answer

    card.defects.instead.append(instead)
    card.defects.afterwards.append(change)


def _amends(wrong: Callable[[dict[int, bytes]], bool], tag: int) -> Defect:
    """Where an object of MSE:Set AT is ``wrong``, the card goes by what it usually is."""
    usual = {
        pace.PROTOCOL: bytes.fromhex("04007F00070202040202"),
        pace.PASSWORD: bytes((PasswordKind.MRZ,)),
    }

    def put(card: DefectiveCard) -> None:
        def on_reset(card: DefectiveCard) -> None:
            start = emrtd(card).access._start_pace

            def started(data: bytes) -> Reply:
                objects = _readable(data)
                if wrong(objects):
                    objects.pop(tag, None)
                    objects |= {tag: usual[tag]} if tag in usual else {}
                    data = b"".join(tlv.encode(name, value) for name, value in objects.items())
                return start(data)

            emrtd(card).access._start_pace = started  # type: ignore[method-assign]

        card.defects.on_reset.append(on_reset)

    return put


def _readable(data: bytes) -> dict[int, bytes]:
    """The objects up to the first that is cut off; that one under the tag 0."""
    found: dict[int, bytes] = {}
    rest = data
    while rest:
        tag, start, length = tlv.read_header(rest)
        found[tag if start + length <= len(rest) else 0] = rest[start : start + length]
        rest = rest[start + length :]
    return found


def _amends_cut_object(card: DefectiveCard) -> None:
    """The parser stops at an object that is cut off, and the password is the usual one."""
    _amends(lambda objects: objects.pop(0, None) is not None, pace.PASSWORD)(card)


def _begins_by_itself(card: DefectiveCard) -> None:
    """GENERAL AUTHENTICATE without a selection begins PACE in the first way, by the MRZ."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        idle = card._session.under_way is None and card._session.channel is None
        if command.ins == commands.GENERAL_AUTHENTICATE and idle and command.chained:
            first = next(iter(emrtd(card).access._offered()))
            password = card.memory.part(EmrtdMemory).passwords[PasswordKind.MRZ]
            card._session.under_way = PaceResponder(first, password, card._entropy)
        return None

    card.defects.instead.append(instead)


class _GoesByTags(PaceResponder):
    """Takes the key agreement for its turn where its tag comes, over the unmapped group if there is no other."""

    def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
        if self.expected is Step.MAP and Step.AGREE.command_tag in pace.unwrap(data, None):
            self._group, self.expected = group_of(self.parameters.domain), Step.AGREE
        return super().respond(data)


class _MapsAgain(PaceResponder):
    def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
        if self.expected is Step.AGREE and Step.MAP.command_tag in pace.unwrap(data, None):
            self.expected = Step.MAP
        return super().respond(data)


def _takes_early_token(card: DefectiveCard) -> None:
    """A token that comes too early is answered with an empty object."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        run = pace_run(card)
        if command.ins != commands.GENERAL_AUTHENTICATE or run is None or run.expected is not Step.AGREE:
            return None
        early = Step.AUTHENTICATE.command_tag in pace.unwrap(command.data, None)
        return ResponseApdu(tlv.encode(0x7C), 0x9000) if early else None

    card.defects.instead.append(instead)


def _overlooks_chaining_of(step: Step) -> Defect:
    """The chaining bit is not looked at in that round."""

    def put(card: DefectiveCard) -> None:
        def on_reset(card: DefectiveCard) -> None:
            round_of = emrtd(card).access._pace_round

            def overlooking(run: PaceResponder, command: CommandApdu) -> Reply:
                right = 0x00 if step is Step.AUTHENTICATE else 0x10
                return round_of(run, replace(command, cla=right) if run.expected is step else command)

            emrtd(card).access._pace_round = overlooking  # type: ignore[method-assign]

        card.defects.on_reset.append(on_reset)

    return put


def _reads_data(amended: Callable[[bytes], bytes]) -> Defect:
    """The parser of a round's data overlooks what is wrong with them."""

    class Run(PaceResponder):
        def respond(self, data: bytes) -> tuple[bytes, PaceResult | None]:
            return super().respond(amended(data))

    return runs_as(Run)


def _takes(step: Step, wrong: Callable[[bytes], bool]) -> Defect:
    """A public key that is no element of the group is computed with all the same."""

    class Run(PaceResponder):
        def _sound(self, value: bytes) -> bytes:
            return group_of(self.parameters.domain).key_pair(self.entropy).public if wrong(value) else value

        def _map(self, value: bytes) -> bytes:
            return super()._map(self._sound(value) if step is Step.MAP else value)

        def _agree(self, terminal_public: bytes) -> bytes:
            return super()._agree(self._sound(terminal_public) if step is Step.AGREE else terminal_public)

    return runs_as(Run)


class _TakesEmptyMapping(PaceResponder):
    """Without mapping data the mapping is left out."""

    def _map(self, value: bytes) -> bytes:
        if value:
            return super()._map(value)
        self._group = group_of(self.parameters.domain)
        return b""


class _PadsNonce(PaceResponder):
    def _map(self, value: bytes) -> bytes:
        return super()._map(value.ljust(self.parameters.terminal_nonce_size, b"\x00"))


def _beside_curve(point: bytes) -> bool:
    """Whether it has the form of a point of a 256-bit curve, but is none of the card's."""
    if len(point) != 65 or point[0] != 4:
        return False
    try:
        EcPublicKey.from_point(ec_domain_by_name("brainpoolP256r1"), point)
    except BadInput:
        return True
    return False


def _is_infinity(point: bytes) -> bool:
    return point == b"\x00"


def _is_cut(point: bytes) -> bool:
    return len(point) == 64


DEFECTS: dict[str, Defect] = {
    "PACE-21": runs_as(_SkipsToken),
    "PACE-22": _compares(lambda right, token: right[:4] == token[:4] and len(token) == len(right)),
    "PACE-23": _compares(lambda right, token: right.startswith(token)),
    "PACE-24": _allows_second_token,
    "PACE-25": _opens_before_comparing,
    "PACE-26": _amends(lambda objects: objects.get(pace.PROTOCOL, b"\x02")[-1:] != b"\x02", pace.PROTOCOL),
    "PACE-27": _amends(lambda objects: objects.get(pace.PASSWORD) == b"\x0e", pace.PASSWORD),
    "PACE-28": _amends(lambda objects: pace.PARAMETERS in objects, pace.PARAMETERS),
    "PACE-29": _amends(lambda objects: pace.PROTOCOL not in objects, pace.PROTOCOL),
    "PACE-30": _amends(lambda objects: not objects.keys() & {pace.PASSWORD, 0}, pace.PASSWORD),
    "PACE-31": _amends_cut_object,
    "PACE-32": _begins_by_itself,
    "PACE-33": runs_as(_GoesByTags),
    "PACE-34": runs_as(_MapsAgain),
    "PACE-35": _takes_early_token,
    "PACE-36": _overlooks_chaining_of(Step.NONCE),
    "PACE-37": _overlooks_chaining_of(Step.MAP),
    "PACE-38": _overlooks_chaining_of(Step.AGREE),
    "PACE-39": _overlooks_chaining_of(Step.AUTHENTICATE),
    "PACE-40": _reads_data(lambda data: b"\x7c" + data[1:]),
    "PACE-41": _reads_data(lambda data: b"\x7c\x00" if data == b"\x7c\x02" else data),
    "PACE-42": runs_as(_TakesEmptyMapping),
    "PACE-43": _takes(Step.MAP, _beside_curve),
    "PACE-44": _takes(Step.AGREE, _beside_curve),
    "PACE-45": _takes(Step.MAP, _is_infinity),
    "PACE-46": _takes(Step.AGREE, _is_infinity),
    "PACE-47": _takes(Step.MAP, _is_cut),
    "PACE-48": _takes(Step.AGREE, _is_cut),
    "PACE-49": runs_as(_PadsNonce, "im"),
}
