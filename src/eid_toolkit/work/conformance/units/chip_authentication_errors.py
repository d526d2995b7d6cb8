"""Chip Authentication: what the chip has to refuse, and that the session goes on (ICAO Doc 9303-11 6.2.2, 6.2.4)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from eid_toolkit.standards.asn1.oids import ID_CA
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.protocols import chip_authentication as ca
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.chip_rounds import ChipRounds, offered, with_aes, with_triple_des
from eid_toolkit.work.conformance.elements import neutral, of_other_group, outside
from eid_toolkit.work.conformance.probe import Probe

_UNKNOWN_KEY = b"\x7e"
_NOW_OR_LATER = "An error for MSE:Set AT or for GENERAL AUTHENTICATE, without data"

case = Cases(Unit.CHIP_AUTHENTICATION, "The chip was opened and the application selected.", offered)


def _opened(probe: Probe) -> ChipRounds:
    probe.open()
    return ChipRounds(probe)


def _refused_at_once_or_in_use(probe: Probe, run: ChipRounds, answer: ResponseApdu, what: str) -> None:
    """Operating systems may select what they do not have, and refuse its use (9303-11 6.2.4.2, note)."""
    probe.refused(run.agree() if answer.ok else answer, what)


@case(
    9,
    "9303-11 6.2.4.2",
    "A protocol that DG14 does not name is refused.",
    steps=("MSE:Set AT with a protocol that is not offered.", "GENERAL AUTHENTICATE, if that was 9000."),
    expected=f"{_NOW_OR_LATER}; preferably 6A80.",
    condition=with_aes,
)
def unknown_protocol(probe: Probe) -> None:
    run = _opened(probe)
    known = {choice.protocol.oid for choice in probe.facts.chip_keys}
    names = (f"{ID_CA}.{agreement}.{cipher}" for agreement in (2, 1) for cipher in (4, 3, 2, 1))
    name = next(name for name in names if name not in known)
    answer = run.select({ca.PROTOCOL: der.encode_oid_value(name)})
    _refused_at_once_or_in_use(probe, run, answer, f"the protocol {name}")


@case(
    10,
    "9303-11 6.2.4.2",
    "A key that the chip does not have is refused.",
    steps=("MSE:Set AT with key reference 7E.", "GENERAL AUTHENTICATE, if that was 9000."),
    expected=f"{_NOW_OR_LATER}; preferably 6A88.",
    condition=with_aes,
)
def unknown_key(probe: Probe) -> None:
    run = _opened(probe)
    _refused_at_once_or_in_use(probe, run, run.select({ca.KEY_REFERENCE: _UNKNOWN_KEY}), "key reference 7E")


@case(
    11,
    "9303-11 6.2.4.2",
    "MSE:Set AT must name the protocol.",
    steps=("MSE:Set AT without object 80.", "GENERAL AUTHENTICATE, if that was 9000."),
    expected=_NOW_OR_LATER,
    condition=with_aes,
)
def without_protocol(probe: Probe) -> None:
    run = _opened(probe)
    _refused_at_once_or_in_use(probe, run, run.select({ca.PROTOCOL: None}), "MSE:Set AT without a protocol")


@case(
    12,
    "9303-11 6.2.4.2",
    "MSE:Set AT with a truncated object is refused.",
    steps=("MSE:Set AT that ends with object 84 without its byte.", "GENERAL AUTHENTICATE, if that was 9000."),
    expected=_NOW_OR_LATER,
    condition=with_aes,
)
def cut_selection(probe: Probe) -> None:
    run = _opened(probe)
    protocol = tlv.encode(ca.PROTOCOL, run.objects()[ca.PROTOCOL])
    answer = run.select_with(protocol + bytes((ca.KEY_REFERENCE, 1)))
    _refused_at_once_or_in_use(probe, run, answer, "MSE:Set AT with an object that is cut off")


@case(
    13,
    "9303-11 6.2.4.2",
    "GENERAL AUTHENTICATE without MSE:Set AT is refused.",
    steps="GENERAL AUTHENTICATE with a sound public key.",
    expected="An error without data.",
    condition=with_aes,
)
def without_selection(probe: Probe) -> None:
    probe.refused(_opened(probe).agree(), "GENERAL AUTHENTICATE without MSE:Set AT")


def _wrong_key(probe: Probe, kind: str) -> None:
    run = _opened(probe)
    run.begin()
    domain = run.choice.domain
    wrong = {
        "outside": outside(domain, run.public),
        "neutral": neutral(domain),
        "cut": run.public[:-1],
        "other": of_other_group(domain, probe.entropy),
        "empty": b"",
    }[kind]
    probe.refused(run.agree(wrong), "a wrong public key")


_KINDS = {
    "outside": ("An element that is not in the group is refused.", "a point beside the curve (DH: p - 1)"),
    "neutral": ("The neutral element is refused.", "the point at infinity (DH: 1)"),
    "cut": ("A truncated public key is refused.", "a public key without its last byte"),
    "other": (
        "A public key of another group is refused.",
        "a point of another curve",
    ),
    "empty": ("An empty public key is refused.", "an empty object 80"),
}
for _number, _kind in enumerate(_KINDS, 14):
    case(
        _number,
        "9303-11 9.6",
        _KINDS[_kind][0],
        steps=f"MSE:Set AT, then GENERAL AUTHENTICATE with {_KINDS[_kind][1]}.",
        expected="6A80, 6300 or another error without data.",
        condition=with_aes,
    )(partial(_wrong_key, kind=_kind))


@case(
    19,
    "9303-11 6.2.2",
    "A refused public key does not end the session.",
    steps=("Chip Authentication with a point beside the curve.", "READ BINARY under the keys from before."),
    expected="An error, then 9000 under the keys from before.",
    condition=with_aes,
)
def session_after_wrong_key(probe: Probe) -> None:
    run = _opened(probe)
    run.begin()
    probe.refused(run.agree(outside(run.choice.domain, run.public)), "a wrong public key")
    probe.session_lives("after Chip Authentication that failed")


@case(
    20,
    "9303-11 9.8.3",
    "A refused MSE:Set AT does not end the session.",
    steps=("MSE:Set AT without object 80.", "READ BINARY under the keys from before."),
    expected="9000 under the keys from before.",
    condition=with_aes,
)
def session_after_wrong_selection(probe: Probe) -> None:
    _opened(probe).select({ca.PROTOCOL: None})
    probe.session_lives("after a MSE:Set AT that was refused")


@case(
    21,
    "9303-11 4.2",
    "Without access, Chip Authentication is refused.",
    preconditions="The chip was reset and the application selected.",
    steps="MSE:Set AT and GENERAL AUTHENTICATE in plain.",
    expected="An error without data for the first or the second.",
    condition=with_aes,
)
def without_access(probe: Probe) -> None:
    probe.select_application()
    run = ChipRounds(probe)
    answer = run.select()
    probe.refused(run.agree() if answer.ok else answer, "Chip Authentication without access")


@case(
    22,
    "9303-11 6.2.4.1",
    "MSE:Set KAT with a public key that is not in the group is refused.",
    steps="MSE:Set KAT with a point beside the curve (DH: p - 1).",
    expected="6A80 or another error without data.",
    condition=with_triple_des,
)
def wrong_key_in_one_command(probe: Probe) -> None:
    probe.open()
    run = ChipRounds(probe, triple_des=True)
    wrong = outside(run.choice.domain, run.public)
    probe.refused(run.agree_at_once({ca.KAT_EPHEMERAL_KEY: wrong}), "MSE:Set KAT with a wrong public key")


@case(
    23,
    "9303-11 6.2.4.1",
    "A refused MSE:Set KAT leaves the session keys unchanged.",
    steps=("MSE:Set KAT without object 91.", "READ BINARY under the keys from before."),
    expected="An error, then 9000 under the keys from before.",
    condition=with_triple_des,
)
def session_after_one_command(probe: Probe) -> None:
    probe.open()
    run = ChipRounds(probe, triple_des=True)
    probe.refused(run.agree_at_once({ca.KAT_EPHEMERAL_KEY: None}), "MSE:Set KAT without a public key")
    probe.session_lives("after a MSE:Set KAT that was refused")


@case(
    24,
    "9303-11 6.2.4.2",
    "The data of GENERAL AUTHENTICATE is one object 7C.",
    steps="MSE:Set AT, then GENERAL AUTHENTICATE with the public key in an object 7D.",
    expected="An error without data.",
    condition=with_aes,
)
def other_template(probe: Probe) -> None:
    run = _opened(probe)
    run.begin()
    right = commands.general_authenticate(tlv.encode(ca.EPHEMERAL_KEY, run.public), last=True)
    probe.refused(probe.send(replace(right, data=b"\x7d" + right.data[1:])), "a public key in an object 7D")
