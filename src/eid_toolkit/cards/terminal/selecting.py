"""The ladders of SELECT: each form in turn until the card takes one, which is remembered (ISO/IEC 7816-4 11.2.2).

The form of 9303-10 3.6 comes first, so that a card which follows the standard sees no other.
"""

from __future__ import annotations

from contextlib import suppress

from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_SHORT_NE, CommandApdu
from eid_toolkit.standards.iso7816.commands import ANYWHERE, FCI, FCP, IN_CURRENT_DF, NO_ANSWER
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.ef_dir import EfDir

_MASTER_FILE = (commands.select_mf(), CommandApdu(0x00, commands.SELECT, 0x00, FCI))
_APPLICATION = (NO_ANSWER, FCI, FCP)
BY_SHORT_IDENTIFIER = 0
"""The rung that needs no SELECT; the rungs after it are P1 and P2 of one."""
FILE_FORMS = (
    (IN_CURRENT_DF, NO_ANSWER),
    (IN_CURRENT_DF, FCI),
    (IN_CURRENT_DF, FCP),
    (ANYWHERE, NO_ANSWER),
    (ANYWHERE, FCI),
)


def select_file(rung: int, fid: int) -> CommandApdu:
    """SELECT of an EF in the form of ``rung``, 1 to ``len(FILE_FORMS)``."""
    return commands.select_ef(fid, *FILE_FORMS[rung - 1])


def select_master_file(session: CardSession) -> None:
    """Selects the master file. A card that knows no form of it stands there after a reset, and is not asked again."""
    habits = session.habits
    if habits.master_file is None:
        return
    for rung in range(habits.master_file, len(_MASTER_FILE)):
        with suppress(ProtocolError):  # no answer that one can take: the next form, or none
            if session.exchange(_MASTER_FILE[rung]).ok:
                habits.master_file = rung
                return
    habits.master_file = None


def select_application(session: CardSession, aid: bytes) -> int:
    """Selects the application and returns the status word: 9000, or what the card said of the first form.

    Where the card does not know the identifier, EF.DIR may list it in full (7816-4 12.3.2); that is read only then.
    """
    sw = _select_name(session, aid)
    if sw == StatusWord.FILE_NOT_FOUND:
        for listed in _listed_applications(session):
            if listed != aid and listed.startswith(aid) and _select_name(session, listed) == StatusWord.OK:
                return StatusWord.OK
    return sw


def _select_name(session: CardSession, aid: bytes) -> int:
    habits, refusals = session.habits, []
    for rung in range(habits.application, len(_APPLICATION)):
        answer = session.exchange(commands.select_application(aid, _APPLICATION[rung]))
        if answer.ok:
            habits.application, habits.file_proven = rung, False
        if answer.ok or answer.sw == StatusWord.FILE_NOT_FOUND:
            return answer.sw
        refusals.append(answer.sw)
    return refusals[0]


def _listed_applications(session: CardSession) -> tuple[bytes, ...]:
    """What EF.DIR lists; nothing if there is none. It stands in the master file, where the session must be."""
    answer = session.exchange(commands.read_binary_sfi(ElementaryFile.DIR.sfi, 0, session.capacity(MAX_SHORT_NE)))
    try:
        return EfDir.parse(answer.data).applications
    except BadInput:
        return ()
