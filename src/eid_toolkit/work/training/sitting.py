"""The officer's side of an exam: sheet after sheet is answered and signed, and at last a certificate comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
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
from eid_toolkit.work.training.range_key import RangeKey, fingerprint_of

Answering = Callable[[Sheet], AnswerSheet | None]
"""Has the officer answer a sheet; None if they stop."""


@dataclass(frozen=True)
class Candidate:
    """An officer who is examined by a trainer whose key has the fingerprint that begins with ``trainer`` (hex)."""

    key: RangeKey
    trainer: str
    language: str

    def sit(self, channel: Channel, answer: Answering) -> Certificate | None:
        """Answer sheet after sheet; the certificate at the end, None if the officer stops before.

        Raises :class:`NotPermitted` for a trainer with another key, and where the trainer refuses to go on,
        :class:`IntegrityBroken` for what the trainer has not signed.
        """
        channel.send(signed(Hello(self.key.public, self.language), self.key))
        while True:
            message = channel.receive()
            if isinstance(message, Sheet):
                self._check(message, message.trainer_key)
                answered = answer(message)
                if answered is None:
                    return None
                channel.send(signed(answered, self.key))
            elif isinstance(message, Certificate):
                self._check(message, message.trainer_key)
                if message.officer_key != self.key.fingerprint:
                    raise IntegrityBroken("training-certificate-changed", exam=message.exam)
                return message
            elif isinstance(message, Refusal):
                raise NotPermitted("exam-refused", reason=message.code)
            else:
                raise IntegrityBroken("exam-sheet-changed")

    def _check(self, message: Sheet | Certificate, public: bytes) -> None:
        if not fingerprint_of(public).startswith(self.trainer):
            raise NotPermitted("exam-trainer-other", fingerprint=fingerprint_of(public))
        if not is_by(message, public):
            raise IntegrityBroken("exam-sheet-changed")
