"""One card from a prepared document to an issued one, and everything that may not be personalized."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import DocumentState, PrintCheck
from eid_toolkit.books.trust.store import open_trust
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import AccessDenied, DecisionNeeded, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.work.personalization.journal import JobState
from eid_toolkit.work.personalization.plan import Action, Plan
from eid_toolkit.work.personalization.service import PersonalizationService
from support.homes import ENTROPY, NOW, VIETNAMESE, WorkingOffice
from support.scripted import FixedClock
from support.silent_clerk import SilentClerk


def test_a_blank_becomes_an_issued_card_that_is_locked(office: WorkingOffice) -> None:
    document = office.document()
    job = office.personalize(document, office.blank())
    issued = office.register.documents.get(document.id)
    memory = office.cards.load("blank")
    assert (job.state, job.done, job.open_step) == (JobState.DONE, job.steps, None)
    assert (issued.state, issued.chip) == (DocumentState.ISSUED, memory.chip_identity.hex())
    assert (memory.part(EmrtdMemory).state, memory.state) == (ApplicationState.PERSONALIZED, DomainState.SECURED)
    assert memory.part(DomainMemory).keys.version == 0x30


def test_the_chips_keys_are_destroyed_here_on_record(office: WorkingOffice) -> None:
    document = office.document()
    office.personalize(document, office.blank())
    package = office.register.documents.load_package(document.id)
    assert package.chip_authentication_key is None
    assert package.active_authentication_key is None
    actions = [row.action for row in office.register.audit_rows(document.id)]
    assert actions == ["document.prepared", "document.bound", "document.keys-destroyed", "document.issued"]


def test_each_chip_gets_keys_of_its_own(office: WorkingOffice) -> None:
    first, second = office.document(), office.document(VIETNAMESE, "vn-cccd")
    office.personalize(first, office.blank("one"))
    office.personalize(second, office.blank("two"))
    one, two = office.cards.load("one").part(DomainMemory).keys, office.cards.load("two").part(DomainMemory).keys
    keys = {key.reveal() for found in (one, two) for key in (found.enc, found.mac, found.dek)}
    assert len(keys | {DEVELOPER_CARD_KEY.reveal()}) == 7


def test_a_plan_is_printed_without_secrets(office: WorkingOffice) -> None:
    document = office.document()
    package = office.register.documents.load_package(document.id)
    printed = json.dumps(office.personalization.plan(document.id).to_json())
    assert package.can.reveal().decode() not in printed
    assert package.mrz_information.reveal().decode() not in printed
    for secret in (package.chip_authentication_key, package.active_authentication_key):
        assert secret is not None
        assert secret.reveal().hex() not in printed.lower()


def test_the_locks_come_after_everything_else_is_written(office: WorkingOffice) -> None:
    actions = [step.action for step in office.personalization.plan(office.document().id).steps]
    lock = actions.index(Action.LOCK_APPLICATION)
    assert not set(actions[lock:]) & {Action.WRITE_FILE, Action.STORE_SECRET, Action.SET_ACCESS, Action.REPLACE_KEYS}
    assert actions[-1] is Action.ISSUE


def test_a_card_that_is_issued_already_is_refused_before_anything_is_written(office: WorkingOffice) -> None:
    office.personalize(office.document(), office.blank())
    other = office.document(VIETNAMESE, "vn-cccd")
    with pytest.raises(NotPermitted, match="card-not-blank"):
        office.personalize(other, "blank")
    assert office.register.documents.get(other.id).state is DocumentState.PREPARED
    assert office.personalization.journal.list()[-1].document_id != other.id


def test_an_issued_document_goes_to_no_second_card(office: WorkingOffice) -> None:
    document = office.document()
    office.personalize(document, office.blank("one"))
    with pytest.raises(NotPermitted, match="document-state"):
        office.personalize(document, office.blank("two"))


def foreign_blank(key: Secret) -> CardMemory:
    return make_blank((key,) * 3, ENTROPY)


def test_a_wrong_transport_key_burns_no_attempt_however_often_it_is_tried(office: WorkingOffice) -> None:
    document = office.document()
    office.blank("foreign", foreign_blank(Secret(bytes(16))))
    for _ in range(4):
        with pytest.raises(AccessDenied, match="scp-card-cryptogram-wrong"):
            office.personalize(document, "foreign")
    assert office.cards.load("foreign").part(DomainMemory).failures == 0
    assert office.register.documents.get(document.id).state is DocumentState.PREPARED
    assert office.personalize(document, office.blank("right")).state is JobState.DONE


def test_a_card_that_refuses_the_host_is_not_tried_for_ever(office: WorkingOffice) -> None:
    """The cryptogram fits, but the answer says no: each try may have been counted by the chip."""
    document = office.document()
    office.blank()

    class Refusing:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def process(self, command: bytes, /) -> bytes:
            return b"\x63\x00" if command[1] == 0x82 else self.inner.process(command)  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    for expected in ("scp-host-refused", "scp-host-refused", "chip-attempts-used-up", "chip-attempts-used-up"):
        with pytest.raises((AccessDenied, NotPermitted), match=expected):
            office.personalize(document, "blank", line=Refusing)  # type: ignore[arg-type]


def test_a_card_whose_signer_would_not_pass_is_not_written(office: WorkingOffice) -> None:
    """The revocation list has run out, or the signer is revoked: found before the first write, not after the last."""
    document = office.document()
    office.blank()
    later = FixedClock(NOW + timedelta(days=91))
    trust = open_trust(office.home.root)
    late = PersonalizationService(office.home, office.keys, office.register, trust, later, ENTROPY)
    with late.hold(document.id), office.reader("blank") as transport, pytest.raises(NotPermitted, match="crl-stale"):
        late.personalize(document.id, transport, office.clerk, SilentClerk(late))
    serial = office.authorities.signer_certificate("UTO").serial
    trust.add(office.authorities.revoke("UTO", serial, NOW), "own authority", NOW, office.clerk)
    with pytest.raises(NotPermitted, match="signer-revoked"):
        office.personalize(document, "blank")
    assert office.cards.load("blank").part(DomainMemory).keys.version == 0xFF
    assert office.personalization.journal.list() == ()


def test_a_second_process_on_the_same_document_is_told(office: WorkingOffice) -> None:
    document = office.document()
    office.blank()
    with office.personalization.hold(document.id), pytest.raises(ServiceAway, match="lease-held"):
        office.personalize(document, "blank")


def test_a_second_process_on_the_same_card_is_told(office: WorkingOffice) -> None:
    document = office.document()
    office.blank()
    with office.cards.open("blank"), pytest.raises(ServiceAway, match="lock-held"):
        office.personalize(document, "blank")


def test_a_tampered_file_in_the_register_never_reaches_a_card(office: WorkingOffice) -> None:
    from sqlalchemy import update

    from eid_toolkit.books.ledger.schema import document_file

    document = office.document()
    office.blank()
    with office.register.database.write() as connection:
        connection.execute(update(document_file).values(content=b"x" * 100))
    with pytest.raises(IntegrityBroken):
        office.personalize(document, "blank")
    assert office.cards.load("blank").part(DomainMemory).keys.version == 0xFF


def test_the_printed_can_or_mrz_confirms_the_print_and_nothing_else_does(office: WorkingOffice) -> None:
    document = office.document()
    office.blank()
    package = office.register.documents.load_package(document.id)
    from eid_toolkit.standards.lds.dg1 import Dg1

    mrz = Dg1.parse(package.files[ElementaryFile.DG1]).mrz
    can = package.can.reveal().decode()
    seen: list[bool] = []

    class TypingDesk(SilentClerk):
        def confirm_print(self, document, matches):  # type: ignore[no-untyped-def]
            wrong = f"{(int(can) + 1) % 10**6:06}"
            number = document.document_number
            seen.extend(
                matches(text) for text in (can, mrz.text, f" {can} ", number.lower(), wrong, "", "<" * 90, "12345x")
            )
            return PrintCheck.TYPED

    with office.personalization.hold(document.id), office.reader("blank") as transport:
        office.personalization.personalize(document.id, transport, office.clerk, TypingDesk(office.personalization))
    assert seen == [True, True, True, True, False, False, False, False]


def test_a_card_whose_print_is_not_confirmed_is_not_issued_and_can_be_finished_later(office: WorkingOffice) -> None:
    document = office.document()
    office.blank()

    class WrongCard(SilentClerk):
        def confirm_print(self, document, matches):  # type: ignore[no-untyped-def]
            raise AccessDenied("print-not-confirmed")

    with (
        pytest.raises(AccessDenied),
        office.personalization.hold(document.id),
        office.reader("blank") as transport,
    ):
        office.personalization.personalize(document.id, transport, office.clerk, WrongCard(office.personalization))
    assert office.register.documents.get(document.id).state is DocumentState.BOUND
    assert office.personalize(document, "blank").state is JobState.DONE


def test_a_card_that_reads_back_differently_waits_for_a_decision(office: WorkingOffice) -> None:
    document = office.document()
    office.blank()
    plan = office.personalization.plan(document.id)

    def spoil_after_lock(step, done):  # type: ignore[no-untyped-def]
        if step.action is Action.READ_BACK and not done:
            stored = held.memory.part(EmrtdMemory).files[ElementaryFile.DG2]
            stored.content = stored.content[:-1] + bytes((stored.content[-1] ^ 1,))

    with office.personalization.hold(document.id), office.cards.open("blank") as opened:
        from eid_toolkit.cards.transport.inprocess import InProcessTransport

        held = opened.card
        transport = InProcessTransport(opened.card, "emulator:blank")
        with pytest.raises(DecisionNeeded, match="read-back-differs") as caught:
            clerk = SilentClerk(office.personalization, spoil_after_lock)
            office.personalization.personalize(document.id, transport, office.clerk, clerk)
    assert caught.value.exit_code == 8
    with pytest.raises(DecisionNeeded, match="job-needs-decision"):
        office.personalize(document, "blank")
    job = office.personalization.journal.unresolved(document.id)
    assert job is not None
    assert office.personalization.spoil(job, "differs", office.clerk).state is JobState.SPOILED
    assert office.register.documents.get(document.id).state is DocumentState.SPOILED
    actions = [row.action for row in office.register.audit_rows(job.id)]
    assert actions == ["job.begun", "job.needs-decision", "job.spoiled"]
    assert isinstance(plan, Plan)


def test_a_spoiled_document_makes_room_for_a_new_one_on_a_new_card(office: WorkingOffice) -> None:
    application = office.approved()
    document = office.prepare(application)
    office.blank("first")
    with pytest.raises(KeyboardInterrupt):
        office.personalize(document, "first", watch=interrupt_at(Action.SET_ACCESS))
    office.personalization.spoil_document(document.id, "card broken", office.clerk)
    renewed = office.prepare(application)
    assert renewed.id != document.id
    with pytest.raises(NotPermitted, match="card-not-blank"):
        office.personalize(renewed, "first")
    assert office.personalize(renewed, office.blank("second")).state is JobState.DONE


def interrupt_at(action: Action):  # type: ignore[no-untyped-def]
    def watch(step, done):  # type: ignore[no-untyped-def]
        if step.action is action and not done:
            raise KeyboardInterrupt

    return watch


def test_a_half_written_document_goes_on_with_no_other_card(office: WorkingOffice) -> None:
    document = office.document()
    office.blank("first")
    with pytest.raises(KeyboardInterrupt):
        office.personalize(document, "first", watch=interrupt_at(Action.SET_ACCESS))
    with pytest.raises(NotPermitted, match="document-has-other-chip"):
        office.personalize(document, office.blank("second"))
    assert office.personalize(document, "first").state is JobState.DONE


def test_keys_of_another_authority_open_no_card(office: WorkingOffice) -> None:
    """A card with its own keys in, but of another card-master key."""
    office.personalize(office.document(), office.blank())
    memory = office.cards.load("blank")
    foreign = replace(
        memory.part(DomainMemory).keys, enc=Secret(bytes(16)), mac=Secret(bytes(16)), dek=Secret(bytes(16))
    )
    memory.part(DomainMemory).keys = foreign
    office.cards.create("stranger", memory)
    with pytest.raises(AccessDenied, match="scp-card-cryptogram-wrong"):
        office.personalize(office.document(VIETNAMESE, "vn-cccd"), "stranger")
