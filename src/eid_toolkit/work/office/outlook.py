"""What waits for somebody, what ends soon, and how old what a home relies on is; nobody is asked for a passphrase.

Nothing is written. In an officer's home there is no office: what ends there are keys, lists and the bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import EVERY_ROLE, Permission, permissions_of
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import Clock
from eid_toolkit.work.office import outlook_trust
from eid_toolkit.work.office.officer_home import lacking
from eid_toolkit.work.office.outlook_items import Age, Ending, Waiting

if TYPE_CHECKING:
    from eid_toolkit.books.audit.log import AuditRow
    from eid_toolkit.work.office.office import Office

SOON = timedelta(days=30)
"""What ends within this time is told."""
_STAGES = {
    "approval": ("status-approval", frozenset({Permission.DECIDE_APPLICATIONS})),
    "preparation": ("status-preparation", frozenset({Permission.PREPARE_DOCUMENTS})),
    "personalization": ("status-personalization", frozenset({Permission.PERSONALIZE})),
    "decision": ("status-decision", frozenset({Permission.PERSONALIZE, Permission.SPOIL})),
    "shift": ("status-shift", frozenset({Permission.PERSONALIZE, Permission.KEEP_STOCK})),
    "import": ("status-import", frozenset({Permission.CHANGE_PERSONS})),
}
"""The sentence for each stage, and the rights of which one lets somebody go on there."""
_LOGGED = ("status-backup", "status-bundle-exported", "status-master-list")
"""What is done from time to time, with the action of each in the audit log in :func:`_logged`."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """All of it, each part with what comes first in front."""

    kind: str
    """``office``, ``officer`` or ``none``: what home this is."""
    operator: str | None = None
    known: bool = False
    """Whether the home knows the operator; in a demo home everybody is known."""
    roles: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    ending: tuple[Ending, ...] = ()
    ages: tuple[Age, ...] = ()
    lacking: tuple[str, ...] = ()
    """What an officer's home does not have, as codes of sentences."""
    trouble: tuple[EidError, ...] = field(default=())
    """Why a part could not be looked at."""


def outlook(root: Path, name: str | None, open_office: Callable[[], Office], clock: Clock) -> Outlook:
    """How things stand in the home at ``root`` for the operator called ``name``."""
    from eid_toolkit.books.keys.opening import is_authority

    now, trouble = clock.now(), _Trouble()
    if is_authority(root):
        with trouble:
            return _of_office(root, name, open_office, now)
        return Outlook("office", name, trouble=tuple(trouble.errors))
    if not (root / "trust").is_dir():
        return Outlook("none", name)
    ending, ages = _of_trust(root, trouble)
    missing: tuple[str, ...] = ()
    with trouble:
        missing = tuple(lacking(root))
    soon, told = _soon(ending, now), tuple(trouble.errors)
    return Outlook("officer", name, ending=soon, ages=tuple(ages), lacking=missing, trouble=told)


class _Trouble:
    """Keeps the errors of blocks, so that one part that cannot be looked at does not hide the others."""

    def __init__(self) -> None:
        self.errors: list[EidError] = []

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, EidError):
            self.errors.append(error)
            return True
        return False


def _of_office(root: Path, name: str | None, open_office: Callable[[], Office], now: datetime) -> Outlook:
    trouble = _Trouble()
    office = open_office()
    try:
        roles, known = _roles(office, name)
        waiting: list[Waiting] = []
        ending: list[Ending] = []
        ages: list[Age] = []
        with trouble:
            waiting += _waiting(office, name if known else None, roles)
        with trouble:
            ending += _agent(office, name, now) if known else ()
        with trouble:
            ending += _certificates(office)
        with trouble:
            ages += _logged(office)
        of_trust, trust_ages = _of_trust(root, trouble)
        return Outlook(
            "office",
            name,
            known,
            tuple(sorted(roles)),
            tuple(waiting),
            _soon([*ending, *of_trust], now),
            (*trust_ages, *ages),
            trouble=tuple(trouble.errors),
        )
    finally:
        office.register.close()


def _roles(office: Office, name: str | None) -> tuple[frozenset[str], bool]:
    """The roles of the operator named, and whether there is one of that name who may act."""
    if office.home.config.demo:
        return frozenset(EVERY_ROLE), True
    if name is None:
        return frozenset(), False
    try:
        return frozenset(office.operators.require_active(name).roles), True
    except EidError:
        return frozenset(), False


def _waiting(office: Office, name: str | None, roles: Iterable[str]) -> Iterator[Waiting]:
    from eid_toolkit.books.staff.roles import Role

    rights = permissions_of(frozenset(map(Role, roles)))
    for queue in office.register.waiting_for(name):
        code, needed = _STAGES[queue.stage]
        if queue.waiting:
            yield Waiting(queue.stage, code, queue.waiting, queue.oldest, queue.next, bool(needed & rights))


def _agent(office: Office, name: str | None, now: datetime) -> Iterator[Ending]:
    """Until when the operator's own keys are unlocked; nobody else's."""
    from eid_toolkit.books.keys.agent.client import agent_status
    from eid_toolkit.books.keys.agent.place import KeyHolder

    if name is None or office.home.config.demo:
        return
    status = agent_status(KeyHolder(office.home.root, office.keys.foundation.digest.hex(), name.casefold()))
    if status is not None:
        yield Ending("status-agent", name, now + timedelta(seconds=status.remaining))


def _certificates(office: Office) -> Iterator[Ending]:
    """The ends of the authority's newest keys, certificates and lists."""
    from eid_toolkit.books.authorities.authority_files import BUNDLE_SIGNER, CSCA, LIST_SIGNER, SIGNER
    from eid_toolkit.work.office.charters import verifying_of

    authorities, verifying = office.authorities, verifying_of(office)
    files = authorities.files
    for state in files.all_states():
        for kind, code in (
            (CSCA, "status-csca"),
            (SIGNER, "status-document-signer"),
            (LIST_SIGNER, "status-list-signer"),
            (BUNDLE_SIGNER, "status-bundle-signer"),
        ):
            if files.generations(state, kind):
                certificate = files.certificate(state, kind)
                usage = certificate.extensions.private_key_usage
                ends = certificate.not_after if usage is None or usage.not_after is None else usage.not_after
                yield Ending(code, state, ends)
        if files.has_crl(state) and (due := authorities.crl(state).next_update) is not None:
            yield Ending("status-crl", state, due)
        for code, certificates in (
            ("status-cvca", verifying.roots(state)),
            ("status-verifier", verifying.verifiers(state)),
            ("status-terminal", verifying.terminals(state)),
        ):
            for newest in certificates[-1:]:
                content = newest.content
                yield Ending(code, content.holder_reference.text, datetime.combine(content.expires, time.max, UTC))


def _logged(office: Office) -> Iterator[Age]:
    """When what is done from time to time was last done, by the audit log; a back-up that is missing is told."""
    from eid_toolkit.books.register.keeping.backup import DONE
    from eid_toolkit.work.office.own_files import EXPORTED

    behind = office.register.statuses.changes() - office.trust.own_reports_cover()
    if behind:
        yield Age("status-reports-behind", "", None, abs(behind))
    if office.home.config.demo:
        return
    for code, action in zip(_LOGGED, (DONE, EXPORTED, "master-list.created"), strict=True):
        row = _newest(office, action)
        if row is not None:
            yield Age(code, "", row.time)
        elif action == DONE:
            yield Age("status-backup-missing", "", None)


def _newest(office: Office, action: str) -> AuditRow | None:
    from eid_toolkit.books.audit.log import Filter

    return next(iter(office.register.audit_rows(Filter(action=action, limit=1))), None)


def _of_trust(root: Path, trouble: _Trouble) -> tuple[list[Ending], list[Age]]:
    ending: list[Ending] = []
    ages: list[Age] = []
    with trouble:
        found = outlook_trust.of_store(root)
        ending += found[0]
        ages += found[1]
    with trouble:
        ending += outlook_trust.terminals(root)
    return ending, ages


def _soon(ending: Iterable[Ending], now: datetime) -> tuple[Ending, ...]:
    """What has ended or ends soon, the earliest first."""
    return tuple(sorted((each for each in ending if each.at < now + SOON), key=lambda each: each.at))
