"""One card from a prepared document to an issued one, and everything that may not be personalized."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import DocumentState
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
from support.bureau import Bureau, SilentDesk
from support.homes import ENTROPY, NOW, VIETNAMESE
from support.scripted import FixedClock


def test_a_blank_becomes_an_issued_card_that_is_locked(bureau: Bureau) -> None:
    document = bureau.office.document()
    job = bureau.personalize(document, bureau.blank())
    issued = bureau.office.register.documents.get(document.id)
    memory = bureau.cards.load("blank")
    assert (job.state, job.done, job.open_step) == (JobState.DONE, job.steps, None)
    assert (issued.state, issued.chip) == (DocumentState.ISSUED, memory.chip_identity.hex())
    assert (memory.part(EmrtdMemory).state, memory.state) == (ApplicationState.PERSONALIZED, DomainState.SECURED)
    assert memory.part(DomainMemory).keys.version == 0x30


def test_the_chips_keys_are_destroyed_here_on_record(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.personalize(document, bureau.blank())
    package = bureau.office.register.documents.load_package(document.id)
    assert package.chip_authentication_key is None
    assert package.active_authentication_key is None
    actions = [row.action for row in bureau.office.register.audit_rows(document.id)]
    assert actions == ["document.prepared", "document.bound", "document.keys-destroyed", "document.issued"]


def test_each_chip_gets_keys_of_its_own(bureau: Bureau) -> None:
    first, second = bureau.office.document(), bureau.office.document(VIETNAMESE, "vn-cccd")
    bureau.personalize(first, bureau.blank("one"))
    bureau.personalize(second, bureau.blank("two"))
    one, two = bureau.cards.load("one").part(DomainMemory).keys, bureau.cards.load("two").part(DomainMemory).keys
    keys = {key.reveal() for found in (one, two) for key in (found.enc, found.mac, found.dek)}
    assert len(keys | {DEVELOPER_CARD_KEY.reveal()}) == 7


def test_a_plan_is_printed_without_secrets(bureau: Bureau) -> None:
    document = bureau.office.document()
    package = bureau.office.register.documents.load_package(document.id)
    printed = json.dumps(bureau.service.plan(document.id).to_json())
    assert package.can.reveal().decode() not in printed
    assert package.mrz_information.reveal().decode() not in printed
    for secret in (package.chip_authentication_key, package.active_authentication_key):
        assert secret is not None
        assert secret.reveal().hex() not in printed.lower()


def test_the_locks_come_after_everything_else_is_written(bureau: Bureau) -> None:
    actions = [step.action for step in bureau.service.plan(bureau.office.document().id).steps]
    lock = actions.index(Action.LOCK_APPLICATION)
    assert not set(actions[lock:]) & {Action.WRITE_FILE, Action.STORE_SECRET, Action.SET_ACCESS, Action.REPLACE_KEYS}
    assert actions[-1] is Action.ISSUE


def test_a_card_that_is_issued_already_is_refused_before_anything_is_written(bureau: Bureau) -> None:
    bureau.personalize(bureau.office.document(), bureau.blank())
    other = bureau.office.document(VIETNAMESE, "vn-cccd")
    with pytest.raises(NotPermitted, match="card-not-blank"):
        bureau.personalize(other, "blank")
    assert bureau.office.register.documents.get(other.id).state is DocumentState.PREPARED
    assert bureau.service.journal.list()[-1].document_id != other.id


def test_an_issued_document_goes_to_no_second_card(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.personalize(document, bureau.blank("one"))
    with pytest.raises(NotPermitted, match="document-state"):
        bureau.personalize(document, bureau.blank("two"))


def foreign_blank(key: Secret) -> CardMemory:
    return make_blank((key,) * 3, ENTROPY)


def test_a_wrong_transport_key_burns_no_attempt_however_often_it_is_tried(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank("foreign", foreign_blank(Secret(bytes(16))))
    for _ in range(4):
        with pytest.raises(AccessDenied, match="scp-card-cryptogram-wrong"):
            bureau.personalize(document, "foreign")
    assert bureau.cards.load("foreign").part(DomainMemory).failures == 0
    assert bureau.office.register.documents.get(document.id).state is DocumentState.PREPARED
    assert bureau.personalize(document, bureau.blank("right")).state is JobState.DONE


def test_a_card_that_refuses_the_host_is_not_tried_for_ever(bureau: Bureau) -> None:
    """The cryptogram fits, but the answer says no: each try may have been counted by the chip."""
    document = bureau.office.document()
    bureau.blank()

    class Refusing:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def process(self, command: bytes, /) -> bytes:
            return b"\x63\x00" if command[1] == 0x82 else self.inner.process(command)  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    for expected in ("scp-host-refused", "scp-host-refused", "chip-attempts-used-up", "chip-attempts-used-up"):
        with pytest.raises((AccessDenied, NotPermitted), match=expected):
            bureau.personalize(document, "blank", line=Refusing)  # type: ignore[arg-type]


def test_a_card_whose_signer_would_not_pass_is_not_written(bureau: Bureau) -> None:
    """The revocation list has run out, or the signer is revoked: found before the first write, not after the last."""
    document = bureau.office.document()
    bureau.blank()
    later = FixedClock(NOW + timedelta(days=91))
    trust = open_trust(bureau.office.home.root)
    office = bureau.office
    late = PersonalizationService(office.home, office.keys, office.register, trust, later, ENTROPY)
    with late.hold(document.id), bureau.reader("blank") as transport, pytest.raises(NotPermitted, match="crl-stale"):
        late.personalize(document.id, transport, office.clerk, SilentDesk(late))
    serial = office.authorities.signer_certificate("UTO").serial
    trust.add(office.authorities.revoke("UTO", serial, NOW), "own authority", NOW, office.clerk)
    with pytest.raises(NotPermitted, match="signer-revoked"):
        bureau.personalize(document, "blank")
    assert bureau.cards.load("blank").part(DomainMemory).keys.version == 0xFF
    assert bureau.service.journal.list() == ()


def test_a_second_process_on_the_same_document_is_told(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank()
    with bureau.service.hold(document.id), pytest.raises(ServiceAway, match="lease-held"):
        bureau.personalize(document, "blank")


def test_a_second_process_on_the_same_card_is_told(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank()
    with bureau.cards.open("blank"), pytest.raises(ServiceAway, match="lock-held"):
        bureau.personalize(document, "blank")


def test_a_tampered_file_in_the_register_never_reaches_a_card(bureau: Bureau) -> None:
    from sqlalchemy import update

    from eid_toolkit.books.ledger.schema import document_file

    document = bureau.office.document()
    bureau.blank()
    with bureau.office.register.database.write() as connection:
        connection.execute(update(document_file).values(content=b"x" * 100))
    with pytest.raises(IntegrityBroken):
        bureau.personalize(document, "blank")
    assert bureau.cards.load("blank").part(DomainMemory).keys.version == 0xFF


def test_the_printed_can_or_mrz_confirms_the_print_and_nothing_else_does(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank()
    package = bureau.office.register.documents.load_package(document.id)
    from eid_toolkit.standards.lds.dg1 import Dg1

    mrz = Dg1.parse(package.files[ElementaryFile.DG1]).mrz
    can = package.can.reveal().decode()
    seen: list[bool] = []

    class TypingDesk(SilentDesk):
        def confirm_print(self, matches):  # type: ignore[no-untyped-def]
            wrong = f"{(int(can) + 1) % 10**6:06}"
            seen.extend(matches(text) for text in (can, mrz.text, f" {can} ", wrong, "", "<" * 90, "12345x"))
            return "typed"

    with bureau.service.hold(document.id), bureau.reader("blank") as transport:
        bureau.service.personalize(document.id, transport, bureau.office.clerk, TypingDesk(bureau.service))
    assert seen == [True, True, True, False, False, False, False]


def test_a_card_whose_print_is_not_confirmed_is_not_issued_and_can_be_finished_later(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank()

    class WrongCard(SilentDesk):
        def confirm_print(self, matches):  # type: ignore[no-untyped-def]
            raise AccessDenied("print-not-confirmed")

    with (
        pytest.raises(AccessDenied),
        bureau.service.hold(document.id),
        bureau.reader("blank") as transport,
    ):
        bureau.service.personalize(document.id, transport, bureau.office.clerk, WrongCard(bureau.service))
    assert bureau.office.register.documents.get(document.id).state is DocumentState.BOUND
    assert bureau.personalize(document, "blank").state is JobState.DONE


def test_a_card_that_reads_back_differently_waits_for_a_decision(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank()
    plan = bureau.service.plan(document.id)

    def spoil_after_lock(step, done):  # type: ignore[no-untyped-def]
        if step.action is Action.READ_BACK and not done:
            stored = held.memory.part(EmrtdMemory).files[ElementaryFile.DG2]
            stored.content = stored.content[:-1] + bytes((stored.content[-1] ^ 1,))

    with bureau.service.hold(document.id), bureau.cards.open("blank") as opened:
        from eid_toolkit.cards.transport.inprocess import InProcessTransport

        held = opened.card
        transport = InProcessTransport(opened.card, "emulator:blank")
        with pytest.raises(DecisionNeeded, match="read-back-differs") as caught:
            desk = SilentDesk(bureau.service, spoil_after_lock)
            bureau.service.personalize(document.id, transport, bureau.office.clerk, desk)
    assert caught.value.exit_code == 8
    with pytest.raises(DecisionNeeded, match="job-needs-decision"):
        bureau.personalize(document, "blank")
    job = bureau.service.journal.unresolved(document.id)
    assert job is not None
    assert bureau.service.spoil(job, "differs", bureau.office.clerk).state is JobState.SPOILED
    assert bureau.office.register.documents.get(document.id).state is DocumentState.SPOILED
    actions = [row.action for row in bureau.office.register.audit_rows(job.id)]
    assert actions == ["job.begun", "job.needs-decision", "job.spoiled"]
    assert isinstance(plan, Plan)


def test_a_spoiled_document_makes_room_for_a_new_one_on_a_new_card(bureau: Bureau) -> None:
    application = bureau.office.approved()
    document = bureau.office.prepare(application)
    bureau.blank("first")
    with pytest.raises(KeyboardInterrupt):
        bureau.personalize(document, "first", watch=interrupt_at(Action.SET_ACCESS))
    bureau.service.spoil_document(document.id, "card broken", bureau.office.clerk)
    renewed = bureau.office.prepare(application)
    assert renewed.id != document.id
    with pytest.raises(NotPermitted, match="card-not-blank"):
        bureau.personalize(renewed, "first")
    assert bureau.personalize(renewed, bureau.blank("second")).state is JobState.DONE


def interrupt_at(action: Action):  # type: ignore[no-untyped-def]
    def watch(step, done):  # type: ignore[no-untyped-def]
        if step.action is action and not done:
            raise KeyboardInterrupt

    return watch


def test_a_half_written_document_goes_on_with_no_other_card(bureau: Bureau) -> None:
    document = bureau.office.document()
    bureau.blank("first")
    with pytest.raises(KeyboardInterrupt):
        bureau.personalize(document, "first", watch=interrupt_at(Action.SET_ACCESS))
    with pytest.raises(NotPermitted, match="document-has-other-chip"):
        bureau.personalize(document, bureau.blank("second"))
    assert bureau.personalize(document, "first").state is JobState.DONE


def test_keys_of_another_authority_open_no_card(bureau: Bureau) -> None:
    """A card with its own keys in, but of another card-master key."""
    bureau.personalize(bureau.office.document(), bureau.blank())
    memory = bureau.cards.load("blank")
    foreign = replace(
        memory.part(DomainMemory).keys, enc=Secret(bytes(16)), mac=Secret(bytes(16)), dek=Secret(bytes(16))
    )
    memory.part(DomainMemory).keys = foreign
    bureau.cards.create("stranger", memory)
    with pytest.raises(AccessDenied, match="scp-card-cryptogram-wrong"):
        bureau.personalize(bureau.office.document(VIETNAMESE, "vn-cccd"), "stranger")
