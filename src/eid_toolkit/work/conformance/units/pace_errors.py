"""PACE: wrong passwords and tokens, and what MSE:Set AT must not take (ICAO Doc 9303-11 4.4.4)."""

from __future__ import annotations

from eid_toolkit.standards.asn1.oids import ID_PACE
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.protocols import pace
from eid_toolkit.standards.protocols.pace import Step
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.secure_messaging import SecureChannel
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.pace_rounds import PaceRounds, offered
from eid_toolkit.work.conformance.probe import CHECKING_ERRORS, Probe

_UNKNOWN_PASSWORD = b"\x0e"
_RESERVED_GROUP = b"\x1f"
_FAILED = (range(0x6300, 0x63D0), CHECKING_ERRORS)
"""6300 or 63Cx; an operating system may have words of its own."""

case = Cases(Unit.PACE, "The chip was reset.", offered)


def _wrong(password: AccessPassword) -> AccessPassword:
    """Another password of the same kind."""
    if password.kind is PasswordKind.CAN:
        digits = password.encoded.reveal().decode("latin-1")
        return AccessPassword.from_can(digits[:-1] + str(9 - int(digits[-1])))
    return AccessPassword.from_mrz_information("L898902C<369080619406236")


@case(
    21,
    "9303-11 4.4.4.2",
    "A wrong password is refused in the last round, and opens nothing.",
    steps=("PACE by a wrong password of the kind that is used.", "Read EF.COM in plain."),
    expected=("9000 in three rounds, then 6300, 63Cx or another error without data.", "An error."),
)
def wrong_password(probe: Probe) -> None:
    run = PaceRounds(probe, password=_wrong(probe.facts.password)).before(Step.AUTHENTICATE)
    probe.refused(run.send(Step.AUTHENTICATE), "the token by a wrong password", *_FAILED)
    probe.no_access("after a wrong password")


@case(
    22,
    "9303-11 4.4.1",
    "A token with a wrong last byte is refused.",
    steps="PACE, with the last bit of the terminal's token flipped.",
    expected="6300, 63Cx or another error without data.",
)
def wrong_token(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AUTHENTICATE)
    token = run.value(Step.AUTHENTICATE)
    altered = token[:-1] + bytes((token[-1] ^ 1,))
    probe.refused(run.send(Step.AUTHENTICATE, altered), "a token with a wrong last byte", *_FAILED)


@case(
    23,
    "9303-11 4.4.3.4",
    "A token cut short is refused.",
    steps="PACE, with the first byte of the terminal's token alone.",
    expected="An error without data.",
)
def short_token(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AUTHENTICATE)
    answer = run.send(Step.AUTHENTICATE, run.value(Step.AUTHENTICATE)[:1])
    probe.refused(answer, "a token of one byte", *_FAILED)


@case(
    24,
    "9303-11 4.4.1",
    "A run allows one token: after a wrong one, the correct one is refused too.",
    steps=("PACE with a wrong token.", "The right token."),
    expected="An error for both.",
)
def second_token(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AUTHENTICATE)
    probe.refused(run.send(Step.AUTHENTICATE, bytes(8)), "a wrong token", *_FAILED)
    probe.refused(run.send(Step.AUTHENTICATE), "the right token after a wrong one")


@case(
    25,
    "9303-11 4.4.2",
    "A failed run leaves no session.",
    steps=("PACE with a wrong token.", "SELECT of the application under the keys that were agreed on."),
    expected="An error for both, the second without secure messaging.",
)
def no_session_after_failure(probe: Probe) -> None:
    run = PaceRounds(probe).before(Step.AUTHENTICATE)
    probe.refused(run.send(Step.AUTHENTICATE, bytes(8)), "a wrong token", *_FAILED)
    probe.install(SecureChannel(run.keys.suite))
    probe.session_is_over("after a wrong token")


def _refused_at_once_or_in_use(probe: Probe, run: PaceRounds, answer: ResponseApdu, what: str) -> None:
    """Operating systems may select what they do not have, and refuse its use (9303-11 4.4.4.1, note 1)."""
    probe.refused(run.send(Step.NONCE) if answer.ok else answer, what)


_NOW_OR_LATER = "An error for MSE:Set AT or for the first round, without data"


@case(
    26,
    "9303-11 4.4.4.1",
    "A protocol that EF.CardAccess does not name is refused.",
    steps=("MSE:Set AT with a PACE protocol that is not offered.", "The first round, if that was 9000."),
    expected=f"{_NOW_OR_LATER}; preferably 6A80.",
)
def unknown_protocol(probe: Probe) -> None:
    infos = probe.facts.card_access
    known = {info.protocol for info in infos.entries} if infos is not None else set()
    names = (f"{ID_PACE}.{mapping}.{cipher}" for mapping in (2, 4, 6, 1, 3) for cipher in (1, 2, 3, 4))
    name = next(name for name in names if name not in known)
    run = PaceRounds(probe)
    answer = run.select({pace.PROTOCOL: der.encode_oid_value(name)})
    _refused_at_once_or_in_use(probe, run, answer, f"the protocol {name}")


@case(
    27,
    "9303-11 4.4.4.1",
    "A password that the chip does not have is refused.",
    steps=("MSE:Set AT with password reference 0E.", "The first round, if that was 9000."),
    expected=f"{_NOW_OR_LATER}; preferably 6A88.",
)
def unknown_password(probe: Probe) -> None:
    run = PaceRounds(probe)
    answer = run.select({pace.PASSWORD: _UNKNOWN_PASSWORD})
    _refused_at_once_or_in_use(probe, run, answer, "password reference 0E")


@case(
    28,
    "9303-11 4.4.4.1",
    "A group that the chip does not have is refused.",
    steps=("MSE:Set AT with domain parameters 31, a reserved number.", "The first round, if that was 9000."),
    expected=f"{_NOW_OR_LATER}; preferably 6A88.",
)
def unknown_group(probe: Probe) -> None:
    run = PaceRounds(probe)
    answer = run.select({pace.PARAMETERS: _RESERVED_GROUP})
    _refused_at_once_or_in_use(probe, run, answer, "domain parameters 31")


@case(
    29,
    "9303-11 4.4.4.1",
    "MSE:Set AT must name the protocol.",
    steps=("MSE:Set AT without object 80.", "The first round, if that was 9000."),
    expected=_NOW_OR_LATER,
)
def without_protocol(probe: Probe) -> None:
    run = PaceRounds(probe)
    _refused_at_once_or_in_use(probe, run, run.select({pace.PROTOCOL: None}), "MSE:Set AT without a protocol")


@case(
    30,
    "9303-11 4.4.4.1",
    "MSE:Set AT must name the password.",
    steps=("MSE:Set AT without object 83.", "The first round, if that was 9000."),
    expected=_NOW_OR_LATER,
)
def without_password(probe: Probe) -> None:
    run = PaceRounds(probe)
    _refused_at_once_or_in_use(probe, run, run.select({pace.PASSWORD: None}), "MSE:Set AT without a password")


@case(
    31,
    "9303-11 4.4.4.1",
    "MSE:Set AT with a truncated object is refused.",
    steps=("MSE:Set AT whose last object announces more bytes than there are.", "The first round, if that was 9000."),
    expected=_NOW_OR_LATER,
)
def cut_selection(probe: Probe) -> None:
    run = PaceRounds(probe)
    objects = run.objects()
    last = objects.pop(pace.PASSWORD)
    data = b"".join(tlv.encode(tag, value) for tag, value in objects.items())
    answer = run.select_with(data + bytes((pace.PASSWORD, len(last) + 1)) + last)
    _refused_at_once_or_in_use(probe, run, answer, "MSE:Set AT with an object that is cut off")


@case(
    32,
    "9303-11 4.4.4",
    "GENERAL AUTHENTICATE without MSE:Set AT is refused.",
    steps="The first round of PACE, nothing being selected.",
    expected="An error without data.",
)
def without_selection(probe: Probe) -> None:
    answer = probe.plain(commands.general_authenticate(b"", last=False))
    probe.refused(answer, "GENERAL AUTHENTICATE without MSE:Set AT")
