"""Terminal Authentication: certificates, names and signatures that the chip has to refuse (9303-11 7.1.4, 7.1.5)."""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.pki.cv_certificate import EXPIRES, CvCertificate, encode_date
from eid_toolkit.standards.protocols.terminal_authentication import CHALLENGE_SIZE, SessionBinding
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.probe import CHECKING_ERRORS, Probe
from eid_toolkit.work.conformance.terminal_rounds import TerminalRounds, authenticate_chip, credentials_of, testable

_UNKNOWN_NAME = b"XXUNKNOWN99999"
_FAILED = (range(0x6300, 0x6400), CHECKING_ERRORS)
"""6300; an operating system may have words of its own."""
_REFUSED = "An error without data, and the data groups stay closed."

case = Cases(Unit.TERMINAL_AUTHENTICATION, "The chip was opened and authenticated by Chip Authentication.", testable)


def _with_verifier(facts: Facts) -> str | None:
    credentials = credentials_of(facts)
    return (
        None
        if credentials is not None and len(credentials.chain) > 1
        else "the chain is the terminal's certificate alone"
    )


def _with_chip_mapping(facts: Facts) -> str | None:
    return None if facts.pace_with("cam") else "PACE with Chip Authentication Mapping is not offered"


def _first(run: TerminalRounds) -> CvCertificate:
    return run.credentials.chain[0]


def _refused_at_once_or_in_use(probe: Probe, answer: ResponseApdu, use: ResponseApdu | None, what: str) -> None:
    """Operating systems may select what they do not have, and refuse its use (9303-11 7.1.5.1, note)."""
    probe.refused(answer if use is None else use, what)


@case(
    14,
    "9303-11 7.1.5.1",
    "An issuer that the chip does not know is refused.",
    steps=("MSE:Set DST with an unknown name.", "The first certificate, if that was 9000."),
    expected="An error for the first or the second; preferably 6A88.",
)
def unknown_issuer(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    answer = run.select_issuer(_UNKNOWN_NAME)
    use = run.verify(_first(run).parts) if answer.ok else None
    _refused_at_once_or_in_use(probe, answer, use, "an issuer of unknown name")


@case(
    15,
    "9303-11 7.1.4.3.4",
    "A certificate whose signature is wrong is refused.",
    steps="MSE:Set DST, then the first certificate with the last bit of its signature flipped.",
    expected="An error without data.",
)
def wrong_certificate_signature(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    right = _first(run).parts
    altered = right[:-1] + bytes((right[-1] ^ 1,))
    probe.refused(run.offer(_first(run), altered), "a certificate with a wrong signature")


@case(
    16,
    "9303-11 7.1.4.3.4",
    "A certificate whose body was altered is refused.",
    steps="MSE:Set DST, then the first certificate with its expiry date one year later.",
    expected="An error without data.",
)
def altered_certificate(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    certificate = _first(run)
    expires = certificate.content.expires
    later = expires.replace(year=expires.year + 1, day=min(expires.day, 28))
    before, after = (tlv.encode(EXPIRES, encode_date(day)) for day in (expires, later))
    probe.refused(run.offer(certificate, certificate.parts.replace(before, after)), "a certificate that was altered")


@case(
    17,
    "9303-11 7.1.5.2",
    "A certificate without a signature is refused.",
    steps="MSE:Set DST, then the body of the first certificate alone.",
    expected="An error without data.",
)
def cut_certificate(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    probe.refused(run.offer(_first(run), _first(run).body), "a certificate without a signature")


@case(
    18,
    "9303-11 7.1.4.3",
    "A terminal certificate is not accepted directly under a CVCA key.",
    steps="MSE:Set DST with a name of EF.CVCA, then the terminal's certificate.",
    expected="An error without data.",
    condition=_with_verifier,
)
def terminal_below_authority(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    authority = _first(run).content.authority_reference.encode()
    probe.ok(run.select_issuer(authority), "MSE:Set DST with the name of the CVCA")
    probe.refused(run.verify(run.credentials.chain[-1].parts), "the terminal's certificate below the CVCA")


@case(
    19,
    "9303-11 7.1.4.3.7",
    "An imported key does not survive a reset.",
    steps=(
        "MSE:Set DST and the first certificate.",
        "Reset, access and Chip Authentication.",
        "The second certificate.",
    ),
    expected="An error for MSE:Set DST or for the certificate; preferably 6A88.",
    condition=_with_verifier,
)
def imported_key_after_reset(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    probe.ok(run.offer(_first(run)), "PSO: Verify Certificate")
    probe.reset()
    run = TerminalRounds.opened(probe)
    second = run.credentials.chain[1]
    answer = run.select_issuer(second.content.authority_reference.encode())
    use = run.verify(second.parts) if answer.ok else None
    _refused_at_once_or_in_use(probe, answer, use, "a key that was imported before a reset")


@case(
    20,
    "9303-11 7.1.5",
    "A certificate is verified only with a key selected for it.",
    steps="The first certificate without MSE:Set DST.",
    expected="An error without data.",
)
def without_issuer(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    probe.refused(run.verify(_first(run).parts), "a certificate without MSE:Set DST")


@case(
    21,
    "9303-11 7.1.5.3",
    "A terminal that the chip does not know is refused.",
    steps=(
        "The certificates.",
        "MSE:Set AT with an unknown name.",
        "GET CHALLENGE and a signature, if it was 9000.",
    ),
    expected="An error for one of the commands; preferably 6A88.",
)
def unknown_terminal(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    answer = run.select_terminal(_UNKNOWN_NAME)
    answer = run.ask() if answer.ok else answer
    answer = run.authenticate(run.sign(answer.data)) if answer.ok else answer
    probe.refused(answer, "a terminal of unknown name")
    run.closed("after a terminal of unknown name")


@case(
    22,
    "9303-11 7.1.5",
    "The terminal's key must be selected.",
    steps=("The certificates.", "GET CHALLENGE and a good signature without MSE:Set AT."),
    expected=_REFUSED,
)
def without_terminal(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    answer = run.ask()
    answer = run.authenticate(run.sign(answer.data)) if answer.ok else answer
    probe.refused(answer, "EXTERNAL AUTHENTICATE without MSE:Set AT")
    run.closed("after EXTERNAL AUTHENTICATE without MSE:Set AT")


@case(
    23,
    "9303-11 7.1.2",
    "Authentication without a challenge is refused.",
    steps=("The certificates, MSE:Set AT.", "EXTERNAL AUTHENTICATE with a signature over a challenge of zeros."),
    expected=_REFUSED,
)
def without_challenge(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    probe.ok(run.select_terminal(), "MSE:Set AT")
    probe.refused(run.authenticate(run.sign(bytes(CHALLENGE_SIZE))), "EXTERNAL AUTHENTICATE without a challenge")
    run.closed("after EXTERNAL AUTHENTICATE without a challenge")


def _fails(probe: Probe, run: TerminalRounds, signature: bytes, what: str) -> None:
    probe.refused(run.authenticate(signature), what, *_FAILED)
    run.closed(f"after {what}")


@case(
    24,
    "9303-11 7.1.5.5",
    "A wrong signature is refused.",
    steps=("The certificates, MSE:Set AT, GET CHALLENGE.", "A signature with its last bit flipped."),
    expected="6300 or another error without data, and the data groups stay closed.",
)
def wrong_signature(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    signature = run.sign(run.challenge())
    _fails(probe, run, signature[:-1] + bytes((signature[-1] ^ 1,)), "a wrong signature")


@case(
    25,
    "9303-11 7.1.2",
    "A signature over an earlier challenge is refused.",
    steps=("The certificates, MSE:Set AT and GET CHALLENGE twice.", "A signature over the first challenge."),
    expected=_REFUSED,
)
def earlier_challenge(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    signature = run.sign(run.challenge())
    run.challenge()
    _fails(probe, run, signature, "a signature over an earlier challenge")


@case(
    26,
    "9303-11 7.1.2",
    "A challenge can be used once: after a wrong signature, the correct one is refused too.",
    steps=("The certificates, MSE:Set AT, GET CHALLENGE.", "A wrong signature, then the right one."),
    expected="An error for both, and the data groups stay closed.",
)
def challenge_used_twice(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    signature = run.sign(run.challenge())
    probe.refused(run.authenticate(bytes(len(signature))), "a wrong signature", *_FAILED)
    _fails(probe, run, signature, "the right signature after a wrong one")


@case(
    27,
    "9303-11 7.1.2",
    "A signature bound to an older key is refused.",
    preconditions="The chip was reset.",
    steps=("PACE with CAM, Chip Authentication.", "Terminal Authentication bound to the key of PACE."),
    expected=_REFUSED,
    condition=_with_chip_mapping,
)
def older_key(probe: Probe) -> None:
    run = TerminalRounds.after_pace(probe, "cam")
    authenticate_chip(probe)
    run.import_chain()
    _fails(probe, run, run.sign(run.challenge()), "a signature bound to an older key")


@case(
    28,
    "9303-11 7.1.2",
    "A signature bound to another session of the chip is refused.",
    steps=(
        "Reset, access and Chip Authentication.",
        "A signature over the chip's identifier from the previous session.",
    ),
    expected=_REFUSED,
    condition=lambda facts: None if facts.pace else "with BAC, the chip has the same identifier in every session",
)
def other_session(probe: Probe) -> None:
    before = TerminalRounds.opened(probe).binding
    probe.reset()
    run = TerminalRounds.opened(probe)
    run.import_chain()
    foreign = SessionBinding(before.chip, run.binding.terminal)
    _fails(probe, run, run.sign(run.challenge(), foreign), "a signature bound to another session")


@case(
    29,
    "9303-11 7.1.3",
    "A failed Terminal Authentication does not end the session.",
    steps=("The certificates, MSE:Set AT, GET CHALLENGE.", "A wrong signature.", "READ BINARY of EF.COM."),
    expected="9000 under the keys of Chip Authentication.",
)
def session_after_failure(probe: Probe) -> None:
    run = TerminalRounds.opened(probe)
    run.import_chain()
    signature = run.sign(run.challenge())
    probe.refused(run.authenticate(bytes(len(signature))), "a wrong signature", *_FAILED)
    probe.session_lives("after a wrong signature")
