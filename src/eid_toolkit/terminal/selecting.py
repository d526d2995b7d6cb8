"""The ladders of SELECT: each form in turn until the card takes one, which is remembered (ISO/IEC 7816-4 11.2.2).

The form of 9303-10 3.6 comes first, so that a card which follows the standard sees no other.
"""

from __future__ import annotations

from eid_toolkit.errors import BadInput
from eid_toolkit.iso7816 import commands
from eid_toolkit.iso7816.apdu import MAX_SHORT_NE, CommandApdu
from eid_toolkit.iso7816.files import MF_FID, ElementaryFile
from eid_toolkit.iso7816.status import StatusWord
from eid_toolkit.lds.ef_dir import EfDir
from eid_toolkit.terminal.session import CardSession

NO_ANSWER, FCI, FCP = 0x0C, 0x00, 0x04
_MASTER_FILE = (
    CommandApdu(0x00, commands.SELECT, 0x00, NO_ANSWER, MF_FID.to_bytes(2, "big")),
    CommandApdu(0x00, commands.SELECT, 0x00, FCI),
)
_APPLICATION = (NO_ANSWER, FCI, FCP)
BY_SHORT_IDENTIFIER = 0
"""The rung that needs no SELECT; the rungs after it are P1 and P2 of one."""
_IN_DF, _ANYWHERE = 0x02, 0x00
FILE_FORMS = ((_IN_DF, NO_ANSWER), (_IN_DF, FCI), (_IN_DF, FCP), (_ANYWHERE, NO_ANSWER), (_ANYWHERE, FCI))


def select_file(rung: int, fid: int) -> CommandApdu:
    """SELECT of an EF in the form of ``rung``, 1 to ``len(FILE_FORMS)``; with Le where the form has an answer."""
    p1, p2 = FILE_FORMS[rung - 1]
    return CommandApdu(0x00, commands.SELECT, p1, p2, fid.to_bytes(2, "big"), 0 if p2 == NO_ANSWER else MAX_SHORT_NE)


def select_master_file(session: CardSession) -> None:
    """Selects the master file. A card that knows no form of it stands there after a reset, and is not asked again."""
    habits = session.habits
    if habits.master_file is None:
        return
    for rung in range(habits.master_file, len(_MASTER_FILE)):
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
    habits, first = session.habits, None
    for rung in range(habits.application, len(_APPLICATION)):
        p2 = _APPLICATION[rung]
        ne = 0 if p2 == NO_ANSWER else MAX_SHORT_NE
        answer = session.exchange(CommandApdu(0x00, commands.SELECT, 0x04, p2, aid, ne))
        if answer.ok:
            habits.application = rung
        if answer.ok or answer.sw == StatusWord.FILE_NOT_FOUND:
            return answer.sw
        first = first or answer.sw
    return first or StatusWord.FUNCTION_NOT_SUPPORTED


def _listed_applications(session: CardSession) -> tuple[bytes, ...]:
    """What EF.DIR lists; nothing if there is none. It stands in the master file, where the session must be."""
    answer = session.exchange(commands.read_binary_sfi(ElementaryFile.DIR.sfi, 0, session.capacity(MAX_SHORT_NE)))
    try:
        return EfDir.parse(answer.data).applications
    except BadInput:
        return ()
