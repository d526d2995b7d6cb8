"""Defects of Terminal Authentication: what a card takes that it has to refuse."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.pki.cv_authorization import Authorization, Role
from eid_toolkit.standards.pki.cv_certificate import BODY, CvCertificate, CvContent
from eid_toolkit.standards.pki.cv_trust import CertifiedKey
from eid_toolkit.standards.protocols import chip_authentication as ca
from eid_toolkit.standards.protocols.terminal_authentication import CHALLENGE_SIZE, SessionBinding
from eid_toolkit.standards.protocols.terminal_authentication_card import (
    KeyNotFound,
    SignatureWrong,
    State,
    TerminalAuthenticationResponder,
)
from support.conformance import Defect, DefectiveCard, complete_card, emrtd
from support.defects.chip import selects
from support.defects.terminal import proves, responds_as

_DATE = 6
"""Bytes of the last object of a certificate's body: the day on which it expires."""


class _TrustsUnknownIssuers(TerminalAuthenticationResponder):
    """An issuer that is not known is taken for the CVCA, by whose key the certificate verifies anyhow."""

    def select_issuer(self, data: bytes) -> None:
        try:
            super().select_issuer(data)
        except KeyNotFound:
            self._selected, self._state = self.trust.points[0], State.ISSUER_SELECTED


class _Imports(TerminalAuthenticationResponder):
    """Takes certificates over without a look at their signature, where ``overlooks`` says so."""

    def overlooks(self, certificate: CvCertificate, issuer: CertifiedKey) -> bool:
        return False

    def read(self, data: bytes) -> CvCertificate:
        return CvCertificate.parse_parts(data)

    def verify_certificate(self, data: bytes) -> None:
        issuer = self._selected
        certificate = self.read(data)
        if issuer is not None and self._state is State.ISSUER_SELECTED and self.overlooks(certificate, issuer):
            self._imported = issuer.certify(certificate)
            self._selected, self._state = None, State.IDLE
        else:
            super().verify_certificate(data)


class _VerifiesNothing(_Imports):
    def overlooks(self, certificate: CvCertificate, issuer: CertifiedKey) -> bool:
        return True


class _LeavesDateOut(_Imports):
    """The digest is made of all of the body but its last object."""

    def overlooks(self, certificate: CvCertificate, issuer: CertifiedKey) -> bool:
        (terminal,) = complete_card().terminals
        genuine = (*terminal.above, terminal.certificate)
        return any(
            (known.body[:-_DATE], known.signature) == (certificate.body[:-_DATE], certificate.signature)
            for known in genuine
        )


class _TakesBodyAlone(_Imports):
    """A signature that is not there is not verified."""

    def read(self, data: bytes) -> CvCertificate:
        try:
            return super().read(data)
        except BadInput:
            return CvCertificate(CvContent.parse(tlv.parse(data, BODY)), data, b"")

    def overlooks(self, certificate: CvCertificate, issuer: CertifiedKey) -> bool:
        return not certificate.signature


class _TakesTerminalsFromAuthority(_Imports):
    """Below the CVCA a terminal's certificate is taken for one that was verified before."""

    def overlooks(self, certificate: CvCertificate, issuer: CertifiedKey) -> bool:
        roles = (issuer.authorization.role, certificate.content.authorization.role)
        return roles == (Role.CVCA, Role.TERMINAL)


def _stores_imported_keys(card: DefectiveCard) -> None:
    """An imported key is written into a memory that outlives a reset."""
    stored: list[CertifiedKey] = []

    class Responder(TerminalAuthenticationResponder):
        def verify_certificate(self, data: bytes) -> None:
            super().verify_certificate(data)
            stored[:] = [self._imported] if self._imported is not None else []

        def _find(self, data: bytes) -> CertifiedKey:
            if self._imported is None and stored:
                self._imported = stored[0]
            return super()._find(data)

    responds_as(Responder)(card)


class _ChoosesIssuer(TerminalAuthenticationResponder):
    """Goes by the issuer that the certificate names, where none was selected."""

    def verify_certificate(self, data: bytes) -> None:
        if self._state is State.IDLE:
            name = CvCertificate.parse_parts(data).content.authority_reference
            self._selected, self._state = self.trust.find(name), State.ISSUER_SELECTED
        super().verify_certificate(data)


class _TakesLastTerminal(TerminalAuthenticationResponder):
    """An unknown name selects the key that was imported last."""

    def select_terminal(self, data: bytes) -> None:
        try:
            super().select_terminal(data)
        except KeyNotFound:
            self._selected, self._state = self._imported, State.TERMINAL_SELECTED


class _SelectsByItself(TerminalAuthenticationResponder):
    """Without MSE:Set AT the terminal is the one that was imported last."""

    def challenge(self) -> bytes:
        if self._state is State.IDLE and self._imported is not None:
            self._selected, self._state = self._imported, State.TERMINAL_SELECTED
        return super().challenge()


class _BeginsWithZeros(TerminalAuthenticationResponder):
    """The memory for the challenge holds zeros before there is one."""

    def authenticate(self, signature: bytes, binding: SessionBinding) -> Authorization:
        if self._state is State.TERMINAL_SELECTED:
            self._challenge, self._state = bytes(CHALLENGE_SIZE), State.CHALLENGED
        return super().authenticate(signature, binding)


class _TakesAnySignature(TerminalAuthenticationResponder):
    def authenticate(self, signature: bytes, binding: SessionBinding) -> Authorization:
        terminal = self._take(State.CHALLENGED)
        self._state = State.DONE
        return terminal.authorization


class _Tries(TerminalAuthenticationResponder):
    """A signature is good if it is so for one of several messages."""

    def others(self, binding: SessionBinding) -> list[tuple[bytes, SessionBinding]]:
        return []

    def authenticate(self, signature: bytes, binding: SessionBinding) -> Authorization:
        terminal = self._selected if self._state is State.CHALLENGED else None
        for challenge, tied in self.others(binding) if terminal is not None else ():
            assert terminal is not None
            if terminal.public_key.verify(signature, tied.message(challenge)):
                self._state = State.DONE
                return terminal.authorization
        return super().authenticate(signature, binding)


class _RemembersChallenges(_Tries):
    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._asked: list[bytes] = []

    def challenge(self) -> bytes:
        self._asked.append(super().challenge())
        return self._asked[-1]

    def others(self, binding: SessionBinding) -> list[tuple[bytes, SessionBinding]]:
        return [(challenge, binding) for challenge in self._asked]


class _KeepsChallenge(TerminalAuthenticationResponder):
    """A wrong signature leaves the challenge in force."""

    def authenticate(self, signature: bytes, binding: SessionBinding) -> Authorization:
        before = (self._selected, self._state)
        try:
            return super().authenticate(signature, binding)
        except SignatureWrong:
            self._selected, self._state = before
            raise


def _takes_tie_to(older: Callable[[DefectiveCard, SessionBinding], SessionBinding | None]) -> Defect:
    """A signature may also be tied to something that was in force before."""

    def put_in(card: DefectiveCard) -> None:
        class Responder(_Tries):
            def others(self, binding: SessionBinding) -> list[tuple[bytes, SessionBinding]]:
                other = older(card, binding)
                return [] if other is None else [(self._challenge, other)]

        responds_as(Responder)(card)

    return put_in


def _takes_older_key(card: DefectiveCard) -> None:
    """The terminal's key of PACE stays in force beside that of Chip Authentication."""
    keys: list[bytes] = []

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if selects(command, ca.MSE_AT) and emrtd(card).status.terminal_key:
            keys[:] = [emrtd(card).status.terminal_key]
        return None

    card.defects.instead.append(instead)
    _takes_tie_to(lambda card, binding: SessionBinding(binding.chip, keys[0]) if keys else None)(card)


def _takes_name_of_session_before(card: DefectiveCard) -> None:
    """The chip's name of the session before is still good."""
    names = [b"", b""]

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if emrtd(card).status.chip_name not in (b"", names[-1]):
            names[:] = [names[-1], emrtd(card).status.chip_name]
        return None

    card.defects.instead.append(instead)
    _takes_tie_to(lambda card, binding: SessionBinding(names[0], binding.terminal))(card)


def _ends_session_after_failure(card: DefectiveCard) -> None:
    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if answer.sw == 0x6300 and proves(command, card):
            card._session.end_messaging()
        return answer

    card.defects.afterwards.append(change)


DEFECTS: dict[str, Defect] = {
    "TA-14": responds_as(_TrustsUnknownIssuers),
    "TA-15": responds_as(_VerifiesNothing),
    "TA-16": responds_as(_LeavesDateOut),
    "TA-17": responds_as(_TakesBodyAlone),
    "TA-18": responds_as(_TakesTerminalsFromAuthority),
    "TA-19": _stores_imported_keys,
    "TA-20": responds_as(_ChoosesIssuer),
    "TA-21": responds_as(_TakesLastTerminal),
    "TA-22": responds_as(_SelectsByItself),
    "TA-23": responds_as(_BeginsWithZeros),
    "TA-24": responds_as(_TakesAnySignature),
    "TA-25": responds_as(_RemembersChallenges),
    "TA-26": responds_as(_KeepsChallenge),
    "TA-27": _takes_older_key,
    "TA-28": _takes_name_of_session_before,
    "TA-29": _ends_session_after_failure,
}
