"""Terminal Authentication version 1, the card's side: a responder with its states in a table (9303-11 7.1.5)."""

from __future__ import annotations

from enum import Enum, auto

from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.pki.cv_authorization import Authorization, Role
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, KeyReference
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.protocols.terminal_authentication import CHALLENGE_SIZE, KEY_REFERENCE, SessionBinding


class KeyNotFound(ProtocolError):
    """No such key: no trust point and not the last one imported (6A88)."""


class AlreadyPerformed(ProtocolError):
    """The session has seen its one execution (6982)."""


class OutOfOrder(ProtocolError):
    """The message does not belong here (6985)."""


class SignatureWrong(ProtocolError):
    """The terminal does not have the private key (6300)."""


class State(Enum):
    """What has happened last."""

    IDLE = auto()
    ISSUER_SELECTED = auto()
    TERMINAL_SELECTED = auto()
    CHALLENGED = auto()
    DONE = auto()


class TerminalAuthenticationResponder:
    """The executions of one session, of which only one can succeed.

    Any exception leaves the state IDLE (DONE stays); an imported key stays until the next is imported (7.1.4.3.7).
    """

    def __init__(self, trust: CardTrust, entropy: Entropy) -> None:
        self.trust = trust
        """As it is now; whoever keeps it for the card must look after every certificate."""
        self._entropy = entropy
        self._state = State.IDLE
        self._imported: CertifiedKey | None = None
        self._selected: CertifiedKey | None = None
        self._challenge = b""

    def select_issuer(self, data: bytes) -> None:
        """MSE:Set DST: the key by which the next certificate is verified."""
        self._begin()
        self._selected, self._state = self._find(data), State.ISSUER_SELECTED

    def verify_certificate(self, data: bytes) -> None:
        """PSO: Verify Certificate; raises :class:`BadInput` for a certificate that is refused."""
        issuer = self._take(State.ISSUER_SELECTED)
        self.trust, key = self.trust.accept(CvCertificate.parse_parts(data), issuer)
        if key.authorization.role is not Role.CVCA:
            self._imported = key

    def select_terminal(self, data: bytes) -> None:
        """MSE:Set AT: the terminal's key, which must be the last one imported."""
        self._begin()
        key = self._find(data)
        if key.authorization.role is not Role.TERMINAL:
            raise KeyNotFound("mse-reference-not-found")
        self._selected, self._state = key, State.TERMINAL_SELECTED

    def challenge(self) -> bytes:
        """GET CHALLENGE: r.IC, 8 bytes."""
        self._selected = self._take(State.TERMINAL_SELECTED)
        self._challenge = self._entropy.take(CHALLENGE_SIZE)
        self._state = State.CHALLENGED
        return self._challenge

    def authenticate(self, signature: bytes, binding: SessionBinding) -> Authorization:
        """EXTERNAL AUTHENTICATE: the terminal's effective authorization; raises :class:`SignatureWrong`."""
        terminal = self._take(State.CHALLENGED)
        if not terminal.public_key.verify(signature, binding.message(self._challenge)):
            raise SignatureWrong("ta-signature-wrong")
        self._state = State.DONE
        return terminal.authorization

    def _begin(self) -> None:
        """Whatever comes, what was under way is over."""
        if self._state is State.DONE:
            raise AlreadyPerformed("ta-already-performed")
        self._selected, self._state = None, State.IDLE

    def _take(self, expected: State) -> CertifiedKey:
        """The key selected, if the state is ``expected``."""
        selected = self._selected if self._state is expected else None
        self._begin()
        if selected is None:
            raise OutOfOrder("ta-out-of-order")
        return selected

    def _find(self, data: bytes) -> CertifiedKey:
        try:
            reference = KeyReference.parse(tlv.parse(data, KEY_REFERENCE).value)
        except BadInput:
            raise ProtocolError("mse-malformed") from None
        certified_key = self.trust.find(reference) or self._imported
        if certified_key is None or certified_key.reference != reference:
            raise KeyNotFound("mse-reference-not-found")
        return certified_key
