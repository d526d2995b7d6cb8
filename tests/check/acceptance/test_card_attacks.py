"""Somebody who can write a real home's files has its cards trust, or be signed by, a key of their own."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.deposits import deposit
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from support.attacks import Attack, attacked_office
from support.authorities import Authority
from support.homes import ENTROPY
from support.offices import CommandLine, new_application, new_office, prepared

EAC = {"[1, 2, 11, 12, 14, 15]": "[1, 2, 3, 14, 15]", "schema = 1": "schema = 1\nterminal_authentication = true"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    office = attacked_office(tmp_path_factory.mktemp("cards") / "home")
    office.two("pki", "cvca", "create")
    return office.root


@pytest.fixture
def attack(template: Path, tmp_path: Path) -> Attack:
    shutil.copytree(template, tmp_path / "home")
    return Attack(CommandLine(tmp_path / "home"))


def eac_application(attack: Attack) -> str:
    """Approved, for a card that lets terminals read fingerprints."""
    from importlib import resources

    shipped = resources.files("eid_toolkit.standards.profiles").joinpath("shipped/utopia-id.toml").read_text("utf-8")
    for old, new in EAC.items():
        shipped = shipped.replace(old, new, 1)
    (attack.root / "profiles/utopia-eac.toml").write_text(shipped)
    return new_application(attack.office, attack.root.parent, "utopia-eac")


@pytest.mark.parametrize("name", ["cvca-1", "cvca-2"])
def test_a_cvca_certificate_laid_into_pki_gets_on_no_chip(attack: Attack, tmp_path: Path, name: str) -> None:
    other = new_office(tmp_path / "theirs")
    other.two("pki", "cvca", "create")
    application = eac_application(attack)
    own = attack.copied("pki/UTO/cvca-1.cvcert")
    shutil.copy(other.root / "pki/UTO/cvca-1.cvcert", attack.root / f"pki/UTO/{name}.cvcert")
    attack.fails("anna", "document", "prepare", application, code=12, says=f"{name}.cvcert")
    (attack.root / "pki/UTO/cvca-2.cvcert").unlink(missing_ok=True)
    attack.put_back(own)
    attack.by("anna", "document", "prepare", application)


def test_what_one_approves_while_the_home_looks_like_a_demo_home_is_not_issued(
    attack: Attack, demo_home_template: Path
) -> None:
    portrait = attack.root.parent
    application = new_application(attack.office, portrait)
    attack.rows("register.sqlite", "UPDATE application SET state = 'created'")
    attack.rows("register.sqlite", "DELETE FROM decision WHERE action = 'approve'")
    before = attack.copied("eid.toml", "keys/*")
    attack.edit("eid.toml", "demo = false", "demo = true")
    for path in (demo_home_template / "keys").iterdir():
        shutil.copy(path, attack.root / "keys")
    attack.office.call("--operator", "carl", "--yes", "application", "approve", application, code=12)
    attack.put_back(before)
    attack.fails("anna", "document", "prepare", application, code=10)  # for nothing was approved


def test_a_document_signer_of_ones_own_writes_no_card(attack: Attack) -> None:
    """Its key is deposited as anybody can, its certificate laid beside it, by a CSCA of the same name."""
    begun = SystemClock().now() - timedelta(days=1)
    key, mine = EcPrivateKey.generate(ec_domain_by_name("brainpoolP256r1"), ENTROPY), Authority(start=begun)
    keys = KeyStore.open(attack.root / "keys", ENTROPY)
    deposit(attack.root / "keys", "ds-uto-2", key.pkcs8(None), keys.file(Compartment.DOCUMENT_SIGNING), ENTROPY)
    (attack.root / "pki/UTO/ds-2.cer").write_bytes(mine.signer(EcSigner(key), begun).der)
    document = prepared(attack.office, attack.root.parent)
    attack.by("anna", "emulator", "blank", "card")
    blank = attack.copied("cards/*")
    attack.by(
        "anna", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:card", code=10
    )
    shown = json.loads(attack.by("anna", "document", "show", document["id"], "--format", "json").stdout)
    assert shown["state"] == "prepared"
    assert blank and attack.copied("cards/*") == blank
