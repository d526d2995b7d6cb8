"""Defects of Basic Access Control: the card's side in separate steps, each of which can be left out."""

from __future__ import annotations

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.protocols.bac import KEYING_SIZE, MESSAGE_SIZE, NONCE_SIZE, BacKeys, _channel
from eid_toolkit.standards.protocols.passwords import PasswordKind
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from support.card_states import ENTROPY
from support.conformance import Defect, DefectiveCard, emrtd
from support.loose_channel import LooseChannel

_REFUSED = ResponseApdu(b"", 0x6300)


class LooseBac:
    """As strict as the genuine card; what a subclass overrides is its defect."""

    challenge: bytes | None = None

    def __init__(self, card: DefectiveCard) -> None:
        card.defects.instead.append(self.handle)
        card.defects.on_reset.append(lambda _: self.forget())

    def handle(self, card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if not self.possible(card):
            return None
        if command.ins == commands.GET_CHALLENGE:
            self.challenge = self.new_challenge()
            return ResponseApdu(self.challenge, 0x9000)
        if command.ins == commands.EXTERNAL_AUTHENTICATE:
            return self.authenticate(card, command.data)
        return None

    def authenticate(self, card: DefectiveCard, sealed: bytes) -> ResponseApdu:
        challenge = self.challenge
        self.forget()
        keys = BacKeys.of(card.memory.part(EmrtdMemory).passwords[PasswordKind.MRZ])
        message = self.open(keys, sealed)
        if message is None or challenge is None or not self.equal(challenge, message[NONCE_SIZE : 2 * NONCE_SIZE]):
            return _REFUSED
        rnd_ifd, k_ifd, k_ic = message[:NONCE_SIZE], message[2 * NONCE_SIZE :], self.keying()
        emrtd(card).status.install(self.channel(_channel(challenge, rnd_ifd, k_ic, k_ifd)))
        emrtd(card).status.bac = True
        return ResponseApdu(keys.seal(self.answer(challenge, rnd_ifd) + k_ic), 0x9000)

    # The steps.

    def possible(self, card: DefectiveCard) -> bool:
        return emrtd(card).status.is_selected and card._session.channel is None

    def forget(self) -> None:
        self.challenge = None

    def new_challenge(self) -> bytes:
        return ENTROPY.take(NONCE_SIZE)

    def open(self, keys: BacKeys, sealed: bytes) -> bytes | None:
        return keys.open(sealed)

    def equal(self, challenge: bytes, given: bytes) -> bool:
        return challenge == given

    def keying(self) -> bytes:
        return ENTROPY.take(KEYING_SIZE)

    def answer(self, rnd_ic: bytes, rnd_ifd: bytes) -> bytes:
        return rnd_ic + rnd_ifd

    def channel(self, channel: SecureChannel) -> SecureChannel:
        return channel


class CountsFromZero(LooseBac):
    """The counter begins at zero, as it does after PACE."""

    def channel(self, channel: SecureChannel) -> SecureChannel:
        channel._counter = 0
        return channel


class CountsItsChallenges(LooseBac):
    """Challenges from a generator that begins anew with each reset."""

    number = 0

    def forget(self) -> None:
        super().forget()
        self.number = 0

    def new_challenge(self) -> bytes:
        self.number += 1
        return self.number.to_bytes(NONCE_SIZE, "big")


class NeedsNoPassword(LooseBac):
    """A checksum that is wrong is noticed, and forgotten."""

    def authenticate(self, card: DefectiveCard, sealed: bytes) -> ResponseApdu:
        answer = super().authenticate(card, sealed)
        wrong = answer is _REFUSED and len(sealed) == MESSAGE_SIZE and self.challenge is None
        return ResponseApdu(bytes(MESSAGE_SIZE), 0x9000) if wrong else answer


class BeginsWithZeros(LooseBac):
    """Before the first GET CHALLENGE the challenge is what the memory holds."""

    challenge = bytes(NONCE_SIZE)

    def forget(self) -> None:
        self.challenge = bytes(NONCE_SIZE)


class KeepsTheChallenge(LooseBac):
    """A challenge is good until the next, or a reset."""

    def authenticate(self, card: DefectiveCard, sealed: bytes) -> ResponseApdu:
        challenge = self.challenge
        answer = super().authenticate(card, sealed)
        self.challenge = challenge if answer.ok else None
        return answer


class ReadsFortyBytes(LooseBac):
    """What stands behind the message is not looked at."""

    def open(self, keys: BacKeys, sealed: bytes) -> bytes | None:
        return keys.open(sealed[:MESSAGE_SIZE])


class ComparesFourBytes(LooseBac):
    def open(self, keys: BacKeys, sealed: bytes) -> bytes | None:
        right = keys._mac(sealed[:-8])
        return keys.open(sealed[:-8] + right) if right[:4] == sealed[-8:-4] else None


class ComparesHalfTheChallenge(LooseBac):
    def equal(self, challenge: bytes, given: bytes) -> bool:
        return challenge[:4] == given[:4]


class SwapsTheNonces(LooseBac):
    def answer(self, rnd_ic: bytes, rnd_ifd: bytes) -> bytes:
        return rnd_ifd + rnd_ic


class HasOneKey(LooseBac):
    """The keying material is the same in every run."""

    def keying(self) -> bytes:
        return bytes(range(KEYING_SIZE))


class CountsInFourBytes(LooseChannel):
    def _next_counter(self) -> bytes:
        self._counter = (self._counter >> 32 << 32) | (self._counter + 1 & 0xFFFFFFFF)
        return self._counter.to_bytes(self.block, "big")


class DoesNotCarry(LooseBac):
    def channel(self, channel: SecureChannel) -> SecureChannel:
        return CountsInFourBytes.in_place_of(channel)


def _runs_bac_in_pace(card: DefectiveCard) -> None:
    """The message of BAC is answered in a session of PACE too, as long as no other protocol has begun."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        session, keys = card._session, BacKeys.of(card.memory.part(EmrtdMemory).passwords[PasswordKind.MRZ])
        right = command.ins == commands.EXTERNAL_AUTHENTICATE and session.access is AccessProtocols.PACE
        message = keys.open(command.data) if right and session.channel is not None else None
        return None if message is None else ResponseApdu(keys.seal(message), 0x9000)

    card.defects.instead.append(instead)


DEFECTS: dict[str, Defect] = {
    "BAC-01": CountsFromZero,
    "BAC-02": CountsItsChallenges,
    "BAC-03": NeedsNoPassword,
    "BAC-04": BeginsWithZeros,
    "BAC-05": KeepsTheChallenge,
    "BAC-06": ReadsFortyBytes,
    "BAC-07": ComparesFourBytes,
    "BAC-08": ComparesHalfTheChallenge,
    "BAC-09": SwapsTheNonces,
    "BAC-10": HasOneKey,
    "BAC-11": DoesNotCarry,
    "BAC-12": _runs_bac_in_pace,
}
