"""PACE: rounds out of order, unlinked or malformed, and wrong public keys (ICAO Doc 9303-11 4.4.4 and 4.4.5)."""

from __future__ import annotations

from functools import partial

from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.protocols.pace import Step
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.elements import neutral, outside
from eid_toolkit.work.conformance.pace_rounds import PaceRounds, offered, way_with, with_keys, with_mapping
from eid_toolkit.work.conformance.probe import Probe

case = Cases(Unit.PACE, "The chip was reset.", offered)

_NAMES = {Step.NONCE: "first", Step.MAP: "second", Step.AGREE: "third", Step.AUTHENTICATE: "last"}
_REFUSED = "An error without data for that round."


@case(
    33,
    "9303-11 4.4.5",
    "The mapping cannot be left out.",
    steps=("First round of PACE.", "The third round, with a public key over the unmapped group."),
    expected=_REFUSED,
)
def mapping_left_out(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.MAP)
    probe.refused(run.send(Step.AGREE), "the third round in place of the second")


@case(
    34,
    "9303-11 4.4.5",
    "The mapping cannot be repeated.",
    steps=("Two rounds of PACE.", "The second round again."),
    expected=_REFUSED,
)
def mapping_repeated(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AGREE)
    probe.refused(run.send(Step.MAP), "the second round for the second time")


@case(
    35,
    "9303-11 4.4.5",
    "A token before the key agreement is refused.",
    steps=("Two rounds of PACE.", "The last round, with eight bytes of zeros for the token."),
    expected=_REFUSED,
)
def agreement_left_out(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AGREE)
    probe.refused(run.send(Step.AUTHENTICATE, bytes(8)), "the last round in place of the third")
    probe.no_access("after a token without a key agreement")


def _unlinked(probe: Probe, step: Step) -> None:
    """What follows a command that ends the chain is no part of it."""
    run = PaceRounds(probe).before(step)
    answer = run.send(step, last=True)
    if answer.ok:
        run.take(step, answer.data)
        answer = run.send(Step(step + 1))
    probe.refused(answer, f"going on after the {_NAMES[step]} round, which ended the chain")


for _number, _step in enumerate((Step.NONCE, Step.MAP, Step.AGREE), 36):
    case(
        _number,
        "9303-11 4.4.4.3",
        f"The {_NAMES[_step]} round is linked to the next by the chaining bit.",
        steps=(f"PACE with class 00 in the {_NAMES[_step]} round.", "The next round, if that was 9000."),
        expected="An error without data for one of the two.",
    )(partial(_unlinked, step=_step))


@case(
    39,
    "9303-11 4.4.4.3",
    "The last round must end the chain.",
    steps=("PACE with class 10 in the last round.", "Read EF.COM in plain."),
    expected=("An error without data.", "An error."),
)
def last_round_chained(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AUTHENTICATE)
    probe.refused(run.send(Step.AUTHENTICATE, last=False), "the last round with the chaining bit")
    probe.no_access("after a chain without an end")


def _raw_round(probe: Probe, data: bytes) -> None:
    PaceRounds(probe).before(Step.NONCE)
    answer = probe.plain(CommandApdu(0x10, commands.GENERAL_AUTHENTICATE, 0x00, 0x00, data, ne=256))
    probe.refused(answer, "a round with malformed data")


@case(
    40,
    "9303-11 4.4.4.2",
    "The data of a round is one object 7C.",
    steps="The first round with an empty object 7D in place of 7C.",
    expected=_REFUSED,
)
def other_template(probe: Probe) -> None:
    _raw_round(probe, b"\x7d\x00")


@case(
    41,
    "9303-11 4.4.4.2",
    "A truncated object 7C is refused.",
    steps="The first round with an object 7C that announces two bytes and holds none.",
    expected=_REFUSED,
)
def cut_template(probe: Probe) -> None:
    _raw_round(probe, b"\x7c\x02")


@case(
    42,
    "9303-11 4.4.5.2",
    "Empty mapping data is refused.",
    steps="The second round with an empty object 81.",
    expected=_REFUSED,
)
def empty_mapping_data(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.MAP)
    probe.refused(run.send(Step.MAP, b""), "an empty object 81")


def _wrong_key(probe: Probe, step: Step, kind: str) -> None:
    run = PaceRounds(probe, way_with(probe, "gm", "cam") if step is Step.MAP else None).before(step)
    key, domain = run.value(step), run.parameters.domain
    wrong = {"outside": outside(domain, key), "neutral": neutral(domain), "cut": key[:-1]}[kind]
    probe.refused(run.send(step, wrong), f"a wrong public key in the {_NAMES[step]} round")


_KINDS = {
    "outside": ("An element that is not in the group is refused", "a point beside the curve (DH: p - 1)"),
    "neutral": ("The neutral element is refused", "the point at infinity (DH: 1)"),
    "cut": ("A public key that is cut off is refused", "a public key without its last byte"),
}
_WRONG_KEYS = (
    (43, Step.MAP, "outside"),
    (44, Step.AGREE, "outside"),
    (45, Step.MAP, "neutral"),
    (46, Step.AGREE, "neutral"),
    (47, Step.MAP, "cut"),
    (48, Step.AGREE, "cut"),
)
for _number, _step, _kind in _WRONG_KEYS:
    case(
        _number,
        "9303-11 9.6",
        f"{_KINDS[_kind][0]} in the {_NAMES[_step]} round.",
        steps=f"PACE, with {_KINDS[_kind][1]} in the {_NAMES[_step]} round.",
        expected="6A80, 6300 or another error without data for that round.",
        condition=with_keys if _step is Step.MAP else None,
    )(partial(_wrong_key, step=_step, kind=_kind))


@case(
    49,
    "9303-11 4.4.3.3",
    "With the integrated mapping, a nonce of another length is refused.",
    steps="The second round of PACE with IM, with one byte too few.",
    expected=_REFUSED,
    condition=with_mapping("im"),
)
def short_nonce(probe: Probe) -> None:
    run = PaceRounds(probe, way_with(probe, "im")).before(Step.MAP)
    probe.refused(run.send(Step.MAP, run.value(Step.MAP)[:-1]), "a nonce that is too short")
