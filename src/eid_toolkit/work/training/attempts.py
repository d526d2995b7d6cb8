"""Attempts of an officer's home: what was drawn and what was answered, case by case, so that a stop loses nothing.

They are personal data of whoever was trained: only their owner can read the files, and each can be erased.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import private_directory, remove_durably, write_atomic
from eid_toolkit.ground.home.locks import exclusive
from eid_toolkit.ground.plain_values import REQUIRED, Hex, UtcTime, read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.training.case import FOLDER
from eid_toolkit.work.training.deck import Deck, Drawn
from eid_toolkit.work.training.exam_messages import AnswerSheet
from eid_toolkit.work.training.scoring import Answer

SCHEMA = "eid-training-attempt/1"
_SUFFIX, _LOCK = ".json", "attempts.lock"
_ID = re.compile("T-[0-9]{8}-[0-9a-f]{8}")
_LIMIT = 1 << 20
_SEED, _NUMBER = 16, 4


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a deck, as far as it has come."""

    id: str
    """``T-`` with the day (UTC) and eight hexadecimal digits."""
    officer: str
    deck: str
    version: int
    digest: str
    """Of the deck, SHA-256 in hex."""
    seed: str
    begun: UtcTime
    drawn: tuple[Drawn, ...]
    answers: Annotated[tuple[Answer, ...], REQUIRED] = ()
    officer_key: Hex | None = None
    """Of an exam: the key that has signed its answers (SPKI in DER)."""
    sheets: tuple[AnswerSheet, ...] = ()
    """Of an exam: the answers as they were signed."""

    @property
    def next(self) -> Drawn | None:
        """The case that comes now; None when all are answered."""
        return self.drawn[len(self.answers)] if len(self.answers) < len(self.drawn) else None

    @property
    def is_over(self) -> bool:
        """Whether all cases are answered."""
        return self.next is None

    def check(self, deck: Deck) -> None:
        """Raises :class:`NotPermitted` if the deck is not the one that the attempt was begun with."""
        if deck.digest != self.digest:
            raise NotPermitted("training-deck-changed", deck=deck.name, attempt=self.id)


class Attempts:
    """The attempts of the home at ``root``; in a folder of their own if they are exams."""

    def __init__(self, root: Path, kind: str = "") -> None:
        self.folder = root / FOLDER / kind

    def all(self) -> tuple[Attempt, ...]:
        """Every attempt, the oldest first; raises :class:`IntegrityBroken` for a file that is none."""
        return tuple(sorted(self._read(), key=lambda attempt: (attempt.begun, attempt.id)))

    def get(self, identifier: str) -> Attempt:
        """The attempt of that name; raises :class:`BadInput` if there is none."""
        if not _ID.fullmatch(identifier) or not self._path(identifier).is_file():
            raise BadInput("training-attempt-unknown", attempt=identifier[:80])
        return _parsed(self._path(identifier))

    def begin(self, deck: Deck, officer: str, now: datetime, entropy: Entropy, seed: str | None = None) -> Attempt:
        """A new attempt; cases that the officer has met in earlier ones of the deck come last."""
        seen = {
            each.case for one in self.all() if (one.deck, one.officer) == (deck.name, officer) for each in one.drawn
        }
        seed = seed or entropy.take(_SEED).hex()
        identifier = f"T-{now:%Y%m%d}-{entropy.take(_NUMBER).hex()}"
        drawn = deck.draw(seed, seen)
        attempt = Attempt(identifier, officer, deck.name, deck.version, deck.digest, seed, now, drawn)
        self._write(attempt)
        return attempt

    def unfinished(self, deck: str, officer: str) -> Attempt | None:
        """The newest attempt of the officer at a deck that is not over."""
        open_ones = [each for each in self.all() if (each.deck, each.officer) == (deck, officer) and not each.is_over]
        return open_ones[-1] if open_ones else None

    def answered(self, attempt: Attempt, answer: Answer, sheet: AnswerSheet | None = None) -> Attempt:
        """The attempt with one more answer; raises :class:`NotPermitted` if another process has answered meanwhile."""
        with exclusive(private_directory(self.folder) / _LOCK, "training"):
            if self.get(attempt.id).answers != attempt.answers:
                raise NotPermitted("training-attempt-elsewhere", attempt=attempt.id)
            sheets = () if sheet is None else (sheet,)
            after = replace(attempt, answers=(*attempt.answers, answer), sheets=(*attempt.sheets, *sheets))
            self._write(after)
        return after

    def erase(self, identifier: str) -> None:
        """Take an attempt away for good; raises :class:`BadInput` if there is none."""
        self.get(identifier)
        remove_durably(self._path(identifier))

    def _read(self) -> Iterator[Attempt]:
        if self.folder.is_dir():
            for path in self.folder.glob(f"T-*{_SUFFIX}"):
                yield _parsed(path)

    def _write(self, attempt: Attempt) -> None:
        private_directory(self.folder)
        write_atomic(
            self._path(attempt.id), json.dumps({"schema": SCHEMA, **to_plain(attempt)}, ensure_ascii=False).encode()
        )

    def _path(self, identifier: str) -> Path:
        return self.folder / f"{identifier}{_SUFFIX}"


def _parsed(path: Path) -> Attempt:
    try:
        with path.open("rb") as stream:
            attempt = read_json(Attempt, stream.read(_LIMIT), SCHEMA)
    except (OSError, ValueError):
        raise IntegrityBroken("training-attempt-damaged", file=path.name) from None
    cases = [each.case for each in attempt.drawn]
    answered = [each.case for each in attempt.answers]
    whole = len(attempt.sheets) == (len(answered) if attempt.officer_key else 0)
    if attempt.id != path.stem or answered != cases[: len(answered)] or not whole:
        raise IntegrityBroken("training-attempt-damaged", file=path.name)
    return attempt
