"""The message catalogue: error and reason codes become sentences and hints here, in the user's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import CardRefused, EidError

FALLBACK = "en"
CODED = frozenset(
    {
        *(
            "action",
            "answer",
            "by",
            "change",
            "data_groups",
            "document_state",
            "from",
            "grade",
            "kind",
            "meaning",
            "nature",
            "next",
            "outcome",
        ),
        *("place", "print_check", "severity", "stage", "state", "status", "terminal", "title", "what"),
    }
)
"""Facts, columns and labels whose values are words of this software, and have a translation where they are known."""
_MESSAGES = Path(__file__).parent
DATED = frozenset(
    {
        *(
            "born",
            "date",
            "effective",
            "date_of_birth",
            "date_of_expiry",
            "date_of_issue",
            "dated",
            "day",
            "ended",
            "ends",
        ),
        *("ends", "expires", "last_day", "now", "since", "told", "until", "used", "valid"),
    }
)
"""Facts, columns and labels whose values are days, where they are in ISO 8601."""
_WORDED = frozenset({"parameters", "password", "reason"})
"""Facts that are words of the system or of a library; in columns they are as somebody has typed them, or as in JSON."""
_NUMBERED = re.compile(r"[a-z]+(?: [a-z]+)*(?= [0-9])")
"""In facts that are places in a file: what the number counts, as in ``line 4 (as line 2)``."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for a person, and what to do next where that is known."""

    text: str
    hint: str | None = None
    short: str | None = None
    """The same in a few words, for a reason that a verdict can have in its first line."""


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(sorted(folder.name for folder in _MESSAGES.iterdir() if any(folder.glob("*.toml"))))


@cache
def catalogue(language: str) -> Mapping[str, Message]:
    """Every message template of ``language`` by its code; areas are files, a code stands in one of them."""
    return {code: message for area in _areas(language) for code, message in _messages(area).items()}


def template(language: str, code: str) -> Message | None:
    """The template of one code, for which its area alone is parsed: all of them take some 50 ms."""
    for area in _areas(language):
        if f"\n[{code}]\n" in area:
            return _messages(area).get(code)
    return None


@cache
def words(language: str, kind: str) -> Mapping[str, str]:
    """What single words are called that are English elsewhere: ``labels``, ``values`` and so on; none in English."""
    import tomllib

    path = _MESSAGES / language / "words" / f"{kind}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


@cache
def _areas(language: str) -> tuple[str, ...]:
    return tuple(f"\n{path.read_text('utf-8')}" for path in sorted((_MESSAGES / language).glob("*.toml")))


@cache
def _messages(area: str) -> Mapping[str, Message]:
    import tomllib

    entries = tomllib.loads(area).items()
    return {code: Message(entry["text"], entry.get("hint"), entry.get("short")) for code, entry in entries}


class _Facts(dict[str, str]):
    """Facts for a template; one that the error did not carry is shown as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Tells a person in their language; what it has no sentence for, it tells in the fallback."""

    language: str = FALLBACK
    """BCP 47."""

    def message(self, code: str, facts: Mapping[str, object]) -> Message | None:
        """The message of a code with its facts filled in, each made harmless for a terminal; None if unknown."""
        found = template(self.language, code) or template(FALLBACK, code)
        if found is None:
            return None
        shown = _Facts({name: harmless(self._fact(name, value)) for name, value in facts.items()})
        hint = found.hint.format_map(shown) if found.hint else None
        return Message(found.text.format_map(shown), hint, found.short)

    def of(self, error: EidError) -> Message:
        """What to tell about an error; the bare code and facts where the catalogue has no sentence.

        A ``reason`` that is a code itself stands in the sentence as ``cause``.
        """
        reason = error.facts.get("reason")
        facts = {**error.facts, "cause": self.explain(reason, error.facts)} if isinstance(reason, str) else error.facts
        explanation = self.message(error.code, facts) or Message(harmless(str(error)))
        if isinstance(error, CardRefused) and f"{error.sw:04X}" not in explanation.text:
            return Message(f"{explanation.text} (status word {error.sw:04X})", explanation.hint)
        return explanation

    def explain(self, code: str, facts: Mapping[str, object]) -> str:
        """The sentence of a check's reason."""
        explanation = self.message(code, facts)
        return harmless(code) if explanation is None else explanation.text

    def in_short(self, code: str) -> str:
        """A check's reason in a few words."""
        explanation = self.message(code, {})
        return harmless(code) if explanation is None or explanation.short is None else explanation.short

    def label(self, name: str, meaning: str | None = None) -> str:
        """What a column or a value is called that is called ``name`` in English, and in JSON.

        Where English has one word for two things, ``meaning`` tells which of them it is.
        """
        return words(self.language, "labels").get(meaning or name, name)

    def value(self, text: str) -> str:
        """A value that is one of few, such as a state."""
        return words(self.language, "values").get(text, text)

    def _fact(self, name: str, value: object) -> str:
        if name in ("place", "places"):
            return _NUMBERED.sub(lambda counted: self.value(counted[0]), self.value(str(value)))
        is_worded = name in _WORDED and not isinstance(value, Sentence)
        return self.value(str(value)) if is_worded else str(self.shown(name, value))

    def shown(self, name: str, value: object) -> object:
        """A value of that name as a person reads it: a day, yes or no, or one of few words; else the value itself."""
        if isinstance(value, bool):
            return self.value("yes" if value else "no")
        if isinstance(value, Sentence):
            return self.explain(value.code, value.facts)
        if (name in DATED and value is not None) or type(value) is date:
            return self.date(str(value))
        return self.value(value) if isinstance(value, str) and name in CODED else value

    def date(self, iso: str) -> str:
        """A date as it is written here, with a time behind it if there is one.

        Whatever is not ``YYYY-MM-DD``, with X for unknown digits, stays as it is.
        """
        day, gap, time = iso.partition(" ")
        parts = day.split("-")
        if [len(part) for part in parts] != [4, 2, 2]:
            return iso
        return self.in_short("date-form").format(year=parts[0], month=parts[1], day=parts[2]) + gap + time


ENGLISH = Speaker()
"""For JSON, logs and programs, whatever language a person has."""


class Sentence(str):
    """An English sentence that knows what it says: in JSON it is text, and a person is told it in their language."""

    code: str
    facts: Mapping[str, object]

    @classmethod
    def of(cls, code: str, facts: Mapping[str, object]) -> Sentence:
        """The sentence of a code."""
        told = cls(ENGLISH.explain(code, facts))
        told.code, told.facts = code, facts
        return told
