"""An office whose keys are in PKCS #11 tokens (SoftHSM): issuing, what its files hold, a token that is not well.

A PIN is given once, when the home is made; from then on nobody has one to type.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eid_toolkit.books.authorities.terminals import TerminalStore
from eid_toolkit.books.keys.pkcs11_uri import Pkcs11Uri
from eid_toolkit.books.keys.token import Token
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.signatures import verify
from support.offices import ENVIRONMENT, CommandLine, new_application, new_office, prepared
from support.softhsm import PIN, SoftHsm

SIGNING = ("document-signing", "csca", "cvca", "verifying", "audit", "bundle", "cards")
"""Compartments whose keys can be used without leaving a token."""


def founded(folder: Path, *key_stores: str) -> CommandLine:
    """A new office with keys in tokens, whose PINs are known while it is made and to nobody afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EID_PIN", PIN)
        return new_office(folder / "home", *(word for uri in key_stores for word in ("--key-store", uri)))


@pytest.fixture
def uri(softhsm: SoftHsm) -> str:
    return softhsm.token()


@pytest.fixture
def office(tmp_path: Path, uri: str) -> CommandLine:
    """A new office whose document signers are in a token."""
    return founded(tmp_path, uri)


@pytest.fixture
def tokens(softhsm: SoftHsm) -> dict[str, str]:
    """A token for each compartment that can have one."""
    return {compartment: softhsm.token() for compartment in SIGNING}


FOUNDING = ("--operator", "anna", "--second-operator", "bert", "init", "--authority", "Ministry of Utopia")


@contextmanager
def pin_of(uri: str, pin: str) -> Iterator[None]:
    """A token that has another PIN for a while."""
    token = Token(Pkcs11Uri.parse(uri), lambda: Secret(PIN.encode()))
    with token._session() as session:
        session.set_pin(PIN, pin)
        try:
            yield
        finally:
            session.set_pin(pin, PIN)


def keys_in(uri: str) -> set[str]:
    return set(Token(Pkcs11Uri.parse(uri), lambda: Secret(PIN.encode())).names())


def test_a_card_is_issued_and_verified_with_keys_that_stay_in_their_tokens(
    tokens: dict[str, str], tmp_path: Path
) -> None:
    office = founded(tmp_path, *(f"{compartment}={uri}" for compartment, uri in tokens.items()))
    document = prepared(office, tmp_path)
    office.one("emulator", "blank", "card")
    office.one("--yes", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:card")
    shown = office.shown()["document_signers"][0]
    assert (shown["signatures"], shown["documents"], shown["cards"], shown["unaccounted"]) == (1, 1, 1, 0)
    can = json.loads(office.one("document", "export", document["id"], "--format", "json").stdout)["can"]
    words = ("verify", "--reader", "emulator:card", "--can", can, "--format", "json")
    assert json.loads(office.one(*words).stdout)["verdict"] == "passed"

    office.two("pki", "csca", "roll", "--key", "rsa-pss")
    office.two("pki", "ds", "create")
    office.two("pki", "cvca", "create")
    office.two("pki", "dv", "create")
    office.two("pki", "master-list", "create", "--output", tmp_path / "list.ml")
    made = {
        "document-signing": {"ds-uto-1", "ds-uto-2"},
        "csca": {"csca-uto-1", "csca-uto-2"},
        "cvca": {"cvca-uto-1"},
        "verifying": {"dv-uto-1"},
        "audit": {"audit"},
        "bundle": {"mls-uto-1"},
        "cards": {"card-master"},
    }
    assert {compartment: keys_in(uri) for compartment, uri in tokens.items()} == made
    assert sorted(path.name for path in (office.root / "keys").glob("*.p8")) == ["staff-unwrapping.p8", "staff.p8"]
    assert not (office.root / "keys" / "card-master.wrapped").exists()
    people = ("--operator", "anna", "--second-operator", "bert", "--yes")
    office.call(*people, "pki", "ds", "destroy", "1")
    assert keys_in(tokens["document-signing"]) == {"ds-uto-2"}


def test_a_terminals_key_is_certified_by_a_verifier_in_the_token(softhsm: SoftHsm, tmp_path: Path) -> None:
    office = founded(tmp_path, f"cvca={softhsm.token()}", f"verifying={softhsm.token()}")
    office.two("pki", "cvca", "create", "--key", "rsa-pss")
    office.two("pki", "dv", "create", "--key", "rsa-pss")
    assert "curve" in office.one("pki", "terminal", "provision", "--officer", tmp_path / "officer", code=10).stderr
    office.two("pki", "cvca", "create", "--mnemonic", "OTHER")
    assert len(office.shown()["verifying"]) == 3


def test_an_officers_terminal_has_its_key_in_a_token(
    tmp_path: Path, softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The authority's keys are in files here; renewals get the next number."""
    uri, authority, officer = softhsm.token(), new_office(tmp_path / "home"), tmp_path / "officer"
    monkeypatch.setenv("EID_TERMINAL_PIN", PIN)
    authority.two("pki", "cvca", "create")
    authority.two("pki", "dv", "create")
    words = ("pki", "terminal", "provision", "--officer", officer, "--key-store", uri, "--format", "json")
    authority.one(*words, "--days", 400, code=9)
    assert keys_in(uri) == set()
    made = [json.loads(authority.one(*words).stdout)["reference"] for _ in range(2)]
    assert made == ["UTIS00001", "UTIS00002"]
    assert keys_in(uri) == {"terminal-utis00001", "terminal-utis00002"}
    assert not list((officer / "terminal").glob("*.p8"))

    store = TerminalStore.open(officer, lambda: Secret(b"no passphrase"), SystemEntropy(), lambda: Secret(PIN.encode()))
    assert store is not None
    identities = store.identities()
    assert {each.certificate.content.holder_reference.text for each in identities} == set(made)
    for identity in identities:
        signature = identity.signer.sign(b"message")
        assert verify(identity.signer.public_key, identity.signer.algorithm, signature, b"message")
    (officer / "terminal" / "token.uri").write_text("pkcs11:nonsense")
    with pytest.raises(IntegrityBroken, match="terminal-store-damaged"):
        TerminalStore.open(officer, lambda: Secret(b""), SystemEntropy(), lambda: Secret(PIN.encode()))


def test_other_keys_in_the_token_are_left_alone(softhsm: SoftHsm, tmp_path: Path) -> None:
    """A token is shared with others perhaps, whose keys may be called anything."""
    signing, country = softhsm.token(), softhsm.token()
    office = founded(tmp_path, signing, f"csca={country}")
    for uri in (signing, country):
        token = Token(Pkcs11Uri.parse(uri), lambda: Secret(PIN.encode()))
        for name in ("ds-uto-old", "ds-uto-", "csca-uto-²", "somebody's"):
            token.generate_ec(name, "secp256r1")
    office.two("pki", "ds", "create")
    office.two("pki", "csca", "roll")
    assert {"ds-uto-old", "somebody's", "ds-uto-2"} <= keys_in(signing)
    assert {"ds-uto-old", "somebody's", "csca-uto-2"} <= keys_in(country)
    assert len(office.shown()["document_signers"]) == 2


def test_a_pin_that_was_changed_in_the_token_is_told_and_leaves_no_document(
    office: CommandLine, uri: str, tmp_path: Path
) -> None:
    application = new_application(office, tmp_path)
    with pin_of(uri, "000000"):
        done = in_a_process(office, "document", "prepare", application)
    assert done.returncode == 7, done.stderr
    assert "PIN" in done.stderr and PIN not in done.stderr
    assert json.loads(office.one("document", "list", "--format", "json").stdout) == []
    (document,) = json.loads(office.one("document", "prepare", application, "--format", "json").stdout)
    assert document["state"] == "prepared"


def test_a_wrong_pin_makes_no_home(uri: str, tmp_path: Path) -> None:
    office = CommandLine(tmp_path / "home")
    refused = office.call(*FOUNDING, "--key-store", uri, code=7, EID_PIN="000000")
    assert "PIN" in refused.stderr and "000000" not in refused.stderr
    assert not office.root.exists()


def test_each_token_has_a_pin_of_its_own(softhsm: SoftHsm, tmp_path: Path) -> None:
    """The variable of a compartment goes before the one for all, which nobody is asked for then."""
    signing, country = softhsm.token(), softhsm.token()
    office = CommandLine(tmp_path / "home")
    with pin_of(country, "551177"):
        pins = {"EID_PIN_DOCUMENT_SIGNING": PIN, "EID_PIN_CSCA": "551177"}
        office.call(*FOUNDING, "--key-store", signing, "--key-store", f"csca={country}", **pins)
        shown = json.loads(office.call("keys", "show", "--format", "json").stdout)["compartments"]
        assert {row["name"] for row in shown if row["in_token"]} == {"document-signing", "csca"}
        office.two("pki", "csca", "roll")
    assert (keys_in(signing), keys_in(country)) == ({"ds-uto-1"}, {"csca-uto-1", "csca-uto-2"})


def test_a_token_that_is_gone_is_told_and_leaves_no_document(office: CommandLine, tmp_path: Path) -> None:
    """The configuration names a folder without tokens: to the module the token was pulled out."""
    application = new_application(office, tmp_path)
    (tmp_path / "empty").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path}/empty\nobjectstore.backend = file\n")
    done = in_a_process(office, "document", "prepare", application, SOFTHSM2_CONF=str(configuration))
    assert done.returncode == 11, done.stderr
    assert "token" in done.stderr
    assert json.loads(office.one("document", "list", "--format", "json").stdout) == []


def test_a_descriptor_gives_the_pin_of_each_token_in_a_line_of_its_own(softhsm: SoftHsm, tmp_path: Path) -> None:
    signing, country = softhsm.token(), softhsm.token()
    reading, writing = os.pipe()
    os.write(writing, f"{PIN}\n551177\n".encode())
    os.close(writing)
    office = CommandLine(tmp_path / "home")
    with pin_of(country, "551177"):
        words = ("--key-store", signing, "--key-store", f"csca={country}", "--pin-fd", reading)
        office.call(*FOUNDING, *words)
    os.close(reading)
    assert (keys_in(signing), keys_in(country)) == ({"ds-uto-1"}, {"csca-uto-1"})


def test_who_does_not_open_a_compartment_does_not_use_its_token(office: CommandLine, tmp_path: Path) -> None:
    application = new_application(office, tmp_path)
    office.add("carl", "the clerk's words", "clerk")
    carl = {"EID_OPERATOR_PASSPHRASE": "the clerk's words"}
    office.call("--operator", "carl", "document", "prepare", application, code=10, **carl)
    for role in ("personalizer", "security-officer"):
        office.two("operator", "roles", "bert" if role == "security-officer" else "carl", "--role", role)
    office.call("--operator", "carl", "document", "prepare", application, **carl)


def test_a_token_is_used_as_before_by_those_who_stay_when_somebody_leaves(office: CommandLine, uri: str) -> None:
    office.add("carl", "the personalizer's words", "personalizer")
    office.two("operator", "disable", "carl")
    office.two("pki", "ds", "create")
    assert keys_in(uri) == {"ds-uto-1", "ds-uto-2"}


def test_a_token_that_is_pulled_while_it_signs_leaves_no_document_and_is_accounted_for(
    office: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eid_toolkit.ground.errors import ServiceAway

    def pulled(self: Token, name: str, digest: bytes) -> bytes:
        raise ServiceAway("token-failed", token="pulled", cause="DeviceRemoved")

    application = new_application(office, tmp_path)
    genuine = Token.sign_ecdsa
    monkeypatch.setattr(Token, "sign_ecdsa", pulled)
    assert "DeviceRemoved" in office.one("document", "prepare", application, code=11).stderr
    monkeypatch.setattr(Token, "sign_ecdsa", genuine)
    assert json.loads(office.one("document", "list", "--format", "json").stdout) == []
    office.one("document", "prepare", application)
    shown = office.shown()["document_signers"][0]
    assert (shown["signatures"], shown["documents"], shown["unaccounted"]) == (2, 1, 1)


@pytest.mark.parametrize("fails_at", range(4))
def test_a_home_that_does_not_come_leaves_nothing_in_its_tokens(
    tmp_path: Path, softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """A token that fails at its n-th signature, as one that is pulled out then."""
    from eid_toolkit.ground.errors import ServiceAway

    genuine, calls = Token.sign_ecdsa, []

    def failing(self: Token, name: str, digest: bytes) -> bytes:
        calls.append(name)
        if len(calls) > fails_at:
            raise ServiceAway("token-missing", token="pulled", found=0)
        return genuine(self, name, digest)

    monkeypatch.setattr(Token, "sign_ecdsa", failing)
    office, uris = CommandLine(tmp_path / "home"), {each: softhsm.token() for each in ("csca", "audit")}
    words = [*FOUNDING, *(word for each, uri in uris.items() for word in ("--key-store", f"{each}={uri}"))]
    office.call(*words, code=11, EID_PIN=PIN)
    monkeypatch.setattr(Token, "sign_ecdsa", genuine)
    assert [keys_in(uri) for uri in uris.values()] == [set(), set()]
    assert not office.root.exists()
    office.call(*words, EID_PIN=PIN)


def in_a_process(office: CommandLine, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: the module reads its configuration, and logs in, once."""
    eid = (sys.executable, "-m", "eid_toolkit.doors.cli.main")
    words = [*eid, "--home", str(office.root), "--operator", "anna", *arguments]
    settings = {**os.environ, **ENVIRONMENT, **environment}
    return subprocess.run(
        words, env=settings, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )


def test_vendors_keys_lie_in_the_files_and_the_next_card_master_key_in_the_token(uri: str, tmp_path: Path) -> None:
    office, vendor = founded(tmp_path, f"cards={uri}"), ("Cards Ltd", "--batch", "1")
    office.one("stock", "key", "request", *vendor, "--output", tmp_path / "public.pem")
    exported = office.two("stock", "key", "export", "--for", tmp_path / "public.pem", "--output", tmp_path / "wrapped")
    words = ("--wrapped", tmp_path / "wrapped", "--kcv", exported["check_value"])
    assert office.two("stock", "key", "import", *vendor, *words)["state"] == "active"
    office.one("emulator", "blank", "old", "--vendor", "Cards Ltd", "--batch", "1")
    assert office.two("stock", "key", "roll-master")["key_version"] == "31"
    assert "card-master-31" in keys_in(uri)
    assert not any(name.startswith("vendor-") for name in keys_in(uri))
    document = prepared(office, tmp_path)
    office.one("--yes", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:old")
    status = json.loads(office.call("card", "status", "--reader", "emulator:old", "--format", "json").stdout)
    assert status["key_version"] == "31"
    office.two("stock", "key", "destroy", *vendor, "--reason", "used up")
    assert [path.name[:12] for path in (office.root / "keys").glob("vendor-*")] == ["vendor-gone-"]
