"""Somebody with all files of a real home, and a passphrase of their own, tries to act beyond their role."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.deposits import deposit
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from support.attacks import WORDS, Attack, attacked_office
from support.homes import ENTROPY
from support.offices import CommandLine, new_office

ROLL = ("pki", "csca", "roll")
P256 = ec_domain_by_name("secp256r1")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return attacked_office(tmp_path_factory.mktemp("attacked") / "home").root


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another home of the same state, whose passphrases the attacker knows."""
    return new_office(tmp_path_factory.mktemp("strangers") / "home").root


@pytest.fixture
def attack(template: Path, tmp_path: Path) -> Attack:
    shutil.copytree(template, tmp_path / "home")
    return Attack(CommandLine(tmp_path / "home"))


# Old files put back.


def test_a_disabled_officer_with_an_older_copy_of_their_files_acts_no_more(attack: Attack) -> None:
    before = attack.copied("operators/olga.*", "keys/*.compartment")
    attack.by("anna+bert", "operator", "disable", "olga")
    attack.fails("olga+anna", *ROLL, code=10, says="disabled")
    attack.put_back({name: data for name, data in before.items() if name.startswith("operators")})
    attack.fails("olga+anna", *ROLL, code=12, says="olga")
    attack.put_back(before)
    attack.fails("olga+anna", *ROLL, code=12, says="olga")
    attack.fails("anna+bert", *ROLL, code=12, says="csca")  # the compartment that olga has put back


def test_who_lost_a_role_gets_it_back_by_no_older_file(attack: Attack) -> None:
    before = attack.copied("operators/olga.*", "keys/*.compartment")
    attack.by("anna+bert", "operator", "roles", "olga", "--role", "clerk")
    attack.fails("olga+anna", *ROLL, code=10, says="olga")
    compartments = {name: data for name, data in before.items() if name.startswith("keys")}
    attack.put_back(compartments)
    attack.fails("olga+anna", *ROLL, code=10, says="olga")
    attack.fails("anna+bert", *ROLL, code=12, says="csca")
    attack.put_back(before)
    attack.fails("olga+anna", *ROLL, code=12, says="olga")


def test_a_record_edited_to_have_more_roles_is_refused(attack: Attack) -> None:
    attack.edit("operators/carl.json", '"clerk"', '"security-officer"')
    attack.fails("carl+anna", *ROLL, code=12, says="carl")
    attack.fails("anna+carl", *ROLL, code=12, says="carl")


# Others' files moved away or exchanged.


def test_nobody_adds_a_second_one_while_the_others_are_away(attack: Attack) -> None:
    others = [path.name for path in (attack.root / "operators").iterdir() if not path.name.startswith("olga")]
    with attack.moved_away(*(f"operators/{name}" for name in others)):
        for second in ("anna", "mallory"):
            words = ("operator", "add", "mallory", "--role", "all")
            attack.fails(f"olga+{second}", *words, code=9, says=second, EID_NEW_PASSPHRASE="words of my own")
        attack.fails("olga", "operator", "add", "mallory", "--role", "all", code=10, EID_NEW_PASSPHRASE="my own")
    assert not list((attack.root / "operators").glob("mallory*"))


@pytest.mark.parametrize("with_foundation", [False, True])
def test_the_operators_of_another_home_are_strangers(attack: Attack, strangers: Path, with_foundation: bool) -> None:
    shutil.rmtree(attack.root / "operators")
    shutil.copytree(strangers / "operators", attack.root / "operators")
    if with_foundation:
        shutil.copy(strangers / "keys/foundation.json", attack.root / "keys")
    for words in (ROLL, ("operator", "disable", "bert"), ("trust", "bundle", "export", "--output", attack.root / "b")):
        attack.fails("anna+bert", *words, code=12)
    assert not (attack.root / "b").exists()


def test_a_whole_key_store_of_strangers_believes_nothing_and_leaves_nothing_behind(
    attack: Attack, strangers: Path
) -> None:
    """They are called as nobody is here, so that the log has nothing of them."""
    mine = CommandLine(strangers.with_name("mine"))
    shutil.copytree(strangers, mine.root)
    given = {"EID_OPERATOR_PASSPHRASE": WORDS["carl"], "EID_SECOND_PASSPHRASE": WORDS["olga"]}
    for name, words in zip(("mallory", "oscar"), given.values(), strict=True):
        mine.add(name, words, "all")
    before = attack.held()
    with attack.moved_away("keys", "operators"):
        for name in ("keys", "operators"):
            shutil.copytree(mine.root / name, attack.root / name)
        attack.fails("mallory+oscar", *ROLL, code=12, **given)
        attack.fails("mallory+oscar", "trust", "import", strangers / "pki/UTO/csca-1.cer", code=12, **given)
    assert attack.held() == before
    shutil.rmtree(mine.root)


def test_the_passphrase_of_another_opens_no_record_that_was_copied_over_theirs(attack: Attack) -> None:
    """Carl's keys in the place of Bert's: the record does not name them."""
    for suffix in (".p8", ".unwrap.p8"):
        shutil.copy(attack.root / f"operators/carl{suffix}", attack.root / f"operators/bert{suffix}")
    attack.fails("olga+bert", *ROLL, code=12, says="bert")
    carl = json.loads((attack.root / "operators/carl.json").read_text())
    bert = json.loads((attack.root / "operators/bert.json").read_text())
    for part in ("passphrase", "pin"):
        bert[part] = carl[part]
    (attack.root / "operators/bert.json").write_text(json.dumps(bert))
    attack.fails("olga+bert", *ROLL, code=12, says="bert", EID_SECOND_PASSPHRASE=WORDS["carl"])


def test_a_wrapping_key_of_ones_own_in_a_record_is_refused(attack: Attack) -> None:
    record = json.loads((attack.root / "operators/bert.json").read_text())
    record["wrapping_key"] = EcPrivateKey.generate(P256, ENTROPY).public_key.spki().hex()
    (attack.root / "operators/bert.json").write_text(json.dumps(record))
    attack.fails(
        "anna+olga", "operator", "add", "dora", "--role", "all", code=12, says="bert", EID_NEW_PASSPHRASE="some words"
    )


# Alone.


@pytest.mark.parametrize("words", [ROLL, ("pki", "ds", "create"), ("pki", "crl", "issue"), ("pki", "cvca", "create")])
def test_a_clerk_with_all_files_signs_nothing_as_an_authority(attack: Attack, words: tuple[str, ...]) -> None:
    for people in ("carl", "carl+carl", "carl+anna"):
        attack.fails(people, *words, code=10)


@pytest.mark.parametrize(
    "words",
    [("card", "personalize", "--without-print-check", "D-0", "--reader", "emulator:x"), ("emulator", "blank", "x")],
)
def test_a_clerk_with_all_files_opens_no_cards(attack: Attack, words: tuple[str, ...]) -> None:
    attack.fails("carl", *words, code=10)


@pytest.mark.parametrize("second", ["olga", "OLGA", "Olga"])
def test_one_officer_is_not_two(attack: Attack, second: str) -> None:
    attack.fails(f"olga+{second}", *ROLL, code=10, says="olga", EID_SECOND_PASSPHRASE=WORDS["olga"])


def test_a_second_one_has_to_be_there(attack: Attack) -> None:
    attack.fails("olga+bert", *ROLL, code=7, says="bert", EID_SECOND_PASSPHRASE=WORDS["olga"])
    attack.fails("olga+bert", *ROLL, code=7, says="bert", EID_SECOND_PASSPHRASE="a guess")
    attack.fails("olga", *ROLL, code=10)
    attack.fails("olga+nobody", *ROLL, code=9, says="nobody")
    attack.by("anna+olga", "operator", "disable", "bert")
    attack.fails("olga+bert", *ROLL, code=10, says="bert")


@pytest.mark.parametrize("name", ["#staff", "#specimen", "olga#recovery", "../olga", " "])
def test_nobody_is_called_as_the_key_store_calls_its_own(attack: Attack, name: str) -> None:
    for people in (f"anna+{name}", f"{name}+anna"):
        attack.fails(people, *ROLL, code=9)
    attack.fails("anna+bert", "operator", "add", name, "--role", "all", code=9, EID_NEW_PASSPHRASE="some words")


def test_somebody_called_staff_is_somebody_like_others(attack: Attack) -> None:
    attack.by("anna+bert", "operator", "add", "staff", "--role", "clerk", EID_NEW_PASSPHRASE="some words")
    attack.fails("staff+anna", *ROLL, code=10, says="staff", EID_OPERATOR_PASSPHRASE="some words")
    attack.fails("staff", "emulator", "blank", "x", code=10, EID_OPERATOR_PASSPHRASE="some words")


# The files of the key store.


def wraps(attack: Attack, compartment: str) -> list[dict[str, object]]:
    return json.loads((attack.root / f"keys/{compartment}.compartment").read_text())["wraps"]


def rewrap(attack: Attack, compartment: str, new: list[dict[str, object]]) -> None:
    path = attack.root / f"keys/{compartment}.compartment"
    path.write_text(json.dumps({**json.loads(path.read_text()), "wraps": new}))


@pytest.mark.parametrize("compartment", ["cards", "document-signing"])
def test_a_wrap_of_another_compartment_opens_nothing(attack: Attack, compartment: str) -> None:
    mine = [{**wrap, "to": "carl"} for wrap in wraps(attack, "register") if wrap["to"] == "carl"]
    rewrap(attack, compartment, [*mine, *wraps(attack, compartment)])
    keys = KeyStore.open(attack.root / "keys", ENTROPY)
    keys.admit("carl", unlocked(attack, "carl"))
    assert compartment_fails(keys, compartment) == "compartment-damaged"


def test_a_wrap_of_another_home_opens_nothing(attack: Attack, strangers: Path) -> None:
    own = unlocked(attack, "carl")
    other = CommandLine(strangers.with_name("other"))
    shutil.copytree(strangers, other.root)
    other.add("carl", WORDS["carl"], "personalizer")
    theirs = unlocked(Attack(other), "carl")
    mine = [wrap for wrap in wraps(Attack(other), "cards") if wrap["to"] == "carl"]
    rewrap(attack, "cards", [*mine, *wraps(attack, "cards")])
    keys = KeyStore.open(attack.root / "keys", ENTROPY)
    keys.admit("carl", own)
    assert compartment_fails(keys, "cards") == "compartment-closed"
    keys.admit("carl", theirs)
    assert compartment_fails(keys, "cards") == "compartment-damaged"
    shutil.copy(other.root / "keys/cards.compartment", attack.root / "keys")
    assert compartment_fails(keys, "cards") == "compartment-not-endorsed"
    shutil.rmtree(other.root)


def unlocked(attack: Attack, name: str) -> KeyPair:
    from eid_toolkit.books.staff.operators import OperatorStore
    from eid_toolkit.ground.secret import Secret

    store = OperatorStore(attack.root / "operators", Foundation.read(attack.root / "keys"))
    return store.unlock(store.get(name), Secret(WORDS[name].encode()))


def compartment_fails(keys: KeyStore, compartment: str) -> str:
    from eid_toolkit.ground.errors import EidError

    with pytest.raises(EidError) as caught:
        keys.unlock(Compartment(compartment))
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("csca-uto-1", ROLL),
        ("csca-uto-1", ("pki", "crl", "issue")),
        ("staff", ("operator", "disable", "carl")),
        ("ds-uto-1", ("operator", "roles", "carl", "--role", "personalizer", "--role", "clerk")),
    ],
)
def test_a_key_that_is_deposited_in_anothers_place_signs_nothing(
    attack: Attack, name: str, words: tuple[str, ...]
) -> None:
    """Anybody can wrap a key of their own for a compartment's public key."""
    keys = KeyStore.open(attack.root / "keys", ENTROPY)
    compartment = Compartment.CSCA if name.startswith("csca") else Compartment.STAFF
    compartment = Compartment.DOCUMENT_SIGNING if name.startswith("ds") else compartment
    own = EcPrivateKey.generate(P256, ENTROPY).pkcs8(None)
    deposit(attack.root / "keys", name, own, keys.file(compartment), ENTROPY)
    if name == "staff":  # which is read as it was made
        attack.by("anna+bert", *words)
    elif name.startswith("ds"):
        attack.by("anna+bert", *words)
        attack.fails("anna+bert", "operator", "disable", "carl", code=12, says=name)
    else:
        attack.fails("anna+bert", *words, code=12, says=name)
        (attack.root / f"keys/{name}.p8").unlink()
        attack.fails("anna+bert", *words, code=12, says=name)


def test_keys_that_change_places_open_nothing(attack: Attack) -> None:
    one, other = (attack.root / f"keys/{name}.wrapped" for name in ("card-master", "transport"))
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    attack.fails("anna", "emulator", "blank", "x", code=12)


# Recovery shares.


def test_a_recovery_share_opens_nothing_alone_or_beside_its_person(attack: Attack) -> None:
    words = ("operator", "re-enrol", "olga")
    first = json.loads(attack.by("anna+bert", *words, "--format", "json", EID_NEW_PASSPHRASE="new words").stdout)
    share = {"EID_RECOVERY_SHARE": first["recovery_share"], "EID_NEW_PASSPHRASE": "still newer words"}
    recover = ("operator", "re-enrol", "olga", "--recovery", "olga")
    attack.fails("olga", *recover, code=10, **share)
    attack.fails("olga+olga", *recover, code=10, EID_OPERATOR_PASSPHRASE="new words", **share)
    attack.fails("olga+anna", *ROLL, code=7, says="olga", **share)  # it stands for nobody elsewhere
    attack.fails("carl+olga", *recover, code=10, says="carl", **share)
    before = attack.copied("operators/olga.*", "keys/*.compartment")
    attack.by("anna+bert", *words, EID_NEW_PASSPHRASE="newer words")
    attack.fails("anna+olga", *recover, code=7, says="olga", **share)
    attack.put_back({name: data for name, data in before.items() if name.startswith("operators")})
    attack.fails("anna+olga", *recover, code=12, says="olga", **share)
