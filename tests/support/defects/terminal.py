"""Defects of Terminal Authentication: of what it opens, and for how long."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import MF_FID, ElementaryFile
from eid_toolkit.standards.lds.ef_cvca import EfCvca
from eid_toolkit.standards.pki.cv_authorization import Authorization
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.protocols.pace_card import PaceResponder
from eid_toolkit.standards.protocols.terminal_authentication import CHALLENGE_SIZE, compress
from eid_toolkit.standards.protocols.terminal_authentication_card import TerminalAuthenticationResponder
from support.conformance import Defect, DefectiveCard, emrtd, pace_run
from support.defects.chip import agrees, once_done
from support.resigning import put

_PROTOCOL = (commands.MANAGE_SECURITY_ENVIRONMENT, commands.PERFORM_SECURITY_OPERATION)


def responds_as(kind: type[TerminalAuthenticationResponder]) -> Defect:
    """Every session's Terminal Authentication goes by another hand."""

    def put_in(card: DefectiveCard) -> None:
        def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
            status, trust = emrtd(card).status, card.memory.part(EmrtdMemory).terminal_trust
            ready = card._session.channel is not None and status.terminal_key and trust is not None
            if ready and status.terminal_authentication is None:
                assert trust is not None
                status.terminal_authentication = kind(trust, card._entropy)
            return None

        card.defects.instead.append(instead)

    return put_in


def proves(command: CommandApdu, card: DefectiveCard) -> bool:
    """Whether it is the terminal's signature: that of BAC comes outside of any session."""
    return command.ins == commands.EXTERNAL_AUTHENTICATE and card._session.channel is not None


def _names_a_key_that_it_lacks(card: DefectiveCard) -> None:
    """The office wrote EF.CVCA with an older key, which it did not load."""
    known = EfCvca.parse(card.memory.part(EmrtdMemory).files[ElementaryFile.CVCA].content).references
    put(card.memory, ElementaryFile.CVCA, EfCvca((*known, KeyReference("UTCVCA00000"))).encode())


def _allows(file: ElementaryFile, allowed: Callable[[], bool]) -> Defect:
    """Whether the file may be read is told by ``allowed`` and not by the terminal's rights."""

    def put_in(card: DefectiveCard) -> None:
        def on_reset(card: DefectiveCard) -> None:
            genuine = emrtd(card).files._has_right
            emrtd(card).files._has_right = (  # type: ignore[method-assign]
                lambda asked: allowed() if asked is file else genuine(asked)
            )

        card.defects.on_reset.append(on_reset)

    return put_in


def _opens_after_chip_authentication(card: DefectiveCard) -> None:
    _allows(ElementaryFile.DG3, once_done(card))(card)


def _binds_to_pace_in_any_mapping(card: DefectiveCard) -> None:
    """PACE counts as authentication of the chip, whatever its mapping."""
    runs: list[PaceResponder] = []

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        run, status = pace_run(card), emrtd(card).status
        if run is not None:
            runs[:] = [run]
        elif command.ins in _PROTOCOL and card._session.channel is not None and runs and not status.terminal_key:
            status.terminal_key = compress(runs[0]._terminal_public, runs[0].parameters.domain)
        return None

    card.defects.instead.append(instead)


def _wants_chip_authentication_after_its_mapping(card: DefectiveCard) -> None:
    done = once_done(card)

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if command.ins == commands.MANAGE_SECURITY_ENVIRONMENT and command.p1 == 0x81 and not done():
            return ResponseApdu(b"", 0x6982)
        return None

    card.defects.instead.append(instead)


class _AsksTheSame(TerminalAuthenticationResponder):
    def challenge(self) -> bytes:
        super().challenge()
        self._challenge = bytes(CHALLENGE_SIZE)
        return self._challenge


def _forgets_at_selection(card: DefectiveCard) -> None:
    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if command.ins == commands.SELECT and command.data == MF_FID.to_bytes(2, "big"):
            emrtd(card).status.authorization = None
        return None

    card.defects.instead.append(instead)


def _remembers_rights(card: DefectiveCard, when: Callable[[DefectiveCard], bool], over_reset: bool) -> None:
    """What a terminal was once allowed is allowed again as soon as ``when`` holds."""
    granted: list[Authorization] = []

    def on_reset(card: DefectiveCard) -> None:
        if not over_reset:
            granted.clear()

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        status = emrtd(card).status
        if status.authorization is not None:
            granted[:] = [status.authorization]
        elif granted and command.ins == commands.READ_BINARY and when(card):
            status.authorization = granted[0]
        return None

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if emrtd(card).status.authorization is not None:
            granted[:] = [emrtd(card).status.authorization]
        return answer

    card.defects.on_reset.append(on_reset)
    card.defects.instead.append(instead)
    card.defects.afterwards.append(change)


def _is_open(card: DefectiveCard) -> bool:
    return card._session.channel is not None and emrtd(card).status.is_selected


def _keeps_rights_over_plain_command(card: DefectiveCard) -> None:
    _remembers_rights(card, _is_open, over_reset=False)


def _keeps_rights_over_reset(card: DefectiveCard) -> None:
    """The rights stand in a memory that a reset does not clear; a new session does not clear it either."""
    _remembers_rights(card, _is_open, over_reset=True)


def _keeps_rights_over_new_keys(card: DefectiveCard) -> None:
    """Chip Authentication leaves the rights as they are."""
    rights: list[Authorization | None] = [None]

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        rights[0] = emrtd(card).status.authorization if agrees(command, card) else None
        return answer

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if rights[0] is not None:
            emrtd(card).status.authorization = rights[0]
        return None

    card.defects.afterwards.append(change)
    card.defects.instead.append(instead)
    card.defects.on_reset.append(lambda _: rights.__setitem__(0, None))


def _begins_anew_after(event: Callable[[CommandApdu, DefectiveCard], bool]) -> Defect:
    """The session forgets that there was Terminal Authentication."""

    def put_in(card: DefectiveCard) -> None:
        def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
            if answer.ok and event(command, card):
                emrtd(card).status.terminal_authentication = None
            return answer

        card.defects.afterwards.append(change)

    return put_in


def _closes_what_was_open(card: DefectiveCard) -> None:
    """After Terminal Authentication the state machine knows only the rights that this gave: EF.COM is closed."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        asked = command.ins == commands.READ_BINARY and command.p1 == 0x80 | ElementaryFile.COM.sfi
        return ResponseApdu(b"", 0x6982) if asked and emrtd(card).status.authorization is not None else None

    card.defects.instead.append(instead)


DEFECTS: dict[str, Defect] = {
    "TA-01": _names_a_key_that_it_lacks,
    "TA-02": _allows(ElementaryFile.DG4, lambda: False),
    "TA-03": _opens_after_chip_authentication,
    "TA-04": _binds_to_pace_in_any_mapping,
    "TA-05": _wants_chip_authentication_after_its_mapping,
    "TA-06": responds_as(_AsksTheSame),
    "TA-07": _forgets_at_selection,
    "TA-08": _keeps_rights_over_plain_command,
    "TA-09": _keeps_rights_over_reset,
    "TA-10": _keeps_rights_over_new_keys,
    "TA-11": _begins_anew_after(proves),
    "TA-12": _begins_anew_after(agrees),
    "TA-13": _closes_what_was_open,
}
