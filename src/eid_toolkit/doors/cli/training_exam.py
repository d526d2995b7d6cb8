"""Exams: a trainer's window that serves cards and takes answers, and an officer's in which they are given."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import details, emit, note_error, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted, ServiceAway, UsageError
from eid_toolkit.ground.fingerprints import grouped, typed_fingerprint
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.work.training.exam_messages import (
    AnswerSheet,
    Certificate,
    Channel,
    OtherSideAway,
    Sheet,
    decode,
    encode,
)
from eid_toolkit.work.training.range_key import RangeKey, fingerprint_of

if TYPE_CHECKING:
    from eid_toolkit.doors.cli.context import App
    from eid_toolkit.work.training.attempts import Attempt
    from eid_toolkit.work.training.deck import Deck
    from eid_toolkit.work.training.examining import Examiner

_CONNECTING = 10.0
_MAX_CERTIFICATE = 1 << 16


def serve(app: App, deck: Deck, officer: str, officer_key: str | None, address: str, vpcd_port: int) -> Attempt:
    """Examine one officer, over as many connections as it takes; the exam when it is over."""
    from eid_toolkit.work.training.attempts import Attempts
    from eid_toolkit.work.training.examining import EXAMS, PATIENCE, Examiner, through_vpcd

    def joined(fingerprint: str) -> None:
        tell("exam-joined", fingerprint=grouped(fingerprint))

    key, attempts = RangeKey.at(app.home_path, ENTROPY), Attempts(app.home_path, EXAMS)
    expected = None if officer_key is None else typed_fingerprint(officer_key)
    examiner = Examiner(attempts, deck, key, through_vpcd(vpcd_port), CLOCK, ENTROPY, expected, joined)
    attempt = examiner.begin(officer)
    with _listening(address) as listener:
        host, port = listener.getsockname()[:2]
        tell("exam-waiting", exam=attempt.id, officer=officer, address=f"{host}:{port}",
             fingerprint=grouped(key.fingerprint))  # fmt: skip
        while not (attempt := attempts.get(attempt.id)).is_over or not _has_certificate(app, attempt):
            connection, _ = listener.accept()
            with connection:
                _examined(app, examiner, attempt, Channel(connection, PATIENCE))
    return attempt


def _examined(app: App, examiner: Examiner, attempt: Attempt, channel: Channel) -> None:
    """One connection; what goes wrong on it is told, and the next one goes on."""
    try:
        certificate = examiner.examine(attempt, channel)
    except (OtherSideAway, NotPermitted, IntegrityBroken, BadInput) as error:
        note_error(presentation().speaker.of(error), presentation().speaker)
        return
    write_file(_certificate_path(app, attempt), encode(certificate))
    tell("exam-over", officer=certificate.officer, file=_certificate_path(app, attempt))


def sit(app: App, address: str, trainer: str, reader: str, output: Path) -> None:
    """Be examined; the certificate goes to ``output``."""
    from eid_toolkit.doors.cli.training import answered
    from eid_toolkit.work.training.examining import PATIENCE
    from eid_toolkit.work.training.range import Range
    from eid_toolkit.work.training.sitting import Candidate

    told, stage = typed_fingerprint(trainer), Range(app.home_path, presentation().speaker)
    key = RangeKey.at(app.home_path, ENTROPY)
    candidate = Candidate(key, told, presentation().speaker.language)
    tell("exam-own-key", fingerprint=grouped(key.fingerprint))

    def answer(sheet: Sheet) -> AnswerSheet | None:
        reply = answered(stage.set_up_sheet(sheet, reader, CLOCK.now().replace(microsecond=0)))
        if reply is None:
            return None
        return AnswerSheet(sheet.exam, sheet.number, sheet.digest, reply.decision, reply.reason, reply.sure,
                           round(reply.seconds), reply.verdict)  # fmt: skip

    with _connected(address) as connection:
        try:
            certificate = candidate.sit(Channel(connection, PATIENCE), answer)
        finally:
            stage.clear()
    if certificate is None:
        tell("exam-stopped")
        return
    write_file(output, encode(certificate))
    tell("exam-certificate-written", file=output)


def verify(file: Path, trainer: str | None, fmt: str) -> None:
    """Check a certificate, and show what it says; raises :class:`NotPermitted` for another trainer's."""
    certificate = decode(read_file(file, _MAX_CERTIFICATE))
    if not isinstance(certificate, Certificate):
        raise BadInput("exam-message-malformed")
    certificate.check()
    fingerprint = fingerprint_of(certificate.trainer_key)
    if trainer is not None and not fingerprint.startswith(typed_fingerprint(trainer)):
        raise NotPermitted("exam-trainer-other", fingerprint=fingerprint)
    plain = to_plain(certificate, without=("trainer_key", "signature"))
    data = {"schema": certificate.SCHEMA, **plain, "trainer_fingerprint": fingerprint, "trainer_known": bool(trainer)}
    shown = {name: f"{value[0]}/{value[1]}" if isinstance(value, list) else value for name, value in plain.items()}
    pairs = {**shown, "trainer_fingerprint": grouped(fingerprint)}
    emit(data, fmt, lambda: details(pairs.items()))
    if trainer is None:
        tell("exam-trainer-unproved")


def seal(app: App, folder: Path, trainer: Path | None, output: Path) -> None:
    """A deck's folder in one signed file; with a ``trainer``'s file only for that home."""
    from eid_toolkit.work.training import deck_file
    from eid_toolkit.work.training.deck import contents_of, read_deck

    deck = read_deck(folder.resolve().name, folder)  # nobody gets a deck that cannot be read
    key = RangeKey.at(app.home_path, ENTROPY)
    data = deck_file.pack(deck.name, dict(contents_of(deck.name, folder)), key)
    if trainer is not None:
        data = deck_file.seal(data, deck_file.read_trainer_card(read_file(trainer, _MAX_CERTIFICATE)), ENTROPY)
    write_file(output, data)
    tell("training-deck-sealed-into", file=output, fingerprint=grouped(key.fingerprint))


def introduce(app: App, output: Path) -> None:
    """Write the file for which authors seal decks for this home."""
    from eid_toolkit.work.training.deck_file import trainer_card

    key = RangeKey.at(app.home_path, ENTROPY)
    write_file(output, trainer_card(key))
    tell("training-trainer-written", file=output, fingerprint=grouped(key.fingerprint))


def _certificate_path(app: App, attempt: Attempt) -> Path:
    from eid_toolkit.work.training.attempts import Attempts
    from eid_toolkit.work.training.examining import EXAMS

    return Attempts(app.home_path, EXAMS).folder / f"{attempt.id}.certificate"


def _has_certificate(app: App, attempt: Attempt) -> bool:
    return _certificate_path(app, attempt).exists()


@contextmanager
def _listening(address: str) -> Iterator[socket.socket]:
    host, port = _parts(address)
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise ServiceAway("exam-address-taken", address=address, reason=error.strerror or str(error)) from None
    with listener:
        yield listener


@contextmanager
def _connected(address: str) -> Iterator[socket.socket]:
    try:
        connection = socket.create_connection(_parts(address), timeout=_CONNECTING)
    except OSError as error:
        raise ServiceAway("exam-trainer-away", address=address, reason=error.strerror or str(error)) from None
    with connection:
        yield connection


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) >= 1 << 16:
        raise UsageError("exam-address-malformed", address=address)
    return host, int(port)
