"""One run of Chip Authentication, command by command, so that a case can send something else (9303-11 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.messaging_suites import derive_suite
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.protocols import chip_authentication as ca
from eid_toolkit.standards.protocols.chip_authentication import ChipAuthenticationChoice
from eid_toolkit.standards.protocols.key_agreement import group_of
from eid_toolkit.standards.protocols.references import encode_reference
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from eid_toolkit.work.conformance.case import Condition
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming
from eid_toolkit.work.conformance.probe import Probe

_NOTHING: Mapping[int, bytes | None] = MappingProxyType({})


def offered(facts: Facts) -> str | None:
    """The condition of all cases of Chip Authentication."""
    return None if facts.chip_keys else "DG14 offers no supported Chip Authentication"


def _with_cipher(triple_des: bool) -> Condition:
    name = "3DES" if triple_des else "AES"
    return lambda facts: None if _choices(facts, triple_des) else f"Chip Authentication with {name} is not offered"


def _choices(facts: Facts, triple_des: bool) -> tuple[ChipAuthenticationChoice, ...]:
    return tuple(choice for choice in facts.chip_keys if (choice.protocol.cipher == "3des") is triple_des)


with_aes = _with_cipher(False)
"""The condition that MSE:Set AT and GENERAL AUTHENTICATE have to be there."""
with_triple_des = _with_cipher(True)
"""The condition that MSE:Set KAT has to be there."""


class ChipRounds:
    """The terminal's side of one run, in the probe's session: with AES, or with 3DES in the one command for it."""

    def __init__(self, probe: Probe, *, triple_des: bool = False) -> None:
        choices = _choices(probe.facts, triple_des)
        if not choices:
            raise NotConforming("DG14 does not offer this kind of Chip Authentication")
        self._probe = probe
        self.choice = choices[0]
        self._group = group_of(self.choice.domain)
        self._key = self._group.key_pair(probe.entropy)
        self.public = self._key.public
        """The terminal's ephemeral public key."""

    @property
    def _reference(self) -> dict[int, bytes]:
        number = self.choice.key_id
        return {} if number is None else {ca.KEY_REFERENCE: encode_reference(number)}

    def objects(self) -> dict[int, bytes]:
        """What MSE:Set AT has to say."""
        return {ca.PROTOCOL: der.encode_oid_value(self.choice.protocol.oid), **self._reference}

    def select(self, changed: Mapping[int, bytes | None] = _NOTHING) -> ResponseApdu:
        """MSE:Set AT, with some of its objects changed, added or (None) left out."""
        return self.select_with(_encoded({**self.objects(), **changed}))

    def select_with(self, data: bytes) -> ResponseApdu:
        """MSE:Set AT with any data."""
        return self._probe.send(commands.mse_set(*ca.MSE_AT, data))

    def agree(self, element: bytes | None = None) -> ResponseApdu:
        """GENERAL AUTHENTICATE with the terminal's public key, or another."""
        value = self.public if element is None else element
        return self._probe.send(commands.general_authenticate(tlv.encode(ca.EPHEMERAL_KEY, value), last=True))

    def agree_at_once(self, changed: Mapping[int, bytes | None] = _NOTHING) -> ResponseApdu:
        """MSE:Set KAT, the one command for 3DES, with some of its objects changed or left out."""
        objects: dict[int, bytes | None] = {ca.KAT_EPHEMERAL_KEY: self.public, **self._reference, **changed}
        return self._probe.send(commands.mse_set(*ca.MSE_KAT, _encoded(objects)))

    def begin(self) -> None:
        """MSE:Set AT as it should be, which has to succeed."""
        self._probe.ok(self.select(), "MSE:Set AT for Chip Authentication")

    def finish(self) -> None:
        """The whole run; the conversation goes on under its keys."""
        if self.choice.protocol.cipher == "3des":
            self._probe.ok(self.agree_at_once(), "MSE:Set KAT")
        else:
            self.begin()
            self._probe.ok(self.agree(), "GENERAL AUTHENTICATE for Chip Authentication")
        self._probe.install(self.channel())

    def channel(self) -> SecureChannel:
        """The channel under the keys that follow from the chip's public key in DG14."""
        shared = self._group.shared_secret(self._key.private, self.choice.element)
        return SecureChannel(derive_suite(self.choice.protocol.cipher, shared))


def _encoded(objects: Mapping[int, bytes | None]) -> bytes:
    return b"".join(tlv.encode(tag, value) for tag, value in objects.items() if value is not None)
