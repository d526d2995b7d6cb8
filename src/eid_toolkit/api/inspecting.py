"""Reading a card, and judging what was read: the evidence and the verdict as a program sees them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eid_toolkit.api.cards import CardLike, transport_of
from eid_toolkit.api.passwords import Can, Mrz, MrzData, access_password, printed_mrz
from eid_toolkit.api.trust import Trust
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.named_files import read_file

if TYPE_CHECKING:
    from eid_toolkit.work.inspection.evidence import Evidence
    from eid_toolkit.work.inspection.holder import Holder
    from eid_toolkit.work.inspection.result import CheckResult
    from eid_toolkit.work.inspection.result import Finding as InnerFinding
    from eid_toolkit.work.inspection.verdict import Verdict as InnerVerdict
    from eid_toolkit.work.inspection.witness import Witness

Decision = Literal["passed", "failed", "undetermined"]
Status = Literal["passed", "failed", "undetermined", "not-performed"]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one reading of a card brought, without any judgement; it is personal data.

    ``not_recognized`` are the names of files that :func:`judge` was given and that are no files of a chip.
    """

    _evidence: Evidence = field(repr=False)
    _witness: Witness = field(repr=False)
    not_recognized: tuple[str, ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """The files that were read, by their names (``EF.DG1``)."""
        entries = self._evidence.files.items()
        return {file.label: evidence.content for file, evidence in entries if evidence.content is not None}

    @property
    def states(self) -> dict[str, str]:
        """What became of each file: ``read``, ``absent``, ``protected``, ``failed``, or what it needs."""
        return {file.label: evidence.state.value for file, evidence in self._evidence.files.items()}

    @property
    def protocol(self) -> str:
        """How the card was opened: ``pace``, ``bac``, ``none``; ``files`` where no card was."""
        return self._evidence.access.protocol

    @property
    def interrupted(self) -> str | None:
        """The code of the error that ended the reading too early, such as ``card-removed``; None if it is complete."""
        return self._evidence.interrupted

    def encode(self) -> bytes:
        """The evidence as a file, which :func:`judge` and ``eid judge`` read; nobody has signed it."""
        from eid_toolkit.work.inspection.evidence_format import encode_evidence

        return encode_evidence(self._evidence)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know that decides nothing; ``reason`` is a code."""

    reason: str
    _inner: InnerFinding = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Check:
    """How one check came out; docs/reference/policies.md has them all.

    ``layer`` is ``document``, ``chip`` or ``status``; ``status`` is ``passed``, ``failed``, ``undetermined`` or
    ``not-performed``; ``reason`` is a code, None just if the check passed.
    """

    id: str
    layer: str
    status: Status
    reason: str | None
    findings: tuple[Finding, ...]
    _inner: CheckResult = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The verdict on one reading of one card under a policy.

    ``decision`` is ``passed``, ``failed`` or ``undetermined``: failed says that something is proved wrong; what cannot
    be read, or is missing here, is undetermined. ``specimen`` says that it is no document of a real state; ``checks``
    are all that were made, in the order of a report; ``judged_at`` is in UTC.
    """

    _inner: InnerVerdict = field(repr=False)
    reading: Reading = field(repr=False)
    decision: Decision
    policy: str
    judged_at: datetime
    specimen: bool
    checks: tuple[Check, ...]

    @property
    def holder(self) -> Holder | None:
        """Whose document it is, by what is signed as far as possible; None where DG1 could not be read."""
        return self._inner.holder

    @property
    def layers(self) -> dict[str, str]:
        """The decision on the ``document``, the ``chip`` and the ``status``."""
        return {layer.value: decision.value for layer, decision in self._inner.layers.items()}

    @property
    def causes(self) -> tuple[Check, ...]:
        """The checks for which the decision is what it is, the first cause first; none if it passed."""
        ids = [result.id for result in self._inner.causes]
        return tuple(check for name in ids for check in self.checks if check.id == name)

    def explain(self, what: Check | Finding) -> str:
        """One sentence for a person, in English."""
        from eid_toolkit.ground.messages.catalogue import ENGLISH
        from eid_toolkit.work.inspection.reports.report import explain_check

        if isinstance(what, Check):
            return explain_check(what._inner, ENGLISH.explain)
        return ENGLISH.explain(what.reason, what._inner.facts)

    def to_json(self) -> dict[str, object]:
        """The verdict as ``eid verify --format json`` prints it, with its schema."""
        from eid_toolkit.ground.messages.catalogue import ENGLISH
        from eid_toolkit.work.inspection.reports.report import verdict_data

        return verdict_data(self._inner, ENGLISH.explain)


def read(
    card: CardLike, password: Can | Mrz | MrzData, *, policy: str = "officer", quirks: str = "standard"
) -> Reading:
    """Open the card, authenticate the chip, and read every file that may be read; nothing is judged.

    PACE comes first; BAC is used where the card has no PACE and the policy lets it be. ``quirks`` names a kind of cards
    that trying would harm (``vietnam``).

    Raises :class:`PasswordWrong`, :class:`AccessDenied`, :class:`CardRefused` and :class:`NoCardError` where the card
    could not be opened. Once it is, there is a reading, and ``interrupted`` tells what ended it.
    """
    from eid_toolkit.cards.terminal.quirks import quirks_by_name
    from eid_toolkit.ground.ports import SystemClock, SystemEntropy
    from eid_toolkit.work.inspection.capture import capture
    from eid_toolkit.work.inspection.policy import policy_by_name
    from eid_toolkit.work.inspection.witness import SELF

    opened_by, rules, known = access_password(password), policy_by_name(policy), quirks_by_name(quirks)
    evidence = capture(
        transport_of(card), opened_by, rules, SystemEntropy(), SystemClock(), known, printed=printed_mrz(password)
    )
    return Reading(evidence, SELF)


def verify(
    card: CardLike,
    password: Can | Mrz | MrzData,
    trust: Trust,
    policy: str = "officer",
    at: datetime | None = None,
    *,
    quirks: str = "standard",
) -> Verdict:
    """Read one card as :func:`read` does, and judge it as :func:`judge` does."""
    return judge(read(card, password, policy=policy, quirks=quirks), trust, policy, at)


def judge(
    source: Reading | bytes | str | os.PathLike[str] | Mapping[str, bytes],
    trust: Trust,
    policy: str = "officer",
    at: datetime | None = None,
) -> Verdict:
    """A verdict on what was read earlier, or on files that another tool has dumped.

    ``source`` is a :class:`Reading`, evidence (``eid verify --evidence``, ``Reading.encode``) as bytes or a file, a
    folder of dumped files, or such files by name. Without the card, what only the chip could prove is undetermined, and
    so it is with evidence that came as bytes, for anybody may have written it. ``at`` is the time to judge at, in UTC
    unless it has a zone; now if it is not given.

    Raises :class:`BadInput` for files without EF.SOD and for what is no evidence, and :class:`UsageError` for a policy
    that is not known.
    """
    from eid_toolkit.work.inspection.policy import policy_by_name
    from eid_toolkit.work.inspection.trusted_time import latest_told
    from eid_toolkit.work.inspection.verdict import judge as judged

    rules, material = policy_by_name(policy), trust._material
    reading = source if isinstance(source, Reading) else _reading_of(source)
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    told = latest_told(material) if at is None else None
    verdict = judged(reading._evidence, material, rules, at or datetime.now(UTC), told, reading._witness)
    checks = tuple(map(_check_of, verdict.checks))
    return Verdict(
        verdict, reading, verdict.decision.value, verdict.policy, verdict.judged_at, verdict.specimen, checks
    )


def _check_of(result: CheckResult) -> Check:
    findings = tuple(Finding(finding.reason, finding) for finding in result.outcome.findings)
    return Check(result.id, result.layer.value, result.status.value, result.reason, findings, result)


def _reading_of(source: bytes | str | os.PathLike[str] | Mapping[str, bytes]) -> Reading:
    if isinstance(source, Mapping):
        return _of_files(source.items())
    if not isinstance(source, bytes) and Path(source).is_dir():
        return _of_files(_dumped(Path(source)))
    from eid_toolkit.work.inspection.evidence_format import MAX_SIZE, decode_evidence
    from eid_toolkit.work.inspection.evidence_keys import witness_without_home
    from eid_toolkit.work.inspection.evidence_seal import read_seal

    data = source if isinstance(source, bytes) else read_file(Path(source), MAX_SIZE)
    return Reading(decode_evidence(data), witness_without_home(read_seal(data)))


def _of_files(files: Iterable[tuple[str, bytes]]) -> Reading:
    from eid_toolkit.work.inspection.dumped_files import evidence_of
    from eid_toolkit.work.inspection.witness import UNSIGNED

    evidence, strange = evidence_of(files, datetime.now(UTC))
    return Reading(evidence, UNSIGNED, strange)


def _dumped(folder: Path) -> list[tuple[str, bytes]]:
    from eid_toolkit.work.inspection.dumped_files import MAX_FILE, MAX_FILES

    paths = sorted(path for path in folder.iterdir() if path.is_file())
    if len(paths) > MAX_FILES:
        raise BadInput("dumped-files-too-many", limit=MAX_FILES)
    return [(path.name, read_file(path, MAX_FILE)) for path in paths]
