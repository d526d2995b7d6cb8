"""The key store: each compartment opens for those whose work needs it, and for nobody else with all files of a home."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import combinations, product
from pathlib import Path

import pytest

from eid_toolkit.books.keys.compartment_files import STAFF, CompartmentFile
from eid_toolkit.books.keys.compartments import Compartment, compartment_of
from eid_toolkit.books.keys.custody import Custody
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.keys.key_files import PRIVATE, SYMMETRIC, KeyFiles
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.staff.operators import RECOVERY
from eid_toolkit.books.staff.recovery import recovery_key
from eid_toolkit.books.staff.roles import Role, compartments_of
from eid_toolkit.ground.errors import BadInput, EidError, IntegrityBroken, KeyMissing, NotPermitted
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey, unwrap
from eid_toolkit.work.office.custody_of import recipients_for
from eid_toolkit.work.office.founding import Enrolment
from eid_toolkit.work.office.staffing import Staffing
from support.homes import ENTROPY, NOW, PASSPHRASE
from support.people import People

OFFICERS = ("dora", "emil")
WORKING = tuple(compartment for compartment in Compartment if compartment.for_staff)


class Office(People):
    """Two security officers, and somebody of each other role called by it."""

    def __init__(self, folder: Path) -> None:
        self.home = Home.create(folder, HomeConfig("UTO", "Ministry of Utopia", False, NOW))
        people = [Enrolment(name, PASSPHRASE) for name in OFFICERS]
        others = [Enrolment(role.value, PASSPHRASE, frozenset({role})) for role in Role if role not in (_OFFICER,)]
        self._staffing = Staffing(self.home, [*people, *others], NOW, ENTROPY)
        for name in _NAMES:
            self.keys.create_symmetric(name, Secret(ENTROPY.take(32)))
        for name in _PRIVATE:
            self.keys.generate_ec(name, "secp256r1")

    def share_of(self, name: str) -> KeyPair:
        key = recovery_key(self._staffing.recovery_shares[name])
        return KeyPair(key, key)

    def custody(self) -> Custody:
        return Custody(self.keys, self.keys.staff, NOW, ENTROPY)


_OFFICER = Role.SECURITY_OFFICER
_NAMES = ("data", "look-ups", "card-master", "transport", "vendor-acme-1")
_PRIVATE = ("ds-uto-1", "csca-uto-1", "cvca-uto-1", "dv-uto-1", "audit", "mls-uto-1", "tbs-uto-1", "evidence")
KEYS = {
    compartment: [n for n in (*_NAMES, *_PRIVATE, "staff") if compartment_of(n) is compartment]
    for compartment in Compartment
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office") / "home")


def used(store: KeyStore, name: str) -> object:
    return store.symmetric(name) if name in _NAMES else store.signer(name)


def opens(store: KeyStore, compartment: Compartment) -> bool:
    """Whether each key of the compartment can be used; all or none."""
    results = set()
    for name in KEYS[compartment]:
        try:
            used(store, name)
            results.add(True)
        except NotPermitted as error:
            assert error.code in ("compartment-closed", "compartment-needs-two")
            results.add(False)
    (result,) = results
    return result


def test_every_compartment_has_keys_to_try() -> None:
    assert all(KEYS.values())


@pytest.mark.parametrize(("role", "compartment"), list(product(Role, Compartment)))
def test_one_of_a_role_opens_what_the_role_needs_and_nothing_else(
    office: Office, role: Role, compartment: Compartment
) -> None:
    name = OFFICERS[0] if role is _OFFICER else role.value
    expected = compartment in compartments_of([role]) and not compartment.by_two
    assert opens(office.opened_by(name), compartment) is expected


def sealed_values(office: Office) -> Iterator[tuple[CompartmentFile, WrappedKey, bytes]]:
    for compartment in Compartment:
        file = office.keys.file(compartment)
        for wrap in file.wraps:
            yield file, wrap.key, file.context(office.foundation, wrap)


@pytest.mark.parametrize("role", Role)
def test_with_all_files_of_the_home_a_passphrase_opens_no_key_beyond_the_roles(office: Office, role: Role) -> None:
    """Without the software's own way: each wrap is tried with each key that the passphrase opens, and what comes out of
    it, and of the files, in each combination, is tried on each key file."""
    name = OFFICERS[0] if role is _OFFICER else role.value
    pair = office.pair(name)
    secrets = [pair.signing.scalar, pair.unwrapping.scalar]
    for _, wrapped, context in sealed_values(office):
        for key in (pair.signing, pair.unwrapping):
            with suppress(IntegrityBroken):
                secrets.append(unwrap(wrapped, key, context))
    halves = [secret.reveal() for secret in secrets]
    secrets += [Secret(bytes(x ^ y for x, y in zip(a, b, strict=True))) for a, b in combinations(halves, 2)]
    opened = set()
    for secret, path in product(secrets, office.home.keys.iterdir()):
        if path.suffix in (PRIVATE, SYMMETRIC):
            files = KeyFiles(office.home.keys, SealingKey(secret), ENTROPY)
            try:
                files.private_ec(path.stem) if path.suffix == PRIVATE else files.symmetric(path.stem)
                opened.add(compartment_of(path.stem))
            except EidError:
                pass
    assert opened == {item for item in compartments_of([role]) if not item.by_two}


@pytest.mark.parametrize("compartment", [c for c in Compartment if c.by_two])
def test_two_holders_open_together_what_one_does_not(office: Office, compartment: Compartment) -> None:
    assert opens(office.opened_by(*OFFICERS), compartment)
    assert opens(office.opened_by(*reversed(OFFICERS)), compartment)
    for name in OFFICERS:
        assert not opens(office.opened_by(name), compartment)
        assert not opens(office.opened_by(name, "clerk", "auditor"), compartment)


@pytest.mark.parametrize("compartment", WORKING)
def test_two_security_officers_open_every_working_compartment_by_the_staffs_wrap(
    office: Office, compartment: Compartment
) -> None:
    assert opens(office.opened_by(*OFFICERS), compartment)


@pytest.mark.parametrize("compartment", [c for c in Compartment if c.by_two])
def test_a_recovery_share_stands_for_its_person_beside_another_one(office: Office, compartment: Compartment) -> None:
    dora, emil = (f"{name}{RECOVERY}" for name in OFFICERS)
    for people, expected in (
        ({"dora": office.pair("dora"), emil: office.share_of("emil")}, True),
        ({dora: office.share_of("dora"), emil: office.share_of("emil")}, True),
        ({"dora": office.pair("dora"), dora: office.share_of("dora")}, False),
        ({dora: office.share_of("dora")}, False),
        ({"dora": office.pair("dora"), emil: office.share_of("dora")}, False),
    ):
        store = KeyStore(office.home.keys, office.foundation, ENTROPY)
        for name, pair in people.items():
            store.admit(name, pair)
        assert opens(store, compartment) is expected


@pytest.fixture
def own(tmp_path: Path) -> Office:
    """An office that the test changes."""
    return Office(tmp_path / "home")


def test_somebody_is_asked_once_for_a_compartment_that_nobody_present_opens(own: Office) -> None:
    asked: list[Compartment] = []

    def ask(compartment: Compartment) -> None:
        asked.append(compartment)
        store.admit("clerk", own.pair("clerk"))

    store = KeyStore(own.home.keys, own.foundation, ENTROPY, ask)
    assert store.names() and not store.is_open(Compartment.REGISTER)
    store.unseal(store.seal(b"data", b"here"), b"here")
    store.keyed_hash(b"words")
    assert asked == [Compartment.REGISTER]
    with pytest.raises(NotPermitted, match="compartment-closed"):
        store.symmetric("card-master")


def test_sealed_data_opens_in_its_context_only(own: Office) -> None:
    blob = own.keys.seal(b"portrait", b"application:A-1")
    assert own.keys.unseal(blob, b"application:A-1").matches(b"portrait")
    for changed, context in ((blob, b"application:A-2"), (blob[:-1] + b"\0", b"application:A-1"), (b"", b"")):
        with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
            own.keys.unseal(changed, context)


def test_names_are_checked_and_never_taken_twice(own: Office) -> None:
    key = EcPrivateKey.generate(ec_domain_by_name("secp256r1"), ENTROPY)
    with pytest.raises(NotPermitted, match="key-exists"):
        own.keys.add_ec("ds-uto-1", key)
    for name in ("../ds", "unheard-of", "ds uto", ""):
        with pytest.raises(BadInput, match="key-name-malformed"):
            own.keys.add_ec(name, key)
    with pytest.raises(KeyMissing):
        own.keys.signer("ds-uto-9")
    own.keys.destroy("ds-uto-1")
    with pytest.raises(KeyMissing):
        own.keys.signer("ds-uto-1")
    with pytest.raises(KeyMissing):
        own.keys.destroy("ds-uto-1")


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_signing_key_is_made_for_a_compartment_that_who_makes_it_does_not_open(own: Office, kind: str) -> None:
    store = own.opened_by("dora")
    made = store.generate_ec("ds-uto-2", "brainpoolP256r1") if kind == "ec" else store.generate_rsa("ds-uto-2", 2048)
    assert own.opened_by("personalizer").signer("ds-uto-2").public_key == made.public_key
    with pytest.raises(NotPermitted, match="compartment-closed"):
        own.opened_by("dora").signer("ds-uto-2")
    own.custody().renew(Compartment.DOCUMENT_SIGNING, holders(own, Compartment.DOCUMENT_SIGNING))
    assert own.opened_by("personalizer").signer("ds-uto-2").public_key == made.public_key


def holders(office: Office, compartment: Compartment, *without: str) -> tuple[object, ...]:
    records = [record for record in office.operators.list() if record.name not in without]
    return recipients_for(compartment, records)


def test_a_new_generation_is_out_of_reach_of_who_has_left_with_a_copy_of_everything(
    own: Office, tmp_path: Path
) -> None:
    leaver = KeyStore(Path(shutil.copytree(own.home.keys, tmp_path / "copy")), own.foundation, ENTROPY)
    leaver.admit("clerk", own.pair("clerk"))
    before = own.keys.seal(b"before", b"here")
    own.custody().renew(Compartment.REGISTER, holders(own, Compartment.REGISTER, "clerk"))
    after = own.keys.seal(b"after", b"here")
    assert leaver.unseal(before, b"here").matches(b"before")
    with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
        leaver.unseal(after, b"here")
    with pytest.raises(NotPermitted, match="compartment-closed"):
        own.opened_by("clerk").unlock(Compartment.REGISTER)
    rest = own.opened_by("approver")
    assert rest.unseal(before, b"here").matches(b"before") and rest.unseal(after, b"here").matches(b"after")
    assert (rest.data_generation, rest.data_generations()) == (2, (2, 1))


def test_who_holds_a_compartment_goes_on_when_its_key_is_renewed_meanwhile(own: Office) -> None:
    working, leaving = own.opened_by("approver"), own.opened_by("clerk")
    for store in (working, leaving):
        store.unlock(Compartment.REGISTER)
    own.custody().renew(Compartment.REGISTER, holders(own, Compartment.REGISTER, "clerk"))
    assert working.symmetric("look-ups").matches(own.keys.symmetric("look-ups"))
    with pytest.raises(NotPermitted, match="compartment-closed"):
        leaving.symmetric("look-ups")


@pytest.mark.parametrize("compartment", Compartment)
def test_every_key_goes_along_into_a_new_generation(own: Office, compartment: Compartment) -> None:
    before = {name: used(own.keys, name) for name in KEYS[compartment]}
    assert own.custody().renew(compartment, holders(own, compartment)) == 2
    again = own.opened_by(*OFFICERS)
    for name, key in before.items():
        now = used(again, name)
        if isinstance(key, Secret):
            assert isinstance(now, Secret) and now.matches(key)
        else:
            assert now.public_key == key.public_key  # type: ignore[attr-defined]


def test_an_older_generation_than_the_one_on_record_is_refused(own: Office) -> None:
    path = CompartmentFile.path(own.home.keys, Compartment.REGISTER)
    old = path.read_bytes()
    own.custody().renew(Compartment.REGISTER, holders(own, Compartment.REGISTER))
    path.write_bytes(old)
    store = own.opened_by("clerk")
    store.hold_to(lambda compartment: 2 if compartment is Compartment.REGISTER else 0)
    with pytest.raises(IntegrityBroken, match="compartment-rolled-back"):
        store.unlock(Compartment.REGISTER)


CHANGES: dict[str, Callable[[dict[str, object]], object]] = {
    "another compartment": lambda values: values.update(compartment="cards"),
    "by one": lambda values: values.update(by_two=False),
    "another generation": lambda values: values.update(generation=7),
    "another check": lambda values: values.update(check="00" * 16),
    "another public key": lambda values: values.update(public=values["endorsement"]),
    "no endorsement": lambda values: values.update(endorsement=""),
}


@pytest.mark.parametrize("compartment", [Compartment.REGISTER, Compartment.CSCA])
@pytest.mark.parametrize("name", CHANGES)
def test_a_compartment_that_was_changed_is_told(own: Office, compartment: Compartment, name: str) -> None:
    path = CompartmentFile.path(own.home.keys, compartment)
    values = json.loads(path.read_text())
    before = dict(values)
    CHANGES[name](values)
    path.write_text(json.dumps(values))
    if values == before:
        return
    with pytest.raises(IntegrityBroken):
        own.opened_by(*OFFICERS).unlock(compartment)


def test_a_key_of_the_attackers_own_is_not_taken_for_a_compartments(own: Office) -> None:
    """Who writes files wraps a key of theirs for everybody, so that what is sealed from then on is theirs."""
    evil = People(own.home.root.parent / "evil")
    forged = evil.keys.file(Compartment.REGISTER)
    for foundation in (own.foundation, evil.foundation):
        assert forged.statement(foundation)
    forged.write(own.home.keys)
    with pytest.raises(IntegrityBroken, match="compartment-not-endorsed"):
        own.opened_by("clerk").unlock(Compartment.REGISTER)


def test_a_wrap_in_anothers_name_or_place_opens_nothing(own: Office) -> None:
    file = own.keys.file(Compartment.REGISTER)
    values = json.loads(CompartmentFile.path(own.home.keys, Compartment.REGISTER).read_text())
    for wrap in values["wraps"]:
        if wrap["to"] in ("clerk", STAFF):
            wrap["to"] = "personalizer"
    values["wraps"] = [wrap for wrap in values["wraps"] if wrap["to"] == "personalizer"]
    CompartmentFile.path(own.home.keys, file.compartment).write_text(json.dumps(values))
    with pytest.raises(NotPermitted, match="compartment-closed"):
        own.opened_by("clerk").unlock(Compartment.REGISTER)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"{" * 5000, b"\xff", b'{"schema": "eid-compartment/1"}'])
def test_a_damaged_file_is_told(own: Office, data: bytes) -> None:
    CompartmentFile.path(own.home.keys, Compartment.REGISTER).write_bytes(data)
    with pytest.raises(IntegrityBroken, match="compartment-damaged"):
        own.opened_by("clerk").unlock(Compartment.REGISTER)
    (own.home.keys / "foundation.json").write_bytes(data)
    with pytest.raises(IntegrityBroken, match="key-store-damaged"):
        Foundation.read(own.home.keys)


def test_a_compartment_that_is_gone_is_told(own: Office) -> None:
    CompartmentFile.path(own.home.keys, Compartment.REGISTER).unlink()
    with pytest.raises(IntegrityBroken, match="compartment-missing"):
        own.opened_by("clerk").unlock(Compartment.REGISTER)


def test_too_few_holders_are_refused(own: Office) -> None:
    with pytest.raises(NotPermitted, match="holders-too-few"):
        own.custody().renew(Compartment.CSCA, holders(own, Compartment.CSCA, "emil"))


def test_no_secret_lies_in_the_home_in_clear(own: Office) -> None:
    content = b"".join(path.read_bytes() for path in own.home.root.rglob("*") if path.is_file())
    secrets = [own.keys.symmetric(name).reveal() for name in _NAMES]
    secrets += [own.keys.sealing_key(compartment).secret.reveal() for compartment in Compartment]
    secrets += [PASSPHRASE.reveal(), *(share.reveal() for share in own._staffing.recovery_shares.values())]
    for secret in secrets:
        assert secret not in content
        assert secret.hex().encode() not in content.lower()


def test_in_a_demo_home_one_key_that_lies_open_opens_everything(tmp_path: Path) -> None:
    store = open_key_store(People(tmp_path / "home", demo=True).home, ENTROPY)
    store.unlock(*Compartment)
    assert all(map(store.is_open, Compartment))
