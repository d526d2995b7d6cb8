"""A session on the range: case by case the scene, the real tool, an answer, and what there was to see."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import note, paint, prompt, sentence, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.verdicts import EXIT_CODES
from eid_toolkit.work.office.readers import SPEC
from eid_toolkit.work.training.case import DECISIONS, FAMILIES, Case, Decision, Family
from eid_toolkit.work.training.range import Range, Scene
from eid_toolkit.work.training.scoring import Answer, Sureness

if TYPE_CHECKING:
    from eid_toolkit.doors.cli.context import App
    from eid_toolkit.work.training.attempts import Attempt, Attempts
    from eid_toolkit.work.training.deck import Deck

_TOOL = (sys.executable, "-m", "eid_toolkit.doors.cli.main")
_VERIFY, _STOP = "verify", "stop"
_SURE = ("1", "2", "3")
_VERDICTS = {code: verdict for verdict, code in EXIT_CODES.items()}
FAMILY_WORDS: Mapping[Family, str] = {
    "pa": "part-family-pa",
    "chip": "part-family-chip",
    "document": "part-family-document",
    "status": "part-family-status",
    "bearer": "part-family-bearer",
    "print": "part-family-print",
}
"""What each family asks, by the codes of the sentences."""
_WAIT = "10"
"""Seconds until a trainer's card is in the reader."""
_OPENING = ("--can", "--mrz", "--document-number", "--birth", "--expiry")
"""Options that say what opens the card; without one of them, the MRZ does, as it is printed."""
_NOT_FOR_THE_TOOL = ("EID_HOME", "EID_OPERATOR", "EID_READER", "EID_POLICY")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an officer has done with a case."""

    decision: Decision
    reason: Family | None
    sure: Sureness
    seconds: float
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One officer at one deck, in learning mode: after each answer the truth is told."""

    app: App
    deck: Deck
    attempts: Attempts

    def play(self, attempt: Attempt) -> Attempt:
        """Case after case, until all are answered or the officer stops; what is answered is kept at once."""
        stage = Range(self.app.home_path, presentation().speaker)
        try:
            while (drawn := attempt.next) is not None:
                case, place = self.deck.by_name[drawn.case], (len(attempt.answers) + 1, len(attempt.drawn))
                now = CLOCK.now().replace(microsecond=0)
                reply = answered(stage.set_up(case, drawn.seed, place, now, ENTROPY))
                if reply is None:
                    tell("training-stopped", deck=self.deck.name)
                    return attempt
                answer = Answer(case.name, reply.decision, reply.reason, reply.sure, reply.seconds, reply.verdict)
                attempt = self.attempts.answered(attempt, answer)
                _tell_truth(case, answer)
        finally:
            stage.clear()
        return attempt


def answered(scene: Scene) -> Reply | None:
    """What the officer does with a case in the end; None if they stop."""
    _tell(scene)
    began, verdict = time.monotonic(), None
    choices = (_VERIFY, *DECISIONS, _STOP)
    while True:
        word, *options = _typed(sentence("ask-training-do", choices=", ".join(choices)))
        if word == _VERIFY:
            verdict = _verify(scene, options)
        elif word == _STOP:
            return None
        elif word in DECISIONS:
            break
        else:
            tell("training-word-unknown", word=word, choices=", ".join(choices))
    seconds, decision = round(time.monotonic() - began, 1), word
    reason = None if decision == "accept" else cast("Family", _chosen(_families(), FAMILIES))
    sure = cast("Sureness", int(_chosen(sentence("ask-training-sure"), _SURE)))
    return Reply(decision, reason, sure, seconds, verdict)


def _tell(scene: Scene) -> None:
    view = scene.view
    note("")
    note(paint(sentence("training-case-number", number=view.number, of=view.of), "cyan"))
    note(view.scene)
    note(view.says)
    tell("training-printed", can=view.can)
    for line in view.mrz.lines:
        note(f"  {line}")
    tell("training-bearer", file=scene.bearer, page=scene.page)
    tell("training-tool", command=shlex.join(["eid", *_line(scene, ())]))


def _verify(scene: Scene, options: Sequence[str]) -> str | None:
    """Run the real tool, as in any other terminal; the verdict by its exit code."""
    is_opened = any(option.partition("=")[0] in _OPENING for option in options)
    opened = () if is_opened else ("--mrz", scene.view.mrz.text)
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_THE_TOOL}
    line = [*_TOOL, "--lang", presentation().speaker.language, *_line(scene, (*opened, *options))]
    return _VERDICTS.get(subprocess.run(line, env=kept, check=False).returncode)


def _line(scene: Scene, options: Sequence[str]) -> list[str]:
    wait = () if scene.reader.startswith(SPEC) else ("--wait", _WAIT)
    return ["--home", str(scene.home), _VERIFY, "--reader", scene.reader, *wait, *scene.view.options, *options]


def _typed(question: str) -> list[str]:
    """The words of a line; none of it is a mistake of the officer's."""
    while True:
        text = prompt(question)
        try:
            words = shlex.split(text)
        except ValueError:
            words = text.split()
        if words:
            return words


def _chosen(question: str, choices: Sequence[str]) -> str:
    while True:
        word = prompt(question).strip().lower()
        if word in choices:
            return word
        tell("training-word-unknown", word=word, choices=", ".join(choices))


def _families() -> str:
    for family in FAMILIES:
        note(f"  {family:<9} {sentence(FAMILY_WORDS[family])}")
    return sentence("ask-training-reason", choices=", ".join(FAMILIES))


def _tell_truth(case: Case, answer: Answer) -> None:
    """What there was to see, with the officer's answer beside it."""
    telling = case.telling(presentation().speaker.language)
    right = answer.is_right(case)
    code = "training-right" if answer.has_right_reason(case) else "training-right-reason" if right else "training-wrong"
    best = ", ".join(case.answers)
    note(paint(sentence(code, answers=best, reasons=", ".join(case.reasons) or "-"), "green" if right else "red"))
    note(f"{telling.title}: {telling.notice} ({case.section})")
