"""Blanks of vendors: each is opened with the key of its batch, diversified as its vendor does it, or not touched."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from eid_toolkit.books.keys.attempts import LIMIT
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.register.stock.manifests import Manifest, encode_manifest
from eid_toolkit.books.register.stock.vendor_keys import Batch, Terms, VendorKey, VendorKeys
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.transport.interface import PassingTransport
from eid_toolkit.ground.errors import AccessDenied, EidError, NoCardError, NotPermitted
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.check_values import CheckValue, check_value
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.key_diversification import DiversificationVector, Scheme, diversify
from eid_toolkit.standards.protocols.scp03 import KeySet
from eid_toolkit.work.office.home_card_keys import roll_card_master
from eid_toolkit.work.personalization.drivers.card_keys import CardKeys
from support.homes import ANNA, CLOCK, ENTROPY, VIETNAMESE, WorkingOffice
from support.silent_clerk import CutLine

CARDS, BATCH = "Cards Ltd", "2026/17"
OF = Batch(CARDS, BATCH)
KEYS = {size: Secret(bytes(range(0x81, 0x81 + size))) for size in (16, 24, 32)}
CASES = [(size, scheme) for size in KEYS for scheme in Scheme if size == 16 or not scheme.needs_vector]


def keep_key(office: WorkingOffice, key: Secret, scheme: Scheme = Scheme.NONE, of: Batch = OF) -> VendorKey:
    vector = None
    if scheme.needs_vector:
        told = diversify(key, bytes(10), gp.FACTORY_KEY_VERSION, scheme)
        vector = DiversificationVector(bytes(10), *(check_value(each) for each in (told.enc, told.mac, told.dek)))
    terms = Terms(check_value(key), CheckValue.GLOBALPLATFORM, scheme, vector)
    record = VendorKey(of, terms, key, "wrapped", CLOCK.now(), ("anna", "bert"))
    VendorKeys(office.keys).keep(record)
    return record


def deliver(office: WorkingOffice, *names: str, of: Batch = OF, key: VendorKey | None = None) -> None:
    """Blanks of a batch with the ``key``, or that of developer cards, received, handed out, and in an open shift."""
    listed = []
    for name in names:
        memory = make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY)
        if key is not None:
            memory.part(DomainMemory).keys = key.of_chip(memory.chip_identity)
        office.blank(name, memory)
        listed.append((f"S-{name.upper()}", memory.chip_identity.hex()))
    manifest = Manifest.read(encode_manifest(of.vendor, of.batch, listed))
    office.register.stock.receiving.receive(manifest, ANNA, "main")
    if "main" not in office.register.stock.shifts.running():
        office.register.stock.shifts.open("main", len(names), [ANNA])


def domain_of(office: WorkingOffice, name: str) -> DomainMemory:
    return office.cards.load(name).part(DomainMemory)


def values(keys: KeySet) -> list[bytes]:
    return [keys.enc.reveal(), keys.mac.reveal(), keys.dek.reveal()]


def require_untouched(office: WorkingOffice, name: str) -> None:
    """No attempt of the chip was used up, and none is counted."""
    domain = domain_of(office, name)
    assert (domain.failures, domain.keys.version) == (0, gp.FACTORY_KEY_VERSION)
    assert not list(office.home.keys.glob("*.attempts"))


@pytest.mark.parametrize(("size", "scheme"), CASES, ids=str)
def test_a_blank_with_a_key_of_any_length_and_diversification_is_written(
    office: WorkingOffice, size: int, scheme: Scheme
) -> None:
    key = keep_key(office, KEYS[size], scheme)
    deliver(office, "b1", key=key)
    chip = office.cards.load("b1").chip_identity
    assert values(domain_of(office, "b1").keys) == values(diversify(KEYS[size], chip, gp.FACTORY_KEY_VERSION, scheme))
    document = office.document()
    office.personalize(document, "b1")
    assert office.register.documents.get(document.id).state is DocumentState.ISSUED
    own = CardKeys.of(office.keys, office.register.stock).of_chip(chip)
    assert (domain_of(office, "b1").keys.version, values(domain_of(office, "b1").keys)) == (0x30, values(own))


def test_each_batch_is_opened_with_its_own_key(office: WorkingOffice) -> None:
    other, third = Batch(CARDS, "2026/18"), Batch("Chips AG", BATCH)
    keys = {"b1": (OF, KEYS[16]), "b2": (other, KEYS[32]), "b3": (third, KEYS[24])}
    for name, (of, secret) in keys.items():
        deliver(office, name, of=of, key=keep_key(office, secret, Scheme.KDF3, of))
    deliver(office, "b4", of=Batch("Own cards", "1"))  # with the home's own transport key
    for name in (*keys, "b4"):
        office.personalize(office.document(), name)
        assert domain_of(office, name).keys.version == 0x30


def test_the_letter_case_of_names_does_not_matter(office: WorkingOffice) -> None:
    deliver(office, "b1", of=Batch("CARDS LTD", BATCH), key=keep_key(office, KEYS[16]))
    office.personalize(office.document(), "b1")


WRONG = [
    (KEYS[16], Scheme.KDF3, KEYS[16], Scheme.NONE),
    (KEYS[16], Scheme.SP800_108, KEYS[16], Scheme.KDF3),
    (KEYS[16], Scheme.NONE, KEYS[32], Scheme.NONE),
    (KEYS[32], Scheme.NONE, KEYS[24], Scheme.NONE),
    (Secret(b"k" * 16), Scheme.EMV, KEYS[16], Scheme.VISA2),
]


@pytest.mark.parametrize("case", WRONG, ids=range(len(WRONG)))
def test_a_wrong_key_is_named_and_costs_the_chip_nothing(
    office: WorkingOffice, case: tuple[Secret, Scheme, Secret, Scheme]
) -> None:
    held, held_scheme, carried, carried_scheme = case
    keep_key(office, held, held_scheme)
    carries = VendorKey(
        OF, Terms(b"123", vector=ANY_VECTOR, diversification=carried_scheme), carried, "", CLOCK.now(), ()
    )
    deliver(office, "b1", key=carries)
    document = office.document()
    for _ in range(LIMIT + 2):
        with pytest.raises(AccessDenied) as refused:
            office.personalize(document, "b1")
        assert (refused.value.code, refused.value.facts["vendor"]) == ("vendor-key-not-of-blank", CARDS)
    require_untouched(office, "b1")
    assert office.register.documents.get(document.id).chip is None


ANY_VECTOR = DiversificationVector(bytes(10), b"123", b"123", b"123")


def test_a_blank_whose_key_is_missing_says_whose(office: WorkingOffice) -> None:
    carries = VendorKey(OF, Terms(b"123"), KEYS[16], "", CLOCK.now(), ())
    keep_key(office, KEYS[16], of=Batch(CARDS, "of another batch"))
    deliver(office, "b1", key=carries)
    document = office.document()
    with pytest.raises(AccessDenied) as refused:
        office.personalize(document, "b1")
    assert refused.value.code == "vendor-key-missing"
    assert refused.value.facts == {"vendor": CARDS, "batch": BATCH}
    require_untouched(office, "b1")
    keep_key(office, KEYS[16])
    office.personalize(document, "b1")


def test_a_chip_that_refuses_the_right_keys_is_counted_and_left_alone_in_time(office: WorkingOffice) -> None:
    """Its cryptogram fits, yet it refuses: that may be a failed attempt on the card, whosever the key is."""
    deliver(office, "b1", key=keep_key(office, KEYS[16], Scheme.KDF3))
    document = office.document()

    for _ in range(LIMIT):
        with pytest.raises(AccessDenied, match="scp-host-refused"):
            office.personalize(document, "b1", line=_Refusing)
    with pytest.raises(NotPermitted, match="chip-attempts-used-up"):
        office.personalize(document, "b1", line=_Refusing)


class _Refusing(PassingTransport):
    """A line on which EXTERNAL AUTHENTICATE arrives changed in the last byte of its data."""

    def process(self, command: bytes, /) -> bytes:
        changed = bytes([command[-1] ^ 1]) if command[1] == gp.EXTERNAL_AUTHENTICATE else command[-1:]
        return self._inner.process(command[:-1] + changed)


def versions(office: WorkingOffice, *names: str) -> Sequence[int]:
    return [domain_of(office, name).keys.version for name in names]


def test_after_a_roll_over_new_cards_have_the_new_version_and_old_ones_are_opened_still(
    office: WorkingOffice,
) -> None:
    for name in ("one", "two", "three"):
        office.blank(name)
    office.personalize(office.document(), "one")
    assert roll_card_master(office) == 0x31
    office.personalize(office.document(), "two")
    assert roll_card_master(office) == 0x32
    office.personalize(office.document(), "three")
    assert versions(office, "one", "two", "three") == [0x30, 0x31, 0x32]
    keys = CardKeys.of(office.keys, office.register.stock)
    held = [domain_of(office, name).keys for name in ("one", "two", "three")]
    chips = [office.cards.load(name).chip_identity for name in ("one", "two", "three")]
    for chip, own in zip(chips, held, strict=True):
        assert values(keys.for_version(own.version, chip)) == values(own)
    assert len({value for version in keys.masters for value in values(keys.for_version(version, chips[0]))}) == 9
    for unknown in (0x33, 0x2F, 0x00):
        with pytest.raises(AccessDenied, match="card-key-version-unknown"):
            keys.for_version(unknown, chips[0])


@pytest.mark.parametrize("cut", range(4, 60, 8))
def test_a_card_that_was_begun_before_a_roll_over_is_finished_under_its_version(
    office: WorkingOffice, cut: int
) -> None:
    document, other = office.document(), office.document(VIETNAMESE, "vn-cccd")
    office.blank("begun")
    office.blank("next")
    with pytest.raises(NoCardError):
        office.personalize(document, "begun", line=lambda inner: CutLine(inner, cut, after=True))
    has_begun = bool(office.personalization.journal.of_document(document.id))
    assert has_begun is (cut > 8)
    roll_card_master(office)
    assert office.personalization.plan(document.id).key_version == (0x30 if has_begun else 0x31)
    office.personalize(document, "begun")
    office.personalize(other, "next")
    assert versions(office, "begun", "next") == [0x30 if has_begun else 0x31, 0x31]


def test_the_plan_tells_the_version(office: WorkingOffice) -> None:
    document = office.document()
    before = office.personalization.plan(document.id)
    roll_card_master(office)
    after = office.personalization.plan(document.id)
    assert "(version 30)" in before.steps[1].title
    assert "(version 31)" in after.steps[1].title
    assert before.hash != after.hash


def test_versions_end_where_those_of_scp03_do(office: WorkingOffice) -> None:
    assert [roll_card_master(office) for _ in range(15)] == list(range(0x31, 0x40))
    with pytest.raises(EidError, match="card-master-versions-used-up"):
        roll_card_master(office)
    office.blank("last")
    office.personalize(office.document(), "last")
    assert versions(office, "last") == [0x3F]


def test_a_master_key_without_its_record_does_not_count(office: WorkingOffice) -> None:
    """As a token may keep it whose act came to nothing: its number is not given again either."""
    office.keys.create_master("card-master-31", 16)
    office.blank("one")
    office.personalize(office.document(), "one")
    assert roll_card_master(office) == 0x32
    office.blank("two")
    office.personalize(office.document(), "two")
    assert versions(office, "one", "two") == [0x30, 0x32]
