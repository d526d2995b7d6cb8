"""An act of an office: who may, what is intended, the work, and what came of it; there whole and on record, or not.

What is intended is a row of the audit log for each who decides, signed by them, before anything is done. The work may
change files of the home (those written through :mod:`eid_toolkit.ground.home.undo`) and the trust store. The outcome
is one transaction of the register, and the act is done when that is committed: what goes wrong before has every file
put back as it was, what is to leave the home or to be destroyed does so behind it. A kill or a power cut in between
leaves the act's folder, by which the next command finishes the one or the other (:func:`settle`).

An act on rows alone needs none of this: it is one transaction with its own row of the log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from eid_toolkit.ground.errors import (
    DatabaseAway,
    EidError,
    IntegrityBroken,
    KeyMissing,
    LockHeld,
    ServiceAway,
)
from eid_toolkit.ground.home.atomic import is_private, private_directory, remove_unfinished, write_atomic
from eid_toolkit.ground.home.named_files import is_kept, write_file
from eid_toolkit.ground.home.undo import Undo, recorded
from eid_toolkit.ground.plain_values import from_plain, to_plain
from eid_toolkit.work.office.credentials import Purpose

if TYPE_CHECKING:
    from eid_toolkit.books.audit.log_book import LogBook
    from eid_toolkit.books.staff.operators import Operator
    from eid_toolkit.books.staff.roles import Permission
    from eid_toolkit.ground.home.home import Home
    from eid_toolkit.work.office.office import Office

FOLDER = "acts"
_LOCK = "acts"
_PATIENCE = 30.0
"""Seconds to wait for another act in this home."""
_UNDELIVERED = "undelivered-"


class Recorded(Protocol):
    """What an act needs of an office."""

    @property
    def home(self) -> Home:
        """Where its folders lie."""

    @property
    def register(self) -> LogBook:
        """What says whether it was done."""

    @property
    def keys(self) -> Destroying:
        """What destroys keys."""


class Destroying(Protocol):
    """A key store, as acts use it."""

    def destroy(self, name: str) -> None:
        """Remove a key for good; raises :class:`KeyMissing` if it is gone."""


Right = Callable[["Office", str, str], "tuple[Operator, ...]"]
"""Asks who acts, and raises :class:`NotPermitted` if they may not."""


def by(people: tuple[Operator, ...]) -> Right:
    """Those who have been asked before."""
    return lambda *_: people


def by_one(permission: Permission) -> Right:
    """One operator with this permission."""
    return lambda office, action, subject: (office.operator(permission, Purpose(action, subject)),)


def by_two(*first: Permission, second: Permission | None = None) -> Right:
    """Two operators: one with any of the permissions ``first``, the other with ``second``; one in a demo home."""
    return lambda office, action, subject: office.acting.both(action, subject, first, second)


def decide(
    office: Office, right: Right, action: str, subject: str, detail: Mapping[str, object]
) -> tuple[Operator, ...]:
    """Have those who may decide on ``action``; their decision is on record, with their signatures, before it is done.

    For acts on rows alone, whose work is one transaction with its own row of the log.
    """
    people = right(office, action, subject)
    _record_decision(office, people, action, subject, detail)
    return people


def _record_decision(
    office: Office, people: tuple[Operator, ...], action: str, subject: str, detail: Mapping[str, object]
) -> None:
    names = [person.name for person in people]
    statement = {"action": action, "subject": subject, "detail": dict(detail), "time": office.clock.now().isoformat()}
    signed = json.dumps({**statement, "operators": names}, sort_keys=True).encode()
    rows: list[tuple[Operator | str, str, str, Mapping[str, object]]] = []
    for person in people:
        signature = person.sign(signed)
        shown = {**statement, "operators": names, "signature": signature.hex() if signature else None}
        rows.append((person, f"{action}.decided", subject, shown))
    office.register.record_all(rows)


@dataclass(frozen=True, slots=True)
class _About:
    """The first line of an act's journal."""

    action: str
    subject: str
    operator: str
    intention: str
    after: int
    """The log's last position when the act began."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The line that names what the log has if the act was done."""

    outcome: str
    subject: str


class Act:
    """One act while it is done."""

    def __init__(self, undo: Undo, people: tuple[Operator, ...], subject: str) -> None:
        self.people = people
        self._undo, self._subject = undo, subject
        self._outcome: list[tuple[Operator | str, str, str, Mapping[str, object]]] = []
        self._leaving: list[tuple[Path, bytes]] = []

    @property
    def actor(self) -> Operator:
        """The first of those who act; the outcome is recorded under this name."""
        return self.people[0]

    def done(self, action: str, detail: Mapping[str, object], subject: str | None = None) -> None:
        """What the log is to say of the outcome; at least one such row makes an act."""
        self._outcome.append((self.actor, action, subject or self._subject, detail))

    def deliver(self, path: Path, data: bytes) -> None:
        """Write a result to where the user wants it, as soon as the outcome is on record."""
        name = f"{len(self._leaving)}.out"
        write_atomic(self._undo.folder / name, data)
        place = None if is_kept(path) else str(path.absolute())  # no later process writes to a device or a pipe
        self._undo.note({"deliver": place, "from": name})
        self._leaving.append((path, data))

    def destroy_key(self, name: str) -> None:
        """Destroy a private key of the key store, as soon as the outcome is on record."""
        self._undo.note({"destroy": name})

    def _finish(self, office: Office) -> None:
        (_, action, subject, _), *_ = self._outcome
        self._undo.note({"outcome": action, "subject": subject})
        office.register.record_all(self._outcome)
        for path, data in self._leaving:
            write_file(path, data)
        _destroy_keys(office, self._undo)


@contextmanager
def act(office: Office, right: Right, action: str, subject: str, detail: Mapping[str, object]) -> Iterator[Act]:
    """Do an act: the work is the block, which names the outcome by :meth:`Act.done`.

    Raises what ``right`` raises before anything is on record, :class:`LockHeld` if another act is being done in
    this home, and :class:`DatabaseAway` if the register cannot take the decision or the outcome: nothing was done.
    """
    people = right(office, action, subject)
    with recoverable(office, action, subject, people[0].name, f"{action}.decided") as undo:
        _record_decision(office, people, action, subject, detail)
        doing = Act(undo, people, subject)
        with recorded(undo):
            yield doing
        doing._finish(office)


@contextmanager
def recoverable(office: Recorded, action: str, subject: str, operator: str, intention: str) -> Iterator[Undo]:
    """Work on files that are put back unless the row is on record which the journal names as the ``outcome``.

    The log says that the act was abandoned, if it has the row ``intention`` by then.
    """
    with office.home.lock(_LOCK, _PATIENCE):
        _settle_all(office)
        about = _About(action, subject, operator, intention, office.register.last_position())
        undo = Undo.begin(_free_folder(office), to_plain(about))
        try:
            yield undo
        except BaseException as error:
            with suppress(EidError, OSError):  # else the next command does it
                _settle(office, undo, tell=not isinstance(error, DatabaseAway), why=_reason(error))
            if isinstance(error, OSError) and (kept := _kept(undo)).is_dir():
                raise ServiceAway("act-undelivered", folder=kept, reason=error.strerror or "") from None
            raise
        with suppress(OSError):  # it is done, and the next command clears up
            undo.discard()


def settle(office: Recorded) -> None:
    """Bring what a stopped command has left of an act to its end; an act that is being done just now is left alone.

    Raises :class:`DatabaseAway` if the register cannot be asked.
    """
    if not _left(office):
        return
    with suppress(LockHeld), office.home.lock(_LOCK):
        _settle_all(office)


def _settle_all(office: Recorded) -> None:
    for folder in _left(office):
        if not is_private(folder):  # what is in it is done with the rights of whoever gives the command
            raise IntegrityBroken("act-damaged", folder=folder)
        try:
            _settle(office, Undo(folder), tell=True, why="stopped")
        except (KeyError, TypeError, ValueError):
            raise IntegrityBroken("act-damaged", folder=folder) from None


def _settle(office: Recorded, undo: Undo, *, tell: bool, why: str) -> None:
    lines = undo.lines()
    if lines:
        about = from_plain(_About, lines[0])
        outcome = next((from_plain(_Outcome, line) for line in lines if "outcome" in line), None)
        if outcome is not None and office.register.is_on_record(about.after, outcome.outcome, outcome.subject):
            undo.clear_up()
            _destroy_keys(office, undo)
            _deliver_left(undo, lines)
            return
        undo.put_back()
        if office.register.is_on_record(about.after, about.intention, about.subject):
            if not tell:
                return
            office.register.record(about.operator, f"{about.action}.abandoned", about.subject, {"reason": why})
    undo.discard()


def _deliver_left(undo: Undo, lines: list[dict[str, Any]]) -> None:
    """Write what was on record and has not arrived; what cannot be written is kept, and stands in nobody's way."""
    left = [line for line in lines if "deliver" in line]
    try:
        for line in left:
            if line["deliver"] is not None:
                remove_unfinished(Path(line["deliver"]))
                write_file(Path(line["deliver"]), (undo.folder / line["from"]).read_bytes())
    except OSError:
        undo.folder.rename(_kept(undo))
        return
    if any(line["deliver"] is None for line in left):
        undo.folder.rename(_kept(undo))
    else:
        undo.discard()


def _kept(undo: Undo) -> Path:
    """Where the results of an act stay that could not be delivered."""
    return undo.folder.with_name(_UNDELIVERED + undo.folder.name)


def _destroy_keys(office: Recorded, undo: Undo) -> None:
    for line in undo.lines():
        if "destroy" in line:
            with suppress(KeyMissing):  # done before the stop
                office.keys.destroy(line["destroy"])


def _left(office: Recorded) -> list[Path]:
    folder = office.home.root / FOLDER
    return sorted(path for path in folder.iterdir() if path.name.isdecimal()) if folder.is_dir() else []


def _free_folder(office: Recorded) -> Path:
    """Numbers go on behind what could not be delivered."""
    names = (path.name.removeprefix(_UNDELIVERED) for path in private_directory(office.home.root / FOLDER).iterdir())
    return office.home.root / FOLDER / f"{max((int(name) for name in names if name.isdecimal()), default=0) + 1}"


def _reason(error: BaseException) -> str:
    return error.code if isinstance(error, EidError) else type(error).__name__
