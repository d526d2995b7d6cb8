"""One run of PACE, round by round, so that a case can send something else in any of them (ICAO Doc 9303-11 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from eid_toolkit.standards.asn1.security_infos import PaceInfo
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.key_agreement import KeyPair, group_of
from eid_toolkit.standards.protocols.pace import PaceParameters, SessionKeys, Step
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.standards.protocols.references import encode_reference
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from eid_toolkit.work.conformance.case import Condition
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming
from eid_toolkit.work.conformance.probe import Probe

Way = tuple[PaceInfo, PaceParameters]
_TEMPLATE = 0x7C


def offered(facts: Facts) -> str | None:
    """The condition of all cases of PACE."""
    return None if facts.pace else "EF.CardAccess offers no supported PACE"


def with_mapping(mapping: str) -> Condition:
    """The condition that a mapping is offered."""
    return lambda facts: None if facts.pace_with(mapping) else f"PACE with mapping {mapping.upper()} is not offered"


def with_keys(facts: Facts) -> str | None:
    """The condition that a mapping is offered in which public keys are exchanged."""
    return None if facts.pace_with("gm") or facts.pace_with("cam") else "neither GM nor CAM is offered"


def way_with(probe: Probe, *mappings: str) -> Way:
    """The first way with one of the mappings, of which a condition has said that there is one."""
    ways = (way for mapping in mappings if (way := probe.facts.pace_with(mapping)) is not None)
    first_way = next(ways, None)
    if first_way is None:
        raise NotConforming(f"no PACE with mapping {' or '.join(mappings)} is offered")
    return first_way


class PaceRounds:
    """The terminal's side of one run, by a way that the chip offers (the first), in plain commands."""

    def __init__(self, probe: Probe, way: Way | None = None, password: AccessPassword | None = None) -> None:
        self._probe = probe
        self.info, self.parameters = way or probe.facts.pace[0]
        self.password = password or probe.facts.password
        self.answers: dict[Step, dict[int, bytes]] = {}
        """The objects of the chip's answers so far."""
        self.sent: dict[Step, bytes] = {}
        """The values that the terminal computed for the rounds so far."""
        self._group = group_of(self.parameters.domain)
        self._nonce = b""
        self._key: KeyPair | None = None
        self._mapping_key: KeyPair | None = None
        self._keys: SessionKeys | None = None

    @property
    def keys(self) -> SessionKeys:
        """The session keys, once the keys have been agreed on."""
        if self._keys is None:
            raise NotConforming("no session keys have been agreed")
        return self._keys

    # MSE:Set AT.

    def objects(self) -> dict[int, bytes]:
        """What MSE:Set AT has to say: protocol and password, and the group where the protocol has several."""
        objects = {pace.PROTOCOL: der.encode_oid_value(self.info.protocol), pace.PASSWORD: bytes((self.password.kind,))}
        same = [offered for offered, _ in self._probe.facts.pace if offered.protocol == self.info.protocol]
        if len(same) > 1 and self.parameters.reference is not None:
            objects[pace.PARAMETERS] = encode_reference(self.parameters.reference)
        return objects

    def select(self, changed: Mapping[int, bytes | None] = MappingProxyType({})) -> ResponseApdu:
        """MSE:Set AT, with some of its objects changed, added or (None) left out."""
        objects = {**self.objects(), **changed}
        return self.select_with(b"".join(tlv.encode(tag, value) for tag, value in objects.items() if value is not None))

    def select_with(self, data: bytes) -> ResponseApdu:
        """MSE:Set AT with any data."""
        return self._probe.plain(commands.mse_set(pace.MSE_P1, pace.MSE_P2, data))

    # GENERAL AUTHENTICATE.

    def map_like(self, other: PaceRounds) -> Self:
        """Sends in the second round what another run has sent."""
        self._mapping_key = other._mapping_key
        if self.parameters.protocol.mapping == "im":
            self.sent[Step.MAP] = other.sent[Step.MAP]
        return self

    def value(self, step: Step) -> bytes:
        """What the terminal has to send in a round, all rounds before having been done."""
        if step not in self.sent:
            self.sent[step] = self._computed(step)
        return self.sent[step]

    def send(self, step: Step, value: bytes | None = None, *, last: bool | None = None) -> ResponseApdu:
        """One round, as it should be or with another value, or with the wrong chaining bit."""
        tag = step.command_tag
        step_value = self.value(step) if value is None else value
        content = b"" if tag is None else tlv.encode(tag, step_value)
        command = commands.general_authenticate(content, last=step is Step.AUTHENTICATE if last is None else last)
        return self._probe.session.exchange_plain(command)

    def do(self, step: Step) -> bytes:
        """One round as it should be, which has to succeed: the chip's value."""
        return self.take(step, self._probe.ok(self.send(step), f"round {step + 1} of PACE"))

    def take(self, step: Step, data: bytes) -> bytes:
        """The chip's value in its answer to a round, after which the next can be sent."""
        what = f"round {step + 1} of PACE"
        outer = self._probe.objects(data)
        self._probe.require(list(outer) == [_TEMPLATE], f"{what}: the answer is not one object 7C")
        objects = self._probe.objects(outer[_TEMPLATE])
        self._probe.require(step.response_tag in objects, f"{what}: no object {step.response_tag:02X} in the answer")
        self.answers[step] = objects
        self._keep(step, objects[step.response_tag])
        return objects[step.response_tag]

    def before(self, step: Step) -> Self:
        """Everything up to the round, which then can be sent."""
        self._probe.ok(self.select(), "MSE:Set AT")
        for earlier in Step:
            if earlier < step:
                self.do(earlier)
        return self

    def finish(self) -> SecureChannel:
        """All that is left, and the channel, under which the conversation goes on."""
        if not self.answers:
            self._probe.ok(self.select(), "MSE:Set AT")
        for step in Step:
            if step not in self.answers:
                self.do(step)
        channel = SecureChannel(self.keys.suite)
        self._probe.install(channel)
        return channel

    def _computed(self, step: Step) -> bytes:
        entropy = self._probe.entropy
        if step is Step.NONCE:
            return b""
        if step is Step.MAP and self.parameters.protocol.mapping == "im":
            return entropy.take(self.parameters.terminal_nonce_size)
        if step is Step.AUTHENTICATE:
            return self.keys.token(self.answers[Step.AGREE][Step.AGREE.response_tag])
        self._key = self._group.key_pair(entropy)
        if step is Step.MAP:
            self._key = self._mapping_key = self._mapping_key or self._key
        return self._key.public

    def _keep(self, step: Step, value: bytes) -> None:
        if step is Step.NONCE:
            self._nonce = pace.decrypt_nonce(self.parameters, self.password, value)
        elif step is Step.MAP and self.parameters.protocol.mapping == "im":
            self._group = self.parameters.map_integrated(self._nonce, self.sent[step])
        elif step is Step.MAP and self._key is not None:
            self._group = self._group.mapped(self._nonce, self._group.agree(self._key.private, value))
        elif step is Step.AGREE and self._key is not None:
            self._keys = SessionKeys.derive(self.parameters, self._group.shared_secret(self._key.private, value))
