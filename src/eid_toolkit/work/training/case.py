"""A case of the range: one card and its bearer, what is right to do with them, and what there was to notice.

Its form is a TOML file, ``eid-training-case/1`` (docs/training.md). Nothing in it is of a real person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from eid_toolkit.ground.bounded_toml import read_toml
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Misfit, from_plain
from eid_toolkit.standards.pki.trust_bundle import MAX_AGE_DAYS
from eid_toolkit.work.cardspec.parsing import spec_of
from eid_toolkit.work.cardspec.spec import CardSpec
from eid_toolkit.work.specimens.drawing import Look

SCHEMA = "eid-training-case/1"
FOLDER = "training"
"""In a home: what belongs to the range."""
MAX_SIZE = 1 << 16
"""The largest file in bytes."""
_MAX_DAYS = 40_000

Decision = Literal["accept", "second-line", "refuse"]
Family = Literal["pa", "chip", "document", "status", "bearer", "print"]
"""Why somebody is not let through: the family of a check, by the beginning of its name, or what the eye has seen."""
FALLBACK = "en"
PRINTED = frozenset({"primary_identifier", "secondary_identifier", "nationality", "sex"})
"""What of the MRZ can be printed otherwise than the chip has it, and the chip still opens."""
DECISIONS: tuple[Decision, ...] = get_args(Decision)
FAMILIES: tuple[Family, ...] = get_args(Family)


@dataclass(frozen=True, slots=True)
class Telling:
    """What a case says in one language."""

    title: str
    """In a few words, for lists; it gives the truth away."""
    scene: str
    """Where and when, and who stands there."""
    says: str
    """What the bearer says."""
    notice: str
    """What there was to notice, for afterwards."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the officer's terminal knows, where that is not all that it should."""

    knows_csca: bool = True
    """Whether it has the CSCA certificate of the card's state."""
    lists_days: int = 1
    """How old its bundle and revocation lists are."""
    max_age_days: int = 30
    """How old the bundle may become, as its maker says."""
    signer_revoked: bool = False
    """Whether the state has revoked the document's signer."""
    reported: Literal["lost", "stolen", "suspended", "revoked"] | None = None
    """What the document is reported to be."""
    reported_card: Literal["this", "another"] = "this"
    """Which card of that number is meant, by what its EF.SOD signs: a number can stay over a reissue."""
    clock_days_behind: int = 0
    """How far its clock is behind the time that its bundle tells."""
    allow_bac: bool = True
    """Whether its authority lets cards be opened by Basic Access Control."""
    quirks: str = "standard"
    """For which kind of cards the officer sets it (``--quirks``)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the toolkit says of the card when its MRZ has been read: held to it by ``eid train check``."""

    verdict: Literal["passed", "failed", "undetermined"] | None = None
    """None where there is no verdict, because the card cannot be opened or read."""
    causes: Mapping[str, str] = field(default_factory=dict)
    """The checks for which the verdict is what it is, each with its reason."""
    error: str | None = None
    """The code of the error where there is no verdict."""
    findings: tuple[str, ...] = ()
    """What else it notices, as far as the case is about that."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case."""

    name: str
    threat: bool
    """Whether card or bearer are to be caught: a forgery, a document that is not good any more, somebody else's."""
    answers: tuple[Decision, ...]
    """What is right to do; one at least."""
    section: str
    """The section of a standard that it rests on."""
    told: Mapping[str, Telling]
    """By the language: ``en``, and others."""
    card: CardSpec
    """Without seed and time, which an attempt gives it."""
    reasons: tuple[Family, ...] = ()
    """Which reasons are right for not letting somebody through; none where ``accept`` alone is right."""
    issued_days: int = 400
    """How long ago the card was issued."""
    expired_days: int | None = None
    """How long ago it expired, by the issuing state's day; then the time of issue follows from it."""
    face: Look | None = None
    """The portrait on the card; the specimen person's where there is none."""
    bearer: Look | None = None
    """Who stands there, where that is not the person of the portrait."""
    printed: Mapping[str, str] = field(default_factory=dict)
    """Fields of the MRZ that are printed otherwise than the chip has them, as :meth:`Mrz.compose` takes them."""
    terminal: Terminal = Terminal()
    expected: Expected = Expected("passed")

    def __post_init__(self) -> None:
        terminal = self.terminal
        rules = {
            "answers": bool(self.answers) and len(set(self.answers)) == len(self.answers),
            "threat": not (self.threat and "accept" in self.answers),
            "reasons": bool(self.reasons) != (self.answers == ("accept",)),
            "told": FALLBACK in self.told,
            "issued_days": 0 <= self.issued_days <= _MAX_DAYS,
            "expired_days": self.expired_days is None or 0 <= self.expired_days <= _MAX_DAYS,
            "printed": self.printed.keys() <= PRINTED,
            "expected": (self.expected.verdict is None) == (self.expected.error is not None),
            "card": self.card.seed is None and self.card.at is None and not self.card.blank,
            "terminal": all(0 <= days <= _MAX_DAYS for days in (terminal.lists_days, terminal.clock_days_behind)),
            "terminal.max_age_days": 0 < terminal.max_age_days <= MAX_AGE_DAYS,
        }
        for name, kept in rules.items():
            if not kept:
                raise BadInput("training-case-wrong-value", case=self.name, field=name)

    def telling(self, language: str) -> Telling:
        """What it says in a language; in English where it has none in that one."""
        return self.told.get(language, self.told[FALLBACK])


def parse_case(name: str, data: bytes) -> Case:
    """The case in a TOML file; raises :class:`BadInput` that names the case and the field that is not right."""
    try:
        fields = read_toml(data, MAX_SIZE)
    except ValueError as error:
        raise BadInput("training-case-malformed", case=name, reason=str(error).partition("\n")[0]) from None
    if fields.pop("schema", None) != SCHEMA:
        raise BadInput("training-case-schema", case=name, supported=SCHEMA)
    return case_of(name, fields)


def case_of(name: str, fields: Mapping[str, Any]) -> Case:
    """The case described by the fields of a file, without their schema; see :func:`parse_case`."""
    card = fields.get("card", {})
    if not isinstance(card, Mapping):
        raise BadInput("training-case-wrong-value", case=name, field="card")
    rest = {key: value for key, value in fields.items() if key != "card"}
    known = {"name": name, "card": spec_of(cast("Mapping[str, object]", card))}
    try:
        return from_plain(Case, rest, known=known, strict=True)
    except Misfit as error:
        raise _told(error, name) from None


def _told(error: Misfit, name: str) -> BadInput:
    match error.problem:
        case "missing":
            return BadInput("training-case-missing-field", case=name, field=error.field)
        case "unknown":
            return BadInput("training-case-unknown-field", case=name, field=error.field)
        case "wrong":
            return BadInput("training-case-wrong-value", case=name, field=error.field)
