"""The trainer's side of an exam: cards are served, answers are taken, and at the end a certificate is signed.

The officer's home learns of each case what an officer sees, and nothing of its truth. What was answered stays; a
connection that breaks off goes on with the next case.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.work.training.attempts import Attempt, Attempts
from eid_toolkit.work.training.deck import Deck
from eid_toolkit.work.training.exam_messages import (
    AnswerSheet,
    Certificate,
    Channel,
    Hello,
    Refusal,
    Sheet,
    is_by,
    signed,
)
from eid_toolkit.work.training.range_authority import RangeAuthority
from eid_toolkit.work.training.range_key import RangeKey, fingerprint_of
from eid_toolkit.work.training.scoring import Answer, Share, score
from eid_toolkit.work.training.staging import Staged, stage

EXAMS = "exams"
GREETING, PATIENCE = 10.0, 8 * 3600.0
"""Seconds within which somebody who connects says who they are, and in which a case is answered."""
_STAGE = "stage"
Serving = Callable[[Card], AbstractContextManager[None]]
"""Has a card in the officer's reader while it is entered."""


@dataclass(frozen=True)
class Examiner:
    """One exam of one officer, in a trainer's home."""

    attempts: Attempts
    deck: Deck
    key: RangeKey
    serving: Serving
    clock: Clock
    entropy: Entropy
    expected: str | None = None
    """How the fingerprint of the officer's key begins (hex), where the trainer was told it."""
    joined: Callable[[str], None] = lambda fingerprint: None
    """Is told the fingerprint of who has connected."""

    def begin(self, officer: str) -> Attempt:
        """The officer's exam that is not over yet, or a new one."""
        attempt = self.attempts.unfinished(self.deck.name, officer)
        if attempt is None:
            return self.attempts.begin(self.deck, officer, self._now(), self.entropy)
        attempt.check(self.deck)
        return attempt

    def examine(self, attempt: Attempt, channel: Channel) -> Certificate:
        """Serve one connection until the exam is over; what it was worth.

        The key that has signed the first answer signs all. Raises :class:`NotPermitted` for another,
        :class:`IntegrityBroken` for an answer that it has not signed, or that is to another sheet, and
        :class:`OtherSideAway` where the officer has gone: what was answered is kept.
        """
        try:
            hello = self._hello(attempt, channel)
            attempt = replace(attempt, officer_key=hello.public_key)
            while (drawn := attempt.next) is not None:
                attempt = self._case(attempt, drawn.case, drawn.seed, hello, channel)
            certificate = certificate_of(self.deck, attempt, self.key, self._now())
            channel.send(certificate)
        except (NotPermitted, IntegrityBroken) as error:
            channel.send(signed(Refusal(error.code), self.key))
            raise
        finally:
            shutil.rmtree(self.attempts.folder / _STAGE, ignore_errors=True)
        return certificate

    def _hello(self, attempt: Attempt, channel: Channel) -> Hello:
        channel.be_patient(GREETING)
        hello = channel.receive()
        if not isinstance(hello, Hello) or not is_by(hello, hello.public_key):
            raise NotPermitted("exam-officer-unknown")
        fingerprint = fingerprint_of(hello.public_key)
        self.joined(fingerprint)
        is_expected = fingerprint.startswith(self.expected or "")
        if not is_expected or attempt.officer_key not in (None, hello.public_key):
            raise NotPermitted("exam-officer-other", exam=attempt.id)
        channel.be_patient(PATIENCE)
        return hello

    def _case(self, attempt: Attempt, case: str, seed: str, hello: Hello, channel: Channel) -> Attempt:
        number, now = len(attempt.answers) + 1, self._now()
        staged = stage(self.deck.by_name[case], self.attempts.folder / _STAGE, seed, now)
        sheet = self._sheet(staged, attempt, number, hello.language, now)
        with self.serving(staged.card.card):
            channel.send(sheet)
            answer = channel.receive()
        if not isinstance(answer, AnswerSheet) or not is_by(answer, hello.public_key):
            raise IntegrityBroken("exam-answer-changed", exam=attempt.id, number=number)
        if (answer.exam, answer.number, answer.sheet) != (attempt.id, number, sheet.digest):
            raise IntegrityBroken("exam-answer-changed", exam=attempt.id, number=number)
        return self.attempts.answered(attempt, answer_of(case, answer), answer)

    def _sheet(self, staged: Staged, attempt: Attempt, number: int, language: str, now: datetime) -> Sheet:
        authority, view = RangeAuthority.create(now, self.entropy), staged.view(number, len(attempt.drawn), language)
        sheet = Sheet(
            attempt.id,
            view.number,
            view.of,
            view.scene,
            view.says,
            view.can,
            view.mrz.text,
            view.quirks,
            view.bearer,
            staged.bundle(authority),
            authority.certificate.fingerprint,
            staged.told,
            self.key.public,
        )
        return signed(sheet, self.key)

    def _now(self) -> datetime:
        return self.clock.now().replace(microsecond=0)


def answer_of(case: str, sheet: AnswerSheet) -> Answer:
    """The answer to a case that a sheet holds."""
    return Answer(case, sheet.decision, sheet.reason, sheet.sure, float(sheet.seconds), sheet.verdict)


def certificate_of(deck: Deck, attempt: Attempt, key: RangeKey, now: datetime) -> Certificate:
    """What an exam was worth, signed; raises :class:`IntegrityBroken` if an answer is not the one that was signed."""
    check_answers(attempt)
    scored = score(deck, attempt.answers)

    def pair(share: Share) -> tuple[int, int]:
        return share.count, share.of

    return signed(
        Certificate(
            attempt.id,
            attempt.officer,
            fingerprint_of(attempt.officer_key or b""),
            deck.name,
            deck.version,
            deck.digest,
            attempt.begun,
            now,
            pair(scored.caught),
            pair(scored.refused),
            pair(scored.delayed),
            pair(scored.passed_on),
            pair(scored.reasons),
            scored.cost,
            scored.passed,
            key.public,
        ),
        key,
    )


def check_answers(attempt: Attempt) -> None:
    """Raises :class:`IntegrityBroken` unless the officer has signed each answer of an exam as it stands."""
    public = attempt.officer_key or b""
    for number, (answer, sheet) in enumerate(zip(attempt.answers, attempt.sheets, strict=True), start=1):
        fits = (sheet.exam, sheet.number) == (attempt.id, number) and answer_of(answer.case, sheet) == answer
        if not fits or not is_by(sheet, public):
            raise IntegrityBroken("exam-answer-changed", exam=attempt.id, number=number)


def through_vpcd(port: int) -> Serving:
    """Cards in the virtual PC/SC reader that listens on a port; a card that loses its power comes back."""
    from eid_toolkit.work.training.vpcd_slot import VpcdSlot

    return lambda card: VpcdSlot(card, port)
