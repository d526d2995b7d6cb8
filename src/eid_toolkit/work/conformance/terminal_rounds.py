"""One run of Terminal Authentication, command by command, so that a case can send something else (9303-11 7.1)."""

from __future__ import annotations

from eid_toolkit.cards.terminal.chip import agree_on_keys
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, plain_signature
from eid_toolkit.standards.protocols import terminal_authentication as ta
from eid_toolkit.standards.protocols.terminal_authentication import SessionBinding, TerminalCredentials, compress
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotConforming
from eid_toolkit.work.conformance.probe import Probe

_FIRST_BYTES = 8


def credentials_of(facts: Facts) -> TerminalCredentials | None:
    """What the first terminal proves itself with from which a chain leads to a key that the chip trusts."""
    try:
        trusted = EfCvca.parse(facts.files.get(ElementaryFile.CVCA, b"")).references
    except BadInput:
        return None
    for terminal in facts.terminals:
        try:
            return terminal.credentials(trusted)
        except BadInput:
            continue
    return None


def testable(facts: Facts) -> str | None:
    """The condition of the cases that need a terminal."""
    if not facts.protected:
        return "the chip protects no data group with Terminal Authentication"
    if not facts.chip_keys:
        return "the chip offers no Chip Authentication"
    if not facts.terminals:
        return "no terminal certificate is available"
    return None if credentials_of(facts) is not None else "no available terminal certificate leads to a key in EF.CVCA"


class TerminalRounds:
    """The terminal's side of one run, in the probe's session."""

    def __init__(self, probe: Probe, binding: SessionBinding) -> None:
        credentials = credentials_of(probe.facts)
        if credentials is None:
            raise NotConforming("no terminal that the chip trusts is available")
        self._probe = probe
        self.credentials = credentials
        self.binding = binding
        """What the signature has to be tied to."""

    @classmethod
    def opened(cls, probe: Probe) -> TerminalRounds:
        """After the chip was opened as a reader would, and Chip Authentication."""
        opened = probe.open()
        name = opened.chip_name
        if opened.protocol == "bac" and probe.facts.mrz is not None:
            name = ta.chip_name_of_bac(probe.facts.mrz.information)
        return cls(probe, SessionBinding(name, authenticate_chip(probe)))

    @classmethod
    def after_pace(cls, probe: Probe, mapping: str) -> TerminalRounds:
        """After PACE in that mapping alone: bound to the terminal's key of PACE."""
        way = probe.facts.pace_with(mapping)
        if way is None:
            raise NotConforming(f"the mapping {mapping} is not offered")
        result = probe.run_pace(way[0])
        probe.ok(probe.send(commands.select_application(EMRTD_AID)), "SELECT of the application")
        domain = way[1].domain
        binding = SessionBinding(compress(result.card_public, domain), compress(result.terminal_public, domain))
        return cls(probe, binding)

    # Certificates.

    def select_issuer(self, reference: bytes) -> ResponseApdu:
        """MSE:Set DST."""
        data = tlv.encode(ta.KEY_REFERENCE, reference)
        return self._probe.send(commands.mse_set(*ta.SET_VERIFICATION_KEY, data))

    def verify(self, parts: bytes) -> ResponseApdu:
        """PSO: Verify Certificate with body and signature."""
        return self._probe.send(commands.perform_security_operation(*ta.VERIFY_CERTIFICATE, parts))

    def offer(self, certificate: CvCertificate, parts: bytes | None = None) -> ResponseApdu:
        """A certificate under the name of its issuer, which the chip has to know; or other bytes in its place."""
        reference = certificate.content.authority_reference
        self._probe.ok(self.select_issuer(reference.encode()), f"MSE:Set DST with {reference.text}")
        return self.verify(certificate.parts if parts is None else parts)

    def import_chain(self) -> None:
        """Every certificate, down to the terminal's own; each has to be taken."""
        for certificate in self.credentials.chain:
            name = certificate.content.holder_reference.text
            self._probe.ok(self.offer(certificate), f"PSO: Verify Certificate with {name}")

    # The proof.

    @property
    def own_name(self) -> bytes:
        """The name of the terminal's key."""
        return self.credentials.chain[-1].content.holder_reference.encode()

    def select_terminal(self, reference: bytes | None = None) -> ResponseApdu:
        """MSE:Set AT with the terminal's name, or another."""
        data = tlv.encode(ta.KEY_REFERENCE, self.own_name if reference is None else reference)
        return self._probe.send(commands.mse_set(*ta.SET_AUTHENTICATION_KEY, data))

    def ask(self) -> ResponseApdu:
        """GET CHALLENGE."""
        return self._probe.send(commands.get_challenge(ta.CHALLENGE_SIZE))

    def challenge(self) -> bytes:
        """MSE:Set AT and GET CHALLENGE, which have to succeed: the challenge."""
        self._probe.ok(self.select_terminal(), "MSE:Set AT for Terminal Authentication")
        challenge = self._probe.ok(self.ask(), "GET CHALLENGE")
        self._probe.require(len(challenge) == ta.CHALLENGE_SIZE, f"the challenge has {len(challenge)} bytes")
        return challenge

    def sign(self, challenge: bytes, binding: SessionBinding | None = None) -> bytes:
        """The terminal's signature over a challenge, tied to this session or to something else."""
        return plain_signature(self.credentials.signer, (binding or self.binding).message(challenge))

    def authenticate(self, signature: bytes) -> ResponseApdu:
        """EXTERNAL AUTHENTICATE."""
        return self._probe.send(commands.external_authenticate(signature, ne=0))

    def prove(self) -> ResponseApdu:
        """Everything after the certificates, as it should be: the answer to the signature."""
        return self.authenticate(self.sign(self.challenge()))

    def finish(self) -> None:
        """The whole run, which has to succeed."""
        self.import_chain()
        self._probe.ok(self.prove(), "EXTERNAL AUTHENTICATE")

    def attempt(self) -> ResponseApdu:
        """The whole run, where the chip may refuse any step: the first refusal, or the answer to the signature."""
        for certificate in self.credentials.chain:
            answer = self.select_issuer(certificate.content.authority_reference.encode())
            if answer.ok:
                answer = self.verify(certificate.parts)
            if not answer.ok:
                return answer
        answer = self.select_terminal()
        if answer.ok:
            answer = self.ask()
        return self.authenticate(self.sign(answer.data)) if answer.ok else answer

    # What it gave.

    def read(self, file: ElementaryFile) -> ResponseApdu:
        """The first bytes of a data group."""
        return self._probe.send(commands.read_binary_sfi(file.sfi, 0, _FIRST_BYTES))

    def closed(self, what: str) -> None:
        """Every data group that is held back is refused."""
        for file in self._probe.facts.protected:
            self._probe.refused(self.read(file), f"{what}: READ BINARY of {file.label}")


def authenticate_chip(probe: Probe) -> bytes:
    """Chip Authentication by the strongest way: the terminal's ephemeral key, compressed."""
    key = agree_on_keys(probe.session, probe.facts.chip_keys[0], probe.entropy)
    if probe.session.channel is not None:
        probe.install(probe.session.channel)
    return key
