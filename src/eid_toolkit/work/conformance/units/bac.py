"""Basic Access Control, step by step (ICAO Doc 9303-11 4.3)."""

from __future__ import annotations

from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import bac
from eid_toolkit.standards.protocols.bac import KEYING_SIZE, MESSAGE_SIZE, NONCE_SIZE, BacKeys
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.pace_rounds import offered
from eid_toolkit.work.conformance.probe import Probe


def _offers_bac(facts: Facts) -> str | None:
    return None if facts.bac else "the chip offers no BAC, or no MRZ was given"


case = Cases(Unit.BAC, "The chip was reset, and the application is selected.", _offers_bac)


class _Ones:
    """Nonces of ones only, at which every counter overflows."""

    def take(self, size: int) -> bytes:
        return b"\xff" * size


def _password(probe: Probe) -> AccessPassword:
    return probe.facts.passwords[PasswordKind.MRZ]


def _keys(probe: Probe) -> BacKeys:
    return BacKeys.of(_password(probe))


def _challenge(probe: Probe) -> bytes:
    """RND.IC, in the application, which is selected before."""
    probe.select_application()
    return _next_challenge(probe)


def _next_challenge(probe: Probe) -> bytes:
    challenge = probe.ok(probe.plain(commands.get_challenge()), "GET CHALLENGE")
    probe.require(len(challenge) == NONCE_SIZE, f"the challenge has {len(challenge)} bytes")
    return challenge


def _sealed(probe: Probe, rnd_ic: bytes) -> bytes:
    """What a terminal with the right MRZ sends."""
    return _keys(probe).seal(probe.entropy.take(NONCE_SIZE) + rnd_ic + probe.entropy.take(KEYING_SIZE))


def _authenticate(probe: Probe, message: bytes) -> ResponseApdu:
    return probe.plain(commands.external_authenticate(message, ne=MESSAGE_SIZE))


def _keying(probe: Probe) -> bytes:
    """K.IC of one good run."""
    answer = probe.ok(_authenticate(probe, _sealed(probe, _challenge(probe))), "EXTERNAL AUTHENTICATE")
    message = _keys(probe).open(answer)
    probe.require(message is not None, "the answer's checksum is wrong")
    return (message or b"")[2 * NONCE_SIZE :]


@case(
    1,
    "9303-11 4.3.1",
    "BAC opens the chip.",
    steps=("GET CHALLENGE and EXTERNAL AUTHENTICATE with the MRZ.", "READ BINARY of EF.DG1, protected."),
    expected=("9000, and the answer proves that the chip has the keys.", "The bytes of EF.DG1."),
)
def good_run(probe: Probe) -> None:
    probe.run_bac(_password(probe))
    data = probe.ok(probe.send(commands.read_binary_sfi(ElementaryFile.DG1.sfi, 0, 20)), "READ BINARY of EF.DG1")
    probe.require(data == probe.facts.files[ElementaryFile.DG1][:20], "EF.DG1 has changed")


@case(
    2,
    "9303-11 4.3.1",
    "The chip's challenges have eight bytes and differ.",
    steps=("GET CHALLENGE twice.", "Reset the chip; GET CHALLENGE again."),
    expected="9000 with eight bytes each time, no two of them the same.",
)
def challenges_differ(probe: Probe) -> None:
    challenges = {_challenge(probe), _next_challenge(probe)}
    probe.reset()
    challenges.add(_challenge(probe))
    probe.require(len(challenges) == 3, "a challenge was repeated")


@case(
    3,
    "9303-11 4.3.1",
    "A terminal that does not know the MRZ is refused.",
    steps="EXTERNAL AUTHENTICATE with keys from another MRZ.",
    expected=("An error without data.", "No access."),
)
def wrong_password(probe: Probe) -> None:
    rnd_ic = _challenge(probe)
    seed = _password(probe).encoded.reveal()
    other = AccessPassword(PasswordKind.MRZ, Secret(bytes((seed[0] ^ 0xFF,)) + seed[1:]))
    message = BacKeys.of(other).seal(probe.entropy.take(NONCE_SIZE) + rnd_ic + probe.entropy.take(KEYING_SIZE))
    _is_refused(probe, message, "EXTERNAL AUTHENTICATE with another MRZ")


def _is_refused(probe: Probe, message: bytes, what: str) -> None:
    probe.refused(_authenticate(probe, message), what)
    probe.no_access(what)


@case(
    4,
    "9303-11 4.3.1",
    "Without a challenge, authentication is refused.",
    steps="EXTERNAL AUTHENTICATE with no GET CHALLENGE before, with RND.IC assumed to be zeros.",
    expected=("An error without data.", "No access."),
)
def no_challenge(probe: Probe) -> None:
    probe.select_application()
    _is_refused(probe, _sealed(probe, bytes(NONCE_SIZE)), "EXTERNAL AUTHENTICATE without a challenge")


@case(
    5,
    "9303-11 4.3.1",
    "A challenge can be used for one run only.",
    steps=("A good run.", "The same EXTERNAL AUTHENTICATE again, without protection."),
    expected=("9000.", "An error without data.", "No access."),
)
def challenge_used_twice(probe: Probe) -> None:
    message = _sealed(probe, _challenge(probe))
    probe.ok(_authenticate(probe, message), "EXTERNAL AUTHENTICATE")
    _is_refused(probe, message, "EXTERNAL AUTHENTICATE with a challenge that was used")


@case(
    6,
    "9303-11 4.3.4.2",
    "The terminal's message has 40 bytes.",
    steps="EXTERNAL AUTHENTICATE with a byte too few; after a reset with a byte too many.",
    expected=("An error without data.", "No access."),
)
def wrong_length(probe: Probe) -> None:
    _is_refused(probe, _sealed(probe, _challenge(probe))[:-1], "EXTERNAL AUTHENTICATE with 39 bytes")
    probe.reset()
    _is_refused(probe, _sealed(probe, _challenge(probe)) + b"\x00", "EXTERNAL AUTHENTICATE with 41 bytes")


@case(
    7,
    "9303-11 4.3.1",
    "The chip checks the whole checksum of the terminal's cryptogram.",
    steps="EXTERNAL AUTHENTICATE with the last bit of M.IFD changed.",
    expected=("An error without data.", "No access."),
)
def wrong_checksum(probe: Probe) -> None:
    message = _sealed(probe, _challenge(probe))
    _is_refused(probe, message[:-1] + bytes((message[-1] ^ 1,)), "EXTERNAL AUTHENTICATE with a wrong checksum")


@case(
    8,
    "9303-11 4.3.1",
    "The chip checks that the terminal encrypted the chip's challenge.",
    steps="EXTERNAL AUTHENTICATE with the last bit of RND.IC changed and a checksum that fits.",
    expected=("An error without data.", "No access."),
)
def another_challenge(probe: Probe) -> None:
    rnd_ic = _challenge(probe)
    message = _sealed(probe, rnd_ic[:-1] + bytes((rnd_ic[-1] ^ 1,)))
    _is_refused(probe, message, "EXTERNAL AUTHENTICATE with another challenge")


@case(
    9,
    "9303-11 4.3.1",
    "The chip's response returns both nonces in order.",
    steps="A good run; the answer is decrypted.",
    expected="40 bytes with the right checksum: RND.IC, RND.IFD and K.IC.",
)
def answer_returns_the_nonces(probe: Probe) -> None:
    rnd_ic, rnd_ifd, keys = _challenge(probe), probe.entropy.take(NONCE_SIZE), _keys(probe)
    sealed = keys.seal(rnd_ifd + rnd_ic + probe.entropy.take(KEYING_SIZE))
    message = keys.open(probe.ok(_authenticate(probe, sealed), "EXTERNAL AUTHENTICATE"))
    probe.require(message is not None, "the response does not have 40 bytes, or its checksum is wrong")
    probe.require((message or b"")[: 2 * NONCE_SIZE] == rnd_ic + rnd_ifd, "the answer does not return both nonces")


@case(
    10,
    "9303-11 4.3.1",
    "The chip's keying material is new in each run.",
    steps="Two good runs with a reset between; the answers are decrypted.",
    expected="K.IC differs.",
)
def keying_material_differs(probe: Probe) -> None:
    first = _keying(probe)
    probe.reset()
    probe.require(_keying(probe) != first, "K.IC was repeated")


@case(
    11,
    "9303-11 9.8.6.3",
    "The counter is one eight-byte number that starts with the last bytes of both nonces.",
    steps=("A good run with RND.IFD of eight bytes FF.", "READ BINARY of EF.COM, protected."),
    expected="9000: the counter carries into the part that came from RND.IC.",
)
def counter_carries(probe: Probe) -> None:
    probe.select_application()
    probe.install(probe.session.run(bac.authenticate(_password(probe), _Ones())))
    probe.session_lives("with a counter that carries")


@case(
    12,
    "9303-11 4.1",
    "BAC is refused in a session opened with PACE.",
    preconditions="The chip was opened by PACE, and the application is selected.",
    steps=(
        "GET CHALLENGE, protected, whether or not it is answered.",
        "EXTERNAL AUTHENTICATE with the message of BAC, protected.",
    ),
    expected=("An error under secure messaging.", "The PACE session continues."),
    condition=offered,
)
def not_after_pace(probe: Probe) -> None:
    probe.open()
    challenge = probe.send(commands.get_challenge())
    message = _sealed(probe, challenge.data if len(challenge.data) == NONCE_SIZE else bytes(NONCE_SIZE))
    answer = probe.send(commands.external_authenticate(message, ne=MESSAGE_SIZE))
    probe.refused(answer, "BAC in a session of PACE")
    probe.session_lives("after BAC was refused")
